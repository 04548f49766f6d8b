"""Whether the hosted sign-in of the stack is still what the deployment made it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tools.pool_admin.doctor.facts import Facts, Finding, Severity, Unchecked
from tools.pool_admin.stack import PROVIDER, DeployedStack

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
            "is gone from the pool.",
            "The hosted sign-in ends on an error of Cognito's.",
            "Deploy with HostedSignInMode=OFF, then again as it was; apps then need the new HostedClientId.",
        )
        return
    yield from _issuer(facts.stack.stack, provider)
    yield from _mapping(facts.stack.stack, provider)
    yield from _schema(facts, provider)


def _domain(facts: Facts) -> Iterator[Finding]:
    if not (facts.pool.get("Domain") or facts.pool.get("CustomDomain")):
        yield Finding(
            Severity.ERROR,
            "user pool",
            "has no domain, which the hosted sign-in begins and ends at.",
            "Nobody can reach Cognito's hosted sign-in.",
            "Set HostedDomainPrefix in parameter_overrides of samconfig.mine.toml, then `make deploy`.",
        )


def _issuer(stack: DeployedStack, provider: Mapping[str, Any]) -> Iterator[Finding]:
    told = provider.get("ProviderDetails", {}).get("oidc_issuer", "")
    if told != stack.outputs.get("HostedIssuer"):
        yield _error(
            f"sends people to {told or 'nowhere'}, and not to this stack's page.",
            "Whoever answers there says who signed in.",
            _anew(stack),
        )


def _mapping(stack: DeployedStack, provider: Mapping[str, Any]) -> Iterator[Finding]:
    mapping = provider.get("AttributeMapping", {})
    lacking = [
        name for name in _VERIFIED if name.removesuffix("_verified") in mapping and name not in mapping
    ]
    if lacking:
        yield _error(
            f"does not map {' and '.join(lacking)}.",
            "Each hosted sign-in makes the user's address an unverified one, and no more codes go there.",
            _anew(stack),
        )


def _schema(facts: Facts, provider: Mapping[str, Any]) -> Iterator[Finding]:
    mapping, schema = provider.get("AttributeMapping", {}), facts.pool.get("SchemaAttributes") or []
    for found in schema:
        name = found["Name"]
        if name in mapping and found.get("Mutable") is False:
            yield Finding(
                Severity.ERROR,
                "user pool",
                f"lets nobody change {name} (it is immutable).",
                "Cognito writes it at each hosted sign-in, and refuses the sign-in if it cannot.",
                "An attribute stays immutable for good: use the SDK's sign-in with this pool.",
            )
        if found.get("Required") and name != "sub" and name not in mapping:
            yield Finding(
                Severity.WARNING,
                "user pool",
                f"requires {name}, which the identity provider {PROVIDER} does not map.",
                "Cognito wants a mapping for each required attribute, and may refuse a hosted sign-in.",
                "Try it with a user of your own, and if it is refused, use the SDK's sign-in.",
            )


def _error(what: str, why: str, fix: str) -> Finding:
    return Finding(Severity.ERROR, f"identity provider {PROVIDER}", what, why, fix)


def _anew(stack: DeployedStack) -> str:
    return f"Give HostedSecretVersion of the stack {stack.name} another word, then `make deploy`."
