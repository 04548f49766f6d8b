"""Phone numbers: their country, and whether an SMS may go to them.

The package `phonenumbers` decides, not the prefix: +1 has 25 countries, and some of them are expensive.
"""

from collections.abc import Container

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult
from phonenumbers.phonenumberutil import UNKNOWN_REGION

from passcode.channels.channel import AddressFault

# Attackers earn money with messages to these numbers (SMS pumping). The owner of a personal number can have a
# share of its price too. Satellite and other international numbers have no country, and are refused as such.
_REFUSED = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PERSONAL_NUMBER)
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_TOO_SHORT = (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
# The 25 countries of +1 have very different prices.
_SHARED_CODE = 1


def country_for_sms(number: str, *, is_verified: bool = True) -> str | None:
    """Return the two-letter country of an E.164 number that an SMS may go to; None for any other number.

    A number that Cognito has verified got an SMS before. So only a number that is known to be expensive has
    no country. The country of a number that the metadata of `phonenumbers` does not know is that of its
    calling code. Without `is_verified`, only a known mobile number in its canonical form has a country.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    kind = phonenumbers.number_type(parsed)
    if kind in _REFUSED or not (is_verified or kind in _MOBILE):
        return None
    if not phonenumbers.is_valid_number(parsed) and not _may_be_newer(parsed):
        return None
    # Each way to write the same number would have a separate budget.
    if not is_verified and phonenumbers.format_number(parsed, PhoneNumberFormat.E164) != number:
        return None
    country = phonenumbers.region_code_for_number(parsed)
    if country is None and parsed.country_code != _SHARED_CODE:
        country = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return country if country and country.isalpha() and country != UNKNOWN_REGION else None


def _may_be_newer(parsed: PhoneNumber) -> bool:
    """Return True if an unknown number can be one of a numbering plan that is newer than the metadata."""
    if phonenumbers.is_possible_number_with_reason(parsed) in _TOO_SHORT:
        return False
    # A known number with more digits at its end can reach the same phone: at its price, and uncounted.
    shorter = PhoneNumber()
    shorter.merge_from(parsed)
    return not phonenumbers.truncate_too_long_number(shorter)


def sms_fault(number: str, countries: Container[str], *, is_verified: bool = True) -> AddressFault | None:
    """Return why no SMS goes to an E.164 number; None if one does. `countries` are the allowed countries."""
    country = country_for_sms(number, is_verified=is_verified)
    if country is None:
        return AddressFault.NUMBER
    return None if country in countries else AddressFault.COUNTRY
