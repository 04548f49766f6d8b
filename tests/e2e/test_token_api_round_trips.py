"""Requests to the token service with their messages and proofs, on the local stack."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.support.live_sign_in import code_only
from tests.support.live_token_api import Api, number, record_of, unused_address
from tests.support.users import User, another_code
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

Messages = Callable[..., list[Message]]
CodeFor = Callable[..., str]
PURPOSE = "approve a payment of 20 EUR"


@pytest.fixture
def api(local_stack: Stack) -> Api:
    return Api(local_stack)


@pytest.fixture
def signed_in(api: Api, new_user: Callable[..., User], code_for: CodeFor) -> Callable[..., tuple[User, str]]:
    """A user who has signed in with a code, and the ID token."""

    def sign_in(**extra: Any) -> tuple[User, str]:
        user = new_user(**extra)
        sdk_sign_in = code_only(api.stack).start(user.email)
        return user, sdk_sign_in.answer(code_for(user.phone if extra.get("channel") else user.email)).tokens[
            "IdToken"
        ]

    return sign_in


@pytest.mark.parametrize(
    ("field", "to", "methods"), [("email", unused_address, ["otp"]), ("phone_number", number, ["otp", "sms"])]
)
def test_a_request_leads_to_a_message_and_its_code_to_a_proof(
    api: Api,
    field: str,
    to: Callable[[], str],
    methods: list[str],
    messages_to: Messages,
    code_for: CodeFor,
) -> None:
    address = to()
    created = api.post("/createToken", {field: address, "purpose": PURPOSE, "audience": "payments"})
    assert (created.status, created.body["status"]) == (200, "SENT")
    assert created.headers["cache-control"] == "no-store"
    code = code_for(address)
    assert PURPOSE in messages_to(address)[0].text
    assert code not in created.text
    assert address not in created.text

    verified = api.verify(created, code)
    assert (verified.status, verified.body["verified"]) == (200, True)
    claims = api.claims_of(verified.body["proof"], "payments")
    assert claims["sub"] == created.body["subject"] == verified.body["subject"]
    assert (claims["amr"], claims["otp_channel"]) == (methods, created.body["channel"])
    assert claims["purpose"] == PURPOSE
    with pytest.raises(jwt.InvalidAudienceError):
        api.claims_of(verified.body["proof"], "transfers")

    shown = {"proof": verified.body["proof"], "audience": "payments", "purpose": PURPOSE}
    assert api.post("/introspect", shown).body == {"active": True, **claims}
    assert api.post("/introspect", shown).body == {"active": False}


def test_a_repeated_idempotency_key_sends_one_message(
    api: Api, messages_to: Messages, code_for: CodeFor
) -> None:
    to, key = unused_address(), "the-key-of-this-order"
    first, again = (api.post("/createToken", {"email": to}, idempotency_key=f"{key}-{to}") for _ in range(2))
    assert [first.body["status"], again.body["status"]] == ["SENT", "WAITING"]
    proof = api.verify(again, code_for(to)).body["proof"]
    assert api.verify(first, code_for(to)).body["proof"] == proof, "a repeat gets the same proof"
    api.end_repeats(record_of(first))
    assert api.verify(first, code_for(to)).problem == "code-spent"
    assert len(messages_to(to)) == 1


def test_an_idempotency_key_belongs_to_its_caller(api: Api, messages_to: Messages) -> None:
    key, addresses = unused_address(), [unused_address(), unused_address()]
    for to in addresses:
        principal = api.principal("/createToken")
        request = api.request("POST", "/createToken", {"email": to}, idempotency_key=key)
        assert request.signed(principal).send().body["status"] == "SENT"
    assert [len(messages_to(to)) for to in addresses] == [1, 1]


def test_an_idempotency_key_is_refused_with_another_request(api: Api) -> None:
    key, path = unused_address(), "/createToken"
    assert api.post(path, {"email": unused_address()}, idempotency_key=key).status == 200
    other = unused_address()
    response = api.post(path, {"email": other}, idempotency_key=key)
    assert (response.status, response.problem) == (422, "idempotency-key-reused")
    assert api.messages(other) == []


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de", "Ihr Bestätigungscode für"),
        ("fr-CA", "Cognito Passcode"),
        ("xx", "Your Cognito Passcode verification code"),
    ],
)
def test_the_message_is_in_the_requested_language(
    api: Api, locale: str, text: str, messages_to: Messages
) -> None:
    to = unused_address()
    api.post("/createToken", {"email": to, "locale": locale})
    (message,) = messages_to(to)
    assert text in message.subject
    assert (message.subject != "Your Cognito Passcode verification code") is (locale != "xx")


def test_a_message_goes_to_the_address_as_given_and_aliases_share_one_cooldown(
    api: Api, messages_to: Messages, code_for: CodeFor
) -> None:
    """Only the receiving host interprets tag and case (RFC 5321, 2.3.11). All aliases share one budget."""
    name = unused_address().partition("@")[0]
    tagged = f"{name.title()}+Bank@People.EXAMPLE"
    created = api.post("/createToken", {"email": tagged})
    (message,) = messages_to(tagged)
    assert message.to == f"{name.title()}+Bank@people.example"
    for alias in (f"{name}@people.example", f"{name}+shop@people.example"):
        other = api.post("/createToken", {"email": alias})
        assert (other.status, other.problem) == (429, "cooldown")
        assert api.messages(alias) == []
    assert api.verify(created, code_for(tagged)).status == 200


def test_a_wrong_code_is_counted_and_the_response_has_the_attempts_left(api: Api, code_for: CodeFor) -> None:
    to = unused_address()
    created = api.post("/createToken", {"email": to})
    code = code_for(to)
    left = [api.verify(created, another_code(code, number)) for number in (1, 2)]
    assert [response.problem for response in left] == ["wrong-code", "wrong-code"]
    assert left[0].body["attempts_left"] == left[1].body["attempts_left"] + 1
    assert api.verify(created, f" {code[:3]}-{code[3:]} ").status == 200


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_step_up_uses_the_requested_channel(
    api: Api, channel: str, signed_in: Any, code_for: CodeFor, messages_to: Messages
) -> None:
    user, id_token = signed_in()
    to = user.email if channel == "email" else user.phone
    sent = len(api.messages(to))
    request_body = {"channel": channel, "purpose": PURPOSE, "audience": "payments"}
    created = api.as_user(id_token, "/step-up", request_body)
    assert (created.body["channel"], created.body["subject"]) == (channel, user.sub)
    code = code_for(to, sent + 1)
    assert PURPOSE in messages_to(to, sent + 1)[-1].text
    answer = {"token": created.body["token"], "verification_code": code}
    verified = api.as_user(id_token, "/step-up/verify", answer)
    claims = api.claims_of(verified.body["proof"], "payments")
    assert (claims["sub"], claims["otp_channel"], claims["purpose"]) == (user.sub, channel, PURPOSE)
    repeated = api.as_user(id_token, "/step-up/verify", answer)
    assert repeated.body["proof"] == verified.body["proof"], "a repeat gets the same proof"
    api.end_repeats(record_of(created))
    assert api.as_user(id_token, "/step-up/verify", answer).problem == "code-spent"


def test_a_step_up_is_limited_to_its_user_and_its_endpoint(
    api: Api, signed_in: Any, code_for: CodeFor
) -> None:
    (user, token), (_, stranger) = signed_in(), signed_in()
    created = api.as_user(token, "/step-up", {})
    answer = {"token": created.body["token"], "verification_code": code_for(user.email, 2)}
    assert api.as_user(stranger, "/step-up/verify", answer).problem == "wrong-user"
    assert api.post("/verifyToken", answer).problem == "invalid-token"
    assert api.as_user(token, "/step-up/verify", answer).status == 200


def test_a_step_up_request_cannot_name_an_address(api: Api, signed_in: Any) -> None:
    _, token = signed_in()
    other = unused_address()
    for named in ({"email": other}, {"destination": other}, {"sub": other}):
        assert api.as_user(token, "/step-up", named).problem == "invalid-request"
    assert api.messages(other) == []
