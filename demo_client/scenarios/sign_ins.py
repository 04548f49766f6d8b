"""The scenarios of `make demo`. Each one runs real sign-ins and checks their results."""

from __future__ import annotations

from demo_client.demo_users import DemoUser
from demo_client.local_stack_api import code_in
from demo_client.scenarios.console import ScenarioConsole
from demo_client.scenarios.fixtures import DemoEnvironment, DemoSignIn, expect
from demo_client.scenarios.unknown_user import compare_unknown_user
from demo_client.texts import describe

_LONG_CODE = 20


def run_scenarios(environment: DemoEnvironment, console: ScenarioConsole) -> DemoUser:
    """Run all seven scenarios, and return a user for the commands that the demo prints. Raises CliError."""
    ada = environment.create_user("ada", channel="email")
    grace = environment.create_user("grace", channel="sms")
    _password_then_code(environment, console, ada)
    _code_alone(environment, console, grace)
    used = _wrong_then_right(environment, console, ada)
    sign_in, code = _the_same_code_again(environment, console, ada, used)
    _resend(console, sign_in, code)
    lin = compare_unknown_user(environment, console)
    _long_code(environment, console, lin)
    return ada


def _password_then_code(environment: DemoEnvironment, console: ScenarioConsole, ada: DemoUser) -> None:
    console.heading("A password, then a code by email")
    sign_in = environment.sign_in(ada, passwordless=False)
    challenge = sign_in.start()
    expect(challenge.channel == "email", "the code was not sent by email")
    console.info(f"Ada proves her password by SRP, without sending it. {describe(challenge)}")
    message = sign_in.message(challenge)
    console.message(message)
    user = sign_in.answer_right(code_in(message, challenge.code_length))
    console.success(f"Signed in as {user.email}. Both tokens are verified with the pool's keys.")


def _code_alone(environment: DemoEnvironment, console: ScenarioConsole, grace: DemoUser) -> None:
    console.heading("A code without a password, by SMS")
    sign_in = environment.sign_in(grace, passwordless=True)
    challenge = sign_in.start()
    console.info(f"{describe(challenge)} Nothing is proven yet, so the response does not name the channel.")
    message = sign_in.message(challenge)
    expect(message.channel == "sms", "the code was not sent by SMS")
    console.message(message)
    user = sign_in.answer_right(code_in(message, challenge.code_length))
    console.success(f"Signed in as {user.email}. Phones use the last line to fill in the code.")


def _wrong_then_right(environment: DemoEnvironment, console: ScenarioConsole, ada: DemoUser) -> str:
    console.heading("A wrong code, then the right one")
    sign_in = environment.sign_in(ada, passwordless=True)
    challenge = sign_in.start()
    code = code_in(sign_in.message(challenge), challenge.code_length)
    mistyped = code[:-1] + str((int(code[-1]) + 1) % 10)
    console.info(f"Ada gets {code} and types {mistyped}.")
    console.refusal(describe(sign_in.answer_wrong(mistyped)))
    sign_in.answer_right(code)
    console.success(f"The code {code} signs her in.")
    return code


def _the_same_code_again(
    environment: DemoEnvironment, console: ScenarioConsole, ada: DemoUser, used: str
) -> tuple[DemoSignIn, str]:
    console.heading("The same code again")
    sign_in = environment.sign_in(ada, passwordless=True)
    challenge = sign_in.start_after_cooldown(console.wait)
    code = code_in(sign_in.message(challenge), challenge.code_length)
    console.info(f"An attacker saw {used} and enters it in a new sign-in. A code works once.")
    console.refusal(describe(sign_in.answer_wrong(used)))
    return sign_in, code


def _resend(console: ScenarioConsole, sign_in: DemoSignIn, code: str) -> None:
    console.heading("A resend")
    console.info("Ada requests the message again in the same sign-in.")
    challenge = sign_in.resend_after_cooldown(console.wait)
    resent = code_in(sign_in.message(challenge), challenge.code_length)
    expect(resent == code, "the resend had another code")
    console.info(f"The second message has the same code, so a late first message works, too: {resent}.")
    sign_in.answer_right(resent)
    console.success("The code signs her in.")


def _long_code(environment: DemoEnvironment, console: ScenarioConsole, lin: DemoUser) -> None:
    console.heading("The guesses do not lock the user out")
    sign_in = environment.sign_in(lin, passwordless=True)
    challenge = sign_in.start_after_cooldown(console.wait)
    message = sign_in.message(challenge)
    console.info(
        "Lin, whose codes an attacker guessed, signs in. After five wrong codes, her next code is longer."
    )
    console.message(message)
    code = code_in(message, challenge.code_length)
    expect(len(code) == _LONG_CODE, "the code was not longer after five wrong codes")
    sign_in.answer_right(code)
    console.success(f"The code of {len(code)} digits signs her in. No one can guess it.")
