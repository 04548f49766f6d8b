"""The modules and clients that each function loads at a cold start. No test here measures time."""

import json
import subprocess
import sys

import pytest

from benchmarks.imports import command, environment
from tools.lambda_functions import FUNCTIONS

HEAVY = ("boto3", "botocore", "aws_lambda_powertools", "phonenumbers", "jwt", "cryptography", "pydantic")
REPORT = """
import sys
import {name}
names = list(sys.modules)
import gc, json
gc.unfreeze()  # get_objects leaves out frozen objects
core = sys.modules.get("botocore.client")
made = [o for o in gc.get_objects() if core and isinstance(o, core.BaseClient)]
clients = sorted(o.meta.service_model.service_name for o in made)
print(json.dumps([sorted(set(n.partition(".")[0] for n in names)), clients, len(names)]))
"""


def report(name: str) -> tuple[list[str], list[str], int]:
    """Return the top-level modules, the services with a client, and the number of modules after an import."""
    statement = REPORT.format(name=name)
    done = subprocess.run(
        command(statement), env=environment(name), check=True, capture_output=True, text=True
    )
    modules, clients, count = json.loads(done.stdout)
    return modules, clients, count


def test_define_imports_little_and_only_the_standard_library() -> None:
    modules, clients, count = report("define_auth_challenge")
    assert not set(HEAVY) & set(modules)
    assert not {"json", "dataclasses", "enum", "typing", "re", "logging"} & set(modules)
    assert clients == []
    bare = subprocess.run(
        command("import sys; print(len(sys.modules))"),
        env=environment("define_auth_challenge"),
        check=True,
        capture_output=True,
    )
    # Some modules of this project, and those of `collections`.
    assert count <= int(bare.stdout) + 20


LIGHT = {"phonenumbers", "jwt", "cryptography", "pydantic"}
# Function: the services with a client, and the packages that it must not import.
LOADS: dict[str, tuple[list[str], set[str]]] = {
    "create_auth_challenge": (["dynamodb", "sqs"], LIGHT),
    "verify_auth_challenge": (["dynamodb", "kms"], LIGHT),
    "pre_token_generation": (["dynamodb"], LIGHT | {"boto3"}),
    "deliver": (
        ["dynamodb", "kms", "sesv2", "sns", "sqs"],
        # It imports the decryption only when it gets the first message of Cognito's own.
        {"jwt", "cryptography", "pydantic", "aws_encryption_sdk", "boto3"},
    ),
    "delivery_events": (["dynamodb"], LIGHT | {"boto3", "jinja2"}),
    "custom_sender": (["sqs"], LIGHT | {"aws_encryption_sdk", "boto3"}),
    # PyJWT imports cryptography if it is installed. It is not in the artefact.
    "token_api": (["dynamodb", "kms", "sqs"], {"phonenumbers", "pyasn1"}),
    # It imports these packages when it first needs them: for a password, a key set or a call of the pool.
    "hosted_sign_in": (["dynamodb", "kms"], {"phonenumbers", "pyasn1", "pydantic", "pycognito", "boto3"}),
}


@pytest.mark.parametrize("name", LOADS)
def test_a_function_creates_only_the_clients_that_it_uses(name: str) -> None:
    services, not_wanted = LOADS[name]
    modules, clients, _ = report(name)
    assert clients == services
    assert not (not_wanted | {"requests"}) & set(modules)


@pytest.mark.parametrize(
    ("gateway", "options"), [("END_USER_MESSAGING", ""), ("NOTIFY", "notify_configuration=nc-1")]
)
def test_deliver_creates_only_the_client_of_the_chosen_gateway_for_sms(gateway: str, options: str) -> None:
    settings = environment("deliver") | {"SMS_GATEWAY": gateway, "SMS_OPTIONS": options}
    done = subprocess.run(
        command(REPORT.format(name="deliver")), env=settings, check=True, capture_output=True, text=True
    )
    modules, clients, _ = json.loads(done.stdout)
    assert clients == ["dynamodb", "kms", "pinpoint-sms-voice-v2", "sesv2", "sqs"]
    assert not LOADS["deliver"][1] & set(modules)


def test_the_hosted_sign_in_imports_no_more_than_the_token_service() -> None:
    """Users wait for its first page. The number of modules is a stable measure of the start time."""
    of_each = {name: report(name)[2] for name in ("token_api", "hosted_sign_in")}
    assert of_each["hosted_sign_in"] <= of_each["token_api"]


# The most modules of this project that a function may import, its packages included.
PROJECT_MODULES = {
    "define_auth_challenge": 6,
    "create_auth_challenge": 28,
    "verify_auth_challenge": 23,
    "pre_token_generation": 21,
    "deliver": 42,
    "delivery_events": 18,
    "custom_sender": 23,
    "token_api": 40,
    "hosted_sign_in": 40,
}
# The most modules of packages that a function may import. The packages that a library uses only if they are
# installed are not in an artefact.
PACKAGE_MODULES = dict.fromkeys(PROJECT_MODULES, 165) | {
    "define_auth_challenge": 0,
    "token_api": 308,
    "hosted_sign_in": 200,
}
NOT_SHIPPED = {"_distutils_hack", "certifi", "cryptography", "_cffi_backend"}
# The AWS models that every client needs. Each client needs two more files.
SHARED_MODELS = {"endpoints.json", "partitions.json", "sdk-default-configuration.json"}
OPENED = """
import json, sys
files = []
def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith((".json", ".gz")):
        files.append(str(arguments[0]))
sys.addaudithook(note)
import {name}
import gc
print(json.dumps([files, list(sys.modules), gc.isenabled(), gc.get_freeze_count()]))
"""


def opened(function: str) -> tuple[list[str], list[str], bool, int]:
    """Import a function. Return the data files that it opened, and its modules.

    Also return whether the garbage collector runs, and the number of objects that the collector ignores.
    """
    statement = OPENED.format(name=function)
    done = subprocess.run(
        command(statement), env=environment(function), check=True, capture_output=True, text=True
    )
    files, modules, collects, left_out = json.loads(done.stdout)
    return files, modules, collects, left_out


@pytest.mark.parametrize("function", PROJECT_MODULES)
def test_a_start_reads_few_files_and_ends_with_the_garbage_collector_on(function: str) -> None:
    files, modules, collects, left_out = opened(function)
    services = LOADS[function][0] if function in LOADS else []
    models = [file.partition("/aws_models/")[2] for file in files if "/aws_models/" in file]
    assert {path for path in models if "/" not in path} == (SHARED_MODELS if services else set())
    assert sorted(path.partition("/")[0] for path in models if "/" in path) == sorted(services * 2)
    # The function opened neither botocore's own models nor texts.
    assert len(models) == len(files), files
    found = [name for name in modules if name.partition(".")[0] not in sys.stdlib_module_names]
    tops = {"passcode", "__main__", function, *NOT_SHIPPED}
    packages = [name for name in found if name.partition(".")[0] not in tops]
    assert len(packages) <= PACKAGE_MODULES[function], len(packages)
    assert collects
    # `define` starts without the pause, which would save it no time.
    assert (left_out > 10_000) is (function != "define_auth_challenge")


@pytest.mark.parametrize("function", PROJECT_MODULES)
def test_a_function_imports_no_more_modules_of_this_project(function: str) -> None:
    statement = f"import sys, {function}; print(*sys.modules)"
    done = subprocess.run(
        command(statement), env=environment(function), check=True, capture_output=True, text=True
    )
    own_modules = [name for name in done.stdout.split() if name.partition(".")[0] == "passcode"]
    assert len(own_modules) <= PROJECT_MODULES[function], own_modules


# A frozen dataclass with a comparison and a repr costs 0.6 ms of a start, because `dataclasses` compiles its
# methods. A NamedTuple costs a fifth of it, and a dataclass without the two a quarter.
COMPARED = """
import dataclasses, sys, {name}
modules = [module for key, module in sys.modules.items() if key.partition(".")[0] in ("passcode", "{name}")]
found = {{value for module in modules for value in vars(module).values() if isinstance(value, type)}}
classes = [one for one in found if one.__module__.partition(".")[0] in ("passcode", "{name}")]
print(*(one.__name__ for one in classes if dataclasses.is_dataclass(one) and "__eq__" in vars(one)))
"""


@pytest.mark.parametrize(
    "function", ["create_auth_challenge", "verify_auth_challenge", "pre_token_generation", "token_api"]
)
def test_a_start_compiles_the_comparison_of_two_dataclasses_only(function: str) -> None:
    """`Policy` checks its fields, and `Destination` hides one of them. The other values are NamedTuples."""
    done = subprocess.run(
        command(COMPARED.format(name=function)),
        env=environment(function),
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(done.stdout.split()) == {"Policy", "Destination"}


def test_every_function_is_measured() -> None:
    assert {*LOADS, "define_auth_challenge"} == set(FUNCTIONS) == set(PROJECT_MODULES)


@pytest.mark.parametrize("function", sorted({*FUNCTIONS} - {"deliver", "hosted_sign_in"}))
def test_only_a_function_that_shows_texts_imports_them_and_none_imports_phone_numbers(function: str) -> None:
    """Every function imports the channels, which render messages and parse numbers for `deliver` alone."""
    statement = f"import sys, {function}; print(*sys.modules)"
    done = subprocess.run(
        command(statement), env=environment(function), check=True, capture_output=True, text=True
    )
    modules = set(done.stdout.split())
    assert "passcode" in modules
    not_wanted = {"passcode.texts.catalogue", "passcode.channels.phone_number", "markupsafe", "jinja2"}
    assert not modules & not_wanted


def test_an_answer_of_plain_digits_imports_no_module() -> None:
    """Only an answer with other characters needs the data of Unicode."""
    statement = (
        "import sys, verify_auth_challenge; from passcode.token_service.challenge import parse_answer\n"
        "for typed in ('123456', '123 456'): print(parse_answer(typed, 6), 'unicodedata' in sys.modules)"
    )
    done = subprocess.run(
        command(statement),
        env=environment("verify_auth_challenge"),
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["123456", "False", "123456", "True"]


LOADED_TWICE = """
import gc, sys
import {name}
frozen = gc.get_freeze_count()
del sys.modules["{name}"]
import {name}
print(gc.get_freeze_count() <= frozen, gc.isenabled())
"""


def test_a_process_that_loads_a_function_again_still_collects_what_it_left() -> None:
    """Frozen objects are never collected, and tests and benchmarks load functions many times."""
    name = "create_auth_challenge"
    statement = command(LOADED_TWICE.format(name=name))
    done = subprocess.run(statement, env=environment(name), check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True"]


def test_a_virtual_clock_leaves_the_garbage_collector_on() -> None:
    statement = (
        "import gc; from tests.support import virtual_clock; "
        "virtual_clock._import_everything(); print(gc.isenabled())"
    )
    done = subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True"]
