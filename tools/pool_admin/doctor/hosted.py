"""Checks of the stack's hosted sign-in: whether it is still what the deployment made."""

from collections.abc import Iterator, Mapping
from typing import Any

from tools.pool_admin.aws_resources.stack import PROVIDER, DeployedStack
from tools.pool_admin.doctor.facts import Facts, Unchecked
from tools.pool_admin.doctor.finding import Finding, Severity

_VERIFIED = ("email_verified", "phone_number_verified")


def check(facts: Facts) -> Iterator[Finding]:
    """Findings of the identity provider, if the stack makes one for this pool."""
    if facts.stack is None or facts.is_others or not facts.stack.stack.hosted_client:
        return
    yield from _domain(facts)
    provider = facts.stack.provider
    if isinstance(provider, Unchecked):
        return
    if provider is None:
        yield _error(
            "The pool no longer has the identity provider.",
            "The hosted sign-in ends on an error page of Cognito.",
            "Deploy with HostedSignInMode=OFF, then again as it was. Apps then need the new HostedClientId.",
        )
        return
    yield from _issuer(facts.stack.stack, provider)
    yield from _mapping(facts.stack.stack, provider)
    yield from _schema(facts, provider)


def _domain(facts: Facts) -> Iterator[Finding]:
    if not facts.has_domain:
        yield Finding.of(
            Severity.ERROR,
            "user pool",
            "The pool has no domain, where the hosted sign-in begins and ends.",
            "Users cannot reach Cognito's hosted sign-in.",
            "Set HostedDomainPrefix in parameter_overrides of samconfig.mine.toml, then `make deploy`.",
        )


def _issuer(stack: DeployedStack, provider: Mapping[str, Any]) -> Iterator[Finding]:
    issuer = provider.get("ProviderDetails", {}).get("oidc_issuer", "")
    if issuer != stack.outputs.get("HostedIssuer"):
        yield _error(
            f"The provider's issuer is {issuer or 'empty'}, and not the stack's page.",
            "That address decides who is signed in.",
            _restore(stack),
        )


def _mapping(stack: DeployedStack, provider: Mapping[str, Any]) -> Iterator[Finding]:
    mapping = provider.get("AttributeMapping", {})
    lacking = [
        name for name in _VERIFIED if name.removesuffix("_verified") in mapping and name not in mapping
    ]
    if lacking:
        yield _error(
            f"The attribute mapping lacks {' and '.join(lacking)}.",
            "Each hosted sign-in makes the user's address unverified, and no more codes go there.",
            _restore(stack),
        )


def _schema(facts: Facts, provider: Mapping[str, Any]) -> Iterator[Finding]:
    mapping, schema = provider.get("AttributeMapping", {}), facts.pool.get("SchemaAttributes") or []
    for found in schema:
        name = found["Name"]
        if name in mapping and found.get("Mutable") is False:
            yield Finding.of(
                Severity.ERROR,
                f"attribute {name}",
                "The attribute is immutable, and the hosted sign-in maps it.",
                "Cognito writes it at each hosted sign-in, and refuses the sign-in if it cannot.",
                "An attribute stays immutable for good: use the SDK's sign-in with this pool.",
            )
        if found.get("Required") and name != "sub" and name not in mapping:
            yield Finding.of(
                Severity.WARNING,
                f"attribute {name}",
                f"The pool requires the attribute, and the identity provider {PROVIDER} does not map it.",
                "Cognito wants a mapping for each required attribute, and may refuse a hosted sign-in.",
                "Try a hosted sign-in with a test user. If Cognito refuses it, use the SDK's sign-in.",
            )


def _error(what: str, why: str, fix: str) -> Finding:
    return Finding.of(Severity.ERROR, f"identity provider {PROVIDER}", what, why, fix)


def _restore(stack: DeployedStack) -> str:
    return f"Change HostedSecretVersion of the stack {stack.name}, then `make deploy`."
