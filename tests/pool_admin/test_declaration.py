"""The lines for a pool that CloudFormation, the CDK or Terraform manages."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint

from tests.support.account_in_memory import FUNCTIONS, SENDER_KEY, AccountInMemory, app_client
from tests.support.botocore_values import members
from tests.support.fake_user_pool import ARN, POOL_ID, full_pool
from tools import lambda_functions
from tools.pool_admin.attachment.declaration import Declaration, Format, declaration_text
from tools.pool_admin.attachment.plan import AttachOptions
from tools.pool_admin.aws_resources.pool import NEW_ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import Settings
from tools.pool_admin.output import Output, show_declaration

EXPECTED = Path(__file__).with_name("printed")
OPTIONS = AttachOptions(("web",), ("kiosk",))


def make_account() -> AccountInMemory:
    """A pool and two app clients, and a stack with custom senders."""
    clients = {
        name: app_client(name, WriteAttributes=["email"], ReadAttributes=["email"])
        for name in OPTIONS.clients
    }
    return AccountInMemory({}, clients, claims="ID_AND_ACCESS_TOKEN", senders="BOTH")


def declaration(account: AccountInMemory) -> Declaration:
    return Declaration.of(account.plan(replace(OPTIONS, only_print=True)))


def in_order(settings: Settings) -> Settings:
    """The settings with sorted lists, because AWS returns lists in any order."""
    return {name: sorted(v) if isinstance(v, list) else v for name, v in settings.items()}


@pytest.mark.parametrize(
    ("form", "file"),
    [(Format.CDK, "pool.ts"), (Format.TERRAFORM, "pool.tf"), (Format.CLOUDFORMATION, "pool.yaml")],
)
def test_the_lines_are_those_that_were_checked(form: Format, file: str) -> None:
    """The CDK compiled and synthesised pool.ts and an HCL parser read pool.tf before they were kept here."""
    assert declaration_text(declaration(make_account()), form) + "\n" == (EXPECTED / file).read_text()


def test_the_lines_of_cloudformation_make_a_valid_template() -> None:
    text = declaration_text(declaration(make_account()), Format.CLOUDFORMATION)
    pool, schema, web, kiosk, new = yaml.safe_load_all(text)
    resources: dict[str, Any] = {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": pool | {"Schema": schema}},
        "Web": {"Type": "AWS::Cognito::UserPoolClient", "Properties": web | {"UserPoolId": {"Ref": "Pool"}}},
        "Kiosk": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": kiosk | {"UserPoolId": {"Ref": "Pool"}},
        },
    }
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources | new}
    assert [str(found) for found in lint(json.dumps(template), regions=["eu-central-1"])] == []
    assert pool["LambdaConfig"]["KMSKeyID"] == SENDER_KEY
    permitted = {resource["Properties"]["FunctionName"] for resource in new.values()}
    called = [each.logical_id for each in lambda_functions.FUNCTIONS.values() if each.cognito_triggers]
    assert permitted == {FUNCTIONS[name] for name in called}


def test_the_lines_have_the_settings_of_attach() -> None:
    account = make_account()
    printed = declaration(account)
    account.attach(OPTIONS)
    assert account.cognito.pool["LambdaConfig"] == printed.pool["LambdaConfig"]
    for client_id, settings in printed.clients.items():
        client = account.cognito.clients[client_id]
        assert in_order({name: client[name] for name in settings}) == in_order(settings)
    assert account.permitted >= set(printed.functions)
    # Afterwards the lines are the same, without the attribute and the stack's list, which exist now.
    again = declaration(account)
    assert (again.pool, again.functions) == (printed.pool, printed.functions)
    assert {name: in_order(settings) for name, settings in again.clients.items()} == {
        name: in_order(settings) for name, settings in printed.clients.items()
    }
    assert (printed.attributes, again.attributes) == ((NEW_ATTRIBUTE,), ())
    assert (printed.code_only, again.code_only) == (("kiosk",), None)


def test_printing_changes_nothing_and_ignores_unknown_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pool = full_pool(members, by_link=False) | {"LambdaConfig": {}, "StepUp": 1}
    account = AccountInMemory(pool, {name: app_client(name) for name in OPTIONS.clients})
    before = account.state()
    show_declaration(Output(as_json=True), declaration(account), Format.TERRAFORM)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["pool"], printed["stack"]) == (POOL_ID, "passcode")
    assert "define_auth_challenge" in printed["terraform"]
    assert account.state() == before
    assert account.cognito.calls == []


@pytest.mark.parametrize("form", list(Format))
def test_no_value_leaves_its_string(form: Format) -> None:
    hostile = 'a"b\n${path.module} %{ if true }'
    printed = Declaration(ARN, "passcode", {"LambdaConfig": {"PreSignUp": hostile}}, (), {}, (), None)
    text = declaration_text(printed, form)
    if form is Format.CLOUDFORMATION:
        assert next(yaml.safe_load_all(text)) == {"LambdaConfig": {"PreSignUp": hostile}}
    elif form is Format.CDK:
        assert json.dumps(hostile) in text
    else:
        assert r'pre_sign_up = "a\"b\n$${path.module} %%{ if true }"' in text


@pytest.mark.parametrize("form", list(Format))
def test_the_order_of_the_steps_the_other_triggers_and_the_notes(form: Format) -> None:
    account = make_account()
    account.cognito.pool["UserPoolTags"] = {"aws:cloudformation:stack-name": "users"}
    account.cognito.pool["LambdaConfig"] = {"UserMigration": FUNCTIONS["Deliver"]}
    account.cognito.clients["web"]["ExplicitAuthFlows"] = ["ALLOW_USER_PASSWORD_AUTH"]
    text = declaration_text(declaration(account), form)
    lines = text.splitlines()
    (parameter,) = (n for n, line in enumerate(lines) if "CodeOnlyClientIds=kiosk" in line)
    assert "before" in lines[parameter - 1].lower()
    first_setting = min(n for n, line in enumerate(lines) if "passcode-define-auth-challenge" in line)
    assert parameter < first_setting
    assert "keep the other triggers" in text.lower()
    assert "Users can no longer migrate" in text
    assert "--print cloudformation" not in text


def test_the_notes_are_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    printed = declaration(make_account())
    show_declaration(Output(as_json=True), printed, Format.CDK)
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert notes == list(printed.notes)
    assert any("Refresh tokens" in note for note in notes)
