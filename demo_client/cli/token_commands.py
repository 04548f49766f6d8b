"""The commands of the token service: codes outside a sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import NoCredentialsError
from rich.text import Text

from demo_client.cli import token_config
from demo_client.cli.code_prompt import ask
from demo_client.cli.options import Json, Stack, ThisChannel, command
from demo_client.cli.view import View
from demo_client.cognito import pool_config, session
from demo_client.errors import REFUSED, RETRY_LATER, UNREACHABLE, CliError
from demo_client.texts import duration, name
from demo_client.token_client import (
    Created,
    Proof,
    TokenApiError,
    TokenClient,
    TooSoon,
    Unreachable,
    WrongCode,
)

_HELP = (
    "Codes outside a sign-in, by the token service.",
    (
        "Without --stack these commands talk to the local stack (make up). A service on AWS is named by "
        "PASSCODE_TOKEN_API_URL, the stack's output TokenApiURL, and called with your AWS credentials; "
        "step-up also wants the pool, and somebody who is signed in to it."
    ),
)

Email = Annotated[str | None, typer.Option(metavar="EMAIL", help="Where the code should go.")]
Phone = Annotated[str | None, typer.Option(metavar="NUMBER", help="Or by SMS: +, country code, number.")]
Purpose = Annotated[str | None, typer.Option(metavar="WORDS", help="What it is for: shown in the message.")]
Locale = Annotated[str | None, typer.Option(metavar="LOCALE", help="The message's language, such as de.")]
Audience = Annotated[str | None, typer.Option(metavar="NAME", help="Who will read the proof.")]
Key = Annotated[str | None, typer.Option(metavar="KEY", help="The same key never sends twice.")]
Token = Annotated[str, typer.Argument(metavar="TOKEN", help="What create answered.")]
Code = Annotated[str | None, typer.Argument(metavar="CODE", help="Asked for when it is left out.")]

token_app = typer.Typer(help="\n\n".join(_HELP), no_args_is_help=True)


@token_app.command()
def create(
    email: Email = None,
    phone: Phone = None,
    purpose: Purpose = None,
    channel: ThisChannel = None,
    locale: Locale = None,
    audience: Audience = None,
    idempotency_key: Key = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Send a code to an address, and print the token that its answer goes with."""
    with _token_client(stack, as_json=as_json) as (view, service):
        if (email is None) == (phone is None):
            raise CliError("Name one address: --email EMAIL or --phone NUMBER.")
        created = service.create(
            email=email,
            phone_number=phone,
            channel=channel,
            purpose=purpose,
            locale=locale,
            audience=audience,
            idempotency_key=idempotency_key,
        )
        TokenView(view).created(created)


@token_app.command()
def verify(token: Token, code: Code = None, stack: Stack = None, as_json: Json = False) -> None:
    """Judge a code, and print the proof that it was right."""
    with _token_client(stack, as_json=as_json) as (view, service):
        TokenView(view).proof(service.verify(token, code or ask(view, "Code").strip()))


@token_app.command()
def step_up(
    channel: ThisChannel = None,
    purpose: Purpose = None,
    audience: Audience = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Ask whoever is signed in here for a fresh code, at the address that the pool knows."""
    with _token_client(stack, as_json=as_json) as (view, service):
        id_token = session.load(pool_config.find_pool(stack)).id_token
        created = service.step_up(id_token, channel=channel, purpose=purpose, audience=audience)
        shown = TokenView(view)
        shown.code_sent(created)
        shown.proof(_verify_typed_code(view, service, id_token, created.token))


def _verify_typed_code(view: View, service: TokenClient, id_token: str, token: str) -> Proof:
    while True:
        try:
            return service.verify_step_up(id_token, token, ask(view, "Code").strip())
        except WrongCode as error:
            if not error.attempts_left:
                raise
            view.info(_wrong_code_message(error))


@contextmanager
def _token_client(stack: Path | None, *, as_json: bool) -> Iterator[tuple[View, TokenClient]]:
    with command(as_json=as_json) as view:
        try:
            yield view, token_config.find_token_service(stack).create_client()
        except TokenApiError as error:
            raise _to_cli_error(error) from None
        except NoCredentialsError:
            raise CliError(
                "There are no AWS credentials to sign with. Set AWS_PROFILE, or run `aws configure`."
            ) from None


class TokenView:
    """Tokens and proofs are printed whole, on one line: they are what these commands are for."""

    def __init__(self, view: View) -> None:
        self._view = view

    def code_sent(self, created: Created) -> None:
        where = f"by {name(created.channel)} to {created.destination}"
        if created.status == "SENT":
            self._view.info(f"A code went out {where}. It is good for {duration(created.expires_in)}.")
        else:
            self._view.info(
                f"Nothing new was sent: the code that went {where} is still good. "
                f"Another message can go out in {duration(created.resend_in)}."
            )

    def created(self, created: Created) -> None:
        if not self._view.as_json:
            self.code_sent(created)
            self._lines({"subject": created.subject, "token": created.token})
        facts = {field: getattr(created, field) for field in Created.__dataclass_fields__}
        self._view.result("Judge the answer with the token: `token verify TOKEN CODE`.", facts)

    def proof(self, proof: Proof) -> None:
        if not self._view.as_json:
            self._lines({"subject": proof.subject, "proof": proof.jwt})
        facts = {"verified": True, "proof": proof.jwt}
        facts |= {field: getattr(proof, field) for field in ("expires_in", "channel", "subject")}
        left = duration(proof.expires_in)
        self._view.result(f"The code is right. The proof is good for {left}, for whoever checks it.", facts)

    def _lines(self, facts: dict[str, str]) -> None:
        for fact, value in facts.items():
            # A token that is broken into lines, as a table would do, cannot be copied.
            self._view.people.print(Text.assemble((f"{fact:<9}", "dim"), value), soft_wrap=True)


def _to_cli_error(error: TokenApiError) -> CliError:
    """The service's own sentence, and the exit code of what can be done about it."""
    if isinstance(error, WrongCode):
        return CliError(_wrong_code_message(error), REFUSED)
    if isinstance(error, TooSoon):
        return CliError(error.message, RETRY_LATER)
    return CliError(error.message, UNREACHABLE if isinstance(error, Unreachable) else REFUSED)


def _wrong_code_message(error: WrongCode) -> str:
    """What a person is told who mistyped a code."""
    left = error.attempts_left or 0
    tries = {0: "The next answer has to wait", 1: "One try is left"}.get(left, f"{left} tries are left")
    return f"That code is not right. {tries}."
