"""The commands on accounts and sign-ins. Each reads its options, calls one function and shows the result."""

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
    """Create an account. On the local stack its addresses are confirmed at once."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        account = Account(cognito_client(pool), pool, email)
        sub = account.sign_up(ask_password(view), phone, channel)
        if pool.is_local:
            local_stack_api.confirm_account(pool, email, phone)
        elif not as_json:
            account.confirm(ask(view, "The confirmation code that Cognito sent"))
        if phone and not pool.is_local:
            view.info("Codes go to the email address until the phone number is verified.")
        facts = {"sub": sub, "email": email, "confirmed": pool.is_local or not as_json}
        view.result(f"The account was created. Sign in: `sign-in {email}`.", facts)


@app.command()
def confirm(email: Email, resend: Resend = False, stack: Stack = None, as_json: Json = False) -> None:
    """Confirm the address of a new account with the code that Cognito sent."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        account = Account(cognito_client(pool), pool, email)
        if resend:
            account.resend_confirmation()
        account.confirm(ask(view, "The confirmation code that Cognito sent"))
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
    """Sign in. At the prompt enter the code, or resend, email, sms or voice for another message."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        prompt = _code_prompt(view, pool, email if inbox else None)
        flow = SignIn(cognito_client(pool), pool, email, passwordless=passwordless)
        password = "" if passwordless else ask_password(view)
        tokens = SignInLoop(flow, prompt).run(password, channel)
        view.user(session.verify_and_save(pool, tokens), tokens, show_tokens=show_tokens)


@app.command()
def whoami(stack: Stack = None, as_json: Json = False, show_tokens: ShowTokens = False) -> None:
    """Show the signed-in user. Both the saved tokens and the pool are checked."""
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
    """Sign out of the pool, and delete the saved tokens."""
    with command(as_json=as_json) as view:
        pool = find_pool(stack)
        session.sign_out(cognito_client(pool), pool, everywhere=everywhere)
        scope = "on all devices" if everywhere else "on this device"
        view.result(f"Signed out {scope}.", {"signed_in": False, "everywhere": everywhere})


@app.command()
def demo(port: Port = None) -> None:
    """Start the local stack, run the demo on it and serve the demo page (make demo)."""
    with command(as_json=False):
        run.run_demo(port)


def _code_prompt(view: View, pool: PoolConfig, inbox_of: str | None) -> ConsolePrompt:
    if inbox_of is None:
        return ConsolePrompt(view)
    return InboxPrompt(view, local_stack_api.Inbox(local_stack_api.running_stack(pool), inbox_of))
