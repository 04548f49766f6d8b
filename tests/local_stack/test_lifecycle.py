"""The commands `up`, `up` again, and `down`: the processes and files that exist afterwards."""

import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.local_stack_user import Caller, new_user
from tools.local_stack import emulator, locks, process, stack
from tools.local_stack.errors import StackError
from tools.local_stack.process import Emulator


def _running() -> Emulator:
    found = process.running()
    assert found is not None
    return found


class _Always200(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def foreign_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server that returns 200 to everything. The first check of the port does not see it."""
    first_check = iter([True])
    is_free = process._is_free
    monkeypatch.setattr(process, "_is_free", lambda port: next(first_check, False) or is_free(port))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Always200) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def _group_is_gone(emulator: Emulator) -> bool:
    try:
        os.killpg(emulator.pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.usefixtures("state")
def test_a_second_up_finds_the_first(project: Path) -> None:
    first = stack.up(port=0, root=project)
    assert set(first.clients) == {"password_and_code", "code_only", "hosted"}, "the demo uses all of them"
    email, _ = new_user(first, "a long enough password")
    assert stack.up(port=0, root=project) == first == stack.load()
    assert Caller(first).start(email)["ChallengeName"] == "CUSTOM_CHALLENGE"


@pytest.mark.usefixtures("state")
def test_a_second_up_deploys_changed_code(project: Path, tmp_path: Path) -> None:
    changing = shutil.copytree(project, tmp_path / "changing")
    first = stack.up(port=0, root=changing)
    email, _ = new_user(first, "a long enough password")
    Caller(first).start(email)
    handler = changing / "triggers" / "create_auth_challenge.py"
    handler.write_text(handler.read_text().replace('"SENT"', '"CHANGED"'))
    assert stack.up(port=0, root=changing) == first
    assert Caller(first).start(email)["ChallengeParameters"]["status"] == "CHANGED"


@pytest.mark.usefixtures("state")
def test_down_leaves_no_process_and_no_temporary_files(project: Path, state: Path) -> None:
    running = stack.up(port=0, root=project)
    Caller(running).start("unknown@people.example")
    emulator = _running()
    (state / f"tokens-{running.user_pool_id}.json").write_text("{}")
    assert stack.down()
    assert _group_is_gone(emulator)
    assert not stack.down()
    assert {path.name for path in state.iterdir()} == {"emulator.lock", "emulator.log", "runner.lock"}
    with pytest.raises(StackError, match="make up"):
        stack.load()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"endpoint_url": "http://127.0.0.1:4566"}'])
def test_a_damaged_or_older_stack_file_is_an_error(state: Path, content: str) -> None:
    state.mkdir()
    (state / "stack.json").write_text(content)
    with (
        locks.hold(process.lock_path(), '{"pid": 1, "port": 4566}'),
        pytest.raises(StackError, match="Run `make up` to write it again"),
    ):
        stack.load()


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSTOP])
def test_an_emulator_that_died_or_hangs_is_replaced(project: Path, signal_number: signal.Signals) -> None:
    stack.up(port=0, root=project)
    broken = _running()
    os.kill(broken.pid, signal_number)
    stack.up(port=0, root=project)
    assert _running().pid != broken.pid
    assert _running().is_ready()


@pytest.mark.usefixtures("state")
def test_the_emulator_listens_on_loopback_only_and_not_on_a_taken_port(project: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        stack.up(port=other.getsockname()[1], root=project)
        found = _running()
        assert found.port != other.getsockname()[1]
    # A server on all addresses would accept this connection, too.
    with socket.socket() as probe, pytest.raises(OSError):  # noqa: PT011
        probe.connect(("127.0.0.2", found.port))


@pytest.mark.usefixtures("state")
def test_a_port_that_is_taken_after_the_check_is_not_used(foreign_port: int) -> None:
    started = process.start(foreign_port)
    assert started.port != foreign_port
    assert started == _running()
    assert started.is_ready()
    assert not Emulator(started.pid, foreign_port).is_ready()
    assert not Emulator(os.getpid(), started.port).is_ready()


@pytest.mark.usefixtures("state")
def test_a_template_that_cannot_be_deployed_is_an_error(project: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(project, tmp_path / "broken")
    (broken / "template.yaml").write_text("Resources: {Odd: {Type: AWS::Nothing::Here}}")
    with pytest.raises(StackError, match=r"template\.yaml could not be deployed: .*Nothing.*[^.]\. Fix it"):
        stack.up(port=0, root=broken)
    assert stack.up(port=0, root=project).user_pool_id


@pytest.mark.usefixtures("state")
def test_another_version_of_ministack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "MINISTACK", "0.0.1")
    with pytest.raises(SystemExit, match=r"needs ministack 0\.0\.1, but .* Run `make setup`"):
        emulator.main()
