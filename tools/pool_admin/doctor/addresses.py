"""Whether a stolen session can say where the codes of a step-up go."""

from collections.abc import Iterator, Mapping
from typing import Any

from tools.pool_admin.doctor.facts import Facts, Finding, Severity, Unchecked

_ADDRESSES = {"email", "phone_number"}


def look(facts: Facts) -> Iterator[Finding]:
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
