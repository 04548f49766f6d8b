"""Setting the AcrMapping of the stack's identity provider, and nothing else."""

import copy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.fake_user_pool import POOL_ID, FakeCognito, Json
from tools.pool_admin.aws_resources import pool as pool_module
from tools.pool_admin.aws_resources.pool import Pool
from tools.pool_admin.aws_resources.stack import ACR_MAPPING, PROVIDER
from tools.pool_admin.errors import AdminError

FOUND: Json = {
    "UserPoolId": POOL_ID,
    "ProviderName": PROVIDER,
    "ProviderType": "OIDC",
    "ProviderDetails": {"client_id": "cognito", "client_secret": "the secret"},
    "AttributeMapping": {"username": "sub"},
    "IdpIdentifiers": [],
    "LastModifiedDate": 0,
}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_PAUSES", (0.0, 0.0))


def with_provider(service: type[FakeCognito] = FakeCognito, **settings: Any) -> FakeCognito:
    """A pool with the identity provider of the stack."""
    made = service({}, {})
    made.providers[PROVIDER] = copy.deepcopy(FOUND) | settings
    return made


def set_mapping(cognito: FakeCognito) -> None:
    Pool.with_unknown_settings(cognito.client(), POOL_ID).set_acr_mapping(PROVIDER, ACR_MAPPING)


@pytest.mark.parametrize("before", [{}, {"AcrMapping": {}}, {"AcrMapping": {"Level4": "urn:cognito:loa:2"}}])
def test_only_the_mapping_is_sent_and_changed(before: Json) -> None:
    cognito = with_provider(**before)
    set_mapping(cognito)
    assert cognito.providers[PROVIDER] == FOUND | {"AcrMapping": ACR_MAPPING, "LastModifiedDate": 1}
    assert cognito.calls == ["UpdateIdentityProvider"]


class Forgetful(FakeCognito):
    """A service whose update resets the members that it leaves out."""

    def _UpdateIdentityProvider(self, body: Json) -> Json:  # noqa: N802
        self.providers[PROVIDER] = body | {"ProviderType": "OIDC", "ProviderDetails": {}}
        return {}


class Older(FakeCognito):
    """A region that does not have the setting yet."""

    def _UpdateIdentityProvider(self, _body: Json) -> Json:  # noqa: N802
        return {}


@pytest.mark.parametrize(
    ("service", "lost"),
    [
        (Forgetful, "AttributeMapping.username, .*ProviderDetails.client_id"),
        (Older, "AcrMapping.Level1, .*Level4"),
    ],
)
def test_a_setting_that_aws_did_not_keep_is_an_error(service: type[FakeCognito], lost: str) -> None:
    with pytest.raises(AdminError, match=f"did not keep {lost} of the identity provider One") as failed:
        set_mapping(with_provider(service))
    assert "the secret" not in str(failed.value)


def test_a_pool_without_the_provider_is_not_changed() -> None:
    cognito = FakeCognito({}, {})
    cognito.refused["UpdateIdentityProvider"] = ("ResourceNotFoundException", "no such provider")
    with pytest.raises(ClientError, match="no such provider"):
        set_mapping(cognito)
    assert cognito.providers == {}
