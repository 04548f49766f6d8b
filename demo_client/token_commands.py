"""The commands of the token service: codes outside a sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import NoCredentialsError

from demo_client import pool, token_file, token_place
from demo_client.desks import ask
from demo_client.errors import PlainError
from demo_client.options import Json, Stack, ThisChannel, command
from demo_client.token_client import Proof, TokenApiError, TokenClient, WrongCode
from demo_client.token_view import TokenView, plain, wrong
from demo_client.view import View

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
    with _calling(stack, as_json=as_json) as (view, service):
        if (email is None) == (phone is None):
            raise PlainError("Name one address: --email EMAIL or --phone NUMBER.")
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
    with _calling(stack, as_json=as_json) as (view, service):
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
    with _calling(stack, as_json=as_json) as (view, service):
        id_token = token_file.load(pool.find(stack)).id_token
        created = service.step_up(id_token, channel=channel, purpose=purpose, audience=audience)
        shown = TokenView(view)
        shown.on_its_way(created)
        shown.proof(_answered(view, service, id_token, created.token))


def _answered(view: View, service: TokenClient, id_token: str, token: str) -> Proof:
    while True:
        try:
            return service.verify_step_up(id_token, token, ask(view, "Code").strip())
        except WrongCode as error:
            if not error.attempts_left:
                raise
            view.say(wrong(error))


@contextmanager
def _calling(stack: Path | None, *, as_json: bool) -> Iterator[tuple[View, TokenClient]]:
    with command(as_json=as_json) as view:
        try:
            yield view, token_place.find(stack).client()
        except TokenApiError as error:
            raise plain(error) from None
        except NoCredentialsError:
            raise PlainError(
                "There are no AWS credentials to sign with. Set AWS_PROFILE, or run `aws configure`."
            ) from None
