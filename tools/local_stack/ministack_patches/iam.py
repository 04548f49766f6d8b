"""IAM: ministack checks the policies of a function's role, but lacks some condition keys and resources."""

import json
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any

from ministack import app
from ministack.core import iam_evaluator

from tools.local_stack.environment import ACCOUNT

Request = Mapping[str, Any]
Keys = dict[str, Any]


def patch() -> None:
    """A policy can have conditions on the content of a request. They are evaluated with its real values."""
    iam_evaluator.enforce = _with_request_context(iam_evaluator.enforce)
    iam_evaluator._resolve_condition_key = _with_role_arn(iam_evaluator._resolve_condition_key)
    _trust_loopback()


def _trust_loopback() -> None:
    """Requests to AWS use TLS, and the queue policies require it. Here loopback counts as TLS."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _secure: pin(source_ip, True)


def _with_role_arn(resolve: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """`aws:PrincipalArn` of a function is the ARN of its role, not of its session."""

    def resolve_with_role(key: str, context: Any) -> Any:
        found = resolve(key, context)
        session = re.fullmatch(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.+", str(found))
        if key.lower() != "aws:principalarn" or not session:
            return found
        return f"arn:aws:iam::{session[1]}:role/{session[2]}"

    return resolve_with_role


def _with_request_context(enforce: Callable[..., Any]) -> Callable[..., Any]:
    def enforce_with_context(
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Keys | None = None,
    ) -> Any:
        request = _request()
        context = {**(service_context or {}), **_KEYS_OF.get(action, _no_keys)(request)}
        resources = _mail_resources(region, request) if action == "ses:SendEmail" else [resource_arn]
        refusals = (enforce(access_key, action, service, region, each, context) for each in resources)
        return next((refusal for refusal in refusals if refusal), None)

    return enforce_with_context


def _request() -> Request:
    # ministack keeps only requests with the credentials of a role. Other requests are the administrator's.
    signed = iam_evaluator._signed_request.get()
    is_json = signed and signed.body.startswith(b"{")
    return json.loads(signed.body) if is_json else {}


def _mail_resources(region: str, request: Request) -> list[str]:
    """`ses:SendEmail` needs permission for the sender's identity and for the configuration set."""
    account = f"arn:aws:ses:{region}:{ACCOUNT}"
    resources = {"identity": _sender(request), "configuration-set": request.get("ConfigurationSetName")}
    return [f"{account}:{kind}/{name}" for kind, name in resources.items() if name] or ["*"]


def _sender(request: Request) -> str:
    return parseaddr(request.get("FromEmailAddress", ""))[1]


def _no_keys(_request: Request) -> Keys:
    return {}


def _leading_keys(request: Request) -> Keys:
    """`dynamodb:LeadingKeys` are the partition keys of the items that the request accesses."""
    return {"dynamodb:LeadingKeys": list(request.get("Key", {}).get("pk", {}).values())}


def _keys_of_a_batch(request: Request) -> Keys:
    """The same for a batch: the partition keys of all items."""
    keys = [key for table in request.get("RequestItems", {}).values() for key in table.get("Keys", ())]
    return {"dynamodb:LeadingKeys": [value for key in keys for value in key.get("pk", {}).values()]}


def _read_attributes(request: Request) -> Keys:
    """`dynamodb:Attributes` are the requested attributes with the key. A whole item has none."""
    names = request.get("ExpressionAttributeNames", {})
    requested = [name.strip() for name in request.get("ProjectionExpression", "").split(",") if name.strip()]
    attributes = [*request.get("Key", {}), *(names.get(name, name) for name in requested)]
    return _leading_keys(request) | {
        "dynamodb:Attributes": attributes if requested else None,
        "dynamodb:Select": "SPECIFIC_ATTRIBUTES" if requested else "ALL_ATTRIBUTES",
    }


# The words of update and condition expressions that name no attribute.
_EXPRESSION_WORDS = {"set", "remove", "add", "delete", "and", "or", "not", "in", "between"}


def _written_attributes(request: Request) -> Keys:
    """`dynamodb:Attributes` are the attributes in the expressions of a write, with the key.

    `dynamodb:ReturnValues` is the part of the item that the response shows.
    """
    names = request.get("ExpressionAttributeNames", {})
    text = f"{request.get('UpdateExpression', '')} {request.get('ConditionExpression', '')}"
    # No placeholder, and no name of a function.
    bare = set(re.findall(r"(?<![#:\w])[A-Za-z_]\w*\b(?!\s*\()", text))
    found = {word for word in bare if word.lower() not in _EXPRESSION_WORDS} | set(names.values())
    return _leading_keys(request) | {
        "dynamodb:Attributes": sorted({*request.get("Key", {}), *found}),
        "dynamodb:ReturnValues": request.get("ReturnValues", "NONE"),
    }


def _mac_algorithm(request: Request) -> Keys:
    """`kms:MacAlgorithm` is the algorithm in the request."""
    return {"kms:MacAlgorithm": request.get("MacAlgorithm")}


def _signing_algorithm(request: Request) -> Keys:
    """`kms:SigningAlgorithm` is the algorithm in the request."""
    return {"kms:SigningAlgorithm": request.get("SigningAlgorithm")}


def _encryption_context(request: Request) -> Keys:
    """`kms:EncryptionContext:<name>` is the value of that name in the encryption context."""
    context = request.get("EncryptionContext") or {}
    return {f"kms:EncryptionContext:{name}": value for name, value in context.items()}


def _from_address(request: Request) -> Keys:
    """`ses:FromAddress` is the sender's address without a display name."""
    return {"ses:FromAddress": _sender(request)}


_KEYS_OF: dict[str, Callable[[Request], Keys]] = {
    "dynamodb:UpdateItem": _written_attributes,
    "dynamodb:GetItem": _read_attributes,
    "dynamodb:DeleteItem": _leading_keys,
    "dynamodb:BatchGetItem": _keys_of_a_batch,
    "kms:GenerateMac": _mac_algorithm,
    "kms:Encrypt": _encryption_context,
    "kms:Decrypt": _encryption_context,
    "kms:Sign": _signing_algorithm,
    "kms:Verify": _signing_algorithm,
    "ses:SendEmail": _from_address,
}
