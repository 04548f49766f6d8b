"""`deliver` decrypts Cognito messages, and sends each with the texts of its kind to its destination."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

import deliver
from passcode.adapters.cognito_decryptor import CognitoDecryptor
from passcode.cognito_messages.message import CognitoMessage, read_message, with_user
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.cognito_encryption import CodeEncryptor, moto_encryptor, new_key
from tests.support.deliver_handler import DeliverHandler, body, golden_batch
from tests.support.events import EMAIL, NOTICE, NOW, PHONE, SUB, VERIFIED, WITH_A_CODE, FixedClock, golden
from tests.support.handlers import HandlerOutput

CODE = "271828"
PASSWORD = "Aa1<>&\"'x y"
BY_EMAIL = [name for name in WITH_A_CODE if name.startswith("custom_email")]
BY_SMS = [name for name in WITH_A_CODE if name.startswith("custom_sms")]
SECRETS = (CODE, PASSWORD, "Aa1", EMAIL, "ada@", PHONE, "0147", "123456", "An error occurred", "Traceback")


@pytest.fixture
def handler(output: HandlerOutput) -> DeliverHandler:
    return DeliverHandler(output.telemetry)


@pytest.fixture(scope="module")
def encryptor() -> Iterator[CodeEncryptor]:
    with moto_encryptor() as encryptor:
        yield encryptor


def message(name: str, secret: str = CODE, /, **changes: Any) -> CognitoMessage:
    """The golden event `name` on the queue. A handler without a decryptor reads its secret as plain text."""
    event = golden(name)
    event["request"]["code"] = secret
    return replace(read_message(event, NOW), **changes)


def mail_of(handler: DeliverHandler) -> dict[str, Any]:
    (mail,) = handler.ses.sent("send_email")
    assert mail["Destination"] == {"ToAddresses": [EMAIL]}
    simple: dict[str, Any] = mail["Content"]["Simple"]
    return simple


@pytest.mark.parametrize("name", BY_EMAIL)
def test_every_email_contains_the_code_the_app_and_advice_for_unrequested_codes(
    handler: DeliverHandler, output: HandlerOutput, name: str
) -> None:
    assert handler.deliver(message(name).pack()) == []
    simple = mail_of(handler)
    text, html = simple["Body"]["Text"]["Data"], simple["Body"]["Html"]["Data"]
    assert CODE not in simple["Subject"]["Data"], "a locked screen shows the subject"
    assert CODE in text.splitlines()
    assert f">{CODE}<" in html
    assert "Example" in simple["Subject"]["Data"]
    assert "ignore this message" in text
    assert "{" not in simple["Subject"]["Data"] + text + html.partition("</style>")[2]
    assert "0 min" not in text, "Cognito does not say when a code expires"
    assert output.counted("sent") == [{"channel": "email"}]
    (line,) = output.lines
    assert (line["message"], line["channel"]) == ("sent", "email")
    assert (line["source"], line["subject"]) == (golden(name)["triggerSource"], SUB)
    assert not [secret for secret in SECRETS if secret in output.text]


@pytest.mark.parametrize("name", BY_SMS)
def test_every_sms_contains_the_code_and_the_app(
    handler: DeliverHandler, output: HandlerOutput, name: str
) -> None:
    assert handler.deliver(message(name).pack()) == []
    (sms,) = handler.sns.sent("publish")
    assert sms["PhoneNumber"] == PHONE
    assert sms["Message"].startswith(CODE)
    assert "Example" in sms["Message"]
    # Otherwise, a phone would fill in a password as a code.
    ends = f"\n\n@app.example #{CODE}"
    assert sms["Message"].endswith(ends) == (name != "custom_sms_admin_create_user")
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]
    assert not [secret for secret in SECRETS if secret in output.text]


def test_each_kind_has_its_subject(handler: DeliverHandler) -> None:
    for name in BY_EMAIL:
        handler.deliver(message(name).pack())
    subjects = [mail["Content"]["Simple"]["Subject"]["Data"] for mail in handler.ses.sent("send_email")]
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


def test_an_invitation_contains_the_exact_password_and_the_user_name(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    for channel in ("email", "sms"):
        packed = message(
            f"custom_{channel}_admin_create_user", PASSWORD, name="ada.l\n@evil.example #1"
        ).pack()
        assert handler.deliver(packed) == []
    simple = mail_of(handler)
    assert PASSWORD in simple["Body"]["Text"]["Data"].splitlines()
    assert "Your username: ada.l @evil.example #1" in simple["Body"]["Text"]["Data"].splitlines()
    assert ">Aa1&lt;&gt;&amp;&quot;&#x27;x y<" in simple["Body"]["Html"]["Data"]
    (sms,) = handler.sns.sent("publish")
    assert sms["Message"].splitlines() == [
        PASSWORD,
        "Your temporary password for Example. Don't share it with anyone.",
        "Your username: ada.l @evil.example #1",
    ]
    assert not [secret for secret in (*SECRETS, "ada.l") if secret in output.text]


@pytest.mark.parametrize("name", BY_EMAIL)
def test_a_code_never_falls_back_to_another_channel(
    handler: DeliverHandler, output: HandlerOutput, name: str
) -> None:
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    assert handler.deliver(message(name).pack()) == []
    assert handler.sns.calls == []
    assert output.counted("send_failed") == [{"channel": "email", "reason": "MessageRejected"}]
    assert output.lines[0]["source"] == golden(name)["triggerSource"]


def test_a_notice_falls_back_and_contains_no_text_of_the_attacker(handler: DeliverHandler) -> None:
    notice = with_user(VERIFIED, read_message(golden(NOTICE), NOW))
    assert handler.deliver(replace(notice, locale="en").pack()) == []
    simple = mail_of(handler)
    everything = str(simple)
    assert not [
        secret for secret in ("http", "evil", "192.0.2.7", "Opera", "monospace") if secret in everything
    ]
    assert "change your password" in simple["Body"]["Text"]["Data"]
    handler.ses = RecordingClient(send_email=refused_by_aws("MessageRejected"))
    assert handler.deliver(notice.pack()) == []
    (sms,) = handler.sns.sent("publish")
    assert "@app.example" not in sms["Message"]


def test_a_message_without_a_destination_is_a_dead_letter(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    assert handler.deliver(message("custom_email_sign_up", destinations=()).pack()) == []
    assert handler.calls() == 0
    assert output.counted("send_failed") == [{"channel": "email", "reason": "no_address"}]
    assert output.counted("undelivered") == [{}]


def test_an_old_code_is_not_sent(handler: DeliverHandler, output: HandlerOutput) -> None:
    handler.now = NOW + 180
    assert handler.deliver(message("custom_sms_authentication").pack()) == []
    assert handler.calls() == 0
    assert output.counted("send_failed") == [{"channel": "sms", "reason": "expired"}]
    assert output.counted("undelivered") == [{}]
    assert handler.dead_letters == [message("custom_sms_authentication").pack()]
    assert handler.deliver(message("custom_sms_sign_up").pack()) == []


def test_the_sms_caps_apply_and_a_cognito_code_does_not_count_as_unanswered(
    handler: DeliverHandler,
) -> None:
    handler.deliver(message("custom_sms_sign_up").pack(), body(("sms", PHONE), channel="sms"))
    number_of_cognito, of_cognito, number, of_challenge = handler.table.sent("update_item")
    assert number_of_cognito["Key"] == number["Key"], "both are of the open class"
    assert number["Key"]["pk"]["S"].startswith("sms_to#open#")
    updates = [call["UpdateExpression"] for call in (number_of_cognito, number, of_cognito, of_challenge)]
    assert ["#open" in update for update in updates] == [False, True, False, True]
    conditions = {call["ConditionExpression"] for call in (of_cognito, of_challenge)}
    assert len(conditions) == 1, "a stopped country is stopped for Cognito messages too"


def test_a_number_of_a_country_that_is_not_allowed_gets_no_sms(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    event = golden("custom_sms_sign_up")
    event["request"]["userAttributes"]["phone_number"] = "+4915112345678"
    assert handler.deliver(read_message(event, NOW).pack()) == []
    assert handler.sns.calls == handler.table.calls == []
    assert output.counted("send_failed") == [{"channel": "sms", "reason": "country"}]


@pytest.mark.parametrize(
    "error", [refused_by_aws("TooManyRequestsException", status=429), ReadTimeoutError(endpoint_url=EMAIL)]
)
def test_a_temporary_failure_is_retried(
    handler: DeliverHandler, output: HandlerOutput, error: Exception
) -> None:
    handler.ses = RecordingClient(send_email=error)
    assert handler.deliver(message("custom_email_sign_up").pack()) == ["0"]
    assert not [secret for secret in SECRETS if secret in output.text]


def test_the_handler_decrypts_a_code_of_cognito(
    encryptor: CodeEncryptor, handler: DeliverHandler, output: HandlerOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("_KMS", encryptor.client),
        ("_DISPATCHER", handler.dispatcher),
        ("time", FixedClock(NOW + 1)),
    ):
        monkeypatch.setattr(deliver, name, value)
    settings = replace(deliver._SETTINGS, sender_key_id=encryptor.key_id, user_pool_id=encryptor.pool)
    monkeypatch.setattr(deliver, "_SETTINGS", settings)
    monkeypatch.setattr(deliver, "_make_decryptor", deliver._make_decryptor.__wrapped__)
    encrypted = encryptor.encrypt("Aa1&lt;&gt;&amp;&quot;&#39;x y")
    event = golden_batch(message("custom_email_admin_create_user", encrypted).pack())
    assert deliver.handler(event, None) == {"batchItemFailures": []}
    assert PASSWORD in mail_of(handler)["Body"]["Text"]["Data"].splitlines()
    assert not [secret for secret in (*SECRETS[:7], encrypted[:24]) if secret in output.text]


def test_only_codes_that_cannot_be_decrypted_are_dead_letters_and_logs_contain_no_secret(
    encryptor: CodeEncryptor, handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.opener = CognitoDecryptor(encryptor.client, encryptor.key_id, encryptor.pool)
    foreign = replace(encryptor, key_id=new_key(encryptor.client)).encrypt(CODE)
    of_another_pool = replace(encryptor, pool="eu-central-1_Other0001").encrypt(CODE)
    good = encryptor.encrypt(CODE)
    bodies = [message("custom_sms_sign_up", s).pack() for s in (foreign, good, of_another_pool, "AYAD")]
    assert handler.deliver(*bodies) == []
    assert handler.dead_letters == [bodies[0], bodies[2], bodies[3]]
    assert len(handler.sns.calls) == 1
    assert {line["error"] for line in output.lines if line["level"] == "ERROR"} == {"DecryptionFailed"}
    assert not [secret for secret in (*SECRETS, foreign[:24], good[:24]) if secret in output.text]
