"""Commands and steps that more than one sentence ends with, as they are typed from the project's folder."""

from collections.abc import Iterable

from tools.pool_admin.stack import CODE_ONLY

COMMAND = ".venv/bin/python -m tools.pool_admin"
ANSWERS = "samconfig.mine.toml"


def attach(pool_id: str, stack: str, *rest: str) -> str:
    """The attach of a pool; `rest` names its app clients, and may be empty."""
    return " ".join(filter(None, (COMMAND, "attach", pool_id, "--stack", stack, *rest)))


def deploy_with(setting: str) -> str:
    """How a parameter, `Name=value`, is changed for good."""
    return f"Set {setting} in parameter_overrides of {ANSWERS}, then `make deploy`."


def code_only(clients: Iterable[str]) -> str:
    """The whole list as a parameter. SAM wants quotes where there is nothing."""
    listed = ",".join(clients) or '""'
    return f"{CODE_ONLY}={listed}"


def keep_code_only(clients: Iterable[str]) -> str:
    """What is left to do after attach: `make deploy` passes every saved answer again."""
    return (
        f"Put {code_only(clients)} into parameter_overrides of {ANSWERS}, "
        "or the next deployment takes it back."
    )
