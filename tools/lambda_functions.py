"""The Lambda functions of the stack: name, trigger, settings and rights.

The local stack, pool_admin, the benchmarks and the tests read this table. Fields that template.yaml has too
are equal to the template's: tests/project/test_lambda_functions.py compares both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

COGNITO = "Cognito"
SQS = "SQS"
API_GATEWAY = "API Gateway"

# The environment variables that every function gets.
COMMON_SETTINGS = (
    "LOG_LEVEL",
    "SNAPSTART_VERSION",
    "METRICS_NAMESPACE",
    "MONITORING",
    "CODE_DIGITS",
    "CODE_ONLY_DIGITS",
    "CODE_LIFE_SECONDS",
    "COOLDOWN_SECONDS",
    "SEND_BURST",
    "SEND_INTERVAL_SECONDS",
    "WRONG_ANSWERS_PER_DAY",
    "HARD_LIMIT",
    "ANSWERS_PER_SESSION",
)
# The actions that every function may perform on its log group.
LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True)
class LambdaFunction:
    """One Lambda function.

    `name` is the module of its handler in triggers/, and `caller` is the service that calls it.
    `cognito_triggers` are its keys in the user pool's LambdaConfig. `parameter` is the stack's parameter
    whose value OFF leaves the function out. It is empty for a function that every stack has. `is_awaited` is
    true if a user waits for its result.

    `settings` are the environment variables that this function gets besides `COMMON_SETTINGS`.

    `rights` maps each AWS action to the resources on which the function may do it, by their names in the
    template. `Table/token#*` are the table's items whose keys start with `token#`, and
    `Table/token#*(nonce,sent_at)` are these attributes of them. A resource that is not in the template is
    the end of its ARN. The template limits some rights further by conditions.
    `LOG_ACTIONS` are left out.
    """

    name: str
    caller: str
    cognito_triggers: tuple[str, ...] = ()
    parameter: str = ""
    settings: tuple[str, ...] = ()
    rights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_awaited: bool = True

    @property
    def logical_id(self) -> str:
        """The function's name in the template: DefineAuthChallenge for `define_auth_challenge`."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    def may(self, action: str, resource: str) -> bool:
        """Return whether the function may do `action` on `resource`, in the notation of `rights`.

        A right to whole items includes each of their attributes.
        """
        held = self.rights.get(action, ())
        return resource in held or resource.partition("(")[0] in held


_TABLE = (
    LambdaFunction(
        "define_auth_challenge",
        caller=COGNITO,
        cognito_triggers=("DefineAuthChallenge",),
        settings=("CODE_ONLY_CLIENTS",),
    ),
    LambdaFunction(
        "create_auth_challenge",
        caller=COGNITO,
        cognito_triggers=("CreateAuthChallenge",),
        settings=(
            "TABLE_NAME",
            "EMAIL_QUEUE_URL",
            "PHONE_QUEUE_URL",
            "CHANNEL_ORDER",
            "CHANNEL_CHOICE",
            "SMS_COUNTRIES",
            "SMS_PER_DAY",
            "SMS_PER_COUNTRY_PER_DAY",
            "SMS_UNANSWERED_PER_COUNTRY",
            "SALT",
        ),
        rights={
            "dynamodb:UpdateItem": ("Table/sign_in_password#*", "Table/sign_in_code#*"),
            "dynamodb:BatchGetItem": ("Table/sms_to#proven#*", "Table/sms_day#*"),
            "sqs:SendMessage": ("EmailQueue", "PhoneQueue"),
        },
    ),
    LambdaFunction(
        "deliver",
        caller=SQS,
        settings=(
            "EMAIL_QUEUE_URL",
            "PHONE_QUEUE_URL",
            "COGNITO_QUEUE_URL",
            "DEAD_LETTERS_URL",
            "TABLE_NAME",
            "SALT",
            "CODE_KEY_ID",
            "APP_NAME",
            "DEFAULT_LOCALE",
            "SENDER_EMAIL",
            "SIGN_IN_HOST",
            "CONFIGURATION_SET",
            "SES_REGION",
            "EMAILS_PER_DAY",
            "SMS_COUNTRIES",
            "SMS_PER_DAY",
            "SMS_PER_COUNTRY_PER_DAY",
            "SMS_UNANSWERED_PER_COUNTRY",
            "SMS_MAX_PRICE",
            "BRAND_COLOR",
            "BRAND_LOGO",
            "SUPPORT_URL",
            "SMS_GATEWAY",
            "SMS_OPTIONS",
            "GATEWAY_FUNCTION_ARN",
            "SENDER_KEY_ID",
            "USER_POOL_ID",
        ),
        rights={
            "sqs:ReceiveMessage": ("EmailQueue", "PhoneQueue", "CognitoQueue"),
            "sqs:DeleteMessage": ("EmailQueue", "PhoneQueue", "CognitoQueue"),
            "sqs:GetQueueAttributes": ("EmailQueue", "PhoneQueue", "CognitoQueue"),
            "sqs:ChangeMessageVisibility": ("EmailQueue", "PhoneQueue", "CognitoQueue"),
            "sqs:SendMessage": ("DeadLetters",),
            "kms:GenerateMac": ("CodeKey",),
            "kms:Decrypt": ("CustomSenderKey",),
            "ses:SendEmail": ("identity/*", "MailConfiguration"),
            # One of these three, by the parameter SmsGateway.
            "sns:Publish": ("*",),
            "sms-voice:SendTextMessage": ("*",),
            "sms-voice:SendNotifyTextMessage": ("*",),
            # With voice in ChannelOrder.
            "sms-voice:SendVoiceMessage": ("*",),
            # The function of this parameter.
            "lambda:InvokeFunction": ("GatewayFunctionArn",),
            "dynamodb:UpdateItem": (
                "Table/sms_to#*",
                "Table/sms_day#*",
                "Table/email_day#*",
                "Table/notice#*",
            ),
            "dynamodb:GetItem": (
                "Table/sign_in_password#*(nonce,sent_at)",
                "Table/sign_in_code#*(nonce,sent_at)",
                "Table/step_up#*(nonce,sent_at)",
                "Table/token#*(nonce,sent_at)",
            ),
        },
    ),
    LambdaFunction(
        "delivery_events",
        caller=SQS,
        settings=("TABLE_NAME",),
        rights={
            "sqs:ReceiveMessage": ("DeliveryEventsQueue",),
            "sqs:DeleteMessage": ("DeliveryEventsQueue",),
            "sqs:GetQueueAttributes": ("DeliveryEventsQueue",),
            "dynamodb:UpdateItem": (
                "Table/sign_in_password#*(failed_email,failed_sms,failed_voice)",
                "Table/sign_in_code#*(failed_email,failed_sms,failed_voice)",
                "Table/step_up#*(failed_email,failed_sms,failed_voice)",
            ),
        },
        is_awaited=False,
    ),
    LambdaFunction(
        "verify_auth_challenge",
        caller=COGNITO,
        cognito_triggers=("VerifyAuthChallengeResponse",),
        settings=("TABLE_NAME", "CHANNEL_ORDER", "SALT", "CODE_KEY_ID", "ASSURANCE_CLAIMS"),
        rights={
            "dynamodb:UpdateItem": (
                "Table/sign_in_password#*",
                "Table/sign_in_code#*",
                "Table/sms_to#*",
                "Table/sms_day#*",
            ),
            "kms:GenerateMac": ("CodeKey",),
            # With another SmsGateway than SNS, or with calls.
            "sms-voice:PutMessageFeedback": ("*",),
        },
    ),
    LambdaFunction(
        "pre_token_generation",
        caller=COGNITO,
        # Cognito has two keys for this trigger. The second one names the version of its event too.
        cognito_triggers=("PreTokenGeneration", "PreTokenGenerationConfig"),
        parameter="AssuranceClaims",
        settings=("TABLE_NAME", "CODE_ONLY_CLIENTS"),
        rights={"dynamodb:GetItem": ("Table/sign_in_password#*", "Table/sign_in_code#*")},
    ),
    LambdaFunction(
        "custom_sender",
        caller=COGNITO,
        cognito_triggers=("CustomEmailSender", "CustomSMSSender"),
        parameter="CustomSenders",
        settings=("COGNITO_QUEUE_URL", "USER_POOL_ID"),
        rights={
            "sqs:SendMessage": ("CognitoQueue",),
            "cognito-idp:AdminGetUser": ("UserPool",),
        },
    ),
    LambdaFunction(
        "token_api",
        caller=API_GATEWAY,
        parameter="TokenService",
        settings=(
            "TABLE_NAME",
            "EMAIL_QUEUE_URL",
            "PHONE_QUEUE_URL",
            "CHANNEL_ORDER",
            "SMS_COUNTRIES",
            "SALT",
            "CODE_KEY_ID",
            "TOKEN_KEY_ID",
            "PROOF_KEY_IDS",
            "PROOF_LIFE_SECONDS",
            "STEP_UP_MAX_AUTH_AGE",
            "ISSUER",
            "USER_POOL_ID",
        ),
        rights={
            "dynamodb:UpdateItem": (
                "Table/token#*",
                "Table/step_up#*",
                "Table/request#*",
                "Table/proof#*",
                "Table/sms_to#*",
                "Table/sms_day#*",
            ),
            "dynamodb:GetItem": ("Table/token#*", "Table/step_up#*", "Table/health#*"),
            "dynamodb:DeleteItem": ("Table/request#*",),
            "sqs:SendMessage": ("EmailQueue", "PhoneQueue"),
            "sqs:GetQueueAttributes": ("EmailQueue", "PhoneQueue"),
            "cognito-idp:AdminGetUser": ("UserPool",),
            "sms-voice:PutMessageFeedback": ("*",),
            "kms:GenerateMac": ("CodeKey", "TokenKey"),
            "kms:Sign": ("ProofKeyA", "ProofKeyB"),
            "kms:Verify": ("ProofKeyA", "ProofKeyB"),
            "kms:GetPublicKey": ("ProofKeyA", "ProofKeyB"),
        },
    ),
    LambdaFunction(
        "hosted_sign_in",
        caller=API_GATEWAY,
        parameter="HostedSignInMode",
        settings=(
            "TABLE_NAME",
            "ISSUER",
            "USER_POOL_ID",
            "INNER_CLIENT_ID",
            "MODE",
            "PROVIDER_NAME",
            "RP_CLIENT_ID",
            "RP_SECRET_ID",
            "REDIRECT_URIS",
            "CALLBACK_URLS",
            "STATE_KEY_ID",
            "SIGN_KEY_IDS",
            "APP_NAME",
            "DEFAULT_LOCALE",
            "BRAND_COLOR",
            "BRAND_LOGO",
        ),
        rights={
            "cognito-idp:AdminInitiateAuth": ("UserPool",),
            "cognito-idp:AdminRespondToAuthChallenge": ("UserPool",),
            "cognito-idp:AdminLinkProviderForUser": ("UserPool",),
            "cognito-idp:AdminGetUser": ("UserPool",),
            "cognito-idp:DescribeUserPool": ("UserPool",),
            "cognito-idp:DescribeUserPoolClient": ("UserPool",),
            "dynamodb:GetItem": ("Table/hosted#*", "Table/grant#*"),
            "dynamodb:UpdateItem": ("Table/hosted#*", "Table/grant#*"),
            "secretsmanager:GetSecretValue": ("HostedClientSecret",),
            "kms:Encrypt": ("HostedStateKey",),
            "kms:Decrypt": ("HostedStateKey",),
            "kms:Sign": ("HostedSignKeyA", "HostedSignKeyB"),
            "kms:Verify": ("HostedSignKeyA", "HostedSignKeyB"),
            "kms:GetPublicKey": ("HostedSignKeyA", "HostedSignKeyB"),
        },
    ),
)
# Each function by its name.
FUNCTIONS: Mapping[str, LambdaFunction] = MappingProxyType({function.name: function for function in _TABLE})
# The names of the functions of a sign-in, which every stack has. A sign-in calls them in this order.
SIGN_IN_FUNCTIONS = tuple(
    function.name for function in _TABLE if not function.parameter and function.is_awaited
)


def property_of(template: Mapping[str, Any], name: str, wanted: str) -> Any:
    """Return a property of the function `name` in the template: its value, or that of all functions.

    Raises KeyError if neither has the property.
    """
    properties = template["Resources"][FUNCTIONS[name].logical_id]["Properties"]
    return properties[wanted] if wanted in properties else template["Globals"]["Function"][wanted]
