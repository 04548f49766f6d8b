"""`make demo`: six things that really happen, told as they happen. Each chapter checks its own outcome."""

from __future__ import annotations

from demo_client.local_stack_api import code_in
from demo_client.scenarios.console import Teller
from demo_client.scenarios.fixtures import Character, Scene, Stage, expect
from demo_client.scenarios.unknown_user import an_unknown_user_looks_like_any_other
from demo_client.texts import describe


def tell(stage: Stage, teller: Teller) -> Character:
    """All six chapters; returns somebody who can sign in by hand afterwards."""
    ada = stage.person("ada", channel="email")
    grace = stage.person("grace", channel="sms")
    _password_then_code(stage, teller, ada)
    _code_alone(stage, teller, grace)
    used = _wrong_then_right(stage, teller, ada)
    scene, code = _the_same_code_again(stage, teller, ada, used)
    _resend(teller, scene, code)
    an_unknown_user_looks_like_any_other(stage, teller)
    return ada


def _password_then_code(stage: Stage, teller: Teller, ada: Character) -> None:
    teller.chapter("A password, then a code by email")
    scene = stage.scene(ada, passwordless=False)
    challenge = scene.start()
    expect(challenge.channel == "email", "the code did not go by email")
    teller.say(f"Ada proves her password by SRP, without sending it. {describe(challenge)}")
    message = scene.message(challenge)
    teller.message(message)
    person = scene.right(code_in(message, challenge.code_length))
    teller.good(f"Signed in as {person.email}. Both tokens hold against the pool's keys.")


def _code_alone(stage: Stage, teller: Teller, grace: Character) -> None:
    teller.chapter("A code alone, by SMS")
    scene = stage.scene(grace, passwordless=True)
    challenge = scene.start()
    expect(challenge.channel == "sms", "the code did not go by SMS")
    teller.say(f"{describe(challenge)} Nothing is proven yet, so the mask is blank.")
    message = scene.message(challenge)
    teller.message(message)
    person = scene.right(code_in(message, challenge.code_length))
    teller.good(f"Signed in as {person.email}. The last line is for phones: it fills the code in.")


def _wrong_then_right(stage: Stage, teller: Teller, ada: Character) -> str:
    teller.chapter("A wrong code, then the right one")
    scene = stage.scene(ada, passwordless=True)
    challenge = scene.start()
    code = code_in(scene.message(challenge), challenge.code_length)
    mistyped = code[:-1] + str((int(code[-1]) + 1) % 10)
    teller.say(f"Ada gets {code} and types {mistyped}.")
    teller.refused(describe(scene.wrong(mistyped)))
    scene.right(code)
    teller.good(f"{code} signs her in.")
    return code


def _the_same_code_again(stage: Stage, teller: Teller, ada: Character, used: str) -> tuple[Scene, str]:
    teller.chapter("The same code again")
    scene = stage.scene(ada, passwordless=True)
    challenge = scene.start()
    code = code_in(scene.message(challenge), challenge.code_length)
    teller.say(f"Somebody saw {used} and types it into a new sign-in. A code works once.")
    teller.refused(describe(scene.wrong(used)))
    return scene, code


def _resend(teller: Teller, scene: Scene, code: str) -> None:
    teller.chapter("A resend")
    teller.say("Ada asks for the message once more, still in that sign-in.")
    challenge = scene.resend_after(teller.wait)
    again = code_in(scene.message(challenge), challenge.code_length)
    expect(again == code, "the resend brought another code")
    teller.say(f"A second message came, with the same code, so a late first one works too: {again}.")
    scene.right(again)
    teller.good("It signs her in.")
