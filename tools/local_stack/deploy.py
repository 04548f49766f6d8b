"""Bring template.yaml into the running emulator, as CloudFormation would into an account.

The packages that `triggers/requirements.txt` names are not in the zip: the emulator runs the functions with
the Python of this virtual environment, which has them.
"""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tools.local_stack.clients import client
from tools.local_stack.errors import StackError
from tools.local_stack.process import log_path

STACK_NAME = "passcode"
DEPLOYED_WITHIN = 120.0
BUCKET = "passcode-local-code"

# The oldest time that a zip can hold; any fixed one keeps the bytes from changing with a checkout.
_EPOCH = (1980, 1, 1, 0, 0, 0)

# No user of a local stack outlives it, so nothing needs the guard against deletion.
DEFAULTS = {
    "SenderEmail": "no-reply@passcode.example",
    "SignInHost": "app.passcode.example",
    "DeletionProtection": "INACTIVE",
    "HostedSignInMode": "PASSWORD_AND_CODE",
    "HostedDomainPrefix": "passcode-local",
    # The demo's page, and the tests' app.
    "HostedCallbackUrls": "http://127.0.0.1:4580/,http://localhost:4580/,https://app.passcode.example/callback",
    "HostedLogoutUrls": "http://127.0.0.1:4580/,http://localhost:4580/",
}


@dataclass(frozen=True)
class FunctionPackage:
    """A deployable: the `template` whose CodeUri names `key` in `BUCKET`, and the `code` for there."""

    template: str
    code: bytes
    key: str

    @property
    def digest(self) -> str:
        """Of the template and the code together: the same digest deploys the same stack."""
        return hashlib.sha256(self.template.encode()).hexdigest()


def build_package(root: Path) -> FunctionPackage:
    """FunctionPackage the project in the directory `root`."""
    code = zip_folder(root / "triggers")
    key = f"triggers-{hashlib.sha256(code).hexdigest()}.zip"
    template = (root / "template.yaml").read_text()
    return FunctionPackage(template.replace("CodeUri: triggers/", f"CodeUri: s3://{BUCKET}/{key}"), code, key)


def zip_folder(folder: Path) -> bytes:
    """`folder` as a zip that depends on its files' names and bytes only."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            if "__pycache__" not in file.parts:
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def deploy(endpoint_url: str, built: FunctionPackage, overrides: Mapping[str, str]) -> dict[str, Any]:
    """Create or update the stack; quick if nothing changed. Answers its description."""
    # Cognito's answers from its one provider come to this address; on AWS to the pool's domain.
    here = {"HostedExtraRedirectUris": f"{endpoint_url}/oauth2/idpresponse"}
    parameters = DEFAULTS | here | dict(overrides)
    _verify_sender(endpoint_url, parameters["SenderEmail"])
    cloudformation = client(endpoint_url, "cloudformation")
    # Not one tag for each: they would be too many, and AWS takes no empty one.
    settings = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    wanted = {"package": built.digest, "parameters": settings}
    now = describe(cloudformation)
    if now and now["StackStatus"].endswith("_COMPLETE") and _tags(now) == wanted:
        return now
    _upload(endpoint_url, built)
    change = cloudformation.update_stack if now else cloudformation.create_stack
    try:
        change(
            StackName=STACK_NAME,
            # By way of S3, as sam does it: in the call itself a template may have 51,200 bytes at most.
            TemplateURL=f"{endpoint_url}/{BUCKET}/{built.digest}.yaml",
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
            ],
            Tags=[{"Key": name, "Value": value} for name, value in wanted.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        raise _deployment_error(error.response["Error"]["Message"]) from error
    return _wait_until_complete(cloudformation)


def _verify_sender(endpoint_url: str, sender: str) -> None:
    # To the emulator an identity of SES v1 and one of v2 are two; AWS knows one.
    client(endpoint_url, "ses").verify_email_identity(EmailAddress=sender)
    with suppress(ClientError):
        client(endpoint_url, "sesv2").create_email_identity(EmailIdentity=sender)


def describe(cloudformation: Any) -> dict[str, Any] | None:
    """The stack's description, or None if there is no such stack."""
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    except ClientError:
        return None
    return found


def resources(endpoint_url: str) -> dict[str, str]:
    """Logical to physical ids of everything in the stack."""
    listed = client(endpoint_url, "cloudformation").describe_stack_resources(StackName=STACK_NAME)[
        "StackResources"
    ]
    return {found["LogicalResourceId"]: found["PhysicalResourceId"] for found in listed}


def _tags(stack: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}


def _upload(endpoint_url: str, built: FunctionPackage) -> None:
    s3 = client(endpoint_url, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=built.key, Body=built.code)
    s3.put_object(Bucket=BUCKET, Key=f"{built.digest}.yaml", Body=built.template.encode())


def _wait_until_complete(cloudformation: Any) -> dict[str, Any]:
    deadline = time.monotonic() + DEPLOYED_WITHIN
    while (stack := describe(cloudformation)) and stack["StackStatus"].endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise _deployment_error(
                f"it is still {stack['StackStatus']} after {DEPLOYED_WITHIN:.0f} seconds."
            )
        time.sleep(0.05)
    if not stack or stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise _deployment_error(_first_failure(cloudformation))
    return stack


def _first_failure(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "it gave no reason."
    return f"{failed[-1]['LogicalResourceId']}: {failed[-1].get('ResourceStatusReason', 'no reason given')}"


def _deployment_error(why: str) -> StackError:
    # The reasons are CloudFormation's own words, with a full stop or without.
    reason = f"{why.rstrip('. ')}."
    return StackError(
        f"template.yaml could not be deployed: {reason} Mend it and run `up` again; the log is {log_path()}."
    )
