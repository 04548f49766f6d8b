"""The parameter SmsOptions: options of the gateway for SMS and calls, as `name=value` pairs."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from passcode.adapters.environment import Variables, setting_error

SNS, END_USER_MESSAGING, NOTIFY = "SNS", "END_USER_MESSAGING", "NOTIFY"
SMS_GATEWAYS = (SNS, END_USER_MESSAGING, NOTIFY)
_NAME = "SMS_OPTIONS"
# The options that each gateway for SMS has, and those of calls, which each stack can have.
_OPTIONS = {
    SNS: {"origination_identity", "india_entity", "india_template"},
    END_USER_MESSAGING: {"origination_identity", "india_entity", "india_template"},
    NOTIFY: {"notify_configuration", "notify_template"},
}
_OF_CALLS = {"configuration_set", "protect_configuration", "voice_origination_identity"}
# Each of these has one value for each language too, such as `notify_template_de`.
_BY_LANGUAGE = ("notify_template", "voice_id")
# A sender ID or a phone number: the origination identities that SNS takes.
_OF_SNS = re.compile(r"[A-Za-z0-9-]{3,11}|\+?[0-9]{5,15}")


@dataclass(frozen=True)
class SmsOptions:
    """The options. Each one is empty if the operator has not set it.

    `configuration_set` and `protect_configuration` are for all messages of End User Messaging, calls too.
    `notify_templates` are ids of templates by language. The template without a language has the empty key.
    `voice_ids` are names of voices by language. docs/gateways.md explains each option.
    """

    origination_identity: str = ""
    configuration_set: str = ""
    protect_configuration: str = ""
    india_entity: str = ""
    india_template: str = ""
    notify_configuration: str = ""
    notify_templates: Mapping[str, str] = field(default_factory=dict)
    voice_origination_identity: str = ""
    voice_ids: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, variables: Variables, gateway: str, languages: Container[str]) -> "SmsOptions":
        """Read the options from SMS_OPTIONS, for `gateway`, one of `SMS_GATEWAYS`.

        `languages` are those of the texts. Raises `SettingError` for an option that the gateway does not
        have, for another form, and for a missing option.
        """
        pairs = variables.pairs(_NAME)
        allowed = _OPTIONS[gateway] | _OF_CALLS
        by_language: dict[str, dict[str, str]] = {name: {} for name in _BY_LANGUAGE}
        plain: dict[str, str] = {}
        for name, value in pairs.items():
            base, language = _split(name)
            if base in by_language and language in languages and (base in allowed or base == "voice_id"):
                by_language[base][language] = value
            elif name == "notify_template" and name in allowed:
                by_language[name][""] = value
            elif name in allowed:
                plain[name] = value
            else:
                raise setting_error(_NAME, f"has {name!r}", f"options of {gateway}: {_list(allowed)}")
        options = cls(
            **plain, notify_templates=by_language["notify_template"], voice_ids=by_language["voice_id"]
        )
        options._check(gateway)
        return options

    def _check(self, gateway: str) -> None:
        if bool(self.india_entity) != bool(self.india_template):
            raise setting_error(
                _NAME, "has only one of two options", "both india_entity and india_template, or neither"
            )
        identity = self.origination_identity
        if gateway == SNS and identity and not _OF_SNS.fullmatch(identity):
            rule = "origination_identity=NAME with 3 to 11 letters, digits and hyphens, or a number"
            raise setting_error(_NAME, f"has {identity!r}", rule)
        if gateway == NOTIFY and not self.notify_configuration:
            raise setting_error(_NAME, "lacks an option", "notify_configuration=ID for NOTIFY")


def _split(name: str) -> tuple[str, str]:
    """Return the base and the language of `notify_template_de`."""
    for base in _BY_LANGUAGE:
        if name.startswith(f"{base}_"):
            return base, name.removeprefix(f"{base}_")
    return name, ""


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))
