"""Phone numbers as people have them: today's form of old numbers, their country, and which get no SMS."""

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberFormat, PhoneNumberType

import create_auth_challenge
from passcode.adapters.sms_budget_table import SmsBudgetTable
from passcode.channels.channel import UNUSABLE, AddressFault, destination_id
from passcode.channels.phone_number import country_for_sms, sms_fault
from passcode.channels.sms import _TRUNK_ZERO, SMS
from passcode.confirmation import routes
from passcode.delivery.sms_limits import SmsLimits, SmsStop, find_stop
from passcode.token_service.refusal import Refusal, Refused
from tests.support.aws_stubs import RecordingClient
from tests.support.deliver_handler import DeliverHandler
from tests.support.events import NOW, SALT, attributes
from tests.support.handlers import HandlerOutput
from tests.support.kms_stubs import pool
from tests.support.sign_in_handlers import Flow, SignInHandlers
from tests.support.token_api_in_memory import Api, FakeClock

# Old numbers with today's form and its country. Each one of today is a mobile number for `phonenumbers`.
OLD = {
    "+5215512345678": ("+525512345678", "MX"),
    "+5218112345678": ("+528112345678", "MX"),
    "+541123456789": ("+5491123456789", "AR"),
    "+54111523456789": ("+5491123456789", "AR"),
    "+549111523456789": ("+5491123456789", "AR"),
    "+54351155123456": ("+5493515123456", "AR"),
    "+543515123456": ("+5493515123456", "AR"),
    "+54298215412345": ("+5492982412345", "AR"),
    "+551187654321": ("+5511987654321", "BR"),
    "+552199887766": ("+5521999887766", "BR"),
    "+555181234567": ("+5551981234567", "BR"),
    "+22501234567": ("+2250101234567", "CI"),
    "+22540234567": ("+2250140234567", "CI"),
    "+22505234567": ("+2250505234567", "CI"),
    "+22576234567": ("+2250576234567", "CI"),
    "+22507123456": ("+2250707123456", "CI"),
    "+22548123456": ("+2250748123456", "CI"),
    "+22997123456": ("+2290197123456", "BJ"),
    "+22961123456": ("+2290161123456", "BJ"),
    "+841201234567": ("+84701234567", "VN"),
    "+841211234567": ("+84791234567", "VN"),
    "+841221234567": ("+84771234567", "VN"),
    "+841261234567": ("+84761234567", "VN"),
    "+841281234567": ("+84781234567", "VN"),
    "+841231234567": ("+84831234567", "VN"),
    "+841241234567": ("+84841234567", "VN"),
    "+841251234567": ("+84851234567", "VN"),
    "+841271234567": ("+84811234567", "VN"),
    "+841291234567": ("+84821234567", "VN"),
    "+841621234567": ("+84321234567", "VN"),
    "+841691234567": ("+84391234567", "VN"),
    "+841861234567": ("+84561234567", "VN"),
    "+841881234567": ("+84581234567", "VN"),
    "+841991234567": ("+84591234567", "VN"),
    "+4407400123456": ("+447400123456", "GB"),
    "+49015112345678": ("+4915112345678", "DE"),
    "+330612345678": ("+33612345678", "FR"),
    "+9710501234567": ("+971501234567", "AE"),
}
# Numbers that stay as they are, with their country.
AS_THEY_ARE = {
    "+525512345678": "MX",
    "+5491123456789": "AR",
    "+5511987654321": "BR",
    "+551123456789": "BR",  # a landline
    "+557077654321": "BR",
    "+2250707123456": "CI",
    "+2252721234567": "CI",
    "+2290197123456": "BJ",
    "+24107123456": "GA",
    "+242061234567": "CG",
    "+390312345678": "IT",
    "+393123456789": "IT",
    "+84912345678": "VN",
    "+4915112345678": "DE",
    "+12025550123": "US",
    "+14165550123": "CA",
    "+18765550123": "JM",
    # Kinds that are not known as mobile numbers.
    "+4930123456": "DE",
    "+18005550123": "US",
    "+445600123456": "GB",  # VoIP
    "+443001234567": "GB",  # a number of a company for all its sites
    # The metadata does not know the numbers, but the calling code has one country, or one main country.
    "+84123456789": "VN",
    "+23071234567": "MU",
    "+38649123456": "SI",
    # The leading digits of a number of +1 decide, even if the rest is not known.
    "+16581234567": "JM",
}
REFUSED = {
    "+19005550123": "premium",
    "+4490912345678": "premium",
    "+449091234567": "premium",
    "+448431234567": "shared cost",
    "+491801123456": "shared cost",
    "+447011234567": "a personal number, whose owner can have a share of the price",
    "+870773111632": "satellite",
    "+881612345678": "satellite",
    "+882161234567": "international network",
    "+883510012345": "international network",
    "+878101234567890": "a universal personal number",
    "+80012345678": "international freephone",
    "+80812345678": "international shared cost",
    "+979123456789": "international premium",
    "+888123456789": "no country",
    "+999123456789": "no such calling code",
    "+2101234567": "no such calling code",
    "+15552345678": "an area code of +1 without a country",
    "+17002345678": "an area code of +1 without a country",
    "+12995550123": "an area code of +1 without a country",
    "+1202555012": "too short",
    "+120255501234": "a known number with another digit, which reaches the same phone",
    "+4479111234567": "a known number with another digit, which reaches the same phone",
    "+449091234567890": "a premium number with other digits",
}


def kind_of(number: str) -> int:
    return int(phonenumbers.number_type(phonenumbers.parse(number)))


@pytest.mark.parametrize("old", OLD)
def test_an_old_number_gets_the_form_of_today(old: str) -> None:
    form, country = OLD[old]
    assert SMS.parse(old) == SMS.parse(form) == SMS.parse(f" {old} ") == form
    assert kind_of(form) in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    assert country_for_sms(form) == country
    assert country_for_sms(form, is_verified=False) == country


@pytest.mark.parametrize("number", AS_THEY_ARE)
def test_a_number_without_an_old_form_stays(number: str) -> None:
    assert SMS.parse(number) == number
    assert country_for_sms(number) == AS_THEY_ARE[number]


@pytest.mark.parametrize("number", REFUSED, ids=REFUSED.values())
def test_an_expensive_number_and_one_without_a_country_are_refused(number: str) -> None:
    destination = SMS.destination(number)
    assert destination
    assert country_for_sms(destination.value) is None
    assert sms_fault(destination.value, {"US", "GB", "DE"}) is AddressFault.NUMBER


def test_a_number_of_another_country_has_another_reason() -> None:
    assert sms_fault("+33612345678", {"US"}) is AddressFault.COUNTRY
    assert sms_fault("+33612345678", {"US", "FR"}) is None


@pytest.mark.parametrize(
    "number",
    ["+4930123456", "+18005550123", "+445600123456", "+84123456789", "+112025550147", "+16581234567"],
)
def test_an_unverified_number_must_be_a_known_mobile_number(number: str) -> None:
    assert country_for_sms(number, is_verified=False) is None


def test_the_calling_codes_with_a_trunk_zero_are_those_of_the_metadata() -> None:
    """A national number there never begins with one 0, so that +440… can only be +44…"""
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        if not re.fullmatch(_TRUNK_ZERO, str(code)):
            continue
        metadata = PhoneMetadata.metadata_for_region(regions[0])
        assert metadata
        assert metadata.national_prefix == "0", code
        for region in regions:
            for kind in PhoneNumberType.values():
                example = phonenumbers.example_number_for_type(region, kind)
                if example:
                    number = phonenumbers.format_number(example, PhoneNumberFormat.E164)
                    assert not re.fullmatch(rf"\+{code}0[1-9].*", number), number


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
MOBILES = [
    phonenumbers.format_number(example, PhoneNumberFormat.E164)
    for region in REGIONS
    if (example := phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE))
]


def test_a_mobile_number_of_each_country_stays_and_has_its_country() -> None:
    assert len(MOBILES) > 230
    assert [SMS.parse(number) for number in MOBILES] == MOBILES
    for number in MOBILES:
        assert country_for_sms(number) == phonenumbers.region_code_for_number(phonenumbers.parse(number))


@settings(max_examples=200)
@given(st.sampled_from(MOBILES), st.text("0123456789", min_size=3, max_size=3))
def test_a_known_mobile_number_never_changes(example: str, end: str) -> None:
    number = example[:-3] + end
    parsed = phonenumbers.parse(number)
    mobile = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in mobile:
        assert SMS.parse(number) == number


CODES = sorted(map(str, COUNTRY_CODE_TO_REGION_CODE))


@settings(max_examples=200)
@given(st.sampled_from(CODES), st.text("0123456789", min_size=4, max_size=14))
def test_each_number_has_one_form_and_the_form_is_its_own(code: str, rest: str) -> None:
    found = SMS.parse(f"+{code}{rest}")
    if isinstance(found, str):
        assert SMS.parse(found) == found
        assert found.startswith(f"+{code}")
        country_for_sms(found)


@settings(max_examples=200)
@given(st.text(), st.text("+0123456789 ٣", max_size=18))
def test_every_text_has_a_form_or_a_reason(text: str, digits: str) -> None:
    for value in (text, digits, f"+{digits}"):
        found = SMS.parse(value)
        assert found is AddressFault.MALFORMED or (isinstance(found, str) and SMS.parse(found) == found)


def test_an_old_number_and_that_of_today_have_one_id() -> None:
    for old, (form, _) in OLD.items():
        ids = {destination_id(to, SALT) for to in map(SMS.destination, (old, form)) if to}
        assert len(ids) == 1


def stop_of(output: HandlerOutput, number: str) -> SmsStop | None:
    counters = SmsBudgetTable(RecordingClient({"batch_get_item": {"Responses": {}}}), "table")
    limits = SmsLimits(per_day=10, per_country=10, unanswered=10)
    countries = frozenset({"US", "MX"})
    return find_stop(counters, SMS.destination(number), limits, SALT, NOW, output.telemetry, countries)


@pytest.mark.parametrize(
    ("number", "reason"),
    [("+881612345678", "number"), ("+19005550123", "number"), ("+33612345678", "country")],
)
def test_create_knows_that_a_number_gets_no_sms(output: HandlerOutput, number: str, reason: str) -> None:
    assert stop_of(output, number) == SmsStop(0, refusal=Refusal.NO_DESTINATION)
    (line,) = output.lines
    assert (line["message"], line["channel"], line["reason"]) == (UNUSABLE, "sms", reason)
    assert number not in output.text


def test_create_sends_to_an_old_number(output: HandlerOutput) -> None:
    assert stop_of(output, "+5215512345678") is None


@pytest.mark.parametrize("number", ["+881612345678", "+33612345678"])
def test_after_the_password_a_user_with_such_a_number_only_gets_a_true_sentence(
    output: HandlerOutput, number: str
) -> None:
    handlers = SignInHandlers(sms_stop=lambda to, _: stop_of(output, to.value) if to else None)
    user = attributes(phone_number=number, email_verified="false")
    with pytest.raises(Refused) as caught:
        Flow(handlers, user=user, with_password=True).start()
    assert caught.value.refusal is Refusal.NO_DESTINATION
    other = attributes(phone_number=number, otp_channel="sms")
    Flow(handlers, user=other, with_password=True).start()
    assert handlers.queued[-1].challenge.channel == "email"


def test_the_handler_create_has_the_allowed_countries(output: HandlerOutput) -> None:
    assert create_auth_challenge._SETTINGS.sms_countries == {"US", "DE"}
    assert create_auth_challenge._sms_stop(SMS.destination("+33612345678"), NOW) == SmsStop(
        0, refusal=Refusal.NO_DESTINATION
    )


def test_deliver_sends_to_the_form_of_today() -> None:
    handlers, number = SignInHandlers(), "+12025550123"
    Flow(
        handlers, user=attributes(phone_number="+4407400123456", otp_channel="sms"), with_password=True
    ).start()
    assert handlers.queued[0].destinations[0].value == "+447400123456"
    (delivery,) = handlers.queued
    to = SMS.destination(number)
    assert to
    handler = DeliverHandler(handlers.telemetry)
    handler.deliver(delivery._replace(destinations=(to,)).pack())
    assert handler.sns.sent("publish")[0]["PhoneNumber"] == number


@pytest.mark.parametrize(
    ("number", "reason"),
    [("+881612345678", "number"), ("+4490912345678", "number"), ("+33612345678", "country")],
)
def test_over_http_the_problem_has_the_reason(number: str, reason: str) -> None:
    api = Api()
    response = api.post("/createToken", {"phone_number": number})
    assert (response.status, response.problem) == (422, "destination-not-allowed")
    assert response.body["reason"] == reason
    assert number not in str(response.body)
    assert api.queued == []


def test_a_step_up_with_such_a_number_only_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "time", FakeClock())
    api = Api(users=pool(phone_number="+33612345678", email_verified="false"))
    response = api.step_up()
    assert (response.status, response.body["reason"], api.queued) == (422, "country", [])
    both = Api(users=pool(phone_number="+33612345678"))
    assert both.step_up().status == 200
