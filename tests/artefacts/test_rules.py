"""The rules for the content of an artefact, tested with small sources; and the lock file of AWS SAM."""

import importlib.util
import marshal
import re
import sys
from pathlib import Path

import pytest

from tools.artefacts import aws_models, build
from tools.local_stack.environment import ROOT


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Return a function that imports `near` at once, `late` when it is called, and never `other`."""
    folder = tmp_path / "triggers"
    texts = {
        "my_function.py": "import json\nfrom kit import near\ndef handler():\n    import kit.late\n",
        "kit/__init__.py": "",
        "kit/near.py": "",
        "kit/late.py": "x = 1\n",
        "kit/other.py": "",
        "words/en.json": "{}",
        "pages/page.html": "",
        "pages/page.txt": "",
        "requirements.txt": "",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def shipped(artefact: Path) -> set[str]:
    """Return the paths in an artefact without the bytecode, which it has only with the runtime's Python."""
    files = {path.relative_to(artefact).as_posix() for path in artefact.rglob("*") if path.is_file()}
    return {path for path in files if not path.endswith(".pyc")}


def test_only_imported_modules_and_data_are_shipped(sources: Path, tmp_path: Path) -> None:
    build.build(sources / "my_function.py", tmp_path / "out", ["words", "pages/page.html"])
    own_files = {
        "my_function.py",
        "kit/__init__.py",
        "kit/near.py",
        "kit/late.py",
        "words/en.json",
        "pages/page.html",
    }
    assert shipped(tmp_path / "out") == own_files


@pytest.mark.parametrize(
    ("condition", "is_shipped"),
    [
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:", False),
        ("import typing\nif typing.TYPE_CHECKING:", False),
        ("TYPE_CHECKING = False\nif TYPE_CHECKING:", False),
        ("from typing import TYPE_CHECKING\nif not TYPE_CHECKING:", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:", True),
    ],
)
def test_a_module_that_only_a_type_checker_imports_is_not_shipped(
    sources: Path, tmp_path: Path, condition: str, is_shipped: bool
) -> None:
    (sources / "kit/near.py").write_text(f"{condition}\n    from kit import other\n")
    build.build(sources / "my_function.py", tmp_path / "out", [])
    assert ("kit/other.py" in shipped(tmp_path / "out")) is is_shipped


def test_a_package_that_only_a_type_checker_imports_may_be_missing(sources: Path, tmp_path: Path) -> None:
    (sources / "my_function.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import flask\n"
    )
    build.build(sources / "my_function.py", tmp_path / "out", [])
    assert shipped(tmp_path / "out") == {"my_function.py"}


def test_the_error_names_a_package_that_is_not_locked(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "install", lambda requirements, into: None)
    (sources / "my_function.py").write_text("import flask\n")
    with pytest.raises(
        build.IncompleteArtefact, match=r"lacks flask, which my_function\.py imports\. Add it to"
    ):
        build.build(sources / "my_function.py", tmp_path / "out", [])


def test_a_package_is_shipped_without_unused_files(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(_requirements: Path, into: str) -> None:
        for name in ("data/region_US.py", "geodata/data0.py", "__init__.py", "py.typed"):
            place = Path(into) / "phonenumbers" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        (Path(into) / "unused.py").touch()

    monkeypatch.setattr(build, "install", install)
    (sources / "my_function.py").write_text("import phonenumbers\n")
    build.build(sources / "my_function.py", tmp_path / "out", [])
    package = {"phonenumbers/__init__.py", "phonenumbers/data/region_US.py"}
    assert shipped(tmp_path / "out") == {"my_function.py"} | package


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages: a framework that uses pydantic if it is installed, and a package that is partly shipped."""
    texts = {
        "framework.py": "def models():\n    import pydantic\n",
        "pydantic/__init__.py": "import pydantic_core\n",
        "pydantic/by_name.py": "",
        "pydantic_core/__init__.py": "",
        "pyasn1_modules/__init__.py": "",
        "pyasn1_modules/rfc5280.py": "import pyasn1_modules.rfc1\n",
        "pyasn1_modules/rfc1.py": "",
        "pyasn1_modules/rfc2.py": "",
    }

    def install(_requirements: Path, into: str) -> None:
        for name, text in texts.items():
            (Path(into) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(into) / name).write_text(text)

    monkeypatch.setattr(build, "install", install)


@pytest.mark.usefixtures("packages")
def test_an_optional_dependency_is_shipped_only_to_a_function_that_imports_it(
    sources: Path, tmp_path: Path
) -> None:
    (sources / "my_function.py").write_text("import framework\n")
    build.build(sources / "my_function.py", tmp_path / "light", [])
    assert shipped(tmp_path / "light") == {"my_function.py", "framework.py"}
    (sources / "my_function.py").write_text("import framework\nimport pydantic\n")
    build.build(sources / "my_function.py", tmp_path / "full", [])
    whole = {"pydantic/__init__.py", "pydantic/by_name.py", "pydantic_core/__init__.py"}
    assert shipped(tmp_path / "full") == {"my_function.py", "framework.py"} | whole


@pytest.mark.usefixtures("packages")
def test_only_imported_modules_of_pyasn1_modules_are_shipped(sources: Path, tmp_path: Path) -> None:
    (sources / "my_function.py").write_text("from pyasn1_modules import rfc5280\n")
    build.build(sources / "my_function.py", tmp_path / "out", [])
    reached = {"pyasn1_modules/__init__.py", "pyasn1_modules/rfc5280.py", "pyasn1_modules/rfc1.py"}
    assert shipped(tmp_path / "out") == {"my_function.py"} | reached


@pytest.fixture
def botocore_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the models of this environment's botocore in place of the package."""

    def install(_requirements: Path, into: str) -> None:
        (Path(into) / "botocore").mkdir()
        (Path(into) / "botocore" / "__init__.py").touch()
        for name in ("data", "cacert.pem"):
            (Path(into) / "botocore" / name).symlink_to(aws_models.botocore_data().parent / name)

    monkeypatch.setattr(build, "install", install)


@pytest.mark.usefixtures("botocore_package")
def test_a_function_ships_the_models_of_the_aws_services_that_it_calls(sources: Path, tmp_path: Path) -> None:
    # The rights are those of the function with this name: on DynamoDB, SQS and others.
    handler = sources / "create_auth_challenge.py"
    handler.write_text("import botocore\nimport kit.near\nclient('dynamodb', attempts=1)\n")
    (sources / "kit/near.py").write_text(
        "def late(kit, name):\n    kit.client('sqs')\n    kit.client(name)\n"
    )
    build.build(handler, tmp_path / "out", [])
    found = shipped(tmp_path / "out")
    models = {path for path in found if path.startswith(f"{aws_models.MODELS.as_posix()}/")}
    assert found - models == {
        "create_auth_challenge.py",
        "kit/__init__.py",
        "kit/near.py",
        "botocore/__init__.py",
        "botocore/cacert.pem",
    }
    services = {path.split("/")[3] for path in models if path.count("/") == 5}
    assert services == {"dynamodb", "sqs"}
    files = [tmp_path / "out" / path for path in models]
    assert all(file.stat().st_mtime == build.FILE_TIME for file in files)


@pytest.mark.usefixtures("botocore_package")
def test_a_client_without_a_right_stops_the_build(sources: Path, tmp_path: Path) -> None:
    handler = sources / "create_auth_challenge.py"
    handler.write_text("import botocore\nclient('kms', attempts=1)\n")
    with pytest.raises(build.IncompleteArtefact, match="makes a client of kms, but its rights name no"):
        build.build(handler, tmp_path / "out", [])


def test_bytecode_is_shipped_if_the_builder_has_the_python_of_the_runtime(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "VERSION", sys.version_info[:2])
    build.build(sources / "my_function.py", tmp_path / "out", [])
    compiled = {path.name: path for path in tmp_path.glob("out/**/*.pyc")}
    assert {name.partition(".")[0] for name in compiled} == {"my_function", "__init__", "near", "late"}
    data = compiled[f"late.{sys.implementation.cache_tag}.pyc"].read_bytes()
    # The flags of the file say: named by a hash of its source, and not compared with it.
    assert (data[:4], data[4:8]) == (importlib.util.MAGIC_NUMBER, (1).to_bytes(4, "little"))
    assert marshal.loads(data[16:]).co_filename == "/var/task/kit/late.py"
    assert all(path.stat().st_mtime == build.FILE_TIME for path in compiled.values())


def test_an_artefact_without_bytecode_is_complete_and_the_builder_is_told(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "VERSION", (3, 0))
    build.build(sources / "my_function.py", tmp_path / "out", [])
    assert not [*tmp_path.glob("out/**/*.pyc")]
    assert shipped(tmp_path / "out") >= {"my_function.py", "kit/late.py"}
    assert "Python 3.0 was not found, so out has no bytecode." in capsys.readouterr().err


def test_the_error_names_a_function_without_a_file(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sources)
    error = build.main("OtherFunction", "out")
    assert error == (
        "The function OtherFunction of template.yaml needs the file triggers/other_function.py, "
        "which does not exist. Add the file, or rename the function."
    )


def test_aws_sam_is_pinned_and_hashed() -> None:
    text = (ROOT / "requirements-build.lock").read_text()
    lines = [line for line in text.splitlines() if not line.startswith(" ")]
    pinned = re.findall(r"^\S+==\S+.*\\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n?)+", text, re.MULTILINE)
    assert len(pinned) == len(lines) > 1
    assert "://" not in text
