"""Verified addresses of users that get no code: why, and how to fix that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from passcode.channels.channel import (
    AddressFault,
    Channel,
    address_faults,
    rank_destinations,
    verified_destinations,
)
from passcode.channels.phone_number import country_for_sms

# Why such an address gets no code, and what to do.
REASONS: Mapping[AddressFault, tuple[str, str]] = {
    AddressFault.NOT_ASCII: (
        "It has letters outside ASCII before the @, and SES does not send to such an address.",
        "Let the user verify an address with ASCII letters before the @.",
    ),
    AddressFault.QUOTED: (
        "It needs quotes before the @. In a list of addresses such a text could become two of them.",
        "Let the user verify an address that needs no quotes.",
    ),
    AddressFault.HOST: (
        "After the @ it has an IP address, or a domain name that IDNA 2008 does not allow.",
        "Let the user verify another address, or write the domain in its xn-- form.",
    ),
    AddressFault.MALFORMED: (
        "It is not one plain address, or not a phone number in E.164.",
        "Correct the attribute with `aws cognito-idp admin-update-user-attributes`.",
    ),
    AddressFault.NUMBER: (
        "It is a premium, shared-cost, personal or satellite number, or its country is not known.",
        "Let the user verify a mobile number. A newer release may know the number.",
    ),
    AddressFault.COUNTRY: (
        "SmsCountries does not have the country of the number.",
        "Add the country to the parameter SmsCountries, or let the user verify an email address.",
    ),
}


def find_faults(
    attributes: Mapping[str, str], channels: Collection[Channel], countries: Collection[str] | None
) -> dict[str, AddressFault]:
    """Return why the user's verified addresses on `channels` get no code, by the name of the channel.

    `countries` are the countries that the stack sends SMS to. If they are None, each country is allowed.
    """
    found = address_faults(attributes, channels)
    for destination in rank_destinations(verified_destinations(attributes, channels), first=""):
        channel = destination.channel
        if channel.billed_by_country:
            country = country_for_sms(destination.value)
            if country is None:
                found[channel.name] = AddressFault.NUMBER
            elif countries is not None and country not in countries:
                found[channel.name] = AddressFault.COUNTRY
    return found


def attributes_of(listed: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Return the attributes of a user in a response of Cognito, by name."""
    return {str(each["Name"]): str(each.get("Value", "")) for each in listed}
