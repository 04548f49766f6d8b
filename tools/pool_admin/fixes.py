"""Commands and steps that fix a finding. An operator runs the commands in the project's folder."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from tools.pool_admin.aws_resources.stack import CODE_ONLY

COMMAND = ".venv/bin/python -m tools.pool_admin"
PARAMETERS = "samconfig.mine.toml"


@dataclass(frozen=True)
class Fix:
    """A command or a step. Fixes with the same `text` are joined, with the `options` of all of them."""

    text: str
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.text, *self.options))


def join_fixes(steps: Iterable[Fix]) -> tuple[Fix, ...]:
    """Return the fixes with each text once. The order stays."""
    options: dict[str, dict[str, None]] = {}
    for step in steps:
        options.setdefault(step.text, {}).update(dict.fromkeys(step.options))
    return tuple(Fix(text, tuple(names)) for text, names in options.items())


def attach_command(pool_id: str, stack: str, *rest: str) -> str:
    """Return the command that attaches a pool. `rest` are more options, such as its app clients."""
    return " ".join(filter(None, (COMMAND, "attach", pool_id, "--stack", stack, *rest)))


def aws_command(command: str, region: str, profile: str | None) -> str:
    """Return the command of the AWS CLI in a region, with the profile if there is one."""
    return " ".join(("aws", command, "--region", region, *profile_option(profile)))


def profile_option(profile: str | None) -> tuple[str, ...]:
    """Return the option for an AWS profile; empty without one."""
    return (f"--profile {shlex.quote(profile)}",) if profile else ()


def deploy_with(setting: str) -> str:
    """Return the step that sets a parameter, `Name=value`, for this and all later deployments."""
    return f"Set {setting} in parameter_overrides of {PARAMETERS}, then `make deploy`."


def code_only(clients: Iterable[str]) -> str:
    """Return the parameter CodeOnlyClientIds with its whole list. SAM needs quotes around an empty value."""
    listed = ",".join(clients) or '""'
    return f"{CODE_ONLY}={listed}"


def keep_code_only(clients: Iterable[str]) -> str:
    """Return the step that is left after attach, because `make deploy` passes the saved parameters again."""
    return (
        f"Put {code_only(clients)} into parameter_overrides of {PARAMETERS}, "
        "or the next deployment resets it."
    )
