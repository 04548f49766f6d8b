"""An update resets the settings that it leaves out, so it must repeat every setting of the SDK's model."""

from typing import Any

import pytest

from tests.support.account_in_memory import app_client
from tests.support.botocore_values import members, model, structure
from tests.support.fake_user_pool import ARN, POOL_ID, FakeCognito, full_pool
from tools.pool_admin.attachment.plan import refuse_unknown_settings
from tools.pool_admin.aws_resources.pool import Pool
from tools.pool_admin.aws_resources.pool_settings import (
    KEPT_BY_AWS,
    SettingChange,
    client_settings,
    difference,
    is_same_value,
    pool_settings,
    reverse_change,
    value_at,
    with_changes,
)
from tools.pool_admin.aws_resources.unknown_settings import unknown_settings
from tools.pool_admin.errors import AdminError

OLD_TEXTS = {"EmailVerificationMessage", "EmailVerificationSubject", "SmsVerificationMessage"}
TRIGGER = SettingChange(
    ("LambdaConfig", "DefineAuthChallenge"), None, "arn:aws:lambda:eu-central-1:123456789012:function:d"
)


def settable(name: str) -> set[str]:
    return set(structure(name).members)


def test_every_setting_of_an_update_is_described() -> None:
    # Fails if a new model has a setting that no description has: an update cannot repeat it.
    assert settable("UpdateUserPoolRequest") - settable("UserPoolType") == {"UserPoolId", "PoolName"}
    assert (
        settable("UpdateUserPoolClientRequest") - settable("UserPoolClientType")
        == KEPT_BY_AWS["UpdateUserPoolClient"]
    )


@pytest.mark.parametrize("by_link", [True, False])
def test_an_update_repeats_every_pool_setting_of_the_model(by_link: bool) -> None:
    pool = {"Id": POOL_ID, "Name": "users"} | full_pool(members, by_link=by_link)
    sent = pool_settings(model(), pool)
    assert set(sent) == settable("UpdateUserPoolRequest") - OLD_TEXTS - KEPT_BY_AWS["UpdateUserPool"]
    lost = {".".join(change.path) for change in difference(pool, sent)}
    assert lost == {
        "Id",
        "Name",
        "PoolName",
        "UserPoolId",
        *(f"DcrConfiguration.{name}" for name in settable("DcrConfigurationType")),
        "AdminCreateUserConfig.UnusedAccountValidityDays",
        "SmsVerificationMessage",
        *(set() if by_link else {"EmailVerificationMessage", "EmailVerificationSubject"}),
    }


def test_an_update_repeats_every_client_setting_of_the_model() -> None:
    client = members("UserPoolClientType")
    sent = client_settings(model(), client)
    kept = KEPT_BY_AWS["UpdateUserPoolClient"]
    assert set(sent) == settable("UpdateUserPoolClientRequest") - kept
    assert {".".join(change.path) for change in difference(client, sent)} == {
        "ClientSecret",
        "ClientSecretArn",
        "ClientType",
        "CreationDate",
        "LastModifiedDate",
        "AnalyticsConfiguration.ApplicationId",
        "AnalyticsConfiguration.ExternalId",
        "AnalyticsConfiguration.RoleArn",
    }


@pytest.mark.parametrize("by_link", [True, False])
def test_an_update_of_a_full_pool_changes_only_the_given_settings(by_link: bool) -> None:
    full = full_pool(members, by_link=by_link)
    full["LambdaConfig"] = {k: v for k, v in full["LambdaConfig"].items() if k != "DefineAuthChallenge"}
    aws = FakeCognito(full, {})
    before = aws.describe()
    Pool(aws.client(), POOL_ID).update([TRIGGER])
    after = aws.describe()
    assert [c.path for c in difference(before, after)] == [("pool", *TRIGGER.path)]


def test_an_update_of_a_full_client_changes_only_the_given_settings() -> None:
    aws = FakeCognito({}, {"web": app_client("web")})
    before = aws.describe()
    Pool(aws.client(), POOL_ID).update_client("web", [SettingChange(("AuthSessionValidity",), 4, 15)])
    assert [c.path for c in difference(before, aws.describe())] == [("clients", "web", "AuthSessionValidity")]


def test_the_fake_resets_settings_that_an_update_leaves_out() -> None:
    # Otherwise the tests of this file could not fail.
    aws = FakeCognito({"UserPoolTags": {"team": "sign-in"}, "UserPoolTier": "PLUS"}, {})
    aws.client().update_user_pool(UserPoolId=POOL_ID, LambdaConfig={})
    assert (aws.pool["UserPoolTier"], aws.pool.get("UserPoolTags"), aws.pool["Name"]) == (
        "ESSENTIALS",
        None,
        "reset",
    )


def test_a_setting_that_was_not_kept_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class LossyCognito(FakeCognito):
        def _UpdateUserPool(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
            return super()._UpdateUserPool({k: v for k, v in body.items() if k != "UserPoolTags"})

    monkeypatch.setattr("tools.pool_admin.aws_resources.pool._PAUSES", (0.0,))
    aws = LossyCognito({"UserPoolTags": {"team": "sign-in"}}, {})
    with pytest.raises(AdminError, match=r"did not keep UserPoolTags\.team of the pool"):
        Pool(aws.client(), POOL_ID).update([TRIGGER])


def test_mfa_without_sms_is_restored() -> None:
    aws = FakeCognito({"MfaConfiguration": "OPTIONAL"}, {})
    aws.mfa = {"SoftwareTokenMfaConfiguration": {"Enabled": True}, "MfaConfiguration": "OPTIONAL"}
    before = aws.describe()
    Pool(aws.client(), POOL_ID).update([TRIGGER])
    assert aws.mfa == before["mfa"]
    assert aws.pool["MfaConfiguration"] == "OPTIONAL"


def test_tags_of_aws_are_not_sent() -> None:
    tags = {"aws:cloudformation:stack-name": "users", "team": "sign-in"}
    assert pool_settings(model(), {"Id": POOL_ID, "UserPoolTags": tags})["UserPoolTags"] == {
        "team": "sign-in"
    }


@pytest.mark.parametrize(
    ("described", "sent"),
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
def test_values_that_aws_describes_and_refuses_are_not_sent(
    described: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert pool_settings(model(), {"Id": POOL_ID} | described) == {"UserPoolId": POOL_ID} | sent


@pytest.mark.parametrize(
    ("described", "names"),
    [
        ({}, set()),
        ({"UserPoolTags": {"a": "b"}, "StepUp": None}, set()),
        ({"StepUp": {"Level": 2}}, {"StepUp"}),
        ({"LambdaConfig": {"PreSignUp": ARN, "PostSignIn": ARN}}, {"LambdaConfig.PostSignIn"}),
        (
            {"AcrConfiguration": {"Level1": {"AcrValue": "x", "Icon": "y"}}},
            {"AcrConfiguration.Level1.Icon"},
        ),
        (
            {"AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "admin_only", "Delay": 1}]}},
            {"AccountRecoverySetting.RecoveryMechanisms.Delay"},
        ),
        # No update accepts them, so none can reset them.
        ({"SchemaAttributes": [{"Name": "email", "Colour": "red"}], "Arn": ARN, "Domain": "x"}, set()),
        # AWS keeps it when an update leaves it out.
        ({"DcrConfiguration": {"EnableStatus": "Enabled", "Tomorrow": 1}}, set()),
    ],
)
def test_settings_unknown_to_the_model_and_the_tool_are_found(
    described: dict[str, Any], names: set[str]
) -> None:
    assert unknown_settings(model(), "DescribeUserPool", described) == names
    aws = FakeCognito(described, {})
    pool = Pool.with_unknown_settings(aws.client(), POOL_ID)
    assert pool.read().unknown == names


@pytest.mark.parametrize("name", ["ClientType", "ClientSecretArn", "ClientSecret", "LastModifiedDate"])
def test_a_client_setting_that_no_update_accepts_is_not_unknown(name: str) -> None:
    assert unknown_settings(model(), "DescribeUserPoolClient", {name: "x"}) == set()
    assert name not in client_settings(model(), {"ClientId": "web", name: "x"})


def test_an_error_response_has_no_unknown_settings() -> None:
    aws = FakeCognito({}, {})
    pool = Pool.with_unknown_settings(aws.client(), "eu-central-1_Other")
    with pytest.raises(AdminError, match="There is no user pool"):
        pool.read()


def test_unknown_mfa_settings_are_found() -> None:
    aws = FakeCognito({}, {})
    aws.mfa = {"MfaConfiguration": "OFF", "PasskeyMfaConfiguration": {"Enabled": True}}
    unknown = Pool.with_unknown_settings(aws.client(), POOL_ID).read_mfa().unknown
    assert unknown == {"PasskeyMfaConfiguration"}
    with pytest.raises(AdminError, match="does not know PasskeyMfaConfiguration"):
        refuse_unknown_settings(unknown, ())
    refuse_unknown_settings(unknown, ["PasskeyMfaConfiguration"])


DEFAULT_ACR = {f"Level{n}": {"AcrValue": f"urn:cognito:loa:{n}"} for n in (1, 2, 3, 4)}
CUSTOM_ACR = DEFAULT_ACR | {"Level3": {"AcrValue": "urn:people:strong"}}


@pytest.mark.parametrize(
    ("described", "sent"),
    [
        ({"AcrConfiguration": DEFAULT_ACR}, {}),
        ({"AcrConfiguration": CUSTOM_ACR}, {"AcrConfiguration": {"Level3": CUSTOM_ACR["Level3"]}}),
        ({"AcrConfiguration": CUSTOM_ACR, "UserPoolTier": "LITE"}, {"UserPoolTier": "LITE"}),
        ({"DcrConfiguration": {"OpenDcrEnabled": True}}, {}),
        ({"UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}}, {}),
        (
            {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}, "UserPoolTier": "LITE"},
            {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}, "UserPoolTier": "LITE"},
        ),
        ({"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}}, {}),
        (
            {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}},
            {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}},
        ),
        (
            {
                "UserPoolTier": "LITE",
                "Policies": {
                    "PasswordPolicy": {"MinimumLength": 9},
                    "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]},
                },
            },
            {"UserPoolTier": "LITE", "Policies": {"PasswordPolicy": {"MinimumLength": 9}}},
        ),
    ],
)
def test_defaults_and_settings_above_the_plan_are_not_sent(
    described: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert pool_settings(model(), {"Id": POOL_ID} | described) == {"UserPoolId": POOL_ID} | sent


def test_an_update_keeps_dynamic_client_registration_and_custom_acr_names() -> None:
    pool = {
        "DcrConfiguration": {"EnableStatus": "Disabled"},
        "AcrConfiguration": {"Level3": CUSTOM_ACR["Level3"]},
    }
    aws = FakeCognito(pool, {})
    Pool.with_unknown_settings(aws.client(), POOL_ID).update([TRIGGER])
    assert {name: aws.pool[name] for name in pool} == pool


@pytest.mark.parametrize("name", ["DcrConfiguration", "StepUp"])
def test_a_setting_that_was_not_sent_and_changed_is_reported(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ResettingCognito(FakeCognito):
        def _UpdateUserPool(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
            answer = super()._UpdateUserPool(body)
            self.pool.pop(name, None)
            return answer

    monkeypatch.setattr("tools.pool_admin.aws_resources.pool._PAUSES", (0.0,))
    aws = ResettingCognito({name: {"EnableStatus": "Disabled"}}, {})
    with pytest.raises(AdminError, match=f"did not keep {name}"):
        Pool.with_unknown_settings(aws.client(), POOL_ID).update([TRIGGER])


def test_a_setting_that_changed_after_the_plan_is_not_overwritten() -> None:
    aws = FakeCognito({"LambdaConfig": {"DefineAuthChallenge": ARN}}, {})
    with pytest.raises(AdminError, match=r"LambdaConfig\.DefineAuthChallenge changed after this plan"):
        Pool(aws.client(), POOL_ID).update([TRIGGER])
    assert aws.calls == []


def test_changes_can_be_made_and_undone() -> None:
    before = {"A": {"x": 1, "y": [1]}, "B": 2}
    after = {"A": {"y": [2]}, "C": {"z": 3}}
    made = difference(before, after)
    assert with_changes(before, made) == after
    assert with_changes(after, [SettingChange(c.path, c.after, c.before) for c in made]) == before
    assert reverse_change(SettingChange(("A",), 1, 2), 1) is None
    assert [str(change) for change in made] == [
        "A.x: 1 → not set",
        "A.y: 1 → 2",
        "B: 2 → not set",
        "C.z: not set → 3",
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([{"a": 1, "b": 2}, {"c": 3}], [{"c": 3}, {"b": 2, "a": 1}], True),
        ({"Scopes": ["a", "b"]}, {"Scopes": ["b", "a"]}, True),
        ({"Scopes": ["a", "b"], "Other": None}, {"Scopes": ["b", "a"]}, True),
        ({"Scopes": ["a", "a"]}, {"Scopes": ["a"]}, False),
        ([["a", "b"]], [["b", "c"]], False),
        ({"a": 1}, "s", False),
        (None, [], False),
    ],
)
def test_the_order_of_lists_and_members_does_not_matter(one: Any, other: Any, same: bool) -> None:
    assert is_same_value(one, other) is same
    assert is_same_value(other, one) is same


def test_a_kept_list_in_another_order_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class ReorderingCognito(FakeCognito):
        def _UpdateUserPool(self, body: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
            self.pool["DcrConfiguration"]["AllowedScopes"].reverse()
            return super()._UpdateUserPool(body)

    monkeypatch.setattr("tools.pool_admin.aws_resources.pool._PAUSES", (0.0,))
    aws = ReorderingCognito({"DcrConfiguration": {"AllowedScopes": ["openid", "email"]}}, {})
    Pool.with_unknown_settings(aws.client(), POOL_ID).update([TRIGGER])
    assert aws.pool["LambdaConfig"] == {"DefineAuthChallenge": TRIGGER.after}


@pytest.mark.parametrize(
    "described",
    [
        {"UserPoolTags": {"team": None}},
        {"UserPoolTags": None, "SchemaAttributes": None},
        {"AcrConfiguration": {"Level1": None}},
        {"AccountRecoverySetting": {"RecoveryMechanisms": [None]}},
        {"AccountRecoverySetting": {"RecoveryMechanisms": None}},
    ],
)
def test_null_counts_as_not_set(described: dict[str, Any]) -> None:
    assert unknown_settings(model(), "DescribeUserPool", described) == set()
    sent = pool_settings(model(), {"Id": POOL_ID} | described)
    assert difference(sent, {"UserPoolId": POOL_ID}) == []


@pytest.mark.parametrize(
    ("described", "names"),
    [
        ({"Policies": []}, {"Policies"}),
        ({"UserPoolTags": ["a"]}, {"UserPoolTags"}),
        ({"UserPoolTags": {"a": 1}}, {"UserPoolTags.a"}),
        ({"AutoVerifiedAttributes": "email"}, {"AutoVerifiedAttributes"}),
        ({"AutoVerifiedAttributes": [["email"]]}, {"AutoVerifiedAttributes"}),
        ({"Policies": {"PasswordPolicy": {"MinimumLength": "8"}}}, {"Policies.PasswordPolicy.MinimumLength"}),
        (
            {"Policies": {"PasswordPolicy": {"MinimumLength": True}}},
            {"Policies.PasswordPolicy.MinimumLength"},
        ),
        (
            {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": 1}},
            {"AdminCreateUserConfig.AllowAdminCreateUserOnly"},
        ),
    ],
)
def test_a_value_of_another_type_than_the_models_is_an_unknown_setting(
    described: dict[str, Any], names: set[str]
) -> None:
    assert unknown_settings(model(), "DescribeUserPool", described) == names
    sent = pool_settings(model(), {"Id": POOL_ID} | described)
    assert all(value_at(sent, name.split(".")) in (None, []) for name in names)


def test_values_of_two_types_differ() -> None:
    assert difference({"x": {"a": 1}}, {"x": "s"}) == [SettingChange(("x",), {"a": 1}, "s")]
    assert difference({"x": "s"}, {"x": {"a": 1}}) == [SettingChange(("x",), "s", {"a": 1})]
