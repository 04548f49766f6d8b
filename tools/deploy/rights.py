"""The permissions that a first deployment needs, as IAM's simulator sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# The action that creates a resource of a type, and the resource that IAM checks it for. A policy can be
# limited to names that begin with the name of the stack, so the simulator gets such names.
# https://docs.aws.amazon.com/service-authorization/latest/reference/
_FUNCTION = "arn:{partition}:lambda:{region}:{account}:function:{stack}-deliver"
_POOL = "arn:{partition}:cognito-idp:{region}:{account}:userpool/{region}_000000000"
_QUEUE = "arn:{partition}:sqs:{region}:{account}:{stack}-Queue.fifo"
_ROLE = "arn:{partition}:iam::{account}:role/{stack}-Role"
_SET = "arn:{partition}:ses:{region}:{account}:configuration-set/{stack}-Mail"
_TOPIC = "arn:{partition}:sns:{region}:{account}:{stack}-Topic"
_WEB_ACL = "arn:{partition}:wafv2:{region}:{account}:regional/webacl/{stack}/1"
RIGHTS: Mapping[str, tuple[str, str]] = {
    "AWS::ApiGateway::RestApi": ("apigateway:POST", "arn:{partition}:apigateway:{region}::/restapis"),
    "AWS::CloudWatch::Alarm": (
        "cloudwatch:PutMetricAlarm",
        "arn:{partition}:cloudwatch:{region}:{account}:alarm:{stack}-Alarm",
    ),
    "AWS::CloudWatch::Dashboard": (
        "cloudwatch:PutDashboard",
        "arn:{partition}:cloudwatch::{account}:dashboard/{stack}-{region}",
    ),
    "AWS::Cognito::UserPool": ("cognito-idp:CreateUserPool", "*"),
    "AWS::Cognito::UserPoolClient": ("cognito-idp:CreateUserPoolClient", _POOL),
    "AWS::Cognito::UserPoolDomain": ("cognito-idp:CreateUserPoolDomain", _POOL),
    "AWS::Cognito::UserPoolIdentityProvider": ("cognito-idp:CreateIdentityProvider", _POOL),
    "AWS::DynamoDB::Table": (
        "dynamodb:CreateTable",
        "arn:{partition}:dynamodb:{region}:{account}:table/{stack}-Table",
    ),
    "AWS::IAM::Policy": ("iam:PutRolePolicy", _ROLE),
    "AWS::IAM::Role": ("iam:CreateRole", _ROLE),
    "AWS::KMS::Key": ("kms:CreateKey", "*"),
    "AWS::Lambda::Alias": ("lambda:CreateAlias", _FUNCTION),
    "AWS::Lambda::EventInvokeConfig": ("lambda:PutFunctionEventInvokeConfig", _FUNCTION),
    "AWS::Lambda::EventSourceMapping": ("lambda:CreateEventSourceMapping", "*"),
    "AWS::Lambda::Function": ("lambda:CreateFunction", _FUNCTION),
    "AWS::Lambda::Permission": ("lambda:AddPermission", _FUNCTION),
    "AWS::Lambda::Version": ("lambda:PublishVersion", _FUNCTION),
    "AWS::Logs::LogGroup": (
        "logs:CreateLogGroup",
        "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{stack}-deliver",
    ),
    "AWS::Logs::QueryDefinition": ("logs:PutQueryDefinition", "*"),
    "AWS::SES::ConfigurationSet": ("ses:CreateConfigurationSet", _SET),
    "AWS::SES::ConfigurationSetEventDestination": ("ses:CreateConfigurationSetEventDestination", _SET),
    "AWS::SNS::Subscription": ("sns:Subscribe", _TOPIC),
    "AWS::SNS::Topic": ("sns:CreateTopic", _TOPIC),
    "AWS::SNS::TopicPolicy": ("sns:SetTopicAttributes", _TOPIC),
    "AWS::SQS::Queue": ("sqs:CreateQueue", _QUEUE),
    "AWS::SQS::QueuePolicy": ("sqs:SetQueueAttributes", _QUEUE),
    "AWS::SecretsManager::Secret": (
        "secretsmanager:CreateSecret",
        "arn:{partition}:secretsmanager:{region}:{account}:secret:{stack}-hosted-sign-in-1",
    ),
    "AWS::WAFv2::IPSet": (
        "wafv2:CreateIPSet",
        "arn:{partition}:wafv2:{region}:{account}:regional/ipset/{stack}/1",
    ),
    "AWS::WAFv2::WebACL": ("wafv2:CreateWebACL", _WEB_ACL),
    "AWS::WAFv2::WebACLAssociation": ("wafv2:AssociateWebACL", _WEB_ACL),
}

_ASSUMED_ROLE = re.compile(r"arn:[a-z-]+:sts::\d+:assumed-role/([^/]+)/.+")
_PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::\d+:(user|role)/.+")


def missing_rights(
    iam: Any, caller: str, types: Iterable[str], *, stack: str, region: str, account: str
) -> list[str]:
    """Return the actions that the caller may not do and that create resources of these types, sorted.

    `caller` is an ARN. Returns nothing for the root user and for temporary users, whose rights IAM does not
    simulate. An action counts as missing only if IAM knows everything that its policies ask for. Raises
    ClientError if IAM refuses the simulation.
    """
    principal = _principal(iam, caller)
    if principal is None:
        return []
    names = {"partition": caller.split(":")[1], "region": region, "account": account, "stack": stack}
    by_resource: dict[str, set[str]] = {}
    for name in types:
        if name in RIGHTS:
            action, pattern = RIGHTS[name]
            by_resource.setdefault(pattern.format(**names), set()).add(action)
    missing: set[str] = set()
    for resource, actions in by_resource.items():
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=principal, ActionNames=sorted(actions), ResourceArns=[resource]
        )
        missing |= {
            result["EvalActionName"]
            for page in pages
            for result in page["EvaluationResults"]
            if result["EvalDecision"] != "allowed" and not result.get("MissingContextValues")
        }
    return sorted(missing)


def _principal(iam: Any, caller: str) -> str | None:
    """Return the ARN of the user or role, whose policies IAM can simulate; None if there is none."""
    if assumed := _ASSUMED_ROLE.fullmatch(caller):
        # The ARN of the session lacks the path of the role.
        return str(iam.get_role(RoleName=assumed[1])["Role"]["Arn"])
    return caller if _PRINCIPAL.fullmatch(caller) else None
