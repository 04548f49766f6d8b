"""Attach and detach of a full pool: the changes, the other settings, and interruptions at every step."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.support.account_in_memory import FUNCTIONS, OTHERS, AccountInMemory, app_client, delete_files
from tests.support.botocore_values import members
from tests.support.fake_user_pool import ARN, POOL_ID, Interrupted, Json, full_pool
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
    """Runs a command on an account."""

    def run_command(account: AccountInMemory, *arguments: str, input: str = "") -> Result:  # noqa: A002 - as in Click
        monkeypatch.setattr(AdminContext, "of", lambda _aws, _pool: account.context())
        return CliRunner().invoke(app, arguments, input=input)

    return run_command


def make_account(*, claims: str = "OFF", others: bool = False, by_link: bool = False) -> AccountInMemory:
    """A pool with every setting, three app clients, and with `others` triggers of another project."""
    pool = full_pool(members, by_link=by_link)
    pool["LambdaConfig"] = {"PreSignUp": OTHERS, "KMSKeyID": ARN}
    if others:
        versioned = {"LambdaVersion": "V3_0", "LambdaArn": OTHERS}
        claims_trigger = {"PreTokenGeneration": OTHERS, "PreTokenGenerationConfig": versioned}
        pool["LambdaConfig"] |= {"DefineAuthChallenge": OTHERS} | claims_trigger
    clients = {name: app_client(name) for name in ("web", "kiosk", "other")}
    return AccountInMemory(pool, clients, claims=claims)


def make_own_pool(account: AccountInMemory) -> None:
    """Make the pool one that the stack made."""
    account.parameters["UserPoolId"], account.made = "", POOL_ID


def changed_settings(before: Json, after: Json) -> set[str]:
    return {".".join(change.path) for change in difference(before, after)}


@pytest.mark.parametrize("by_link", [True, False])
def test_attach_changes_only_the_planned_settings(by_link: bool) -> None:
    account = make_account(by_link=by_link)
    before = account.state()
    account.attach(OPTIONS)
    per_client = (
        "ExplicitAuthFlows",
        "PreventUserExistenceErrors",
        "AuthSessionValidity",
        "ReadAttributes",
        "WriteAttributes",
    )
    assert changed_settings(before, account.state()) == {
        *(f"pool.LambdaConfig.{trigger}" for trigger in TRIGGERS),
        "pool.SchemaAttributes",
        *(f"clients.{name}.{setting}" for name in ("web", "kiosk") for setting in per_client),
        "parameters.CodeOnlyClientIds",
        "served",
    }
    web = account.cognito.clients["web"]
    assert set(web["ExplicitAuthFlows"]) == {"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert (web["PreventUserExistenceErrors"], web["AuthSessionValidity"]) == ("ENABLED", 15)
    assert ATTRIBUTE in web["WriteAttributes"]
    assert (account.parameters["CodeOnlyClientIds"], account.served) == ("kiosk", "kiosk")


@pytest.mark.parametrize("claims", ["OFF", "ID_TOKEN", "ID_AND_ACCESS_TOKEN"])
@pytest.mark.parametrize("others", [True, False])
def test_detach_restores_everything(claims: str, others: bool) -> None:
    account = make_account(claims=claims, others=others)
    before = account.state()
    account.attach(AttachOptions(("web",), ("kiosk",), replace=True))
    if claims != "OFF":
        assert account.cognito.pool["LambdaConfig"]["PreTokenGeneration"] == FUNCTIONS["PreTokenGeneration"]
        version = "V2_0" if claims == "ID_AND_ACCESS_TOKEN" else "V1_0"
        arn = FUNCTIONS["PreTokenGeneration"]
        assert account.cognito.pool["LambdaConfig"]["PreTokenGenerationConfig"] == {
            "LambdaVersion": version,
            "LambdaArn": arn,
        }
        assert arn in account.permitted
    account.detach()
    # Cognito cannot remove an attribute.
    assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}
    with pytest.raises(AdminError, match="No backup of an attach"):
        account.plan_detach()


def test_a_second_attach_has_nothing_to_do() -> None:
    account = make_account()
    account.attach(OPTIONS)
    done = list(account.cognito.calls)
    assert account.plan(OPTIONS).is_empty
    assert account.cognito.calls == done


def test_an_interrupted_attach_can_be_repeated_and_undone() -> None:
    whole = make_account(claims="ID_TOKEN", others=True)
    before = whole.state()
    options = AttachOptions(("web",), ("kiosk",), replace=True)
    whole.attach(options)
    assert len(whole.cognito.calls) == 9
    for at in range(len(whole.cognito.calls)):
        account = make_account(claims="ID_TOKEN", others=True)
        account.cognito.interrupt_at = at
        with pytest.raises(Interrupted):
            account.attach(options)
        account.cognito.interrupt_at = None
        account.attach(options)
        assert changed_settings(whole.state(), account.state()) == set(), at
        account.detach()
        assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}, at


def test_an_interrupted_detach_can_be_repeated() -> None:
    whole = make_account()
    before = whole.state()
    whole.attach(OPTIONS)
    begun = len(whole.cognito.calls)
    whole.detach()
    assert len(whole.cognito.calls) - begun == 7
    for at in range(begun, len(whole.cognito.calls)):
        account = make_account()
        account.attach(OPTIONS)
        account.cognito.interrupt_at = at
        with pytest.raises(Interrupted):
            account.detach()
        account.cognito.interrupt_at = None
        account.detach()
        assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}, at


def test_a_second_attach_keeps_the_first_backup(folder: Path) -> None:
    account = make_account()
    before = account.state()
    account.attach(AttachOptions(("web",), ()))
    delete_files(folder)
    account.attach(OPTIONS)
    account.detach()
    assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}


def test_detach_keeps_later_changes_by_others() -> None:
    account = make_account()
    account.attach(OPTIONS)
    account.cognito.clients["web"]["AuthSessionValidity"] = 9
    account.cognito.clients["web"]["ReadAttributes"] += ["custom:team"]
    account.cognito.pool["LambdaConfig"]["PostConfirmation"] = OTHERS
    account.cognito.pool["UserPoolTags"] = {"team": "payments"}
    account.cognito.clients["kiosk"]["CallbackURLs"] = ["https://new.example"]
    notes = account.detach().notes
    assert "AuthSessionValidity of web was changed after attach, and stays as it is." in notes
    assert account.cognito.clients["web"]["AuthSessionValidity"] == 9
    assert "custom:team" in account.cognito.clients["web"]["ReadAttributes"]
    assert ATTRIBUTE not in account.cognito.clients["web"]["ReadAttributes"]
    assert account.cognito.clients["web"]["ExplicitAuthFlows"] == ["ALLOW_USER_SRP_AUTH"]
    assert account.cognito.pool["LambdaConfig"] == {
        "PreSignUp": OTHERS,
        "KMSKeyID": ARN,
        "PostConfirmation": OTHERS,
    }
    assert account.cognito.pool["UserPoolTags"] == {"team": "payments"}
    assert account.cognito.clients["kiosk"]["CallbackURLs"] == ["https://new.example"]


def test_detach_notes_a_deleted_app_client() -> None:
    account = make_account()
    account.attach(OPTIONS)
    del account.cognito.clients["kiosk"]
    assert "The app client kiosk no longer exists." in account.detach().notes


@pytest.mark.parametrize("lost", ["file", "ssm"])
def test_either_copy_is_enough_to_detach(lost: str, folder: Path) -> None:
    account = make_account()
    before = account.state()
    account.attach(OPTIONS)
    delete_files(folder) if lost == "file" else account.ssm.clear()
    account.detach()
    assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}


def test_tags_hold_the_backup_if_ssm_is_denied(folder: Path) -> None:
    account = make_account()
    before = account.state()
    account.ssm_refused = True
    account.attach(OPTIONS)
    assert account.cognito.tags
    assert all(re.fullmatch(r"[\w=-]{1,256}", value) for value in account.cognito.tags.values())
    delete_files(folder)
    account.detach()
    assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}


def test_only_the_user_can_read_the_backup_file(folder: Path) -> None:
    make_account().attach(OPTIONS)
    assert oct((folder / f"{POOL_ID}.json").stat().st_mode)[-3:] == "600"


def test_a_client_whose_refresh_tokens_rotate_keeps_its_rotation() -> None:
    account = make_account()
    account.cognito.clients["web"]["RefreshTokenRotation"]["Feature"] = "ENABLED"
    account.attach(OPTIONS)
    assert account.cognito.clients["web"]["ExplicitAuthFlows"] == ["ALLOW_CUSTOM_AUTH"]


def test_attach_follows_a_new_alias_of_snapstart() -> None:
    account = make_account()
    before = account.state()
    without = FUNCTIONS["CreateAuthChallenge"].removesuffix(":live")
    account.attach(OPTIONS)
    account.cognito.pool["LambdaConfig"]["CreateAuthChallenge"] = without
    account.attach(OPTIONS)
    assert account.cognito.pool["LambdaConfig"]["CreateAuthChallenge"] == FUNCTIONS["CreateAuthChallenge"]
    account.detach()
    assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}


def test_a_missing_list_of_attributes_stays_missing() -> None:
    account = make_account()
    for name in ("ReadAttributes", "WriteAttributes"):
        del account.cognito.clients["web"][name]
    account.attach(OPTIONS)
    assert "ReadAttributes" not in account.cognito.clients["web"]


def test_a_code_only_client_can_become_one_with_a_password() -> None:
    account = make_account()
    account.attach(OPTIONS)
    account.attach(AttachOptions(("kiosk",), ()))
    assert (account.parameters["CodeOnlyClientIds"], account.served) == ("", "")


def modes(account: AccountInMemory) -> Json:
    backup = account.context().backups.load()
    assert backup
    return backup.modes


def test_the_backup_has_the_new_mode_of_each_client() -> None:
    account = make_account()
    account.attach(OPTIONS)
    assert modes(account) == {"web": False, "kiosk": True}
    account.attach(AttachOptions(("kiosk",), ()))
    assert modes(account) == {"web": False, "kiosk": False}


def test_the_backup_is_updated_with_a_list_that_was_deployed_on_purpose() -> None:
    account = make_account()
    account.attach(OPTIONS)
    account.parameters["CodeOnlyClientIds"] = account.latest = account.served = ""
    account.attach(AttachOptions(("kiosk",), ()))
    assert modes(account) == {"web": False, "kiosk": False}
    assert account.plan(AttachOptions(("kiosk",), ())).is_empty


@pytest.mark.parametrize("as_json", [False, True])
def test_attach_says_which_setting_the_next_deployment_would_reset(
    as_json: bool, run: Callable[..., Result]
) -> None:
    account = make_account()
    setting = (
        "Put CodeOnlyClientIds=kiosk into parameter_overrides of samconfig.mine.toml, "
        "or the next deployment resets it."
    )
    form = ("--json",) if as_json else ()
    attach = ("attach", POOL_ID, "--stack", "passcode", "--yes", *form)
    both = ("--client", "web", "--code-only-client", "kiosk")
    for _first_and_again in range(2):
        printed = run(account, *attach, *both).stdout
        assert (json.loads(printed)["left_to_do"] if as_json else printed.splitlines()[-1]) == setting
    assert "CodeOnlyClientIds=" in run(account, *attach, "--client", "kiosk").stdout
    assert "CodeOnlyClientIds=" not in run(account, *attach, "--client", "web").stdout


def test_nothing_changes_without_a_confirmation(run: Callable[..., Result]) -> None:
    account = make_account()
    before = account.state()
    attach = ("attach", POOL_ID, "--stack", "passcode", "--client", "web")
    declined = run(account, *attach, input="n\n")
    assert declined.exit_code == DECLINED
    assert "  AuthSessionValidity: 4 → 15\n" in declined.output
    assert declined.output.endswith("Continue? [y/N]\nNothing was changed.\n")
    assert run(account, *attach, input="").exit_code == DECLINED
    assert json.loads(run(account, *attach, "--json").stdout)["applied"] is False
    assert account.state() == before
    assert "Attached. Check it: " in run(account, *attach, input="Yes\n").stdout
    assert account.state() != before


def test_the_command_detaches(run: Callable[..., Result]) -> None:
    account = make_account()
    before = account.state()
    account.attach(OPTIONS)
    assert run(account, "detach", POOL_ID, input="n\n").exit_code == DECLINED
    printed = run(account, "detach", POOL_ID, "--yes", "--json").stdout
    assert json.loads(printed)["applied"] is True
    assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}


def test_an_interruption_prints_a_plain_sentence(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.fake_user_pool.Interrupted", KeyboardInterrupt)
    account = make_account()
    account.cognito.interrupt_at = 2
    attach = ("attach", POOL_ID, "--stack", "passcode", "--client", "web", "--yes")
    interrupted = run(account, *attach)
    assert interrupted.exit_code == FAILED
    assert interrupted.stderr == "Interrupted. Run the command again to do the remaining steps.\n"


def set_owner(account: AccountInMemory, stack: str = "users") -> None:
    account.cognito.pool["UserPoolTags"] = {"aws:cloudformation:stack-name": stack}


def test_attach_restores_lost_triggers_of_a_stacks_own_pool() -> None:
    """No deployment restores them: CloudFormation compares templates, not resources."""
    account = make_account()
    make_own_pool(account)
    before = account.state()
    account.attach(AttachOptions((), ()))
    assert changed_settings(before, account.state()) == {
        *(f"pool.LambdaConfig.{trigger}" for trigger in TRIGGERS),
        "pool.SchemaAttributes",
    }
    assert account.context().backups.load() is None, (
        "detach must not remove the triggers of a stack's own pool"
    )
    assert account.plan(AttachOptions((), ())).is_empty


def test_the_stack_that_made_the_pool_has_no_note() -> None:
    account = make_account()
    make_own_pool(account)
    set_owner(account, "passcode")
    notes = account.plan(AttachOptions((), ())).notes
    assert not [note for note in notes if "CloudFormation" in note]


def test_a_note_names_the_stack_that_manages_the_pool() -> None:
    account = make_account()
    set_owner(account)
    note = account.plan(OPTIONS).notes[0]
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
def test_a_note_reports_the_end_of_migrations(flows: list[str], trigger: bool, noted: bool) -> None:
    account = make_account()
    account.cognito.clients["web"]["ExplicitAuthFlows"] = flows
    if trigger:
        account.cognito.pool["LambdaConfig"]["UserMigration"] = OTHERS
    notes = account.plan(OPTIONS).notes
    assert any(note.startswith(MIGRATION) for note in notes) == noted


@pytest.mark.parametrize(
    ("prepare", "options", "stack", "sentence"),
    [
        (lambda w: None, AttachOptions((), ()), "passcode", "No app client is named"),
        (lambda w: None, AttachOptions(("missing",), ()), "passcode", "has no app client missing"),
        (lambda w: None, OPTIONS, "elsewhere", "There is no stack elsewhere in eu-central-1"),
        (lambda w: w.parameters.update(UserPoolId=""), OPTIONS, "passcode", "has its own user pool"),
        (make_own_pool, OPTIONS, "passcode", "its template sets the app clients"),
        (
            lambda w: w.parameters.update(UserPoolId="eu-central-1_Other"),
            OPTIONS,
            "passcode",
            "deployed for the pool",
        ),
        (
            lambda w: w.cognito.pool["LambdaConfig"].update(CreateAuthChallenge=OTHERS),
            OPTIONS,
            "passcode",
            r"already has triggers: CreateAuthChallenge \(.*older-define\).*--replace",
        ),
        (
            lambda w: w.cognito.pool.update(StepUp=1),
            OPTIONS,
            "passcode",
            "does not know StepUp,.*newer release.*--accept StepUp",
        ),
    ],
)
def test_a_refused_attach_changes_nothing(
    prepare: Any, options: AttachOptions, stack: str, sentence: str
) -> None:
    account = make_account()
    prepare(account)
    before = account.state()
    with pytest.raises(AdminError, match=sentence):
        account.plan(options, stack)
    assert account.state() == before
    assert account.cognito.calls == []


def test_another_stack_cannot_take_an_attached_pool() -> None:
    account = make_account()
    account.attach(OPTIONS)
    with pytest.raises(AdminError, match="The stack passcode is attached to this pool"):
        account.plan(OPTIONS, "second")


MFA = {
    "MfaConfiguration": "OPTIONAL",
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "WebAuthnConfiguration": {"RelyingPartyId": "people.example", "UserVerification": "required"},
}


def account_with_mfa() -> AccountInMemory:
    """A pool with MFA by an app and without SMS: UpdateUserPool cannot send its MFA, so it turns MFA off."""
    account = make_account(claims="ID_TOKEN", others=True)
    del account.cognito.pool["SmsConfiguration"]
    account.cognito.pool["MfaConfiguration"], account.cognito.mfa = "OPTIONAL", dict(MFA)
    return account


@pytest.mark.parametrize("denied", [False, True])
def test_an_attach_and_a_detach_keep_mfa_after_any_interruption(denied: bool) -> None:
    options = AttachOptions(("web",), ("kiosk",), replace=True)
    whole = account_with_mfa()
    whole.ssm_refused = denied
    before = whole.state()
    whole.attach(options)
    attached, begun = whole.state(), len(whole.cognito.calls)
    assert whole.cognito.mfa == MFA
    whole.detach()
    assert changed_settings(before, whole.state()) == {"pool.SchemaAttributes"}
    assert whole.cognito.calls.count("SetUserPoolMfaConfig") == 2
    for at in range(begun):
        account = account_with_mfa()
        account.ssm_refused, account.cognito.interrupt_at = denied, at
        with pytest.raises(Interrupted):
            account.attach(options)
        account.cognito.interrupt_at = None
        if at > 1:
            again = copy.deepcopy(account)
            again.detach()
            assert changed_settings(before, again.state()) <= {"pool.SchemaAttributes"}, at
        account.attach(options)
        assert changed_settings(attached, account.state()) - {"tags"} == set(), at
        account.detach()
        assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}, at
    for at in range(begun, len(whole.cognito.calls)):
        account = account_with_mfa()
        account.ssm_refused = denied
        account.attach(options)
        account.cognito.interrupt_at = at
        with pytest.raises(Interrupted):
            account.detach()
        account.cognito.interrupt_at = None
        account.detach()
        assert changed_settings(before, account.state()) == {"pool.SchemaAttributes"}, at


def test_an_interrupted_attach_of_a_stacks_own_pool_keeps_mfa() -> None:
    whole = account_with_mfa()
    make_own_pool(whole)
    options = AttachOptions((), (), replace=True)
    whole.attach(options)
    for at in range(len(whole.cognito.calls)):
        account = account_with_mfa()
        make_own_pool(account)
        account.cognito.interrupt_at = at
        with pytest.raises(Interrupted):
            account.attach(options)
        account.cognito.interrupt_at = None
        account.attach(options)
        assert account.state() == whole.state(), at
        assert account.context().backups.load() is None


def test_mfa_that_is_turned_off_after_an_attach_stays_off() -> None:
    account = account_with_mfa()
    account.attach(AttachOptions(("web",), ("kiosk",), replace=True))
    account.cognito.mfa = {"MfaConfiguration": "OFF"}
    account.cognito.pool["MfaConfiguration"] = "OFF"
    account.detach()
    assert account.cognito.mfa == {"MfaConfiguration": "OFF"}


def test_the_plan_of_a_second_attach_restores_mfa(run: Callable[..., Result]) -> None:
    account = account_with_mfa()
    account.cognito.refused = {"SetUserPoolMfaConfig": ("AccessDeniedException", "no")}
    attach = ("attach", POOL_ID, "--stack", "passcode", "--client", "web", "--replace", "--yes")
    denied = run(account, *attach)
    assert denied.exit_code == FAILED
    assert "may not call SetUserPoolMfaConfig" in denied.stderr
    assert account.cognito.mfa == {"MfaConfiguration": "OFF"}
    account.cognito.refused = {}
    again = run(account, *attach)
    assert "Restore Cognito's own MFA: OPTIONAL" in again.stdout
    assert account.cognito.mfa == MFA


def test_mfa_is_restored_without_its_unknown_members_and_nulls() -> None:
    account = account_with_mfa()
    account.cognito.mfa |= {
        "SoftwareTokenMfaConfiguration": {"Enabled": True, "Invented": 1},
        "EmailMfaConfiguration": None,
        "WebAuthnConfiguration": {"RelyingPartyId": "people.example", "UserVerification": None},
    }
    options = AttachOptions(("web",), (), replace=True, accepted=("SoftwareTokenMfaConfiguration.Invented",))
    account.attach(options)
    assert account.cognito.mfa == {
        "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "WebAuthnConfiguration": {"RelyingPartyId": "people.example"},
    }


def test_an_accepted_setting_that_aws_changes_is_a_note(run: Callable[..., Result]) -> None:
    account = make_account()
    account.cognito.pool["Invented"] = {"Level": 2}
    account.cognito.clients["web"]["LastUsedDate"] = 1
    account.cognito.self_changing_number = "LastUsedDate"
    attach = ("attach", POOL_ID, "--stack", "passcode", "--client", "web", "--yes")
    accept = ("--accept", "Invented", "--accept", "LastUsedDate")
    done = run(account, *attach, *accept)
    assert done.exit_code == 0, done.output
    assert "Invented" not in account.cognito.pool
    assert "AWS changed Invented of the pool" in done.stdout
    assert "AWS changed LastUsedDate of the app client web" in done.stdout
    account.cognito.pool["Invented"] = {"Level": 2}
    undone = run(account, "detach", POOL_ID, "--yes", "--json", *accept)
    assert undone.exit_code == 0, undone.output
    assert any("AWS changed Invented" in note for note in json.loads(undone.stdout)["notes"])


def use_lite_plan(account: AccountInMemory) -> None:
    account.cognito.pool["UserPoolTier"] = "LITE"
    account.cognito.pool.pop("AcrConfiguration")
    account.cognito.pool["Policies"].pop("SignInPolicy")


def test_claims_in_access_tokens_need_another_plan_than_lite() -> None:
    account = make_account(claims="ID_AND_ACCESS_TOKEN")
    use_lite_plan(account)
    with pytest.raises(AdminError, match=r"Lite plan.*AssuranceClaims=ID_TOKEN"):
        account.plan(OPTIONS)
    account.parameters["AssuranceClaims"] = "ID_TOKEN"
    account.attach(OPTIONS)


def test_a_note_names_settings_that_the_lite_plan_refuses() -> None:
    account = make_account()
    use_lite_plan(account)
    assert not any("Lite plan" in note for note in account.plan(OPTIONS).notes)
    account.cognito.pool["AcrConfiguration"] = {"Level3": {"AcrValue": "urn:people:strong"}}
    account.cognito.pool["Policies"]["SignInPolicy"] = {"AllowedFirstAuthFactors": ["PASSWORD"]}
    (note,) = [note for note in account.plan(OPTIONS).notes if "Lite plan" in note]
    assert "AcrConfiguration" in note
    assert "SignInPolicy" not in note


def test_a_note_names_an_accepted_setting_that_does_not_exist() -> None:
    account = make_account()
    account.cognito.pool["Invented"] = 1
    notes = account.plan(AttachOptions(("web",), (), accepted=("Invented", "invented"))).notes
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
    account = make_account()
    account.cognito.refused = {"DescribeUserPool": ("AccessDeniedException", "no")}
    result = run(account, "attach", POOL_ID, "--stack", "passcode")
    assert "No app client is named" in result.stderr
    assert result.exit_code == WRONG_OPTIONS
