"""CloudFormation: what a template may contain, and what remains of a stack that failed."""

import re

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes
from tools.pool_admin.errors import error_code

# The words with which CloudFormation and its resource types refuse a template or a property.
_NOT_ALLOWED = re.compile(r"invalid|validat|unsupported|not supported|unrecognized|unresolved|template", re.I)
_CONDITIONS = {"FoundTheRegion", "FoundNoRegion"}
_TYPE = "AWS::SES::ConfigurationSet"


def observe_created(account: ThrowAwayAccount, part: str, seen: str) -> Observation:
    """Return whether CloudFormation created a part. `seen` is the sentence if it did.

    Raises NotTried if the part failed for another reason than its template, such as a missing right.
    """
    failure = account.parts.failures.get(part)
    if failure is None:
        return yes(seen)
    if is_refused_template(failure):
        return no(failure)
    raise NotTried(f"The part {part} is missing. {failure}")


def is_refused_template(failure: str) -> bool:
    """Return whether a stack failed because its template has something that AWS does not allow."""
    return bool(_NOT_ALLOWED.search(failure)) and "not authorized" not in failure


def _conditions(account: ThrowAwayAccount) -> Observation:
    created = observe_created(
        account, "conditions", "The conditions found the region, also of an empty text."
    )
    found = account.parts.outputs.get("conditions", {}).keys()
    if "conditions" in account.parts.outputs and found != _CONDITIONS:
        return no(f"These conditions were true: {', '.join(sorted(found)) or 'none'}.")
    return created


def _missing_type(account: ThrowAwayAccount) -> Observation:
    region = account.parts.settings["HomeRegion"]
    try:
        account.parts.cloudformation.describe_type(Type="RESOURCE", TypeName=_TYPE)
    except ClientError as error:
        if error_code(error) != "TypeNotFoundException":
            raise
    else:
        raise NotTried(
            f"{region} has {_TYPE}. Run again with --region ap-southeast-7 or --region mx-central-1."
        )
    return observe_created(
        account, "types", f"CloudFormation created a stack with {_TYPE}, which {region} lacks."
    )


def _rules(account: ThrowAwayAccount) -> Observation:
    reason = account.parts.create_failing("rules")
    if "The rule found the region of the stack" in reason:
        return yes("The rule compared the region, and CloudFormation refused the stack.")
    if not reason:
        return no("CloudFormation created a stack that a rule about its region forbids.")
    if is_refused_template(reason):
        return no(reason)
    raise NotTried(reason)


def _rollback(account: ThrowAwayAccount) -> Observation:
    reason = account.parts.create_failing("rollback")
    # This resource comes after the app client, so the app client existed.
    if not reason.startswith("CREATE_FAILED of Failing:"):
        raise NotTried(f"The stack did not fail after its app client was created. {reason}".rstrip())
    pages = account.cognito.get_paginator("list_user_pool_clients").paginate(
        UserPoolId=account.output("PoolId")
    )
    names = [client["ClientName"] for page in pages for client in page["UserPoolClients"]]
    if any(name.endswith("-rollback") for name in names):
        return no("The app client was still there after the rollback.")
    return yes("The rollback deleted the app client.")


def _insights(account: ThrowAwayAccount) -> Observation:
    return observe_created(account, "insights", "CloudFormation created the alarm.")


CLAIMS = (
    Claim(
        "conditions-with-an-arn",
        "Conditions of a template can take an ARN apart with Fn::Select, Fn::Split and Fn::Sub.",
        "The template reads the region that sends from SenderIdentityArn, in its conditions.",
        ("CreateStack",),
        (),
        changes(
            yes="Nothing.",
            no="template.yaml needs a parameter for the region of SenderIdentityArn. Deployments fail until "
            "then.",
        ),
        _conditions,
    ),
    Claim(
        "missing-type-behind-a-condition",
        "A resource type that the region lacks does not fail a stack if its condition is false.",
        "In ap-southeast-7 and mx-central-1 the template leaves out AWS::SES::ConfigurationSet by a "
        "condition.",
        ("DescribeType", "CreateStack"),
        (),
        changes(
            yes='Remove "not tried" about missing resource types from decision 40.',
            no="Say in docs/deploy.md that the stack cannot run in these regions, until the resource has "
            "moved to another template.",
        ),
        _missing_type,
        emulator_lacks="regions without a resource type",
    ),
    Claim(
        "region-in-a-rule",
        "A rule of a template can compare AWS::Region.",
        "In regions without configuration sets of SES, a rule asks for SenderIdentityArn before anything is "
        "created.",
        ("CreateStack",),
        (),
        changes(
            yes="Nothing.",
            no="Remove the rule NameTheRegionThatSends from template.yaml, and let `make deploy` ask. If "
            "CloudFormation refused the template, deployments fail until then.",
        ),
        _rules,
    ),
    Claim(
        "client-of-a-failed-stack",
        "With RetainExceptOnCreate, the rollback of a first deployment deletes an app client.",
        "A first deployment that fails must leave nothing that blocks the second one. Later the stack keeps "
        "its app clients.",
        ("CreateStack", "ListUserPoolClients"),
        ("pool",),
        changes(
            yes="Nothing.",
            no="Say in docs/deploy.md that a failed first deployment leaves app clients, and how to delete "
            "them.",
        ),
        _rollback,
    ),
    Claim(
        "alarm-on-a-query",
        "CloudFormation creates an alarm on a query of CloudWatch Metrics Insights over AWS/Cognito.",
        "SignInsThrottledAlarm adds up the throttled sign-ins of all app clients of the pool.",
        ("CreateStack",),
        (),
        changes(
            yes="Nothing.",
            no="SignInsThrottledAlarm must read one metric for each app client. Deployments with Monitoring "
            "fail until then.",
        ),
        _insights,
        emulator_lacks="a check of queries over metrics",
    ),
)
