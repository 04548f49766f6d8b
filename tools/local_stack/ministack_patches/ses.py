"""Emails with their headers and attachments, and events of the addresses of the mailbox simulator."""

import json
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

from ministack import app
from ministack.services import ses_v2, sns

Response = tuple[int, dict[str, str], bytes]
Handle = Callable[..., Coroutine[Any, Any, Response]]
Inspect = Callable[..., Coroutine[Any, Any, Response | None]]

_PARTS = ("Headers", "Attachments")
# The headers and attachments of each sent email, by the id of the message.
_parts: dict[str, dict[str, list[Mapping[str, str]]]] = {}


# The addresses of the mailbox simulator, with any label after a plus sign: the event, its type in an event
# destination, and its details.
_SIMULATED: dict[str, tuple[str, str, Mapping[str, str]]] = {
    "success": ("Delivery", "DELIVERY", {}),
    "bounce": ("Bounce", "BOUNCE", {"bounceType": "Permanent", "bounceSubType": "General"}),
    "suppressionlist": (
        "Bounce",
        "BOUNCE",
        {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"},
    ),
    "complaint": ("Complaint", "COMPLAINT", {"complaintFeedbackType": "abuse"}),
}
_SIMULATOR = re.compile(r"(\w+)(?:\+[^@]*)?@simulator\.amazonses\.com", re.IGNORECASE)


def patch() -> None:
    """SES sends the headers and attachments of simple content, and events. ministack drops them."""
    ses_v2.handle_request = _publishing_events(_keeping_parts(ses_v2.handle_request))
    app._handle_ses_messages_request = _with_parts(app._handle_ses_messages_request)


def _keeping_parts(handle: Handle) -> Handle:
    async def handled(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Response:
        response = await handle(method, path, headers, body, query_params)
        if response[0] == 200 and method == "POST" and path.rstrip("/").endswith("/outbound-emails"):
            simple = json.loads(body).get("Content", {}).get("Simple", {})
            _parts[json.loads(response[2])["MessageId"]] = {name: simple.get(name) or [] for name in _PARTS}
        return response

    return handled


def _with_parts(inspect: Inspect) -> Inspect:
    """Add the parts to the emails in the list that the inbox reads."""

    async def inspected(*request: Any) -> Response | None:
        response = await inspect(*request)
        if response is None or response[0] != 200:
            return response
        status, headers, body = response
        content = json.loads(body)
        for mails in content["messages"].values():
            for mail in mails:
                mail.update(_parts.get(mail["MessageId"], {name: [] for name in _PARTS}))
        return status, headers, json.dumps(content).encode()

    return inspected


def _publishing_events(handle: Handle) -> Handle:
    """SES publishes the events of a message to the SNS topics of its configuration set.

    Here only messages to the mailbox simulator have events, each of them one.
    """

    async def handled(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Response:
        response = await handle(method, path, headers, body, query_params)
        if response[0] == 200 and method == "POST" and path.rstrip("/").endswith("/outbound-emails"):
            request, message_id = json.loads(body), json.loads(response[2])["MessageId"]
            for topic, event in _events(request, message_id):
                sns.publish_internal(topic, json.dumps(event), "Amazon SES Email Event Notification")
        return response

    return handled


def _events(request: Mapping[str, Any], message_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the ARN of a topic and an event for it."""
    settings = ses_v2._config_sets.get(request.get("ConfigurationSetName", "")) or {}
    targets = [each for each in (settings.get("EventDestinations") or {}).values() if each["Enabled"]]
    tags = {tag["Name"]: [tag["Value"]] for tag in request.get("EmailTags", ())}
    for address in request["Destination"].get("ToAddresses", ()):
        simulated = _SIMULATOR.fullmatch(address)
        name, kind, details = _SIMULATED.get(simulated[1].lower() if simulated else "", ("", "", {}))
        mail = {"messageId": message_id, "destination": [address], "tags": tags}
        for target in targets:
            if kind in target["MatchingEventTypes"] and "SnsDestination" in target:
                event = {"eventType": name, "mail": mail, name.lower(): details}
                yield target["SnsDestination"]["TopicArn"], event
