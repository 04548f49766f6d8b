"""The commands. Each reads what was typed, calls one thing, and shows its outcome."""

import typer

from demo_client import local_stack_api
from demo_client.cli.code_prompt import ConsolePrompt, InboxPrompt, SignInLoop, ask, ask_password
from demo_client.cli.options import (
    HELP,
    Email,
    Everywhere,
    FirstChannel,
    Json,
    Passwordless,
    Phone,
    Port,
    ReadInbox,
    Resend,
    ShowTokens,
    Stack,
    ThisChannel,
    command,
)
from demo_client.cli.token_commands import token_app
from demo_client.cli.view import View
from demo_client.cognito import session
from demo_client.cognito.account import Account
from demo_client.cognito.aws_clients import cognito_client
from demo_client.cognito.pool_config import PoolConfig, find_pool
from demo_client.cognito.sign_in import SignIn
from demo_client.scenarios import run

app = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(token_app, name="token")


@app.command()
def sign_up(
    email: Email,
    phone: Phone = None,
    channel: FirstChannel = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Make an account. On the local stack its addresses are confirmed at once."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        account = Account(cognito_client(pool), pool, email)
        sub = account.sign_up(ask_password(view), phone, channel)
        if pool.is_local:
            local_stack_api.confirm_account(pool, email, phone)
        elif not as_json:
            account.confirm(ask(view, "The confirmation code that Cognito mailed"))
        if phone and not pool.is_local:
            view.info("The number counts once it is verified; until then codes go to the email address.")
        facts = {"sub": sub, "email": email, "confirmed": pool.is_local or not as_json}
        view.result(f"The account is made. Sign in: `sign-in {email}`.", facts)


@app.command()
def confirm(email: Email, resend: Resend = False, stack: Stack = None, as_json: Json = False) -> None:
    """Confirm the address of a new account with the code that Cognito mailed."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        account = Account(cognito_client(pool), pool, email)
        if resend:
            account.resend_confirmation()
        account.confirm(ask(view, "The confirmation code that Cognito mailed"))
        view.result(
            f"The address is confirmed. Sign in: `sign-in {email}`.", {"email": email, "confirmed": True}
        )


@app.command()
def sign_in(
    email: Email,
    passwordless: Passwordless = False,
    channel: ThisChannel = None,
    inbox: ReadInbox = False,
    stack: Stack = None,
    as_json: Json = False,
    show_tokens: ShowTokens = False,
) -> None:
    """Sign in. At the prompt: the code, or resend, email or sms for another message."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        prompt = _code_prompt(view, pool, email if inbox else None)
        flow = SignIn(cognito_client(pool), pool, email, passwordless=passwordless)
        password = "" if passwordless else ask_password(view)
        tokens = SignInLoop(flow, prompt).run(password, channel)
        view.user(session.verify_and_save(pool, tokens), tokens, show_tokens=show_tokens)


@app.command()
def whoami(stack: Stack = None, as_json: Json = False, show_tokens: ShowTokens = False) -> None:
    """Say who is signed in, by the tokens kept here and by the pool."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        view.user(*session.whoami(cognito_client(pool), pool), show_tokens=show_tokens)


@app.command()
def refresh(stack: Stack = None, as_json: Json = False, show_tokens: ShowTokens = False) -> None:
    """Renew the tokens without a new code."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        view.user(*session.refresh(cognito_client(pool), pool), show_tokens=show_tokens)


@app.command()
def sign_out(everywhere: Everywhere = False, stack: Stack = None, as_json: Json = False) -> None:
    """End the sign-in at the pool, and forget its tokens here."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        session.sign_out(cognito_client(pool), pool, everywhere=everywhere)
        where = "everywhere" if everywhere else "here"
        view.result(f"Signed out {where}.", {"signed_in": False, "everywhere": everywhere})


@app.command()
def demo(port: Port = None) -> None:
    """Start the local stack and tell what it can do, step by step (make demo)."""
    with command(as_json=False):
        run.run_demo(port)


def _code_prompt(view: View, pool: PoolConfig, inbox_of: str | None) -> ConsolePrompt:
    if inbox_of is None:
        return ConsolePrompt(view)
    return InboxPrompt(view, local_stack_api.Inbox(local_stack_api.running_stack(pool), inbox_of))
