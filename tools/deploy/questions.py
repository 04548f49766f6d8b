"""The questions of a deployment, in a terminal. An answer that is wrong is asked for again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import typer
from rich.console import Console

from tools.deploy.checks import value_problem
from tools.deploy.errors import DeployError
from tools.deploy.template import Template

# What a user types for an empty value, because Enter takes the value in brackets.
EMPTY = '""'

Check = Callable[[str], str | None]


class Questions:
    """Asks in the terminal. Without one, `require_terminal` says how to give the answers."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.has_terminal = sys.stdin.isatty()

    def ask(self, name: str, check: Check, default: str | None = None, explanation: str = "") -> str:
        """Return the answer to the question for `name`, which `check` accepts.

        `check` returns the problem of an answer, or None. Enter returns `default`, if there is one.
        """
        if explanation:
            self._console.print(explanation, style="dim", markup=False, highlight=False)
        while True:
            answer = str(typer.prompt(name, default=default, show_default=bool(default))).strip()
            answer = "" if answer == EMPTY else answer
            problem = check(answer)
            if problem is None:
                return answer
            self._console.print(problem, style="red", markup=False, highlight=False)

    def confirm(self, question: str) -> bool:
        """Return whether the user says yes. Enter is no."""
        return typer.confirm(question, default=False)


def ask_parameters(questions: Questions, template: Template, known: Mapping[str, str]) -> dict[str, str]:
    """Return answers for the parameters without a default and without a known value."""
    missing = [name for name in template.required if not known.get(name)]
    return {name: _ask(questions, template, name, None) for name in missing}


def ask_all(
    questions: Questions, console: Console, template: Template, known: Mapping[str, str]
) -> dict[str, str]:
    """Return answers for all parameters, with their known value or default to accept with Enter."""
    console.print(f"Enter keeps the value in brackets. {EMPTY} makes a value empty.")
    answers = {}
    for title, names in template.groups:
        console.print(f"\n{title}", style="bold")
        for name in names:
            answers[name] = _ask(questions, template, name, known.get(name, template.defaults.get(name)))
    return answers


def _ask(questions: Questions, template: Template, name: str, default: str | None) -> str:
    declared = template.parameters[name]
    allowed = f" ({', '.join(map(str, declared['AllowedValues']))})" if "AllowedValues" in declared else ""
    return questions.ask(
        name,
        lambda answer: value_problem(template, name, answer),
        default,
        f"{declared['Description']}{allowed}",
    )


def require_terminal(questions: Questions, missing: Mapping[str, str], *, is_confirmed: bool) -> None:
    """Raise `DeployError` if there is no terminal, and an answer is missing.

    `missing` has the name of each missing answer, and how to give it in the command.
    """
    if questions.has_terminal or (not missing and is_confirmed):
        return
    needed = dict(missing) if is_confirmed else {**missing, "your consent to the changes": "YES=1"}
    raise DeployError(
        f"There is no terminal to ask in, and these are missing: {', '.join(needed)}. "
        f"Give them in the command: make deploy {' '.join(needed.values())}"
    )
