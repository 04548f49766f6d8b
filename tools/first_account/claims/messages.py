"""End User Messaging: the members of its requests.

All calls are dry runs, which send nothing and cost nothing.
"""

from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes
from tools.first_account.claims.mail import RECORD, TO
from tools.first_account.sign_in import refusal_of
from tools.pool_admin.errors import DENIED, THROTTLED, error_code

# As in the requests of `deliver`.
_MEMBERS: dict[str, Any] = {"TimeToLive": 600, "Context": {"record": RECORD, "to": TO}}
# One second more than the API allows.
_INVALID = _MEMBERS | {"TimeToLive": 259_201}
# A number of AWS's simulator. The sender and the configuration do not exist, so that nothing can be sent.
_TO = "+14254147755"
_SENDER = "+12065550100"
_REQUESTS: dict[str, dict[str, Any]] = {
    "send_text_message": {
        "OriginationIdentity": _SENDER,
        "MessageBody": "first-account",
        "MessageType": "TRANSACTIONAL",
    },
    "send_voice_message": {"OriginationIdentity": _SENDER, "MessageBody": "first-account"},
    "send_notify_text_message": {
        "NotifyConfigurationId": "first-account",
        "TemplateVariables": {"code": "123456"},
    },
}


def _forms(account: ThrowAwayAccount) -> Observation:
    for operation, request in _REQUESTS.items():
        refused = _refusal(account, operation, request | _MEMBERS)
        if refused is None:
            continue
        wrong = sorted(_fields(refused) & _MEMBERS.keys())
        if wrong:
            return no(f"End User Messaging refused {' and '.join(wrong)} of {operation}.")
        # AWS refuses the missing sender. That proves the form only if AWS checks the form first.
        control = _refusal(account, operation, request | _INVALID)
        if control is None or "TimeToLive" not in _fields(control):
            raise NotTried(
                f"End User Messaging answered {operation} with {refusal_of(refused)}, and did not check the "
                "form before that."
            )
    return yes("End User Messaging accepted TimeToLive and Context of an SMS, a call and an SMS of Notify.")


def _fields(error: ClientError) -> set[str]:
    """Return the members that AWS names as wrong, with an upper-case first letter."""
    fields: Any = error.response.get("Fields") or []
    names = [str(field.get("Name", "")) for field in fields]
    return {name[:1].upper() + name[1:] for name in names}


def _refusal(account: ThrowAwayAccount, operation: str, request: dict[str, Any]) -> ClientError | None:
    client = account.client("pinpoint-sms-voice-v2")
    try:
        getattr(client, operation)(DestinationPhoneNumber=_TO, DryRun=True, **request)
    except EndpointConnectionError as error:
        raise NotTried("This region has no End User Messaging. Choose another --region.") from error
    except ClientError as error:
        if error_code(error) in DENIED | THROTTLED:
            raise
        return error
    return None


CLAIMS = (
    Claim(
        "members-of-phone-messages",
        "End User Messaging accepts TimeToLive and Context as `deliver` sends them.",
        "With a form that it refuses, no SMS and no call of END_USER_MESSAGING and NOTIFY would be sent.",
        (
            "SendTextMessage (DryRun)",
            "SendVoiceMessage (DryRun)",
            "SendNotifyTextMessage (DryRun)",
        ),
        (),
        changes(
            yes="Nothing.",
            no="Change the member in `end_user_messaging.py`. No message is sent until then.",
        ),
        _forms,
    ),
)
