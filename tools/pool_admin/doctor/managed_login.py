"""Checks of Cognito's own pages and OAuth endpoints, which do not ask for the code."""

from collections.abc import Iterator

from tools.pool_admin.aws_resources.stack import PROVIDER
from tools.pool_admin.doctor.facts import Client, Facts, client_label, is_for_machines, is_registered
from tools.pool_admin.doctor.finding import Finding, Severity

_PAGE = "Cognito's own pages do not run custom challenges, so they cannot ask for the code."
# The page "Dynamic client registration" of the Cognito developer guide does not say whether it can.
_UNDOCUMENTED = (
    "AWS does not document whether such a client can use the pool's password page, which bypasses the code."
)


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings about the hosted pages and dynamic client registration."""
    yield from _registration(facts)
    for client in facts.clients:
        yield from _pages(facts, client)
        yield from _registered(facts, client)


def offers_password_page(client: Client) -> bool:
    """Return whether Cognito's own page signs users in with the pool's passwords for this app client."""
    return signs_users_in(client) and "COGNITO" in (client.get("SupportedIdentityProviders") or [])


def signs_users_in(client: Client) -> bool:
    """Return whether Cognito's hosted pages and OAuth endpoints sign users in for this app client."""
    grants = set(client.get("AllowedOAuthFlows") or []) & {"code", "implicit"}
    return bool(client.get("AllowedOAuthFlowsUserPoolClient") and grants)


def _pages(facts: Facts, client: Client) -> Iterator[Finding]:
    if offers_password_page(client):
        yield Finding.of(
            Severity.ERROR if facts.has_domain else Severity.WARNING,
            client_label(client),
            "Cognito's hosted page signs users in with a password alone"
            + ("." if facts.has_domain else ", as soon as the pool has a domain."),
            _PAGE,
            f"In the console: App clients > {client['ClientId']} > Login pages: remove Cognito user pool.",
        )
    # The stack's own provider asks for a code on its page.
    known = {"COGNITO", PROVIDER} if facts.known_stack and facts.known_stack.hosted_client else {"COGNITO"}
    others = [name for name in client.get("SupportedIdentityProviders") or [] if name not in known]
    if others and signs_users_in(client):
        yield Finding.of(
            Severity.NOTE,
            client_label(client),
            f"Users of {', '.join(others)} sign in through Cognito's hosted page without a code.",
            "Federated users authenticate at their provider, and Cognito does not ask for a code.",
            "Require a second factor at that provider, or remove it from this app client.",
        )


def _registration(facts: Facts) -> Iterator[Finding]:
    settings = facts.pool.get("DcrConfiguration")
    # Without EnableStatus, Cognito turns registration on.
    if not settings or settings.get("EnableStatus", "Enabled") != "Enabled":
        return
    # An empty list of grants refuses every registration of its kind. A missing list allows some.
    is_open = settings.get("OpenDcrEnabled") is True and settings.get("OpenDcrGrantTypes") != []
    if not is_open and settings.get("AuthenticatedGrantTypes") == []:
        return
    off = "In the console: turn off dynamic client registration for this pool."
    if is_open:
        yield Finding.of(
            Severity.ERROR if facts.has_domain else Severity.WARNING,
            "user pool",
            "Any stranger can register an app client (open dynamic client registration)"
            + ("." if facts.has_domain else ", as soon as the pool has a domain."),
            _UNDOCUMENTED,
            off,
        )
    else:
        yield Finding.of(
            Severity.WARNING,
            "user pool",
            "Applications can register app clients with a token (dynamic client registration).",
            f"A token with the scope aws.cognito/dcr/register is enough. {_UNDOCUMENTED}",
            off,
        )


def _registered(facts: Facts, client: Client) -> Iterator[Finding]:
    if not is_registered(client):
        return
    delete = facts.aws(
        f"cognito-idp delete-user-pool-client --user-pool-id {facts.pool_id} --client-id {client['ClientId']}"
    )
    if is_for_machines(client):
        yield Finding.of(
            Severity.NOTE,
            client_label(client),
            "An application registered this app client, for machines only.",
            "Its tokens belong to no user. AWS charges for each of them.",
            delete,
        )
        return
    yield Finding.of(
        Severity.ERROR,
        client_label(client),
        "An application registered this app client (dynamic client registration).",
        _UNDOCUMENTED,
        delete,
    )
