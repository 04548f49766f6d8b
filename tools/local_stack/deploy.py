"""Package the functions, and deploy template.yaml to the running emulator with CloudFormation.

The zip does not contain the packages of `triggers/requirements.txt`. The emulator runs the functions with the
Python of this virtual environment, which has them.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tools.artefacts import aws_models, texts
from tools.lambda_functions import FUNCTIONS
from tools.local_stack.clients import client
from tools.local_stack.errors import StackError
from tools.local_stack.process import log_path

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

STACK_NAME = "passcode"
DEPLOY_SECONDS = 120.0
BUCKET = "passcode-local-code"

# The earliest time in a zip. With a fixed time the bytes do not depend on the checkout.
_EPOCH = (1980, 1, 1, 0, 0, 0)

DEFAULTS = {
    "SenderEmail": "no-reply@passcode.example",
    "SignInHost": "app.passcode.example",
    # The tests read every metric and the dashboard.
    "Monitoring": "FULL",
    # The demo and the tests sign in with both app clients.
    "AppClients": "BOTH",
    "HostedSignInMode": "PASSWORD_AND_CODE",
    "HostedDomainPrefix": "passcode-local",
    # The demo page, and the app of the tests.
    "HostedCallbackUrls": "http://127.0.0.1:4580/,http://localhost:4580/,https://app.passcode.example/callback",
    "HostedLogoutUrls": "http://127.0.0.1:4580/,http://localhost:4580/",
}


@dataclass(frozen=True)
class FunctionPackage:
    """The zip `code` of the functions, and a `template` whose CodeUri is the object `key` in `BUCKET`."""

    template: str
    code: bytes
    key: str

    @property
    def digest(self) -> str:
        """A digest of template and code. The template contains the key, which has the digest of the code."""
        return hashlib.sha256(self.template.encode()).hexdigest()


def build_package(root: Path) -> FunctionPackage:
    """Return the package of the project in the directory `root`, with the operator's texts in texts.d.

    Raises StackError if a file in texts.d is wrong.
    """
    try:
        changed = texts.merged(root)
    except texts.TextsError as error:
        raise StackError(str(error)) from error
    models = aws_models.trimmed(aws_models.botocore_data(), aws_models.operations_of(FUNCTIONS))
    changed |= {(aws_models.MODELS / path).as_posix(): content for path, content in models.items()}
    code = zip_folder(root / "triggers", changed)
    key = f"triggers-{hashlib.sha256(code).hexdigest()}.zip"
    template = (root / "template.yaml").read_text()
    return FunctionPackage(template.replace("CodeUri: triggers/", f"CodeUri: s3://{BUCKET}/{key}"), code, key)


def zip_folder(folder: Path, changed: Mapping[str, bytes]) -> bytes:
    """Zip `folder`, with the files in `changed` instead of those with the same path, or beside them.

    The bytes of the zip depend on the names and contents of the files only.
    """
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths} | dict(changed)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files, key=lambda name: name.split("/")):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def deploy(
    endpoint_url: str,
    package: FunctionPackage,
    overrides: Mapping[str, str],
    *,
    keeps_parameters: bool = False,
) -> StackTypeDef:
    """Create or update the stack, and return its description. Does nothing if nothing changed.

    With `keeps_parameters`, a deployed stack keeps the parameters that `overrides` does not have. Raises
    StackError if CloudFormation refuses the template.
    """
    cloudformation: CloudFormationClient = client(endpoint_url, "cloudformation")
    current = describe(cloudformation)
    # The redirect URI of Cognito for its OpenID provider. On AWS it is in the domain of the pool.
    redirect_uris = {"HostedExtraRedirectUris": f"{endpoint_url}/oauth2/idpresponse"}
    kept = parameters_of(current) if current and keeps_parameters else {}
    parameters = DEFAULTS | redirect_uris | kept | dict(overrides)
    _verify_sender(endpoint_url, parameters["SenderEmail"])
    # One tag for all parameters, because AWS limits the number of tags and allows no empty one.
    settings = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    package = _with_version(package, settings)
    tags = {"package": package.digest, "parameters": settings}
    if current and current["StackStatus"].endswith("_COMPLETE") and _tags(current) == tags:
        return current
    _upload(endpoint_url, package)
    change = cloudformation.update_stack if current else cloudformation.create_stack
    try:
        change(
            StackName=STACK_NAME,
            # From S3, as sam does it, because TemplateBody is limited to 51,200 bytes.
            TemplateURL=f"{endpoint_url}/{BUCKET}/{package.digest}.yaml",
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
            ],
            Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        raise _deployment_error(error.response["Error"]["Message"]) from error
    stack = _wait_until_complete(cloudformation)
    _create_configuration_set(endpoint_url, parameters.get("SmsOptions", ""), stack)
    return stack


def _with_version(package: FunctionPackage, settings: str) -> FunctionPackage:
    """Name the versions of the functions after code and parameters, as `make deploy` does (SnapStart)."""
    version = hashlib.sha256(f"{package.digest} {settings}".encode()).hexdigest()[:16]
    template = package.template
    for mark in ("Description: build", "SNAPSTART_VERSION: build"):
        template = template.replace(mark, mark.replace("build", version))
    return replace(package, template=template)


def _verify_sender(endpoint_url: str, sender: str) -> None:
    # The emulator has separate identities for SES v1 and SES v2. AWS has the same ones for both.
    client(endpoint_url, "ses").verify_email_identity(EmailAddress=sender)
    with suppress(ClientError):
        client(endpoint_url, "sesv2").create_email_identity(EmailIdentity=sender)


def _create_configuration_set(endpoint_url: str, options: str, stack: StackTypeDef) -> None:
    """Create the configuration set that SmsOptions names, with the event destination of docs/messages.md."""
    name = dict(pair.partition("=")[::2] for pair in options.split(",")).get("configuration_set", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
    messaging = client(endpoint_url, "pinpoint-sms-voice-v2")
    # A second deployment finds it as the first one made it.
    with suppress(messaging.exceptions.ConflictException):
        messaging.create_configuration_set(ConfigurationSetName=name)
        messaging.create_event_destination(
            ConfigurationSetName=name,
            EventDestinationName="passcode",
            MatchingEventTypes=["TEXT_ALL", "VOICE_ALL"],
            SnsDestination={"TopicArn": outputs["DeliveryEventsTopicArn"]},
        )


def describe(cloudformation: CloudFormationClient) -> StackTypeDef | None:
    """Return the description of the stack, or None if it does not exist."""
    try:
        return cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    except ClientError:
        return None


def resources(endpoint_url: str) -> dict[str, str]:
    """Return the physical id of each logical id in the stack."""
    cloudformation: CloudFormationClient = client(endpoint_url, "cloudformation")
    listed = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}


def parameters_of(stack: StackTypeDef) -> dict[str, str]:
    """Return the value of each parameter of a deployed stack, including those with a default value."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}


def _tags(stack: StackTypeDef) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}


def _upload(endpoint_url: str, package: FunctionPackage) -> None:
    s3 = client(endpoint_url, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=package.key, Body=package.code)
    s3.put_object(Bucket=BUCKET, Key=f"{package.digest}.yaml", Body=package.template.encode())


def _wait_until_complete(cloudformation: CloudFormationClient) -> StackTypeDef:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while (stack := describe(cloudformation)) and stack["StackStatus"].endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise _deployment_error(f"it is still {stack['StackStatus']} after {DEPLOY_SECONDS:.0f} seconds.")
        time.sleep(0.05)
    if not stack or stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise _deployment_error(_first_failure(cloudformation))
    return stack


def _first_failure(cloudformation: CloudFormationClient) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "CloudFormation gave no reason."
    return f"{failed[-1]['LogicalResourceId']}: {failed[-1].get('ResourceStatusReason', 'no reason given')}"


def _deployment_error(reason: str) -> StackError:
    # CloudFormation's reasons end with or without a full stop.
    reason = f"{reason.rstrip('. ')}."
    return StackError(
        f"template.yaml could not be deployed: {reason} Fix it and run `up` again. The log is {log_path()}."
    )
