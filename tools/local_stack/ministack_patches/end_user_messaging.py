"""A fake of AWS End User Messaging (`pinpoint-sms-voice-v2`), which ministack does not have.

It has the four operations that the stack calls, and those for configuration sets with event destinations.
Sent messages are in the log of SMS, from which the inbox reads them. A call is there as text, with the
channel `voice`. Each message has one event, at once.

Source: "Example event data" and "Simulator phone numbers" of AWS End User Messaging.
"""

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, OperationModel, ServiceModel, StringShape, StructureShape
from botocore.session import get_session
from botocore.validate import ParamValidator
from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import sns

Request = Mapping[str, Any]
Answer = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]

_SERVICE = "sms-voice"
# The template of this fake. The text of AWS's templates is in their list only.
_TEMPLATE = "{code} is your verification code."
# The number of AWS's simulator in the US to which messages fail. AWS does not document the type of the event.
_FAILING_NUMBER = "+14254147167"
_SUCCESSES = {"sms": "TEXT_DELIVERED", "voice": "VOICE_COMPLETED"}
_FAILURES = {"sms": "TEXT_INVALID", "voice": "VOICE_FAILED"}
_DESTINATIONS = ("CloudWatchLogsDestination", "KinesisFirehoseDestination", "SnsDestination")
# The configuration sets by name, as DescribeConfigurationSets shows them.
_configuration_sets = AccountRegionScopedDict()


class _Refused(Exception):
    """An error of the service: its code, and more members of its shape."""

    def __init__(self, code: str, **members: str) -> None:
        super().__init__(code)
        self.body = {"__type": code, **members}


def patch() -> None:
    """Requests with the target `PinpointSMSVoiceV2` reach the service, with the rights of `sms-voice`."""
    router.SERVICE_PATTERNS[_SERVICE] = {"target_prefixes": ["PinpointSMSVoiceV2"]}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_SERVICE] = _SERVICE
    app.SERVICE_HANDLERS[_SERVICE] = _handle


async def _handle(
    _method: str, _path: str, headers: Mapping[str, str], body: bytes, _query: object
) -> Response:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        answer = _answer(operation, json.loads(body))
    except _Refused as refused:
        return _response(400, refused.body)
    return _response(200, answer)


def _response(status: int, body: Answer) -> Response:
    # A new dictionary each time, because ministack adds the headers of the response to it.
    return status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()


def _answer(operation: str, request: Request) -> Answer:
    if operation not in _OPERATIONS:
        raise _Refused("ValidationException", Reason="UNKNOWN_OPERATION")
    _validate(request, _model().operation_model(operation))
    return _OPERATIONS[operation](request)


@cache
def _model() -> ServiceModel:
    return get_session().get_service_model("pinpoint-sms-voice-v2")


def _validate(request: Request, operation: OperationModel) -> None:
    """AWS refuses a request that its model does not allow: names, types, lengths, patterns and bounds."""
    shape: Any = operation.input_shape
    report = ParamValidator().validate(request, shape)
    if report.has_errors() or not _is_allowed(request, shape):
        raise _Refused(
            "ValidationException", Reason="FIELD_VALIDATION_FAILED", Message=report.generate_report()
        )


def _is_allowed(value: Any, shape: Any) -> bool:
    limits = shape.metadata
    if isinstance(shape, StructureShape):
        members = shape.members
        return all(name in members and _is_allowed(each, members[name]) for name, each in value.items())
    if isinstance(shape, ListShape):
        return all(_is_allowed(each, shape.member) for each in value)
    if isinstance(shape, StringShape):
        pattern = limits.get("pattern")
        has_form = pattern is None or re.fullmatch(pattern, value)
        return bool(has_form) and len(value) <= limits.get("max", len(value)) and _is_in(value, shape.enum)
    return not isinstance(value, int) or value <= limits.get("max", value)


def _is_in(value: str, choices: list[str]) -> bool:
    return not choices or value in choices


def _send_text(request: Request) -> Answer:
    return {"MessageId": _send(request, "sms", request["MessageBody"])}


def _send_notify_text(request: Request) -> Answer:
    """AWS answers with the text that it sent."""
    if "code" not in request["TemplateVariables"]:
        raise _Refused("ValidationException", Reason="MISSING_PARAMETER")
    text = _TEMPLATE.format(code=request["TemplateVariables"]["code"])
    template = request.get("TemplateId", "a-default-template")
    message_id = _send(request, "sms", text)
    return {"MessageId": message_id, "TemplateId": template, "ResolvedMessageBody": text}


def _send_voice(request: Request) -> Answer:
    spoken = " ".join(re.sub(r"<[^>]*>", " ", request["MessageBody"]).split())
    return {"MessageId": _send(request, "voice", spoken)}


def _send(request: Request, channel: str, text: str) -> str:
    used = _configuration_set(request) if "ConfigurationSetName" in request else {"EventDestinations": []}
    number, message_id = request["DestinationPhoneNumber"], str(uuid.uuid4())
    if request.get("DryRun"):
        return message_id
    record = {"Message": text, "Channel": channel, "MessageId": message_id, "Request": dict(request)}
    sns._sms_log_for(number).append(record)
    event_type = (_FAILURES if number == _FAILING_NUMBER else _SUCCESSES)[channel]
    wanted = {event_type, f"{event_type.partition('_')[0]}_ALL", "ALL"}
    for destination in used["EventDestinations"]:
        if "SnsDestination" in destination and wanted & set(destination["MatchingEventTypes"]):
            event = json.dumps(_event(event_type, message_id, request))
            sns.publish_internal(destination["SnsDestination"]["TopicArn"], event)
    return message_id


def _event(event_type: str, message_id: str, request: Request) -> dict[str, Any]:
    """Return an event, without what a carrier adds: networks, parts and prices."""
    now = int(time.time() * 1000)
    return {
        "eventType": event_type,
        "eventVersion": "1.0",
        "eventTimestamp": now,
        "isFinal": True,
        "originationPhoneNumber": request.get("OriginationIdentity", ""),
        "destinationPhoneNumber": request["DestinationPhoneNumber"],
        "messageId": message_id,
        "messageRequestTimestamp": now,
        "messageType": request.get("MessageType", "TRANSACTIONAL"),
        "messageStatus": event_type.partition("_")[2],
        "context": request.get("Context", {}),
    }


def _put_feedback(request: Request) -> Answer:
    """Feedback is for a message that was sent with `MessageFeedbackEnabled`."""
    for records in sns._sms_messages.to_dict().values():
        for record in records:
            enabled = record.get("Request", {}).get("MessageFeedbackEnabled")
            if enabled and record.get("MessageId") == request["MessageId"]:
                record.setdefault("Feedback", []).append(request["MessageFeedbackStatus"])
                return {name: request[name] for name in ("MessageId", "MessageFeedbackStatus")}
    raise _Refused("ResourceNotFoundException", ResourceType="message")


def _create_set(request: Request) -> Answer:
    name = request["ConfigurationSetName"]
    if name in _configuration_sets:
        raise _conflict("configuration-set", name)
    arn = f"arn:aws:sms-voice:{get_region()}:{get_account_id()}:configuration-set/{name}"
    created = {"ConfigurationSetArn": arn, "ConfigurationSetName": name, "CreatedTimestamp": time.time()}
    _configuration_sets[name] = {**created, "EventDestinations": []}
    return created


def _describe_sets(request: Request) -> Answer:
    if request.keys() - {"ConfigurationSetNames"}:
        # The fake has no filters and no pages.
        raise _Refused("ValidationException", Reason="UNSPECIFIED_PARAMETER_NOT_SUPPORTED")
    names = request.get("ConfigurationSetNames") or list(_configuration_sets)
    return {"ConfigurationSets": [_configuration_set({"ConfigurationSetName": name}) for name in names]}


def _delete_set(request: Request) -> Answer:
    deleted = _configuration_set(request)
    del _configuration_sets[deleted["ConfigurationSetName"]]
    return deleted


def _create_destination(request: Request) -> Answer:
    changed, name = _configuration_set(request), request["EventDestinationName"]
    if name in [each["EventDestinationName"] for each in changed["EventDestinations"]]:
        raise _conflict("event-destination", name)
    given = {each: request[each] for each in _DESTINATIONS if each in request}
    if len(given) != 1:
        raise _Refused(
            "ValidationException",
            Reason="PARAMETERS_CANNOT_BE_USED_TOGETHER" if given else "MISSING_PARAMETER",
        )
    types = request["MatchingEventTypes"]
    created = {"EventDestinationName": name, "Enabled": True, "MatchingEventTypes": types, **given}
    changed["EventDestinations"].append(created)
    return _with_destination(changed, created)


def _delete_destination(request: Request) -> Answer:
    changed, name = _configuration_set(request), request["EventDestinationName"]
    for each in changed["EventDestinations"]:
        if each["EventDestinationName"] == name:
            changed["EventDestinations"].remove(each)
            return _with_destination(changed, each)
    raise _Refused("ResourceNotFoundException", ResourceType="event-destination", ResourceId=name)


def _configuration_set(request: Request) -> Answer:
    """Return the configuration set that a request names, by its name or ARN."""
    name = request["ConfigurationSetName"]
    found: Answer | None = _configuration_sets.get(name.rpartition("/")[2])
    if found is None:
        raise _Refused("ResourceNotFoundException", ResourceType="configuration-set", ResourceId=name)
    return found


def _with_destination(changed: Answer, destination: Answer) -> Answer:
    names = ("ConfigurationSetArn", "ConfigurationSetName")
    return {name: changed[name] for name in names} | {"EventDestination": destination}


def _conflict(kind: str, name: str) -> _Refused:
    reason = "RESOURCE_ALREADY_EXISTS"
    return _Refused("ConflictException", Reason=reason, ResourceType=kind, ResourceId=name)


_OPERATIONS: dict[str, Callable[[Request], Answer]] = {
    "SendTextMessage": _send_text,
    "SendNotifyTextMessage": _send_notify_text,
    "SendVoiceMessage": _send_voice,
    "PutMessageFeedback": _put_feedback,
    "CreateConfigurationSet": _create_set,
    "DescribeConfigurationSets": _describe_sets,
    "DeleteConfigurationSet": _delete_set,
    "CreateEventDestination": _create_destination,
    "DeleteEventDestination": _delete_destination,
}
