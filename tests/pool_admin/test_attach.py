"""Attach and detach of a full pool: the changes, the other settings, and interruptions at every step."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.botocore_values import members
from tests.support.fake_user_pool import ARN, POOL_ID, Interrupted, Json, full_pool
from tests.support.pool_admin_world import FUNCTIONS, OTHERS, World, app_client, delete_files
from tools.pool_admin.attachment.plan import AttachOptions
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import difference
from tools.pool_admin.aws_resources.stack import TRIGGERS
from tools.pool_admin.cli import app
from tools.pool_admin.context import AdminContext
from tools.pool_admin.errors import AdminError
from tools.pool_admin.exit_codes import DECLINED, FAILED, WRONG_OPTIONS

OPTIONS = AttachOptions(("web",), ("kiosk",))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PASSCODE_ADMIN_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command on a world."""

    def run_command(here: World, *arguments: str, input: str = "") -> Result:  # noqa: A002 - as in Click
        monkeypatch.setattr(AdminContext, "of", lambda _aws, _pool: here.context())
        return CliRunner().invoke(app, arguments, input=input)

    return run_command


def world(*, claims: str = "OFF", others: bool = False, by_link: bool = False) -> World:
    """A pool with every setting, three app clients, and with `others` triggers of another project."""
    pool = full_pool(members, by_link=by_link)
    pool["LambdaConfig"] = {"PreSignUp": OTHERS, "KMSKeyID": ARN}
    if others:
        versioned = {"LambdaVersion": "V3_0", "LambdaArn": OTHERS}
        claims_trigger = {"PreTokenGeneration": OTHERS, "PreTokenGenerationConfig": versioned}
        pool["LambdaConfig"] |= {"DefineAuthChallenge": OTHERS} | claims_trigger
    clients = {name: app_client(name) for name in ("web", "kiosk", "other")}
    return World(pool, clients, claims=claims)


def own_pool(here: World) -> None:
    """Make the pool one that the stack made."""
    here.parameters["UserPoolId"], here.made = "", POOL_ID


def moved(before: Json, after: Json) -> set[str]:
    return {".".join(change.path) for change in difference(before, after)}


@pytest.mark.parametrize("by_link", [True, False])
def test_attach_changes_only_the_planned_settings(by_link: bool) -> None:
    here = world(by_link=by_link)
    before = here.state()
    here.attach(OPTIONS)
    per_client = (
        "ExplicitAuthFlows",
        "PreventUserExistenceErrors",
        "AuthSessionValidity",
        "ReadAttributes",
        "WriteAttributes",
    )
    assert moved(before, here.state()) == {
        *(f"pool.LambdaConfig.{trigger}" for trigger in TRIGGERS),
        "pool.SchemaAttributes",
        *(f"clients.{name}.{setting}" for name in ("web", "kiosk") for setting in per_client),
        "parameters.CodeOnlyClientIds",
        "served",
    }
    web = here.aws.clients["web"]
    assert set(web["ExplicitAuthFlows"]) == {"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert (web["PreventUserExistenceErrors"], web["AuthSessionValidity"]) == ("ENABLED", 15)
    assert ATTRIBUTE in web["WriteAttributes"]
    assert (here.parameters["CodeOnlyClientIds"], here.served) == ("kiosk", "kiosk")


@pytest.mark.parametrize("claims", ["OFF", "ID_TOKEN", "ID_AND_ACCESS_TOKEN"])
@pytest.mark.parametrize("others", [True, False])
def test_detach_restores_everything(claims: str, others: bool) -> None:
    here = world(claims=claims, others=others)
    before = here.state()
    here.attach(AttachOptions(("web",), ("kiosk",), replace=True))
    if claims != "OFF":
        assert here.aws.pool["LambdaConfig"]["PreTokenGeneration"] == FUNCTIONS["PreTokenGeneration"]
        version = "V2_0" if claims == "ID_AND_ACCESS_TOKEN" else "V1_0"
        arn = FUNCTIONS["PreTokenGeneration"]
        assert here.aws.pool["LambdaConfig"]["PreTokenGenerationConfig"] == {
            "LambdaVersion": version,
            "LambdaArn": arn,
        }
        assert arn in here.permitted
    here.detach()
    # Cognito cannot remove an attribute.
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}
    with pytest.raises(AdminError, match="No backup of an attach"):
        here.plan_detach()


def test_a_second_attach_has_nothing_to_do() -> None:
    here = world()
    here.attach(OPTIONS)
    done = list(here.aws.calls)
    assert here.plan(OPTIONS).is_empty
    assert here.aws.calls == done


def test_an_interrupted_attach_can_be_repeated_and_undone() -> None:
    whole = world(claims="ID_TOKEN", others=True)
    before = whole.state()
    options = AttachOptions(("web",), ("kiosk",), replace=True)
    whole.attach(options)
    assert len(whole.aws.calls) == 9
    for at in range(len(whole.aws.calls)):
        here = world(claims="ID_TOKEN", others=True)
        here.aws.interrupt_at = at
        with pytest.raises(Interrupted):
            here.attach(options)
        here.aws.interrupt_at = None
        here.attach(options)
        assert moved(whole.state(), here.state()) == set(), at
        here.detach()
        assert moved(before, here.state()) == {"pool.SchemaAttributes"}, at


def test_an_interrupted_detach_can_be_repeated() -> None:
    whole = world()
    before = whole.state()
    whole.attach(OPTIONS)
    begun = len(whole.aws.calls)
    whole.detach()
    assert len(whole.aws.calls) - begun == 7
    for at in range(begun, len(whole.aws.calls)):
        here = world()
        here.attach(OPTIONS)
        here.aws.interrupt_at = at
        with pytest.raises(Interrupted):
            here.detach()
        here.aws.interrupt_at = None
        here.detach()
        assert moved(before, here.state()) == {"pool.SchemaAttributes"}, at


def test_a_second_attach_keeps_the_first_backup(folder: Path) -> None:
    here = world()
    before = here.state()
    here.attach(AttachOptions(("web",), ()))
    delete_files(folder)
    here.attach(OPTIONS)
    here.detach()
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_detach_keeps_later_changes_by_others() -> None:
    here = world()
    here.attach(OPTIONS)
    here.aws.clients["web"]["AuthSessionValidity"] = 9
    here.aws.clients["web"]["ReadAttributes"] += ["custom:team"]
    here.aws.pool["LambdaConfig"]["PostConfirmation"] = OTHERS
    here.aws.pool["UserPoolTags"] = {"team": "payments"}
    here.aws.clients["kiosk"]["CallbackURLs"] = ["https://new.example"]
    notes = here.detach().notes
    assert "AuthSessionValidity of web was changed after attach, and stays as it is." in notes
    assert here.aws.clients["web"]["AuthSessionValidity"] == 9
    assert "custom:team" in here.aws.clients["web"]["ReadAttributes"]
    assert ATTRIBUTE not in here.aws.clients["web"]["ReadAttributes"]
    assert here.aws.clients["web"]["ExplicitAuthFlows"] == ["ALLOW_USER_SRP_AUTH"]
    assert here.aws.pool["LambdaConfig"] == {"PreSignUp": OTHERS, "KMSKeyID": ARN, "PostConfirmation": OTHERS}
    assert here.aws.pool["UserPoolTags"] == {"team": "payments"}
    assert here.aws.clients["kiosk"]["CallbackURLs"] == ["https://new.example"]


def test_detach_notes_a_deleted_app_client() -> None:
    here = world()
    here.attach(OPTIONS)
    del here.aws.clients["kiosk"]
    assert "The app client kiosk no longer exists." in here.detach().notes


@pytest.mark.parametrize("lost", ["file", "ssm"])
def test_either_copy_is_enough_to_detach(lost: str, folder: Path) -> None:
    here = world()
    before = here.state()
    here.attach(OPTIONS)
    delete_files(folder) if lost == "file" else here.ssm.clear()
    here.detach()
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_tags_hold_the_backup_if_ssm_is_denied(folder: Path) -> None:
    here = world()
    before = here.state()
    here.ssm_refused = True
    here.attach(OPTIONS)
    assert here.aws.tags
    assert all(re.fullmatch(r"[\w=-]{1,256}", value) for value in here.aws.tags.values())
    delete_files(folder)
    here.detach()
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_only_the_user_can_read_the_backup_file(folder: Path) -> None:
    world().attach(OPTIONS)
    assert oct((folder / f"{POOL_ID}.json").stat().st_mode)[-3:] == "600"


def test_a_client_whose_refresh_tokens_rotate_keeps_its_rotation() -> None:
    here = world()
    here.aws.clients["web"]["RefreshTokenRotation"]["Feature"] = "ENABLED"
    here.attach(OPTIONS)
    assert here.aws.clients["web"]["ExplicitAuthFlows"] == ["ALLOW_CUSTOM_AUTH"]


def test_attach_follows_a_new_alias_of_snapstart() -> None:
    here = world()
    before = here.state()
    without = FUNCTIONS["CreateAuthChallenge"].removesuffix(":live")
    here.attach(OPTIONS)
    here.aws.pool["LambdaConfig"]["CreateAuthChallenge"] = without
    here.attach(OPTIONS)
    assert here.aws.pool["LambdaConfig"]["CreateAuthChallenge"] == FUNCTIONS["CreateAuthChallenge"]
    here.detach()
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_a_missing_list_of_attributes_stays_missing() -> None:
    here = world()
    for name in ("ReadAttributes", "WriteAttributes"):
        del here.aws.clients["web"][name]
    here.attach(OPTIONS)
    assert "ReadAttributes" not in here.aws.clients["web"]


def test_a_code_only_client_can_become_one_with_a_password() -> None:
    here = world()
    here.attach(OPTIONS)
    here.attach(AttachOptions(("kiosk",), ()))
    assert (here.parameters["CodeOnlyClientIds"], here.served) == ("", "")


def modes(here: World) -> Json:
    backup = here.context().backups.load()
    assert backup
    return backup.modes


def test_the_backup_has_the_new_mode_of_each_client() -> None:
    here = world()
    here.attach(OPTIONS)
    assert modes(here) == {"web": False, "kiosk": True}
    here.attach(AttachOptions(("kiosk",), ()))
    assert modes(here) == {"web": False, "kiosk": False}


def test_the_backup_gets_a_list_that_was_deployed_on_purpose() -> None:
    here = world()
    here.attach(OPTIONS)
    here.parameters["CodeOnlyClientIds"] = here.latest = here.served = ""
    here.attach(AttachOptions(("kiosk",), ()))
    assert modes(here) == {"web": False, "kiosk": False}
    assert here.plan(AttachOptions(("kiosk",), ())).is_empty


@pytest.mark.parametrize("as_json", [False, True])
def test_attach_says_which_setting_the_next_deployment_would_reset(
    as_json: bool, run: Callable[..., Result]
) -> None:
    here = world()
    setting = (
        "Put CodeOnlyClientIds=kiosk into parameter_overrides of samconfig.mine.toml, "
        "or the next deployment resets it."
    )
    form = ("--json",) if as_json else ()
    attach = ("attach", POOL_ID, "--stack", "passcode", "--yes", *form)
    both = ("--client", "web", "--code-only-client", "kiosk")
    for _first_and_again in range(2):
        printed = run(here, *attach, *both).stdout
        assert (json.loads(printed)["left_to_do"] if as_json else printed.splitlines()[-1]) == setting
    assert "CodeOnlyClientIds=" in run(here, *attach, "--client", "kiosk").stdout
    assert "CodeOnlyClientIds=" not in run(here, *attach, "--client", "web").stdout


def test_nothing_changes_without_a_confirmation(run: Callable[..., Result]) -> None:
    here = world()
    before = here.state()
    attach = ("attach", POOL_ID, "--stack", "passcode", "--client", "web")
    declined = run(here, *attach, input="n\n")
    assert declined.exit_code == DECLINED
    assert "  AuthSessionValidity: 4 → 15\n" in declined.output
    assert declined.output.endswith("Continue? [y/N]\nNothing was changed.\n")
    assert run(here, *attach, input="").exit_code == DECLINED
    assert json.loads(run(here, *attach, "--json").stdout)["applied"] is False
    assert here.state() == before
    assert "Attached. Check it: " in run(here, *attach, input="Yes\n").stdout
    assert here.state() != before


def test_the_command_detaches(run: Callable[..., Result]) -> None:
    here = world()
    before = here.state()
    here.attach(OPTIONS)
    assert run(here, "detach", POOL_ID, input="n\n").exit_code == DECLINED
    printed = run(here, "detach", POOL_ID, "--yes", "--json").stdout
    assert json.loads(printed)["applied"] is True
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_an_interruption_is_a_plain_sentence(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.fake_user_pool.Interrupted", KeyboardInterrupt)
    here = world()
    here.aws.interrupt_at = 2
    attach = ("attach", POOL_ID, "--stack", "passcode", "--client", "web", "--yes")
    interrupted = run(here, *attach)
    assert interrupted.exit_code == FAILED
    assert interrupted.stderr == "Interrupted. Run the command again to do the remaining steps.\n"


def owned(here: World, stack: str = "users") -> None:
    here.aws.pool["UserPoolTags"] = {"aws:cloudformation:stack-name": stack}


def test_attach_restores_lost_triggers_of_a_stacks_own_pool() -> None:
    """No deployment restores them: CloudFormation compares templates, not resources."""
    here = world()
    own_pool(here)
    before = here.state()
    here.attach(AttachOptions((), ()))
    assert moved(before, here.state()) == {
        *(f"pool.LambdaConfig.{trigger}" for trigger in TRIGGERS),
        "pool.SchemaAttributes",
    }
    assert here.context().backups.load() is None, "detach must not remove the triggers of a stack's own pool"
    assert here.plan(AttachOptions((), ())).is_empty


def test_no_note_about_the_stack_that_made_the_pool() -> None:
    here = world()
    own_pool(here)
    owned(here, "passcode")
    notes = here.plan(AttachOptions((), ())).notes
    assert not [note for note in notes if "CloudFormation" in note]


def test_a_note_about_the_stack_that_manages_the_pool() -> None:
    here = world()
    owned(here)
    note = here.plan(OPTIONS).notes[0]
    assert "The CloudFormation stack users manages this pool" in note
    assert "--print cloudformation" in note


MIGRATION = "Users can no longer migrate when they sign in with web:"


@pytest.mark.parametrize(
    ("flows", "trigger", "noted"),
    [
        (["ALLOW_USER_PASSWORD_AUTH"], True, True),
        (["ALLOW_ADMIN_USER_PASSWORD_AUTH"], True, True),
        (["ALLOW_USER_SRP_AUTH"], True, False),
        (["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"], True, False),
        (["ALLOW_USER_PASSWORD_AUTH"], False, False),
    ],
)
def test_a_note_about_the_end_of_migrations(flows: list[str], trigger: bool, noted: bool) -> None:
    here = world()
    here.aws.clients["web"]["ExplicitAuthFlows"] = flows
    if trigger:
        here.aws.pool["LambdaConfig"]["UserMigration"] = OTHERS
    notes = here.plan(OPTIONS).notes
    assert any(note.startswith(MIGRATION) for note in notes) == noted


@pytest.mark.parametrize(
    ("spoil", "options", "stack", "sentence"),
    [
        (lambda w: None, AttachOptions((), ()), "passcode", "No app client is named"),
        (lambda w: None, AttachOptions(("missing",), ()), "passcode", "has no app client missing"),
        (lambda w: None, OPTIONS, "elsewhere", "There is no stack elsewhere in eu-central-1"),
        (lambda w: w.parameters.update(UserPoolId=""), OPTIONS, "passcode", "has its own user pool"),
        (own_pool, OPTIONS, "passcode", "its template sets the app clients"),
        (
            lambda w: w.parameters.update(UserPoolId="eu-central-1_Other"),
            OPTIONS,
            "passcode",
            "deployed for the pool",
        ),
        (
            lambda w: w.aws.pool["LambdaConfig"].update(CreateAuthChallenge=OTHERS),
            OPTIONS,
            "passcode",
            r"already has triggers: CreateAuthChallenge \(.*older-define\).*--replace",
        ),
        (
            lambda w: w.aws.pool.update(StepUp=1),
            OPTIONS,
            "passcode",
            "does not know StepUp,.*newer release.*--accept StepUp",
        ),
    ],
)
def test_a_refused_attach_changes_nothing(
    spoil: Any, options: AttachOptions, stack: str, sentence: str
) -> None:
    here = world()
    spoil(here)
    before = here.state()
    with pytest.raises(AdminError, match=sentence):
        here.plan(options, stack)
    assert here.state() == before
    assert here.aws.calls == []


def test_another_stack_cannot_take_an_attached_pool() -> None:
    here = world()
    here.attach(OPTIONS)
    with pytest.raises(AdminError, match="The stack passcode is attached to this pool"):
        here.plan(OPTIONS, "second")


MFA = {
    "MfaConfiguration": "OPTIONAL",
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "WebAuthnConfiguration": {"RelyingPartyId": "people.example", "UserVerification": "required"},
}


def world_with_mfa() -> World:
    """A pool with MFA by an app and without SMS: UpdateUserPool cannot send its MFA, so it turns MFA off."""
    here = world(claims="ID_TOKEN", others=True)
    del here.aws.pool["SmsConfiguration"]
    here.aws.pool["MfaConfiguration"], here.aws.mfa = "OPTIONAL", dict(MFA)
    return here


@pytest.mark.parametrize("denied", [False, True])
def test_an_attach_and_a_detach_keep_mfa_whatever_interrupts_them(denied: bool) -> None:
    options = AttachOptions(("web",), ("kiosk",), replace=True)
    whole = world_with_mfa()
    whole.ssm_refused = denied
    before = whole.state()
    whole.attach(options)
    attached, begun = whole.state(), len(whole.aws.calls)
    assert whole.aws.mfa == MFA
    whole.detach()
    assert moved(before, whole.state()) == {"pool.SchemaAttributes"}
    assert whole.aws.calls.count("SetUserPoolMfaConfig") == 2
    for at in range(begun):
        here = world_with_mfa()
        here.ssm_refused, here.aws.interrupt_at = denied, at
        with pytest.raises(Interrupted):
            here.attach(options)
        here.aws.interrupt_at = None
        if at > 1:
            again = copy.deepcopy(here)
            again.detach()
            assert moved(before, again.state()) <= {"pool.SchemaAttributes"}, at
        here.attach(options)
        assert moved(attached, here.state()) - {"tags"} == set(), at
        here.detach()
        assert moved(before, here.state()) == {"pool.SchemaAttributes"}, at
    for at in range(begun, len(whole.aws.calls)):
        here = world_with_mfa()
        here.ssm_refused = denied
        here.attach(options)
        here.aws.interrupt_at = at
        with pytest.raises(Interrupted):
            here.detach()
        here.aws.interrupt_at = None
        here.detach()
        assert moved(before, here.state()) == {"pool.SchemaAttributes"}, at


def test_an_interrupted_attach_of_a_stacks_own_pool_keeps_mfa() -> None:
    whole = world_with_mfa()
    own_pool(whole)
    options = AttachOptions((), (), replace=True)
    whole.attach(options)
    for at in range(len(whole.aws.calls)):
        here = world_with_mfa()
        own_pool(here)
        here.aws.interrupt_at = at
        with pytest.raises(Interrupted):
            here.attach(options)
        here.aws.interrupt_at = None
        here.attach(options)
        assert here.state() == whole.state(), at
        assert here.context().backups.load() is None


def test_mfa_that_is_turned_off_after_an_attach_stays_off() -> None:
    here = world_with_mfa()
    here.attach(AttachOptions(("web",), ("kiosk",), replace=True))
    here.aws.mfa = {"MfaConfiguration": "OFF"}
    here.aws.pool["MfaConfiguration"] = "OFF"
    here.detach()
    assert here.aws.mfa == {"MfaConfiguration": "OFF"}


def test_the_plan_of_a_second_attach_restores_mfa(run: Callable[..., Result]) -> None:
    here = world_with_mfa()
    here.aws.refused = {"SetUserPoolMfaConfig": ("AccessDeniedException", "no")}
    attach = ("attach", POOL_ID, "--stack", "passcode", "--client", "web", "--replace", "--yes")
    denied = run(here, *attach)
    assert denied.exit_code == FAILED
    assert "may not call SetUserPoolMfaConfig" in denied.stderr
    assert here.aws.mfa == {"MfaConfiguration": "OFF"}
    here.aws.refused = {}
    again = run(here, *attach)
    assert "Restore Cognito's own MFA: OPTIONAL" in again.stdout
    assert here.aws.mfa == MFA


def test_mfa_is_restored_without_its_unknown_members_and_nulls() -> None:
    here = world_with_mfa()
    here.aws.mfa |= {
        "SoftwareTokenMfaConfiguration": {"Enabled": True, "Invented": 1},
        "EmailMfaConfiguration": None,
        "WebAuthnConfiguration": {"RelyingPartyId": "people.example", "UserVerification": None},
    }
    options = AttachOptions(("web",), (), replace=True, accepted=("SoftwareTokenMfaConfiguration.Invented",))
    here.attach(options)
    assert here.aws.mfa == {
        "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "WebAuthnConfiguration": {"RelyingPartyId": "people.example"},
    }


def test_an_accepted_setting_that_aws_changes_is_a_note(run: Callable[..., Result]) -> None:
    here = world()
    here.aws.pool["Invented"] = {"Level": 2}
    here.aws.clients["web"]["LastUsedDate"] = 1
    here.aws.changing_by_itself = "LastUsedDate"
    attach = ("attach", POOL_ID, "--stack", "passcode", "--client", "web", "--yes")
    accept = ("--accept", "Invented", "--accept", "LastUsedDate")
    done = run(here, *attach, *accept)
    assert done.exit_code == 0, done.output
    assert "Invented" not in here.aws.pool
    assert "AWS changed Invented of the pool" in done.stdout
    assert "AWS changed LastUsedDate of the app client web" in done.stdout
    here.aws.pool["Invented"] = {"Level": 2}
    undone = run(here, "detach", POOL_ID, "--yes", "--json", *accept)
    assert undone.exit_code == 0, undone.output
    assert any("AWS changed Invented" in note for note in json.loads(undone.stdout)["notes"])


def lite(here: World) -> None:
    here.aws.pool["UserPoolTier"] = "LITE"
    here.aws.pool.pop("AcrConfiguration")
    here.aws.pool["Policies"].pop("SignInPolicy")


def test_claims_in_access_tokens_need_another_plan_than_lite() -> None:
    here = world(claims="ID_AND_ACCESS_TOKEN")
    lite(here)
    with pytest.raises(AdminError, match=r"Lite plan.*AssuranceClaims=ID_TOKEN"):
        here.plan(OPTIONS)
    here.parameters["AssuranceClaims"] = "ID_TOKEN"
    here.attach(OPTIONS)


def test_a_note_about_settings_that_the_lite_plan_refuses() -> None:
    here = world()
    lite(here)
    assert not any("Lite plan" in note for note in here.plan(OPTIONS).notes)
    here.aws.pool["AcrConfiguration"] = {"Level3": {"AcrValue": "urn:people:strong"}}
    here.aws.pool["Policies"]["SignInPolicy"] = {"AllowedFirstAuthFactors": ["PASSWORD"]}
    (note,) = [note for note in here.plan(OPTIONS).notes if "Lite plan" in note]
    assert "AcrConfiguration" in note
    assert "SignInPolicy" not in note


def test_a_note_about_an_accepted_setting_that_does_not_exist() -> None:
    here = world()
    here.aws.pool["Invented"] = 1
    notes = here.plan(AttachOptions(("web",), (), accepted=("Invented", "invented"))).notes
    assert "No unknown setting is named invented, so --accept invented has no effect." in notes
    assert not any("--accept Invented" in note for note in notes)


@pytest.mark.parametrize(
    "arguments",
    [
        ("attach", "my-pool", "--stack", "passcode", "--client", "web"),
        ("attach", POOL_ID, "--stack", "passcode", "--client", "web", "--region", "us-east-1"),
        ("attach", POOL_ID, "--stack", "passcode", "--client", "web", "--code-only-client", "web"),
        ("detach", "my-pool"),
        ("doctor", "my-pool"),
        ("status", "ada"),
    ],
)
def test_wrong_options_are_found_before_any_call(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def call(*_args: Any, **_named: Any) -> None:
        raise AssertionError("a call to AWS")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert CliRunner().invoke(app, arguments).exit_code == WRONG_OPTIONS


def test_a_missing_client_is_found_before_the_pool_is_read(run: Callable[..., Result]) -> None:
    here = world()
    here.aws.refused = {"DescribeUserPool": ("AccessDeniedException", "no")}
    result = run(here, "attach", POOL_ID, "--stack", "passcode")
    assert "No app client is named" in result.stderr
    assert result.exit_code == WRONG_OPTIONS
