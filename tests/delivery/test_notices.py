"""A user whose address changed gets one notice, at the other address. It never stops a sign-in."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from botocore.exceptions import ReadTimeoutError

from passcode.channels.channel import Destination
from passcode.channels.email import EMAIL as EMAIL_CHANNEL
from passcode.channels.sms import SMS
from passcode.delivery.envelope import ChangeNotice
from passcode.delivery.notices import Notices
from passcode.token_service.issue import IssueResult
from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.deliver_handler import DeliverHandler
from tests.support.dynamodb import moto_table
from tests.support.events import EMAIL, NOW, PHONE, SUB, attributes, challenge, golden
from tests.support.handlers import HandlerOutput
from tests.support.sign_in_handlers import DISCARDED_TELEMETRY, SignInHandlers

NEW_EMAIL, NEW_PHONE = "eve@people.example", "+12025550148"
SIGN_INS = ["create_first", "create_after_password"]


@pytest.fixture
def handler(output: HandlerOutput) -> DeliverHandler:
    return DeliverHandler(output.telemetry)


def send_code(handlers: SignInHandlers, name: str = "create_first", **changes: str) -> None:
    """Start a sign-in of the golden user with other attributes, a minute later than the one before."""
    handlers.now += 60
    response = handlers.create(golden(name, userAttributes=attributes(**changes)))
    assert response["publicChallengeParameters"]["status"] == "SENT"


def notice_body(handlers: SignInHandlers | None = None, **changes: str) -> str:
    """The body of a notice for a user whose `changes` follow a sign-in with the golden attributes."""
    handlers = handlers or SignInHandlers()
    send_code(handlers, otp_channel=changes.get("otp_channel", ""))
    send_code(handlers, **changes)
    (notice,) = handlers.notices
    return notice.pack()


@pytest.mark.parametrize("name", SIGN_INS)
@pytest.mark.parametrize(
    ("changes", "changed", "told"),
    [
        ({"email": NEW_EMAIL}, "email", PHONE),
        ({"phone_number": NEW_PHONE, "otp_channel": "sms"}, "sms", EMAIL),
        ({"phone_number": NEW_PHONE}, "sms", EMAIL),
        ({"email": NEW_EMAIL, "otp_channel": "sms"}, "email", PHONE),
    ],
)
def test_a_changed_address_is_reported_once_to_the_other_address(
    name: str, changes: dict[str, str], changed: str, told: str
) -> None:
    handlers = SignInHandlers()
    send_code(handlers, name, otp_channel=changes.get("otp_channel", ""))
    assert handlers.notices == [], "the first code"
    for _ in range(3):
        send_code(handlers, name, **changes)
    (notice,) = handlers.notices
    assert (notice.channel.name, notice.subject, notice.locale) == (changed, SUB, "en-GB")
    assert [to.value for to in notice.destinations] == [told]
    assert len(handlers.queued) == 4
    ((record,), shown_by) = handlers.store.records.values(), handlers.queued[1].challenge
    assert (notice.nonce, notice.address_id) == (shown_by.nonce, record.sent_to[changed])
    assert notice.id == f"{shown_by.nonce}-{changed}"
    assert ChangeNotice.unpack(notice.pack()) == notice


def test_a_second_change_has_a_second_notice() -> None:
    handlers = SignInHandlers()
    for email in (EMAIL, NEW_EMAIL, EMAIL):
        send_code(handlers, email=email)
    assert len(handlers.notices) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"email": NEW_EMAIL, "phone_number": NEW_PHONE},
        {"email": NEW_EMAIL, "phone_number_verified": "false"},
        {"email": NEW_EMAIL, "phone_number": ""},
    ],
    ids=["both changed", "the other is not verified", "no other"],
)
def test_a_user_without_another_address_for_it_gets_no_notice(changes: dict[str, str]) -> None:
    handlers = SignInHandlers()
    send_code(handlers)
    send_code(handlers, **changes)
    assert handlers.notices == []


def test_each_change_has_a_notice_to_the_addresses_that_did_not_change() -> None:
    channels = [replace(SMS, name=name) for name in ("one", "two", "three")]
    destinations = {channel: Destination(channel, channel.name) for channel in channels}
    ids = {channel.name: channel.name * 32 for channel in channels}
    issued = IssueResult(challenge(), sent=True, sent_at=NOW, resend_at=NOW, changed=("one", "three"))
    notices: list[ChangeNotice] = []
    Notices(notices.append, DISCARDED_TELEMETRY).queue(issued, destinations, ids, "")
    assert [(notice.channel.name, notice.address_id) for notice in notices] == [
        ("one", ids["one"][:16]),
        ("three", ids["three"][:16]),
    ]
    assert [notice.destinations for notice in notices] == [(destinations[channels[1]],)] * 2


def test_a_decoy_gets_no_notice() -> None:
    """The channels of a deployment may change, and with them the destinations of a decoy."""
    handlers = SignInHandlers()
    handlers.create(golden("create_unknown_user_empty"))
    ((key, record),) = handlers.store.records.items()
    handlers.store.records[key] = record._replace(sent_to={record.channel: "0" * 16})
    handlers.now += 60
    handlers.create(golden("create_unknown_user_empty"))
    assert len(handlers.queued) == 2
    assert handlers.notices == []


def test_a_sign_in_continues_if_the_notice_cannot_be_queued(
    output: HandlerOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = SignInHandlers(telemetry=output.telemetry)

    def refuse(self: SignInHandlers, notice: object) -> None:
        raise Unavailable("the queue answered ThrottlingException")

    monkeypatch.setattr(SignInHandlers, "put_notice", refuse)
    send_code(handlers)
    send_code(handlers, email=NEW_EMAIL)
    assert len(handlers.queued) == 2
    assert output.counted("errors") == [{}]
    assert [line["why"] for line in output.lines if line["message"] == "notice not queued"] == [
        "the queue answered ThrottlingException"
    ]
    assert NEW_EMAIL not in output.text


def test_a_notice_by_sms_has_no_code_and_no_new_address(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    assert handler.deliver(notice_body(email=NEW_EMAIL)) == []
    (sms,) = handler.sns.sent("publish")
    assert sms["PhoneNumber"] == PHONE
    assert "another email address" in sms["Message"]
    assert NEW_EMAIL not in sms["Message"]
    assert "eve" not in sms["Message"]
    assert "\n" not in sms["Message"], "no line that a phone reads as a code"
    assert handler.keys.calls == handler.ses.calls == []
    assert output.counted("sent") == [{"channel": "sms", "country": "US"}]
    assert output.counted("notices") == [{"channel": "sms"}]
    assert PHONE not in output.text


def test_a_notice_by_email_says_that_the_phone_number_changed(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    assert handler.deliver(notice_body(phone_number=NEW_PHONE, otp_channel="sms")) == []
    (mail,) = handler.ses.sent("send_email")
    assert mail["Destination"] == {"ToAddresses": [EMAIL]}
    text = mail["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert "another phone number" in text
    assert "change your password" in text
    assert NEW_PHONE[-4:] not in text
    assert handler.keys.calls == handler.sns.calls == []
    assert output.counted("notices") == [{"channel": "email"}]


def test_a_notice_that_no_gateway_takes_is_a_dead_letter(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.sns = RecordingClient(publish=refused_by_aws("OptedOut"))
    assert handler.deliver(notice_body(email=NEW_EMAIL)) == []
    assert len(handler.dead_letters) == 1
    assert output.counted("notices") == []
    assert len(output.counted("send_failed")) == 1


def test_a_notice_is_delivered_again_after_a_lost_response(
    handler: DeliverHandler, output: HandlerOutput
) -> None:
    handler.ses = RecordingClient(send_email=ReadTimeoutError(endpoint_url="x"))
    assert handler.deliver(notice_body(phone_number=NEW_PHONE, otp_channel="sms")) == ["0"]
    assert output.counted("notices") == []


def test_a_notice_waits_while_it_cannot_be_claimed(handler: DeliverHandler) -> None:
    handler.delivery_table = RecordingClient(update_item=refused_by_aws("ThrottlingException", status=400))
    assert handler.deliver(notice_body(email=NEW_EMAIL)) == ["0"]
    assert handler.sns.calls == []


NONCES = [each * 32 for each in "abcd"]


@dataclass
class NoticesOnTable:
    """Delivers notices that an email address changed. The claims are in a table (moto)."""

    handler: DeliverHandler

    def report(self, nonce: str, address_id: str = "1" * 16) -> list[str]:
        """Deliver one notice. Returns the ids of the records to retry."""
        to = (Destination(SMS, PHONE),)
        return self.handler.deliver(ChangeNotice(EMAIL_CHANNEL, to, "", SUB, nonce, address_id).pack())

    @property
    def sent(self) -> int:
        """The number of messages that SNS took."""
        return len(self.handler.sns.calls)


@pytest.fixture
def notices(handler: DeliverHandler) -> Iterator[NoticesOnTable]:
    with moto_table() as (client, name):
        handler.delivery_table = RecordingClient(
            {"update_item": lambda call: client.update_item(**call | {"TableName": name})}
        )
        yield NoticesOnTable(handler)


def test_four_kinds_of_records_that_report_one_change_lead_to_one_notice(notices: NoticesOnTable) -> None:
    assert [notices.report(nonce) for nonce in NONCES] == [[]] * 4
    assert notices.sent == 1
    assert notices.handler.dead_letters == []


def test_a_redelivery_after_a_failure_sends_the_notice(notices: NoticesOnTable) -> None:
    notices.handler.sns = RecordingClient(publish=refused_by_aws("ThrottlingException", status=400))
    assert notices.report(NONCES[0]) == ["0"]
    notices.handler.sns = RecordingClient()
    assert notices.report(NONCES[1]) == []
    assert notices.sent == 0, "the first challenge sends it"
    assert notices.report(NONCES[0]) == []
    assert notices.sent == 1


def test_a_second_change_sends_a_second_notice(notices: NoticesOnTable) -> None:
    for nonce, address_id in zip(NONCES, ("1" * 16, "2" * 16, "1" * 16, "1" * 16), strict=True):
        assert notices.report(nonce, address_id) == []
    assert notices.sent == 3
