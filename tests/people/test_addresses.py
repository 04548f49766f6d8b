"""Email addresses as people have them: their form for SES, and why some of them cannot be used."""

import secrets
from typing import Any

import idna
import pytest
from botocore.exceptions import ClientError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import custom_sender
from passcode.adapters.sqs import SqsQueue
from passcode.channels.channel import UNUSABLE, AddressFault, Destination, destination_id
from passcode.channels.email import EMAIL
from passcode.cognito_messages.message import read_message
from passcode.confirmation import routes
from passcode.token_service.refusal import Refusal, Refused, parse_tag
from tests.support.aws_stubs import RecordingClient
from tests.support.deliver_handler import DeliverHandler
from tests.support.events import NOW, attributes, golden
from tests.support.handlers import HandlerOutput
from tests.support.kms_stubs import pool
from tests.support.live_sign_in import SignIn
from tests.support.sign_in_handlers import DISCARDED_TELEMETRY, Flow, SignInHandlers
from tests.support.token_api_in_memory import Api, FakeClock
from tests.support.users import User, code_in
from tools.local_stack import inbox
from tools.local_stack.stack import Stack

BUECHER = "ann@xn--bcher-kva.example"
ACCEPTED = {
    "ann@example.com": "ann@example.com",
    "Ann.B+x@EXAMPLE.com": "Ann.B+x@example.com",
    "ann@bücher.example": BUECHER,
    "ann@BÜCHER.EXAMPLE": BUECHER,
    "ann@bu\u0308cher.example": BUECHER,  # the same letter, written as two characters
    "ann@bücher。example": BUECHER,
    "ann@bücher．example": BUECHER,
    "ann@bücher｡example": BUECHER,
    "ann@xn--bcher-kva.example": BUECHER,
    "ann@XN--BCHER-KVA.example": BUECHER,
    "ann@bücher.example.": BUECHER,
    "ann@bücher.example。": BUECHER,
    "ann@straße.example": "ann@xn--strae-oqa.example",  # IDNA 2003 would make it strasse.example
    "ann@例え.テスト": "ann@xn--r8jz45g.xn--zckzah",
    "ann@مثال.إختبار": "ann@xn--mgbh0fb.xn--kgbechtv",
    "ann@उदाहरण.परीक्षा": "ann@xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g",
    "ann@пример.испытание": "ann@xn--e1afmkfd.xn--80akhbyknj4f",
    "ann@mail.bücher.example": "ann@mail.xn--bcher-kva.example",
    # The same host at its full length.
    "ann@example.com.": "ann@example.com",
    " ann@example.com ": "ann@example.com",
    # RFC 5321, 4.1.2: the quotes are not part of the mailbox.
    '"ann"@example.com': "ann@example.com",
    '"ann.b"@bücher.example': "ann.b@xn--bcher-kva.example",
    '"an\\n"@example.com': "ann@example.com",
    # Some hosts gave their users such addresses.
    "ann..b@example.com": "ann..b@example.com",
}
REFUSED = {
    "änn@example.com": AddressFault.NOT_ASCII,
    "安@例え.テスト": AddressFault.NOT_ASCII,
    '"änn b"@example.com': AddressFault.NOT_ASCII,
    "ann\u200b@example.com": AddressFault.NOT_ASCII,
    "\u202eann@example.com": AddressFault.NOT_ASCII,
    '"ann b"@example.com': AddressFault.QUOTED,
    '"ann,eve"@example.com': AddressFault.QUOTED,
    '"ann@home"@example.com': AddressFault.QUOTED,
    '"ann\r\nBcc: eve"@example.com': AddressFault.QUOTED,
    '"ann..b"@example.com': AddressFault.QUOTED,
    '""@example.com': AddressFault.QUOTED,
    "ann@[192.0.2.1]": AddressFault.HOST,
    "ann@[IPv6:2001:db8::1]": AddressFault.HOST,
    "ann@❤.example": AddressFault.HOST,  # IDNA 2008 has no symbols
    "ann@-ü.example": AddressFault.HOST,
    "ann@ü_a.example": AddressFault.HOST,
    "ann@ü..example": AddressFault.HOST,
    f"ann@{'ü' * 63}.example": AddressFault.HOST,
    # Letters that become letters of another host.
    "ann@ex\uff41mple.com": AddressFault.HOST,
    "ann@\u212aelvin.example": AddressFault.HOST,
    "ann@exa\u00admple.com": AddressFault.HOST,
    "ann@example.com\u200b": AddressFault.HOST,
    "ann(work)@example.com": AddressFault.MALFORMED,
    "Ann <ann@example.com>": AddressFault.MALFORMED,
    "Änn <ann@example.com>": AddressFault.MALFORMED,
    "ann@example.com,eve@example.com": AddressFault.MALFORMED,
    "änn@example.com,eve@example.com": AddressFault.MALFORMED,
    "ann@example.com..": AddressFault.MALFORMED,
    "ann@example.com\n": AddressFault.MALFORMED,
    "ann＠example.com": AddressFault.MALFORMED,
    "ann": AddressFault.MALFORMED,
    "": AddressFault.MALFORMED,
    f"{'a' * 65}@example.com": AddressFault.MALFORMED,
    f"ann@{'例えテスト.' * 20}example": AddressFault.HOST,
}


@pytest.mark.parametrize("written", ACCEPTED)
def test_an_address_has_one_form_for_ses(written: str) -> None:
    assert EMAIL.parse(written) == ACCEPTED[written]


@pytest.mark.parametrize("written", REFUSED, ids=lambda written: ascii(written)[:40])
def test_an_address_that_cannot_be_used_has_a_reason(written: str) -> None:
    assert EMAIL.parse(written) is REFUSED[written]


def test_all_spellings_of_a_host_have_one_id() -> None:
    spellings = [written for written, form in ACCEPTED.items() if form == BUECHER]
    found = [EMAIL.destination(written) for written in spellings]
    assert len({destination_id(to, "salt") for to in found if to}) == 1
    assert None not in found


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        (BUECHER, "a***@b***"),
        ("ann@xn--r8jz45g.xn--zckzah", "a***@例***"),
        ("ann@example.xn--zckzah", "a***@e***"),
        ("ann@xn--.example", "a***@x***"),  # no Punycode, which only a user with this address sees
        ("ann@xn--99999999.example", "a***@x***"),
    ],
)
def test_a_mask_shows_the_host_as_the_user_writes_it(value: str, mask: str) -> None:
    assert Destination(EMAIL, value).masked == mask


LABELS = st.text(st.characters(categories=["Ll", "Lo", "Nd"], max_codepoint=0xFFFF), min_size=1, max_size=20)
CLOSE = 'ab@."\\ ,<>()[]üß例\u3002\uff0e\u200b\u202e\r\nxn--'
NAMES = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True)


@settings(max_examples=200)
@given(NAMES, st.lists(LABELS, min_size=1, max_size=3), st.sampled_from(".\u3002\uff0e\uff61"))
def test_a_host_that_idna_knows_is_encoded_and_decoded_to_itself(
    name: str, labels: list[str], stop: str
) -> None:
    try:
        encoded = idna.encode(".".join(labels)).decode()
    except idna.IDNAError:
        assume(False)
    assume(len(f"{name}@{encoded}") <= 254)
    assert EMAIL.parse(f"{name}@{stop.join(labels)}") == f"{name}@{encoded}"
    assert EMAIL.parse(f"{name}@{stop.join(labels).upper()}{stop}") in (
        f"{name}@{encoded}",
        # A few lower-case letters have an upper case that is written as other letters.
        f"{name}@{idna.encode(stop.join(labels).upper(), uts46=True).decode()}",
    )
    assert idna.decode(encoded) == ".".join(labels)


@settings(max_examples=200)
@given(
    st.text(), st.text(st.sampled_from('ab@."\\ ,<>()[]üß例\u3002\uff0e\u200b\u202e\r\nxn--'), max_size=40)
)
def test_every_text_has_a_form_or_a_reason_and_the_form_is_its_own(text: str, close: str) -> None:
    for value in (text, close, f"a@{text}", f"{text}@a.example", f"{close}@{text}"):
        found = EMAIL.parse(value)
        if isinstance(found, str):
            assert EMAIL.parse(found) == found
            assert found.isascii()
            assert found.count("@") == 1
            assert not set(found) & set(' ,<>()[]"\\\r\n')


def unusable(output: HandlerOutput) -> list[tuple[str, str]]:
    """The channel and the reason of each address that the log reports. No log line contains an address."""
    assert "@" not in output.log.getvalue()
    return [(line["channel"], line["reason"]) for line in output.lines if line["message"] == UNUSABLE]


def start(output: HandlerOutput, user: dict[str, str], *, with_password: bool) -> SignInHandlers:
    """Start a sign-in with the handler `create`. Its log is `output`."""
    handlers = SignInHandlers(telemetry=output.telemetry)
    Flow(handlers, user=user, with_password=with_password).start()
    return handlers


def test_a_user_with_an_international_domain_gets_the_code_at_its_idna_form(output: HandlerOutput) -> None:
    handlers = start(output, attributes(email="ann@bücher.example"), with_password=True)
    assert handlers.queued[0].destinations[0].value == BUECHER
    assert unusable(output) == []


def test_a_user_without_a_usable_address_gets_a_true_sentence_after_the_password(
    output: HandlerOutput,
) -> None:
    user = attributes(email="änn@example.com", phone_number_verified="false")
    with pytest.raises(Refused) as caught:
        start(output, user, with_password=True)
    assert caught.value.refusal is Refusal.NO_DESTINATION
    assert "that can get a code" in str(caught.value)
    assert unusable(output) == [("email", "not_ascii")]


def test_a_user_with_another_address_gets_the_code_there_and_the_log_has_the_reason(
    output: HandlerOutput,
) -> None:
    handlers = start(output, attributes(email='"ann b"@example.com'), with_password=True)
    assert [to.channel.name for to in handlers.queued[0].destinations] == ["sms"]
    assert unusable(output) == [("email", "quoted")]


def test_before_the_password_the_log_has_the_reason_and_the_app_learns_nothing(
    output: HandlerOutput,
) -> None:
    user = attributes(email="änn@example.com", phone_number_verified="false")
    handlers = start(output, user, with_password=False)
    assert handlers.queued[0].challenge.decoy
    assert unusable(output) == [("email", "not_ascii")]


def cognito_event(email: str) -> dict[str, Any]:
    event = golden("custom_email_sign_up")
    event["request"]["userAttributes"]["email"] = email
    return event


def test_a_code_of_cognito_goes_to_the_idna_form() -> None:
    handler = DeliverHandler(DISCARDED_TELEMETRY)
    handler.deliver(read_message(cognito_event("ann@bücher.example"), NOW).pack())
    (call,) = handler.ses.sent("send_email")
    assert call["Destination"] == {"ToAddresses": [BUECHER]}


def test_a_code_of_cognito_without_a_usable_address_is_counted_with_the_reason(
    output: HandlerOutput,
) -> None:
    sqs = RecordingClient()
    custom_sender.respond(
        cognito_event("änn@example.com"), SqsQueue(sqs, "url").put, lambda _: None, output.telemetry, NOW
    )
    assert unusable(output) == [("email", "not_ascii")]
    (call,) = sqs.sent("send_message")
    handler = DeliverHandler(output.telemetry)
    handler.deliver(call["MessageBody"])
    assert handler.ses.calls == []
    assert output.counted("send_failed") == [{"channel": "email", "reason": "not_ascii"}]


@pytest.mark.parametrize("written", ["ann@bücher.example", "ann@BÜCHER。example", BUECHER])
def test_over_http_an_international_domain_is_accepted(written: str) -> None:
    api = Api()
    created = api.create(written)
    assert created.status == 200
    assert created.body["destination"] == "a***@b***"
    assert [to.value for to in api.queued[0].destinations] == [BUECHER]
    assert created.body["subject"] == Api().create(BUECHER).body["subject"]


@pytest.mark.parametrize(
    "written", [written for written in REFUSED if written], ids=lambda written: ascii(written)[:40]
)
def test_over_http_the_problem_has_the_reason(written: str) -> None:
    api = Api()
    response = api.create(written)
    assert (response.status, response.problem, api.queued) == (400, "invalid-request", [])
    assert response.body["reason"] == REFUSED[written].value
    assert response.body["detail"].startswith("`email` ")
    assert written == "ann" or written not in str(response.body)


def test_a_step_up_without_a_usable_address_is_refused_and_the_log_has_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routes, "time", FakeClock())
    api = Api(users=pool(email="änn@example.com", phone_number_verified="false"))
    response = api.step_up()
    assert (response.status, response.body["reason"]) == (422, "no_destination")
    assert "that can get a code" in response.body["title"]
    assert '"reason":"not_ascii"' in api.log.getvalue()


def new_pool_user(stack: Stack, email: str) -> User:
    """Add a user with this verified email address to Cognito."""
    cognito, password = stack.client("cognito-idp"), f"correct horse {secrets.token_hex(5)}"
    made = cognito.admin_create_user(
        UserPoolId=stack.user_pool_id,
        Username=email,
        UserAttributes=[
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ],
        MessageAction="SUPPRESS",
    )
    cognito.admin_set_user_password(
        UserPoolId=stack.user_pool_id, Username=email, Password=password, Permanent=True
    )
    (sub,) = (a["Value"] for a in made["User"]["Attributes"] if a["Name"] == "sub")
    return User(email, "", password, sub)


@pytest.mark.parametrize("client", ["password_and_code", "code_only"])
def test_a_user_signs_in_with_an_international_domain(
    local_stack: Stack, client: str, messages_to: Any
) -> None:
    name = f"ann-{secrets.token_hex(4)}"
    user = new_pool_user(local_stack, f"{name}@bücher.example")
    sign_in = SignIn(local_stack, local_stack.clients[client])
    if client == "code_only":
        sign_in.start(user.email)
    else:
        sign_in.start_with_password(user.email, user.password)
        assert sign_in.parameters["destination"] == "a***@b***"
    (message,) = messages_to(f"{name}@xn--bcher-kva.example")
    assert sign_in.answer(code_in(message)).tokens


def test_a_user_with_letters_outside_ascii_before_the_at_gets_a_true_sentence(local_stack: Stack) -> None:
    user = new_pool_user(local_stack, f"änn-{secrets.token_hex(4)}@people.example")
    sign_in = SignIn(local_stack, local_stack.clients["password_and_code"])
    with pytest.raises(ClientError) as caught:
        sign_in.start_with_password(user.email, user.password)
    message = caught.value.response["Error"]["Message"]
    assert "has no verified email address or phone number that can get a code" in message
    tag = parse_tag(message)
    assert tag
    assert tag.reason == "no_destination"
    assert inbox.read(local_stack, user.email) == []
