"""Least privilege: each Lambda function tries every call, and only the calls in ALLOWED succeed.

The stack is the real template.yaml with the probe in place of each handler. The local AWS enforces the
policies of a function's role, with their conditions.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rights.calls import OPERATORS_FUNCTION, Calls, all_calls
from tools.lambda_functions import FUNCTIONS
from tools.local_stack import process, stack
from tools.local_stack.stack import Stack

ROOT = Path(__file__).parents[2]
# SNS has another error code.
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
# The calls that delete or hide a message have a handle of none.
NO_MESSAGE = "ReceiptHandleIsInvalid"
# The attributes of a record that `delivery_events` may write.
FAILED = "(failed_email,failed_sms,failed_voice)"
# The right that a call needs, in the notation of tools/lambda_functions.py.
# No function may make a call without a row.
NEEDS = {
    "write a challenge after a password": ("dynamodb:UpdateItem", "Table/sign_in_password#*"),
    "write a challenge without a password": ("dynamodb:UpdateItem", "Table/sign_in_code#*"),
    "count an SMS to a number": ("dynamodb:UpdateItem", "Table/sms_to#*"),
    "count an SMS of the day": ("dynamodb:UpdateItem", "Table/sms_day#*"),
    "count the emails of the day": ("dynamodb:UpdateItem", "Table/email_day#*"),
    "read a challenge after a password": ("dynamodb:GetItem", "Table/sign_in_password#*"),
    "read a challenge without a password": ("dynamodb:GetItem", "Table/sign_in_code#*"),
    "read the counts of SMS": ("dynamodb:BatchGetItem", "Table/sms_to#proven#*"),
    "queue an email": ("sqs:SendMessage", "EmailQueue"),
    "queue a message to a phone": ("sqs:SendMessage", "PhoneQueue"),
    "queue a message of Cognito": ("sqs:SendMessage", "CognitoQueue"),
    "queue a dead letter": ("sqs:SendMessage", "DeadLetters"),
    **{
        f"{call} the {name} queue": (f"sqs:{action}", f"{name.capitalize()}Queue")
        for name in ("email", "phone", "cognito")
        for call, action in (
            ("read a message of", "ReceiveMessage"),
            ("read the attributes of", "GetQueueAttributes"),
            ("delete a message of", "DeleteMessage"),
            ("hide a message of", "ChangeMessageVisibility"),
        )
    },
    "read the nonce of a challenge after a password": (
        "dynamodb:GetItem",
        "Table/sign_in_password#*(nonce,sent_at)",
    ),
    "read the nonce of a challenge without a password": (
        "dynamodb:GetItem",
        "Table/sign_in_code#*(nonce,sent_at)",
    ),
    "read the nonce of a token's challenge": ("dynamodb:GetItem", "Table/token#*(nonce,sent_at)"),
    "read the nonce of a step-up's challenge": ("dynamodb:GetItem", "Table/step_up#*(nonce,sent_at)"),
    "read the counters of a challenge": ("dynamodb:GetItem", "Table/sign_in_code#*"),
    "record a notice": ("dynamodb:UpdateItem", "Table/notice#*"),
    "record a failure after a password": ("dynamodb:UpdateItem", f"Table/sign_in_password#*{FAILED}"),
    "record a failure without a password": ("dynamodb:UpdateItem", f"Table/sign_in_code#*{FAILED}"),
    "record a failure of a step-up": ("dynamodb:UpdateItem", f"Table/step_up#*{FAILED}"),
    "record a failure of a token": ("dynamodb:UpdateItem", "Table/token#*"),
    "record a failure and read all": ("dynamodb:UpdateItem", "Table/sign_in_code#*"),
    "write a nonce": ("dynamodb:UpdateItem", "Table/sign_in_code#*"),
    "read an event": ("sqs:ReceiveMessage", "DeliveryEventsQueue"),
    "derive a code": ("kms:GenerateMac", "CodeKey"),
    "send a mail": ("ses:SendEmail", "MailConfiguration"),
    "send an SMS": ("sns:Publish", "*"),
    "invoke the operator's function": ("lambda:InvokeFunction", "GatewayFunctionArn"),
    "write a token's challenge": ("dynamodb:UpdateItem", "Table/token#*"),
    "write a step-up's challenge": ("dynamodb:UpdateItem", "Table/step_up#*"),
    "read a token's challenge": ("dynamodb:GetItem", "Table/token#*"),
    "read a step-up's challenge": ("dynamodb:GetItem", "Table/step_up#*"),
    "claim a request": ("dynamodb:UpdateItem", "Table/request#*"),
    "release a request": ("dynamodb:DeleteItem", "Table/request#*"),
    "mark a proof as used": ("dynamodb:UpdateItem", "Table/proof#*"),
    "read for the health check": ("dynamodb:GetItem", "Table/health#*"),
    "make a challenge token": ("kms:GenerateMac", "TokenKey"),
    "sign a proof": ("kms:Sign", "ProofKeyA"),
    "check a proof": ("kms:Verify", "ProofKeyA"),
    "read the public key": ("kms:GetPublicKey", "ProofKeyA"),
    "read a user": ("cognito-idp:AdminGetUser", "UserPool"),
    "decrypt a code of Cognito": ("kms:Decrypt", "CustomSenderKey"),
    "write a hosted sign-in": ("dynamodb:UpdateItem", "Table/hosted#*"),
    "read a hosted sign-in": ("dynamodb:GetItem", "Table/hosted#*"),
    "redeem a grant": ("dynamodb:UpdateItem", "Table/grant#*"),
    "encrypt a session": ("kms:Encrypt", "HostedStateKey"),
    "decrypt a session": ("kms:Decrypt", "HostedStateKey"),
    "decrypt a grant": ("kms:Decrypt", "HostedStateKey"),
    "sign an ID token": ("kms:Sign", "HostedSignKeyA"),
    "check an access token": ("kms:Verify", "HostedSignKeyA"),
    "read the ID tokens' key": ("kms:GetPublicKey", "HostedSignKeyA"),
    "read Cognito's secret": ("secretsmanager:GetSecretValue", "HostedClientSecret"),
    "read the pool's sign-in options": ("cognito-idp:DescribeUserPool", "UserPool"),
    "read the inner client": ("cognito-idp:DescribeUserPoolClient", "UserPool"),
    "link a user": ("cognito-idp:AdminLinkProviderForUser", "UserPool"),
}
# Rights that no call here tries. A hosted sign-in uses the first two: tests/e2e/test_hosted_sign_in.py. A
# stack with SNS does not have the others: tests/e2e/test_variants.py signs in with them.
UNTRIED = {
    "cognito-idp:AdminInitiateAuth",
    "cognito-idp:AdminRespondToAuthChallenge",
    "sms-voice:SendTextMessage",
    "sms-voice:SendNotifyTextMessage",
    "sms-voice:SendVoiceMessage",
    "sms-voice:PutMessageFeedback",
}


# The functions that may make a call, as docs/threat-model.md says in its table of roles.
CREATE, VERIFY, DELIVER = "create_auth_challenge", "verify_auth_challenge", "deliver"
TOKEN_API, HOSTED, SENDER = "token_api", "hosted_sign_in", "custom_sender"
EVENTS = "delivery_events"
HOLDERS = {
    "derive a code": {VERIFY, DELIVER, TOKEN_API},
    "compare a guess with the code key": set(),
    "decrypt a code of Cognito": {DELIVER},
    "encrypt with the senders' key": set(),
    "queue an email": {CREATE, TOKEN_API},
    "queue a message to a phone": {CREATE, TOKEN_API},
    "queue a message of Cognito": {SENDER},
    "read a message of the email queue": {DELIVER},
    "read a message of the phone queue": {DELIVER},
    "read a message of the cognito queue": {DELIVER},
    "change the policy of the cognito queue": set(),
    "queue a dead letter": {DELIVER},
    "read a dead letter": set(),
    "send a mail": {DELIVER},
    "send an SMS": {DELIVER},
    "invoke the operator's function": {DELIVER},
    "invoke another function": set(),
    "send an SMS by End User Messaging": set(),
    "call a number": set(),
    "report an answered SMS": set(),
    "write a challenge after a password": {CREATE, VERIFY},
    "write a challenge without a password": {CREATE, VERIFY},
    "write a token's challenge": {TOKEN_API},
    "write a step-up's challenge": {TOKEN_API},
    "count an SMS to a number": {VERIFY, DELIVER, TOKEN_API},
    "count an SMS of the day": {VERIFY, DELIVER, TOKEN_API},
    "count the emails of the day": {DELIVER},
    "read a challenge after a password": {"pre_token_generation"},
    "read a challenge without a password": {"pre_token_generation"},
    "read the counters of a challenge": {"pre_token_generation"},
    "read the nonce of a challenge without a password": {"pre_token_generation", DELIVER},
    "read the nonce of a step-up's challenge": {TOKEN_API, DELIVER},
    "record a notice": {DELIVER},
    "record a failure without a password": {CREATE, VERIFY, EVENTS},
    "record a failure of a step-up": {TOKEN_API, EVENTS},
    "record a failure and read all": {CREATE, VERIFY},
    "write a nonce": {CREATE, VERIFY},
    "read an event": {EVENTS},
    "queue an event": set(),
    "scan the table": set(),
    "query a challenge": set(),
    "read challenges in a batch": set(),
    "read the counts of SMS": {CREATE},
    "read the counts of SMS and a challenge": set(),
    "read the counts of SMS without a password": set(),
    "replace a challenge": set(),
    "delete a challenge after a password": set(),
    "delete a challenge without a password": set(),
    "make a challenge token": {TOKEN_API},
    "sign a proof": {TOKEN_API},
    "sign an ID token": {HOSTED},
    "link a user": {HOSTED},
    "decrypt a session": {HOSTED},
    "read Cognito's secret": {HOSTED},
    "read a user": {TOKEN_API, HOSTED, SENDER},
    "change a user": set(),
}


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    root = tmp_path_factory.mktemp("project")
    (root / "triggers").mkdir()
    shutil.copy(ROOT / "template.yaml", root)
    for function in FUNCTIONS:
        shutil.copy(Path(__file__).with_name("probe.py"), root / "triggers" / f"{function}.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("local")))
        try:
            parameters = {
                "AssuranceClaims": "ID_TOKEN",
                "CustomSenders": "BOTH",
                "GatewayFunctionArn": f"email,sms={OPERATORS_FUNCTION}",
            }
            yield stack.up(port=process.free_port(), parameters=parameters, root=root)
        finally:
            stack.down()


@pytest.fixture(scope="module")
def calls(probed: Stack) -> Calls:
    return all_calls(probed)


@pytest.fixture(scope="module")
def outcomes(probed: Stack, calls: Calls) -> dict[str, dict[str, str]]:
    """The outcome of every call with the role of every function."""
    found = {}
    for function in FUNCTIONS:
        response = probed.client("lambda").invoke(
            FunctionName=probed.functions[function], Payload=json.dumps({"calls": calls})
        )
        found[function] = json.load(response["Payload"])
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_make_its_calls_and_no_others(
    outcomes: dict[str, dict[str, str]], function: str
) -> None:
    allowed = {name for name, outcome in outcomes[function].items() if outcome not in DENIED}
    assert allowed == {name for name, right in NEEDS.items() if FUNCTIONS[function].may(*right)}
    assert all(outcomes[function][name] in ("ok", NO_MESSAGE) for name in allowed), outcomes[function]


@pytest.mark.parametrize("call", HOLDERS)
def test_only_the_roles_of_the_threat_model_may_make_a_call(
    outcomes: dict[str, dict[str, str]], call: str
) -> None:
    allowed = {function for function, results in outcomes.items() if results[call] not in DENIED}
    assert allowed == HOLDERS[call]


def test_every_right_of_the_table_is_tried() -> None:
    actions = {action for function in FUNCTIONS.values() for action in function.rights}
    assert {action for action, _ in NEEDS.values()} | UNTRIED == actions
