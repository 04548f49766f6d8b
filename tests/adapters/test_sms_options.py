"""The parameter SmsOptions: one strict reader for the options of the gateways for SMS and calls."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcode.adapters.environment import SettingError, Variables
from passcode.adapters.sms_options import END_USER_MESSAGING, NOTIFY, SMS_GATEWAYS, SNS, SmsOptions
from passcode.texts.catalogue import locales
from tests.support.template import TEMPLATE

NC = "notify_configuration=nc-1"
PATTERN = re.compile(TEMPLATE["Parameters"]["SmsOptions"]["AllowedPattern"])


def read(gateway: str, options: str = "") -> SmsOptions:
    """Read the options of a gateway."""
    return SmsOptions.read(Variables({"SMS_OPTIONS": options}), gateway, locales())


@pytest.mark.parametrize(
    ("gateway", "options", "expected"),
    [
        (SNS, "", SmsOptions()),
        (END_USER_MESSAGING, "", SmsOptions()),
        (SNS, "origination_identity=MY-APP", SmsOptions(origination_identity="MY-APP")),
        (SNS, "origination_identity=+12025550100", SmsOptions(origination_identity="+12025550100")),
        (
            END_USER_MESSAGING,
            "origination_identity=arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-1,configuration_set=otp",
            SmsOptions(
                origination_identity="arn:aws:sms-voice:eu-central-1:123456789012:pool/pool-1",
                configuration_set="otp",
            ),
        ),
        (
            END_USER_MESSAGING,
            "protect_configuration=protect-1,india_entity=1101,india_template=1107",
            SmsOptions(protect_configuration="protect-1", india_entity="1101", india_template="1107"),
        ),
        (NOTIFY, NC, SmsOptions(notify_configuration="nc-1")),
        (
            NOTIFY,
            f"{NC},notify_template=a,notify_template_de=b,notify_template_zh-Hans=c",
            SmsOptions(notify_configuration="nc-1", notify_templates={"": "a", "de": "b", "zh-Hans": "c"}),
        ),
        (
            SNS,
            "voice_origination_identity=+12025550100,voice_id_de=HANS",
            SmsOptions(voice_origination_identity="+12025550100", voice_ids={"de": "HANS"}),
        ),
    ],
)
def test_the_options_of_a_gateway(gateway: str, options: str, expected: SmsOptions) -> None:
    assert read(gateway, options) == expected
    assert PATTERN.fullmatch(options)


@pytest.mark.parametrize(
    ("gateway", "options", "rule"),
    [
        (SNS, "origination_identity", "name=value pairs"),
        (SNS, "origination_identity=", "name=value pairs"),
        (SNS, "=APP", "name=value pairs"),
        (SNS, "origination_identity=APP,", "name=value pairs"),
        (SNS, "origination_identity=APP,origination_identity=APP", "no name twice"),
        (SNS, "origination=APP", "options of SNS: "),
        (SNS, "Origination_Identity=APP", "options of SNS: "),
        (SNS, " origination_identity=APP", "options of SNS: "),
        (SNS, NC, "options of SNS: "),
        (SNS, "notify_template_de=a", "options of SNS: "),
        (SNS, "voice_ids=HANS", "options of SNS: "),
        (SNS, "voice_id=HANS", "options of SNS: "),
        (SNS, "notify_templates=a", "options of SNS: "),
        (SNS, "origination_identity=pool-1a2b3c4d5e", "3 to 11 letters"),
        (SNS, "india_entity=1101", "both india_entity and india_template"),
        (END_USER_MESSAGING, "india_template=1107", "both india_entity and india_template"),
        (END_USER_MESSAGING, NC, "options of END_USER_MESSAGING: "),
        (NOTIFY, "", "notify_configuration=ID"),
        (NOTIFY, f"{NC},origination_identity=APP", "options of NOTIFY: "),
        (NOTIFY, f"{NC},notify_template_xx=a", "options of NOTIFY: "),
        (NOTIFY, f"{NC},notify_template_=a", "options of NOTIFY: "),
    ],
)
def test_a_wrong_option_is_an_error_with_its_parameter(gateway: str, options: str, rule: str) -> None:
    with pytest.raises(SettingError) as wrong:
        read(gateway, options)
    text = str(wrong.value)
    assert text.startswith("SMS_OPTIONS ")
    assert rule in text
    assert text.endswith("its parameter SmsOptions sets this variable.")


@given(st.sampled_from(SMS_GATEWAYS), st.text(max_size=60))
def test_any_other_text_is_read_or_refused(gateway: str, options: str) -> None:
    # An error of another kind would have no parameter, and could have the text of a library.
    with suppress(SettingError):
        assert isinstance(read(gateway, options), SmsOptions)
