"""Every way round the code that an app client offers, and what in a client fights the design."""

from collections.abc import Iterator, Mapping
from typing import Any

from tools.pool_admin import fixes
from tools.pool_admin.doctor.facts import Facts, Finding, Severity, Unchecked
from tools.pool_admin.stack import PROVIDER

Client = Mapping[str, Any]

# The flow, in words; None for what an API call can only do with AWS credentials.
_ROUND = {
    "ALLOW_USER_PASSWORD_AUTH": "a password alone (USER_PASSWORD_AUTH)",
    "USER_PASSWORD_AUTH": "a password alone (USER_PASSWORD_AUTH)",
    "ALLOW_USER_SRP_AUTH": "a password alone (USER_SRP_AUTH)",
    "ALLOW_USER_AUTH": "whatever the pool offers as a first factor (USER_AUTH)",
}
_ADMIN = ("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
_CUSTOM = ("ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY")
# No list at all allows these.
_DEFAULT = ("ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH")
_DEFAULT_SESSION_MINUTES = 3


def check(facts: Facts) -> Iterator[Finding]:
    """Findings of every app client."""
    if isinstance(facts.clients, Unchecked):
        return
    for client in facts.clients:
        yield from _ways_round(facts, client)
        yield from _hosted(facts, client)
        if _uses_codes(client):
            yield from _settings(facts, client)
    yield from _both_modes(facts, [client for client in facts.clients if _uses_codes(client)])


def _both_modes(facts: Facts, clients: list[Client]) -> Iterator[Finding]:
    alone = set(facts.stack.stack.served_code_only) if facts.stack else set()
    inner = facts.stack.stack.inner_client if facts.stack else ""
    with_password = [client for client in clients if client["ClientId"] not in alone]
    for client in clients:
        if client["ClientId"] in alone and with_password:
            way, fix = "Client ids are public, and this one", "Keep no CODE_ONLY client in this pool"
            if client["ClientId"] == inner:
                way, fix = "The page of the hosted sign-in", "Set HostedSignInMode=PASSWORD_AND_CODE"
            yield Finding(
                Severity.NOTE,
                _name(client),
                "takes a code without the password, for every user of the pool.",
                f"{way} leaves out what {_name(with_password[0])} wants.",
                f"{fix}, or keep two pools.",
            )


def _ways_round(facts: Facts, client: Client) -> Iterator[Finding]:
    listed = client.get("ExplicitAuthFlows") or []
    flows = listed or _DEFAULT
    ways = sorted({_ROUND[flow] for flow in flows if flow in _ROUND})
    if ways:
        unset = "" if listed else " It lists no flows, and then AWS allows SRP."
        stranger = "" if _uses_codes(client) else " It has not heard of codes."
        yield Finding(
            Severity.ERROR,
            _name(client),
            f"lets users in with {' and '.join(ways)}, without a code.{unset}{stranger}",
            "Whoever knows this client's id, which every app gives away, can leave the code out.",
            _only_codes(facts, client),
        )
    if any(flow in _ADMIN for flow in flows):
        yield Finding(
            Severity.WARNING,
            _name(client),
            "lets a back end sign users in with a password alone (ADMIN_USER_PASSWORD_AUTH).",
            "It takes AWS credentials, so only your own servers can, but it is a way round the code.",
            _only_codes(facts, client),
        )


def _hosted(facts: Facts, client: Client) -> Iterator[Finding]:
    grants = set(client.get("AllowedOAuthFlows") or []) & {"code", "implicit"}
    if not (client.get("AllowedOAuthFlowsUserPoolClient") and grants):
        return
    providers = client.get("SupportedIdentityProviders") or []
    has_domain = bool(facts.pool.get("Domain") or facts.pool.get("CustomDomain"))
    if "COGNITO" in providers:
        yield Finding(
            Severity.ERROR if has_domain else Severity.WARNING,
            _name(client),
            "offers hosted sign-in with the pool's own passwords"
            + (". " if has_domain else ", once the pool has a domain. ")
            + "Those pages cannot ask for the code.",
            "Cognito's hosted pages do not run custom challenges.",
            f"In the console: App clients > {client['ClientId']} > Login pages: take out Cognito user pool.",
        )
    # Whoever comes by our own provider gave a code on its page.
    ours = {PROVIDER} if facts.stack and facts.stack.stack.hosted_client else set()
    others = [name for name in providers if name not in {"COGNITO"} | ours]
    if others:
        yield Finding(
            Severity.NOTE,
            _name(client),
            f"lets users of {', '.join(others)} in by hosted sign-in, without a code.",
            "Federated users prove themselves to their provider, and Cognito asks them for nothing more.",
            "Ask that provider for a second factor, or take it out of this client.",
        )


def _settings(facts: Facts, client: Client) -> Iterator[Finding]:
    if client.get("PreventUserExistenceErrors") != "ENABLED":
        yield Finding(
            Severity.WARNING,
            _name(client),
            "tells strangers which users exist (PreventUserExistenceErrors is LEGACY).",
            "An unknown user then gets another answer than a known one.",
            _attach(facts, client),
        )
    minutes = client.get("AuthSessionValidity") or _DEFAULT_SESSION_MINUTES
    life = int(facts.stack.stack.parameters.get("CodeLifeSeconds") or 300) if facts.stack else 300
    if minutes * 60 < life:
        yield Finding(
            Severity.WARNING,
            _name(client),
            f"forgets a sign-in after {minutes} min, but a code is good for {life // 60} min.",
            "A user who types a good code late is told that the session is invalid.",
            _attach(facts, client),
        )


def _uses_codes(client: Client) -> bool:
    return any(flow in _CUSTOM for flow in client.get("ExplicitAuthFlows") or [])


def _name(client: Client) -> str:
    return f"app client {client.get('ClientName') or client['ClientId']} ({client['ClientId']})"


def _only_codes(facts: Facts, client: Client) -> str:
    fix = _attach(facts, client)
    return fix if facts.is_others else f"{fix}, or delete the client if no app uses it"


def _attach(facts: Facts, client: Client) -> str:
    mode = "--client"
    if facts.stack and client["ClientId"] in facts.stack.stack.code_only:
        mode = "--code-only-client"
    if facts.stack and facts.stack.stack.keeps(facts.pool_id):
        return f"Deploy the stack {facts.stack.stack.name} again, which sets its own app clients right"
    return fixes.attach(facts.pool_id, facts.stack_to_attach, f"{mode} {client['ClientId']}")
