"""Sign-ins through AWS End User Messaging: SMS, calls, Notify, and the next code after a delivery event.

The local AWS enforces the roles: `deliver` may send, `verify` and `token_api` may report the answer.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from demo_client.web.stack_data import LocalStackData
from tests.support import live_users
from tests.support.live_browser import App, Browser
from tests.support.live_sign_in import SignIn, code_only, password_and_code, wait_for_failure
from tests.support.users import COOLDOWN, code_in
from tools.local_stack import inbox, process, stack
from tools.local_stack.environment import ROOT
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

# The number of AWS's simulator to which messages fail.
FAILING = "+14254147167"
OPTIONS = {
    "origination_identity": "pool-1",
    "configuration_set": "otp",
    "protect_configuration": "protect-1",
    "voice_origination_identity": "+12025550100",
}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose SMS and calls go through End User Messaging, with events."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("gateways")))
        found = stack.up(
            port=process.free_port(),
            parameters={
                "SmsGateway": "END_USER_MESSAGING",
                "SmsOptions": ",".join(f"{name}={value}" for name, value in OPTIONS.items()),
                "ChannelOrder": "email,sms,voice",
                "CooldownSeconds": str(COOLDOWN),
            },
        )
        yield found
        stack.down()


def sent_to(on: Stack, number: str) -> list[dict[str, Any]]:
    """The SMS and calls to a number in the log of the local AWS, with their requests and feedback."""
    with urllib.request.urlopen(f"{on.endpoint_url}/_ministack/sns/sms-messages") as response:
        records: list[dict[str, Any]] = json.load(response)["sms_messages"].get(number, [])
    return records


def check_feedback(on: Stack, channel: str) -> None:
    """A sign-in by code reports its message once, and only after the right answer."""
    user = live_users.add_user(on, channel=channel)
    conversation = code_only(on).start(user.email)
    (message,) = live_users.messages_to(on, user.phone)
    (record,) = sent_to(on, user.phone)
    assert (message.channel, record["Channel"]) == (channel, channel)
    assert 290 <= record["Request"]["TimeToLive"] <= 300
    assert record["Request"]["Context"]["record"] == f"sign_in_code--{user.sub}"
    assert "Feedback" not in record
    wrong = conversation.answer("00000000")
    assert "Feedback" not in sent_to(on, user.phone)[0]
    assert wrong.answer(code_in(message)).tokens["IdToken"]
    assert [each["Feedback"] for each in sent_to(on, user.phone)] == [["RECEIVED"]]
    for lines in on.logs().values():
        assert not [line for line in lines if user.phone in line or code_in(message) in line]


@pytest.mark.parametrize("channel", ["sms", "voice"])
def test_an_sms_or_a_call_signs_the_user_in_and_its_answer_is_reported_once(
    deployed: Stack, channel: str
) -> None:
    check_feedback(deployed, channel)


@pytest.mark.usefixtures("state")
def test_notify_signs_the_user_in_and_its_answer_is_reported_once() -> None:
    options = "notify_configuration=nc-1,notify_template=template-1"
    parameters = {"SmsGateway": "NOTIFY", "SmsOptions": options, "ChannelOrder": "sms,email"}
    check_feedback(stack.up(port=process.free_port(), parameters=parameters), "sms")


def test_a_call_is_text_in_the_inbox_and_the_demo_client_finds_its_code(deployed: Stack) -> None:
    user = live_users.add_user(deployed, locale="de")
    command = ["demo_client", "sign-in", user.email, "--channel", "voice", "--inbox", "--json"]
    done = run(*command, password=user.password)
    assert json.loads(done)["sub"] == user.sub
    (line,) = run("tools.local_stack", "inbox", "--to", user.phone, "--json").splitlines()
    call = json.loads(line)
    assert call["channel"] == "voice"
    assert call["text"].startswith("Hier ist Cognito Passcode.")
    assert call["text"].count(" ".join(call["code"])) == 2, "the digits one by one, twice"


def run(module: str, *arguments: str, password: str = "") -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | {"PASSCODE_PASSWORD": password},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_user_of_the_demo_page_can_have_calls_first(deployed: Stack) -> None:
    page = LocalStackData()
    assert page.channels() == ["email", "sms", "voice"]
    user = page.make_user("voice")
    sign_in = SignIn(deployed, deployed.clients["password_and_code"])
    sign_in.start_with_password(user.email, user.password)
    assert sign_in.parameters["channel"] == "voice"
    assert sign_in.answer(live_users.newest_code(deployed, user.phone)).tokens


def test_a_call_signs_the_user_in_on_the_hosted_page(deployed: Stack) -> None:
    user, app = live_users.add_user(deployed, channel="voice"), App(deployed)
    browser = Browser().open(app.url()).submit("start", user_name=user.email, password=user.password)
    assert 'data-channel="voice"' in browser.html
    browser.submit("answer", code=live_users.newest_code(deployed, user.phone))
    claims = jwt.decode(app.tokens(browser)["id_token"], options={"verify_signature": False})
    assert claims["sub"] == user.sub


@pytest.mark.parametrize(
    ("address", "failing", "other"),
    [
        ({"email": "bounce+gateways@simulator.amazonses.com"}, "email", "sms"),
        ({"phone_number": FAILING}, "sms", "email"),
    ],
)
def test_after_a_failed_message_the_next_code_goes_to_the_other_address(
    deployed: Stack, address: dict[str, str], failing: str, other: str
) -> None:
    """The event comes through the real topic, its queue and `delivery_events`."""
    user = live_users.add_user(deployed, channel=failing, phone=True, **address)
    to = {"email": user.email, "sms": user.phone}
    sign_in = password_and_code(deployed, user)
    assert sign_in.parameters["channel"] == failing
    live_users.messages_to(deployed, to[failing])
    wait_for_failure(deployed, f"sign_in_password#{user.sub}", failing)
    # Longer than the five seconds between a failure and a message that it moves.
    time.sleep(6)
    sign_in.answer("again", action="resend")
    assert (sign_in.parameters["status"], sign_in.parameters["channel"]) == ("SENT", other)
    assert sign_in.answer(live_users.newest_code(deployed, to[other])).tokens
    assert len(inbox.read(deployed, to[failing])) == 1
