"""Verification of email addresses and phone numbers by a code."""

import secrets
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from ministack.services import cognito

from tools.local_stack.ministack_patches import sns
from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse, error, success

Pool = dict[str, Any]
User = dict[str, Any]
Request = dict[str, Any]
Handle = Callable[[Request], CognitoResponse]
Dispatch = Callable[[str, Request], Coroutine[Any, Any, CognitoResponse]]

# If both are verified automatically, Cognito sends the code at sign-up to the phone number only.
_ATTRIBUTES = ("phone_number", "email")


def patch() -> None:
    """A code that a user gives back verifies the attribute that Cognito sent it to."""
    cognito._send_verification_email = _to_the_verified_attribute(cognito._send_verification_email)
    cognito._confirm_sign_up = _verifying(cognito._confirm_sign_up)
    cognito._update_user_attributes = _with_verification(cognito._update_user_attributes)
    cognito._dispatch_idp = _with_added_operations(cognito._dispatch_idp)
    cognito._UNSIGNED_IDP_ACTIONS.update(_ADDED_OPERATIONS)


def _auto_verified(pool: Pool, attributes: Mapping[str, str]) -> str | None:
    """The attribute that the code of a new user is sent to, or None if the pool does not verify it."""
    allowed = pool.get("AutoVerifiedAttributes") or []
    return next((name for name in _ATTRIBUTES if name in allowed and attributes.get(name)), None)


def _to_the_verified_attribute(send: Callable[..., Any]) -> Callable[..., Any]:
    """The code of a new user goes by SMS if the pool verifies phone numbers and the user has one."""

    def sent(
        pool: Pool, user_name: str, attributes: dict[str, str], code: str, attribute_name: str = "email"
    ) -> Any:
        if attribute_name == "email" and _auto_verified(pool, attributes) == "phone_number":
            return _send_code(pool, user_name, attributes, "phone_number", code)
        return send(pool, user_name, attributes, code, attribute_name)

    return sent


def _verifying(confirm: Handle) -> Handle:
    """ConfirmSignUp verifies the attribute that the code was sent to."""

    def confirmed(data: Request) -> CognitoResponse:
        response = confirm(data)
        if response[0] == 200:
            pool = cognito._pool_for_client(data["ClientId"])[0]
            user = cognito._resolve_user(pool, data["Username"])[0]
            attribute = _auto_verified(pool, cognito._attr_list_to_dict(user["Attributes"]))
            if attribute:
                _set(user, {f"{attribute}_verified": "true"})
        return response

    return confirmed


def _with_verification(update: Handle) -> Handle:
    """A user's new address is not verified. The old one stays until then, if the pool says so."""

    def updated(data: Request) -> CognitoResponse:
        user, pool = cognito._user_pool_for_access_token(data.get("AccessToken"))
        if not user:
            return update(data)
        old = cognito._attr_list_to_dict(user["Attributes"])
        requested = cognito._attr_list_to_dict(data.get("UserAttributes") or [])
        changed = {
            name: requested[name]
            for name in _ATTRIBUTES
            if requested.get(name, old.get(name)) != old.get(name)
        }
        settings = pool.get("UserAttributeUpdateSettings") or {}
        waiting = set(settings.get("AttributesRequireVerificationBeforeUpdate") or []) & changed.keys()
        kept = [item for item in data["UserAttributes"] if item["Name"] not in waiting]
        response = update({**data, "UserAttributes": kept})
        if response[0] != 200:
            return response
        _set(user, {f"{name}_verified": "false" for name in changed if name not in waiting})
        details = [
            _start_verification(pool, user, name, value)
            for name, value in changed.items()
            if value and name in (pool.get("AutoVerifiedAttributes") or [])
        ]
        return success({"CodeDeliveryDetailsList": details})

    return updated


def _send_attribute_code(data: Request) -> CognitoResponse:
    """GetUserAttributeVerificationCode sends a code to an address of the user who is signed in."""
    user, pool = cognito._user_pool_for_access_token(data.get("AccessToken"))
    if not user:
        return error("NotAuthorizedException", "Invalid Access Token")
    name = str(data.get("AttributeName"))
    pending = user.get("_pending_attributes", {}).get(name, {}).get("value")
    value = pending or cognito._attr_list_to_dict(user["Attributes"]).get(name)
    if name not in _ATTRIBUTES or not value:
        return error("InvalidParameterException", f"The user has no {name} to verify.")
    return success({"CodeDeliveryDetails": _start_verification(pool, user, name, value)})


def _verify_attribute(data: Request) -> CognitoResponse:
    """VerifyUserAttribute checks the code, sets a waiting value, and marks the attribute as verified."""
    user, _ = cognito._user_pool_for_access_token(data.get("AccessToken"))
    if not user:
        return error("NotAuthorizedException", "Invalid Access Token")
    name = str(data.get("AttributeName"))
    pending = user.get("_pending_attributes", {}).get(name)
    if refusal := cognito._code_error((pending or {}).get("code"), data.get("Code")):
        return refusal  # type: ignore[no-any-return]
    del user["_pending_attributes"][name]
    _set(user, {name: pending["value"], f"{name}_verified": "true"})
    return success({})


_ADDED_OPERATIONS: dict[str, Handle] = {
    "GetUserAttributeVerificationCode": _send_attribute_code,
    "VerifyUserAttribute": _verify_attribute,
}


def _with_added_operations(dispatch: Dispatch) -> Dispatch:
    """ministack lacks the two operations that verify an attribute of a user who is signed in."""

    async def dispatched(action: str, data: Request) -> CognitoResponse:
        handle = _ADDED_OPERATIONS.get(action)
        if handle is None:
            return await dispatch(action, data)
        response: CognitoResponse = await cognito.run_reentrant(
            cognito._run_idp_handler, handle, action, data, thread_name="ministack-cognito-trigger"
        )
        return response

    return dispatched


def _start_verification(pool: Pool, user: User, name: str, value: str) -> dict[str, str]:
    """Send a new code to `value`, and return the CodeDeliveryDetails."""
    code = f"{secrets.randbelow(10**6):06}"
    user.setdefault("_pending_attributes", {})[name] = {"value": value, "code": code}
    return _send_code(pool, user["Username"], {name: value}, name, code)


def _send_code(
    pool: Pool, user_name: str, attributes: dict[str, str], name: str, code: str
) -> dict[str, str]:
    if name == "email":
        cognito._send_verification_email(pool, user_name, attributes, code)
        masked = cognito._masked_destination(attributes[name])
        return {"Destination": masked, "DeliveryMedium": "EMAIL", "AttributeName": name}
    sns.send_as_cognito(attributes[name], f"Your verification code is {code}")
    masked = f"+*******{attributes[name][-4:]}"
    return {"Destination": masked, "DeliveryMedium": "SMS", "AttributeName": name}


def _set(user: User, attributes: Mapping[str, str]) -> None:
    user["Attributes"] = cognito._merge_attributes(
        user["Attributes"], cognito._dict_to_attr_list(dict(attributes))
    )
    user["UserLastModifiedDate"] = cognito._now_epoch()
