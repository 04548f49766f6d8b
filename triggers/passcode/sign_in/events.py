"""What Cognito's events say, with everything that may be absent or null made plain.

Keys come and go (aws-facts: `clientMetadata` and `userNotFound` can be missing, `session` can be null), so
nothing here subscripts. Imports nothing, because `define` does.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from passcode.sign_in.rounds import History

Event = dict[str, "Any"]


def _request(event: "Event") -> "Mapping[str, Any]":
    request = event.get("request")
    return request if isinstance(request, dict) else {}


def history(event: "Event") -> "History":
    """The results of the challenges so far. An entry that is no object stays in, as one that fits nothing."""
    session = _request(event).get("session") or []
    return [entry if isinstance(entry, dict) else {} for entry in session]


def attributes(event: "Event") -> "Mapping[str, str]":
    """The user's attributes; only those that are strings, as AWS sends all of them."""
    found = _request(event).get("userAttributes")
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def client_metadata(event: "Event") -> "Mapping[str, Any]":
    """What the app said along with its response. Untrusted."""
    found = _request(event).get("clientMetadata")
    return found if isinstance(found, dict) else {}


def private_parameters(event: "Event") -> "Mapping[str, Any]":
    """What `create` left for `verify`."""
    found = _request(event).get("privateChallengeParameters")
    return found if isinstance(found, dict) else {}


def answer(event: "Event") -> object:
    """What the person typed: a string in practice, and anything at all in an attack."""
    return _request(event).get("challengeAnswer")


def sealed_code(event: "Event") -> str:
    """A custom sender's code as Cognito sealed it, in base64; empty if there is none."""
    return str(_request(event).get("code") or "")


def sender_type(event: "Event") -> str:
    """What a custom sender's event calls itself, such as `customSMSSenderRequestV1`."""
    return str(_request(event).get("type") or "")


def user_not_found(event: "Event") -> bool:
    """True for a user that Cognito made up (PreventUserExistenceErrors)."""
    # Anything but absent or false counts: in doubt, nobody is there.
    return _request(event).get("userNotFound") not in (None, False)


def user_name(event: "Event") -> str:
    """The name of the user: of a made-up one, whatever Cognito gives."""
    return str(event.get("userName") or "")


def client_id(event: "Event") -> str:
    """The app client that the sign-in runs through."""
    context = event.get("callerContext")
    return str(context.get("clientId") or "") if isinstance(context, dict) else ""


def password_was_proven(event: "Event") -> bool:
    """True if Cognito itself has checked the password in this sign-in."""
    return any(
        entry.get("challengeName") == "PASSWORD_VERIFIER" and entry.get("challengeResult") is True
        for entry in history(event)
    )


_SENDING = ("send", "resend")


def asks_for_message(client_metadata: "Mapping[str, Any]") -> bool:
    """True if this response asks for a (re)send. Such a response is never judged as an answer.

    The caller writes ClientMetadata, so it may lie; but all three triggers see the same words, so a lie
    buys a round without a guess and nothing else.
    """
    return client_metadata.get("action") in _SENDING
