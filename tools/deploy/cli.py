"""The command line of the deployment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tools.deploy.deployment import Deployment, Options
from tools.deploy.errors import DeployError
from tools.env_formats import format_env, stack_variables

ROOT = Path(__file__).parents[2]
FAILED, DECLINED = 1, 4

app = typer.Typer(
    help=(
        "Deploy the stack to AWS. `make deploy` runs it.\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong options, 4 declined."
    ),
    pretty_exceptions_enable=False,
    add_completion=False,
)


class Ask(StrEnum):
    """The parameters to ask for."""

    MISSING = "missing"
    ALL = "all"


class Form(StrEnum):
    """The tool that reads an .env file."""

    DOTENV = "dotenv"
    VITE = "vite"
    NEXT = "next"


Stack = Annotated[str, typer.Option(help="The name of the stack.")]
Region = Annotated[str, typer.Option(help="The region.")]
Settings = Annotated[
    str,
    typer.Option(
        "--set",
        envvar="PASSCODE_SET",
        metavar="TEXT",
        help="Parameters to set and keep: \"Name=Value Other='two words'\".",
    ),
]
Asks = Annotated[Ask, typer.Option(help="Ask for what is missing, or for all parameters.")]
Yes = Annotated[bool, typer.Option("--yes", help="Deploy without asking.")]
Rights = Annotated[
    bool, typer.Option("--rights/--no-rights", help="Check the permissions of the credentials first.")
]
Build = Annotated[str, typer.Option(metavar="COMMAND", help="The command that builds the functions.")]
Built = Annotated[Path, typer.Option(help="The folder of the build.")]
Sam = Annotated[Path, typer.Option(help="The program sam.")]
Mine = Annotated[Path, typer.Option("--config", metavar="FILE", help="The file of your answers.")]
MINE = ROOT / "samconfig.mine.toml"


@app.callback(invoke_without_command=True)
def deploy(
    context: typer.Context,
    stack: Stack = "",
    region: Region = "",
    settings: Settings = "",
    ask: Asks = Ask.MISSING,
    yes: Yes = False,
    rights: Rights = True,
    build: Build = "",
    built: Built = ROOT / ".aws-sam" / "build",
    sam: Sam = ROOT / ".venv-sam" / "bin" / "sam",
    config: Mine = MINE,
) -> None:
    """Ask for what is missing, check it, show the changes, ask once, and deploy."""
    if context.invoked_subcommand:
        return
    options = Options(
        root=ROOT,
        stack=stack,
        region=region,
        settings=settings,
        asks_all=ask is Ask.ALL,
        is_confirmed=yes,
        checks_rights=rights,
        build=build,
        built=built,
        sam=sam,
        config=config,
    )
    with errors_as_sentences():
        is_done = Deployment(options, Console(highlight=False)).run()
    if not is_done:
        raise typer.Exit(DECLINED)


@app.command()
def env(
    form: Annotated[Form, typer.Option("--format", help="The tool that reads the file.")] = Form.DOTENV,
    config: Mine = MINE,
) -> None:
    """Print the .env file of the stack that samconfig.mine.toml names."""
    with errors_as_sentences():
        region, outputs = Deployment.deployed_outputs(config)
        typer.echo(format_env(stack_variables(outputs, region), form.value))


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Print a `DeployError` of the body as its text on standard error, and exit."""
    try:
        yield
    except DeployError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(FAILED)
    except (KeyboardInterrupt, typer.Abort):
        Console(stderr=True).print("\nInterrupted.", style="red")
        sys.exit(130)
