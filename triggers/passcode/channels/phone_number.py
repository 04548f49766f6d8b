"""Phone numbers: their country, and whether an SMS may go to them.

The package `phonenumbers` decides, not the prefix: +1 has 25 countries, and some of them are expensive.
"""

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

# No premium, shared-cost, satellite or VoIP numbers: attackers earn money with them by SMS pumping.
_FOR_SMS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def country_for_sms(number: str, *, canonical: bool = False) -> str | None:
    """Return the two-letter country of an E.164 number that can receive an SMS; None for any other number.

    With `canonical`, the result is also None for a number that is not written in its canonical form. For
    example, `+440…` reaches the same phone as `+44…`.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed) or phonenumbers.number_type(parsed) not in _FOR_SMS:
        return None
    if canonical and phonenumbers.format_number(parsed, PhoneNumberFormat.E164) != number:
        return None
    return phonenumbers.region_code_for_number(parsed)
