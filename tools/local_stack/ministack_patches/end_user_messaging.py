"""A fake of AWS End User Messaging (`pinpoint-sms-voice-v2`), which ministack does not have.

It has the four operations that the stack calls. Sent messages are in the log of SMS, from which the inbox
reads them. A call is there as text, with the channel `voice`.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.model import OperationModel, ServiceModel, StringShape
from botocore.session import get_session
from botocore.validate import ParamValidator
from ministack import app
from ministack.core import iam_actions, router
from ministack.services import sns

Request = Mapping[str, Any]
Response = tuple[int, dict[str, str], bytes]

_SERVICE = "sms-voice"
# The template of this fake. The text of AWS's templates is in their list only.
_TEMPLATE = "{code} is your verification code."


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


def _response(status: int, body: Mapping[str, str]) -> Response:
    # A new dictionary each time, because ministack adds the headers of the response to it.
    return status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()


def _answer(operation: str, request: Request) -> dict[str, str]:
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
    unknown = [name for name in request if name not in shape.members]
    members = ((value, shape.members[name]) for name, value in request.items() if name in shape.members)
    wrong = [value for value, of_value in members if not _is_allowed(value, of_value)]
    if report.has_errors() or unknown or wrong:
        raise _Refused(
            "ValidationException", Reason="FIELD_VALIDATION_FAILED", Message=report.generate_report()
        )


def _is_allowed(value: Any, shape: Any) -> bool:
    limits = shape.metadata
    if isinstance(shape, StringShape):
        pattern = limits.get("pattern")
        has_form = pattern is None or re.fullmatch(pattern, value)
        return bool(has_form) and len(value) <= limits.get("max", len(value)) and _is_in(value, shape.enum)
    return not isinstance(value, int) or value <= limits.get("max", value)


def _is_in(value: str, choices: list[str]) -> bool:
    return not choices or value in choices


def _send_text(request: Request) -> dict[str, str]:
    return {"MessageId": _send(request, "sms", request["MessageBody"])}


def _send_notify_text(request: Request) -> dict[str, str]:
    """AWS answers with the text that it sent."""
    if "code" not in request["TemplateVariables"]:
        raise _Refused("ValidationException", Reason="MISSING_PARAMETER")
    text = _TEMPLATE.format(code=request["TemplateVariables"]["code"])
    template = request.get("TemplateId", "a-default-template")
    message_id = _send(request, "sms", text)
    return {"MessageId": message_id, "TemplateId": template, "ResolvedMessageBody": text}


def _send_voice(request: Request) -> dict[str, str]:
    spoken = " ".join(re.sub(r"<[^>]*>", " ", request["MessageBody"]).split())
    return {"MessageId": _send(request, "voice", spoken)}


def _send(request: Request, channel: str, text: str) -> str:
    message_id = str(uuid.uuid4())
    record = {"Message": text, "Channel": channel, "MessageId": message_id, "Request": dict(request)}
    sns._sms_log_for(request["DestinationPhoneNumber"]).append(record)
    return message_id


def _put_feedback(request: Request) -> dict[str, str]:
    """Feedback is for a message that was sent with `MessageFeedbackEnabled`."""
    for records in sns._sms_messages.to_dict().values():
        for record in records:
            enabled = record.get("Request", {}).get("MessageFeedbackEnabled")
            if enabled and record.get("MessageId") == request["MessageId"]:
                record.setdefault("Feedback", []).append(request["MessageFeedbackStatus"])
                return {name: request[name] for name in ("MessageId", "MessageFeedbackStatus")}
    raise _Refused("ResourceNotFoundException", ResourceType="message")


_OPERATIONS: dict[str, Callable[[Request], dict[str, str]]] = {
    "SendTextMessage": _send_text,
    "SendNotifyTextMessage": _send_notify_text,
    "SendVoiceMessage": _send_voice,
    "PutMessageFeedback": _put_feedback,
}
