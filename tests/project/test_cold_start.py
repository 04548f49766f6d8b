"""What each door pulls in when a container starts. Modules and clients are counted; seconds are not."""

import json
import subprocess

import pytest

from benchmarks.imports import DOORS, TRIGGERS, command, environment

HEAVY = ("boto3", "botocore", "aws_lambda_powertools", "phonenumbers", "jwt", "cryptography", "pydantic")
REPORT = """
import sys
import {door}
names = list(sys.modules)
import gc, json
core = sys.modules.get("botocore.client")
made = [o for o in gc.get_objects() if core and isinstance(o, core.BaseClient)]
clients = sorted(o.meta.service_model.service_name for o in made)
print(json.dumps([sorted(set(n.partition(".")[0] for n in names)), clients, len(names)]))
"""


def report(door: str) -> tuple[list[str], list[str], int]:
    """(top-level modules, services that a client was made of, modules in all) after importing a door."""
    statement = REPORT.format(door=door)
    done = subprocess.run(command(statement), env=environment(), check=True, capture_output=True, text=True)
    modules, clients, count = json.loads(done.stdout)
    return modules, clients, count


def test_define_imports_the_standard_library_alone_and_little_of_it() -> None:
    modules, clients, count = report("define_auth_challenge")
    assert not set(HEAVY) & set(modules)
    assert not {"json", "dataclasses", "typing", "re", "logging"} & set(modules)
    assert clients == []
    bare = subprocess.run(
        command("import sys; print(len(sys.modules))"), env=environment(), check=True, capture_output=True
    )
    # A handful of our own, and what `enum` needs.
    assert count <= int(bare.stdout) + 20


LIGHT = {"phonenumbers", "jwt", "cryptography", "pydantic"}
# Door: the services that it makes a client of, and what it does without.
MAKES: dict[str, tuple[list[str], set[str]]] = {
    "create_auth_challenge": (["dynamodb", "sqs"], LIGHT),
    "verify_auth_challenge": (["dynamodb", "kms"], LIGHT),
    "pre_token_generation": (["dynamodb"], LIGHT | {"boto3"}),
    "deliver": (
        ["dynamodb", "kms", "sesv2", "sns"],
        # What opens Cognito's own codes comes with the first of them.
        {"jwt", "cryptography", "pydantic", "aws_encryption_sdk", "boto3"},
    ),
    "custom_sender": (["sqs"], LIGHT | {"aws_encryption_sdk", "boto3"}),
    # PyJWT takes cryptography along where it is there. In Lambda it is not.
    "token_api": (["dynamodb", "dynamodb", "kms", "sqs"], {"phonenumbers", "pyasn1"}),
    # What a password, a first key set and a first call of the pool take comes with them.
    "hosted_sign_in": (["dynamodb", "kms"], {"phonenumbers", "pyasn1", "pydantic", "pycognito", "boto3"}),
}


@pytest.mark.parametrize("door", MAKES)
def test_a_door_makes_only_the_clients_it_uses(door: str) -> None:
    services, not_wanted = MAKES[door]
    modules, clients, _ = report(door)
    assert clients == services
    assert not (not_wanted | {"requests"}) & set(modules)


def test_the_hosted_sign_in_imports_no_more_than_the_token_service() -> None:
    """Somebody waits for its first page. The limit is twice the time, which no test can hold still; modules
    stand for it, and as they are not all of one weight the limit is once as many."""
    of_each = {door: report(door)[2] for door in ("token_api", "hosted_sign_in")}
    assert of_each["hosted_sign_in"] <= of_each["token_api"]


def test_every_door_is_measured() -> None:
    doors = {file.stem for file in TRIGGERS.glob("*.py")}
    assert set(DOORS) == doors
    assert {*MAKES, "define_auth_challenge"} == doors
