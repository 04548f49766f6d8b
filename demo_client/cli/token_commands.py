"""The commands of the token service: one-time codes outside a sign-in."""

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
from demo_client.refusals import duration
from demo_client.texts import name
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
    "One-time codes outside a sign-in, from the token service.",
    (
        "Without --stack these commands use the local stack (make up). To use a service on AWS, set "
        "PASSCODE_TOKEN_API_URL to the stack's output TokenApiURL. The requests are signed with your AWS "
        "credentials. step-up needs the pool, too, and a signed-in user."
    ),
)

Email = Annotated[str | None, typer.Option(metavar="EMAIL", help="The email address for the code.")]
Phone = Annotated[
    str | None, typer.Option(metavar="NUMBER", help="Or the phone number: +, country code, number.")
]
Purpose = Annotated[
    str | None, typer.Option(metavar="TEXT", help="The purpose of the code. The message shows it.")
]
Locale = Annotated[
    str | None, typer.Option(metavar="LOCALE", help="The language of the message, such as de.")
]
Audience = Annotated[str | None, typer.Option(metavar="NAME", help="The service that will check the proof.")]
Key = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="Idempotency key: a repeated request sends no second message."),
]
Token = Annotated[str, typer.Argument(metavar="TOKEN", help="The token that create returned.")]
Code = Annotated[str | None, typer.Argument(metavar="CODE", help="The code. Default: ask for it.")]

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
    """Send a code to an address, and print the token that verify needs."""
    with _token_client(stack, as_json=as_json) as (view, service):
        if (email is None) == (phone is None):
            raise CliError("Give exactly one address: --email EMAIL or --phone NUMBER.")
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
    """Check a code, and print the proof that it was right."""
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
    """Ask the signed-in user for a new code, sent to a verified address of the pool."""
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
            if error.attempts_left == 0:
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
                "No AWS credentials were found to sign the request. Set AWS_PROFILE, or run `aws configure`."
            ) from None


class TokenView:
    """Prints results of the token service. A token or a proof is printed whole, on one line."""

    def __init__(self, view: View) -> None:
        self._view = view

    def code_sent(self, created: Created) -> None:
        """Print whether and where a code was sent."""
        where = f"by {name(created.channel)} to {created.destination}"
        if created.status == "SENT":
            self._view.info(f"A code was sent {where}. It expires in {duration(created.expires_in)}.")
        else:
            self._view.info(
                f"No new message was sent. The code sent {where} is still valid. "
                f"You can request another message in {duration(created.resend_in)}."
            )

    def created(self, created: Created) -> None:
        """Print the token of a new challenge."""
        if not self._view.as_json:
            self.code_sent(created)
            self._lines({"subject": created.subject, "token": created.token})
        facts = {field: getattr(created, field) for field in Created.__dataclass_fields__}
        self._view.result("Check the code with the token: `token verify TOKEN CODE`.", facts)

    def proof(self, proof: Proof) -> None:
        """Print a proof."""
        if not self._view.as_json:
            self._lines({"subject": proof.subject, "proof": proof.jwt})
        facts = {"verified": True, "proof": proof.jwt}
        facts |= {field: getattr(proof, field) for field in ("expires_in", "channel", "subject")}
        lifetime = duration(proof.expires_in)
        self._view.result(f"The code is right. The proof expires in {lifetime}.", facts)

    def _lines(self, facts: dict[str, str]) -> None:
        for fact, value in facts.items():
            # A table would break the token into lines, and the user could not copy it.
            self._view.console.print(Text.assemble((f"{fact:<9}", "dim"), value), soft_wrap=True)


def _to_cli_error(error: TokenApiError) -> CliError:
    """Return the service's own sentence, with the exit code for its kind of error."""
    if isinstance(error, WrongCode):
        return CliError(_wrong_code_message(error), REFUSED)
    if isinstance(error, TooSoon):
        return CliError(error.message, RETRY_LATER)
    return CliError(error.message, UNREACHABLE if isinstance(error, Unreachable) else REFUSED)


def _wrong_code_message(error: WrongCode) -> str:
    """The sentence after a wrong code, with the attempts that are left. A long code has no limit."""
    left = error.attempts_left
    attempts = {
        None: "Try again",
        0: "Request another code: it will be longer",
        1: "This is the last attempt",
    }
    return f"That code is wrong. {attempts.get(left, f'{left} attempts left')}."
