"""The lines for a pool that CloudFormation, the CDK or Terraform manages."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint

from tests.support.botocore_values import members
from tests.support.fake_user_pool import ARN, POOL_ID, full_pool
from tests.support.pool_admin_world import FUNCTIONS, SENDER_KEY, World, app_client
from tools.pool_admin.attachment.attach import Attach
from tools.pool_admin.attachment.declaration import Declaration, Format, lines
from tools.pool_admin.attachment.plan import Wish
from tools.pool_admin.aws_resources.pool import NEW_ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import Settings
from tools.pool_admin.output import View, show_declaration

EXPECTED = Path(__file__).with_name("printed")
WISH = Wish(("web",), ("kiosk",))


def world() -> World:
    """A pool with a custom sender to come, and two app clients."""
    clients = {
        name: app_client(name, WriteAttributes=["email"], ReadAttributes=["email"]) for name in WISH.clients
    }
    return World({}, clients, claims="ID_AND_ACCESS_TOKEN", senders="BOTH")


def declaration(here: World) -> Declaration:
    return Attach.of(here.place(), "passcode", WISH, to_print=True).declaration


def in_order(settings: Settings) -> Settings:
    """The settings with sorted lists: AWS returns them in an order of its own."""
    return {name: sorted(v) if isinstance(v, list) else v for name, v in settings.items()}


@pytest.mark.parametrize(
    ("form", "file"),
    [(Format.CDK, "pool.ts"), (Format.TERRAFORM, "pool.tf"), (Format.CLOUDFORMATION, "pool.yaml")],
)
def test_the_lines_are_those_that_were_checked(form: Format, file: str) -> None:
    """The CDK compiled and synthesised pool.ts and an HCL parser read pool.tf before they were kept here."""
    assert lines(declaration(world()), form) + "\n" == (EXPECTED / file).read_text()


def test_the_lines_of_cloudformation_make_a_valid_template() -> None:
    text = lines(declaration(world()), Format.CLOUDFORMATION)
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
    called = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallenge", "PreTokenGeneration")
    assert permitted == {FUNCTIONS[name] for name in (*called, "CustomSender")}


def test_what_is_printed_is_what_attach_would_set() -> None:
    here = world()
    printed = declaration(here)
    Attach.of(here.place(), "passcode", WISH).carry_out()
    assert here.aws.pool["LambdaConfig"] == printed.pool["LambdaConfig"]
    for client_id, settings in printed.clients.items():
        client = here.aws.clients[client_id]
        assert in_order({name: client[name] for name in settings}) == in_order(settings)
    assert here.permitted >= set(printed.functions)
    # The lines stay the same afterwards, but for the attribute and the stack's list, which are there now.
    again = declaration(here)
    assert (again.pool, again.functions) == (printed.pool, printed.functions)
    assert {name: in_order(settings) for name, settings in again.clients.items()} == {
        name: in_order(settings) for name, settings in printed.clients.items()
    }
    assert (printed.attributes, again.attributes) == ((NEW_ATTRIBUTE,), ())
    assert (printed.code_only, again.code_only) == (("kiosk",), None)


def test_printing_changes_nothing_and_does_not_mind_unknown_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pool = full_pool(members, by_link=False) | {"LambdaConfig": {}, "StepUp": 1}
    here = World(pool, {name: app_client(name) for name in WISH.clients})
    before = here.state()
    show_declaration(View(as_json=True), declaration(here), Format.TERRAFORM)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["pool"], printed["stack"]) == (POOL_ID, "passcode")
    assert "define_auth_challenge" in printed["terraform"]
    assert here.state() == before
    assert here.aws.calls == []


@pytest.mark.parametrize("form", list(Format))
def test_no_value_leaves_its_string(form: Format) -> None:
    hostile = 'a"b\n${path.module} %{ if true }'
    printed = Declaration(ARN, "passcode", {"LambdaConfig": {"PreSignUp": hostile}}, (), {}, (), None)
    text = lines(printed, form)
    if form is Format.CLOUDFORMATION:
        assert next(yaml.safe_load_all(text)) == {"LambdaConfig": {"PreSignUp": hostile}}
    elif form is Format.CDK:
        assert json.dumps(hostile) in text
    else:
        assert r'pre_sign_up = "a\"b\n$${path.module} %%{ if true }"' in text
