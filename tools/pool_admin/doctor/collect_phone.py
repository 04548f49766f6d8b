"""Collects the facts of SMS and calls: how AWS End User Messaging describes the resources in SmsOptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from passcode.adapters.environment import SettingError, Variables
from passcode.adapters.sms_options import END_USER_MESSAGING, NOTIFY, SNS, SmsOptions
from passcode.texts.catalogue import locales
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.doctor.calls import try_call
from tools.pool_admin.doctor.facts import (
    ACTIVE,
    EventFacts,
    PhoneFacts,
    ProtectFacts,
    SenderFacts,
    Unchecked,
    WrongOptions,
)
from tools.pool_admin.errors import NOT_FOUND, error_code

_CAPABILITIES = {"sms": "SMS", "voice": "VOICE"}
_DEFAULT_PROTECT = "DEFAULT_PROTECT_CONFIGURATION_ID"
# A short code has four to seven digits, and a number up to fifteen.
_NUMBER = re.compile(r"\+?[0-9]{4,15}")
# The default rates of SMS in message parts a second. Source: "What are the Message Parts per Second (MPS)
# limits" of AWS End User Messaging SMS. Long codes of Canada have 1, and short codes depend on the country.
_DEFAULT_RATES = {"TEN_DLC": 1.0, "TOLL_FREE": 3.0, "LONG_CODE": 10.0}
_SLOW_LONG_CODES = ("CA",)


@dataclass(frozen=True)
class Messaging:
    """AWS End User Messaging. `client` is its boto3 client. Each result is read once."""

    client: Any

    @cached_property
    def attributes(self) -> Mapping[str, str] | Unchecked:
        """The attributes of the account by name."""
        return try_call("DescribeAccountAttributes", self._attributes)

    @cached_property
    def spend_limits(self) -> Mapping[str, float] | Unchecked:
        """The enforced spend limits by name, in USD a month."""
        return try_call("DescribeSpendLimits", self._spend_limits)

    def pages(self, operation: str, member: str, **request: Any) -> list[Mapping[str, Any]]:
        """Return all items of a list. It is empty if AWS does not find what `request` names."""
        try:
            found = self.client.get_paginator(operation).paginate(**request)
            return [item for page in found for item in page.get(member, [])]
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                return []
            raise

    def _attributes(self) -> dict[str, str]:
        found = self.client.describe_account_attributes()["AccountAttributes"]
        return {attribute["Name"]: attribute["Value"] for attribute in found}

    def _spend_limits(self) -> dict[str, float]:
        found = self.client.describe_spend_limits()["SpendLimits"]
        return {limit["Name"]: float(limit["EnforcedLimit"]) for limit in found}


def phone_facts(messaging: Messaging, stack: DeployedStack) -> PhoneFacts | None:
    """Return the facts of SMS and calls, None if AWS sends neither for this stack."""
    channels, gateway = stack.phone_channels_of_aws, stack.parameters.get("SmsGateway", SNS)
    if not channels:
        return None
    variables = Variables({"SMS_OPTIONS": stack.parameters.get("SmsOptions", "")})
    try:
        options = SmsOptions.read(variables, gateway, locales())
    except SettingError as error:
        return PhoneFacts(channels, gateway, WrongOptions(str(error)))
    uses_set = gateway != SNS or "voice" in channels
    configuration_set = (
        try_call("DescribeConfigurationSets", _configuration_set, messaging, options.configuration_set)
        if uses_set and options.configuration_set
        else None
    )
    return PhoneFacts(
        channels,
        gateway,
        options,
        tuple(_senders(messaging, channels, gateway, options)),
        tuple(_protect(messaging, channels, gateway, options, configuration_set)),
        _events(options.configuration_set, stack, configuration_set),
    )


def event_facts(name: str, topic: str, destinations: Iterable[tuple[str, Mapping[str, Any]]]) -> EventFacts:
    """Return the events that reach the topic from a configuration set that exists.

    `destinations` are its event destinations with their names, as SES or End User Messaging describes them.
    """
    to_topic = [
        (label, each)
        for label, each in destinations
        if each.get("SnsDestination", {}).get("TopicArn") == topic
    ]
    reported = {event for _, each in to_topic if each.get("Enabled") for event in each["MatchingEventTypes"]}
    return EventFacts(name, topic, tuple(sorted(reported)), to_topic[0][0] if to_topic else "")


def _configuration_set(messaging: Messaging, name: str) -> Mapping[str, Any]:
    """Return a configuration set, empty if there is none of this name."""
    found = messaging.pages("describe_configuration_sets", "ConfigurationSets", ConfigurationSetNames=[name])
    return found[0] if found else {}


def _events(
    name: str, stack: DeployedStack, configuration_set: Mapping[str, Any] | Unchecked | None
) -> EventFacts | Unchecked | None:
    topic = stack.outputs.get("DeliveryEventsTopicArn", "")
    if configuration_set is None or isinstance(configuration_set, Unchecked):
        return configuration_set
    if not configuration_set:
        return EventFacts(name, topic, None)
    if not topic:
        return None
    destinations = configuration_set.get("EventDestinations", [])
    return event_facts(name, topic, [(each["EventDestinationName"], each) for each in destinations])


def _senders(
    messaging: Messaging, channels: tuple[str, ...], gateway: str, options: SmsOptions
) -> Iterator[SenderFacts | Unchecked]:
    identity, caller = options.origination_identity, options.voice_origination_identity
    if "sms" in channels and gateway == NOTIFY:
        notify = options.notify_configuration
        yield try_call("DescribeNotifyConfigurations", _notify_configuration, messaging, notify)
    # SNS accepts any sender ID, so with SNS only a phone number can be missing.
    elif "sms" in channels and identity and (gateway == END_USER_MESSAGING or _NUMBER.fullmatch(identity)):
        yield from _sender(messaging, "origination_identity", identity, "SMS")
    if "voice" in channels and caller:
        yield from _sender(messaging, "voice_origination_identity", caller, "VOICE")


def _sender(
    messaging: Messaging, option: str, identity: str, capability: str
) -> Iterator[SenderFacts | Unchecked]:
    """Yield the facts of a sender, by the form of its identity."""
    name = identity.rpartition(":")[2]
    sender = SenderFacts(option, identity, capability)
    if name.startswith(("phone-number/", "phone-")) or _NUMBER.fullmatch(identity):
        yield try_call("DescribePhoneNumbers", _number, messaging, sender)
    elif name.startswith(("pool/", "pool-")):
        yield try_call("DescribePools", _pool, messaging, sender)
    elif not name.startswith(("rcs-agent/", "rcs-")):
        yield try_call("DescribeSenderIds", _sender_id, messaging, sender)


def _number(messaging: Messaging, sender: SenderFacts) -> SenderFacts:
    is_number = _NUMBER.fullmatch(sender.identity)
    # The request has no filter for the number itself.
    request = {} if is_number else {"PhoneNumberIds": [sender.identity]}
    listed = messaging.pages("describe_phone_numbers", "PhoneNumbers", **request)
    digits = sender.identity.removeprefix("+")
    found = [each for each in listed if not is_number or each["PhoneNumber"].removeprefix("+") == digits]
    if not found:
        return sender
    number = found[0]
    # If AWS does not describe whether the number sends to other countries, its countries are not known.
    is_national = number.get("InternationalSendingEnabled") is False
    return replace(
        sender,
        status=number["Status"],
        capabilities=tuple(number["NumberCapabilities"]),
        message_types=(number["MessageType"],),
        countries=(number["IsoCountryCode"],) if is_national else (),
        per_second=_rate(number, sender.capability) or _default_rate(number, sender.capability),
    )


def _pool(messaging: Messaging, sender: SenderFacts) -> SenderFacts:
    pools = messaging.pages("describe_pools", "Pools", PoolIds=[sender.identity])
    if not pools:
        return sender
    pool = pools[0]
    members = messaging.pages(
        "list_pool_origination_identities", "OriginationIdentities", PoolId=sender.identity
    )
    # With shared routes, AWS sends SMS from numbers that are not in the pool.
    shared = {"SMS"} if pool.get("SharedRoutesEnabled") else set()
    capabilities = shared.union(*(each["NumberCapabilities"] for each in members))
    return replace(
        sender,
        status=pool["Status"],
        # A pool without members can send nothing.
        capabilities=tuple(sorted(capabilities)) or ("nothing",),
        message_types=(pool["MessageType"],),
    )


def _sender_id(messaging: Messaging, sender: SenderFacts) -> SenderFacts:
    """Return the facts of a sender ID.

    Its ARN ends with the name and the country. A name alone has one entry for each of its countries.
    """
    _, _, resource = sender.identity.rpartition("sender-id/")
    name, _, country = resource.partition("/")
    filters = [{"Name": "sender-id", "Values": [name]}]
    listed = messaging.pages("describe_sender_ids", "SenderIds", Filters=filters)
    found = [each for each in listed if country in ("", each["IsoCountryCode"])]
    if not found:
        return sender
    rates = [rate for each in found if (rate := _rate(each, sender.capability))]
    return replace(
        sender,
        # AWS describes no status of a sender ID: each one in the list can send.
        status=ACTIVE,
        capabilities=("SMS",),
        message_types=tuple(sorted({kind for each in found for kind in each["MessageTypes"]})),
        countries=tuple(sorted({each["IsoCountryCode"] for each in found})),
        per_second=min(rates, default=0.0),
    )


def _notify_configuration(messaging: Messaging, identity: str) -> SenderFacts:
    sender = SenderFacts("notify_configuration", identity, "SMS")
    found = messaging.pages(
        "describe_notify_configurations", "NotifyConfigurations", NotifyConfigurationIds=[identity]
    )
    if not found:
        return sender
    return replace(
        sender,
        status=found[0]["Status"],
        capabilities=tuple(found[0]["EnabledChannels"]),
        countries=tuple(found[0].get("EnabledCountries") or ()),
    )


def _rate(described: Mapping[str, Any], capability: str) -> float:
    limits = described.get("MessagingLimits", {}).get("RateLimits", {})
    return float(limits.get(capability, 0))


def _default_rate(number: Mapping[str, Any], capability: str) -> float:
    if capability != "SMS":
        return 0.0
    is_slow = number["NumberType"] == "LONG_CODE" and number["IsoCountryCode"] in _SLOW_LONG_CODES
    return 1.0 if is_slow else _DEFAULT_RATES.get(number["NumberType"], 0.0)


def _protect(
    messaging: Messaging,
    channels: tuple[str, ...],
    gateway: str,
    options: SmsOptions,
    configuration_set: Mapping[str, Any] | Unchecked | None,
) -> Iterator[ProtectFacts | Unchecked]:
    """Yield the protect configuration that applies to each channel.

    It is that of the request, else that of the configuration set, else the account's default. Source: "Using
    protect configurations in AWS End User Messaging SMS".
    """
    for channel in channels:
        if channel == "sms" and gateway == NOTIFY:
            # A request of Notify has none, and its own configuration has the countries.
            continue
        named = ""
        if channel == "voice" or gateway == END_USER_MESSAGING:
            if isinstance(configuration_set, Unchecked) and not options.protect_configuration:
                continue  # Another finding reports the failed call.
            of_set = configuration_set if isinstance(configuration_set, Mapping) else {}
            named = options.protect_configuration or str(of_set.get("ProtectConfigurationId", ""))
        default = messaging.attributes if not named else {}
        if isinstance(default, Unchecked):
            yield default
        elif identity := named or default.get(_DEFAULT_PROTECT, ""):
            capability = _CAPABILITIES[channel]
            yield try_call(
                "GetProtectConfigurationCountryRuleSet",
                _rules,
                messaging,
                ProtectFacts(identity, capability, None, is_default=not named),
            )


def _rules(messaging: Messaging, protect: ProtectFacts) -> ProtectFacts:
    try:
        found = messaging.client.get_protect_configuration_country_rule_set(
            ProtectConfigurationId=protect.identity, NumberCapability=protect.capability
        )
    except ClientError as error:
        if error_code(error) in NOT_FOUND:
            return protect
        raise
    rules = found["CountryRuleSet"].items()
    blocked = tuple(sorted(country for country, rule in rules if rule["ProtectStatus"] == "BLOCK"))
    return replace(protect, blocked=blocked)
