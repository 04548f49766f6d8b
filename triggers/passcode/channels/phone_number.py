"""What a phone number is: its country, and whether it is one that an SMS belongs on.

Judged by `phonenumbers`, not by prefix: +1 alone is 25 countries, and some of them are dear.
"""

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

# No premium, shared-cost, satellite or VoIP numbers: those are what SMS pumping is paid through.
_FOR_SMS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def country_for_sms(number: str, *, canonical: bool = False) -> str | None:
    """The two-letter country of an E.164 number that can take an SMS; None for every other number.

    `canonical`: None also for every other way to write it: `+440…` reaches the telephone of `+44…`.
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
