"""Prints the question before a run, its table of results, and the description of all claims."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from tools.first_account.claim import Claim, ClaimResult
from tools.first_account.parts import FAILING, PARTS, PREFIX, Left
from tools.first_account.run import AccountRegion, Run
from tools.pool_admin.output import Output

COMMAND = "python -m tools.first_account"
# List prices of one hour: three web ACLs with two rules, a KMS key and an alarm. 12 users without the free
# monthly users of Cognito cost 0.18 USD. Some emails to the simulator of SES cost less than 0.01 USD.
COST = "less than 0.05 USD, or 0.25 USD if the account has used up Cognito's free monthly users"

_STACKS = (*PARTS, *FAILING)
_LOCAL = "This is a local AWS. The results describe it, and say nothing about AWS."
_STYLES = {ClaimResult.YES: "green", ClaimResult.NO: "red", ClaimResult.NOT_TRIED: "yellow"}


def plan_as_json(place: AccountRegion, run: str) -> dict[str, Any]:
    """The plan of a run, for scripts."""
    return {
        "account": place.account_id,
        "region": place.region,
        "run": run,
        "creates": {part.name: part.makes for part in _STACKS if part.service not in place.missing},
        "missing": dict(place.missing),
        "cost": COST,
        "applied": False,
    }


def show_plan(output: Output, place: AccountRegion, run: str) -> None:
    """Show what a run creates, how long it takes, and what it costs."""
    output.print_line(f"Account {place.account_id}, region {place.region}. The run creates these stacks:")
    if place.is_local:
        output.print_line(_LOCAL, style="yellow")
    for part in _STACKS:
        if part.service not in place.missing:
            output.print_line(f"  {PREFIX}-{run}-{part.name}: {part.makes}")
    for service, reason in place.missing.items():
        output.print_line(f"Some claims cannot be tried without {service}. {reason}", style="yellow")
    output.print_line(
        f"It takes about 20 minutes, and costs {COST}. It sends no message to a person. At the end it "
        "deletes the "
        "stacks. AWS keeps the KMS key for seven more days, without a charge."
    )


def show_run(output: Output, place: AccountRegion, run_id: str, run: Run) -> None:
    """Show the table of the claims, and the stacks that are left."""
    if output.as_json:
        output.result("", _as_json(place, run_id, run))
    elif run.tried:
        output.console.print(_table(run))
        output.print_line(_counts(run))
        if place.is_local:
            output.print_line(_LOCAL, style="yellow")
    if run.problem:
        output.print_line(f"The run ended early. {run.problem}", style="red")
    show_left(output, run.left, place.region)


def show_left(output: Output, left: Sequence[Left], region: str) -> None:
    """Say which stacks are left and how to delete them, or that none is left."""
    if not left:
        output.print_line(
            "Nothing is left in the account, except keys that wait for their deletion.", "green"
        )
        return
    for each in left:
        output.print_line(f"The stack {each.stack} is left. {each.reason}", style="red")
    output.print_line(
        f"To delete it, run `{COMMAND} --delete --region {region}`. Until then it can cost money. If that "
        "fails, open "
        f"the stack in the CloudFormation console of {region} and delete the resource that it names.",
        style="red",
    )


def describe_claims(claims: Sequence[Claim]) -> str:
    """Return the claims as Markdown, as in docs/first-account.md."""
    return "\n".join(_described(claim) for claim in claims)


def _described(claim: Claim) -> str:
    return f"""### {claim.name}

{claim.sentence} UNCONFIRMED.

- **Why it matters**: {claim.why}
- **Calls**: {", ".join(claim.calls)}.
- **YES**: {claim.change(ClaimResult.YES)}
- **NO**: {claim.change(ClaimResult.NO)}
"""


def _as_json(place: AccountRegion, run_id: str, run: Run) -> dict[str, Any]:
    return {
        "account": place.account_id,
        "region": place.region,
        "run": run_id,
        "applied": True,
        "is_local": place.is_local,
        "problem": run.problem,
        "claims": [
            {
                "name": each.claim.name,
                "claim": each.claim.sentence,
                "why": each.claim.why,
                "result": each.observation.result.value,
                "seen": each.observation.seen,
                "change": each.claim.change(each.observation.result),
            }
            for each in run.tried
        ],
        "left": [{"stack": each.stack, "reason": each.reason} for each in run.left],
    }


def _table(run: Run) -> Table:
    table = Table(show_lines=True)
    table.add_column("Claim", ratio=3)
    table.add_column("Result", width=9)
    table.add_column("Observation, and what to change", ratio=4)
    for each in run.tried:
        result = each.observation.result
        change = each.claim.change(result)
        # Text instead of markup, because AWS's messages may have [brackets].
        table.add_row(
            Text.assemble((each.claim.name, "bold"), f"\n{each.claim.sentence}", overflow="fold"),
            Text(result.value, style=_STYLES[result]),
            Text(f"{each.observation.seen}\nChange: {change}", overflow="fold"),
        )
    return table


def _counts(run: Run) -> str:
    results = [each.observation.result for each in run.tried]
    return ", ".join(f"{result.value}: {results.count(result)}" for result in ClaimResult) + "."
