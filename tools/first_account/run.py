"""One run: check the account, create the stacks, try the claims, and delete the stacks whatever happened."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from tools.first_account.account import SETTLE_SECONDS, ThrowAwayAccount
from tools.first_account.claim import Claim, ClaimResult, NotTried, Observation
from tools.first_account.claims import CLAIMS
from tools.first_account.parts import PARTS, Left, Parts
from tools.pool_admin.context import AwsAccount
from tools.pool_admin.errors import AdminError, to_admin_error

# No claim starts later than this after the start of the run, so that the run ends within 30 minutes.
CLAIM_SECONDS = 960.0
DEFAULT_SENDER = "no-reply@first-account.example"

Report = Callable[[str], None]

# A call that reads little, for each service. It shows whether the region has the service.
_REQUIRED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "cloudformation": ("list_stacks", {}),
    "cognito-idp": ("list_user_pools", {"MaxResults": 1}),
    "lambda": ("list_functions", {"MaxItems": 1}),
}
_OPTIONAL: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "apigateway": ("get_rest_apis", {"limit": 1}),
    "wafv2": ("list_web_acls", {"Scope": "REGIONAL"}),
    "kms": ("list_keys", {"Limit": 1}),
    "sesv2": ("get_account", {}),
}


@dataclass(frozen=True)
class AccountRegion:
    """An account and a region. `missing` has the reason for each service that cannot be used there.

    `is_local` is whether it is a local AWS, whose results say nothing about AWS.
    """

    account_id: str
    region: str
    missing: Mapping[str, str]
    is_local: bool = False


@dataclass(frozen=True)
class TriedClaim:
    """A claim with its observation."""

    claim: Claim
    observation: Observation


@dataclass(frozen=True)
class Run:
    """The result of a run. `problem` is the reason for an early end as one sentence, or empty."""

    tried: Sequence[TriedClaim]
    left: Sequence[Left]
    problem: str


def check_place(aws: AwsAccount) -> AccountRegion:
    """Return the account and the region of the credentials.

    Raises AdminError if the region has no Cognito, Lambda or CloudFormation, or the credentials may not read
    there. Raises the errors of boto3 for missing or wrong credentials.
    """
    sts = aws.client("sts")
    account_id, region = str(sts.get_caller_identity()["Account"]), str(sts.meta.region_name)
    for service, (call, arguments) in _REQUIRED.items():
        if reason := _missing(aws, region, service, call, arguments):
            raise AdminError(reason)
    found = {name: _missing(aws, region, name, *call) for name, call in _OPTIONAL.items()}
    return AccountRegion(
        account_id, region, {name: reason for name, reason in found.items() if reason}, aws.is_local
    )


def _missing(aws: AwsAccount, region: str, service: str, call: str, arguments: Mapping[str, Any]) -> str:
    """Return why a service cannot be used, as one sentence, or ""."""
    try:
        getattr(aws.client(service), call)(**arguments)
    except EndpointConnectionError:
        return f"{region} has no {service}, or this machine cannot reach it. Choose another --region."
    except (ClientError, BotoCoreError) as error:
        return str(to_admin_error(error))
    return ""


def new_account(aws: AwsAccount, place: AccountRegion, sender: str, report: Report) -> ThrowAwayAccount:
    """Return the account of a new run, without any stack yet."""
    run, right_answer = secrets.token_hex(3), secrets.token_urlsafe(24)
    settings = {
        "RightAnswer": right_answer,
        "Prefix": f"passcode-first-account-{run}",
        "SenderEmail": sender,
    }
    parts = Parts(aws.client("cloudformation"), run, settings, report, pause=0.1 if aws.is_local else 5)
    parts.failures.update(
        {part.name: place.missing[part.service or ""] for part in PARTS if part.service in place.missing}
    )
    return ThrowAwayAccount(aws, parts, right_answer, 0 if aws.is_local else SETTLE_SECONDS)


def run_claims(account: ThrowAwayAccount, report: Report, claims: Sequence[Claim] = CLAIMS) -> Run:
    """Create the stacks, try the claims, and delete the stacks, also after an error or Ctrl-C.

    Raises nothing. A second Ctrl-C ends the deletion, and the result lists what may be left.
    """
    tried: list[TriedClaim] = []
    problem = ""
    try:
        _create_and_try(account, report, claims, tried)
    except KeyboardInterrupt:
        problem = "Interrupted."
    # Whatever the error is, the stacks cost money until they are deleted.
    except Exception as error:
        problem = str(to_admin_error(error))
    return Run(tried, _delete(account.parts, report), problem)


def _create_and_try(
    account: ThrowAwayAccount, report: Report, claims: Sequence[Claim], tried: list[TriedClaim]
) -> None:
    end = time.monotonic() + CLAIM_SECONDS
    report("Creating the throw-away stacks. This takes three to five minutes ...")
    account.parts.create()
    if "pool" in account.parts.failures:
        raise AdminError(f"The run needs the part pool. {account.parts.failures['pool']}")
    for number, claim in enumerate(claims, 1):
        if time.monotonic() > end:
            found = Observation(ClaimResult.NOT_TRIED, "The run had no time left. Run again.")
        else:
            found = attempt(account, claim)
        tried.append(TriedClaim(claim, found))
        report(f"{number} of {len(claims)}: {claim.name}: {found.result.value}")


def attempt(account: ThrowAwayAccount, claim: Claim) -> Observation:
    """Try one claim. An error of AWS or of the claim means that it could not be tried."""
    missing = [name for name in claim.parts if name in account.parts.failures]
    if missing:
        return Observation(
            ClaimResult.NOT_TRIED, f"The part {missing[0]} is missing. {account.parts.failures[missing[0]]}"
        )
    try:
        found = claim.attempt(account)
    except NotTried as error:
        return Observation(ClaimResult.NOT_TRIED, str(error))
    # One claim must not end the run.
    except Exception as error:
        return Observation(ClaimResult.NOT_TRIED, str(to_admin_error(error)))
    if claim.emulator_lacks and account.aws.is_local:
        return Observation(
            ClaimResult.NOT_TRIED, f"The local AWS lacks {claim.emulator_lacks}. It showed: {found.seen}"
        )
    return found


def _delete(parts: Parts, report: Report) -> list[Left]:
    if not parts.started:
        return []
    report("Deleting the throw-away stacks. This takes up to five minutes ...")
    try:
        return parts.delete()
    except KeyboardInterrupt:
        return [Left(parts.stack_name(part), "The deletion was interrupted.") for part in parts.started]
