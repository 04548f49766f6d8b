"""Environment variables as typed values. An error names the variable, its bounds and where the stack sets it.

Imports nothing, because `define` imports it at every cold start.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingError(ValueError):
    """A variable is missing or wrong. The text is for the operator of the stack."""


class Variables:
    """The variables of a function. Each method reads one of them, or raises `SettingError`.

    `parameter` is the parameter of the stack that sets the variable. Without one a resource of the template
    sets it.
    """

    def __init__(self, environment: "Mapping[str, str]") -> None:
        self._environment = environment

    def text(self, name: str, *, parameter: str = "", default: "str | None" = None) -> str:
        """A text that is not empty, unless `default` is."""
        value = self._environment.get(name) or default
        if value is None:
            raise SettingError(f"{name} is not set. {_remedy(parameter)}")
        return value

    def number(
        self, name: str, low: int, high: int, *, parameter: str = "", default: "int | None" = None
    ) -> int:
        """A whole number from `low` to `high`."""
        text = self.text(name, parameter=parameter, default=None if default is None else str(default))
        # isdecimal alone is true for digits of every script.
        value = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else None
        if value is None or not low <= value <= high:
            raise SettingError(
                f"{name} is {text!r}. It must be a whole number from {low} to {high}. {_remedy(parameter)}"
            )
        return value

    def choice(self, name: str, *choices: str, parameter: str = "", default: "str | None" = None) -> str:
        """One of `choices`."""
        text = self.text(name, parameter=parameter, default=default)
        if text not in choices:
            raise SettingError(
                f"{name} is {text!r}. It must be one of {', '.join(choices)}. {_remedy(parameter)}"
            )
        return text

    def names(
        self, name: str, *, separator: str = ",", parameter: str = "", default: "str | None" = None
    ) -> "tuple[str, ...]":
        """The parts of a list, without empty ones; at least one, unless `default` is empty."""
        text = self.text(name, parameter=parameter, default=default)
        parts = tuple(part.strip() for part in text.split(separator) if part.strip())
        if not parts and default is None:
            raise SettingError(f"{name} is {text!r}, which names nothing. {_remedy(parameter)}")
        return parts


def _remedy(parameter: str) -> str:
    if parameter:
        return f"Set the stack's parameter {parameter}, and deploy the stack again."
    return "The template sets it: deploy the stack again, and do not change the function by hand."
