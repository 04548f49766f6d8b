"""The names in Cognito's newest API that attach, detach and doctor have no rule for."""

import json
from pathlib import Path
from zipfile import BadZipFile

import pytest
import typer
from botocore.model import ServiceModel

from tests.support.botocore_values import model
from tools.pool_admin import freshness
from tools.pool_admin.doctor.clients import KNOWN_FLOWS
from tools.pool_admin.freshness import api_of, new_in, reviewed_api

MODELS = Path(__file__).with_name("models")


def recorded(version: str) -> ServiceModel:
    """Cognito's model as botocore `version` had it: the shapes that are compared, without their texts."""
    return ServiceModel(json.loads((MODELS / f"cognito-idp-{version}.json").read_text()), "cognito-idp")


def test_two_recorded_models_differ_in_the_names_that_aws_added() -> None:
    before = api_of(recorded("1.43.106"))
    new = new_in(recorded("1.44.8"), before)
    assert [line for line in new if line.count(".") == 1] == [
        "IdentityProviderType.AcrMapping",
        "UpdateUserPoolClientRequest.PublishSecretsInAWSSecretsManager",
        "UpdateUserPoolRequest.AcrConfiguration",
        "UpdateUserPoolRequest.DcrConfiguration",
        "UserPoolClientType.ClientSecretArn",
        "UserPoolClientType.ClientType",
        "UserPoolClientType.ClientType = DCR",
        "UserPoolClientType.ClientType = REGULAR",
        "UserPoolType.AcrConfiguration",
        "UserPoolType.DcrConfiguration",
    ]
    assert "UpdateUserPoolRequest.AcrConfiguration.*.AcrValue" in new
    assert "UserPoolType.DcrConfiguration.EnableStatus = Enabled" in new
    assert new_in(recorded("1.43.106"), before) == []


def test_a_flow_is_new_until_doctor_has_a_rule_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = recorded("1.44.8")
    known = {flow: rule for flow, rule in KNOWN_FLOWS.items() if "DELEGATION" not in flow}
    monkeypatch.setattr(freshness, "KNOWN_FLOWS", known)
    assert new_in(newest, api_of(newest)) == [
        "UpdateUserPoolClientRequest.ExplicitAuthFlows = ALLOW_TOKEN_EXCHANGE_DELEGATION",
        "UserPoolClientType.ExplicitAuthFlows = ALLOW_TOKEN_EXCHANGE_DELEGATION",
    ]


def test_the_locked_model_was_reviewed() -> None:
    """Fails if the lock has a newer API than the last review. Review it, then run the module with --write."""
    assert new_in(model(), reviewed_api()) == []


def test_the_command_lists_the_new_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(freshness, "newest_model", lambda: ("1.44.8", recorded("1.44.8")))
    monkeypatch.setattr(freshness, "REVIEWED", tmp_path / "reviewed_api.txt")
    freshness.REVIEWED.write_text("\n".join(api_of(recorded("1.43.106"))))
    with pytest.raises(typer.Exit) as ended:
        freshness.main()
    assert ended.value.exit_code == 1
    assert "  UserPoolType.AcrConfiguration\n" in capsys.readouterr().out
    freshness.main(write=True)
    assert "nothing new" in capsys.readouterr().out
    freshness.main()


def test_without_a_network_the_error_is_a_plain_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(typer.Exit) as ended:
        freshness.main()
    assert ended.value.exit_code == 3
    assert "could not be downloaded or read. Check the network" in capsys.readouterr().err


@pytest.mark.parametrize("error", [BadZipFile("x"), KeyError("x")])
def test_a_failed_download_is_a_plain_sentence(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def newest_model() -> None:
        raise error

    monkeypatch.setattr(freshness, "newest_model", newest_model)
    with pytest.raises(typer.Exit) as ended:
        freshness.main()
    assert ended.value.exit_code == 3
    assert "could not be downloaded" in capsys.readouterr().err


def test_the_states_of_a_user_are_compared() -> None:
    assert "UserType.UserStatus = FORCE_CHANGE_PASSWORD" in api_of(model())
