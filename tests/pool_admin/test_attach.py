"""Attach and detach of a full pool: what changes, what stays, and every way to be cut off on the way."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.botocore_values import members
from tests.support.fake_user_pool import ARN, POOL_ID, Interrupted, Json, full_pool
from tests.support.pool_admin_world import FUNCTIONS, OTHERS, World, app_client, no_file
from tools.pool_admin.attachment.attach import Attach
from tools.pool_admin.attachment.detach import Detach
from tools.pool_admin.attachment.plan import Wish
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import difference
from tools.pool_admin.errors import AdminError
from tools.pool_admin.output import View, show_attach

WISH = Wish(("web",), ("kiosk",))
TRIGGERS = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PASSCODE_ADMIN_DIR", str(tmp_path))
    return tmp_path


def world(*, claims: str = "OFF", others: bool = False, by_link: bool = False) -> World:
    """A pool with every setting set, three app clients, and on wish triggers of somebody else's."""
    pool = full_pool(members, by_link=by_link)
    pool["LambdaConfig"] = {"PreSignUp": OTHERS, "KMSKeyID": ARN}
    if others:
        versioned = {"LambdaVersion": "V3_0", "LambdaArn": OTHERS}
        claims_trigger = {"PreTokenGeneration": OTHERS, "PreTokenGenerationConfig": versioned}
        pool["LambdaConfig"] |= {"DefineAuthChallenge": OTHERS} | claims_trigger
    clients = {name: app_client(name) for name in ("web", "kiosk", "untold")}
    return World(pool, clients, claims=claims)


def own_pool(here: World) -> None:
    """The stack has made the pool itself."""
    here.parameters["UserPoolId"], here.made = "", POOL_ID


def attach(here: World, wish: Wish = WISH) -> Attach:
    made = Attach.of(here.place(), "passcode", wish)
    made.carry_out()
    return made


def detach(here: World) -> Detach:
    made = Detach.of(here.place())
    made.carry_out()
    return made


def moved(before: Json, after: Json) -> set[str]:
    return {".".join(change.path) for change in difference(before, after)}


@pytest.mark.parametrize("by_link", [True, False])
def test_attach_changes_what_it_says_and_nothing_else(by_link: bool) -> None:
    here = world(by_link=by_link)
    before = here.state()
    attach(here)
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
def test_detach_puts_everything_back(claims: str, others: bool) -> None:
    here = world(claims=claims, others=others)
    before = here.state()
    attach(here, Wish(("web",), ("kiosk",), replace=True))
    if claims != "OFF":
        assert here.aws.pool["LambdaConfig"]["PreTokenGeneration"] == FUNCTIONS["PreTokenGeneration"]
        version = "V2_0" if claims == "ID_AND_ACCESS_TOKEN" else "V1_0"
        arn = FUNCTIONS["PreTokenGeneration"]
        assert here.aws.pool["LambdaConfig"]["PreTokenGenerationConfig"] == {
            "LambdaVersion": version,
            "LambdaArn": arn,
        }
        assert arn in here.permitted
    detach(here)
    # A pool never loses an attribute again.
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}
    with pytest.raises(AdminError, match="Nothing is known of an attach"):
        Detach.of(here.place())


def test_a_second_attach_has_nothing_to_do() -> None:
    here = world()
    attach(here)
    done = list(here.aws.calls)
    assert Attach.of(here.place(), "passcode", WISH).plan.is_empty
    assert here.aws.calls == done


def test_an_attach_cut_off_anywhere_is_taken_up_and_can_be_taken_back() -> None:
    whole = world(claims="ID_TOKEN", others=True)
    before = whole.state()
    wish = Wish(("web",), ("kiosk",), replace=True)
    attach(whole, wish)
    assert len(whole.aws.calls) == 8
    for at in range(len(whole.aws.calls)):
        here = world(claims="ID_TOKEN", others=True)
        here.aws.interrupt_at = at
        with pytest.raises(Interrupted):
            attach(here, wish)
        here.aws.interrupt_at = None
        attach(here, wish)
        assert moved(whole.state(), here.state()) == set(), at
        detach(here)
        assert moved(before, here.state()) == {"pool.SchemaAttributes"}, at


def test_a_detach_cut_off_anywhere_is_taken_up() -> None:
    whole = world()
    before = whole.state()
    attach(whole)
    begun = len(whole.aws.calls)
    detach(whole)
    assert len(whole.aws.calls) - begun == 6
    for at in range(begun, len(whole.aws.calls)):
        here = world()
        attach(here)
        here.aws.interrupt_at = at
        with pytest.raises(Interrupted):
            detach(here)
        here.aws.interrupt_at = None
        detach(here)
        assert moved(before, here.state()) == {"pool.SchemaAttributes"}, at


def test_a_client_more_does_not_make_the_first_save_forget(folder: Path) -> None:
    here = world()
    before = here.state()
    attach(here, Wish(("web",), ()))
    no_file(folder)
    attach(here, WISH)
    detach(here)
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_what_others_changed_since_stays() -> None:
    here = world()
    attach(here)
    here.aws.clients["web"]["AuthSessionValidity"] = 9
    here.aws.clients["web"]["ReadAttributes"] += ["custom:team"]
    here.aws.pool["LambdaConfig"]["PostConfirmation"] = OTHERS
    here.aws.pool["UserPoolTags"] = {"team": "payments"}
    here.aws.clients["kiosk"]["CallbackURLs"] = ["https://new.example"]
    notes = detach(here).notes
    assert "AuthSessionValidity of web was changed since, and stays as it is." in notes
    assert here.aws.clients["web"]["AuthSessionValidity"] == 9
    assert "custom:team" in here.aws.clients["web"]["ReadAttributes"]
    assert ATTRIBUTE not in here.aws.clients["web"]["ReadAttributes"]
    assert here.aws.clients["web"]["ExplicitAuthFlows"] == ["ALLOW_USER_SRP_AUTH"]
    assert here.aws.pool["LambdaConfig"] == {"PreSignUp": OTHERS, "KMSKeyID": ARN, "PostConfirmation": OTHERS}
    assert here.aws.pool["UserPoolTags"] == {"team": "payments"}
    assert here.aws.clients["kiosk"]["CallbackURLs"] == ["https://new.example"]


def test_an_app_client_that_is_gone_is_said() -> None:
    here = world()
    attach(here)
    del here.aws.clients["kiosk"]
    assert "The app client kiosk is not there any more." in detach(here).notes


@pytest.mark.parametrize("lost", ["file", "ssm"])
def test_either_copy_is_enough_to_detach(lost: str, folder: Path) -> None:
    here = world()
    before = here.state()
    attach(here)
    no_file(folder) if lost == "file" else here.ssm.clear()
    detach(here)
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_where_ssm_is_refused_tags_hold_the_copy(folder: Path) -> None:
    here = world()
    before = here.state()
    here.ssm_refused = True
    attach(here)
    assert here.aws.tags
    assert all(re.fullmatch(r"[\w=-]{1,256}", value) for value in here.aws.tags.values())
    no_file(folder)
    detach(here)
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_the_copy_is_for_nobody_else_on_the_machine(folder: Path) -> None:
    attach(world())
    assert oct((folder / f"{POOL_ID}.json").stat().st_mode)[-3:] == "600"


def test_a_client_whose_refresh_tokens_rotate_keeps_its_rotation() -> None:
    here = world()
    here.aws.clients["web"]["RefreshTokenRotation"]["Feature"] = "ENABLED"
    attach(here)
    assert here.aws.clients["web"]["ExplicitAuthFlows"] == ["ALLOW_CUSTOM_AUTH"]


def test_an_alias_that_came_with_snapstart_is_taken_over() -> None:
    here = world()
    before = here.state()
    without = FUNCTIONS["CreateAuthChallenge"].removesuffix(":live")
    attach(here)
    here.aws.pool["LambdaConfig"]["CreateAuthChallenge"] = without
    attach(here)
    assert here.aws.pool["LambdaConfig"]["CreateAuthChallenge"] == FUNCTIONS["CreateAuthChallenge"]
    detach(here)
    assert moved(before, here.state()) == {"pool.SchemaAttributes"}


def test_no_list_of_attributes_stays_no_list() -> None:
    here = world()
    for name in ("ReadAttributes", "WriteAttributes"):
        del here.aws.clients["web"][name]
    attach(here)
    assert "ReadAttributes" not in here.aws.clients["web"]


def test_a_code_only_client_can_become_one_with_a_password() -> None:
    here = world()
    attach(here)
    attach(here, Wish(("kiosk",), ()))
    assert (here.parameters["CodeOnlyClientIds"], here.served) == ("", "")


def modes(here: World) -> Json:
    record = here.place().saved.load()
    assert record
    return record.modes


def test_the_record_says_what_each_client_is_since() -> None:
    here = world()
    attach(here)
    assert modes(here) == {"web": False, "kiosk": True}
    attach(here, Wish(("kiosk",), ()))
    assert modes(here) == {"web": False, "kiosk": False}


def test_a_list_that_was_deployed_on_purpose_is_learned() -> None:
    here = world()
    attach(here)
    here.parameters["CodeOnlyClientIds"] = here.latest = here.served = ""
    attach(here, Wish(("kiosk",), ()))
    assert modes(here) == {"web": False, "kiosk": False}
    assert Attach.of(here.place(), "passcode", Wish(("kiosk",), ())).plan.is_empty


@pytest.mark.parametrize("as_json", [False, True])
def test_attach_says_what_the_next_deployment_would_take_back(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    here = world()
    left = (
        "Put CodeOnlyClientIds=kiosk into parameter_overrides of samconfig.mine.toml, "
        "or the next deployment takes it back."
    )
    for _first_and_again in range(2):
        made = Attach.of(here.place(), "passcode", WISH)
        show_attach(View(as_json=as_json), made, yes=True)
        said = capsys.readouterr().out
        assert (json.loads(said)["left_to_do"] if as_json else said.splitlines()[-1]) == left
    show_attach(View(as_json=as_json), Attach.of(here.place(), "passcode", Wish(("kiosk",), ())), yes=True)
    assert "CodeOnlyClientIds=" in capsys.readouterr().out
    show_attach(View(as_json=as_json), Attach.of(here.place(), "passcode", Wish(("web",), ())), yes=True)
    assert "CodeOnlyClientIds=" not in capsys.readouterr().out


def owned(here: World, stack: str = "users") -> None:
    here.aws.pool["UserPoolTags"] = {"aws:cloudformation:stack-name": stack}


def test_triggers_that_a_stack_s_own_pool_has_lost_come_back() -> None:
    """No deployment brings them back: CloudFormation compares templates, and not what is there."""
    here = world()
    own_pool(here)
    before = here.state()
    attach(here, Wish((), ()))
    assert moved(before, here.state()) == {
        *(f"pool.LambdaConfig.{trigger}" for trigger in TRIGGERS),
        "pool.SchemaAttributes",
    }
    assert here.place().saved.load() is None, "nobody is to take them away again"
    assert Attach.of(here.place(), "passcode", Wish((), ())).plan.is_empty


def test_a_stack_is_not_told_of_its_own_pool() -> None:
    here = world()
    own_pool(here)
    owned(here, "passcode")
    notes = Attach.of(here.place(), "passcode", Wish((), ())).plan.notes
    assert not [note for note in notes if "CloudFormation" in note]


def test_a_pool_of_cloudformation_is_said() -> None:
    here = world()
    owned(here)
    note = Attach.of(here.place(), "passcode", WISH).plan.notes[0]
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
def test_the_plan_says_that_a_migration_ends(flows: list[str], trigger: bool, noted: bool) -> None:
    here = world()
    here.aws.clients["web"]["ExplicitAuthFlows"] = flows
    if trigger:
        here.aws.pool["LambdaConfig"]["UserMigration"] = OTHERS
    notes = Attach.of(here.place(), "passcode", WISH).plan.notes
    assert any(note.startswith(MIGRATION) for note in notes) == noted


@pytest.mark.parametrize(
    ("spoil", "wish", "stack", "sentence"),
    [
        (lambda w: None, Wish((), ()), "passcode", "Name the app clients"),
        (lambda w: None, Wish(("web",), ("web",)), "passcode", "web cannot be both"),
        (lambda w: None, Wish(("nobody",), ()), "passcode", "has no app client nobody"),
        (lambda w: None, WISH, "elsewhere", "There is no stack elsewhere in eu-central-1"),
        (lambda w: w.parameters.update(UserPoolId=""), WISH, "passcode", "has a user pool of its own"),
        (own_pool, WISH, "passcode", "its template sets the app clients"),
        (
            lambda w: w.parameters.update(UserPoolId="eu-central-1_Other"),
            WISH,
            "passcode",
            "deployed for the pool",
        ),
        (
            lambda w: w.aws.pool["LambdaConfig"].update(CreateAuthChallenge=OTHERS),
            WISH,
            "passcode",
            r"triggers of its own: CreateAuthChallenge \(.*older-define\).*--replace",
        ),
        (
            lambda w: w.aws.pool.update(StepUp=1),
            WISH,
            "passcode",
            "does not know StepUp,.*newer release.*--accept StepUp",
        ),
    ],
)
def test_what_must_not_be_is_refused_and_nothing_changes(
    spoil: Any, wish: Wish, stack: str, sentence: str
) -> None:
    here = world()
    spoil(here)
    before = here.state()
    with pytest.raises(AdminError, match=sentence):
        Attach.of(here.place(), stack, wish)
    assert here.state() == before
    assert here.aws.calls == []


def test_another_stack_cannot_take_an_attached_pool() -> None:
    here = world()
    attach(here)
    with pytest.raises(AdminError, match="The stack passcode is attached to this pool"):
        Attach.of(here.place(), "second", WISH)
