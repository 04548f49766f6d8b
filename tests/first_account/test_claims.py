"""The result of a claim for each behaviour of AWS, including those that the local AWS lacks."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import jwt
import pytest
from botocore.session import get_session
from cfnlint.api import lint
from cfnlint.decode.cfn_yaml import load

from tests.support.account_in_memory import refusal
from tests.support.stacks_in_memory import AwsInMemory, StacksInMemory
from tools.first_account.account import HttpResponse, ThrowAwayAccount, ThrowAwayUser
from tools.first_account.claim import ClaimResult, NotTried
from tools.first_account.claims import CLAIMS, hosted, mail, passwords, tokens, unknown_users, waf
from tools.first_account.claims.gateway import HEADERS
from tools.first_account.claims.provider import AUTHORIZE_URL
from tools.first_account.output import describe_claims
from tools.first_account.parts import PARTS, Parts

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "tools" / "first_account" / "templates"
SENDER = "no-reply@first-account.example"
OUTPUTS = {
    "PoolId": "eu-central-1_A",
    "ChallengeClientId": "challenge",
    "RotatingClientId": "rotating",
    "GuardedPoolId": "eu-central-1_B",
    "GuardedClientId": "guarded",
    "SenderPoolId": "eu-central-1_C",
    "SenderClientId": "back-end",
    "LogGroup": "/aws/lambda/sender",
    "MailFunction": "send",
    "ApiUrl": "https://a1.execute-api.eu-central-1.amazonaws.com/v1",
    "DomainUrl": "https://first.auth.eu-central-1.amazoncognito.com",
}


def account(**clients: Any) -> ThrowAwayAccount:
    """A throw-away account whose stacks are there, with these clients. It does not wait."""
    named = {name.replace("_", "-"): client for name, client in clients.items()}
    parts = Parts(StacksInMemory(), "a1b2c3", {"SenderEmail": SENDER}, print, outputs={"all": OUTPUTS})  # type: ignore[arg-type]
    return ThrowAwayAccount(AwsInMemory(named, is_local=True), parts, "right", settle_seconds=0)  # type: ignore[arg-type]


def result_of(attempt: Callable[[ThrowAwayAccount], Any], of: ThrowAwayAccount) -> ClaimResult:
    try:
        found: ClaimResult = attempt(of).result
    except NotTried:
        return ClaimResult.NOT_TRIED
    return found


class Calls:
    """A client whose calls return the given value, or raise it. A function is called with the arguments."""

    def __init__(self, **results: Any) -> None:
        self._results = results

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**named: Any) -> Any:
            result = self._results[name](**named) if callable(self._results[name]) else self._results[name]
            if isinstance(result, Exception):
                raise result
            return result

        return call


class SignInWithALock:
    """Sign-ins of one flow. After `limit` wrong passwords (None: never) Cognito refuses the right one too."""

    def __init__(self, limit: int | None, *, code_only: bool = True) -> None:
        self.limit, self.code_only, self.wrong = limit, code_only, 0

    def start_with_password(self, user: ThrowAwayUser, password: str) -> dict[str, Any]:
        if password != user.password:
            self.wrong += 1
            raise refusal(
                "NotAuthorizedException", "RespondToAuthChallenge", "Incorrect username or password."
            )
        if self.limit is not None and self.wrong >= self.limit:
            raise refusal("NotAuthorizedException", "RespondToAuthChallenge", "Password attempts exceeded")
        return {"ChallengeName": "CUSTOM_CHALLENGE"}

    def start(self, _: str) -> dict[str, Any]:
        if not self.code_only:
            raise refusal("NotAuthorizedException", "InitiateAuth", "Password attempts exceeded")
        return {}

    def tokens(self, _: dict[str, Any]) -> dict[str, Any]:
        return {}


def with_locks(
    monkeypatch: pytest.MonkeyPatch, custom: SignInWithALock, srp: SignInWithALock
) -> ThrowAwayAccount:
    flows = {"CUSTOM_AUTH": custom, "USER_SRP_AUTH": srp}
    monkeypatch.setattr(passwords, "CustomAuth", lambda _, __="", flow="CUSTOM_AUTH": flows[flow])
    users = Calls(admin_create_user={"User": {"Username": "u"}}, admin_set_user_password={})
    return account(cognito_idp=users)


@pytest.mark.parametrize(
    ("custom", "srp", "expected"),
    [
        (8, 8, ClaimResult.YES),
        (8, None, ClaimResult.YES),
        (None, 8, ClaimResult.NO),
        (None, None, ClaimResult.NOT_TRIED),
    ],
)
def test_the_lock_is_compared_with_that_of_a_flow_that_has_one(
    monkeypatch: pytest.MonkeyPatch, custom: int | None, srp: int | None, expected: ClaimResult
) -> None:
    of = with_locks(monkeypatch, SignInWithALock(custom), SignInWithALock(srp))
    assert result_of(passwords._lock, of) is expected


@pytest.mark.parametrize(
    ("limit", "code_only", "expected"),
    [(8, True, ClaimResult.YES), (8, False, ClaimResult.NO), (None, True, ClaimResult.NOT_TRIED)],
)
def test_a_code_alone_is_tried_while_the_password_is_locked(
    monkeypatch: pytest.MonkeyPatch, limit: int | None, code_only: bool, expected: ClaimResult
) -> None:
    custom = SignInWithALock(limit, code_only=code_only)
    of = with_locks(monkeypatch, custom, custom)
    assert result_of(passwords._code_only_while_locked, of) is expected


def test_a_wrong_password_that_is_accepted_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    custom = SignInWithALock(None)
    monkeypatch.setattr(custom, "start_with_password", lambda *_: {"ChallengeName": "CUSTOM_CHALLENGE"})
    assert result_of(passwords._lock, with_locks(monkeypatch, custom, custom)) is ClaimResult.NOT_TRIED


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"ChallengeName": "CUSTOM_CHALLENGE"}, ClaimResult.YES),
        (refusal("UserNotFoundException", "AdminInitiateAuth"), ClaimResult.NO),
    ],
)
def test_the_admin_call_for_an_unknown_user(result: Any, expected: ClaimResult) -> None:
    assert result_of(unknown_users._admin, account(cognito_idp=Calls(admin_initiate_auth=result))) is expected


def a_sign_in(user_name: Callable[[str], str]) -> Callable[..., dict[str, Any]]:
    """InitiateAuth that gives `create` this `userName` for a typed name."""

    def initiate(**named: Any) -> dict[str, Any]:
        event = json.dumps({"userName": user_name(named["AuthParameters"]["USERNAME"])})
        return {"ChallengeName": "CUSTOM_CHALLENGE", "ChallengeParameters": {"event": event}}

    return initiate


@pytest.mark.parametrize(
    ("user_name", "stable", "case", "letters"),
    [
        (str.lower, ClaimResult.YES, ClaimResult.YES, ClaimResult.YES),
        (str, ClaimResult.YES, ClaimResult.NO, ClaimResult.NO),
        (lambda name: name.encode().lower().decode(), ClaimResult.YES, ClaimResult.YES, ClaimResult.NO),
        (lambda _: token_hex(4), ClaimResult.NO, ClaimResult.NO, ClaimResult.NO),
    ],
    ids=["lower case", "as typed", "lower case of ASCII", "another each time"],
)
def test_user_names_of_unknown_users(
    user_name: Callable[[str], str], stable: ClaimResult, case: ClaimResult, letters: ClaimResult
) -> None:
    of = account(cognito_idp=Calls(initiate_auth=a_sign_in(user_name)))
    attempts = (unknown_users._stable, unknown_users._ignores_case, unknown_users._ignores_case_outside_ascii)
    assert [result_of(attempt, of) for attempt in attempts] == [stable, case, letters]


@pytest.mark.parametrize(
    ("more", "expected"), [({"acr": "urn:cognito:loa:1"}, ClaimResult.YES), ({}, ClaimResult.NO)]
)
def test_acr_of_the_id_token(more: dict[str, str], expected: ClaimResult) -> None:
    token = jwt.encode({"sub": "1", **more}, "k" * 32)
    challenge = {
        "ChallengeName": "CUSTOM_CHALLENGE",
        "ChallengeParameters": {"USERNAME": "u"},
        "Session": "s",
    }
    calls = Calls(
        admin_create_user={"User": {"Username": "u"}},
        admin_set_user_password={},
        initiate_auth=challenge,
        respond_to_auth_challenge={"AuthenticationResult": {"IdToken": token}},
    )
    assert result_of(tokens._acr, account(cognito_idp=calls)) is expected


def responses(monkeypatch: pytest.MonkeyPatch, **statuses: int | HttpResponse) -> ThrowAwayAccount:
    """An account whose API responds with these statuses to the paths full, short and open."""
    by_path = {
        f"{OUTPUTS['ApiUrl']}/{name}-path": HttpResponse(found, {}) if isinstance(found, int) else found
        for name, found in statuses.items()
    }
    monkeypatch.setattr(ThrowAwayAccount, "get", lambda _, url: by_path.get(url))
    return account()


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"full": 403, "short": 200, "open": 200}, ClaimResult.YES),
        ({"full": 200, "short": 403, "open": 200}, ClaimResult.NO),
        ({"full": 200, "short": 200, "open": 200}, ClaimResult.NOT_TRIED),
        ({"full": 403, "short": 403, "open": 403}, ClaimResult.NOT_TRIED),
        ({"full": 200, "short": 200, "open": 403}, ClaimResult.NOT_TRIED),
        ({}, ClaimResult.NOT_TRIED),
    ],
    ids=["with", "without", "no rule", "no deployment", "only the open path", "no response"],
)
def test_the_path_that_waf_sees(
    monkeypatch: pytest.MonkeyPatch, statuses: dict[str, int], expected: ClaimResult
) -> None:
    assert result_of(waf._path, responses(monkeypatch, **statuses)) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (HEADERS, ClaimResult.YES),
        ({**HEADERS, "content-type": "application/json"}, ClaimResult.NO),
        ({name: value for name, value in HEADERS.items() if name != "retry-after"}, ClaimResult.NO),
    ],
)
def test_the_headers_of_a_blocked_response(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], expected: ClaimResult
) -> None:
    of = responses(monkeypatch, full=HttpResponse(403, headers), short=200, open=200)
    assert result_of(waf._gateway_response, of) is expected


BLOCKED, WRONG = (
    refusal("ForbiddenException", "InitiateAuth"),
    refusal("NotAuthorizedException", "InitiateAuth"),
)


@pytest.mark.parametrize(
    ("public", "admin", "expected"),
    [
        (BLOCKED, WRONG, ClaimResult.YES),
        (BLOCKED, BLOCKED, ClaimResult.NO),
        (WRONG, WRONG, ClaimResult.NOT_TRIED),
    ],
)
def test_admin_calls_under_waf(public: Exception, admin: Exception, expected: ClaimResult) -> None:
    of = account(cognito_idp=Calls(initiate_auth=public, admin_initiate_auth=admin))
    assert result_of(waf._admin_calls, of) is expected


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (None, ClaimResult.YES),
        ("CREATE_FAILED of PoolAssociation: WAFUnavailableEntityException.", ClaimResult.NO),
        ("These credentials may not call CreateWebACL.", ClaimResult.NOT_TRIED),
    ],
)
def test_a_fresh_web_acl(failure: str | None, expected: ClaimResult) -> None:
    of = account()
    if failure:
        of.parts.failures["waf"] = failure
    assert result_of(waf._fresh, of) is expected


def test_a_missing_web_acl_still_gives_the_verdict_about_fresh_ones() -> None:
    (claim,) = [claim for claim in CLAIMS if claim.name == "fresh-web-acl"]
    assert claim.parts == ()


@pytest.mark.parametrize(
    ("plain", "named", "other", "expected"),
    [
        ("MessageRejected", "MessageRejected", "AccessDeniedException", ClaimResult.YES),
        ("sent", "sent", "AccessDeniedException", ClaimResult.YES),
        ("sent", "AccessDeniedException", "AccessDeniedException", ClaimResult.NO),
        ("MessageRejected", "MessageRejected", "MessageRejected", ClaimResult.NOT_TRIED),
        ("AccessDeniedException", "AccessDeniedException", "AccessDeniedException", ClaimResult.NOT_TRIED),
    ],
)
def test_the_condition_on_the_sender(plain: str, named: str, other: str, expected: ClaimResult) -> None:
    answers = {SENDER: plain, f"First Account <{SENDER}>": named}

    def invoke(**sent: str) -> dict[str, Any]:
        answer = answers.get(json.loads(sent["Payload"])["from"], other)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    of = account()
    of.aws.clients["lambda"] = Calls(invoke=invoke)  # type: ignore[attr-defined]
    assert result_of(mail._from_address, of) is expected


@pytest.mark.parametrize(
    ("source", "address", "expected"),
    [
        ("CustomEmailSender_UpdateUserAttribute", "new", ClaimResult.YES),
        ("CustomEmailSender_UpdateUserAttribute", "old", ClaimResult.NO),
        ("CustomEmailSender_VerifyUserAttribute", "new", ClaimResult.NOT_TRIED),
        (None, "", ClaimResult.NOT_TRIED),
    ],
)
def test_the_address_of_a_changed_attribute(source: str | None, address: str, expected: ClaimResult) -> None:
    seen = {}

    def create(**named: Any) -> dict[str, Any]:
        seen["old"] = named["Username"]
        return {"User": {"Username": "u"}}

    def update(**named: Any) -> dict[str, Any]:
        seen["new"] = named["UserAttributes"][0]["Value"]
        return {}

    def logs(**_: Any) -> dict[str, Any]:
        line = f"SEEN {json.dumps({'source': source, 'email': seen[address]})}\n" if source else ""
        return {"events": [{"message": line}] if line else []}

    cognito = Calls(
        admin_create_user=create,
        admin_set_user_password={},
        admin_initiate_auth={"AuthenticationResult": {"AccessToken": "t"}},
        update_user_attributes=update,
    )
    assert (
        result_of(mail._changed_address, account(cognito_idp=cognito, logs=Calls(filter_log_events=logs)))
        is expected
    )


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (f"{AUTHORIZE_URL}?client_id=cognito&max_age=60", ClaimResult.YES),
        (f"{AUTHORIZE_URL}?client_id=cognito", ClaimResult.NO),
        (f"{hosted._CALLBACK}?error=invalid_request&error_description=No", ClaimResult.NOT_TRIED),
        ("https://first.auth.eu-central-1.amazoncognito.com/login", ClaimResult.NOT_TRIED),
    ],
)
def test_the_parameters_that_a_provider_gets(
    monkeypatch: pytest.MonkeyPatch, location: str, expected: ClaimResult
) -> None:
    monkeypatch.setattr(ThrowAwayAccount, "get", lambda _, __: HttpResponse(302, {"location": location}))
    created: Any = {"UserPoolClient": {"ClientId": "app"}}
    of = account(cognito_idp=Calls(create_identity_provider={}, create_user_pool_client=created))
    assert result_of(hosted._max_age, of) is expected


def test_calls_are_operations_of_aws() -> None:
    services = ("cognito-idp", "lambda", "sesv2", "wafv2", "logs")
    models = [get_session().get_service_model(service) for service in services]
    known = {operation for model in models for operation in model.operation_names}
    named = {call.partition(" ")[0] for claim in CLAIMS for call in claim.calls}
    assert named - known == {"GET"}


def test_names_are_unique_and_every_part_exists() -> None:
    names = [claim.name for claim in CLAIMS]
    assert len(set(names)) == len(names)
    assert {part for claim in CLAIMS for part in claim.parts} <= {part.name for part in PARTS}
    assert {part.name for part in PARTS} == {path.stem for path in TEMPLATES.glob("*.yaml")}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_template_is_valid_and_has_the_parameters_of_its_part(part: Any) -> None:
    assert [str(match) for match in lint(part.template, regions=["us-east-1", "eu-central-1"])] == []
    template = load(str(TEMPLATES / f"{part.name}.yaml"))
    assert set(template.get("Parameters", {})) == {*part.inputs, *part.settings}
    for resource in template["Resources"].values():
        assert "DeletionPolicy" not in resource, "nothing may be kept"
        code = resource.get("Properties", {}).get("Code", {}).get("ZipFile", "")
        assert len(code) <= 4096, "CloudFormation refuses longer inline code"
        compile(code, part.name, "exec")


def test_the_document_describes_every_claim() -> None:
    page = (ROOT / "docs" / "first-account.md").read_text("utf-8")
    described = page.partition("<!-- claims -->\n\n")[2].partition("\n<!-- end -->")[0]
    assert described == describe_claims(CLAIMS), "run `python -m tools.first_account --list`"
