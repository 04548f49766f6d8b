"""Checks of the stack's hosted sign-in: whether it is still as the deployment made it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tools.pool_admin.aws_resources.stack import ACR_MAPPING, PROVIDER, DeployedStack
from tools.pool_admin.doctor.facts import Facts, Unchecked
from tools.pool_admin.doctor.finding import Finding, Severity

_ABOUT = f"identity provider {PROVIDER}"
_VERIFIED = ("email_verified", "phone_number_verified")


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings about the identity provider, if the stack makes one for this pool."""
    if facts.stack is None or facts.is_for_another_pool or not facts.stack.deployed.hosted_client:
        return
    yield from _domain(facts)
    provider = facts.stack.provider
    if isinstance(provider, Unchecked):
        return
    if provider is None:
        yield _error(
            "The pool no longer has the identity provider.",
            "The hosted sign-in ends with an error page of Cognito.",
            "Deploy with HostedSignInMode=OFF, then with the old value. Apps then need the new "
            "HostedClientId.",
        )
        return
    yield from _issuer(facts.stack.deployed, provider)
    yield from _mapping(facts.stack.deployed, provider)
    yield from _levels(facts, provider)
    yield from _schema(facts, provider)


def _domain(facts: Facts) -> Iterator[Finding]:
    if not facts.has_domain:
        yield Finding.of(
            Severity.ERROR,
            "user pool",
            "The pool has no domain, which the hosted sign-in needs.",
            "Users cannot reach Cognito's hosted sign-in.",
            "Set HostedDomainPrefix in parameter_overrides of samconfig.mine.toml, then `make deploy`.",
        )


def _issuer(stack: DeployedStack, provider: Mapping[str, Any]) -> Iterator[Finding]:
    issuer = provider.get("ProviderDetails", {}).get("oidc_issuer", "")
    if issuer != stack.outputs.get("HostedIssuer"):
        yield _error(
            f"The provider's issuer is {issuer or 'empty'}, and not the stack's page.",
            "The issuer decides which user is signed in.",
            _restore(stack),
        )


def _mapping(stack: DeployedStack, provider: Mapping[str, Any]) -> Iterator[Finding]:
    mapping = provider.get("AttributeMapping", {})
    missing = [
        name for name in _VERIFIED if name.removesuffix("_verified") in mapping and name not in mapping
    ]
    if missing:
        yield _error(
            f"The attribute mapping lacks {' and '.join(missing)}.",
            "Each hosted sign-in makes the user's address unverified, so it gets no more codes.",
            _restore(stack),
        )


def _levels(facts: Facts, provider: Mapping[str, Any]) -> Iterator[Finding]:
    mapping = provider.get("AcrMapping") or {}
    if mapping == ACR_MAPPING:
        return
    right = {acr: level for level, acr in ACR_MAPPING.items()}
    if raised := [f"{acr} as {level}" for level, acr in mapping.items() if level > right.get(acr, level)]:
        severity = Severity.ERROR
        what = f"The AcrMapping counts {' and '.join(sorted(raised))}."
        why = "Cognito's tokens state a higher level of authentication than the user reached."
    else:
        severity = Severity.WARNING
        what = f"The AcrMapping is {'not the one of this stack' if mapping else 'not set'}."
        why = (
            "Cognito counts a sign-in without its mapping as the lowest level, a password alone. An app that "
            "requires a higher level refuses it."
        )
    yield Finding.of(severity, _ABOUT, what, why, facts.attach())


def _schema(facts: Facts, provider: Mapping[str, Any]) -> Iterator[Finding]:
    mapping, schema = provider.get("AttributeMapping", {}), facts.pool.get("SchemaAttributes") or []
    for attribute in schema:
        name = attribute["Name"]
        if name in mapping and attribute.get("Mutable") is False:
            yield Finding.of(
                Severity.ERROR,
                f"attribute {name}",
                "The attribute is immutable, and the hosted sign-in maps it.",
                "Cognito writes it at each hosted sign-in, and refuses the sign-in if it cannot.",
                "An attribute cannot become mutable: use the SDK's sign-in with this pool.",
            )
        if attribute.get("Required") and name != "sub" and name not in mapping:
            yield Finding.of(
                Severity.WARNING,
                f"attribute {name}",
                f"The pool requires the attribute, and the identity provider {PROVIDER} does not map it.",
                "Cognito needs a mapping for each required attribute, and may refuse a hosted sign-in.",
                "Try a hosted sign-in with a test user. If Cognito refuses it, use the SDK's sign-in.",
            )


def _error(what: str, why: str, fix: str) -> Finding:
    return Finding.of(Severity.ERROR, _ABOUT, what, why, fix)


def _restore(stack: DeployedStack) -> str:
    return f"Change HostedSecretVersion of the stack {stack.name}, then `make deploy`."
