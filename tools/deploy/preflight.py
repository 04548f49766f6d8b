"""Checks in the account before anything is created: services of the region, the sender, permissions.

Each problem is one sentence that says what to do. A check that the credentials or the endpoint do not allow
is left out: CloudFormation refuses the deployment later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.deploy.account import DeploymentAccount
from tools.deploy.aws_errors import sentence
from tools.deploy.rights import missing_rights
from tools.pool_admin.errors import DENIED, NOT_FOUND, NOT_OFFERED, error_code

# CloudFormation makes these from the types of AWS SAM.
_MADE_BY_SAM = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
}
_NOT_ALLOWED = DENIED | NOT_OFFERED


@dataclass(frozen=True)
class Findings:
    """The problems that would stop the deployment, and notes about everything else."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def created_types(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the types of resources that CloudFormation creates, sorted."""
    return sorted({_MADE_BY_SAM.get(each["Type"], each["Type"]) for each in resources.values()})


def check_types(account: DeploymentAccount, types: Iterable[str]) -> Findings:
    """Check that CloudFormation has each type of resource in the region."""
    cloudformation = account.client("cloudformation")

    def is_missing(name: str) -> bool:
        try:
            cloudformation.describe_type(Type="RESOURCE", TypeName=name)
        except (ClientError, BotoCoreError) as error:
            return error_code(error) == "TypeNotFoundException"
        return False

    types = list(types)
    with ThreadPoolExecutor(max_workers=8) as threads:
        missing = [
            name for name, is_gone in zip(types, threads.map(is_missing, types), strict=True) if is_gone
        ]
    if not missing:
        return Findings()
    problem = (
        f"The region {account.region} has no {', '.join(missing)}, which the stack needs. Choose another "
        "region, or switch off the option that needs it."
    )
    return Findings([problem])


def check_sender(account: DeploymentAccount, parameters: Mapping[str, str]) -> Findings:
    """Check that SES may send from SenderEmail. Does nothing if SES sends no email of this stack."""
    if not sends_by_ses(parameters):
        return Findings()
    address = parameters["SenderEmail"]
    region = sending_region(parameters, account.region)
    ses = account.client("sesv2", region)
    try:
        found = {name: _is_verified(ses, name) for name in identities(address)}
        notes = list(_sandbox_notes(ses, region))
    except (ClientError, BotoCoreError) as error:
        if error_code(error) in _NOT_ALLOWED:
            return Findings(notes=[f"{address} was not checked. {sentence(error, region)}"])
        return Findings([f"SES cannot be used in {region}. {sentence(error, region)}"])
    return Findings(list(_sender_problems(region, address, found)), notes)


def sending_region(parameters: Mapping[str, str], region: str) -> str:
    """Return the region whose SES sends: that of SenderIdentityArn, or `region`, the region of the stack."""
    parts = parameters.get("SenderIdentityArn", "").split(":")
    return parts[3] if len(parts) > 3 else region


def sends_by_ses(parameters: Mapping[str, str]) -> bool:
    """Return whether SES sends any email of a stack with these parameters."""
    channels, _, own_gateway = parameters.get("GatewayFunctionArn", "").partition("=")
    if own_gateway and "email" in channels.split(","):
        return False
    sends_cognitos = parameters["CustomSenders"] in ("EMAIL", "BOTH")
    return sends_cognitos or "email" in parameters["ChannelOrder"].split(",")


def identities(address: str) -> list[str]:
    """Return the identities that allow SES to send from `address`: it, its domain, and those above."""
    labels = address.rpartition("@")[2].lower().split(".")
    return [address, *(".".join(labels[start:]) for start in range(len(labels) - 1))]


def _is_verified(ses: Any, identity: str) -> bool | None:
    """Return whether SES has verified an identity, or None if SES does not know it."""
    try:
        return bool(ses.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"])
    except ClientError as error:
        if error_code(error) not in NOT_FOUND:
            raise
        return None


def _sender_problems(region: str, address: str, found: Mapping[str, bool | None]) -> Iterator[str]:
    if any(found.values()):
        return
    domain = address.rpartition("@")[2].lower()
    if waiting := [name for name, state in found.items() if state is False]:
        step = (
            "Follow the link in the message that AWS sent to it"
            if waiting[0] == address
            else "Add the DNS records that the SES console shows"
        )
        yield f"SES in {region} has not verified {waiting[0]} yet. {step}, and run the command again."
        return
    yield (
        f"SES in {region} does not know {address}. Verify its domain, and run the command again: "
        f"aws sesv2 create-email-identity --email-identity {domain} --region {region}"
    )


def _sandbox_notes(ses: Any, region: str) -> Iterator[str]:
    account = ses.get_account()
    if not account.get("ProductionAccessEnabled", True):
        yield (
            f"SES in {region} is in its sandbox. It sends to verified addresses only, 200 messages a day. "
            'See docs/deploy.md, "Leave the sandboxes".'
        )
    if not account.get("SendingEnabled", True):
        yield f"SES has paused sending in {region}. The SES console says why."


def check_rights(
    account: DeploymentAccount, caller: tuple[str, str], role: str, stack: str, types: Iterable[str]
) -> Findings:
    """Check that CloudFormation may create the types with the rights of `role`, or of the caller without one.

    `caller` are the id of the account and the ARN of the credentials.
    """
    account_id, arn = caller
    try:
        missing = missing_rights(
            account.client("iam"), role or arn, types, stack=stack, region=account.region, account=account_id
        )
    except (ClientError, BotoCoreError) as error:
        if error_code(error) in _NOT_ALLOWED | NOT_FOUND:
            return Findings(
                notes=["IAM does not show what these credentials may do, so that was not checked."]
            )
        return Findings(notes=[f"The permissions were not checked. {sentence(error, account.region)}"])
    if not missing:
        return Findings()
    who = "The role of CloudFormation" if role else "These credentials"
    return Findings(
        [f"{who} may not call {', '.join(missing)}. Add these permissions, or use other credentials."]
    )
