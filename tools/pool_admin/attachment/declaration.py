"""Prints an attach as lines for the tool that manages the pool: CloudFormation, the AWS CDK or Terraform.

The next deployment of such a tool undoes changes that are not in its code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

from tools.pool_admin import fixes
from tools.pool_admin.attachment.plan import AttachPlan, functions_of_pool
from tools.pool_admin.aws_resources.backup import POOL
from tools.pool_admin.aws_resources.functions import COGNITO, split_arn
from tools.pool_admin.aws_resources.pool import NEW_ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import Settings


class Format(StrEnum):
    """The tools that lines can be printed for."""

    CDK = "cdk"
    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"


@dataclass(frozen=True)
class Declaration:
    """The pool and its app clients after an attach.

    `pool` and `clients` (by id) hold members of UpdateUserPool and UpdateUserPoolClient. `attributes` are
    the custom attributes to add, and `functions` the ARNs that the pool calls. `code_only` is the stack's
    new list of CODE_ONLY app clients, None if the list stays. `notes` are those of the plan. `lacks_levels`
    is whether the stack's identity provider lacks its AcrMapping, which is not in these lines.
    """

    pool_arn: str
    stack: str
    pool: Settings
    attributes: tuple[Settings, ...]
    clients: Mapping[str, Settings]
    functions: tuple[str, ...]
    code_only: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    lacks_levels: bool = False

    @classmethod
    def of(cls, plan: AttachPlan) -> Declaration:
        """Return the declaration of the same pool and app clients as the plan."""
        return cls(
            plan.pool_arn,
            plan.stack.name,
            plan.settings[POOL],
            (NEW_ATTRIBUTE,) if plan.backup.attribute else (),
            {client_id: settings for client_id, settings in plan.settings.items() if client_id != POOL},
            tuple(dict.fromkeys(functions_of_pool(plan.stack))),
            plan.code_only,
            plan.notes,
            plan.acr_mapping is not None,
        )

    @property
    def pool_id(self) -> str:
        return self.pool_arn.rpartition("/")[2]

    @property
    def permissions(self) -> dict[str, Settings]:
        """The AWS::Lambda::Permission that each function needs, by a name for the resource."""
        return {
            _permission_name(arn): {
                "Action": "lambda:InvokeFunction",
                "FunctionName": arn,
                "Principal": COGNITO,
                "SourceAccount": self.pool_arn.split(":")[4],
                "SourceArn": self.pool_arn,
            }
            for arn in self.functions
        }


def declaration_text(declaration: Declaration, form: Format) -> str:
    """Return the lines to add, with comments that say where they belong."""
    text = "\n".join((*_first_steps(declaration), *_LINES[form](declaration), *_last_steps(declaration)))
    return re.sub("^#", "//", text, flags=re.MULTILINE) if form is Format.CDK else text


def _first_steps(declaration: Declaration) -> Iterator[str]:
    yield from (f"# Note: {note}" for note in declaration.notes)
    if declaration.code_only is not None:
        # The functions ask for a password if they do not know a client's mode.
        yield "# Before you deploy these lines:"
        yield f"# - {fixes.deploy_with(fixes.code_only(declaration.code_only))}"
    if declaration.notes or declaration.code_only is not None:
        yield ""


def _last_steps(declaration: Declaration) -> Iterator[str]:
    yield ""
    yield "# After you have deployed these lines:"
    if declaration.lacks_levels:
        # Nothing else is left for attach then.
        yield f"# - {fixes.attach_command(declaration.pool_id, declaration.stack)}"
    yield f"# - {fixes.COMMAND} doctor {declaration.pool_id} --stack {declaration.stack}"


def _cloudformation(declaration: Declaration) -> Iterator[str]:
    yield f"# Properties of the AWS::Cognito::UserPool {declaration.pool_id}."
    yield "# Add these to its LambdaConfig if it has one, and keep the other triggers there:"
    yield _yaml(declaration.pool)
    if declaration.attributes:
        yield "---\n# In its Schema, after the existing attributes:"
        yield _yaml(list(declaration.attributes))
    for client_id, settings in declaration.clients.items():
        yield f"---\n# Properties of the AWS::Cognito::UserPoolClient {client_id}:"
        yield _yaml(settings)
    yield "---\n# New resources:"
    yield _yaml(
        {
            name: {"Type": "AWS::Lambda::Permission", "Properties": permission}
            for name, permission in declaration.permissions.items()
        }
    )


def _cdk(declaration: Declaration) -> Iterator[str]:
    yield "import * as cognito from 'aws-cdk-lib/aws-cognito';"
    yield "import * as lambda from 'aws-cdk-lib/aws-lambda';"
    yield f"\n# In the properties of your UserPool {declaration.pool_id}:" if declaration.attributes else ""
    for attribute in declaration.attributes:
        lengths = attribute["StringAttributeConstraints"]
        yield (
            f"#   customAttributes: {{ {attribute['Name']}: new cognito.StringAttribute({{ minLen: "
            f"{lengths['MinLength']}, maxLen: {lengths['MaxLength']}, mutable: true }}) }},"
        )
    yield f"\n# `pool` is your UserPool {declaration.pool_id}."
    yield "# Keep the other triggers in its code. These lines do not change them."
    yield "const passcodePool = pool.node.defaultChild as cognito.CfnUserPool;"
    for path, value in _leaves(declaration.pool):
        yield f"passcodePool.addPropertyOverride({json.dumps(path)}, {json.dumps(value)});"
    for number, (client_id, settings) in enumerate(declaration.clients.items(), 1):
        yield f"\n# `client{number}` is your UserPoolClient {client_id}."
        yield f"const passcodeClient{number} = client{number}.node.defaultChild as cognito.CfnUserPoolClient;"
        for path, value in settings.items():
            yield f"passcodeClient{number}.addPropertyOverride({json.dumps(path)}, {json.dumps(value)});"
    yield ""
    for name, permission in declaration.permissions.items():
        yield f"new lambda.CfnPermission(this, {json.dumps(name)}, {{"
        for key, value in permission.items():
            yield f"  {key[0].lower()}{key[1:]}: {json.dumps(value)},"
        yield "});"


def _terraform(declaration: Declaration) -> Iterator[str]:
    yield f"# In the resource aws_cognito_user_pool of {declaration.pool_id}."
    yield "# Add these to its lambda_config block if it has one, and keep the other triggers there:"
    yield from _hcl(declaration.pool)
    for attribute in declaration.attributes:
        yield from _hcl({"Schema": attribute})
    for client_id, settings in declaration.clients.items():
        yield f"\n# In the resource aws_cognito_user_pool_client of {client_id}:"
        yield from _hcl(settings)
    yield "\n# New resources:"
    for name, permission in declaration.permissions.items():
        yield f'resource "aws_lambda_permission" "{_snake(name)}" {{'
        # Terraform has a separate argument for the alias.
        alias = split_arn(permission["FunctionName"])[2]
        arn = permission["FunctionName"].removesuffix(f":{alias}")
        qualifier = {"Qualifier": alias} if alias else {}
        yield from _hcl(permission | {"FunctionName": arn} | qualifier, "  ")
        yield "}"


_LINES = {Format.CLOUDFORMATION: _cloudformation, Format.CDK: _cdk, Format.TERRAFORM: _terraform}


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, width=1000).rstrip()


def _leaves(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        full_path = f"{path}.{name}" if path else name
        if isinstance(value, Mapping):
            yield from _leaves(value, full_path)
        else:
            yield full_path, value


def _hcl(settings: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield f"{indent}{_snake(name)} {{"
            yield from _hcl(value, f"{indent}  ")
            yield f"{indent}}}"
        else:
            # Terraform reads ${ and %{ in a string as a template.
            literal = json.dumps(value).replace("${", "$${").replace("%{", "%%{")
            yield f"{indent}{_snake(name)} = {literal}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _permission_name(arn: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"\W+", split_arn(arn)[0])) + "ForCognito"
