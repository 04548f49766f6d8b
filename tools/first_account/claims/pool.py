"""Settings of a pool and of app clients, and how Cognito describes them."""

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, Observation, changes, no, yes
from tools.first_account.sign_in import refusal_of

_CLIENTS = ("ChallengeClientId", "RotatingClientId", "PasswordClientId")


def _missing_trigger(account: ThrowAwayAccount) -> Observation:
    missing = f"{account.output('TriggersArn')}-missing"
    for arn in (missing, f"{missing}:live"):
        try:
            account.cognito.update_user_pool(
                UserPoolId=account.output("SparePoolId"), LambdaConfig={"DefineAuthChallenge": arn}
            )
        except ClientError as error:
            kind = "an alias" if arn.endswith(":live") else "a function"
            return no(f"Cognito refused the ARN of {kind} that does not exist: {refusal_of(error)}.")
    return yes("Cognito accepted the ARNs of a function and of an alias that do not exist.")


def _client_type(account: ThrowAwayAccount) -> Observation:
    made = account.cognito.create_user_pool_client(
        UserPoolId=account.output("PoolId"), ClientName=account.unique("client")
    )["UserPoolClient"]["ClientId"]
    ids = [*(account.output(name) for name in _CLIENTS), made]
    types = [
        account.cognito.describe_user_pool_client(UserPoolId=account.output("PoolId"), ClientId=client_id)[
            "UserPoolClient"
        ].get("ClientType")
        for client_id in ids
    ]
    missing = types.count(None)
    if missing:
        return no(f"ClientType was missing in {missing} of {len(types)} descriptions.")
    return yes(f"All {len(types)} descriptions had ClientType: {', '.join(sorted(set(types)))}.")


CLAIMS = (
    Claim(
        "trigger-before-its-function",
        "Cognito accepts the ARN of a trigger whose function or alias does not exist yet.",
        "The pool of template.yaml names its triggers by ARN, and CloudFormation creates the pool before "
        "the functions.",
        ("UpdateUserPool",),
        ("pool",),
        changes(
            yes="Nothing. SnapStart, AssuranceClaims and CustomSenders still need a maintenance window.",
            no="The template must create functions and permissions before the pool. Deployments fail until "
            "then.",
        ),
        _missing_trigger,
    ),
    Claim(
        "client-type-is-described",
        "DescribeUserPoolClient always returns ClientType.",
        "`doctor` recognises by ClientType the app clients that registered themselves.",
        ("CreateUserPoolClient", "DescribeUserPoolClient"),
        ("pool",),
        changes(
            yes="Nothing.",
            no="`doctor` must say that it cannot recognise registered app clients without ClientType.",
        ),
        _client_type,
        emulator_lacks="ClientType",
    ),
)
