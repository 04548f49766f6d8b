"""The settings that an update repeats: UpdateUserPool and UpdateUserPoolClient reset most that are left out.

botocore's model says which settings a description and a request have in common. Settings for which AWS has
another rule are here by name. A change of settings is data: the path, the value before, the value after.
"""

from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from typing import Any, cast

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

Settings = dict[str, Any]

# UpdateUserPoolRequest calls these two by other names than the description.
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
        # Sent without EnableStatus it would turn dynamic client registration on.
        {"DcrConfiguration"}
    ),
    "UpdateUserPoolClient": frozenset(
        # AWS does not describe it. False deletes the client's secret in Secrets Manager at once.
        {"PublishSecretsInAWSSecretsManager"}
    ),
}
# Values that AWS sets by itself, by path. A setting that has them is not sent: some plans refuse it even so.
_DEFAULTS: tuple[tuple[tuple[str, ...], Any], ...] = (
    *((("AcrConfiguration", f"Level{n}"), {"AcrValue": f"urn:cognito:loa:{n}"}) for n in (1, 2, 3, 4)),
    (("Policies", "SignInPolicy"), {"AllowedFirstAuthFactors": ["PASSWORD"]}),
    (("UserPoolAddOns",), {"AdvancedSecurityMode": "OFF"}),
)
# Settings that a pool of the plan Lite may describe, and whose update AWS refuses there.
_NOT_IN_LITE = (("AcrConfiguration",), ("Policies", "SignInPolicy"))
_BY_LINK = ("EmailMessageByLink", "EmailSubjectByLink")
_BY_CODE = ("EmailMessage", "EmailSubject")


def pool_settings(model: ServiceModel, described: Mapping[str, Any]) -> Settings:
    """A described pool as the UpdateUserPool request that changes nothing."""
    named = {RENAMED.get(name, name): value for name, value in described.items()}
    settings = _request(model, "UpdateUserPool", named)
    for adjust in _POOL_RULES:
        adjust(settings)
    return settings


def client_settings(model: ServiceModel, described: Mapping[str, Any]) -> Settings:
    """A described app client as the UpdateUserPoolClient request that changes nothing."""
    settings = _request(model, "UpdateUserPoolClient", described)
    _one_analytics_project(settings)
    return settings


def _request(model: ServiceModel, operation: str, described: Mapping[str, Any]) -> Settings:
    sent = {name: value for name, value in described.items() if name not in KEPT_BY_AWS[operation]}
    return _fitting(sent, model.shape_for(f"{operation}Request")) or {}


def members(model: ServiceModel, name: str) -> Mapping[str, Shape]:
    """The members of the structure `name` in botocore's model."""
    return cast(StructureShape, model.shape_for(name)).members


def _no_defaults(pool: Settings) -> None:
    for path, default in _DEFAULTS:
        if value_at(pool, path) == default:
            _drop(pool, *path)


def _nothing_above_the_plan(pool: Settings) -> None:
    for path in _NOT_IN_LITE if pool.get("UserPoolTier") == "LITE" else ():
        _drop(pool, *path)


def _one_invitation_life(pool: Settings) -> None:
    # AWS refuses the old setting beside the new one, and describes both.
    if "TemporaryPasswordValidityDays" in pool.get("Policies", {}).get("PasswordPolicy", {}):
        _drop(pool, "AdminCreateUserConfig", "UnusedAccountValidityDays")


def _one_verification_text(pool: Settings) -> None:
    # AWS describes these texts twice, and takes them in the template only.
    old = {new: pool.pop(name) for name, new in _OLD_TEXTS.items() if name in pool}
    if old:
        template = {**old, **pool.get("VerificationMessageTemplate", {})}
        pool["VerificationMessageTemplate"] = template
    template = pool.get("VerificationMessageTemplate", {})
    # By the API's reference AWS takes the email by link or by code, never both.
    if any(name in template for name in _BY_LINK) and any(name in template for name in _BY_CODE):
        by_link = template.get("DefaultEmailOption") == "CONFIRM_WITH_LINK"
        for name in _BY_CODE if by_link else _BY_LINK:
            _drop(pool, "VerificationMessageTemplate", name)


def _own_tags_only(pool: Settings) -> None:
    # Tags of AWS's own stay where they are, and a request that names one is refused.
    if "UserPoolTags" in pool:
        pool["UserPoolTags"] = {k: v for k, v in pool["UserPoolTags"].items() if not k.startswith("aws:")}


def _mfa_with_sms_only(pool: Settings) -> None:
    # UpdateUserPool refuses MFA without SMS; SetUserPoolMfaConfig does not, and puts it back afterwards.
    if "SmsConfiguration" not in pool and pool.get("MfaConfiguration") != "OFF":
        pool.pop("MfaConfiguration", None)


def _one_claims_trigger(pool: Settings) -> None:
    # Of the first version AWS describes the new name beside the old one, though only one was set.
    triggers = pool.get("LambdaConfig", {})
    versioned = triggers.get("PreTokenGenerationConfig", {})
    if versioned == {"LambdaVersion": "V1_0", "LambdaArn": triggers.get("PreTokenGeneration")}:
        _drop(pool, "LambdaConfig", "PreTokenGenerationConfig")


_POOL_RULES = (
    _no_defaults,
    _nothing_above_the_plan,
    _one_invitation_life,
    _one_verification_text,
    _own_tags_only,
    _mfa_with_sms_only,
    _one_claims_trigger,
)


def _one_analytics_project(client: Settings) -> None:
    # A project is named by its ARN or by its id with a role; the description adds to the first.
    if "ApplicationArn" in client.get("AnalyticsConfiguration", {}):
        for name in ("ApplicationId", "ExternalId", "RoleArn"):
            _drop(client, "AnalyticsConfiguration", name)


def _drop(settings: Settings, *path: str) -> None:
    name, *rest = path
    if rest and name in settings:
        # The group may still be the description's own.
        settings[name] = dict(settings[name])
        _drop(settings[name], *rest)
    if not rest or settings.get(name) == {}:
        settings.pop(name, None)


def value_at(settings: Mapping[str, Any], path: Iterable[str]) -> Any:
    """The value at `path`, or None."""
    value: Any = settings
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _fitting(value: Any, shape: Shape) -> Any:
    """`value` without the parts that the request does not take; None if nothing is left.

    AWS describes some settings that are not set as empty. A value below the smallest that the request takes
    counts as not set.
    """
    if isinstance(shape, StructureShape):
        return _fitting_structure(value, shape)
    if isinstance(shape, ListShape):
        value = [kept for item in value if (kept := _fitting(item, shape.member)) is not None]
    elif isinstance(shape, MapShape):
        parts = {key: _fitting(part, shape.value) for key, part in value.items()}
        value = {key: part for key, part in parts.items() if part is not None}
    least = shape.metadata.get("min")
    size = len(value) if isinstance(value, Sized) else value
    return None if least is not None and size < least else value


def _fitting_structure(value: Mapping[str, Any], shape: StructureShape) -> Settings | None:
    kept = {
        name: fits
        for name, member in shape.members.items()
        if value.get(name) is not None and (fits := _fitting(value[name], member)) is not None
    }
    complete = all(name in kept for name in shape.required_members)
    return kept if kept and complete else None


# Lists in which every element counts for itself: others may have added some since.
_SETS = ("ReadAttributes", "WriteAttributes")


@dataclass(frozen=True)
class Change:
    """One setting at `path`, from `before` to `after`."""

    path: tuple[str, ...]
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {_shown(self.before)} → {_shown(self.after)}"


def difference(before: Mapping[str, Any], after: Mapping[str, Any], at: tuple[str, ...] = ()) -> list[Change]:
    """Every setting in which two requests differ, by path; lists are compared whole, in any order."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if isinstance(old or new, dict):
            found += difference(old or {}, new or {}, (*at, name))
        elif not same(old, new):
            found.append(Change((*at, name), old, new))
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same to AWS, which gives lists back in an order of its own."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return bool(one == other)


def changed(settings: Settings, changes: Iterable[Change]) -> Settings:
    """A copy of `settings` with every change made, whatever stood there before."""
    for change in changes:
        settings = _with(settings, change.path, change.after)
    return settings


def backwards(change: Change, now: Any) -> Change | None:
    """The change that takes `change` back where `now` stands; None if there is nothing to take back.

    Raises ValueError if somebody else has changed the setting since.
    """
    if same(now, change.before):
        return None
    if same(now, change.after):
        return Change(change.path, now, change.before)
    if change.path[-1] in _SETS and isinstance(now, list):
        added = set(change.after or ()) - set(change.before or ())
        kept = [name for name in now if name not in added]
        return Change(change.path, now, kept) if kept != now else None
    raise ValueError(change.path)


def _with(settings: Settings, path: tuple[str, ...], value: Any) -> Settings:
    name, *rest = path
    if rest:
        value = _with(settings.get(name) or {}, tuple(rest), value) or None
    kept = {key: old for key, old in settings.items() if key != name}
    return kept if value is None else kept | {name: value}


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
