"""`define` against golden events: the next step in each state of a sign-in."""

import json
import re

import pytest

import define_auth_challenge
from define_auth_challenge import respond
from passcode.sign_in.events import Event
from passcode.sign_in.steps import RoundLimits
from tests.support.events import CODE_ONLY_CLIENT, SUB, entry, golden

LIMITS = RoundLimits(answers=5, resends=3)
FAIL = "fail"
TOKENS = "tokens"


def step(event: Event) -> str:
    """The three keys of the response as one word."""
    response = respond(event, frozenset({CODE_ONLY_CLIENT}), LIMITS)["response"]
    assert set(response) == {"challengeName", "issueTokens", "failAuthentication"}
    outcomes = [response["challengeName"], response["issueTokens"], response["failAuthentication"]]
    assert sum(map(bool, outcomes)) == 1, "exactly one of: a challenge, tokens, a refusal"
    if response["issueTokens"] is True:
        return TOKENS
    return FAIL if response["failAuthentication"] is True else str(response["challengeName"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first_null_session", "CUSTOM_CHALLENGE"),
        ("first_absent_session", "CUSTOM_CHALLENGE"),
        ("first_without_srp", FAIL),
        ("srp_first", "PASSWORD_VERIFIER"),
        ("srp_first_code_only", "CUSTOM_CHALLENGE"),
        ("after_password", "CUSTOM_CHALLENGE"),
        ("wrong_password", FAIL),
        ("force_change_password", "NEW_PASSWORD_REQUIRED"),
        ("reset_required", "NEW_PASSWORD_REQUIRED"),
        ("after_new_password", "CUSTOM_CHALLENGE"),
        ("after_sms_mfa", FAIL),
        ("after_device", FAIL),
        ("admin_no_srp", FAIL),
        ("right_code", TOKENS),
        ("right_code_code_only", TOKENS),
        ("wrong_code", "CUSTOM_CHALLENGE"),
        ("resend", "CUSTOM_CHALLENGE"),
        ("mfa_after_code", FAIL),
        ("unknown_user", "CUSTOM_CHALLENGE"),
        ("unknown_user_right_code", FAIL),
    ],
)
def test_each_golden_event_leads_to_its_step(name: str, expected: str) -> None:
    assert step(golden(f"define_{name}")) == expected


def test_a_client_that_is_not_listed_needs_the_password() -> None:
    event = golden("define_first_null_session")
    event["callerContext"]["clientId"] = "another"
    assert step(event) == FAIL


def test_an_event_without_a_client_needs_the_password() -> None:
    event = golden("define_right_code_code_only")
    del event["callerContext"]
    assert step(event) == FAIL


def test_an_empty_list_of_clients_does_not_contain_the_empty_client_id() -> None:
    event = golden("define_first_null_session")
    event["callerContext"]["clientId"] = ""
    assert "" not in define_auth_challenge._SETTINGS.code_only_clients
    assert step(event) == FAIL


@pytest.mark.parametrize("found", [True, "true", "false", 1, []])
def test_any_value_of_user_not_found_but_false_means_unknown(found: object) -> None:
    assert step(golden("define_right_code", userNotFound=found)) == FAIL


@pytest.mark.parametrize("action", ["resend", "RESEND", " Send\n", "resnd"])
def test_a_right_code_with_an_action_gives_no_tokens(action: str) -> None:
    assert step(golden("define_right_code", clientMetadata={"action": action})) == FAIL


@pytest.mark.parametrize(
    "metadata", [None, {}, {"action": 1}, {"action": " "}, {"ACTION": "resend"}, "resend", ["resend"]]
)
def test_unknown_client_metadata_changes_nothing(metadata: object) -> None:
    assert step(golden("define_right_code", clientMetadata=metadata)) == TOKENS


@pytest.mark.parametrize(
    "broken",
    [{"session": 5}, {"session": True}, {"session": ["CUSTOM_CHALLENGE"]}, {"session": {"a": 1}}],
)
def test_a_malformed_history_is_refused(
    broken: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    event = define_auth_challenge.handler(golden("define_right_code", **broken), None)
    assert event["response"] == {"challengeName": None, "issueTokens": False, "failAuthentication": True}
    assert SUB not in capsys.readouterr().out


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        7,
        "",
        "v=1",
        "v=1;answers=0;resends=0",
        "answers=0;resends=0;challenge={}",
        "v=1;answers=0;challenge={}",
        "v=1;resends=0;challenge={}",
        "v=1;answers=-1;resends=0;challenge={}",
        "v=1;answers=x;resends=0;challenge={}",
        "v=1;answers=;resends=0;challenge={}",
        "v=1;answers=0;resends=1e9;challenge={}",
        "v=1;answers=0;resends=0;challenge=" + "1" * 100_000,
        "1" * 100_000,
    ],
)
def test_foreign_metadata_is_refused(metadata: object) -> None:
    session = [entry("CUSTOM_CHALLENGE", False, metadata)]
    for client in (CODE_ONLY_CLIENT, "another"):
        event = golden("define_right_code", session=session)
        event["callerContext"]["clientId"] = client
        assert step(event) == FAIL


def test_metadata_of_another_release_is_read() -> None:
    """An additional field is ignored, and an optional one may be missing."""
    for metadata in (
        "v=2;sent=9;answers=1;resends=0;resend_at=0;challenge={}",
        "v=1;answers=1;resends=0;challenge={}",
    ):
        session = [entry("CUSTOM_CHALLENGE", False, metadata)]
        event = golden("define_right_code_code_only", session=session)
        assert step(event) == "CUSTOM_CHALLENGE"


def test_without_monitoring_the_line_is_no_metric(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = define_auth_challenge._SETTINGS._replace(monitoring="OFF")
    monkeypatch.setattr(define_auth_challenge, "_SETTINGS", settings)
    define_auth_challenge.handler(golden("define_right_code", session=5), None)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line).keys() == {"level", "service", "message", "error", "where"}


def test_a_malformed_event_is_one_log_line_without_its_content(
    capsys: pytest.CaptureFixture[str],
) -> None:
    event = golden("define_right_code", session=5)
    answer = define_auth_challenge.handler(event, None)
    assert answer is event
    assert answer["response"]["failAuthentication"] is True
    (line,) = capsys.readouterr().out.splitlines()
    logged = json.loads(line)
    (counted,) = logged.pop("_aws")["CloudWatchMetrics"]
    assert re.fullmatch(r"events\.py:\d+|steps\.py:\d+|rounds\.py:\d+", logged.pop("where"))
    assert (counted["Dimensions"], counted["Metrics"][0]["Name"]) == ([["service"]], "errors")
    assert logged == {
        "level": "ERROR",
        "service": "define_auth_challenge",
        "message": "the event could not be read",
        "error": "TypeError",
        "errors": 1,
    }
