"""Commands and steps that fix a finding, as an operator types them in the project's folder."""

from collections.abc import Iterable
from dataclasses import dataclass

from tools.pool_admin.aws_resources.stack import CODE_ONLY

COMMAND = ".venv/bin/python -m tools.pool_admin"
ANSWERS = "samconfig.mine.toml"


@dataclass(frozen=True)
class Fix:
    """A command or a step. Fixes with the same `text` are one fix with the `options` of all."""

    text: str
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.text, *self.options))


def joined(steps: Iterable[Fix]) -> tuple[Fix, ...]:
    """The fixes, each text once, in the order of the first of each."""
    options: dict[str, dict[str, None]] = {}
    for step in steps:
        options.setdefault(step.text, {}).update(dict.fromkeys(step.options))
    return tuple(Fix(text, tuple(known)) for text, known in options.items())


def attach(pool_id: str, stack: str, *rest: str) -> str:
    """The attach of a pool; `rest` names its app clients, and may be empty."""
    return " ".join(filter(None, (COMMAND, "attach", pool_id, "--stack", stack, *rest)))


def deploy_with(setting: str) -> str:
    """How an operator changes a parameter, `Name=value`, so that it stays."""
    return f"Set {setting} in parameter_overrides of {ANSWERS}, then `make deploy`."


def code_only(clients: Iterable[str]) -> str:
    """The whole list as a parameter. SAM needs quotes around an empty value."""
    listed = ",".join(clients) or '""'
    return f"{CODE_ONLY}={listed}"


def keep_code_only(clients: Iterable[str]) -> str:
    """What is left to do after attach: `make deploy` passes every saved answer again."""
    return (
        f"Put {code_only(clients)} into parameter_overrides of {ANSWERS}, "
        "or the next deployment takes it back."
    )
