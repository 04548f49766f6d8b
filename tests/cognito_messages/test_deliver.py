"""`deliver`: Cognito's own messages are opened, worded by their kind, and sent where they belong."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

import deliver
from passcode.adapters.cognito_decryptor import CognitoDecryptor
from passcode.cognito_messages.message import CognitoMessage, read_message, with_user
from tests.support.aws_stubs import Wire, refused_by_aws
from tests.support.cognito_encryption import Seals, moto_seals, new_key
from tests.support.deliver_world import Desk, body, golden_batch
from tests.support.events import EMAIL, NOTICE, NOW, PHONE, SUB, VERIFIED, WITH_A_CODE, Clock, golden
from tests.support.handlers import Heard

CODE = "271828"
PASSWORD = "Aa1<>&\"'x y"
BY_EMAIL = [name for name in WITH_A_CODE if name.startswith("custom_email")]
BY_SMS = [name for name in WITH_A_CODE if name.startswith("custom_sms")]
TELLING = (CODE, PASSWORD, "Aa1", EMAIL, "ada@", PHONE, "0147", "123456", "An error occurred", "Traceback")


@pytest.fixture
def desk(heard: Heard) -> Desk:
    return Desk(heard.telemetry)


@pytest.fixture(scope="module")
def seals() -> Iterator[Seals]:
    with moto_seals() as seals:
        yield seals


def message(name: str, secret: str = CODE, /, **changes: Any) -> CognitoMessage:
    """The golden event `name` on the queue. To a desk without an opener its secret is plain."""
    event = golden(name)
    event["request"]["code"] = secret
    return replace(read_message(event, NOW), **changes)


def mail_of(desk: Desk) -> dict[str, Any]:
    (mail,) = desk.ses.sent("send_email")
    assert mail["Destination"] == {"ToAddresses": [EMAIL]}
    simple: dict[str, Any] = mail["Content"]["Simple"]
    return simple


@pytest.mark.parametrize("name", BY_EMAIL)
def test_every_mail_says_its_code_the_app_and_what_to_do_if_not_asked_for(
    desk: Desk, heard: Heard, name: str
) -> None:
    assert desk.deliver(message(name).pack()) == []
    simple = mail_of(desk)
    text, html = simple["Body"]["Text"]["Data"], simple["Body"]["Html"]["Data"]
    assert CODE not in simple["Subject"]["Data"], "a subject shows on a locked screen"
    assert CODE in text.splitlines()
    assert f">{CODE}<" in html
    assert "Example" in simple["Subject"]["Data"]
    assert "ignore this message" in text
    assert "{" not in simple["Subject"]["Data"] + text + html
    assert "0 min" not in text, "Cognito does not say how long a code lives"
    assert heard.counted("sent") == [{"channel": "email"}]
    (line,) = heard.lines
    assert (line["message"], line["channel"]) == ("sent", "email")
    assert (line["source"], line["subject"]) == (golden(name)["triggerSource"], SUB)
    assert not [word for word in TELLING if word in heard.text]


@pytest.mark.parametrize("name", BY_SMS)
def test_every_sms_says_its_code_and_the_app(desk: Desk, heard: Heard, name: str) -> None:
    assert desk.deliver(message(name).pack()) == []
    (sms,) = desk.sns.sent("publish")
    assert sms["PhoneNumber"] == PHONE
    assert sms["Message"].startswith(CODE)
    assert "Example" in sms["Message"]
    # A phone must not fill a password in as if it were a code.
    ends = f"\n\n@app.example #{CODE}"
    assert sms["Message"].endswith(ends) == (name != "custom_sms_admin_create_user")
    assert heard.counted("sent") == [{"channel": "sms", "country": "US"}]
    assert not [word for word in TELLING if word in heard.text]


def test_the_subject_says_what_it_is_about(desk: Desk) -> None:
    for name in BY_EMAIL:
        desk.deliver(message(name).pack())
    subjects = [mail["Content"]["Simple"]["Subject"]["Data"] for mail in desk.ses.sent("send_email")]
    assert dict(zip((n.removeprefix("custom_email_") for n in BY_EMAIL), subjects, strict=True)) == {
        "admin_create_user": "Your new Example account",
        "authentication": "Your Example sign-in code",
        "forgot_password": "Reset your Example password",
        "resend_code": "Confirm your Example account",
        "sign_up": "Confirm your Example account",
        "source_to_come": "Your Example verification code",
        "update_user_attribute": "Confirm your email address for Example",
        "verify_user_attribute": "Confirm your email address for Example",
    }


def test_an_invitation_has_the_password_as_it_is_typed_and_the_name(desk: Desk, heard: Heard) -> None:
    for channel in ("email", "sms"):
        packed = message(
            f"custom_{channel}_admin_create_user", PASSWORD, name="ada.l\n@evil.example #1"
        ).pack()
        assert desk.deliver(packed) == []
    simple = mail_of(desk)
    assert PASSWORD in simple["Body"]["Text"]["Data"].splitlines()
    assert "Your username: ada.l @evil.example #1" in simple["Body"]["Text"]["Data"].splitlines()
    assert ">Aa1&lt;&gt;&amp;&quot;&#x27;x y<" in simple["Body"]["Html"]["Data"]
    (sms,) = desk.sns.sent("publish")
    assert sms["Message"].splitlines()[1:] == ["Your username: ada.l @evil.example #1"]
    assert not [word for word in (*TELLING, "ada.l") if word in heard.text]


@pytest.mark.parametrize("name", BY_EMAIL)
def test_a_code_never_falls_over(desk: Desk, heard: Heard, name: str) -> None:
    desk.ses = Wire(send_email=refused_by_aws("MessageRejected"))
    assert desk.deliver(message(name).pack()) == []
    assert desk.sns.calls == []
    assert heard.counted("send_failed") == [{"channel": "email", "reason": "MessageRejected"}]
    assert heard.lines[0]["source"] == golden(name)["triggerSource"]


def test_a_notice_falls_over_and_holds_nothing_of_the_attackers(desk: Desk) -> None:
    notice = with_user(VERIFIED, read_message(golden(NOTICE), NOW))
    assert desk.deliver(replace(notice, locale="en").pack()) == []
    simple = mail_of(desk)
    everything = str(simple)
    assert not [word for word in ("http", "evil", "192.0.2.7", "Opera", "monospace") if word in everything]
    assert "change your password" in simple["Body"]["Text"]["Data"]
    desk.ses = Wire(send_email=refused_by_aws("MessageRejected"))
    assert desk.deliver(notice.pack()) == []
    (sms,) = desk.sns.sent("publish")
    assert "@app.example" not in sms["Message"]


def test_nobody_to_write_to_is_counted_and_not_tried_again(desk: Desk, heard: Heard) -> None:
    assert desk.deliver(message("custom_email_sign_up", destinations=()).pack()) == []
    assert desk.calls() == 0
    assert heard.counted("send_failed") == [{"channel": "email", "reason": "no_address"}]


def test_a_code_that_is_too_old_is_not_sent(desk: Desk, heard: Heard) -> None:
    desk.now = NOW + 180
    assert desk.deliver(message("custom_sms_authentication").pack()) == ["0"]
    assert desk.calls() == 0
    assert heard.counted("send_failed") == [{"channel": "sms", "reason": "expired"}]
    assert desk.deliver(message("custom_sms_sign_up").pack()) == []


def test_the_caps_of_sms_hold_and_what_is_answered_elsewhere_is_not_unanswered(desk: Desk) -> None:
    desk.deliver(message("custom_sms_sign_up").pack(), body(("sms", PHONE), channel="sms"))
    cognitos, ours = (call["UpdateExpression"] for call in desk.table.sent("update_item"))
    assert ("#open" in cognitos, "#open" in ours) == (False, True)
    conditions = {call["ConditionExpression"] for call in desk.table.sent("update_item")}
    assert len(conditions) == 1, "a country that was stopped is stopped for these too"


def test_a_number_in_another_country_gets_none(desk: Desk, heard: Heard) -> None:
    event = golden("custom_sms_sign_up")
    event["request"]["userAttributes"]["phone_number"] = "+4915112345678"
    assert desk.deliver(read_message(event, NOW).pack()) == []
    assert desk.sns.calls == desk.table.calls == []
    assert heard.counted("send_failed") == [{"channel": "sms", "reason": "country"}]


@pytest.mark.parametrize(
    "error", [refused_by_aws("TooManyRequestsException"), ReadTimeoutError(endpoint_url=EMAIL)]
)
def test_what_may_pass_is_tried_again(desk: Desk, heard: Heard, error: Exception) -> None:
    desk.ses = Wire(send_email=error)
    assert desk.deliver(message("custom_email_sign_up").pack()) == ["0"]
    assert not [word for word in TELLING if word in heard.text]


def test_the_door_opens_what_cognito_sealed(
    seals: Seals, desk: Desk, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("_KMS", seals.client), ("_DISPATCHER", desk.dispatcher), ("time", Clock(NOW + 1))):
        monkeypatch.setattr(deliver, name, value)
    settings = replace(deliver._SETTINGS, sender_key_id=seals.key_id, user_pool_id=seals.pool)
    monkeypatch.setattr(deliver, "_SETTINGS", settings)
    monkeypatch.setattr(deliver, "_opener", deliver._opener.__wrapped__)
    sealed = seals.seal("Aa1&lt;&gt;&amp;&quot;&#39;x y")
    event = golden_batch(message("custom_email_admin_create_user", sealed).pack())
    assert deliver.handler(event, None) == {"batchItemFailures": []}
    assert PASSWORD in mail_of(desk)["Body"]["Text"]["Data"].splitlines()
    assert not [word for word in (*TELLING[:7], sealed[:24]) if word in heard.text]


def test_what_cannot_be_opened_comes_back_alone_and_tells_nothing(
    seals: Seals, desk: Desk, heard: Heard
) -> None:
    desk.opener = CognitoDecryptor(seals.client, seals.key_id, seals.pool)
    foreign = replace(seals, key_id=new_key(seals.client)).seal(CODE)
    of_another_pool = replace(seals, pool="eu-central-1_Other0001").seal(CODE)
    good = seals.seal(CODE)
    bodies = [message("custom_sms_sign_up", s).pack() for s in (foreign, good, of_another_pool, "AYAD")]
    assert desk.deliver(*bodies) == ["0", "2", "3"]
    assert len(desk.sns.calls) == 1
    assert {line["error"] for line in heard.lines if line["level"] == "ERROR"} == {"DecryptionFailed"}
    assert not [word for word in (*TELLING, foreign[:24], good[:24]) if word in heard.text]
