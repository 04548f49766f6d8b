"""The attempts and time-outs of each client, and the table of the longest waits in docs/architecture.md."""

import json
import math
import subprocess
from functools import cache

import pytest

from benchmarks.imports import command, environment
from passcode.adapters.botocore_clients import _LEAST, _MARGIN, _PAUSE, COGNITO_SECONDS, CallLimits
from tests.support.template import ROOT, TEMPLATE
from tools.lambda_functions import FUNCTIONS

# Makes the clients that a handler makes at its first use, too. A limit is by service: no handler has two.
REPORT = """
import json, math
from passcode.adapters import botocore_clients
made, most = {{}}, []
register, deadline = botocore_clients.CallLimits.register, botocore_clients.with_deadline
def record(limits, events, service_id):
    made[service_id] = limits.attempts, limits.read_timeout, limits.once
    register(limits, events, service_id)
def within(handle, seconds=math.inf):
    most.append(seconds)
    return deadline(handle, seconds)
botocore_clients.CallLimits.register = record
botocore_clients.with_deadline = within
import {name}
for make in ({name}.__dict__.get(each) for each in ("_cognito", "_pool", "_secrets_manager")):
    make and make()
hasattr({name}, "_USERS") and {name}._USERS.client()
print(json.dumps([made, most]))
"""


@cache
def settings_of(name: str) -> tuple[dict[str, CallLimits], float]:
    """Return the limits of each client of a function by service, and the seconds of its AWS calls."""
    done = subprocess.run(
        command(REPORT.format(name=name)), env=environment(name), check=True, capture_output=True, text=True
    )
    made, (most,) = json.loads(done.stdout)
    limits = {service: CallLimits(a, t, tuple(once)) for service, (a, t, once) in made.items()}
    resource = TEMPLATE["Resources"][FUNCTIONS[name].logical_id]["Properties"]
    timeout = resource.get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"])
    return limits, min(most, timeout - _MARGIN)


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("create_auth_challenge", {"dynamodb": (4, 2.5), "sqs": (3, 2.5)}),
        ("verify_auth_challenge", {"dynamodb": (4, 2.5), "kms": (4, 2.5)}),
        ("pre_token_generation", {"dynamodb": (4, 2.5)}),
        (
            "token_api",
            {
                "dynamodb": (4, 2.5),
                "kms": (4, 2.5),
                "sqs": (3, 2.5),
                "cognito-identity-provider": (4, 2.5),
            },
        ),
        (
            "hosted_sign_in",
            {
                "dynamodb": (5, 2.5),
                "kms": (5, 2.5),
                "cognito-identity-provider": (5, 15),
                "secrets-manager": (5, 2.5),
            },
        ),
        ("deliver", {"dynamodb": (2, 2.5), "kms": (2, 2.5), "sesv2": (1, 3), "sns": (1, 3)}),
    ],
)
def test_each_client_has_its_attempts_and_time_out(name: str, limits: dict[str, tuple[int, float]]) -> None:
    found, _ = settings_of(name)
    assert {service: (each.attempts, each.read_timeout) for service, each in found.items()} == limits


def test_an_answer_on_the_hosted_page_is_repeated_only_if_nothing_was_done() -> None:
    limits, _ = settings_of("hosted_sign_in")
    assert limits["cognito-identity-provider"].once == ("AdminRespondToAuthChallenge",)


ANSWER = "cognito-identity-provider:AdminRespondToAuthChallenge"
# The longest path of each function, and the services of its calls in their order. An operation that must not
# be repeated follows its service.
PATHS = [
    ("create_auth_challenge", "another message", "dynamodb dynamodb sqs sqs"),
    ("verify_auth_challenge", "an answer to an SMS", "kms dynamodb dynamodb dynamodb"),
    ("pre_token_generation", "each token", "dynamodb"),
    ("custom_sender", "a notice of an attack", "cognito-identity-provider sqs"),
    ("deliver", "an email, then an SMS", "kms dynamodb sesv2 dynamodb dynamodb sns"),
    (
        "token_api",
        "`/step-up` with a key",
        "cognito-identity-provider dynamodb dynamodb dynamodb kms sqs sqs",
    ),
    ("token_api", "`/verifyToken` after an SMS", "kms kms dynamodb dynamodb dynamodb kms"),
    (
        "hosted_sign_in",
        "the form with the code",
        f"dynamodb kms dynamodb {ANSWER} kms dynamodb kms dynamodb",
    ),
    (
        "hosted_sign_in",
        "`/token`",
        "secrets-manager dynamodb kms cognito-identity-provider cognito-identity-provider kms kms",
    ),
]


def waited(limits: CallLimits, operation: str, left: float, unanswered: float) -> tuple[float, bool]:
    """Return the seconds that a call takes if its first `unanswered` attempts hang, and whether it succeeds.

    Each pause is the longest one. `left` is the time of the invocation, in seconds.
    """
    took, attempt = 0.0, 0
    while attempt < unanswered:
        took += limits.patience(operation, left - took)
        attempt += 1
        is_last = attempt == limits.attempts or operation in limits.once
        if is_last or left - took <= _PAUSE[1] + _LEAST:
            return took, False
        took += _PAUSE[1]
    return took, True


def path(name: str, services: str, *, unanswered: float, calls: int | None = None) -> float:
    """Return the seconds of a path whose calls hang. `calls` is the number of the only call that does."""
    limits, seconds = settings_of(name)
    total = 0.0
    for number, call in enumerate(services.split()):
        if calls is None or number == calls:
            service, _, operation = call.partition(":")
            took, succeeded = waited(limits[service], operation, seconds - total, unanswered)
            total += took
            if not succeeded:
                break
    return total


def table() -> str:
    """Return the rows of the table."""
    rows = []
    for name, title, services in PATHS:
        numbers = range(len(services.split()))
        figures = (
            max(path(name, services, unanswered=1, calls=number) for number in numbers),
            path(name, services, unanswered=1),
            max(path(name, services, unanswered=math.inf, calls=number) for number in numbers),
            settings_of(name)[1],
        )
        rows.append(f"| `{name}` | {title} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |")
    return "\n".join(rows)


def test_the_table_of_the_longest_waits_is_that_of_the_settings() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert table() in page, f"Copy these rows into docs/architecture.md:\n{table()}"


@pytest.mark.parametrize(("name", "_title", "services"), PATHS)
def test_no_path_takes_longer_than_its_function(name: str, _title: str, services: str) -> None:
    _, seconds = settings_of(name)
    assert path(name, services, unanswered=math.inf) <= seconds
    assert path(name, services, unanswered=1) <= seconds


@pytest.mark.parametrize("name", ["create_auth_challenge", "verify_auth_challenge", "pre_token_generation"])
def test_a_trigger_answers_while_cognito_waits(name: str) -> None:
    """Cognito waits five seconds. Half a second is left for the start of the function and its response."""
    assert settings_of(name)[1] == COGNITO_SECONDS == 4.5


@pytest.mark.parametrize(
    ("name", "services"), [(name, services) for name, _, services in PATHS if name.endswith("challenge")]
)
def test_a_table_that_answers_after_800_ms_signs_users_in(name: str, services: str) -> None:
    limits, left = settings_of(name)
    for service in services.split():
        if service == "dynamodb":
            assert limits[service].patience("UpdateItem", left) > 0.8
            left -= 0.8
