"""The result of a claim for each behaviour of AWS, including those that the local AWS lacks."""

import io
import json
import socket
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.session import get_session
from botocore.validate import ParamValidator
from cfnlint.api import lint
from cfnlint.decode.cfn_yaml import load

from passcode.adapters.aws_gateway import message_tags
from passcode.delivery.events import read_event
from passcode.delivery.gateway import Outgoing
from tests.support.account_in_memory import refusal
from tests.support.loopback_tls import TwilioServer, serving_tls, write_certificate
from tests.support.stacks_in_memory import AwsInMemory, StacksInMemory
from tools.artefacts import aws_models
from tools.first_account.account import HttpResponse, ThrowAwayAccount, ThrowAwayUser
from tools.first_account.claim import ClaimResult, NotTried
from tools.first_account.claims import (
    CLAIMS,
    certificates,
    hosted,
    mail,
    messages,
    passwords,
    sessions,
    templates,
    tokens,
    unknown_users,
    waf,
)
from tools.first_account.claims.gateway import HEADERS
from tools.first_account.claims.provider import AUTHORIZE_URL
from tools.first_account.output import describe_claims
from tools.first_account.parts import FAILING, PARTS, Parts

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
    "MailSet": "set",
    "MailEventsQueueUrl": "https://queue",
    "LevelsProvider": "levels",
    "ApiUrl": "https://a1.execute-api.eu-central-1.amazonaws.com/v1",
    "DomainUrl": "https://first.auth.eu-central-1.amazoncognito.com",
}


def account(**clients: Any) -> ThrowAwayAccount:
    """A throw-away account whose stacks are there, with these clients. It does not wait."""
    named = {name.replace("_", "-"): client for name, client in clients.items()}
    settings = {"SenderEmail": SENDER, "HomeRegion": "eu-central-1"}
    parts = Parts(StacksInMemory(), "a1b2c3", settings, print, outputs={"all": OUTPUTS})  # type: ignore[arg-type]
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


def provider_gets(monkeypatch: pytest.MonkeyPatch, answers: dict[str, str]) -> ThrowAwayAccount:
    """An account whose domain redirects to the value of the first key that the URL of a request has."""

    def get(_: ThrowAwayAccount, url: str) -> HttpResponse:
        location = next(location for asked, location in answers.items() if asked in url)
        return HttpResponse(302, {"location": location})

    monkeypatch.setattr(ThrowAwayAccount, "get", get)
    created: Any = {"UserPoolClient": {"ClientId": "app"}}
    return account(cognito_idp=Calls(create_identity_provider={}, create_user_pool_client=created))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (f"{AUTHORIZE_URL}?acr_values=urn%3Afirst-account%3Atwo", ClaimResult.YES),
        (f"{AUTHORIZE_URL}?acr_values=urn%3Acognito%3Aloa%3A2", ClaimResult.NO),
        (f"{AUTHORIZE_URL}?client_id=cognito", ClaimResult.NO),
    ],
    ids=["translated", "as the app sent it", "left out"],
)
def test_the_level_that_a_provider_gets(
    monkeypatch: pytest.MonkeyPatch, location: str, expected: ClaimResult
) -> None:
    of = provider_gets(monkeypatch, {"loa%3A2": location})
    assert result_of(hosted._acr_values, of) is expected


MAPPED = f"{AUTHORIZE_URL}?acr_values=urn%3Afirst-account%3Atwo"


@pytest.mark.parametrize(
    ("mapped", "unmapped", "expected"),
    [
        (MAPPED, f"{AUTHORIZE_URL}?client_id=cognito", ClaimResult.YES),
        (MAPPED, f"{AUTHORIZE_URL}?acr_values=urn%3Acognito%3Aloa%3A4", ClaimResult.NO),
        (MAPPED, f"{hosted._CALLBACK}?error=invalid_request", ClaimResult.NO),
        (f"{AUTHORIZE_URL}?client_id=cognito", f"{AUTHORIZE_URL}?client_id=cognito", ClaimResult.NOT_TRIED),
        (f"{hosted._CALLBACK}?error=invalid_request", MAPPED, ClaimResult.NOT_TRIED),
        (MAPPED, "https://first.auth.eu-central-1.amazoncognito.com/login", ClaimResult.NOT_TRIED),
    ],
    ids=["left out", "passed on", "refused", "no level at all", "no request at all", "no redirect"],
)
def test_a_level_that_the_mapping_lacks(
    monkeypatch: pytest.MonkeyPatch, mapped: str, unmapped: str, expected: ClaimResult
) -> None:
    of = provider_gets(monkeypatch, {"loa%3A2": mapped, "loa%3A4": unmapped})
    assert result_of(hosted._unmapped_level, of) is expected


@pytest.mark.parametrize(
    ("scopes", "mapping", "expected"),
    [
        ("openid", hosted._MAPPING, ClaimResult.YES),
        ("openid", None, ClaimResult.NO),
        ("openid", {"Level2": "another"}, ClaimResult.NO),
        ("openid email", hosted._MAPPING, ClaimResult.NOT_TRIED),
    ],
)
def test_the_mapping_after_an_update(
    monkeypatch: pytest.MonkeyPatch, scopes: str, mapping: dict[str, str] | None, expected: ClaimResult
) -> None:
    updated: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(Parts, "update", lambda _, name, **settings: updated.append((name, settings)))
    provider: Any = {"ProviderDetails": {"authorize_scopes": scopes}, "AcrMapping": mapping}
    calls = Calls(update_identity_provider={}, describe_identity_provider={"IdentityProvider": provider})
    assert result_of(hosted._kept_mapping, account(cognito_idp=calls)) is expected
    assert updated == [("levels", {"Scopes": "openid"})]


REFUSED_TEMPLATE = "AWS refused CreateStack: Template error: every Fn::Split object requires two parameters."
DENIED = (
    "CREATE_FAILED of Pool: You are not authorized to use this template (HandlerErrorCode: AccessDenied)."
)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (None, ClaimResult.YES),
        (REFUSED_TEMPLATE, ClaimResult.NO),
        (
            "AWS refused CreateStack: Unrecognized resource types: [AWS::SES::ConfigurationSet].",
            ClaimResult.NO,
        ),
        ("CREATE_FAILED of ThrottledAlarm: Invalid request provided.", ClaimResult.NO),
        ("CREATE_FAILED of SampledWebAcl: WAFInvalidParameterException.", ClaimResult.NO),
        (DENIED, ClaimResult.NOT_TRIED),
        ("These credentials may not call CreateStack. Add that permission.", ClaimResult.NOT_TRIED),
        ("CloudFormation needed more than 420 seconds.", ClaimResult.NOT_TRIED),
        ("eu-central-1 has no wafv2, or this machine cannot reach it.", ClaimResult.NOT_TRIED),
    ],
)
def test_a_template_that_cloudformation_refuses(failure: str | None, expected: ClaimResult) -> None:
    of = account()
    if failure:
        of.parts.failures |= {"insights": failure, "samples": failure}
    assert [result_of(each, of) for each in (templates._insights, waf._samples)] == [expected] * 2


@pytest.mark.parametrize(
    ("true", "expected"),
    [
        ({"FoundTheRegion", "FoundNoRegion"}, ClaimResult.YES),
        ({"FoundTheRegion"}, ClaimResult.NO),
        ({"FoundTheRegion", "FoundNoRegion", "FoundTheRegionInNothing"}, ClaimResult.NO),
        (set(), ClaimResult.NO),
    ],
)
def test_the_conditions_that_take_an_arn_apart(true: set[str], expected: ClaimResult) -> None:
    of = account()
    of.parts.outputs["conditions"] = dict.fromkeys(true, "yes")
    assert result_of(templates._conditions, of) is expected


def test_conditions_that_cloudformation_refuses() -> None:
    of = account()
    of.parts.failures["conditions"] = REFUSED_TEMPLATE
    assert result_of(templates._conditions, of) is ClaimResult.NO


@pytest.mark.parametrize(
    ("type_of_region", "failure", "expected"),
    [
        (refusal("TypeNotFoundException", "DescribeType"), None, ClaimResult.YES),
        (
            refusal("TypeNotFoundException", "DescribeType"),
            "AWS refused CreateStack: Template format error: Unrecognized resource types.",
            ClaimResult.NO,
        ),
        (refusal("TypeNotFoundException", "DescribeType"), DENIED, ClaimResult.NOT_TRIED),
        ({"TypeName": "AWS::SES::ConfigurationSet"}, None, ClaimResult.NOT_TRIED),
    ],
)
def test_a_type_that_the_region_lacks(
    type_of_region: Any, failure: str | None, expected: ClaimResult
) -> None:
    of = account()
    of.parts.cloudformation = Calls(describe_type=type_of_region)  # type: ignore[assignment]
    if failure:
        of.parts.failures["types"] = failure
    assert result_of(templates._missing_type, of) is expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("AWS refused CreateStack: The rule found the region of the stack. Fix that.", ClaimResult.YES),
        ("", ClaimResult.NO),
        ("AWS refused CreateStack: Template validation error: AWS::Region in a rule.", ClaimResult.NO),
        ("These credentials may not call CreateStack. Add that permission.", ClaimResult.NOT_TRIED),
    ],
)
def test_the_region_in_a_rule(monkeypatch: pytest.MonkeyPatch, reason: str, expected: ClaimResult) -> None:
    monkeypatch.setattr(Parts, "create_failing", lambda *_: reason)
    assert result_of(templates._rules, account()) is expected


@pytest.mark.parametrize(
    ("reason", "clients", "expected"),
    [
        ("CREATE_FAILED of Failing: timed out.", ["challenge"], ClaimResult.YES),
        ("CREATE_FAILED of Failing: timed out.", ["challenge", "stack-a1b2c3-rollback"], ClaimResult.NO),
        ("CREATE_FAILED of KeptClient: no.", [], ClaimResult.NOT_TRIED),
        ("", ["stack-a1b2c3-rollback"], ClaimResult.NOT_TRIED),
    ],
)
def test_the_client_of_a_failed_stack(
    monkeypatch: pytest.MonkeyPatch, reason: str, clients: list[str], expected: ClaimResult
) -> None:
    monkeypatch.setattr(Parts, "create_failing", lambda *_: reason)
    pages = [{"UserPoolClients": [{"ClientName": name}]} for name in clients]
    cognito = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: pages))
    assert result_of(templates._rollback, account(cognito_idp=cognito)) is expected


@pytest.mark.parametrize(
    ("limit", "expected"), [(sessions.ROUNDS, ClaimResult.YES), (sessions.ROUNDS - 1, ClaimResult.NO)]
)
def test_the_rounds_of_a_session(limit: int, expected: ClaimResult) -> None:
    answers: list[str] = []
    challenge = {
        "ChallengeName": "CUSTOM_CHALLENGE",
        "ChallengeParameters": {"USERNAME": "u"},
        "Session": "s",
    }

    def respond(**named: Any) -> dict[str, Any]:
        answers.append(named["ChallengeResponses"]["ANSWER"])
        if len(answers) > limit:
            raise refusal("InvalidParameterException", "RespondToAuthChallenge", "The session is too long.")
        return challenge if answers[-1] != "right" else {"AuthenticationResult": {}}

    calls = Calls(
        admin_create_user={"User": {"Username": "u"}},
        admin_set_user_password={},
        initiate_auth=challenge,
        respond_to_auth_challenge=respond,
    )
    assert result_of(sessions._rounds, account(cognito_idp=calls)) is expected
    assert answers == ["wrong"] * (sessions.ROUNDS - 1) + ["right"]


def test_a_sign_in_that_ends_early_says_nothing_about_its_rounds() -> None:
    calls = Calls(
        admin_create_user={"User": {"Username": "u"}},
        admin_set_user_password={},
        initiate_auth={"ChallengeName": "PASSWORD_VERIFIER"},
    )
    assert result_of(sessions._rounds, account(cognito_idp=calls)) is ClaimResult.NOT_TRIED


REJECTED = refusal("MessageRejected", "SendEmail", "Email address is not verified.")
BAD_TAG = refusal("BadRequestException", "SendEmail", "Tag value is invalid.")


@pytest.mark.parametrize(
    ("tagged", "plain", "expected"),
    [
        ({}, {}, ClaimResult.YES),
        (BAD_TAG, {}, ClaimResult.NO),
        (BAD_TAG, REJECTED, ClaimResult.NOT_TRIED),
        (REJECTED, REJECTED, ClaimResult.NOT_TRIED),
    ],
)
def test_a_tag_with_hyphens(tagged: Any, plain: Any, expected: ClaimResult) -> None:
    def send(**sent: Any) -> dict[str, Any]:
        assert sent["Destination"]["ToAddresses"][0].endswith("@simulator.amazonses.com")
        found = tagged if sent["EmailTags"] else plain
        if isinstance(found, Exception):
            raise found
        return dict(found)

    assert result_of(mail._tags, account(sesv2=Calls(send_email=send))) is expected


def test_the_tag_is_that_of_the_product() -> None:
    key = mail.RECORD.replace("--", "#")
    message = Outgoing("a@b.example", None, 0, False, record_key=key, destination_id=mail.TO)
    assert message_tags(message) == mail._TAGS
    body = {"eventType": "Bounce", "mail": {"tags": {name: [value] for name, value in mail._TAGS.items()}}}
    event = read_event(json.dumps(body))
    assert event is not None
    assert (event.record_key, event.to) == (key, mail.TO)


def a_bounce(kind: str, tags: dict[str, list[str]]) -> str:
    return json.dumps({"eventType": "Bounce", "bounce": {"bounceType": kind}, "mail": {"tags": tags}})


TAGS = {"record": [mail.RECORD], "to": [mail.TO], "ses:operation": ["SendEmail"]}
VALIDATED = "Successfully validated SNS topic for Amazon SES event publishing."


@pytest.mark.parametrize(
    ("bodies", "longest", "expected"),
    [
        ([VALIDATED, a_bounce("Permanent", TAGS)], 60, ClaimResult.YES),
        ([a_bounce("Transient", TAGS)], 60, ClaimResult.NO),
        ([a_bounce("Permanent", {"ses:operation": ["SendEmail"]})], 60, ClaimResult.NO),
        ([a_bounce("Permanent", TAGS)], -1, ClaimResult.NO),
        ([VALIDATED, json.dumps({"eventType": "Delivery"})], 60, ClaimResult.NOT_TRIED),
        ([], 60, ClaimResult.NOT_TRIED),
    ],
    ids=["as expected", "another type", "no tags", "late", "another event", "no event"],
)
def test_the_event_of_a_bounce(
    monkeypatch: pytest.MonkeyPatch, bodies: list[str], longest: int, expected: ClaimResult
) -> None:
    monkeypatch.setattr(mail, "_EVENT_SECONDS", longest)
    received = {"Messages": [{"Body": body} for body in bodies]} if bodies else {}
    of = account(sesv2=Calls(send_email={}), sqs=Calls(receive_message=received))
    assert result_of(mail._event, of) is expected


def test_without_a_verified_sender_no_event_is_expected() -> None:
    of = account(sesv2=Calls(send_email=REJECTED))
    with pytest.raises(NotTried, match="run again with --sender ADDRESS"):
        mail._event(of)


def wrong_form(*fields: str) -> ClientError:
    error = refusal("ValidationException", "SendTextMessage")
    error.response["Fields"] = [{"Name": name, "Message": "-"} for name in fields]  # type: ignore[typeddict-unknown-key]
    return error


NO_SENDER = refusal("ResourceNotFoundException", "SendTextMessage")


@pytest.mark.parametrize(
    ("valid", "invalid", "expected"),
    [
        ({}, {}, ClaimResult.YES),
        (NO_SENDER, wrong_form("timeToLive"), ClaimResult.YES),
        (NO_SENDER, NO_SENDER, ClaimResult.NOT_TRIED),
        (NO_SENDER, {}, ClaimResult.NOT_TRIED),
        (wrong_form("Context"), wrong_form("TimeToLive"), ClaimResult.NO),
        (wrong_form("OriginationIdentity"), wrong_form("OriginationIdentity"), ClaimResult.NOT_TRIED),
        (EndpointConnectionError(endpoint_url="https://sms-voice"), {}, ClaimResult.NOT_TRIED),
    ],
    ids=["taken", "no sender", "form unseen", "form unchecked", "refused", "another field", "no service"],
)
def test_the_members_of_phone_messages(valid: Any, invalid: Any, expected: ClaimResult) -> None:
    def send(**sent: Any) -> Any:
        assert sent["DryRun"] is True
        return valid if sent["TimeToLive"] <= 259_200 else invalid

    def answer(**sent: Any) -> Any:
        found = send(**sent)
        if isinstance(found, Exception):
            raise found
        return found

    calls = dict.fromkeys(messages._REQUESTS, answer)
    assert result_of(messages._forms, account(pinpoint_sms_voice_v2=Calls(**calls))) is expected


@pytest.mark.parametrize("operation", messages._REQUESTS)
def test_the_requests_of_phone_messages_are_complete(operation: str) -> None:
    model = get_session().get_service_model("pinpoint-sms-voice-v2")
    shape: Any = model.operation_model(operation_of(operation)).input_shape
    request = {**messages._REQUESTS[operation], **messages._MEMBERS, "DestinationPhoneNumber": messages._TO}
    assert not ParamValidator().validate({**request, "DryRun": True}, shape).has_errors()


def operation_of(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))


def test_calls_are_operations_of_aws() -> None:
    services = (
        "cloudformation",
        "cognito-idp",
        "lambda",
        "logs",
        "pinpoint-sms-voice-v2",
        "sesv2",
        "sqs",
        "wafv2",
    )
    models = [get_session().get_service_model(service) for service in services]
    known = {operation for model in models for operation in model.operation_names}
    named = {call.partition(" ")[0] for claim in CLAIMS for call in claim.calls}
    assert named - known == {"GET", "TLS"}


def test_names_are_unique_and_every_part_exists() -> None:
    names = [claim.name for claim in CLAIMS]
    assert len(set(names)) == len(names)
    assert {part for claim in CLAIMS for part in claim.parts} <= {part.name for part in PARTS}
    assert {part.name for part in (*PARTS, *FAILING)} == {path.stem for path in TEMPLATES.glob("*.yaml")}


@pytest.mark.parametrize("part", [*PARTS, *FAILING], ids=lambda part: part.name)
def test_a_template_is_valid_and_has_the_parameters_of_its_part(part: Any) -> None:
    assert [str(match) for match in lint(part.template, regions=["us-east-1", "eu-central-1"])] == []
    template = load(str(TEMPLATES / f"{part.name}.yaml"))
    assert set(template.get("Parameters", {})) == {*part.inputs, *part.settings}
    for resource in template["Resources"].values():
        kept = part in FAILING and resource.get("DeletionPolicy") == "RetainExceptOnCreate"
        assert "DeletionPolicy" not in resource or kept, "nothing may be kept"
        code = resource.get("Properties", {}).get("Code", {}).get("ZipFile", "")
        assert len(code) <= 4096, "CloudFormation refuses longer inline code"
        compile(code, part.name, "exec")


def test_the_document_describes_every_claim() -> None:
    page = (ROOT / "docs" / "first-account.md").read_text("utf-8")
    described = page.partition("<!-- claims -->\n\n")[2].partition("\n<!-- end -->")[0]
    assert described == describe_claims(CLAIMS), "run `python -m tools.first_account --list`"


class Endpoints:
    """The clients of an account of real AWS. All endpoints have one address."""

    def __init__(self, url: str) -> None:
        self.is_local = False
        self._client = SimpleNamespace(meta=SimpleNamespace(endpoint_url=url))

    def client(self, _service: str) -> Any:
        return self._client


@pytest.mark.parametrize(("trusts_server", "expected"), [(True, ClaimResult.YES), (False, ClaimResult.NO)])
def test_the_certificate_of_an_endpoint_decides(
    trusts_server: bool,
    expected: ClaimResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    socket_enabled: None,
) -> None:
    certificate = write_certificate(tmp_path)
    if trusts_server:
        known = {aws_models.AUTHORITIES: certificate.read_bytes()}
        monkeypatch.setattr(aws_models, "trimmed", lambda *_: known)
    of = account()
    with serving_tls(TwilioServer(), certificate) as server:
        of.aws = Endpoints(f"https://localhost:{server.server_port}")  # type: ignore[assignment]
        found = certificates.CLAIMS[0].attempt(of)
    assert found.result is expected
    assert ("localhost" in found.seen) is (expected is ClaimResult.NO)


def test_without_a_connection_the_certificates_are_not_tried(socket_enabled: None) -> None:
    of = account()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        of.aws = Endpoints(f"https://localhost:{taken.getsockname()[1]}")  # type: ignore[assignment]
        assert result_of(certificates.CLAIMS[0].attempt, of) is ClaimResult.NOT_TRIED


def test_a_local_aws_has_no_certificates_of_amazon() -> None:
    assert result_of(certificates.CLAIMS[0].attempt, account()) is ClaimResult.NOT_TRIED
