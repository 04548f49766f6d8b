"""Each artefact is complete, and contains nothing that its function does not need."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore
import pytest

from tools.artefacts import aws_models, build, sizes
from tools.local_stack.environment import ROOT

# The first test builds all artefacts, and pip needs five seconds for each function on an idle machine.
pytestmark = pytest.mark.timeout(1500)

# Native libraries for Lambda's processor. The test replaces them with those of this environment.
NATIVE = ("pydantic_core", "cryptography", "_cffi_backend", "wrapt", "charset_normalizer", "markupsafe")

# This process can import only the replacements, the artefact and the standard library. The runtime's boto3 is
# not there, because AWS changes it at any time.
IMPORT_ALL = """
import importlib, json, pathlib, sys
artefact, native, handler = sys.argv[1:]
sys.path[:0] = [native, artefact]
module, _, name = handler.partition(".")
assert callable(getattr(importlib.import_module(module), name))
root = pathlib.Path(artefact)
ours = [*root.glob("*_*.py"), *root.glob("passcode/**/*.py")]
for file in ours:
    importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

# botocore and the packages that it needs.
AWS_SDK = {"botocore", "dateutil", "jmespath", "six", "urllib3"}

# The AWS services that a function calls.
SERVICES = {
    "DefineAuthChallenge": set(),
    "CreateAuthChallenge": {"dynamodb", "sqs"},
    "VerifyAuthChallenge": {"dynamodb", "kms", "pinpoint-sms-voice-v2"},
    "DeliveryEvents": {"dynamodb"},
    "PreTokenGeneration": {"dynamodb"},
    "CustomSender": {"cognito-idp", "sqs"},
    "Deliver": {"dynamodb", "kms", "lambda", "pinpoint-sms-voice-v2", "sesv2", "sns", "sqs"},
    "HostedSignIn": {"cognito-idp", "dynamodb", "kms", "secretsmanager"},
    "TokenApi": {"cognito-idp", "dynamodb", "kms", "pinpoint-sms-voice-v2", "sqs"},
}

AARCH64 = (183).to_bytes(2, "little")


def functions(template: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def files(artefact: Path) -> dict[str, Path]:
    return {p.relative_to(artefact).as_posix(): p for p in artefact.rglob("*") if p.is_file()}


def environment(template: Mapping[str, Any], function: Mapping[str, Any]) -> dict[str, str]:
    """Return the function's variables: parameters' defaults, and a dummy for each other value.

    Variables that some stacks lack are left out.
    """
    both = [*template["Globals"]["Function"]["Environment"]["Variables"].items()]
    both += function.get("Environment", {}).get("Variables", {}).items()
    parameters = template["Parameters"]
    return {
        name: default_of(value, parameters) if isinstance(value, dict) else str(value)
        for name, value in both
        if not (isinstance(value, dict) and {"Ref": "AWS::NoValue"} in value.get("Fn::If", []))
    }


def default_of(value: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Return the default of a parameter, or of a part of its list. Any other value is a dummy."""
    if "Fn::Select" in value:
        index, parts = value["Fn::Select"]
        separator, source = parts["Fn::Split"]
        return default_of(source, parameters).split(str(separator))[int(index)]
    return str(parameters.get(str(value.get("Ref")), {}).get("Default", "word"))


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the native libraries of this machine."""
    return linked(NATIVE, tmp_path_factory.mktemp("native"))


def linked(names: tuple[str, ...], folder: Path) -> Path:
    """Link this environment's packages of these names into `folder`, and return it."""
    for name in names:
        origin = importlib.util.find_spec(name)
        assert origin
        assert origin.origin
        found = Path(origin.origin)
        place = found.parent if found.name == "__init__.py" else found
        (folder / place.name).symlink_to(place)
    return folder


def top_of(file: Path, artefact: Path) -> str:
    """Return the package or single module to which a file belongs."""
    return file.relative_to(artefact).parts[0].partition(".")[0]


def test_every_function_has_an_artefact(built: Path, template: Mapping[str, Any]) -> None:
    print("\n" + sizes.table(built))
    assert {folder.name for folder in built.iterdir() if folder.is_dir()} == set(functions(template))
    for name, function in functions(template).items():
        assert function["Handler"] == build.handler_name(name).removesuffix(".py") + ".handler"


def test_an_artefact_is_complete(
    built: Path, template: Mapping[str, Any], native: Path, tmp_path: Path
) -> None:
    for name, function in functions(template).items():
        assert {top_of(library, built / name) for library in sizes.native_libraries(built / name)} <= set(
            NATIVE
        )
        folders = [built / name, native if sizes.native_libraries(built / name) else tmp_path]
        # -S and -I hide this environment's packages.
        done = subprocess.run(
            [sys.executable, "-S", "-I", "-B", "-c", IMPORT_ALL, *folders, function["Handler"]],
            # The hosted sign-in is off by default, and its function exists only if it is on. An option has a
            # name and a value.
            env=environment(template, function)
            | {
                "AWS_DEFAULT_REGION": "us-east-1",
                "MODE": "PASSWORD_AND_CODE",
                "SMS_OPTIONS": "",
                "GATEWAY_FUNCTION_ARN": "",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"
        if name == "DefineAuthChallenge":
            assert not {"boto3", "aws_lambda_powertools"} & set(json.loads(done.stdout))


def test_no_unused_file_is_shipped(built: Path, template: Mapping[str, Any]) -> None:
    for name in functions(template):
        shipped = files(built / name)
        tops = {path.partition("/")[0] for path in shipped}
        assert not tops & {"tests", "bin", "Makefile", "requirements.in", "requirements.txt"}
        assert not [path for path in shipped if ".dist-info/" in path]
        # Bytecode is for the runtime's Python, and each file of it has its source.
        compiled = [path for path in shipped if path.endswith(".pyc")]
        assert all(path.endswith(".cpython-313.pyc") for path in compiled)
        sources = {path.replace("__pycache__/", "").replace(".cpython-313.pyc", ".py") for path in compiled}
        assert sources <= shipped.keys()
        foreign = [path for path in shipped if not path.startswith("passcode/hosted/assets/")]
        assert not [path for path in foreign if path.endswith((".pyi", ".js", ".css", "py.typed"))]
        # One handler, and none of the other functions.
        assert sum(path.endswith(".py") and path not in sizes.SINGLE_MODULES for path in tops) == 1


@pytest.mark.parametrize(
    ("function", "packages", "adapters"),
    [
        ("DefineAuthChallenge", set(), {"environment"}),
        (
            "CreateAuthChallenge",
            {"aws_lambda_powertools", "idna", "phonenumbers"} | AWS_SDK,
            {"botocore_clients", "environment", "record_table", "sms_budget_table", "sqs", "telemetry"}
            | {"cold_start"},
        ),
        (
            "VerifyAuthChallenge",
            {"aws_lambda_powertools", "idna", "phonenumbers"} | AWS_SDK,
            {"botocore_clients", "environment", "kms", "record_table", "sms_budget_table", "telemetry"}
            | {"cold_start", "message_feedback"},
        ),
        (
            "PreTokenGeneration",
            {"aws_lambda_powertools", "idna"} | AWS_SDK,
            {"botocore_clients", "cold_start", "environment", "record_table", "telemetry"},
        ),
        (
            "CustomSender",
            {"aws_lambda_powertools", "idna"} | AWS_SDK,
            {"botocore_clients", "cognito_users", "cold_start", "environment", "sqs", "telemetry"},
        ),
        (
            "Deliver",
            {"aws_lambda_powertools", "idna", "phonenumbers"}
            | {"aws_encryption_sdk", "attr", "boto3", "s3transfer", "cryptography", "wrapt"}
            | AWS_SDK,
            {"aws_gateway", "botocore_clients", "cognito_decryptor", "kms", "ses", "sms_budget_table", "sns"}
            | {"delivery_table", "email_budget_table", "environment", "received_messages", "telemetry"}
            | {"cold_start", "end_user_messaging", "function_gateway", "sms_options"},
        ),
        (
            "HostedSignIn",
            {"aws_lambda_powertools", "jinja2", "markupsafe", "jwt", "pyasn1", "pyasn1_modules"}
            # Imports of pycognito, which computes SRP. They include an HTTP client that is never used.
            | {
                "pycognito",
                "boto3",
                "s3transfer",
                "envs",
                "requests",
                "certifi",
                "charset_normalizer",
                "idna",
            }
            | AWS_SDK,
            {"botocore_clients", "cognito_users", "hosted_table", "jwt_tokens", "kms", "pool_sign_in"}
            | {"cold_start", "environment", "secrets_manager", "telemetry"},
        ),
        (
            "TokenApi",
            {"aws_lambda_powertools", "idna", "phonenumbers", "jwt", "pyasn1", "pyasn1_modules"}
            | {"annotated_types", "pydantic", "pydantic_core", "typing_inspection"}
            | AWS_SDK,
            {"botocore_clients", "cognito_users", "confirmation_tables", "jwt_tokens", "kms", "record_table"}
            | {"cold_start", "environment", "message_feedback", "sms_budget_table", "sqs", "telemetry"},
        ),
    ],
)
def test_a_function_ships_only_the_packages_and_adapters_that_it_needs(
    built: Path, function: str, packages: set[str], adapters: set[str]
) -> None:
    assert set(sizes.packages(built / function)) - {"typing_extensions"} == packages
    found = {path.stem for path in (built / function / "passcode" / "adapters").glob("*.py")} - {"__init__"}
    assert found == adapters


def test_a_function_ships_the_models_of_the_aws_services_that_it_calls(
    built: Path, template: Mapping[str, Any]
) -> None:
    shipped = {
        name: {path.name for path in (built / name / aws_models.MODELS).glob("*") if path.is_dir()}
        for name in functions(template)
    }
    assert shipped == SERVICES
    # The artefacts lack botocore's own models, so a client has no others.
    assert not [*built.glob("*/botocore/data/**/*.json*")]


def test_the_shipped_models_are_made_from_the_botocore_of_the_tests(
    built: Path, template: Mapping[str, Any]
) -> None:
    for name in functions(template).keys() - {"DefineAuthChallenge"}:
        handler = build.handler_name(name).removesuffix(".py")
        operations = aws_models.operations_of({handler})
        used = {service: operations[service] for service in SERVICES[name]}
        models = aws_models.trimmed(aws_models.botocore_data(), used)
        folder = built / name / aws_models.MODELS
        assert {path: (folder / path).read_bytes() for path in files(folder)} == models


def test_the_shipped_botocore_is_the_one_of_the_tests(built: Path, template: Mapping[str, Any]) -> None:
    for name in functions(template).keys() - {"DefineAuthChallenge"}:
        shipped = (built / name / "botocore" / "__init__.py").read_text()
        assert f"__version__ = '{botocore.__version__}'" in shipped


@pytest.mark.parametrize(
    ("function", "folder", "pattern"),
    [
        ("HostedSignIn", "passcode/hosted/templates", "*"),
        ("HostedSignIn", "passcode/hosted/assets", "*"),
        ("HostedSignIn", "passcode/texts", "*.json"),
        ("Deliver", "passcode/texts", "*.json"),
        ("Deliver", "passcode/texts", "*.html"),
    ],
)
def test_a_function_ships_the_files_that_it_reads(
    built: Path, function: str, folder: str, pattern: str
) -> None:
    sources = {path.name for path in (ROOT / "triggers" / folder).glob(pattern)}
    assert {path.name for path in (built / function / folder).glob(pattern)} == sources != set()


def test_a_function_that_reads_no_texts_ships_none(built: Path, template: Mapping[str, Any]) -> None:
    shipped = {
        name: {path.suffix for path in (built / name / "passcode" / "texts").glob("*")} - {".py"}
        for name in functions(template)
    }
    assert {name: suffixes for name, suffixes in shipped.items() if suffixes} == {
        "Deliver": {".html", ".json"},
        "HostedSignIn": {".json"},
    }


def test_the_sizes_stay_small(built: Path, template: Mapping[str, Any]) -> None:
    for name in functions(template):
        # Without bytecode, which doubles the size and depends on the Python of the builder.
        found = [file for path, file in files(built / name).items() if not path.endswith(".pyc")]
        # The largest parts are the native libraries of pydantic (TokenApi) and cryptography (Deliver).
        larger = {"TokenApi": 4_500_000, "Deliver": 7_500_000, "HostedSignIn": 2_550_000}
        # create and verify have the data of phone numbers.
        with_phones = {"CreateAuthChallenge": 2_000_000, "VerifyAuthChallenge": 2_000_000}
        limit = {"DefineAuthChallenge": 16_000, **with_phones, **larger}.get(name, 1_500_000)
        assert sizes.zip_size(built / name, found) < limit, name


def test_the_artefacts_fit_the_runtime_of_the_template(built: Path, template: Mapping[str, Any]) -> None:
    common = template["Globals"]["Function"]
    assert (common["Runtime"], common["Architectures"]) == ("python3.13", ["arm64"])
    assert {"--platform=manylinux2014_aarch64", "--python-version=3.13"} <= set(build.TARGET)
    for name in functions(template):
        for library in sizes.native_libraries(built / name):
            # The machine in the ELF header, and the tag of the interpreter.
            assert library.read_bytes()[18:20] == AARCH64, library
            assert ".cpython-313-" in library.name or ".abi3." in library.name


def test_the_same_sources_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    # Any Python gives the same bytes: here it is not the one of AWS SAM's environment.
    subprocess.run(
        ["make", "-s", "build-Deliver", f"ARTIFACTS_DIR={tmp_path}", f"PYTHON={sys.executable}"],
        cwd=ROOT / "triggers",
        check=True,
    )

    def content(artefact: Path) -> dict[str, tuple[bytes, int, int]]:
        return {
            name: (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_mode)
            for name, file in files(artefact).items()
        }

    assert content(tmp_path) == content(built / "Deliver")
