"""The doctor and the delivery events of SES and End User Messaging."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from passcode.adapters.sms_options import SmsOptions
from passcode.delivery.events import EMAIL_EVENTS, PHONE_EVENTS
from tests.support.aws_stubs import client
from tests.support.doctor_samples import CLEAN, ERROR, HEALTHY, STACK, WARNING, fix_of, only_finding
from tests.support.fake_user_pool import Json
from tools.pool_admin.doctor.collect import email_event_facts
from tools.pool_admin.doctor.collect_phone import event_facts
from tools.pool_admin.doctor.events import name_in_api
from tools.pool_admin.doctor.facts import EventFacts, Facts, PhoneFacts, Reason, Unchecked
from tools.pool_admin.doctor.run import run_checks

TOPIC = "arn:aws:sns:eu-central-1:123456789012:passcode-events"
WITH_TOPIC = replace(STACK, outputs=STACK.outputs | {"DeliveryEventsTopicArn": TOPIC})
DELIVER = {"Environment": {"Variables": {"CONFIGURATION_SET": "mail"}}}
OF_EMAIL = ("BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "REJECT", "RENDERING_FAILURE")
TEXTS = tuple(event for event in PHONE_EVENTS if event.startswith("TEXT_"))


def destination(topic: str = TOPIC, *, enabled: bool = True, events: tuple[str, ...] = OF_EMAIL) -> Json:
    return {
        "Name": "to-topic",
        "Enabled": enabled,
        "MatchingEventTypes": list(events),
        "SnsDestination": {"TopicArn": topic},
    }


def read(*destinations: Json) -> Any:
    ses = client("sesv2")
    with Stubber(ses) as stub:
        answer = {"EventDestinations": list(destinations)}
        stub.add_response(
            "get_configuration_set_event_destinations", answer, {"ConfigurationSetName": "mail"}
        )
        return email_event_facts(ses, WITH_TOPIC, DELIVER)


def test_the_names_of_the_events_are_those_of_the_api() -> None:
    assert sorted(map(name_in_api, EMAIL_EVENTS)) == list(OF_EMAIL)
    known = client("sesv2").meta.service_model.shape_for("EventType").enum
    assert set(OF_EMAIL) <= set(known)


def test_the_events_of_emails_that_reach_the_topic_are_read() -> None:
    assert read(destination()) == EventFacts("mail", TOPIC, OF_EMAIL, "to-topic")
    others: Json = {"Name": "metrics", "Enabled": True, "MatchingEventTypes": ["SEND"]}
    assert read(others, destination(f"{TOPIC}-2")) == EventFacts("mail", TOPIC, ())
    assert read(destination(enabled=False)) == EventFacts("mail", TOPIC, (), "to-topic")
    two = (destination(events=("BOUNCE",)), destination(events=("DELIVERY",)))
    assert read(*two) == EventFacts("mail", TOPIC, ("BOUNCE", "DELIVERY"), "to-topic")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("NotFoundException", EventFacts("mail", TOPIC, None)),
        ("AccessDeniedException", Unchecked("GetConfigurationSetEventDestinations", Reason.DENIED)),
    ],
)
def test_a_configuration_set_of_ses_that_aws_does_not_show(error: str, expected: Any) -> None:
    ses = client("sesv2")
    with Stubber(ses) as stub:
        stub.add_client_error("get_configuration_set_event_destinations", error)
        assert email_event_facts(ses, WITH_TOPIC, DELIVER) == expected


def test_a_stack_without_a_topic_has_no_facts_of_events() -> None:
    unknown = Unchecked("GetFunctionConfiguration", Reason.DENIED)
    assert email_event_facts(client("sesv2"), STACK, DELIVER) is None
    assert email_event_facts(client("sesv2"), WITH_TOPIC, unknown) is None


def of_email(reported: tuple[str, ...] | None, label: str = "") -> Facts:
    return replace(CLEAN, stack=replace(HEALTHY, email_events=EventFacts("mail", TOPIC, reported, label)))


def test_each_event_of_emails_is_needed() -> None:
    assert run_checks(of_email((*OF_EMAIL, "SEND"))) == []
    for event in OF_EMAIL:
        rest = tuple(each for each in OF_EMAIL if each != event)
        only_finding(of_email(rest, "to-topic"), WARNING, f"SES does not report {event} to the stack.")


@pytest.mark.parametrize(
    ("label", "command"),
    [
        ("", "create-configuration-set-event-destination --configuration-set-name mail "),
        ("to-topic", "update-configuration-set-event-destination --configuration-set-name mail "),
    ],
)
def test_the_command_makes_or_changes_the_destination(label: str, command: str) -> None:
    found = fix_of(of_email((), label))
    assert command + f"--event-destination-name {label or 'delivery-events'} " in found
    assert f'"SnsDestination": {{"TopicArn": "{TOPIC}"}}' in found
    assert all(f'"{event}"' in found for event in OF_EMAIL)


def test_a_deleted_configuration_set_of_ses_is_an_error() -> None:
    only_finding(of_email(None), ERROR, "SES configuration set mail: The configuration set does not exist.")
    assert "create-configuration-set --configuration-set-name mail" in fix_of(of_email(None))


def of_phones(
    events: EventFacts | Unchecked | None,
    *channels: str,
    named: str = "otp",
    gateway: str = "END_USER_MESSAGING",
) -> Facts:
    options = SmsOptions(configuration_set=named, voice_origination_identity="phone-1")
    phone = PhoneFacts(channels or ("sms",), gateway, options, events=events)
    return replace(CLEAN, stack=replace(HEALTHY, deployed=WITH_TOPIC, phone=phone))


def reported(*events: str, label: str = "to-topic") -> EventFacts:
    return EventFacts("otp", TOPIC, events, label)


@pytest.mark.parametrize(
    ("events", "channels"),
    [
        (("TEXT_ALL",), ("sms",)),
        (("ALL",), ("sms", "voice")),
        (("TEXT_ALL", "VOICE_ALL"), ("sms", "voice")),
        (TEXTS, ("sms",)),
        (("VOICE_ALL",), ("voice",)),
    ],
)
@pytest.mark.parametrize("gateway", ["END_USER_MESSAGING", "NOTIFY"])
def test_a_configuration_set_that_reports_everything_is_no_finding(
    events: tuple[str, ...], channels: tuple[str, ...], gateway: str
) -> None:
    assert run_checks(of_phones(reported(*events), *channels, gateway=gateway)) == []


@pytest.mark.parametrize(
    ("events", "channels", "text"),
    [
        ((), ("sms",), "does not report all of TEXT_ALL to"),
        (("VOICE_ALL",), ("sms",), "does not report all of TEXT_ALL to"),
        (("TEXT_ALL",), ("sms", "voice"), "does not report all of VOICE_ALL to"),
        ((), ("sms", "voice"), "does not report all of TEXT_ALL and VOICE_ALL to"),
        (TEXTS[1:], ("sms",), "does not report all of TEXT_ALL to"),
    ],
)
def test_an_event_of_sms_or_calls_that_does_not_come_back_is_a_finding(
    events: tuple[str, ...], channels: tuple[str, ...], text: str
) -> None:
    only_finding(of_phones(reported(*events), *channels), WARNING, text)
    kinds = " ".join({"sms": "TEXT_ALL", "voice": "VOICE_ALL"}[name] for name in channels)
    changed = fix_of(of_phones(reported(*events), *channels))
    assert (
        "update-event-destination --configuration-set-name otp --event-destination-name to-topic" in changed
    )
    assert f"--enabled --matching-event-types {kinds} --sns-destination TopicArn={TOPIC}" in changed
    made = fix_of(of_phones(reported(*events, label=""), *channels))
    assert (
        "create-event-destination --configuration-set-name otp --event-destination-name delivery-events "
        in made
    )
    assert "--enabled" not in made


def test_calls_beside_sms_by_sns_need_events_of_calls_only() -> None:
    assert run_checks(of_phones(reported("VOICE_ALL"), "sms", "voice", gateway="SNS")) == []
    assert run_checks(of_phones(None, "sms", gateway="SNS", named="")) == []


def test_a_missing_configuration_set_is_a_finding() -> None:
    found = of_phones(None, "sms", named="")
    finding = only_finding(found, WARNING, "SmsOptions names no configuration_set")
    assert "the same address again" in finding.why
    assert "create-configuration-set --configuration-set-name passcode" in fix_of(found)
    assert f"--matching-event-types TEXT_ALL --sns-destination TopicArn={TOPIC}" in fix_of(found)
    assert 'SmsOptions="configuration_set=passcode" in' in fix_of(found)


def test_a_configuration_set_that_does_not_exist_is_an_error() -> None:
    found = of_phones(EventFacts("otp", TOPIC, None))
    only_finding(found, ERROR, "configuration set otp: End User Messaging has no such configuration set")


def test_a_configuration_set_that_is_not_known_is_one_finding() -> None:
    found = of_phones(Unchecked("DescribeConfigurationSets", Reason.DENIED))
    only_finding(found, WARNING, "DescribeConfigurationSets: AWS denied calls")


def test_a_stack_without_a_topic_needs_no_configuration_set() -> None:
    found = of_phones(None, "sms", named="")
    assert found.stack
    assert run_checks(replace(found, stack=replace(found.stack, deployed=STACK))) == []


def test_the_events_of_one_of_the_destinations_are_read() -> None:
    one = ("to-topic", destination(events=("TEXT_ALL",)))
    off = ("older", destination(enabled=False, events=("VOICE_ALL",)))
    assert event_facts("otp", TOPIC, [off, one]) == EventFacts("otp", TOPIC, ("TEXT_ALL",), "older")
