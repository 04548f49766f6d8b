"""An update resets what it leaves out: nothing may be left out, whatever the SDK's model comes to know."""

from typing import Any

import pytest

from tests.support.botocore_values import members, model, structure
from tests.support.fake_user_pool import ARN, POOL_ID, FakeCognito, full_pool
from tools.pool_admin.carry import client_settings, pool_settings
from tools.pool_admin.changes import Change, difference
from tools.pool_admin.errors import AdminError
from tools.pool_admin.pool import Pool
from tools.pool_admin.unknown import unknown

OLD_TEXTS = {"EmailVerificationMessage", "EmailVerificationSubject", "SmsVerificationMessage"}
TRIGGER = Change(
    ("LambdaConfig", "DefineAuthChallenge"), None, "arn:aws:lambda:eu-central-1:123456789012:function:d"
)


def settable(name: str) -> set[str]:
    return set(structure(name).members)


def test_everything_that_can_be_set_is_described() -> None:
    # Fails when the model gains a setting that a description does not telemetry: it cannot be carried over.
    assert settable("UpdateUserPoolRequest") - settable("UserPoolType") == {"UserPoolId", "PoolName"}
    assert settable("UpdateUserPoolClientRequest") - settable("UserPoolClientType") == set()


@pytest.mark.parametrize("by_link", [True, False])
def test_every_pool_setting_that_the_model_knows_is_carried_over(by_link: bool) -> None:
    pool = {"Id": POOL_ID, "Name": "users"} | full_pool(members, by_link=by_link)
    carried = pool_settings(model(), pool)
    assert set(carried) == settable("UpdateUserPoolRequest") - OLD_TEXTS
    lost = {".".join(change.path) for change in difference(pool, carried)}
    assert lost == {
        "Id",
        "Name",
        "PoolName",
        "UserPoolId",
        "AdminCreateUserConfig.UnusedAccountValidityDays",
        "SmsVerificationMessage",
        *(set() if by_link else {"EmailVerificationMessage", "EmailVerificationSubject"}),
    }


def test_every_client_setting_that_the_model_knows_is_carried_over() -> None:
    client = members("UserPoolClientType")
    carried = client_settings(model(), client)
    assert set(carried) == settable("UpdateUserPoolClientRequest")
    assert {".".join(change.path) for change in difference(client, carried)} == {
        "ClientSecret",
        "CreationDate",
        "LastModifiedDate",
        "AnalyticsConfiguration.ApplicationId",
        "AnalyticsConfiguration.ExternalId",
        "AnalyticsConfiguration.RoleArn",
    }


@pytest.mark.parametrize("by_link", [True, False])
def test_an_update_of_a_full_pool_changes_only_what_it_should(by_link: bool) -> None:
    full = full_pool(members, by_link=by_link)
    full["LambdaConfig"] = {k: v for k, v in full["LambdaConfig"].items() if k != "DefineAuthChallenge"}
    aws = FakeCognito(full, {})
    before = aws.describe()
    Pool(aws.client(), POOL_ID).update([TRIGGER])
    after = aws.describe()
    assert [c.path for c in difference(before, after)] == [("pool", *TRIGGER.path)]


def test_an_update_of_a_full_client_changes_only_what_it_should() -> None:
    client = members("UpdateUserPoolClientRequest") | {"UserPoolId": POOL_ID, "ClientId": "web"}
    client["AnalyticsConfiguration"].pop("ApplicationId")
    for name in ("ExternalId", "RoleArn"):
        client["AnalyticsConfiguration"].pop(name)
    client["RefreshTokenRotation"]["Feature"] = "DISABLED"
    aws = FakeCognito({}, {"web": client})
    before = aws.describe()
    Pool(aws.client(), POOL_ID).update_client("web", [Change(("AuthSessionValidity",), 4, 15)])
    assert [c.path for c in difference(before, aws.describe())] == [("clients", "web", "AuthSessionValidity")]


def test_a_client_update_that_leaves_out_is_seen_to_reset() -> None:
    # The fake is worth nothing if it forgives.
    aws = FakeCognito({"UserPoolTags": {"team": "sign-in"}, "UserPoolTier": "PLUS"}, {})
    aws.client().update_user_pool(UserPoolId=POOL_ID, LambdaConfig={})
    assert (aws.pool["UserPoolTier"], aws.pool.get("UserPoolTags"), aws.pool["Name"]) == (
        "ESSENTIALS",
        None,
        "reset",
    )


def test_a_setting_that_was_not_kept_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(FakeCognito):
        def _UpdateUserPool(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
            return super()._UpdateUserPool({k: v for k, v in body.items() if k != "UserPoolTags"})

    monkeypatch.setattr("tools.pool_admin.pool._SHOWN_AFTER", (0.0,))
    aws = Forgetful({"UserPoolTags": {"team": "sign-in"}}, {})
    with pytest.raises(AdminError, match=r"did not keep UserPoolTags\.team as asked"):
        Pool(aws.client(), POOL_ID).update([TRIGGER])


def test_app_mfa_without_sms_is_put_back() -> None:
    aws = FakeCognito({"MfaConfiguration": "OPTIONAL"}, {})
    aws.mfa = {"SoftwareTokenMfaConfiguration": {"Enabled": True}, "MfaConfiguration": "OPTIONAL"}
    before = aws.describe()
    Pool(aws.client(), POOL_ID).update([TRIGGER])
    assert aws.mfa == before["mfa"]
    assert aws.pool["MfaConfiguration"] == "OPTIONAL"


def test_tags_of_aws_are_left_to_aws() -> None:
    tags = {"aws:cloudformation:stack-name": "users", "team": "sign-in"}
    assert pool_settings(model(), {"Id": POOL_ID, "UserPoolTags": tags})["UserPoolTags"] == {
        "team": "sign-in"
    }


@pytest.mark.parametrize(
    ("described", "carried"),
    [
        ({"SmsVerificationMessage": "", "SmsConfiguration": {}, "LambdaConfig": {}}, {}),
        ({"AutoVerifiedAttributes": [], "Arn": ARN, "Domain": "x"}, {"AutoVerifiedAttributes": []}),
        ({"AccountRecoverySetting": {"RecoveryMechanisms": []}, "UserPoolAddOns": {}}, {}),
        (
            {"EmailVerificationMessage": "Your code is {####}"},
            {"VerificationMessageTemplate": {"EmailMessage": "Your code is {####}"}},
        ),
        (
            {"AdminCreateUserConfig": {"UnusedAccountValidityDays": 3}},
            {"AdminCreateUserConfig": {"UnusedAccountValidityDays": 3}},
        ),
        ({"MfaConfiguration": "OFF"}, {"MfaConfiguration": "OFF"}),
    ],
)
def test_what_aws_describes_and_does_not_take(described: dict[str, Any], carried: dict[str, Any]) -> None:
    assert pool_settings(model(), {"Id": POOL_ID} | described) == {"UserPoolId": POOL_ID} | carried


def test_a_setting_that_the_sdk_does_not_know_is_seen() -> None:
    aws = FakeCognito({"StepUp": {"Level": 2}, "LambdaConfig": {"PreSignUp": ARN, "PostSignIn": ARN}}, {})
    pool = Pool.at(aws.client(), POOL_ID)
    pool.describe()
    assert pool.unknown == {"StepUp", "LambdaConfig.PostSignIn"}


def test_an_answer_of_the_model_alone_has_nothing_unknown() -> None:
    assert (
        unknown(b'{"UserPool": {"Id": "x", "UserPoolTags": {"a": "b"}}}', model(), "DescribeUserPoolResponse")
        == set()
    )
    assert (
        unknown(b'{"__type": "TooManyRequestsException", "x": 1}', model(), "DescribeUserPoolResponse")
        == set()
    )


def test_what_somebody_changed_meanwhile_is_not_overwritten() -> None:
    aws = FakeCognito({"LambdaConfig": {"DefineAuthChallenge": ARN}}, {})
    with pytest.raises(AdminError, match=r"Somebody changed LambdaConfig\.DefineAuthChallenge meanwhile"):
        Pool(aws.client(), POOL_ID).update([TRIGGER])
    assert aws.calls == []
