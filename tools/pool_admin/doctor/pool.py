"""What in the pool itself fights the design."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.pool_admin.doctor.facts import Facts, Finding, Severity, Unchecked
from tools.pool_admin.functions import split
from tools.pool_admin.pool import ATTRIBUTE
from tools.pool_admin.stack import CLAIMS, TRIGGERS

_ADDRESSES = {"email", "phone_number"}


def check(facts: Facts) -> Iterator[Finding]:
    """Findings of the pool's settings."""
    for rule in _RULES:
        yield from rule(facts)


def _mfa(facts: Facts) -> Iterator[Finding]:
    setting = facts.pool.get("MfaConfiguration") or "OFF"
    if setting != "OFF":
        yield Finding(
            Severity.ERROR,
            "user pool",
            f"has MFA of its own, which is {setting}.",
            "Users who set it up were seen to get tokens without the round for the code.",
            "aws cognito-idp set-user-pool-mfa-config --mfa-configuration OFF "
            f"--user-pool-id {facts.pool_id}",
        )


def _devices(facts: Facts) -> Iterator[Finding]:
    if facts.pool.get("DeviceConfiguration"):
        yield Finding(
            Severity.WARNING,
            "user pool",
            "remembers devices.",
            "Cognito then adds rounds of its own, and refuses to refresh tokens of devices not confirmed.",
            "In the console: Sign-in > Device tracking > Don't remember.",
        )


def _triggers(facts: Facts) -> Iterator[Finding]:
    there = facts.pool.get("LambdaConfig") or {}
    wanted = facts.stack.stack.triggers if facts.stack else dict.fromkeys(TRIGGERS, "")
    for name, arn in wanted.items():
        found = there.get(name)
        if not found:
            yield Finding(
                Severity.ERROR,
                "user pool",
                f"has no {name} trigger.",
                "Without all three triggers no custom sign-in works.",
                facts.attach(),
            )
        elif arn and found != arn:
            yield _other(facts, name, found, arn)


def _other(facts: Facts, name: str, found: str, arn: str) -> Finding:
    another_alias = split(found)[0] == split(arn)[0]
    return Finding(
        Severity.WARNING if another_alias else Severity.ERROR,
        "user pool",
        f"calls {found} as its {name} trigger, and not this stack's {arn}.",
        "What Cognito calls then changes in the middle of a deployment."
        if another_alias
        else "The three triggers must be of one stack: each checks what another made.",
        facts.attach("--replace"),
    )


def _claims(facts: Facts) -> Iterator[Finding]:
    if not (facts.stack and facts.stack.stack.claims_version):
        return
    there = facts.pool.get("LambdaConfig") or {}
    found = (there.get(f"{CLAIMS}Config") or {}).get("LambdaArn") or there.get(CLAIMS)
    if found != facts.stack.stack.functions[CLAIMS]:
        yield Finding(
            Severity.WARNING,
            "user pool",
            "does not call the stack's function for claims.",
            "The tokens say nothing of the code, though the parameter AssuranceClaims asks for it.",
            facts.attach(),
        )


def _attribute(facts: Facts) -> Iterator[Finding]:
    if all(found["Name"] != ATTRIBUTE for found in facts.pool.get("SchemaAttributes") or []):
        yield Finding(
            Severity.NOTE,
            "user pool",
            f"has no attribute {ATTRIBUTE}.",
            "Users cannot choose a channel; the stack's ChannelOrder decides for all of them.",
            f"aws cognito-idp add-custom-attributes --user-pool-id {facts.pool_id} --custom-attributes "
            "Name=otp_channel,AttributeDataType=String,Mutable=true",
        )


def _verification(facts: Facts) -> Iterator[Finding]:
    if not facts.pool.get("AutoVerifiedAttributes"):
        yield Finding(
            Severity.WARNING,
            "user pool",
            "verifies neither email addresses nor phone numbers by itself.",
            "Codes go to verified addresses only, so nobody who signs up can get one.",
            "In the console: Sign-up > Attribute verification > let Cognito verify the email address.",
        )
        return
    kept = (facts.pool.get("UserAttributeUpdateSettings") or {}).get(
        "AttributesRequireVerificationBeforeUpdate"
    )
    if "email" in facts.pool["AutoVerifiedAttributes"] and "email" not in (kept or []):
        yield Finding(
            Severity.NOTE,
            "user pool",
            "takes a new email address before it is verified.",
            "A user who mistypes theirs cannot get a code any more.",
            "In the console: Sign-up > Attribute verification > keep the original value until then.",
        )


def _recovery(facts: Facts) -> Iterator[Finding]:
    ways = (facts.pool.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or []
    if any(way["Name"] == "verified_email" for way in ways) or not ways:
        yield Finding(
            Severity.NOTE,
            "user pool",
            "lets users reset a password by email.",
            "Whoever reads the mailbox that gets the codes can get a password, too: two factors become one.",
            "If that matters, send codes by SMS only (ChannelOrder), or let only admins reset passwords.",
        )


def _addresses(facts: Facts) -> Iterator[Finding]:
    """A note on the app clients whose users change their own addresses, if the stack does step-ups."""
    stack = facts.stack.stack if facts.stack else None
    if not stack or not stack.outputs.get("StepUpAPIURL") or isinstance(facts.clients, Unchecked):
        return
    # Nobody ever has a token of the hosted sign-in's inner client.
    theirs = [client for client in facts.clients if client["ClientId"] != stack.inner_client]
    free = [client.get("ClientName") or client["ClientId"] for client in theirs if _lets_change(client)]
    if free:
        yield Finding(
            Severity.NOTE,
            "user pool",
            f"lets its users change where their codes go, through {', '.join(free)}.",
            "Whoever steals a session can verify an address of their own, and pass /step-up with it.",
            "If a step-up is to hold against that, take email and phone_number out of WriteAttributes, "
            "and let a back end change them, after a step-up to the old address.",
        )


def _lets_change(client: Mapping[str, Any]) -> bool:
    written, flows = client.get("WriteAttributes"), client.get("ExplicitAuthFlows")
    # No list at all allows every standard attribute, and sign-ins by API. Access tokens of these may write,
    # those of hosted sign-ins by this scope alone.
    by_api = not flows or any("REFRESH_TOKEN" not in flow for flow in flows)
    may_write = by_api or "aws.cognito.signin.user.admin" in client.get("AllowedOAuthScopes", [])
    return may_write and (not written or bool(_ADDRESSES & set(written)))


_RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _mfa,
    _devices,
    _triggers,
    _claims,
    _attribute,
    _verification,
    _recovery,
    _addresses,
)
