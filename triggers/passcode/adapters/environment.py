"""Reads the variables of a Lambda function's environment, and checks them.

This module imports nothing, because `define` imports it at every cold start.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# How much a stack monitors: every metric, those of the most important alarms, or none.
FULL, ESSENTIAL, OFF = "FULL", "ESSENTIAL", "OFF"
MONITORING = (FULL, ESSENTIAL, OFF)
# The parameter in template.yaml that sets each required variable. The stack itself sets the others.
PARAMETERS = {
    "ANSWERS_PER_SESSION": "AnswersPerSession",
    "APP_NAME": "AppName",
    "ASSURANCE_CLAIMS": "AssuranceClaims",
    "BRAND_COLOR": "BrandColor",
    "CALLBACK_URLS": "HostedCallbackUrls",
    "CHANNEL_CHOICE": "ChannelChoice",
    "CHANNEL_ORDER": "ChannelOrder",
    "CODE_DIGITS": "CodeDigits",
    "CODE_ONLY_DIGITS": "CodeDigits",
    "CODE_LIFE_SECONDS": "CodeLifeSeconds",
    "COOLDOWN_SECONDS": "CooldownSeconds",
    "DEFAULT_LOCALE": "DefaultLocale",
    "EMAILS_PER_DAY": "EmailsPerDay",
    "GATEWAY_FUNCTION_ARN": "GatewayFunctionArn",
    "HARD_LIMIT": "HardLimit",
    "MODE": "HostedSignInMode",
    "MONITORING": "Monitoring",
    "PROOF_LIFE_SECONDS": "ProofLifeSeconds",
    "REDIRECT_URIS": "HostedDomainPrefix or HostedExtraRedirectUris",
    "SENDER_EMAIL": "SenderEmail",
    "SEND_BURST": "SendBurst",
    "SEND_INTERVAL_SECONDS": "SendIntervalSeconds",
    "SES_REGION": "SenderIdentityArn",
    "SIGN_IN_HOST": "SignInHost",
    "SMS_COUNTRIES": "SmsCountries",
    "SMS_GATEWAY": "SmsGateway",
    "SMS_MAX_PRICE": "SmsMaxPrice",
    "SMS_OPTIONS": "SmsOptions",
    "SMS_PER_COUNTRY_PER_DAY": "SmsPerCountryPerDay",
    "SMS_PER_DAY": "SmsPerDay",
    "SMS_UNANSWERED_PER_COUNTRY": "SmsUnansweredPerCountry",
    "STEP_UP_MAX_AUTH_AGE": "StepUpMaxAuthAge",
    "USER_POOL_ID": "UserPoolId",
    "WRONG_ANSWERS_PER_DAY": "WrongAnswersPerDay",
}


class SettingError(ValueError):
    """A variable is missing or wrong. The text has its name, its bounds, and the parameter that sets it."""


class Variables:
    """The variables of one Lambda function. Each method raises `SettingError` for a value that it refuses."""

    __slots__ = ("_environment",)

    def __init__(self, environment: "Mapping[str, str]") -> None:
        self._environment = environment

    def optional_text(self, name: str) -> str:
        """Return a text, or an empty one if the variable is missing."""
        return self._environment.get(name, "")

    def text(self, name: str) -> str:
        """Return a text of at least one character. The error never has the value, which may be the salt."""
        return self._required(name, "a text")

    def whole_number(self, name: str, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        rule = f"a whole number from {low} to {high}"
        value = self._required(name, rule)
        # An int() of a very long text raises an error without the name.
        is_number = value.isascii() and value.isdigit() and len(value) <= len(str(high))
        if not is_number or not low <= int(value) <= high:
            raise setting_error(name, f"is {value!r}", rule)
        return int(value)

    def choice(self, name: str, choices: "Collection[str]") -> str:
        """Return one of `choices`."""
        rule = f"one of {', '.join(choices)}"
        value = self._required(name, rule)
        if value not in choices:
            raise setting_error(name, f"is {value!r}", rule)
        return value

    def names(
        self, name: str, choices: "Collection[str]" = (), *, separator: "str | None" = ","
    ) -> "tuple[str, ...]":
        """Return the names of a list, at least one. If there are `choices`, each is there at most once.

        Without a separator (None), white space separates the names.
        """
        rule = "a list of at least one name"
        if choices:
            rule = f"a list of {', '.join(choices)}, each at most once"
        value = self._required(name, rule)
        names = tuple(value.split(separator))
        is_checked = not choices or (set(names) <= set(choices) and len(set(names)) == len(names))
        if not names or not all(names) or not is_checked:
            raise setting_error(name, f"is {value!r}", rule)
        return names

    def pairs(self, name: str) -> "dict[str, str]":
        """Return the values of a list of `name=value` pairs by name; empty if the variable is missing."""
        value = self._environment.get(name, "")
        pairs = [pair.partition("=") for pair in value.split(",")] if value else []
        found = {key: text for key, _, text in pairs}
        if not all(key and text for key, text in found.items()) or len(found) < len(pairs):
            raise setting_error(name, f"is {value!r}", "name=value pairs, separated by commas, no name twice")
        return found

    def names_and_value(self, name: str, choices: "Collection[str]") -> "tuple[tuple[str, ...], str]":
        """Return the parts of `name,name=value`: each name is one of `choices`. ((), "") if it is missing."""
        text = self._environment.get(name, "")
        listed, _, value = text.partition("=")
        names = tuple(listed.split(","))
        if not text:
            return (), ""
        if not value or not set(names) <= set(choices):
            rule = f"a list of {', '.join(choices)}, an equals sign and a value"
            raise setting_error(name, f"is {text!r}", rule)
        return names, value

    def _required(self, name: str, rule: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            raise setting_error(name, "is missing or empty", rule)
        return value


def setting_error(name: str, problem: str, rule: str) -> SettingError:
    """Return the error for the variable `name`. `rule` says which value it must have."""
    parameter = PARAMETERS.get(name)
    origin = f"its parameter {parameter} sets" if parameter else "the stack itself sets"
    return SettingError(
        f"{name} {problem}. It must be {rule}. Deploy the stack again: {origin} this variable."
    )
