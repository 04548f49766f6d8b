"""`deliver`: a message names the purpose of its code."""

import pytest

from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, STEP_UP, TOKEN, purpose_of
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.events import EMAIL, PHONE, challenge, code_of
from tests.support.handlers import HandlerOutput

BY_EMAIL = ("email", EMAIL)
BY_SMS = ("sms", PHONE)
TEXT = "to approve: a payment of 20 EUR"
EMOJI = "\U0001f600" * 64


@pytest.fixture
def handler(output: HandlerOutput) -> DeliverHandler:
    return DeliverHandler(output.telemetry)


@pytest.mark.parametrize("kind", [TOKEN, STEP_UP])
def test_an_email_names_the_purpose_of_its_code(
    handler: DeliverHandler, output: HandlerOutput, kind: str
) -> None:
    purpose = purpose_of(kind, TEXT)
    assert handler.deliver(body(BY_EMAIL, purpose=purpose)) == []
    (mail,) = handler.ses.sent("send_email")
    simple = mail["Content"]["Simple"]
    assert simple["Subject"]["Data"] == "Your Example verification code"
    text, html = simple["Body"]["Text"]["Data"], simple["Body"]["Html"]["Data"]
    assert f"Purpose: {TEXT}" in text.splitlines()
    assert f">Purpose: {TEXT}</p>" in html
    assert code_of(challenge(purpose=purpose)) in text.splitlines()
    assert "sign" not in text
    assert TEXT not in output.text


@pytest.mark.parametrize("kind", [TOKEN, STEP_UP])
def test_an_sms_names_the_purpose_of_its_code(
    handler: DeliverHandler, output: HandlerOutput, kind: str
) -> None:
    purpose = purpose_of(kind, TEXT)
    assert handler.deliver(body(BY_SMS, purpose=purpose, channel="sms")) == []
    code = code_of(challenge(purpose=purpose), "sms")
    (sms,) = handler.sns.sent("publish")
    assert sms["Message"].split("\n") == [
        code,
        "Your Example verification code. Don't share it with anyone.",
        f"Purpose: {TEXT}",
        "",
        f"@app.example #{code}",
    ]
    assert TEXT not in output.text


def test_a_fallback_sms_names_the_purpose(handler: DeliverHandler) -> None:
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    assert handler.deliver(body(BY_EMAIL, BY_SMS, purpose=purpose_of(TOKEN, TEXT))) == []
    assert f"\nPurpose: {TEXT}\n" in handler.sns.sent("publish")[0]["Message"]


@pytest.mark.parametrize("kind", [TOKEN, STEP_UP])
def test_a_message_without_a_purpose_text_mentions_neither_purpose_nor_sign_in(
    handler: DeliverHandler, kind: str
) -> None:
    purpose = purpose_of(kind, "")
    assert handler.deliver(body(BY_EMAIL, purpose=purpose), body(BY_SMS, purpose=purpose)) == []
    sent = str(handler.ses.calls) + str(handler.sns.calls)
    assert "Purpose" not in sent
    assert "sign" not in sent


def test_each_kind_keeps_its_texts_in_one_container(handler: DeliverHandler) -> None:
    kinds = [SIGN_IN_CODE, purpose_of(TOKEN, TEXT), SIGN_IN_PASSWORD]
    assert handler.deliver(*(body(BY_EMAIL, purpose=purpose) for purpose in kinds)) == []
    subjects = [mail["Content"]["Simple"]["Subject"]["Data"] for mail in handler.ses.sent("send_email")]
    assert subjects == [
        "Your Example sign-in code",
        "Your Example verification code",
        "Your Example sign-in code",
    ]


def test_the_longest_purpose_fits_into_the_queue(handler: DeliverHandler) -> None:
    # The queue body needs twelve characters for each of these, and a challenge has a maximum length there.
    longest = body(BY_EMAIL, purpose=purpose_of(STEP_UP, EMOJI), subject="f" * 64)
    assert handler.deliver(longest) == []
    assert (
        f"\nPurpose: {EMOJI}\n"
        in handler.ses.sent("send_email")[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
    )
