"""The AWS models that `make setup` and the tests write into triggers/."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest

from tools.artefacts import aws_models


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "triggers" / aws_models.MODELS).parent.mkdir(parents=True)
    return tmp_path


def test_two_commands_at_once_write_the_models_once(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both_write, calls = Barrier(2), list[int]()

    def trimmed(*_: object) -> dict[str, bytes]:
        calls.append(1)
        # Without a lock, both are here now, and each one could move a folder that the other one needs.
        with suppress(BrokenBarrierError):
            both_write.wait(0.5)
        return {"endpoints.json": b"{}"}

    monkeypatch.setattr(aws_models, "trimmed", trimmed)
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(aws_models.write, checkout) for _ in range(2)]:
            one.result()
    assert len(calls) == 1
    assert (checkout / "triggers" / aws_models.MODELS / "endpoints.json").read_bytes() == b"{}"


def test_unfinished_models_are_not_where_the_local_stack_reads_the_functions(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []

    def put(_: object, folder: Path) -> None:
        folders.append(folder)
        folder.mkdir()

    monkeypatch.setattr(aws_models, "trimmed", lambda *_: {})
    monkeypatch.setattr(aws_models, "put", put)
    aws_models.write(checkout)
    assert [checkout / "triggers" in folder.parents for folder in folders] == [False]
