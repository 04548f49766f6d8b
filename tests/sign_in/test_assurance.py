"""The claims in tokens about a code: the tokens that have them, and the tokens that do not."""

import pytest

from passcode.sign_in.assurance import assurance_claims, trigger_response
from passcode.token_service.store import Evidence

NOW = 1_800_000_000
OLD, NEW = Evidence(NOW - 86_400, "email"), Evidence(NOW - 2, "sms")


def test_the_claims_of_a_sign_in_describe_its_code() -> None:
    assert assurance_claims("TokenGeneration_Authentication", OLD, NEW, NOW) == {
        "otp_amr": "otp sms",
        "otp_channel": "sms",
        "otp_verified_at": str(NOW - 2),
    }


def test_a_code_by_email_adds_no_method_to_amr() -> None:
    assert (
        assurance_claims("TokenGeneration_Authentication", OLD, Evidence(NOW, "email"), NOW)["otp_amr"]
        == "otp"
    )


def test_a_refreshed_token_keeps_the_time_of_its_sign_in() -> None:
    """A stolen refresh token must not look recent after the user's next sign-in."""
    assert assurance_claims("TokenGeneration_RefreshTokens", OLD, NEW, NOW)["otp_verified_at"] == str(
        NOW - 86_400
    )
    only = assurance_claims("TokenGeneration_RefreshTokens", NEW, NEW, NOW + 3600)
    assert only["otp_verified_at"] == str(NOW - 2), "kept, not renewed"


@pytest.mark.parametrize(
    "source",
    [
        "TokenGeneration_HostedAuth",
        "TokenGeneration_NewPasswordChallenge",
        "TokenGeneration_ClientCredentials",
        "None",
        "",
    ],
)
def test_tokens_of_another_sign_in_method_have_no_claims(source: str) -> None:
    assert assurance_claims(source, OLD, NEW, NOW) == {}


@pytest.mark.parametrize(("age", "has_claims"), [(0, True), (60, True), (61, False), (3_600, False)])
def test_a_sign_in_has_claims_only_for_a_code_of_the_last_minute(age: int, has_claims: bool) -> None:
    last = Evidence(NOW - age, "sms")
    assert bool(assurance_claims("TokenGeneration_Authentication", last, last, NOW)) is has_claims


def test_a_code_of_an_earlier_sign_in_is_no_evidence_for_this_one() -> None:
    assert assurance_claims("TokenGeneration_Authentication", OLD, OLD, NOW) == {}
    assert assurance_claims("TokenGeneration_Authentication", None, None, NOW) == {}
    assert assurance_claims("TokenGeneration_RefreshTokens", None, None, NOW) == {}


def test_the_response_fits_both_versions_of_the_trigger_and_leaves_groups_unchanged() -> None:
    found = {"otp_channel": "sms"}
    assert trigger_response("1", found) == {"claimsOverrideDetails": {"claimsToAddOrOverride": found}}
    two = trigger_response("2", found)["claimsAndScopeOverrideDetails"]
    assert two == {
        "idTokenGeneration": {"claimsToAddOrOverride": found},
        "accessTokenGeneration": {"claimsToAddOrOverride": found},
    }


def test_an_unknown_channel_gives_no_claims() -> None:
    unknown = Evidence(NOW, "pigeon")
    assert assurance_claims("TokenGeneration_Authentication", unknown, unknown, NOW) == {}
