"""template.yaml: limits on the rights of each function, and the settings that must never change."""

import re
from itertools import permutations
from typing import Any

import pytest

from passcode.channels.registry import CHANNELS
from passcode.delivery.events import EMAIL_EVENTS
from passcode.token_service.policy import LONGEST_LIFE
from tests.support.template import RESOURCES, TEMPLATE, as_list, statements
from tools.lambda_functions import FUNCTIONS

NAMES = [function.logical_id for function in FUNCTIONS.values()]
CHANNEL_ORDERS = [
    ",".join(order) for count in range(1, len(CHANNELS) + 1) for order in permutations(CHANNELS, count)
]


SMS_VOICE = (
    "sms-voice:SendTextMessage",
    "sms-voice:SendNotifyTextMessage",
    "sms-voice:SendVoiceMessage",
    "sms-voice:PutMessageFeedback",
)


def of_type(kind: str) -> dict[str, Any]:
    return {name: r.get("Properties", {}) for name, r in RESOURCES.items() if r["Type"] == kind}


@pytest.mark.parametrize("name", NAMES)
def test_each_function_has_a_separate_role_without_the_rights_of_others(name: str) -> None:
    assert RESOURCES[name]["Properties"]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    role = RESOURCES[f"{name}Role"]["Properties"]
    assert "ManagedPolicyArns" not in role


def test_only_sms_may_use_any_resource() -> None:
    for name in NAMES:
        for statement in statements(f"{name}Role"):
            if statement["Effect"] == "Allow" and "*" in as_list(statement["Resource"]):
                # Neither an SMS nor the report about one has an ARN.
                assert statement["Action"] in ("sns:Publish", *SMS_VOICE)


def test_a_stack_has_only_the_rights_of_its_gateway_for_sms() -> None:
    conditions = TEMPLATE["Conditions"]
    chosen = {
        "UsesSns": "SNS",
        "UsesEndUserMessaging": "END_USER_MESSAGING",
        "UsesNotify": "NOTIFY",
    }
    assert {name: conditions[name] for name in chosen} == {
        name: {"Fn::Equals": [{"Ref": "SmsGateway"}, value]} for name, value in chosen.items()
    }
    assert conditions["ReportsAnswers"] == {
        "Fn::Or": [{"Fn::Not": [{"Condition": "UsesSns"}]}, {"Condition": "UsesCalls"}]
    }
    without_calls = [value["Fn::Equals"][1] for value in conditions["UsesCalls"]["Fn::Not"][0]["Fn::Or"]]
    assert sorted(without_calls) == sorted(order for order in CHANNEL_ORDERS if "voice" not in order)
    needed = {
        "sns:Publish": "UsesSns",
        "sms-voice:SendTextMessage": "UsesEndUserMessaging",
        "sms-voice:SendNotifyTextMessage": "UsesNotify",
        "sms-voice:SendVoiceMessage": "UsesCalls",
        "sms-voice:PutMessageFeedback": "ReportsAnswers",
    }
    found = {
        (statement["Fn::If"][1]["Action"], statement["Fn::If"][0])
        for name in NAMES
        for policy in RESOURCES[f"{name}Role"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "Fn::If" in statement and statement["Fn::If"][1]["Action"] in needed
    }
    assert found == set(needed.items())
    assert not [
        statement
        for name in NAMES
        for policy in RESOURCES[f"{name}Role"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Effect") == "Allow" and set(as_list(statement["Action"])) & needed.keys()
    ]


@pytest.mark.parametrize(
    "name", [each.logical_id for each in FUNCTIONS.values() if "dynamodb:UpdateItem" in each.rights]
)
def test_each_function_writes_only_its_kinds_of_items(name: str) -> None:
    (write,) = [s for s in statements(f"{name}Role") if "dynamodb:UpdateItem" in as_list(s["Action"])]
    keys = write["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    if name == "DeliveryEvents":
        # One attribute of each channel, in the records of subjects that can have a second address.
        assert keys == ["sign_in_password#*", "sign_in_code#*", "step_up#*"]
        attributes = write["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"]
        assert attributes[0] == "pk"
        assert {each.partition("_")[0] for each in attributes[1:]} == {"failed"}
        assert {f"failed_{channel}" for channel in CHANNELS} <= set(attributes)
        return
    of_sign_ins = name in ("CreateAuthChallenge", "VerifyAuthChallenge")
    assert ("sign_in_password#*" in keys) == ("sign_in_code#*" in keys) == of_sign_ins
    assert ("token#*" in keys) == ("step_up#*" in keys) == (name == "TokenApi")
    assert ("hosted#*" in keys) == ("grant#*" in keys) == (name == "HostedSignIn")


def test_the_token_service_signs_with_the_proof_keys_and_one_algorithm() -> None:
    by_action = {str(s["Action"]): s for s in statements("TokenApiRole")}
    sign = by_action["['kms:Sign', 'kms:Verify']"]
    assert sign["Condition"] == {"StringEquals": {"kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}}
    keys = [name for key in sign["Resource"] for name in (key["Fn::If"][1]["Fn::GetAtt"][0],)]
    assert keys == ["ProofKeyA", "ProofKeyB"]
    for key in keys:
        assert RESOURCES[key]["Properties"]["KeySpec"] == "RSA_2048"
        assert RESOURCES[key]["Properties"]["KeyUsage"] == "SIGN_VERIFY"


def test_only_deliver_decrypts_cognitos_codes_and_only_those_of_this_pool() -> None:
    keys = {
        name: [s["Resource"] for s in statements(f"{name}Role") if "kms:Decrypt" in as_list(s["Action"])]
        for name in NAMES
    }
    # The hosted sign-in decrypts only the data that it has encrypted.
    assert {name for name, found in keys.items() if found} == {"Deliver", "HostedSignIn"}
    assert keys["HostedSignIn"] == [{"Fn::GetAtt": ["HostedStateKey", "Arn"]}]
    (right,) = [s for s in statements("DeliverRole") if s["Action"] == "kms:Decrypt"]
    assert right["Resource"] == {"Fn::GetAtt": ["CustomSenderKey", "Arn"]}
    assert list(right["Condition"]["StringEquals"]) == ["kms:EncryptionContext:userpool-id"]


def test_the_custom_senders_have_the_properties_that_cognito_accepts() -> None:
    config = RESOURCES["UserPool"]["Properties"]["LambdaConfig"]
    assert config["KMSKeyID"]["Fn::If"][:2] == [
        "HasCustomSenders",
        {"Fn::GetAtt": ["CustomSenderKey", "Arn"]},
    ]
    for name, condition in (
        ("CustomEmailSender", "SendsCognitosEmail"),
        ("CustomSMSSender", "SendsCognitosSms"),
    ):
        if_condition, sender, otherwise = config[name]["Fn::If"]
        assert (if_condition, otherwise) == (condition, {"Ref": "AWS::NoValue"})
        assert sender["LambdaVersion"] == "V1_0"
        assert sender["LambdaArn"]["Fn::Sub"].endswith(":function:${AWS::StackName}-custom-sender")


def test_every_client_allows_only_the_custom_flow_and_hides_unknown_users() -> None:
    clients = of_type("AWS::Cognito::UserPoolClient")
    # Its users sign in at the provider. See test_template_hosted.py.
    clients.pop("HostedClient")
    assert set(clients) == {"PasswordAndCodeClient", "CodeOnlyClient", "HostedInnerClient"}
    for client in clients.values():
        assert {*client["ExplicitAuthFlows"]} - {"ALLOW_REFRESH_TOKEN_AUTH"} == {"ALLOW_CUSTOM_AUTH"}
        assert client["PreventUserExistenceErrors"] == "ENABLED"
        life = TEMPLATE["Parameters"]["CodeLifeSeconds"]["MaxValue"]
        assert client["AuthSessionValidity"] * 60 >= life
        assert "email_verified" not in client["WriteAttributes"]


def test_the_stack_lets_go_of_the_pool_and_its_clients_and_deletes_neither() -> None:
    policies = {name: found.get("DeletionPolicy") for name, found in RESOURCES.items()}
    kept = {name: policy for name, policy in policies.items() if policy not in (None, "Delete")}
    assert kept == {
        # Cognito refuses to delete a protected pool, so the rollback of a first deployment has to leave it.
        "UserPool": "Retain",
        "UserPoolSmsRole": "Retain",
        "PasswordAndCodeClient": "RetainExceptOnCreate",
        "CodeOnlyClient": "RetainExceptOnCreate",
    }
    assert RESOURCES["UserPool"]["Properties"]["DeletionProtection"] == "ACTIVE"
    # A change that replaces one of them leaves the old one too.
    assert {RESOURCES[name]["UpdateReplacePolicy"] for name in kept} == {"Retain"}


def test_no_kept_resource_has_a_name_that_a_second_deployment_needs() -> None:
    """AWS allows several pools, and several clients of a pool, with one name. IAM does not."""
    assert "RoleName" not in RESOURCES["UserPoolSmsRole"]["Properties"]


def test_a_version_of_a_function_is_named_by_the_deployment() -> None:
    """`make deploy` and the local stack replace the text, in each version and in the variables."""
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["SNAPSTART_VERSION"] == "build"
    versions = of_type("AWS::Lambda::Version")
    assert len(versions) == 5
    assert {version["Description"] for version in versions.values()} == {"build"}


@pytest.mark.parametrize(
    ("prefix", "is_possible"),
    [
        ("", True),
        ("my-app", True),
        ("a", True),
        ("x" * 63, True),
        ("x" * 64, False),
        ("-app", False),
        ("app-", False),
        ("App", False),
        ("my-aws-app", False),
        ("laws", False),
        ("amazon", False),
        ("my-cognito", False),
    ],
)
def test_the_prefix_of_the_domain_is_one_that_cognito_accepts(prefix: str, is_possible: bool) -> None:
    pattern = TEMPLATE["Parameters"]["HostedDomainPrefix"]["AllowedPattern"]
    assert (re.fullmatch(pattern, prefix) is not None) is is_possible


@pytest.mark.parametrize(
    ("addresses", "is_possible"),
    [
        ("", True),
        ("203.0.113.0/24", True),
        ("203.0.113.0/24,198.51.100.7/32,10.0.0.0/8", True),
        ("255.255.255.255/1", True),
        # WAF refuses /0 and addresses without a range, and a set has one version of addresses.
        ("0.0.0.0/0", False),
        ("203.0.113.7", False),
        ("203.0.113.0/33", False),
        ("203.0.256.0/24", False),
        ("203.0.113.0/24, 198.51.100.7/32", False),
        ("203.0.113.0/24,", False),
        ("2001:db8::/32", False),
    ],
)
def test_trusted_addresses_are_ranges_that_waf_accepts(addresses: str, is_possible: bool) -> None:
    pattern = TEMPLATE["Parameters"]["WebAclTrustedAddresses"]["AllowedPattern"]
    assert (re.fullmatch(pattern, addresses) is not None) is is_possible


def test_only_this_pool_may_call_the_triggers() -> None:
    permissions = of_type("AWS::Lambda::Permission")
    for name, own in {"TokenApi": "TokenServiceApi", "HostedSignIn": "HostedSignInApi"}.items():
        api = permissions.pop(f"{name}Permission")
        assert api["Principal"] == "apigateway.amazonaws.com"
        assert api["SourceAccount"] == {"Ref": "AWS::AccountId"}
        assert api["SourceArn"]["Fn::Sub"].endswith(f":${{{own}}}/v1/*")
    assert len(permissions) == 5
    for permission in permissions.values():
        condition, own, given_pool = permission["SourceArn"]["Fn::If"]
        assert (condition, own) == ("MakesPool", {"Fn::GetAtt": ["UserPool", "Arn"]})
        assert given_pool["Fn::Sub"].endswith(":userpool/${UserPoolId}")
        assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_counters_cannot_be_restored_and_everything_is_encrypted() -> None:
    (table,) = of_type("AWS::DynamoDB::Table").values()
    assert "PointInTimeRecoverySpecification" not in table
    # DynamoDB encrypts each table. Without a specification AWS owns the key.
    condition, specified, otherwise = table["SSESpecification"]["Fn::If"]
    assert TEMPLATE["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "DataKey"}, "AWS_OWNED"]}]
    }
    assert (specified["SSEEnabled"], otherwise) == (True, {"Ref": "AWS::NoValue"})
    assert specified["KMSMasterKeyId"]["Fn::If"][:2] == ["HasDataKey", {"Ref": "TableAndQueueKey"}]
    assert TEMPLATE["Parameters"]["DataKey"]["Default"] == "AWS_OWNED"
    queues = of_type("AWS::SQS::Queue")
    for queue in queues.values():
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasDataKey", False, True]}
        assert queue["KmsMasterKeyId"]["Fn::If"][:2] == ["HasDataKey", {"Ref": "TableAndQueueKey"}]
    assert of_type("AWS::Cognito::UserPool")["UserPool"]["MfaConfiguration"] == "OFF"


QUEUES = ("EmailQueue", "PhoneQueue", "CognitoQueue")
EVENTS_QUEUE = "DeliveryEventsQueue"
MAPPINGS = {"DeliverEmail": "EmailQueue", "DeliverPhone": "PhoneQueue", "DeliverCognito": "CognitoQueue"}


def test_every_queue_drops_repeats_by_message_and_has_a_dead_letter_queue_of_the_same_type() -> None:
    queues = of_type("AWS::SQS::Queue")
    assert set(queues) == {*QUEUES, "DeadLetters", EVENTS_QUEUE}
    # Neither SES nor End User Messaging publishes to a FIFO topic.
    assert "FifoQueue" not in queues[EVENTS_QUEUE]
    assert (
        queues[EVENTS_QUEUE]["VisibilityTimeout"] == 6 * RESOURCES["DeliveryEvents"]["Properties"]["Timeout"]
    )
    for queue in (queues[name] for name in (*QUEUES, "DeadLetters")):
        assert (queue["FifoQueue"], queue["ContentBasedDeduplication"]) == (True, False)
        # AWS accepts this throughput limit only with this scope.
        assert queue["DeduplicationScope"] == "messageGroup"
        assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    for name in QUEUES:
        target = queues[name]["RedrivePolicy"]["deadLetterTargetArn"]
        assert target == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
        # SQS moves a message to the dead letters first, even if `deliver` fails at each receive.
        receives = queues[name]["RedrivePolicy"]["maxReceiveCount"] * queues[name]["VisibilityTimeout"]
        kept = queues[name]["MessageRetentionPeriod"]
        assert receives < kept <= queues["DeadLetters"]["MessageRetentionPeriod"]
        assert queues[name]["VisibilityTimeout"] == 6 * RESOURCES["Deliver"]["Properties"]["Timeout"]


def test_deliver_reads_each_queue_one_message_at_a_time_and_reports_failures() -> None:
    mappings = of_type("AWS::Lambda::EventSourceMapping")
    assert set(mappings) == {*MAPPINGS, "DeliveryEventsMapping"}
    assert mappings["DeliveryEventsMapping"]["EventSourceArn"] == {"Fn::GetAtt": [EVENTS_QUEUE, "Arn"]}
    assert mappings["DeliveryEventsMapping"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    for name, queue in MAPPINGS.items():
        mapping = mappings[name]
        assert mapping["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
        assert (mapping["BatchSize"], mapping["FunctionName"]) == (1, {"Ref": "Deliver"})
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert "MaximumBatchingWindowInSeconds" not in mapping, "AWS refuses it for FIFO queues"


def holds(condition: Any, order: str) -> bool:
    """The value of a condition that compares ChannelOrder with texts."""
    ((function, arguments),) = condition.items()
    if function == "Fn::Equals":
        assert arguments[0] == {"Ref": "ChannelOrder"}
        return bool(arguments[1] == order)
    values = [holds(argument, order) for argument in arguments]
    return any(values) if function == "Fn::Or" else not values[0]


def test_the_order_has_each_channel_at_most_once() -> None:
    allowed = re.compile(TEMPLATE["Parameters"]["ChannelOrder"]["AllowedPattern"])
    assert [order for order in CHANNEL_ORDERS if not allowed.fullmatch(order)] == []
    wrong = ("", "email,email", "sms,voice,sms", "email,", ",sms", "email, sms", "EMAIL", "email,fax", "fax")
    assert [order for order in wrong if allowed.fullmatch(order)] == []


@pytest.mark.parametrize("senders", [True, False])
@pytest.mark.parametrize("order", CHANNEL_ORDERS)
def test_the_queues_in_use_share_the_concurrency_equally(order: str, senders: bool) -> None:
    uses_email = "email" in order.split(",")
    uses_phone = order != "email"
    assert holds(TEMPLATE["Conditions"]["UsesEmailQueue"], order) is uses_email
    assert holds(TEMPLATE["Conditions"]["UsesPhoneQueue"], order) is uses_phone
    conditions = {
        "HasCustomSenders": senders,
        "UsesEmailQueue": uses_email,
        "UsesPhoneQueue": uses_phone,
        "UsesEmailAndPhoneQueue": uses_email and uses_phone,
    }

    def value_of(concurrency: int, value: dict[str, Any]) -> int:
        if "Fn::If" in value:
            condition, yes, no = value["Fn::If"]
            return value_of(concurrency, yes if conditions[condition] else no)
        mapping, key, share = value["Fn::FindInMap"]
        assert key == {"Ref": "DeliverConcurrency"}
        found: int = TEMPLATE["Mappings"][mapping][str(concurrency)][share]
        return found

    for concurrency in TEMPLATE["Parameters"]["DeliverConcurrency"]["AllowedValues"]:
        shares = [
            value_of(concurrency, RESOURCES[name]["Properties"]["ScalingConfig"]["MaximumConcurrency"])
            for name in MAPPINGS
            if conditions[RESOURCES[name]["Condition"]]
        ]
        # Lambda accepts 2 to 1,000.
        assert (sum(shares), len(set(shares))) == (concurrency, 1)
        assert 2 <= shares[0] <= 1000


def test_events_get_a_thirtieth_of_the_concurrency_of_messages() -> None:
    mapping = RESOURCES["DeliveryEventsMapping"]["Properties"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == {
        "Fn::FindInMap": ["DeliverConcurrencyShares", {"Ref": "DeliverConcurrency"}, "Events"]
    }
    for concurrency, shares in TEMPLATE["Mappings"]["DeliverConcurrencyShares"].items():
        # Lambda accepts 2 to 1,000.
        assert shares["Events"] == max(2, int(concurrency) // 30)


def test_every_queue_requires_tls_and_only_custom_sender_writes_cognitos_messages() -> None:
    policies = of_type("AWS::SQS::QueuePolicy")
    covered = [queue["Ref"] for policy in policies.values() for queue in policy["Queues"]]
    expected = sorted([*QUEUES, "DeadLetters", EVENTS_QUEUE])
    assert sorted(covered) == expected, "a second policy would replace the first one"
    for policy in policies.values():
        tls = policy["PolicyDocument"]["Statement"][0]
        assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    _, only = policies["CognitoQueueOnlyFromCustomSender"]["PolicyDocument"]["Statement"]
    assert (only["Effect"], only["Principal"], only["Action"]) == ("Deny", "*", "sqs:SendMessage")
    role = {"Fn::GetAtt": ["CustomSenderRole", "Arn"]}
    # Without custom senders, no principal writes to it.
    assert only["Condition"]["Fn::If"] == [
        "HasCustomSenders",
        {"ArnNotEquals": {"aws:PrincipalArn": role}},
        {"Ref": "AWS::NoValue"},
    ]


def test_only_ses_and_end_user_messaging_publish_events_and_only_the_topic_queues_them() -> None:
    policy = of_type("AWS::SNS::TopicPolicy")["DeliveryEventsTopicPolicy"]
    allowed, tls = policy["PolicyDocument"]["Statement"]
    assert allowed["Principal"] == {"Service": ["ses.amazonaws.com", "sms-voice.amazonaws.com"]}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    queue = of_type("AWS::SQS::QueuePolicy")["DeliveryEventsQueuePolicy"]["PolicyDocument"]["Statement"]
    topic = {"aws:SourceArn": {"Ref": "DeliveryEventsTopic"}}
    assert [statement["Condition"] for statement in queue[1:]] == [
        {"ArnEquals": topic},
        {"ArnNotEquals": topic},
    ]
    assert [statement["Effect"] for statement in queue[1:]] == ["Allow", "Deny"]
    (subscription,) = of_type("AWS::SNS::Subscription").values()
    # Without this, the body of the queue would be SNS's envelope.
    assert subscription["RawMessageDelivery"] is True


def test_ses_publishes_each_event_that_the_function_reads() -> None:
    (events,) = of_type("AWS::SES::ConfigurationSetEventDestination").values()
    names = {name.replace(" ", "").lower() for name in EMAIL_EVENTS}
    assert {each.lower() for each in events["EventDestination"]["MatchingEventTypes"]} == names
    assert events["EventDestination"]["Enabled"] is True
    (mail,) = of_type("AWS::SES::ConfigurationSet").values()
    assert mail["DeliveryOptions"]["MaxDeliverySeconds"] == LONGEST_LIFE


def holds_for(condition: Any, values: dict[str, str]) -> bool:
    """Evaluate a condition with the values of parameters and pseudo parameters."""
    ((function, arguments),) = condition.items()
    if function == "Condition":
        return holds_for(TEMPLATE["Conditions"][arguments], values)
    if function == "Fn::Equals":
        left, right = (_text(argument, values) for argument in arguments)
        return left == right
    results = [holds_for(argument, values) for argument in arguments]
    return {"Fn::And": all(results), "Fn::Or": any(results), "Fn::Not": not results[0]}[function]


def _text(value: Any, values: dict[str, str]) -> str:
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return values[argument]
    index, parts = argument
    assert (function, parts["Fn::Split"][0]) == ("Fn::Select", ":")
    text = parts["Fn::Split"][1]["Fn::Sub"]
    found: str = re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], text).split(":")[index]
    return found


def identity(region: str) -> str:
    return f"arn:aws:ses:{region}:123456789012:identity/example.com" if region else ""


@pytest.mark.parametrize(
    ("region", "sender", "has_configuration", "pool_uses_identity", "is_accepted"),
    [
        ("eu-central-1", "", True, False, True),
        ("eu-central-1", "eu-central-1", True, True, True),
        # Cognito sends from its own region and from three others.
        ("eu-central-1", "eu-west-1", False, True, True),
        ("eu-central-1", "eu-north-1", False, False, True),
        # CloudFormation has no configuration sets there, so the operator names the region that sends.
        ("mx-central-1", "", False, False, False),
        ("ap-southeast-7", "", False, False, False),
        ("mx-central-1", "us-east-1", False, True, True),
        ("ap-southeast-7", "ap-southeast-7", False, True, True),
    ],
)
def test_the_region_of_the_identity_sends(
    region: str, sender: str, has_configuration: bool, pool_uses_identity: bool, is_accepted: bool
) -> None:
    values = {"AWS::Region": region, "SenderIdentityArn": identity(sender)}
    assert holds_for({"Condition": "HasMailConfiguration"}, values) is has_configuration
    assert holds_for({"Condition": "PoolUsesSenderIdentity"}, values) is pool_uses_identity
    rule = TEMPLATE["Rules"]["NameTheRegionThatSends"]
    (assertion,) = rule["Assertions"]
    accepted = not holds_for(rule["RuleCondition"], values) or holds_for(assertion["Assert"], values)
    assert accepted is is_accepted
    for name in ("MailConfiguration", "MailEvents"):
        assert RESOURCES[name]["Condition"] == "HasMailConfiguration"


def test_every_log_group_has_a_retention() -> None:
    groups = of_type("AWS::Logs::LogGroup")
    assert len(groups) == len(NAMES)
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())


def test_no_function_has_a_log_format_that_sets_the_level_of_the_root_logger() -> None:
    """With LogFormat JSON, ApplicationLogLevel is the level of all libraries and can discard metrics."""
    assert TEMPLATE["Globals"]["Function"]["LoggingConfig"] == {"LogFormat": "Text"}
    functions = of_type("AWS::Serverless::Function")
    assert len(functions) == len(FUNCTIONS)
    for name, function in functions.items():
        assert function["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}Logs"}}, name


def is_true(condition: Any, parameters: dict[str, Any]) -> bool:
    """Evaluate a condition of a rule with the parameters."""
    ((function, arguments),) = condition.items()
    if function == "Fn::Not":
        return not is_true(arguments[0], parameters)
    assert function == "Fn::Equals"
    left, right = (str(parameters[a["Ref"]]) if isinstance(a, dict) else str(a) for a in arguments)
    return left == right


def test_no_default_makes_a_client_without_a_password() -> None:
    assert TEMPLATE["Parameters"]["AppClients"]["Default"] == "PASSWORD_AND_CODE"


def test_the_template_has_no_more_parameters_than_a_person_can_survey() -> None:
    assert len(TEMPLATE["Parameters"]) <= 60


def test_every_parameter_is_bounded_and_none_is_a_secret() -> None:
    for name, parameter in TEMPLATE["Parameters"].items():
        assert "NoEcho" not in parameter, name
        bounded = {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter)
        assert bounded, name


@pytest.mark.parametrize(
    ("name", "is_possible"),
    [
        ("Harbour Bank, Inc. & 'Söhne'", True),
        ("بنك الميناء", True),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", True),  # Persian needs the zero-width non-joiner
        ("界" * 40, True),
        ("x" * 41, False),
        (" ", False),
        ("Bank ", False),
        *((f"Ba{sign}nk", False) for sign in '\n\x7f\x85\u200b\u200f\u2028\u2029\u202e\u2066\ufeff<>@#"'),
    ],
)
def test_the_name_of_the_app_has_no_character_that_changes_a_line(name: str, is_possible: bool) -> None:
    """A line end would add a line to an SMS, and a bidi override would reverse the text after it."""
    pattern = TEMPLATE["Parameters"]["AppName"]["AllowedPattern"]
    assert (re.fullmatch(pattern, name) is not None) is is_possible
