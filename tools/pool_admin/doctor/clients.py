"""Checks of the app clients: flows that bypass the code, and settings that conflict with it.

Source of the flows: botocore's model of Cognito, ExplicitAuthFlowsType and GetDerivedToken.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tools.pool_admin.doctor.facts import Client, Facts, client_label, uses_codes
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.fixes import Fix

# Cognito allows these if a client lists none.
_DEFAULT = ("ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH")
_DEFAULT_SESSION_MINUTES = 3
_DEFAULT_CODE_SECONDS = 300
_PUBLIC = "A client id is public: every app contains it. With this one an attacker signs in without the code."


@dataclass(frozen=True)
class Flow:
    """A flow that bypasses the code. `sends_password` is whether Cognito receives the password."""

    severity: Severity
    problem: str
    effect: str = _PUBLIC
    sends_password: bool = False


_PASSWORD = Flow(
    Severity.ERROR, "Users sign in with a password alone (USER_PASSWORD_AUTH).", sends_password=True
)
_ADMIN = Flow(
    Severity.WARNING,
    "A back end signs users in with a password alone (ADMIN_USER_PASSWORD_AUTH).",
    "The call needs AWS credentials, so apps cannot make it. It still bypasses the code.",
    sends_password=True,
)
# Every flow that a client can list, with its rule; None for a flow that is safe.
KNOWN_FLOWS: Mapping[str, Flow | None] = {
    "ALLOW_CUSTOM_AUTH": None,
    "CUSTOM_AUTH_FLOW_ONLY": None,
    "ALLOW_REFRESH_TOKEN_AUTH": None,
    "ALLOW_USER_PASSWORD_AUTH": _PASSWORD,
    "USER_PASSWORD_AUTH": _PASSWORD,
    "ALLOW_USER_SRP_AUTH": Flow(Severity.ERROR, "Users sign in with a password alone (USER_SRP_AUTH)."),
    "ALLOW_USER_AUTH": Flow(
        Severity.ERROR,
        "Users sign in with a password, a passkey or a code of Cognito alone (USER_AUTH).",
        f"{_PUBLIC} The flow includes the password even if no password flow is listed.",
    ),
    "ALLOW_ADMIN_USER_PASSWORD_AUTH": _ADMIN,
    "ADMIN_NO_SRP_AUTH": _ADMIN,
    "ALLOW_TOKEN_EXCHANGE_IMPERSONATION": Flow(
        Severity.ERROR,
        "Tokens of a user are issued without a code, in exchange for another token "
        "(TOKEN_EXCHANGE_IMPERSONATION).",
        "The caller presents a token or a SAML assertion, and gets new tokens that look like the user's. "
        "A public client needs no AWS credentials for it.",
    ),
    "ALLOW_TOKEN_EXCHANGE_DELEGATION": Flow(
        Severity.ERROR,
        "Tokens on behalf of a user are issued without a code, in exchange for two other tokens "
        "(TOKEN_EXCHANGE_DELEGATION).",
        "Only the claim act shows that a service holds the token. An API that does not read it treats the "
        "service as the user.",
    ),
}


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings of every app client."""
    for client in facts.clients:
        yield from _bypasses(facts, client)
        if uses_codes(client):
            yield from _settings(facts, client)
    yield from _both_modes(facts, [client for client in facts.clients if uses_codes(client)])


def clients_that_migrate(clients: Iterable[Client]) -> list[str]:
    """Return the ids of the app clients whose sign-in sends the password, as a UserMigration trigger needs.

    USER_SRP_AUTH never sends the password, and AWS does not name USER_AUTH as a flow that migrates users.
    Source: "Importing users with a user migration Lambda trigger" in the Cognito developer guide.
    """
    return [client["ClientId"] for client in clients if any(map(_sends_password, _flows(client)))]


def _sends_password(flow: str) -> bool:
    rule = KNOWN_FLOWS.get(flow)
    return rule is not None and rule.sends_password


def _flows(client: Client) -> tuple[str, ...]:
    return tuple(client.get("ExplicitAuthFlows") or _DEFAULT)


def _bypasses(facts: Facts, client: Client) -> Iterator[Finding]:
    rules = [rule for flow in _flows(client) if (rule := KNOWN_FLOWS.get(flow, _unknown(flow)))]
    for rule in dict.fromkeys(rules):
        implied = "" if client.get("ExplicitAuthFlows") else ", which lists no flow"
        yield Finding.of(
            rule.severity, client_label(client) + implied, rule.problem, rule.effect, *_close(facts, client)
        )


def _unknown(flow: str) -> Flow:
    return Flow(
        Severity.ERROR,
        f"The flow {flow} is not known to be safe.",
        "This version of the doctor has no rule for it. It may issue tokens without a code.",
    )


def _settings(facts: Facts, client: Client) -> Iterator[Finding]:
    if client.get("PreventUserExistenceErrors") != "ENABLED":
        yield Finding.of(
            Severity.WARNING,
            client_label(client),
            "A stranger can find out which users exist (PreventUserExistenceErrors is LEGACY).",
            "Cognito answers differently for an unknown user.",
            _right_settings(facts, client),
        )
    minutes = client.get("AuthSessionValidity") or _DEFAULT_SESSION_MINUTES
    life = _code_life(facts)
    if minutes * 60 < life:
        yield Finding.of(
            Severity.WARNING,
            client_label(client),
            f"A sign-in ends after {minutes} min, but a code is valid for {life // 60} min.",
            "A user who enters a valid code late gets the error that the session is invalid.",
            _right_settings(facts, client),
        )


def _code_life(facts: Facts) -> int:
    seconds = facts.stack.deployed.parameters.get("CodeLifeSeconds") if facts.stack else None
    return int(seconds or _DEFAULT_CODE_SECONDS)


def _both_modes(facts: Facts, clients: list[Client]) -> Iterator[Finding]:
    code_only = set(facts.stack.deployed.code_only_with_hosted) if facts.stack else set()
    inner = facts.stack.deployed.inner_client if facts.stack else ""
    with_password = [client for client in clients if client["ClientId"] not in code_only]
    for client in clients if with_password else ():
        if client["ClientId"] not in code_only:
            continue
        is_inner = client["ClientId"] == inner
        yield Finding.of(
            Severity.NOTE,
            client_label(client),
            "A code is enough to sign in, for every user of the pool.",
            f"The pool has {client_label(with_password[0])}, which asks for a password first. "
            + ("The hosted sign-in page does not." if is_inner else "A client id is public."),
            "Set HostedSignInMode=PASSWORD_AND_CODE, or keep two pools."
            if is_inner
            else "Keep no CODE_ONLY client in this pool, or keep two pools.",
        )


def _close(facts: Facts, client: Client) -> Iterator[Fix]:
    yield _right_settings(facts, client)
    if not facts.is_for_another_pool:
        yield Fix("Or delete the app client, if no app uses it.")


def _right_settings(facts: Facts, client: Client) -> Fix:
    if facts.is_pool_of_stack:
        # A deployment of an unchanged template changes no app client, and attach accepts none of this pool.
        return Fix(
            f"In the console: App clients > {client['ClientId']} > Edit: only the flows ALLOW_CUSTOM_AUTH "
            "and ALLOW_REFRESH_TOKEN_AUTH, a session of 15 minutes, prevent user existence errors."
        )
    return facts.attach_client(client)
