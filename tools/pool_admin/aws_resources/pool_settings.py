"""The settings that an update must repeat, and changes of settings as data.

UpdateUserPool and UpdateUserPoolClient reset most settings that a request leaves out. botocore's model names
the settings that a description and a request have in common. Settings with another rule are here by name.
"""

from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from typing import Any, cast

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

Settings = dict[str, Any]

# UpdateUserPoolRequest has other names for these two settings than the description.
RENAMED = {"Name": "PoolName", "Id": "UserPoolId"}
# The old names of three texts of VerificationMessageTemplate, and their names there.
_OLD_TEXTS = {
    "EmailVerificationMessage": "EmailMessage",
    "EmailVerificationSubject": "EmailSubject",
    "SmsVerificationMessage": "SmsMessage",
}
# Settings that AWS keeps when a request leaves them out, and that are never sent.
KEPT_BY_AWS = {
    "UpdateUserPool": frozenset(
        # Sent without EnableStatus, it would turn dynamic client registration on.
        {"DcrConfiguration"}
    ),
    "UpdateUserPoolClient": frozenset(
        # AWS does not describe it. False deletes the client's secret in Secrets Manager at once.
        {"PublishSecretsInAWSSecretsManager"}
    ),
}
# Default values of AWS, by path. A setting with its default value is not sent, because some plans refuse it.
_DEFAULTS: tuple[tuple[tuple[str, ...], Any], ...] = (
    *((("AcrConfiguration", f"Level{n}"), {"AcrValue": f"urn:cognito:loa:{n}"}) for n in (1, 2, 3, 4)),
    (("Policies", "SignInPolicy"), {"AllowedFirstAuthFactors": ["PASSWORD"]}),
    (("UserPoolAddOns",), {"AdvancedSecurityMode": "OFF"}),
)
# Settings that AWS describes for a pool of the Lite plan, and refuses in its updates.
_NOT_IN_LITE = (("AcrConfiguration",), ("Policies", "SignInPolicy"))
# The types of JSON values by the model's types.
_JSON_TYPES: dict[str, type] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
}
_BY_LINK = ("EmailMessageByLink", "EmailSubjectByLink")
_BY_CODE = ("EmailMessage", "EmailSubject")


def pool_settings(model: ServiceModel, described: Mapping[str, Any]) -> Settings:
    """Return the UpdateUserPool request that changes nothing, from the description of a pool."""
    named = {RENAMED.get(name, name): value for name, value in described.items()}
    settings = _request(model, "UpdateUserPool", named)
    for adjust in _POOL_RULES:
        adjust(settings)
    return settings


def settings_above_the_plan(described: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the described settings that the pool's plan refuses in an update."""
    kept = dict(described)
    _drop_defaults(kept)
    paths = _NOT_IN_LITE if described.get("UserPoolTier") == "LITE" else ()
    return tuple(".".join(path) for path in paths if value_at(kept, path))


def client_settings(model: ServiceModel, described: Mapping[str, Any]) -> Settings:
    """Return the UpdateUserPoolClient request that changes nothing, from the description of an app client."""
    settings = _request(model, "UpdateUserPoolClient", described)
    _drop_doubled_analytics(settings)
    return settings


def mfa_settings(model: ServiceModel, described: Mapping[str, Any]) -> Settings:
    """Return the SetUserPoolMfaConfig request that changes nothing, without the pool's id."""
    settings = _accepted_structure(described, _shape(model, "SetUserPoolMfaConfigRequest"), complete=False)
    return settings or {}


def _shape(model: ServiceModel, name: str) -> StructureShape:
    return cast(StructureShape, model.shape_for(name))


def _request(model: ServiceModel, operation: str, described: Mapping[str, Any]) -> Settings:
    sent = {name: value for name, value in described.items() if name not in KEPT_BY_AWS[operation]}
    return _accepted(sent, model.shape_for(f"{operation}Request")) or {}


def structure_members(model: ServiceModel, name: str) -> Mapping[str, Shape]:
    """Return the members of the structure `name` in botocore's model."""
    return _shape(model, name).members


def _drop_defaults(pool: Settings) -> None:
    for path, default in _DEFAULTS:
        if value_at(pool, path) == default:
            _drop(pool, *path)


def _drop_settings_above_the_plan(pool: Settings) -> None:
    for path in _NOT_IN_LITE if pool.get("UserPoolTier") == "LITE" else ():
        _drop(pool, *path)


def _drop_old_invitation_life(pool: Settings) -> None:
    # AWS describes the old setting and the new one, and refuses a request with both.
    if "TemporaryPasswordValidityDays" in pool.get("Policies", {}).get("PasswordPolicy", {}):
        _drop(pool, "AdminCreateUserConfig", "UnusedAccountValidityDays")


def _move_old_texts(pool: Settings) -> None:
    # AWS describes these texts twice, and accepts them in the template only.
    old = {new: pool.pop(name) for name, new in _OLD_TEXTS.items() if name in pool}
    if old:
        template = {**old, **pool.get("VerificationMessageTemplate", {})}
        pool["VerificationMessageTemplate"] = template
    template = pool.get("VerificationMessageTemplate", {})
    # The API reference allows the email with a link or the email with a code, and not both.
    if any(name in template for name in _BY_LINK) and any(name in template for name in _BY_CODE):
        by_link = template.get("DefaultEmailOption") == "CONFIRM_WITH_LINK"
        for name in _BY_CODE if by_link else _BY_LINK:
            _drop(pool, "VerificationMessageTemplate", name)


def _drop_tags_of_aws(pool: Settings) -> None:
    # An update keeps the tags of AWS, and AWS refuses a request with one of them.
    if "UserPoolTags" in pool:
        pool["UserPoolTags"] = {k: v for k, v in pool["UserPoolTags"].items() if not k.startswith("aws:")}


def _drop_mfa_without_sms(pool: Settings) -> None:
    # UpdateUserPool refuses MFA without SMS. Pool.update restores it with SetUserPoolMfaConfig.
    if "SmsConfiguration" not in pool and pool.get("MfaConfiguration") != "OFF":
        pool.pop("MfaConfiguration", None)


def _drop_doubled_claims_trigger(pool: Settings) -> None:
    # For version 1 AWS also describes the new setting, though only the old one was set.
    triggers = pool.get("LambdaConfig", {})
    versioned = triggers.get("PreTokenGenerationConfig", {})
    if versioned == {"LambdaVersion": "V1_0", "LambdaArn": triggers.get("PreTokenGeneration")}:
        _drop(pool, "LambdaConfig", "PreTokenGenerationConfig")


_POOL_RULES = (
    _drop_defaults,
    _drop_settings_above_the_plan,
    _drop_old_invitation_life,
    _move_old_texts,
    _drop_tags_of_aws,
    _drop_mfa_without_sms,
    _drop_doubled_claims_trigger,
)


def _drop_doubled_analytics(client: Settings) -> None:
    # A request names a project by its ARN, or by its id and a role. The description can have both.
    if "ApplicationArn" in client.get("AnalyticsConfiguration", {}):
        for name in ("ApplicationId", "ExternalId", "RoleArn"):
            _drop(client, "AnalyticsConfiguration", name)


def _drop(settings: Settings, *path: str) -> None:
    name, *rest = path
    if rest and name in settings:
        # The nested group can be the description's object, which must not change.
        settings[name] = dict(settings[name])
        _drop(settings[name], *rest)
    if not rest or settings.get(name) == {}:
        settings.pop(name, None)


def value_at(settings: Mapping[str, Any], path: Iterable[str]) -> Any:
    """Return the value at `path`, or None."""
    value: Any = settings
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def has_type(value: Any, shape: Shape) -> bool:
    """Return whether `value`, from JSON, has the type of `shape`. True for types that no setting has."""
    if isinstance(value, bool):
        return shape.type_name == "boolean"
    expected = _JSON_TYPES.get(shape.type_name)
    return expected is None or isinstance(value, expected)


def _accepted(value: Any, shape: Shape) -> Any:
    """`value` without the parts that the request does not accept; None if nothing is left.

    AWS describes some unset settings as empty or as null. A value below the request's minimum counts as
    unset.
    """
    if value is None or not has_type(value, shape):
        return None
    if isinstance(shape, StructureShape):
        return _accepted_structure(value, shape)
    if isinstance(shape, ListShape):
        value = [kept for item in value if (kept := _accepted(item, shape.member)) is not None]
    elif isinstance(shape, MapShape):
        parts = {key: _accepted(part, shape.value) for key, part in value.items()}
        value = {key: part for key, part in parts.items() if part is not None}
    least = shape.metadata.get("min")
    size = len(value) if isinstance(value, Sized) else value
    return None if least is not None and size < least else value


def _accepted_structure(
    value: Mapping[str, Any], shape: StructureShape, *, complete: bool = True
) -> Settings | None:
    kept = {
        name: part
        for name, member in shape.members.items()
        if (part := _accepted(value.get(name), member)) is not None
    }
    lacks_some = complete and any(name not in kept for name in shape.required_members)
    return None if lacks_some else kept or None


# Lists whose elements are independent: another user can have added elements since.
_SETS = ("ReadAttributes", "WriteAttributes")


@dataclass(frozen=True)
class SettingChange:
    """One setting at `path`, from `before` to `after`. None means that the setting is not set."""

    path: tuple[str, ...]
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {_format_value(self.before)} → {_format_value(self.after)}"


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any], path: tuple[str, ...] = ()
) -> list[SettingChange]:
    """Return the settings in which two requests differ, by path. The order of a list does not matter."""
    changes = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        values = [value for value in (old, new) if value is not None]
        if values and all(isinstance(value, dict) for value in values):
            changes += difference(old or {}, new or {}, (*path, name))
        elif not is_same_value(old, new):
            changes.append(SettingChange((*path, name), old, new))
    return changes


def is_same_value(first: Any, second: Any) -> bool:
    """Return whether AWS treats two values as equal.

    AWS returns lists in any order, and null for no value.
    """
    return _in_order(first) == _in_order(second)


def with_changes(settings: Settings, changes: Iterable[SettingChange]) -> Settings:
    """Return a copy of `settings` with the new values of all changes."""
    for change in changes:
        settings = _with_value(settings, change.path, change.after)
    return settings


def reverse_change(change: SettingChange, now: Any) -> SettingChange | None:
    """Return the change that undoes `change` if the value is `now`; None if there is nothing to undo.

    Raises ValueError if the setting has another value, because another user changed it later.
    """
    if is_same_value(now, change.before):
        return None
    if is_same_value(now, change.after):
        return SettingChange(change.path, now, change.before)
    if change.path[-1] in _SETS and isinstance(now, list):
        added = set(change.after or ()) - set(change.before or ())
        kept = [name for name in now if name not in added]
        return SettingChange(change.path, now, kept) if kept != now else None
    raise ValueError(change.path)


def _in_order(value: Any) -> str:
    """Return a text that is the same for values that differ in the order of lists and members alone."""
    if isinstance(value, Mapping):
        members = sorted(name for name, part in value.items() if part is not None)
        return f"{{{','.join(f'{name!r}:{_in_order(value[name])}' for name in members)}}}"
    if isinstance(value, list):
        return f"[{','.join(sorted(map(_in_order, value)))}]"
    return repr(value)


def _with_value(settings: Settings, path: tuple[str, ...], value: Any) -> Settings:
    name, *rest = path
    if rest:
        value = _with_value(settings.get(name) or {}, tuple(rest), value) or None
    kept = {key: old for key, old in settings.items() if key != name}
    return kept if value is None else kept | {name: value}


def _format_value(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
