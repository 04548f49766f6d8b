"""Checks of the operator's gateway function: whether it exists, and whether `deliver` may invoke it."""

from collections.abc import Iterator

from tools.pool_admin import fixes
from tools.pool_admin.doctor.facts import Facts, GatewayFacts, Unchecked
from tools.pool_admin.doctor.finding import Finding, Severity

# `deliver` waits 6.5 seconds for the answer. A function that runs longer can send a message after that.
_MOST_SECONDS = 6


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings of the function in GatewayFunctionArn, if there is one."""
    gateway = facts.stack.gateway if facts.stack else None
    if gateway:
        yield from _function(facts, gateway)
        yield from _permission(gateway)


def _function(facts: Facts, gateway: GatewayFacts) -> Iterator[Finding]:
    function = gateway.configuration
    if isinstance(function, Unchecked):
        return
    about, channels = f"function {gateway.arn}", " and ".join(gateway.channels)
    if function is None:
        yield Finding.of(
            Severity.ERROR,
            about,
            f"GatewayFunctionArn names a function that does not exist, for {channels}.",
            "No such message is sent. Codes go to another address of the user, or to the dead letters.",
            "Create the function in the region of the stack: docs/gateways.md has examples.",
            f"Or: {fixes.deploy_with(_EMPTY)}",
        )
        return
    if function.get("State", "Active") not in ("Active", "Inactive"):
        yield Finding.of(
            Severity.ERROR,
            about,
            f"The function is {function['State']}: {function.get('StateReason') or 'AWS gives no reason'}.",
            f"Every call of it fails, so no {channels} message is sent.",
            "Deploy the function again.",
        )
    if int(function.get("Timeout", 0)) > _MOST_SECONDS:
        yield Finding.of(
            Severity.WARNING,
            about,
            f"The function may run for {function['Timeout']} s, and deliver waits 6.5 s for its answer.",
            "After that, deliver sends the code to another address, and the function may still send it too.",
            facts.aws(
                f"lambda update-function-configuration --timeout {_MOST_SECONDS} "
                f"--function-name {gateway.arn}"
            ),
        )


def _permission(gateway: GatewayFacts) -> Iterator[Finding]:
    if gateway.is_invocable is False:
        yield Finding.of(
            Severity.ERROR,
            f"function {gateway.arn}",
            "The role of deliver may not invoke the function.",
            "No message of its channels is sent. The stack gives the right, so another policy refuses it.",
            "Allow lambda:InvokeFunction on this ARN in the policy of PermissionsBoundaryArn, and in the "
            "policies of your organization.",
            "If GatewayFunctionArn is new, run `make deploy`.",
        )


# SAM needs quotes around an empty value.
_EMPTY = 'GatewayFunctionArn=""'
