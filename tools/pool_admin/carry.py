"""What an update must say again: UpdateUserPool and UpdateUserPoolClient reset every setting left out.

The settings come from botocore's model: all that the call takes and the description tells. What is not as
simple as that is here by name.
"""

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, ServiceModel, Shape, StructureShape

Settings = dict[str, Any]

# UpdateUserPoolRequest calls these two by other names than the description.
RENAMED = {"Name": "PoolName", "Id": "UserPoolId"}
# The old names of three texts of VerificationMessageTemplate, and their names there.
_OLD_TEXTS = {
    "EmailVerificationMessage": "EmailMessage",
    "EmailVerificationSubject": "EmailSubject",
    "SmsVerificationMessage": "SmsMessage",
}
_BY_LINK = ("EmailMessageByLink", "EmailSubjectByLink")
_BY_CODE = ("EmailMessage", "EmailSubject")


def pool_settings(model: ServiceModel, described: Mapping[str, Any]) -> Settings:
    """A described pool as the UpdateUserPool request that changes nothing."""
    named = {RENAMED.get(name, name): value for name, value in described.items()}
    found = _fitting(named, model.shape_for("UpdateUserPoolRequest")) or {}
    for mend in _MENDS:
        mend(found)
    return found


def client_settings(model: ServiceModel, described: Mapping[str, Any]) -> Settings:
    """A described app client as the UpdateUserPoolClient request that changes nothing."""
    found: Settings = _fitting(described, model.shape_for("UpdateUserPoolClientRequest")) or {}
    _one_analytics_project(found)
    return found


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


_MENDS = (
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


def _drop(settings: Settings, group: str, name: str) -> None:
    # The group may still be the description's own.
    if name in settings.get(group, {}):
        settings[group] = {key: value for key, value in settings[group].items() if key != name}
    if settings.get(group) == {}:
        del settings[group]


def _fitting(value: Any, shape: Shape) -> Any:
    """`value` without what the request does not take; None if nothing is left. Empty stands for not set."""
    if isinstance(shape, StructureShape):
        return _fitting_structure(value, shape)
    if isinstance(shape, ListShape):
        value = [kept for item in value if (kept := _fitting(item, shape.member)) is not None]
    least = shape.metadata.get("min")
    if least is None or value is None:
        return value
    size = len(value) if isinstance(value, str | list) else value
    return value if size >= least else None


def _fitting_structure(value: Mapping[str, Any], shape: StructureShape) -> Settings | None:
    kept = {
        name: fits
        for name, member in shape.members.items()
        if value.get(name) is not None and (fits := _fitting(value[name], member)) is not None
    }
    complete = all(name in kept for name in shape.required_members)
    return kept if kept and complete else None
