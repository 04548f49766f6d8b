"""The doctor for SMS and calls: the facts of AWS End User Messaging, and the finding for each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber

from passcode.adapters.sms_options import SmsOptions
from tests.support.aws_stubs import client
from tests.support.doctor_samples import CLEAN, ERROR, HEALTHY, STACK, WARNING, fix_of, only_finding
from tests.support.fake_user_pool import Json
from tests.support.template import TEMPLATE
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.doctor.collect_phone import Messaging, phone_facts
from tools.pool_admin.doctor.facts import (
    Facts,
    PhoneFacts,
    ProtectFacts,
    Reason,
    SenderFacts,
    Unchecked,
    WrongOptions,
)
from tools.pool_admin.doctor.finding import Severity
from tools.pool_admin.doctor.run import run_checks

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NUMBER: Json = {
    "PhoneNumberArn": "arn:aws:sms-voice:eu-central-1:123456789012:phone-number/phone-1",
    "PhoneNumberId": "phone-1",
    "PhoneNumber": "+12065550100",
    "Status": "ACTIVE",
    "IsoCountryCode": "US",
    "MessageType": "TRANSACTIONAL",
    "NumberCapabilities": ["SMS", "VOICE"],
    "NumberType": "TEN_DLC",
    "MonthlyLeasingPrice": "1.00",
    "TwoWayEnabled": False,
    "SelfManagedOptOutsEnabled": False,
    "OptOutListName": "Default",
    "DeletionProtectionEnabled": False,
    "CreatedTimestamp": NOW,
}
SENDER_NAME: Json = {
    "SenderIdArn": "arn:aws:sms-voice:eu-central-1:123456789012:sender-id/PEOPLE/DE",
    "SenderId": "PEOPLE",
    "IsoCountryCode": "DE",
    "MessageTypes": ["TRANSACTIONAL"],
    "MonthlyLeasingPrice": "0.00",
    "DeletionProtectionEnabled": False,
    "Registered": False,
}
POOL: Json = {
    "PoolArn": "arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-1",
    "PoolId": "pool-1",
    "Status": "ACTIVE",
    "MessageType": "TRANSACTIONAL",
    "TwoWayEnabled": False,
    "SelfManagedOptOutsEnabled": False,
    "OptOutListName": "Default",
    "SharedRoutesEnabled": False,
    "DeletionProtectionEnabled": False,
    "CreatedTimestamp": NOW,
}
MEMBER: Json = {
    "OriginationIdentityArn": NUMBER["PhoneNumberArn"],
    "OriginationIdentity": "phone-1",
    "IsoCountryCode": "US",
    "NumberCapabilities": ["SMS"],
}
NOTIFY: Json = {
    "NotifyConfigurationArn": "arn:aws:sms-voice:eu-central-1:123456789012:notify-configuration/nc-1",
    "NotifyConfigurationId": "nc-1",
    "DisplayName": "People",
    "UseCase": "CODE_VERIFICATION",
    "EnabledChannels": ["SMS"],
    "Tier": "BASIC",
    "TierUpgradeStatus": "BASIC",
    "Status": "ACTIVE",
    "DeletionProtectionEnabled": False,
    "CreatedTimestamp": NOW,
}
SET: Json = {
    "ConfigurationSetArn": "arn:aws:sms-voice:eu-central-1:123456789012:configuration-set/otp",
    "ConfigurationSetName": "otp",
    "EventDestinations": [],
    "CreatedTimestamp": NOW,
}
NO_DEFAULT: Json = {"AccountAttributes": [{"Name": "ACCOUNT_TIER", "Value": "PRODUCTION"}]}
DEFAULT: Json = {"AccountAttributes": [{"Name": "DEFAULT_PROTECT_CONFIGURATION_ID", "Value": "protect-0"}]}


@contextmanager
def messaging() -> Iterator[tuple[Messaging, Stubber]]:
    """End User Messaging, whose answers botocore checks against AWS's model. All of them have to be read."""
    service = client("pinpoint-sms-voice-v2")
    with Stubber(service) as stub:
        yield Messaging(service), stub
        stub.assert_no_pending_responses()


def stack(options: str = "", gateway: str = "END_USER_MESSAGING", **parameters: str) -> DeployedStack:
    settings = {"SmsGateway": gateway, "SmsOptions": options, "ChannelOrder": "email,sms"} | parameters
    return replace(STACK, parameters=STACK.parameters | settings)


def read(
    options: str, *answers: tuple[str, Json], default: Json = NO_DEFAULT, **parameters: str
) -> PhoneFacts:
    """The facts that the doctor reads, with the answers of AWS in the order of its calls."""
    with messaging() as (service, stub):
        for operation, answer in answers:
            stub.add_response(operation, answer)
        stub.add_response("describe_account_attributes", default)
        found = phone_facts(service, stack(options, **parameters))
    assert found
    return found


def sender(found: PhoneFacts) -> SenderFacts:
    (only,) = found.senders
    assert isinstance(only, SenderFacts)
    return only


# --- the facts of senders


@pytest.mark.parametrize("identity", ["phone-1", NUMBER["PhoneNumberArn"], "+12065550100", "12065550100"])
def test_a_number_is_found_by_each_form_of_its_identity(identity: str) -> None:
    other = NUMBER | {"PhoneNumber": "+12065550199", "NumberType": "TOLL_FREE"}
    is_number = identity.endswith("0100")
    with messaging() as (service, stub):
        request = {} if is_number else {"PhoneNumberIds": [identity]}
        listed = [*([other] if is_number else []), NUMBER]
        stub.add_response("describe_phone_numbers", {"PhoneNumbers": listed}, request)
        stub.add_response("describe_account_attributes", NO_DEFAULT)
        found = phone_facts(service, stack(f"origination_identity={identity}"))
    assert found
    assert sender(found) == SenderFacts(
        "origination_identity", identity, "SMS", "ACTIVE", ("SMS", "VOICE"), ("TRANSACTIONAL",), (), 1.0
    )


@pytest.mark.parametrize(
    ("number", "countries", "per_second"),
    [
        ({"NumberType": "TOLL_FREE"}, (), 3.0),
        ({"NumberType": "LONG_CODE", "IsoCountryCode": "DE"}, (), 10.0),
        ({"NumberType": "LONG_CODE", "IsoCountryCode": "CA"}, (), 1.0),
        ({"NumberType": "SHORT_CODE"}, (), 0.0),
        ({"MessagingLimits": {"RateLimits": {"SMS": 25, "VOICE": 2}}}, (), 25.0),
        ({"MessagingLimits": {"RateLimits": {"VOICE": 2}}}, (), 1.0),
        ({"InternationalSendingEnabled": False}, ("US",), 1.0),
        ({"InternationalSendingEnabled": True}, (), 1.0),
    ],
)
def test_the_rate_and_the_countries_of_a_number_are_those_that_aws_names(
    number: Json, countries: tuple[str, ...], per_second: float
) -> None:
    found = sender(
        read("origination_identity=phone-1", ("describe_phone_numbers", {"PhoneNumbers": [NUMBER | number]}))
    )
    assert (found.countries, found.per_second) == (countries, per_second)


def test_the_number_for_calls_is_read() -> None:
    number = NUMBER | {"MessagingLimits": {"RateLimits": {"SMS": 25, "VOICE": 2}}}
    found = sender(
        read(
            "voice_origination_identity=phone-1",
            ("describe_phone_numbers", {"PhoneNumbers": [number]}),
            ChannelOrder="email,voice",
            gateway="SNS",
        )
    )
    assert (found.option, found.capability, found.per_second) == ("voice_origination_identity", "VOICE", 2.0)


def test_the_rate_of_calls_is_unknown_if_aws_does_not_describe_it() -> None:
    found = read(
        "voice_origination_identity=phone-1",
        ("describe_phone_numbers", {"PhoneNumbers": [NUMBER]}),
        ChannelOrder="voice",
    )
    assert sender(found).per_second == 0.0


@pytest.mark.parametrize(
    ("members", "shared", "capabilities"),
    [
        ([MEMBER, MEMBER | {"NumberCapabilities": ["VOICE"]}], False, ("SMS", "VOICE")),
        ([MEMBER], False, ("SMS",)),
        ([], True, ("SMS",)),
        ([], False, ("nothing",)),
    ],
)
def test_a_pool_sends_what_its_members_send(
    members: list[Json], shared: bool, capabilities: tuple[str, ...]
) -> None:
    pool = POOL | {"SharedRoutesEnabled": shared}
    found = read(
        "origination_identity=pool-1",
        ("describe_pools", {"Pools": [pool]}),
        ("list_pool_origination_identities", {"OriginationIdentities": members}),
    )
    assert sender(found) == SenderFacts(
        "origination_identity", "pool-1", "SMS", "ACTIVE", capabilities, ("TRANSACTIONAL",)
    )


@pytest.mark.parametrize(
    ("identity", "countries"), [("PEOPLE", ("DE", "FR")), (SENDER_NAME["SenderIdArn"], ("DE",))]
)
def test_a_sender_id_has_an_entry_for_each_country(identity: str, countries: tuple[str, ...]) -> None:
    limited = {"MessagingLimits": {"RateLimits": {"SMS": 10}}}
    listed = [SENDER_NAME | limited, SENDER_NAME | {"IsoCountryCode": "FR"}]
    with messaging() as (service, stub):
        request = {"Filters": [{"Name": "sender-id", "Values": ["PEOPLE"]}]}
        stub.add_response("describe_sender_ids", {"SenderIds": listed}, request)
        stub.add_response("describe_account_attributes", NO_DEFAULT)
        found = phone_facts(service, stack(f"origination_identity={identity}"))
    assert found
    assert sender(found) == SenderFacts(
        "origination_identity", identity, "SMS", "ACTIVE", ("SMS",), ("TRANSACTIONAL",), countries, 10.0
    )


def test_the_configuration_of_notify_is_read() -> None:
    with messaging() as (service, stub):
        answer = {"NotifyConfigurations": [NOTIFY | {"EnabledCountries": ["US"], "Status": "PENDING"}]}
        stub.add_response("describe_notify_configurations", answer, {"NotifyConfigurationIds": ["nc-1"]})
        found = phone_facts(service, stack("notify_configuration=nc-1", "NOTIFY"))
    assert found
    assert sender(found) == SenderFacts(
        "notify_configuration", "nc-1", "SMS", "PENDING", ("SMS",), countries=("US",)
    )
    assert found.protect == ()


@pytest.mark.parametrize(
    ("options", "operation", "gateway"),
    [
        ("origination_identity=phone-1", "describe_phone_numbers", "END_USER_MESSAGING"),
        ("origination_identity=pool-1", "describe_pools", "END_USER_MESSAGING"),
        ("origination_identity=PEOPLE", "describe_sender_ids", "END_USER_MESSAGING"),
        ("origination_identity=+12065550100", "describe_phone_numbers", "SNS"),
        ("notify_configuration=nc-1", "describe_notify_configurations", "NOTIFY"),
    ],
)
@pytest.mark.parametrize(
    ("error", "expected"),
    [("ResourceNotFoundException", ""), ("AccessDeniedException", Reason.DENIED)],
)
def test_a_sender_that_aws_does_not_show_is_missing_or_not_known(
    options: str, operation: str, gateway: str, error: str, expected: Reason | str
) -> None:
    with messaging() as (service, stub):
        stub.add_client_error(operation, error)
        if gateway != "NOTIFY":
            stub.add_response("describe_account_attributes", NO_DEFAULT)
        found = phone_facts(service, stack(options, gateway))
    assert found
    (only,) = found.senders
    assert (only.reason if isinstance(only, Unchecked) else only.status) == expected


def test_a_call_that_end_user_messaging_does_not_offer_is_not_offered() -> None:
    with messaging() as (service, stub):
        stub.add_client_error(
            "describe_account_attributes",
            "ValidationException",
            modeled_fields={"Reason": "UNKNOWN_OPERATION"},
        )
        found = phone_facts(service, stack(gateway="SNS"))
    assert found
    assert found.protect == (Unchecked("DescribeAccountAttributes", Reason.NOT_OFFERED),)


@pytest.mark.parametrize(
    ("parameters", "channels"),
    [
        ({"ChannelOrder": "email"}, ()),
        ({"ChannelOrder": ""}, ("sms",)),
        ({"ChannelOrder": "voice,sms"}, ("sms", "voice")),
        ({"ChannelOrder": "sms,voice", "GatewayFunctionArn": "sms=arn"}, ("voice",)),
        ({"ChannelOrder": "sms,voice", "GatewayFunctionArn": "email,sms,voice=arn"}, ()),
        ({"ChannelOrder": "email", "CustomSenders": "SMS"}, ("sms",)),
        ({"ChannelOrder": "email", "CustomSenders": "BOTH", "GatewayFunctionArn": "sms=arn"}, ()),
        ({"ChannelOrder": "email", "CustomSenders": "EMAIL"}, ()),
    ],
)
def test_only_the_channels_that_aws_sends_are_checked(
    parameters: dict[str, str], channels: tuple[str, ...]
) -> None:
    assert stack(**parameters).phone_channels_of_aws == channels
    if not channels:
        with messaging() as (service, _stub):
            assert phone_facts(service, stack(**parameters)) is None


def test_options_that_deliver_refuses_are_facts() -> None:
    with messaging() as (service, _stub):
        found = phone_facts(service, stack("colour=red"))
    assert found
    assert isinstance(found.options, WrongOptions)
    assert "'colour'" in found.options.error


# --- the facts of protect configurations

RULES: Json = {
    "ProtectConfigurationArn": "arn",
    "ProtectConfigurationId": "protect-1",
    "NumberCapability": "SMS",
    "CountryRuleSet": {
        "US": {"ProtectStatus": "ALLOW"},
        "GB": {"ProtectStatus": "BLOCK"},
        "FR": {"ProtectStatus": "FILTER"},
        "DE": {"ProtectStatus": "MONITOR"},
        "IE": {"ProtectStatus": "BLOCK"},
    },
}


@pytest.mark.parametrize(
    ("options", "of_set", "gateway", "named"),
    [
        ("", {}, "SNS", "protect-0"),
        ("", {}, "END_USER_MESSAGING", "protect-0"),
        ("protect_configuration=protect-1", {}, "SNS", "protect-0"),
        ("protect_configuration=protect-1", {}, "END_USER_MESSAGING", "protect-1"),
        (
            "protect_configuration=protect-1,configuration_set=otp",
            {"ProtectConfigurationId": "protect-2"},
            "END_USER_MESSAGING",
            "protect-1",
        ),
        ("configuration_set=otp", {"ProtectConfigurationId": "protect-2"}, "END_USER_MESSAGING", "protect-2"),
        ("configuration_set=otp", {}, "END_USER_MESSAGING", "protect-0"),
    ],
)
def test_the_protect_configuration_that_aws_applies_is_read(
    options: str, of_set: Json, gateway: str, named: str
) -> None:
    is_default = named == "protect-0"
    with messaging() as (service, stub):
        if "configuration_set=" in options:
            answer = {"ConfigurationSets": [SET | of_set]}
            stub.add_response("describe_configuration_sets", answer, {"ConfigurationSetNames": ["otp"]})
        if is_default:
            stub.add_response("describe_account_attributes", DEFAULT)
        request = {"ProtectConfigurationId": named, "NumberCapability": "SMS"}
        stub.add_response("get_protect_configuration_country_rule_set", RULES, request)
        found = phone_facts(service, stack(options, gateway))
    assert found
    assert found.protect == (ProtectFacts(named, "SMS", ("GB", "IE"), is_default),)


def test_calls_have_other_rules_than_sms() -> None:
    with messaging() as (service, stub):
        for capability in ("SMS", "VOICE"):
            request = {"ProtectConfigurationId": "protect-1", "NumberCapability": capability}
            stub.add_response("get_protect_configuration_country_rule_set", RULES, request)
        options = "protect_configuration=protect-1"
        found = phone_facts(service, stack(options, ChannelOrder="email,sms,voice"))
    assert found
    assert [fact.capability for fact in found.protect if isinstance(fact, ProtectFacts)] == ["SMS", "VOICE"]


def test_an_account_without_a_default_has_no_protect_configuration() -> None:
    assert read("").protect == ()


def test_a_protect_configuration_that_aws_does_not_show_is_missing_or_not_known() -> None:
    operation = "get_protect_configuration_country_rule_set"
    for error, expected in (
        ("ResourceNotFoundException", ProtectFacts("protect-1", "SMS", None)),
        ("AccessDeniedException", Unchecked("GetProtectConfigurationCountryRuleSet", Reason.DENIED)),
    ):
        with messaging() as (service, stub):
            stub.add_client_error(operation, error)
            found = phone_facts(service, stack("protect_configuration=protect-1"))
        assert found
        assert found.protect == (expected,)


def test_a_configuration_set_that_is_not_known_hides_only_its_protect_configuration() -> None:
    denied = Unchecked("DescribeConfigurationSets", Reason.DENIED)
    with messaging() as (service, stub):
        stub.add_client_error("describe_configuration_sets", "AccessDeniedException")
        found = phone_facts(service, stack("configuration_set=otp"))
    assert found
    assert (found.protect, found.events) == ((), denied)


# --- the findings

SMS = SenderFacts(
    "origination_identity", "phone-1", "SMS", "ACTIVE", ("SMS",), ("TRANSACTIONAL",), ("US", "GB"), 6.0
)
WITH_SET = SmsOptions(configuration_set="otp")
CALLER = replace(SMS, option="voice_origination_identity", capability="VOICE", capabilities=("VOICE",))


def facts(
    *senders: SenderFacts | Unchecked,
    protect: ProtectFacts | Unchecked | None = None,
    options: SmsOptions | WrongOptions = WITH_SET,
    channels: tuple[str, ...] = ("sms",),
    gateway: str = "END_USER_MESSAGING",
    **parameters: str,
) -> Facts:
    phone = PhoneFacts(channels, gateway, options, senders, (protect,) if protect else ())
    settings = {"SmsCountries": "US,GB", "DeliverConcurrency": "12"} | parameters
    deployed = replace(STACK, parameters=STACK.parameters | settings)
    return replace(CLEAN, stack=replace(HEALTHY, deployed=deployed, phone=phone))


def test_senders_that_can_send_are_no_finding() -> None:
    assert run_checks(facts(SMS, CALLER, protect=ProtectFacts("protect-1", "SMS", ("IE",)))) == []
    # The fields that AWS does not name.
    assert (
        run_checks(facts(replace(SMS, capabilities=(), message_types=(), countries=(), per_second=0.0))) == []
    )
    assert run_checks(facts(replace(CALLER, message_types=("PROMOTIONAL",)))) == []


@pytest.mark.parametrize(
    ("change", "severity", "text", "fix"),
    [
        ({"status": ""}, ERROR, "AWS has no phone-1 in this region", "describe-phone-numbers --region"),
        (
            {"status": "", "option": "notify_configuration"},
            ERROR,
            "notify_configuration of SmsOptions: AWS has no phone-1",
            "describe-notify-configurations",
        ),
        ({"status": "PENDING"}, ERROR, "phone-1 is PENDING, not ACTIVE.", "console"),
        ({"capabilities": ("VOICE",)}, ERROR, "phone-1 is not for SMS: AWS names VOICE.", "Request one"),
        ({"message_types": ("PROMOTIONAL",)}, ERROR, "is for PROMOTIONAL messages", "TRANSACTIONAL"),
        ({"countries": ("US",)}, WARNING, "phone-1 is not for GB", "SmsCountries=US in"),
        ({"countries": ("DE",)}, WARNING, "phone-1 is not for US, GB", "Request one"),
        ({"per_second": 5.0}, WARNING, "phone-1 sends 5 SMS a second", "higher rate"),
        ({"per_second": 3.0}, WARNING, "DeliverConcurrency allows 6 to phones", "DeliverConcurrency=6 in"),
    ],
)
def test_a_sender_that_cannot_send_is_a_finding(
    change: Json, severity: Severity, text: str, fix: str
) -> None:
    found = facts(replace(SMS, **change))
    only_finding(found, severity, text)
    assert fix in fix_of(found)


def test_a_number_that_cannot_call_is_a_finding() -> None:
    only_finding(facts(replace(CALLER, capabilities=("SMS",))), ERROR, "phone-1 is not for calls")
    only_finding(facts(replace(CALLER, per_second=1.0)), WARNING, "phone-1 sends 1 calls a second")


@pytest.mark.parametrize(
    ("parameters", "share"),
    [
        ({"ChannelOrder": "email,sms"}, "OneOfTwo"),
        ({"ChannelOrder": "sms"}, "OneOfOne"),
        ({"ChannelOrder": "sms,voice", "CustomSenders": "SMS"}, "OneOfTwo"),
        ({"ChannelOrder": "email,voice", "CustomSenders": "BOTH"}, "OneOfThree"),
    ],
)
def test_the_share_of_the_queue_for_phones_is_that_of_the_template(
    parameters: dict[str, str], share: str
) -> None:
    for value, shares in TEMPLATE["Mappings"]["DeliverConcurrencyShares"].items():
        assert stack(DeliverConcurrency=value, **parameters).messages_to_phones_at_once == shares[share]
    assert stack(**parameters).messages_to_phones_at_once == 0


@pytest.mark.parametrize(
    ("order", "fix"), [("email,voice", "ChannelOrder=email in"), ("voice", 'GatewayFunctionArn="voice=ARN"')]
)
def test_calls_without_a_service_are_a_finding(order: str, fix: str) -> None:
    found = facts(channels=("voice",), ChannelOrder=order, SmsOptions="configuration_set=otp")
    only_finding(found, ERROR, "voice is in ChannelOrder, and no service makes the calls.")
    assert 'SmsOptions="configuration_set=otp,voice_origination_identity=NUMBER"' in fix_of(found)
    assert fix in fix_of(found)
    assert ("ChannelOrder=" in fix_of(found)) == (order != "voice")


def test_the_operators_function_keeps_its_channels() -> None:
    found = facts(channels=("voice",), ChannelOrder="sms,voice", GatewayFunctionArn="sms=arn:aws:lambda")
    assert 'GatewayFunctionArn="sms,voice=arn:aws:lambda" in' in fix_of(found)


def test_calls_with_a_service_are_no_finding() -> None:
    options = SmsOptions(configuration_set="otp", voice_origination_identity="phone-1")
    assert run_checks(facts(CALLER, options=options, channels=("voice",))) == []


NOTIFY_OPTIONS = SmsOptions(notify_configuration="nc-1", configuration_set="otp")


@pytest.mark.parametrize("order", ["sms", "sms,voice"])
def test_long_codes_that_notify_does_not_send_are_a_finding_without_email(order: str) -> None:
    found = facts(gateway="NOTIFY", options=NOTIFY_OPTIONS, ChannelOrder=order)
    only_finding(found, WARNING, "Notify sends no long code, and email is not in ChannelOrder.")
    assert f"ChannelOrder={order},email in" in fix_of(found)
    with_calls = replace(NOTIFY_OPTIONS, voice_origination_identity="phone-1")
    assert run_checks(facts(gateway="NOTIFY", options=with_calls, ChannelOrder="email,sms")) == []
    assert run_checks(facts(options=with_calls, ChannelOrder=order)) == []
    # The operator's function sends the SMS.
    assert (
        run_checks(facts(gateway="NOTIFY", options=with_calls, channels=("voice",), ChannelOrder=order)) == []
    )


@pytest.mark.parametrize(("digits", "is_finding"), [("6,9", True), ("10,7", True), ("8,7", False)])
def test_codes_of_more_digits_than_notify_takes_are_a_finding(digits: str, is_finding: bool) -> None:
    known = facts(gateway="NOTIFY", options=NOTIFY_OPTIONS)
    assert known.stack
    deployed = known.stack.deployed
    changed = replace(deployed, parameters=deployed.parameters | {"CodeDigits": digits})
    found = run_checks(replace(known, stack=replace(known.stack, deployed=changed)))
    texts = [each.what for each in found if each.severity is ERROR]
    text = f"CodeDigits is {digits}, and a template of Notify takes a code of 4 to 8 digits."
    assert texts == [text] * is_finding


def test_options_that_deliver_refuses_are_a_finding() -> None:
    found = only_finding(facts(options=WrongOptions("it has 'colour'.")), ERROR, "it has 'colour'.")
    assert "no email either" in found.why


@pytest.mark.parametrize("gateway", ["SNS", "END_USER_MESSAGING"])
@pytest.mark.parametrize(
    ("blocked", "severity", "text"),
    [
        (("GB",), WARNING, "blocks SMS to GB, which"),
        (("US", "GB", "DE"), ERROR, "blocks SMS to US, GB, which"),
    ],
)
def test_a_country_that_is_blocked_and_allowed_is_a_finding(
    gateway: str, blocked: tuple[str, ...], severity: Severity, text: str
) -> None:
    found = facts(protect=ProtectFacts("protect-1", "SMS", blocked), gateway=gateway)
    finding = only_finding(found, severity, text)
    assert ("SNS takes" in finding.why) == (gateway == "SNS")
    assert "--protect-configuration-id protect-1 --number-capability SMS" in fix_of(found)
    assert '"GB": {"ProtectStatus": "ALLOW"}' in fix_of(found)
    assert ("SmsCountries=US in" in fix_of(found)) == (severity == WARNING)


def test_the_default_of_the_account_is_named_as_such() -> None:
    found = facts(protect=ProtectFacts("protect-0", "VOICE", ("GB",), is_default=True))
    only_finding(found, WARNING, "The protect configuration, the default of the account, blocks calls to GB")


def test_a_protect_configuration_that_does_not_exist_is_an_error() -> None:
    found = facts(protect=ProtectFacts("protect-1", "SMS", None))
    only_finding(found, ERROR, "protect configuration protect-1: The protect configuration does not exist")


def test_calls_that_aws_denied_are_one_finding() -> None:
    denied = [Unchecked(name, Reason.DENIED) for name in ("DescribePools", "DescribeAccountAttributes")]
    found = facts(denied[0], protect=denied[1])
    only_finding(found, WARNING, "DescribeAccountAttributes, DescribePools: AWS denied calls")
