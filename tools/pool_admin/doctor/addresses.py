"""Checks of the users' addresses: whether they are verified, and who can change them."""

from collections.abc import Iterator

from tools.pool_admin.doctor.facts import Client, Facts, Unchecked, UserFacts, client_label
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.doctor.managed_login import signs_users_in
from tools.pool_admin.fixes import Fix
from tools.pool_admin.unusable import REASONS

_MOST_NAMED = 10
_ATTRIBUTES = ("email", "phone_number")
_WRITE_SCOPE = "aws.cognito.signin.user.admin"
OF_CHANNEL = {
    "email": ("email", "email address"),
    "sms": ("phone_number", "phone number"),
    "voice": ("phone_number", "phone number"),
}
# Users who cannot sign in with a code: federated users, and users who have not finished their sign-up.
OTHER_USERS = ("EXTERNAL_PROVIDER", "UNCONFIRMED")
_THEFT = (
    "A thief of a session can verify another address. From then on all codes go to the thief, including "
    "those of a step-up. The user gets a notice at the other verified address, and none if there is no other."
)
_SIGN_UP = " Self sign-up needs this: the app client has to write the attributes of a new user."


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings about the users' addresses."""
    yield from _unverified(facts)
    inner = facts.known_stack.inner_client if facts.known_stack else ""
    for client in facts.clients:
        # Tokens of the hosted sign-in's inner client never leave its function.
        if client["ClientId"] != inner and (writable := _writable(facts, client)):
            yield _changeable(facts, client, " and ".join(writable))


def verified_attributes(channels: tuple[str, ...]) -> dict[str, str]:
    """Return the attribute of each channel's address, with the attribute for its verification."""
    return {OF_CHANNEL[name][0]: f"{OF_CHANNEL[name][0]}_verified" for name in channels}


def _unverified(facts: Facts) -> Iterator[Finding]:
    users = facts.users
    if users is None or isinstance(users, Unchecked):
        return
    if users.more and not users.counted:
        yield Finding.of(
            Severity.NOTE,
            "users",
            f"None of the first {users.read:,} users signs in with a code.",
            "They are disabled, unconfirmed or federated. The addresses of the other users are not checked.",
            f"List the users without a verified address: {_list_command(facts, users.channels)}",
        )
    if users.without_address:
        scope = f" doctor read the first {users.read:,} users of the pool." if users.more else ""
        yield Finding.of(
            Severity.WARNING,
            "users",
            f"{users.without_address:,} of {users.counted:,} users who can sign in have no verified "
            f"{' or '.join(dict.fromkeys(OF_CHANNEL[name][1] for name in users.channels))}.{scope}",
            "Codes go only to verified addresses, so these users cannot sign in with a code.",
            "List them, and let each of them verify an address before the app asks for codes: "
            + _list_command(facts, users.channels),
        )
    yield from _unusable(users)


def _unusable(users: UserFacts) -> Iterator[Finding]:
    for (channel, fault), subs in users.unusable.items():
        why, fix = REASONS[fault]
        others = f" and {len(subs) - _MOST_NAMED:,} more" if len(subs) > _MOST_NAMED else ""
        yield Finding.of(
            Severity.WARNING,
            "users",
            f"{len(subs):,} of {users.counted:,} users who can sign in have a verified "
            f"{OF_CHANNEL[channel][1]} that gets no code ({fault.value}).",
            why,
            f"{fix} Users, by sub: {', '.join(subs[:_MOST_NAMED])}{others}.",
        )


def _list_command(facts: Facts, channels: tuple[str, ...]) -> str:
    """Return the command that lists the users whom `without_address` counts."""
    addresses = " || ".join(
        f'(Attributes[?Name==`"{address}"`].Value | [0]) && '
        f'contains(`["true", "True"]`, Attributes[?Name==`"{verified}"`].Value | [0])'
        for address, verified in verified_attributes(channels).items()
    )
    others = " && ".join(f'UserStatus!=`"{status}"`' for status in OTHER_USERS)
    # An interactive shell expands `!` between double quotes, so the query is between single quotes.
    return facts.aws(
        f"cognito-idp list-users --user-pool-id {facts.pool_id} --output text --query "
        f"'Users[?Enabled!=`false` && {others} && !({addresses})].Username'"
    )


def _writable(facts: Facts, client: Client) -> tuple[str, ...]:
    listed, flows = client.get("WriteAttributes"), client.get("ExplicitAuthFlows")
    # Without a list of flows, an app client allows sign-in through the API. Only access tokens of such
    # sign-ins, and those of hosted sign-ins with this scope, may write attributes.
    by_api = not flows or any("REFRESH_TOKEN" not in flow for flow in flows)
    by_page = signs_users_in(client) and _WRITE_SCOPE in (client.get("AllowedOAuthScopes") or [])
    if not (by_api or by_page):
        return ()
    schema = facts.pool.get("SchemaAttributes") or []
    immutable = {attribute["Name"] for attribute in schema if attribute.get("Mutable") is False}
    # Without a list, an app client may write every standard attribute.
    return tuple(name for name in _ATTRIBUTES if (not listed or name in listed) and name not in immutable)


def _changeable(facts: Facts, client: Client, attributes: str) -> Finding:
    signs_up = not (facts.pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")
    setting = f"WriteAttributes{' in template.yaml' if facts.is_pool_of_stack else ''}"
    change = (
        f"Remove {attributes} from {setting} of:"
        if client.get("WriteAttributes")
        else f"Set {setting}, without {attributes}, of:"
    )
    steps = [
        Fix(f"Let a back end change {attributes} after a step-up to the old address."),
        Fix(change, (client["ClientId"],)),
    ]
    if signs_up:
        off = (
            "with SelfSignUp=OFF"
            if facts.is_pool_of_stack
            else "in the console: Sign-up > Self-service sign-up"
        )
        steps.insert(0, Fix(f"Turn self sign-up off first, {off}. Keep this warning if users need it."))
    schema = facts.pool.get("SchemaAttributes") or []
    if any(attribute.get("Required") and attribute["Name"] in _ATTRIBUTES for attribute in schema):
        steps.append(
            Fix(
                "If Cognito refuses that because the pool requires the attribute, use the hosted sign-in: "
                "its tokens cannot change it."
            )
        )
    return Finding.of(
        Severity.WARNING,
        client_label(client),
        f"Users can change {attributes} with the tokens of a sign-in.",
        _THEFT + (_SIGN_UP if signs_up else ""),
        *steps,
    )
