"""Reads the fields of Cognito's events, with a default for each field that is missing or null.

Cognito omits `clientMetadata` and `userNotFound` in some events, and `session` can be null. So this module
reads fields without subscripts. It imports nothing, because `define` imports it at every cold start.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

Event = dict[str, "Any"]
# Cognito's list of challenge results, oldest first.
History = list[dict[str, "Any"]]


def _request(event: "Event") -> "Mapping[str, Any]":
    request = event.get("request")
    return request if isinstance(request, dict) else {}


def history(event: "Event") -> "History":
    """Return the results of the challenges so far, oldest first.

    An entry that is not an object becomes an empty one, which no allowed history has.
    """
    session = _request(event).get("session") or []
    return [entry if isinstance(entry, dict) else {} for entry in session]


def attributes(event: "Event") -> "Mapping[str, str]":
    """Return the user's attributes. AWS sends strings only, so other values are left out."""
    values = _request(event).get("userAttributes")
    return {k: v for k, v in values.items() if isinstance(v, str)} if isinstance(values, dict) else {}


def client_metadata(event: "Event") -> "Mapping[str, Any]":
    """Return the ClientMetadata that the app sent with its response. It is untrusted input."""
    metadata = _request(event).get("clientMetadata")
    return metadata if isinstance(metadata, dict) else {}


def private_parameters(event: "Event") -> "Mapping[str, Any]":
    """Return the privateChallengeParameters that `create` wrote for `verify`."""
    parameters = _request(event).get("privateChallengeParameters")
    return parameters if isinstance(parameters, dict) else {}


def answer(event: "Event") -> object:
    """Return the user's answer. It is a string in practice, but an attacker can send any type."""
    return _request(event).get("challengeAnswer")


def encrypted_code(event: "Event") -> str:
    """Return the encrypted code of a custom sender's event in base64; empty if there is none."""
    return str(_request(event).get("code") or "")


def sender_type(event: "Event") -> str:
    """Return the type of a custom sender's event, such as `customSMSSenderRequestV1`."""
    return str(_request(event).get("type") or "")


def user_not_found(event: "Event") -> bool:
    """True for an unknown user, for whom Cognito runs the triggers too (PreventUserExistenceErrors)."""
    # Any value except null and false means "unknown": an unexpected value must not authenticate a user.
    return _request(event).get("userNotFound") not in (None, False)


def user_name(event: "Event") -> str:
    """Return the user name. For an unknown user it is the value that Cognito sends."""
    return str(event.get("userName") or "")


def client_id(event: "Event") -> str:
    """Return the id of the app client of this sign-in."""
    context = event.get("callerContext")
    return str(context.get("clientId") or "") if isinstance(context, dict) else ""


def password_was_proven(event: "Event") -> bool:
    """Return True if Cognito has checked the password in this sign-in."""
    return any(
        entry.get("challengeName") == "PASSWORD_VERIFIER" and entry.get("challengeResult") is True
        for entry in history(event)
    )


_SENDING = ("send", "resend")


def read_word(value: object) -> str:
    """Return a word of an app, such as `sms`, in lower case and without spaces around it.

    Some SDKs write the channels in capitals. A value that is not a text gives an empty text.
    """
    return value.strip().lower() if isinstance(value, str) else ""


def asks_for_message(client_metadata: "Mapping[str, Any]") -> bool:
    """Return True if this response asks for a message. Such a response is never checked as an answer.

    The caller writes ClientMetadata, so the value may be false. All three triggers read the same value. So a
    false value only gives the caller a round in which no answer is checked.
    """
    return read_word(client_metadata.get("action")) in _SENDING


def is_answer(client_metadata: "Mapping[str, Any]") -> bool:
    """Return True if this response is an answer: it has no action, not even an unknown one.

    An app that misspells `resend` must not spend one of the user's answers.
    """
    return not read_word(client_metadata.get("action"))
