"""Permissions for mail, and the address of a message that Cognito lets a custom sender deliver."""

import json
from typing import Any

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes

# SES answers with another error, such as MessageRejected, after it has checked the permission.
_DENIED = ("AccessDenied", "AccessDeniedException")


def _from_address(account: ThrowAwayAccount) -> Observation:
    sender = account.parts.settings["SenderEmail"]
    other = f"{account.unique('other')}@{sender.partition('@')[2]}"
    denied = _send(account, other)
    if denied not in _DENIED:
        raise NotTried(
            f"SES answered {denied} to a sender whom the role does not allow, so it showed no permission. "
            "Verify an "
            "address, and run again with --sender ADDRESS."
        )
    return account.wait_for(
        lambda: _send_as(account, sender),
        f"The role may not send as {sender}, although its policy allows that. Run again.",
    )


def _send_as(account: ThrowAwayAccount, sender: str) -> Observation | None:
    # A new role may need some seconds, so a refusal is final only at the end of the wait.
    answers = [_send(account, sender), _send(account, f"First Account <{sender}>")]
    seen = (
        f"SES answered {answers[0]} to the address alone, and {answers[1]} to an address with a display name"
    )
    if not any(answer in _DENIED for answer in answers):
        return yes(f"{seen}. It denied another sender.")
    if answers[0] not in _DENIED:
        return no(f"{seen}.")
    return None


def _send(account: ThrowAwayAccount, sender: str) -> str:
    response = account.client("lambda").invoke(
        FunctionName=account.output("MailFunction"), Payload=json.dumps({"from": sender})
    )
    answer = json.loads(response["Payload"].read())
    if response.get("FunctionError") or not isinstance(answer, str):
        raise NotTried("The function that sends failed. SES may not exist in this region.")
    return answer


def _changed_address(account: ThrowAwayAccount) -> Observation:
    user = account.new_user(pool="SenderPoolId")
    new_address = f"{account.unique('new')}@first-account.example"
    tokens = account.cognito.admin_initiate_auth(
        UserPoolId=account.output("SenderPoolId"),
        ClientId=account.output("SenderClientId"),
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )["AuthenticationResult"]
    account.cognito.update_user_attributes(
        AccessToken=tokens["AccessToken"], UserAttributes=[{"Name": "email", "Value": new_address}]
    )
    event = account.wait_for(
        lambda: _logged(account),
        "Cognito did not call the custom sender, or its log did not arrive. Run again.",
    )
    if event["email"] == new_address:
        return yes(f"The event {event['source']} had the new address.")
    which = "the old address" if event["email"] == user.email else "another value"
    return no(f"The event {event['source']} had {which}.")


def _logged(account: ThrowAwayAccount) -> dict[str, Any] | None:
    """Return the event of the sender for a changed attribute, or None if it is not in the log."""
    found = account.client("logs").filter_log_events(
        logGroupName=account.output("LogGroup"), filterPattern='"SEEN"'
    )["events"]
    events = [json.loads(line["message"].partition("SEEN ")[2]) for line in found]
    return next((event for event in events if event["source"].endswith("UpdateUserAttribute")), None)


CLAIMS = (
    Claim(
        "from-address-condition",
        "The condition key ses:FromAddress has the address alone, even if the sender has a display name.",
        "The role of `deliver` may send only as SenderEmail, and emails have the name of the app as display "
        "name.",
        ("Invoke (Lambda)", "SendEmail (SES)"),
        ("mail",),
        changes(
            yes="Nothing.",
            no="The condition in template.yaml must also allow the sender with its display name. No email "
            "is sent until then.",
        ),
        _from_address,
    ),
    Claim(
        "address-of-a-changed-attribute",
        "The event of a custom sender for UpdateUserAttribute has the new address.",
        "Cognito's code for a changed address goes to the address in this event "
        "(AttributesRequireVerificationBeforeUpdate).",
        ("AdminInitiateAuth (ADMIN_USER_PASSWORD_AUTH)", "UpdateUserAttributes", "FilterLogEvents"),
        ("sender",),
        changes(
            yes="Remove the sentence about the changed attribute from the threat model.",
            no="With CustomSenders, the code for a new address goes to the old one. Fix `custom_sender`: "
            "this is urgent.",
        ),
        _changed_address,
    ),
)
