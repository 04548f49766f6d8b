"""A new channel needs one object and one line: a sign-in by postcard, from `create` to tokens.

Only the registry and the gateways of `deliver` know the postcard.
"""

import json
from dataclasses import dataclass, field

import pytest

import pre_token_generation
from passcode.channels.channel import AddressFault, Channel, MessageContent
from passcode.channels.email import EMAIL
from passcode.channels.registry import CHANNELS
from passcode.delivery.gateway import NotTaken
from passcode.hosted.oidc import id_token_claims
from passcode.hosted.state import Grant
from passcode.sign_in.events import Event
from passcode.token_service.store import Evidence
from tests.support.deliver_handler import DeliverHandler
from tests.support.events import NOW, SUB, attributes, entry, golden
from tests.support.handlers import HandlerOutput
from tests.support.recording_gateway import RecordingGateway
from tests.support.sign_in_handlers import Flow, SignInHandlers

ADDRESS = "Ada Lovelace, 12 St James's Square, London"


@dataclass(frozen=True)
class Postcard:
    """The message of the channel. Its repr contains no content."""

    text: str = field(repr=False)


def render(content: MessageContent) -> Postcard:
    """One line: the app and the code."""
    return Postcard(f"{content.app}: {content.code.reveal() if content.code else ''}")


POSTCARD = Channel(
    name="postcard",
    attribute="custom:postcard",
    parse=lambda value: value.strip() if value.count(",") >= 2 else AddressFault.MALFORMED,
    mask=lambda value: f"*** {value.rpartition(' ')[2]}",
    blank_mask="*** ***",
    decoy_value="Decoy, 1 Example Lane, Fiction",
    render=render,
    address_format="a name, a street and a town",
    example=ADDRESS,
    max_length=200,
    amr=("otp", "postcard"),
)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, POSTCARD.name, POSTCARD)


@pytest.fixture
def post() -> RecordingGateway:
    return RecordingGateway(POSTCARD)


@pytest.fixture
def handler(output: HandlerOutput, post: RecordingGateway) -> DeliverHandler:
    return DeliverHandler(output.telemetry, more_gateways={"post": post})


def user(**changes: str) -> dict[str, str]:
    """A user with a verified postal address and the preferred channel postcard."""
    by_post = {"custom:postcard": ADDRESS, "custom:postcard_verified": "true"}
    return attributes(otp_channel="postcard") | by_post | changes


def sign_in(**changes: str) -> Flow:
    """A sign-in of that user, with the channels email and postcard."""
    return Flow(SignInHandlers(order=(EMAIL, POSTCARD)), user(**changes))


def code_on(post: RecordingGateway) -> str:
    """The code on the only postcard."""
    (outgoing,) = post.sent
    return str(outgoing.message.text.removeprefix("Example: "))


def token_claims(channel: str) -> dict[str, str]:
    """The token claims of a sign-in with a code on `channel`."""
    event: Event = {
        "version": "1",
        "triggerSource": "TokenGeneration_Authentication",
        "request": {"userAttributes": {"sub": SUB}},
    }
    evidence, telemetry = Evidence(NOW, channel), pre_token_generation._TELEMETRY
    filled = pre_token_generation.respond(event, lambda *_: (evidence, evidence), frozenset(), telemetry, NOW)
    found: dict[str, str] = filled["response"]["claimsOverrideDetails"]["claimsToAddOrOverride"]
    return found


def test_a_user_signs_in_with_the_code_on_a_postcard(
    handler: DeliverHandler, post: RecordingGateway, output: HandlerOutput
) -> None:
    flow = sign_in()
    assert flow.start() == "CUSTOM_CHALLENGE"
    assert flow.challenge.channel == "postcard"
    assert flow.public["channel"] == "email", "the same for all users before a password"
    (delivery,) = flow.handlers.queued
    assert handler.deliver(delivery.pack()) == []
    (card,) = post.sent
    assert card.to == ADDRESS
    assert handler.ses.calls == handler.sns.calls == handler.table.calls == []
    assert output.counted("sent") == [{"channel": "postcard"}]
    assert flow.answer(code_on(post)) == "tokens"
    assert [challenge.channel for challenge in flow.handlers.answered] == ["postcard"]


def test_the_message_falls_back_to_the_next_channel(
    handler: DeliverHandler, post: RecordingGateway, output: HandlerOutput
) -> None:
    post.result = NotTaken("no_such_street", final=True)
    flow = sign_in()
    flow.start()
    assert handler.deliver(flow.handlers.queued[0].pack()) == []
    assert len(post.sent) == len(handler.ses.sent("send_email")) == 1
    assert output.counted("send_failed") == [{"channel": "postcard", "reason": "no_such_street"}]
    assert output.counted("sent") == [{"channel": "email"}]


def test_a_resend_switches_to_the_channel() -> None:
    flow = sign_in(**{"custom:otp_channel": ""})
    flow.start()
    assert flow.challenge.channel == "email"
    flow.handlers.now += 60
    flow.answer("", action="resend", channel="postcard")
    assert flow.challenge.channel == "postcard"
    assert [d.channel for d in flow.handlers.queued[-1].destinations] == [POSTCARD, EMAIL]


def test_the_mask_hides_the_address_before_the_password_and_most_of_it_afterwards() -> None:
    flow = sign_in()
    flow.start()
    assert json.loads(flow.public["channels"]) == {"email": "***@***", "postcard": "*** ***"}
    proven = [entry("SRP_A", True), entry("PASSWORD_VERIFIER", True)]
    event = golden("create_first", userAttributes=user(), session=proven)
    public = SignInHandlers(order=(EMAIL, POSTCARD)).create(event)["publicChallengeParameters"]
    assert public["destination"] == "*** London"


def test_an_unknown_user_looks_the_same_and_gets_no_message(
    handler: DeliverHandler, post: RecordingGateway
) -> None:
    known = Flow(SignInHandlers(order=(POSTCARD,)), user())
    unknown = Flow(SignInHandlers(order=(POSTCARD,)), {}, user_not_found=True)
    assert known.start() == unknown.start() == "CUSTOM_CHALLENGE"
    assert known.public == unknown.public
    (delivery,) = unknown.handlers.queued
    assert [d.value for d in delivery.destinations] == [POSTCARD.decoy_value]
    assert handler.deliver(delivery.pack()) == []
    assert post.sent == []
    assert unknown.answer("000000") == "CUSTOM_CHALLENGE"


@pytest.mark.parametrize(
    "change", [{"custom:postcard": f"{ADDRESS} 2"}, {"custom:postcard_verified": "false"}], ids=str
)
def test_a_code_is_refused_after_the_address_has_changed(
    handler: DeliverHandler, post: RecordingGateway, change: dict[str, str]
) -> None:
    flow = sign_in()
    flow.start()
    handler.deliver(flow.handlers.queued[0].pack())
    flow.user = user(**change)
    assert flow.answer(code_on(post)) == "CUSTOM_CHALLENGE"


def test_an_invalid_address_is_no_destination() -> None:
    flow = sign_in(**{"custom:postcard": "nowhere"})
    flow.start()
    assert flow.challenge.channel == "email"


def test_the_tokens_name_the_channel_of_the_code() -> None:
    assert token_claims("postcard")["otp_amr"] == "otp postcard"
    assert token_claims("postcard")["otp_channel"] == "postcard"
    # For Cognito a postcard has no value.
    grant = Grant("client", "https://app.example", "", "", "ada", SUB, NOW, "postcard", with_password=True)
    assert id_token_claims(grant, {"sub": SUB}, "https://issuer.example", NOW)["amr"] == ["pwd", "mfa"]


def test_an_unknown_channel_is_refused(handler: DeliverHandler, post: RecordingGateway) -> None:
    flow = sign_in()
    flow.start()
    body = flow.handlers.queued[0].pack().replace("postcard", "pigeon")
    assert handler.deliver(body) == []
    assert handler.dead_letters == [body]
    assert handler.calls() == len(post.sent) == 0
    assert token_claims("pigeon") == {}
    grant = Grant("client", "https://app.example", "", "", "ada", SUB, NOW, "pigeon", with_password=False)
    assert "amr" not in id_token_claims(grant, {"sub": SUB}, "https://issuer.example", NOW)


def test_a_channel_without_a_gateway_falls_back_and_fires_an_alarm(output: HandlerOutput) -> None:
    handler = DeliverHandler(output.telemetry)
    flow = sign_in()
    flow.start()
    assert handler.deliver(flow.handlers.queued[0].pack()) == []
    assert len(handler.ses.calls) + len(handler.sns.calls) == 1
    assert output.counted("gateway_stopped") == [{"channel": "postcard"}]
