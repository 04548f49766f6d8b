"""Mail: permissions, tags and events of SES, and the address of a message for a custom sender."""

import json
import time
from typing import Any

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes
from tools.first_account.sign_in import refusal_of

# SES answers with another error, such as MessageRejected, after it has checked the permission.
_DENIED = ("AccessDenied", "AccessDeniedException")
# Tags as `deliver` sends them: the key of a record with two hyphens, and the id of an address.
RECORD, TO = "sign_in_password--01234567-89ab-4def-8123-456789abcdef", "0123456789abcdef"
_TAGS = {"record": RECORD, "to": TO}
# After a minute, most users have asked for another code.
_EVENT_SECONDS = 60


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


def _tags(account: ThrowAwayAccount) -> Observation:
    refused = _send_tagged(account, "success", _TAGS)
    if refused is None:
        return yes("SES accepted an email with the tags.")
    without = _send_tagged(account, "success", {})
    if without is None:
        return no(f"SES accepted an email without tags, and refused it with them: {refusal_of(refused)}.")
    raise _unusable_sender(without)


def _event(account: ThrowAwayAccount) -> Observation:
    refused = _send_tagged(account, "bounce", _TAGS)
    if refused:
        raise _unusable_sender(refused)
    start = time.monotonic()
    event = account.wait_for(lambda: _bounce(account), "No event of the bounce arrived. Run again.")
    seconds = time.monotonic() - start
    kind = event["bounce"].get("bounceType")
    tags = {name: values[0] for name, values in event["mail"].get("tags", {}).items() if name in _TAGS}
    seen = (
        f"The event arrived after {seconds:.0f} seconds, with bounceType {kind} and these of the tags: "
        f"{', '.join(f'{name}={value}' for name, value in sorted(tags.items())) or 'none'}."
    )
    return yes(seen) if (kind, tags) == ("Permanent", _TAGS) and seconds <= _EVENT_SECONDS else no(seen)


def _unusable_sender(error: ClientError) -> NotTried:
    return NotTried(
        f"SES refused the email: {refusal_of(error)}. Verify an address, and run again with --sender ADDRESS."
    )


def _send_tagged(account: ThrowAwayAccount, simulated: str, tags: dict[str, str]) -> ClientError | None:
    """Send an email to an address of the mailbox simulator. Returns the error of SES, or None."""
    text = {"Data": "first-account"}
    try:
        account.client("sesv2").send_email(
            FromEmailAddress=account.parts.settings["SenderEmail"],
            Destination={"ToAddresses": [f"{simulated}@simulator.amazonses.com"]},
            ConfigurationSetName=account.output("MailSet"),
            Content={"Simple": {"Subject": text, "Body": {"Text": text}}},
            EmailTags=[{"Name": name, "Value": value} for name, value in tags.items()],
        )
    except ClientError as error:
        return error
    return None


def _bounce(account: ThrowAwayAccount) -> dict[str, Any] | None:
    """Return the event of a bounce, or None if the queue has none."""
    messages = account.client("sqs").receive_message(
        QueueUrl=account.output("MailEventsQueueUrl"), MaxNumberOfMessages=10
    )
    bodies = [each["Body"] for each in messages.get("Messages", [])]
    # SES also publishes a plain sentence when the destination is created.
    events = [json.loads(body) for body in bodies if body.startswith("{")]
    return next((event for event in events if event.get("eventType") == "Bounce"), None)


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
        "tag-with-hyphens",
        "SES accepts an email with a tag whose value has two hyphens (`--`).",
        "`deliver` names the record of a code in a tag, with `--` for the `#` that SES does not allow.",
        ("SendEmail (SES)",),
        ("events",),
        changes(
            yes="Nothing.",
            no="Choose another KEY_SEPARATOR in `delivery/gateway.py`. No email is sent until then.",
        ),
        _tags,
    ),
    Claim(
        "event-of-a-bounce",
        f"The event of a bounce reaches the queue within {_EVENT_SECONDS} seconds, as Permanent and with the "
        "tags of the email.",
        "After a bounce, the next code of the user goes to another address of the user.",
        ("SendEmail (SES)", "ReceiveMessage"),
        ("events",),
        changes(
            yes="Nothing.",
            no="Without tags or bounceType, correct `delivery/events.py`: no bounce has an effect until "
            "then. If the event was late, say so in docs/operations.md.",
        ),
        _event,
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
