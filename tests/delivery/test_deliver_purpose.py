"""`deliver`: a message speaks of what its code is for."""

import pytest

from passcode.token_service.challenge import SIGN_IN, STEP_UP, TOKEN, purpose_of
from tests.support.aws_stubs import Wire, refused_by_aws
from tests.support.deliver_world import Desk, body
from tests.support.events import EMAIL, PHONE, challenge, code_of
from tests.support.handlers import Heard

BY_EMAIL = ("email", EMAIL)
BY_SMS = ("sms", PHONE)
WORDS = "to approve: a payment of 20 EUR"
EMOJI = "\U0001f600" * 64


@pytest.fixture
def desk(heard: Heard) -> Desk:
    return Desk(heard.telemetry)


@pytest.mark.parametrize("kind", [TOKEN, STEP_UP])
def test_a_mail_says_what_its_code_is_for(desk: Desk, heard: Heard, kind: str) -> None:
    purpose = purpose_of(kind, WORDS)
    assert desk.deliver(body(BY_EMAIL, purpose=purpose)) == []
    (mail,) = desk.ses.sent("send_email")
    simple = mail["Content"]["Simple"]
    assert simple["Subject"]["Data"] == "Your Example verification code"
    text, html = simple["Body"]["Text"]["Data"], simple["Body"]["Html"]["Data"]
    assert f"Purpose: {WORDS}" in text.splitlines()
    assert f'<p dir="auto">Purpose: {WORDS}</p>' in html
    assert code_of(challenge(purpose=purpose)) in text.splitlines()
    assert "sign" not in text
    assert WORDS not in heard.text


@pytest.mark.parametrize("kind", [TOKEN, STEP_UP])
def test_an_sms_says_what_its_code_is_for(desk: Desk, heard: Heard, kind: str) -> None:
    purpose = purpose_of(kind, WORDS)
    assert desk.deliver(body(BY_SMS, purpose=purpose, channel="sms")) == []
    code = code_of(challenge(purpose=purpose))
    (sms,) = desk.sns.sent("publish")
    assert sms["Message"].split("\n") == [
        f"{code} is your Example verification code. Don't share it with anyone.",
        f"Purpose: {WORDS}",
        "",
        f"@app.example #{code}",
    ]
    assert WORDS not in heard.text


def test_a_mail_that_goes_by_sms_in_the_end_says_it_too(desk: Desk) -> None:
    desk.ses = Wire(send_email=refused_by_aws("MessageRejected"))
    assert desk.deliver(body(BY_EMAIL, BY_SMS, purpose=purpose_of(TOKEN, WORDS))) == []
    assert f"\nPurpose: {WORDS}\n" in desk.sns.sent("publish")[0]["Message"]


@pytest.mark.parametrize("kind", [TOKEN, STEP_UP])
def test_without_words_a_message_is_no_sign_ins_and_names_no_purpose(desk: Desk, kind: str) -> None:
    purpose = purpose_of(kind, "")
    assert desk.deliver(body(BY_EMAIL, purpose=purpose), body(BY_SMS, purpose=purpose)) == []
    sent = str(desk.ses.calls) + str(desk.sns.calls)
    assert "Purpose" not in sent
    assert "sign" not in sent


def test_kinds_in_one_container_keep_their_own_words(desk: Desk) -> None:
    kinds = [SIGN_IN, purpose_of(TOKEN, WORDS), SIGN_IN]
    assert desk.deliver(*(body(BY_EMAIL, purpose=purpose) for purpose in kinds)) == []
    subjects = [mail["Content"]["Simple"]["Subject"]["Data"] for mail in desk.ses.sent("send_email")]
    assert subjects == [
        "Your Example sign-in code",
        "Your Example verification code",
        "Your Example sign-in code",
    ]


def test_the_longest_purpose_comes_through_the_queue(desk: Desk) -> None:
    # Each sign of it is twelve characters in the queue, and a challenge has a greatest length there.
    longest = body(BY_EMAIL, purpose=purpose_of(STEP_UP, EMOJI), subject="f" * 64)
    assert desk.deliver(longest) == []
    assert (
        f"\u2068{EMOJI}\u2069" in desk.ses.sent("send_email")[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
    )
