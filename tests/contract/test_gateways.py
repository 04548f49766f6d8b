"""One contract for all gateways: outcomes, time-outs, limits, secrets, and feedback.

A new gateway is one row in `GATEWAYS`.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from passcode.adapters import end_user_messaging, function_gateway, message_feedback, ses, sns
from passcode.adapters.aws_gateway import Outcome
from passcode.adapters.botocore_clients import client
from passcode.adapters.end_user_messaging import EndUserMessagingSms, EndUserMessagingVoice, NotifySms
from passcode.adapters.function_gateway import FunctionGateway
from passcode.adapters.ses import SesEmail
from passcode.adapters.sms_options import SmsOptions
from passcode.adapters.sns import SnsSms
from passcode.channels.channel import Destination, MessageContent, destination_id
from passcode.channels.email import EMAIL, EmailMessage
from passcode.channels.sms import SMS, TextMessage
from passcode.channels.voice import VoiceMessage
from passcode.delivery.dispatcher import Dispatcher, Receive
from passcode.delivery.email_limits import EmailBudget, LimitedEmail
from passcode.delivery.gateway import Gateway, NotTaken, Outgoing, SendResult, Taken, Unknown
from passcode.delivery.limits import limit_gateways
from passcode.delivery.sms_limits import LimitedSms, SmsLimits, number_key, record_answer
from passcode.token_service.challenge import Code
from passcode.token_service.refusal import PasscodeError
from tests.support.aws_stubs import RecordingClient, modelled, payload, refused_by_aws
from tests.support.aws_stubs import client as client_for_stubs
from tests.support.events import EMAIL as EMAIL_ADDRESS
from tests.support.events import NOW, PHONE, SALT
from tests.support.handlers import HandlerOutput
from tests.support.live_handlers import own_session
from tests.support.memory_counters import MemoryEmailCounters, MemorySmsCounters
from tests.support.recording_gateway import RecordingGateway

CODE = "97531864"
EXPIRES_AT = NOW + 290
CONTENT = MessageContent({}, Code(CODE), "Example", host="app.example")


@dataclass(frozen=True)
class GatewayRow:
    """One gateway of the contract.

    `make` returns it for a botocore client of `service`. `operation` is the method of the client that it
    calls once for `message`, with the request `call`. `answer` is the content type and the body with which
    the service takes a message, and `error` returns those of an error with a code and a text. `outcomes` are
    those of its errors.
    """

    name: str
    make: Callable[[Any], Gateway]
    service: str
    operation: str
    message: Any
    call: Mapping[str, Any]
    answer: tuple[str, bytes]
    error: Callable[[str, str], tuple[str, bytes]]
    outcomes: Mapping[str, Outcome]
    wants_feedback: bool = False
    # The service's response for a message that it has taken under an id.
    respond: Callable[[str], Mapping[str, Any]] = lambda message_id: {"MessageId": message_id}
    has_message_id: bool = True

    @property
    def to(self) -> str:
        """The address of the message."""
        return EMAIL_ADDRESS if self.make(None).channel is EMAIL else PHONE

    def outgoing(self, **changes: Any) -> Outgoing[Any]:
        """The message of this contract, with other fields."""
        outgoing = Outgoing(
            self.to,
            self.message,
            NOW,
            is_open_class=False,
            expires_at=EXPIRES_AT,
            digits=CODE,
            language="en",
            record_key="sign_in_code#user-1",
            destination_id="0123456789abcdef",
        )
        return replace(outgoing, **changes)


def _json(*, code: str, text: str) -> tuple[str, bytes]:
    return "application/x-amz-json-1.0", json.dumps({"__type": code, "Message": text}).encode()


def _json_error(code: str, text: str) -> tuple[str, bytes]:
    return _json(code=code, text=text)


def _xml_error(code: str, text: str) -> tuple[str, bytes]:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
    return "text/xml", body.encode()


PUBLISHED = b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
SENT = ("application/x-amz-json-1.0", b'{"MessageId": "1"}')
# Notify's answer has the code in it.
RESOLVED = json.dumps({"MessageId": "1", "ResolvedMessageBody": f"{CODE} is your code"}).encode()
SMS_TEXT = TextMessage(f"{CODE}\nYour code.")
TAGS = {"record": "sign_in_code--user-1", "to": "0123456789abcdef"}
OF_EACH = {
    "DestinationPhoneNumber": PHONE,
    "TimeToLive": 290,
    "Context": TAGS,
    "MessageFeedbackEnabled": True,
    "ConfigurationSetName": "otp",
}
OPTIONS = SmsOptions(
    origination_identity="pool-1",
    configuration_set="otp",
    protect_configuration="protect-1",
    india_entity="1101",
    india_template="1107",
    notify_configuration="nc-1",
    notify_templates={"": "template-1", "de": "vorlage-1"},
    voice_origination_identity="+12025550100",
)
MESSAGING = "pinpoint-sms-voice-v2"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:gateway"

GATEWAYS = (
    GatewayRow(
        "SES",
        lambda made: SesEmail(made, "no-reply@app.example", "mail"),
        "sesv2",
        "send_email",
        EmailMessage(subject="Your code", text=CODE, html=f"<p>{CODE}</p>"),
        {
            "FromEmailAddress": "no-reply@app.example",
            "Destination": {"ToAddresses": [EMAIL_ADDRESS]},
            "ConfigurationSetName": "mail",
            "Content": ANY,
            "EmailTags": [{"Name": name, "Value": value} for name, value in TAGS.items()],
        },
        ("application/json", b'{"MessageId": "1"}'),
        _json_error,
        ses.OUTCOMES,
    ),
    GatewayRow(
        "SNS",
        lambda made: SnsSms(made, "0.20"),
        "sns",
        "publish",
        SMS_TEXT,
        {"PhoneNumber": PHONE, "Message": SMS_TEXT.text, "MessageAttributes": ANY},
        ("text/xml", PUBLISHED),
        _xml_error,
        sns.OUTCOMES,
    ),
    GatewayRow(
        "End User Messaging",
        lambda made: EndUserMessagingSms(made, "0.20", OPTIONS),
        MESSAGING,
        "send_text_message",
        SMS_TEXT,
        OF_EACH
        | {
            "MessageBody": SMS_TEXT.text,
            "MessageType": "TRANSACTIONAL",
            "MaxPrice": "0.20",
            "OriginationIdentity": "pool-1",
            "ProtectConfigurationId": "protect-1",
            "DestinationCountryParameters": {"IN_ENTITY_ID": "1101", "IN_TEMPLATE_ID": "1107"},
        },
        SENT,
        _json_error,
        end_user_messaging.OUTCOMES,
        wants_feedback=True,
    ),
    GatewayRow(
        "Notify",
        lambda made: NotifySms(made, OPTIONS),
        MESSAGING,
        "send_notify_text_message",
        SMS_TEXT,
        OF_EACH
        | {
            "NotifyConfigurationId": "nc-1",
            "TemplateId": "template-1",
            "TemplateVariables": {"code": CODE},
        },
        ("application/x-amz-json-1.0", RESOLVED),
        _json_error,
        end_user_messaging.OUTCOMES,
        wants_feedback=True,
    ),
    GatewayRow(
        "calls",
        lambda made: EndUserMessagingVoice(made, "0.20", OPTIONS),
        MESSAGING,
        "send_voice_message",
        VoiceMessage(f"<speak>{CODE}</speak>", "en"),
        OF_EACH
        | {
            "MessageBody": f"<speak>{CODE}</speak>",
            "MessageBodyTextType": "SSML",
            "VoiceId": "JOANNA",
            "OriginationIdentity": "+12025550100",
            "MaxPricePerMinute": "0.20",
            "ProtectConfigurationId": "protect-1",
        },
        SENT,
        _json_error,
        end_user_messaging.OUTCOMES,
        wants_feedback=True,
    ),
    GatewayRow(
        "Lambda",
        lambda made: FunctionGateway(made, FUNCTION, SMS, "Example"),
        "lambda",
        "invoke",
        SMS_TEXT,
        {"FunctionName": FUNCTION, "InvocationType": "RequestResponse", "Payload": ANY},
        ("application/json", b'{"result": "TAKEN"}'),
        _json_error,
        function_gateway.OUTCOMES,
        respond=lambda _id: {"StatusCode": 200, "Payload": payload({"result": "TAKEN"})},
        has_message_id=False,
    ),
)
EACH = pytest.mark.parametrize("row", GATEWAYS, ids=lambda row: row.name)
# Those of an AWS service, whose calls and errors are in a model.
OF_AWS = EACH
PHONES = pytest.mark.parametrize(
    "row", [row for row in GATEWAYS if row.make(None).channel.billed_by_country], ids=lambda row: row.name
)
MESSAGES = pytest.mark.parametrize(
    "row", [row for row in GATEWAYS if row.service == MESSAGING], ids=lambda row: row.name
)


# The call, against the model of AWS.


@OF_AWS
def test_a_message_is_one_call_that_the_model_allows(row: GatewayRow) -> None:
    with Stubber(client_for_stubs(row.service)) as stub:
        stub.add_response(row.operation, dict(row.respond("1")), dict(row.call))
        result = row.make(client_for_stubs(row.service)).send(row.outgoing())
        stub.assert_no_pending_responses()
    message_id = "1" if row.has_message_id else ""
    assert result == Taken(message_id=message_id, wants_feedback=row.wants_feedback)


def sent(row: GatewayRow, options: SmsOptions = OPTIONS, **changes: Any) -> Mapping[str, Any]:
    """The arguments of the call for a message with other fields."""
    recording = RecordingClient()
    gateway: Any = replace(row.make(recording), options=options)  # type: ignore[type-var]
    assert isinstance(gateway.send(row.outgoing(**changes)), Taken)
    (call,) = recording.sent(row.operation)
    return call


@MESSAGES
@pytest.mark.parametrize(
    ("expires_at", "life"), [(NOW + 300, 300), (NOW + 5, 5), (NOW + 1, 5), (NOW + 10**6, 259_200), (0, None)]
)
def test_a_message_expires_with_its_code(row: GatewayRow, expires_at: int, life: int | None) -> None:
    assert sent(row, expires_at=expires_at).get("TimeToLive") == life


@MESSAGES
def test_options_that_are_not_set_are_not_sent(row: GatewayRow) -> None:
    bare = SmsOptions(notify_configuration="nc-1", voice_origination_identity="+12025550100")
    call = sent(row, bare, record_key="")
    absent = {"ConfigurationSetName", "ProtectConfigurationId", "TemplateId", "Context"}
    absent |= {"DestinationCountryParameters"}
    assert not absent & call.keys()
    assert all(call.values())


@MESSAGES
def test_a_message_without_an_answer_asks_for_no_feedback(row: GatewayRow) -> None:
    """AWS would count it as lost after an hour."""
    recording = RecordingClient()
    result = row.make(recording).send(row.outgoing(counts_as_unanswered=False))
    assert result == Taken(message_id="1")
    assert "MessageFeedbackEnabled" not in recording.sent(row.operation)[0]


# Notify and calls: templates and voices.

NOTIFY = next(row for row in GATEWAYS if row.name == "Notify")
CALLS = next(row for row in GATEWAYS if row.name == "calls")


@pytest.mark.parametrize(
    ("language", "template"), [("de", "vorlage-1"), ("fr", "template-1"), ("", "template-1")]
)
def test_notify_uses_the_template_of_the_language(language: str, template: str) -> None:
    assert sent(NOTIFY, language=language)["TemplateId"] == template


def test_notify_sends_no_message_that_is_more_than_a_code() -> None:
    recording = RecordingClient()
    result = NOTIFY.make(recording).send(NOTIFY.outgoing(digits=""))
    assert result == NotTaken("no_template", final=True)
    assert recording.calls == []


@pytest.mark.parametrize(
    ("content", "digits"),
    [
        ({}, CODE),
        ({"in_groups": True}, CODE),
        ({"purpose": "payment of 30 EUR"}, ""),
        ({"host": ""}, ""),  # a temporary password
        ({"code": None}, ""),
    ],
    ids=["code", "long code", "purpose", "password", "notice"],
)
def test_only_a_code_without_a_purpose_is_digits_alone(
    output: HandlerOutput, content: dict[str, Any], digits: str
) -> None:
    texts = {
        "sms": "text",
        "sms_warning": "",
        "sms_short": "code",
        "dir": "ltr",
        "lang": "de",
        "purpose": "{purpose}",
    }
    shown = MessageContent(texts, Code(CODE), "Example", host="app.example")._replace(**content)
    gateway = RecordingGateway(SMS)
    dispatch(gateway, output, shown)
    (outgoing,) = gateway.sent
    assert (outgoing.digits, outgoing.language) == (digits, "de")
    assert (outgoing.expires_at, outgoing.record_key) == (EXPIRES_AT, "sign_in_code#user-1")


@pytest.mark.parametrize(("language", "voice"), [("en", "JOANNA"), ("de", "HANS"), ("zh-Hans", "ZHIYU")])
def test_a_call_has_a_voice_of_its_language(language: str, voice: str) -> None:
    recording, options = RecordingClient(), replace(OPTIONS, voice_ids={"de": "HANS"})
    gateway = EndUserMessagingVoice(recording, "0.20", options)
    result = gateway.send(CALLS.outgoing(message=VoiceMessage("<speak/>", language)))
    assert [call["VoiceId"] for call in recording.sent("send_voice_message")] == [voice]
    assert result == Taken(message_id="1", wants_feedback=True)


# Each error of the models has an outcome.

# Reasons about one message: its number, its country, its price or its request.
OF_ONE_MESSAGE = {
    *("CANNOT_PARSE", "COUNTRY_CODE_MISMATCH", "COUNTRY_NOT_ENABLED", "DAILY_DESTINATION_CALL_LIMIT"),
    *("DESTINATION_COUNTRY_BLOCKED", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION"),
    *("DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE", "DESTINATION_PHONE_NUMBER_OPTED_OUT"),
    *("FIELD_VALIDATION_FAILED", "INTERNATIONAL_SENDING_NOT_SUPPORTED"),
    *("INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", "INVALID_PARAMETER", "INVALID_REQUEST"),
    *("MAXIMUM_SIZE_EXCEEDED", "MISSING_PARAMETER", "NO_ORIGINATION_IDENTITIES_FOUND", "OTHER"),
    *("PARAMETERS_CANNOT_BE_USED_TOGETHER", "PRICE_OVER_THRESHOLD", "SENDER_ID_NOT_REGISTERED"),
    *("SENDER_ID_NOT_SUPPORTED", "SENDER_ID_REQUIRES_REGISTRATION", "UNKNOWN_OPERATION"),
    "UNSPECIFIED_PARAMETER_NOT_SUPPORTED",
}
# Reasons that only other operations of the service can give.
OF_OTHER_OPERATIONS = {
    *("ASSOCIATIONS_PER_REGISTRATION", "ATTACHMENT_TYPE_NOT_SUPPORTED", "CANNOT_ADD_OPTED_OUT_NUMBER"),
    *("CONFIGURATION_SETS_PER_ACCOUNT", "CREATE_REGISTRATION_VERSION_NOT_ALLOWED"),
    *("DELETION_PROTECTION_ENABLED", "DISASSOCIATE_REGISTRATION_NOT_ALLOWED"),
    *("DISCARD_REGISTRATION_VERSION_NOT_ALLOWED", "EDIT_REGISTRATION_FIELD_VALUES_NOT_ALLOWED"),
    *("EVENT_DESTINATIONS_PER_CONFIGURATION_SET", "EVENT_DESTINATION_MISMATCH", "INVALID_FILTER_VALUES"),
    *("INVALID_NEXT_TOKEN", "INVALID_REGISTRATION_ASSOCIATION", "KEYWORDS_PER_PHONE_NUMBER"),
    *("KEYWORDS_PER_POOL", "KEYWORD_MISMATCH", "LAST_PHONE_NUMBER", "MEDIA_TYPE_NOT_SUPPORTED"),
    *("MONTHLY_SPEND_LIMIT_REACHED_FOR_MEDIA", "MONTHLY_SPEND_LIMIT_REACHED_FOR_RCS"),
    *("NOTIFY_CONFIGURATIONS_PER_ACCOUNT", "OPT_OUT_LISTS_PER_ACCOUNT", "OPT_OUT_LIST_MISMATCH"),
    *("ORIGINATION_IDENTITIES_PER_POOL", "PHONE_NUMBERS_PER_ACCOUNT", "PHONE_NUMBERS_PER_REGISTRATION"),
    *("PHONE_NUMBER_ASSOCIATED_TO_POOL", "PHONE_NUMBER_ASSOCIATED_TO_REGISTRATION"),
    *("PHONE_NUMBER_CANNOT_BE_OPTED_IN", "PHONE_NUMBER_CANNOT_BE_RELEASED"),
    *("PHONE_NUMBER_NOT_ASSOCIATED_TO_POOL", "PHONE_NUMBER_NOT_IN_REGISTRATION_REGION"),
    *("POOLS_PER_ACCOUNT", "POOL_ASSOCIATED_TO_NOTIFY_CONFIGURATION", "PROTECT_CONFIGURATIONS_PER_ACCOUNT"),
    *("PROTECT_CONFIGURATION_ASSOCIATED_WITH_CONFIGURATION_SET", "PROTECT_CONFIGURATION_IS_ACCOUNT_DEFAULT"),
    *("RCS_AGENTS_PER_ACCOUNT", "RCS_AGENT_ALREADY_ASSOCIATED_TO_REGISTRATION_TYPE"),
    *("RCS_AGENT_ASSOCIATED_TO_POOL", "REGISTRATIONS_PER_ACCOUNT", "REGISTRATION_ALREADY_SUBMITTED"),
    *("REGISTRATION_ATTACHMENTS_CREATED_PER_DAY", "REGISTRATION_ATTACHMENTS_PER_ACCOUNT"),
    *("REGISTRATION_FIELD_CANNOT_BE_DELETED", "REGISTRATION_NOT_COMPLETE"),
    *("REGISTRATION_VERSIONS_CREATED_PER_DAY", "REQUESTED_SPEND_LIMIT_HIGHER_THAN_SERVICE_LIMIT"),
    *("RESOURCE_ALREADY_ASSOCIATED", "RESOURCE_ALREADY_EXISTS", "RESOURCE_DELETION_NOT_ALLOWED"),
    *("RESOURCE_MODIFICATION_NOT_ALLOWED", "RESOURCE_NOT_EMPTY", "SELF_MANAGED_OPT_OUTS_MISMATCH"),
    *("SENDER_IDS_PER_ACCOUNT", "SENDER_ID_ASSOCIATED_TO_POOL", "SUBMIT_REGISTRATION_VERSION_NOT_ALLOWED"),
    *("TAGS_PER_RESOURCE", "TWO_WAY_CHANNEL_NOT_PRESENT", "TWO_WAY_CONFIG_MISMATCH", "TWO_WAY_NOT_ENABLED"),
    *("TWO_WAY_NOT_SUPPORTED_IN_COUNTRY", "TWO_WAY_NOT_SUPPORTED_IN_REGION", "TWO_WAY_TOPIC_NOT_PRESENT"),
    *("UNKNOWN_REGISTRATION_FIELD", "UNKNOWN_REGISTRATION_SECTION", "UNKNOWN_REGISTRATION_TYPE"),
    *("UNKNOWN_REGISTRATION_VERSION", "VERIFICATION_ALREADY_COMPLETE", "VERIFICATION_ATTEMPTS_PER_DAY"),
    *("VERIFICATION_CODE_EXPIRED", "VERIFICATION_CODE_MISMATCH", "VERIFIED_DESTINATION_NUMBERS_PER_ACCOUNT"),
}


def _operation(service: str, method: str) -> Any:
    made = client_for_stubs(service)
    return made.meta.service_model.operation_model(made.meta.method_to_api_mapping[method])


def reasons(row: GatewayRow) -> dict[str, set[str]]:
    """The reasons in the model for each error of the operation that has some."""
    shapes = _operation(row.service, row.operation).error_shapes
    return {shape.name: {*shape.members["Reason"].enum} for shape in shapes if "Reason" in shape.members}


@OF_AWS
def test_each_error_of_the_model_has_an_outcome(row: GatewayRow) -> None:
    in_model = modelled(row.service, _operation(row.service, row.operation).name)
    # SNS gives this one for a number, but its model lacks it.
    documented = {"OptedOut"} if row.service == "sns" else set()
    of_reasons = {*end_user_messaging._STOPPED} if row.service == MESSAGING else set()
    assert {*row.outcomes} - of_reasons == in_model | documented


@MESSAGES
def test_each_reason_of_the_model_has_an_outcome(row: GatewayRow) -> None:
    in_model = set().union(*reasons(row).values())
    stopped = {*end_user_messaging._STOPPED}
    groups = (stopped, OF_ONE_MESSAGE, OF_OTHER_OPERATIONS)
    assert in_model == set().union(*groups)
    assert len(in_model) == sum(map(len, groups)), "no reason is in two groups"


def refused(row: GatewayRow, code: str, reason: str = "") -> SendResult:
    """The result of a message that the service refuses with an error of its model."""
    status = 500 if row.outcomes.get(code) is Outcome.UNKNOWN else 400
    with Stubber(client_for_stubs(row.service)) as stub:
        stub.add_client_error(
            row.operation,
            code,
            f"{CODE} for {row.to}",
            status,
            modeled_fields={"Reason": reason} if reason else None,
        )
        return row.make(client_for_stubs(row.service)).send(row.outgoing())


def meant(row: GatewayRow, code: str, reason: str = "") -> SendResult:
    """The result for an error by the outcome that it should have."""
    name = reason or code
    outcome = row.outcomes.get(name) or row.outcomes[code]
    if outcome is Outcome.UNKNOWN:
        return Unknown(f"{_service_name(row)} answered {name}")
    if outcome is Outcome.LATER:
        return NotTaken(f"{_service_name(row)} answered {name}", final=False)
    return NotTaken(name, final=True, is_account_wide=outcome is Outcome.STOPPED)


def _service_name(row: GatewayRow) -> str:
    return "End User Messaging" if row.service == MESSAGING else row.name


@OF_AWS
def test_each_error_of_the_model_has_its_result(row: GatewayRow) -> None:
    errors = modelled(row.service, _operation(row.service, row.operation).name)
    assert errors
    for code in errors:
        assert refused(row, code) == meant(row, code), code


@MESSAGES
def test_each_reason_of_the_model_has_its_result(row: GatewayRow) -> None:
    for code, of_code in reasons(row).items():
        for reason in of_code - OF_OTHER_OPERATIONS:
            assert refused(row, code, reason) == meant(row, code, reason), reason
    limit = refused(row, "ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT")
    assert limit == NotTaken("MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", final=True, is_account_wide=True)
    price = refused(row, "ValidationException", "PRICE_OVER_THRESHOLD")
    assert price == NotTaken("PRICE_OVER_THRESHOLD", final=True)
    throttled = refused(row, "ThrottlingException")
    assert throttled == NotTaken("End User Messaging answered ThrottlingException", final=False)


# The wire: time-outs, lost connections and unreadable answers, from a server on loopback.

Answer = Callable[["_Handler"], None]


class _Handler(BaseHTTPRequestHandler):
    """Answers each request with the answer of the server."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.requests += 1
        self.close_connection = True
        server.answer(self)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def gives(status: int, content_type: str, body: bytes, length: int | None = None) -> Answer:
    """Return an answer. `length` is the wrong length of the body that its header has."""

    def answer(handler: _Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def _says(status: int, code: str) -> Callable[[GatewayRow], Answer]:
    return lambda row: gives(status, *row.error(code, f"no {CODE} for {row.to}"))


def _resets(_row: GatewayRow) -> Answer:
    return lambda handler: handler.connection.close()


def _is_silent(_row: GatewayRow) -> Answer:
    def answer(handler: _Handler) -> None:
        server: Any = handler.server
        server.is_over.wait()

    return answer


# Each answer with its result. Only a message that certainly was not taken is `NotTaken`.
WIRE: dict[str, tuple[Callable[[GatewayRow], Answer], type[SendResult]]] = {
    "taken": (lambda row: gives(200, *row.answer), Taken),
    "silence": (_is_silent, Unknown),
    "reset": (_resets, Unknown),
    "cut": (lambda row: gives(200, *row.answer, length=999), Unknown),
    "not UTF-8": (lambda row: gives(200, row.answer[0], b"\xff\xfe"), Unknown),
    "no id": (lambda row: gives(200, row.answer[0], b"{}" if "json" in row.answer[0] else b"<a/>"), Unknown),
    "500": (_says(500, "InternalFailure"), Unknown),
    "502": (lambda row: gives(502, "text/html", f"<p>{CODE}</p>".encode()), Unknown),
    "503": (_says(503, "ServiceUnavailable"), NotTaken),
    "throttled": (_says(400, "ThrottlingException"), NotTaken),
    "denied": (_says(403, "AccessDeniedException"), NotTaken),
    "expired credentials": (_says(400, "ExpiredTokenException"), NotTaken),
}


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """The client of a slow answer closes its connection."""


@pytest.fixture(scope="module")
def clients() -> Iterator[Any]:
    """A server, and a client with a short time-out for each service."""
    server: Any = _Server(("127.0.0.1", 0), _Handler)
    place = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with server, own_session(place):
        server.of_service = {
            service: client(service, attempts=1, read_timeout=0.3)  # type: ignore[call-overload]
            for service in {row.service for row in GATEWAYS}
        }
        yield server


@pytest.fixture
def wire(clients: Any, socket_enabled: None) -> Iterator[Any]:
    """The server, which counts its requests. A test sets its answer."""
    clients.requests, clients.is_over = 0, Event()
    thread = Thread(target=clients.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield clients
    clients.is_over.set()
    clients.shutdown()
    thread.join(10)


@EACH
@pytest.mark.parametrize("answer", WIRE)
def test_each_answer_of_the_wire_has_an_outcome_and_no_secret(
    wire: Any, output: HandlerOutput, caplog: pytest.LogCaptureFixture, row: GatewayRow, answer: str
) -> None:
    """`output` is the log of this project, and `caplog` that of all libraries, at the level DEBUG."""
    make, outcome = WIRE[answer]
    wire.answer = make(row)
    gateway = row.make(wire.of_service[row.service])
    with caplog.at_level(logging.DEBUG):
        result = gateway.send(row.outgoing())
        dispatch(gateway, output, CONTENT, row)
    assert type(result) is outcome
    assert not isinstance(result, NotTaken) or not result.final
    assert wire.requests == (4 if outcome is NotTaken else 2), "one call, and the attempts of the dispatcher"
    for secret in (CODE, row.to):
        assert secret not in output.text + caplog.text + repr((gateway, row.outgoing(), result))


def test_a_service_that_is_not_reached_has_not_taken_the_message(clients: Any, socket_enabled: None) -> None:
    free: Any = _Server(("127.0.0.1", 0), _Handler)
    port = free.server_address[1]
    free.server_close()
    place = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with own_session(place):
        for row in GATEWAYS:
            made = client(row.service, attempts=1, read_timeout=0.3)  # type: ignore[call-overload]
            result = row.make(made).send(row.outgoing())
            assert isinstance(result, NotTaken), row.name
            assert (result.final, result.is_gateway_failure) == (False, True)


def dispatch(
    gateway: Gateway, output: HandlerOutput, content: MessageContent, row: GatewayRow | None = None
) -> None:
    """Let the dispatcher send a message, as `deliver` does. The message of `row` replaces its own."""
    channel = replace(gateway.channel, render=lambda shown: row.message if row else SMS.render(shown))
    to = Destination(channel, row.to if row else PHONE)
    sender: Any = replace(ChannelOf(gateway, channel))
    dispatcher = Dispatcher({"gateway": sender}, "Example", "app.example", lambda _: None)
    try:
        dispatcher.send(
            [to],
            lambda _: content,
            Receive(NOW, 1, lambda: 60.0),
            output.telemetry,
            is_open_class=False,
            expires_at=EXPIRES_AT,
            record_key="sign_in_code#user-1",
        )
    except PasscodeError as error:
        output.telemetry.failed("not sent", error)


@dataclass(frozen=True)
class ChannelOf:
    """A gateway on another channel."""

    gateway: Gateway
    channel: Any

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Send one message."""
        return self.gateway.send(outgoing)


# Account-wide errors.


@OF_AWS
def test_only_an_error_of_the_whole_account_is_counted_for_its_alarm(
    output: HandlerOutput, row: GatewayRow
) -> None:
    channel = row.make(None).channel.name
    expected = []
    for code, outcome in row.outcomes.items():
        error = refused_by_aws("ConflictException" if code.isupper() else code, status=400)
        if code.isupper():
            error.response["Reason"] = code  # type: ignore[typeddict-unknown-key]
        failing: Any = {row.operation: error}
        dispatch(row.make(RecordingClient(**failing)), output, CONTENT, row)
        expected += [{"channel": channel}] if outcome is Outcome.STOPPED else []
    assert output.counted("gateway_stopped") == expected
    assert bool(expected) is (row.name != "SNS")


# Limits.


def limited(gateway: Gateway, counters: MemorySmsCounters, output: HandlerOutput, cap: int = 100) -> Gateway:
    """The gateway with the limits of its channel."""
    return limit_gateways(
        {"gateway": gateway},
        by_country=partial(
            LimitedSms,
            counters=counters,
            limits=SmsLimits(cap, cap, cap),
            countries=frozenset({"US"}),
            salt=SALT,
        ),
        by_day=partial(LimitedEmail, budget=EmailBudget(MemoryEmailCounters(), cap, output.telemetry)),
    )["gateway"]


@EACH
def test_a_used_up_cap_costs_no_call(output: HandlerOutput, row: GatewayRow) -> None:
    recording = RecordingClient()
    gateway = limited(row.make(recording), MemorySmsCounters(), output, cap=0)
    result = gateway.send(row.outgoing())
    assert isinstance(result, NotTaken)
    assert (result.reason, result.final) == ("budget", True)
    assert recording.calls == []


@PHONES
def test_a_number_gets_three_unanswered_messages_and_none_to_another_country(
    output: HandlerOutput, row: GatewayRow
) -> None:
    recording = RecordingClient()
    gateway = limited(row.make(recording), MemorySmsCounters(), output)
    results = [gateway.send(row.outgoing()) for _ in range(4)]
    assert [isinstance(result, Taken) for result in results] == [True, True, True, False]
    assert results[3] == NotTaken("number_limit", final=True, country="US")
    assert isinstance(results[0], Taken)
    assert results[0].country == "US"
    abroad = gateway.send(row.outgoing(to="+4915112345678"))
    assert abroad == NotTaken("country", final=True, country="DE")
    assert len(recording.sent(row.operation)) == 3


@PHONES
@pytest.mark.parametrize(("status", "counted"), [(400, 0), (500, 1)])
def test_only_a_message_that_was_certainly_not_taken_is_given_back(
    output: HandlerOutput, row: GatewayRow, status: int, counted: int
) -> None:
    counters = MemorySmsCounters()
    failing: Any = {row.operation: refused_by_aws("SomeFailure", status=status)}
    limited(row.make(RecordingClient(**failing)), counters, output).send(row.outgoing())
    (number,) = counters.numbers.values()
    (day,) = counters.days.values()
    assert (number.open, day["sent", ""]) == (counted, counted)


# Feedback.


@EACH
def test_feedback_is_sent_once_and_only_after_a_right_answer(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput, row: GatewayRow
) -> None:
    """`verify` and `token_api` record a right answer with `record_answer`, and only a right one."""
    counters = MemorySmsCounters()
    ids = iter(("first", "second"))
    recording = RecordingClient({row.operation: lambda _: row.respond(next(ids))})
    gateway = limited(row.make(recording), counters, output)
    number = number_key(destination_id(Destination(gateway.channel, row.to), SALT), is_open_class=False)
    for later in (0, 40):
        assert isinstance(gateway.send(row.outgoing(now=NOW + later)), Taken)
    with Stubber(client_for_stubs(MESSAGING)) as stub:
        monkeypatch.setattr(message_feedback, "_client", lambda: client_for_stubs(MESSAGING))
        report = {"MessageId": "second", "MessageFeedbackStatus": "RECEIVED"}
        if row.wants_feedback:
            stub.add_response("put_message_feedback", report, report)
        for _ in range(2):
            record_answer(
                counters,
                number,
                lambda: "US",
                NOW + 50,
                output.telemetry,
                message_feedback.report_received,
            )
        stub.assert_no_pending_responses()
    assert output.lines == []


def test_a_report_that_fails_is_a_warning_only(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    counters, row = MemorySmsCounters(), GATEWAYS[2]
    assert isinstance(limited(row.make(RecordingClient()), counters, output).send(row.outgoing()), Taken)
    failing = RecordingClient(put_message_feedback=refused_by_aws("ResourceNotFoundException", status=400))
    monkeypatch.setattr(message_feedback, "_client", lambda: failing)
    (number,) = counters.numbers
    for _ in range(2):
        record_answer(counters, number, lambda: "US", NOW, output.telemetry, message_feedback.report_received)
    assert len(failing.calls) == 1
    (line,) = output.lines
    assert line["message"] == "an answered SMS was not reported"
    assert PHONE not in output.text
    assert CODE not in output.text
