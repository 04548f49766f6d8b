"""Checks of the users' addresses: whether they are verified, and who can change them."""

from collections.abc import Iterator

from tools.pool_admin.doctor.facts import Client, Facts, Unchecked, client_label
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.fixes import Fix

_ATTRIBUTES = ("email", "phone_number")
_OF_CHANNEL = {"email": ("email", "email address"), "sms": ("phone_number", "phone number")}
_THEFT = (
    "A thief of a session can verify another address. From then on all codes go to the thief, also those of "
    "a step-up."
)
_SIGN_UP = " Self sign-up needs this: the app client has to write the attributes of a new user."


def check(facts: Facts) -> Iterator[Finding]:
    """Findings about the users' addresses."""
    yield from _unverified(facts)
    inner = facts.known_stack.inner_client if facts.known_stack else ""
    for client in () if isinstance(facts.clients, Unchecked) else facts.clients:
        # Tokens of the hosted sign-in's inner client never leave its function.
        if client["ClientId"] != inner and (writable := _writable(client)):
            yield _changeable(facts, client, " and ".join(writable))


def verified_attributes(channels: tuple[str, ...]) -> dict[str, str]:
    """The address attribute of each channel (`email`, `sms`), and the attribute for its verification."""
    return {_OF_CHANNEL[name][0]: f"{_OF_CHANNEL[name][0]}_verified" for name in channels}


def _unverified(facts: Facts) -> Iterator[Finding]:
    users = facts.users
    if not isinstance(users, Unchecked) and users and users.without_address:
        verified = " || ".join(f"Name=='{name}'" for name in verified_attributes(users.channels).values())
        yield Finding.of(
            Severity.WARNING,
            "users",
            f"{users.without_address:,} of {'the first ' if users.more else ''}{users.counted:,} users have "
            f"no verified {' or '.join(_OF_CHANNEL[name][1] for name in users.channels)}.",
            "Codes go only to verified addresses, so these users cannot sign in with a code.",
            "List them, and let each of them verify an address before the app asks for codes: "
            f"aws cognito-idp list-users --user-pool-id {facts.pool_id} --output text --query "
            f"\"Users[?!(Attributes[?({verified}) && Value=='true'])].Username\"",
        )


def _writable(client: Client) -> tuple[str, ...]:
    listed, flows = client.get("WriteAttributes"), client.get("ExplicitAuthFlows")
    # Without a list of flows, an app client allows sign-in through the API. Only access tokens of such
    # sign-ins, and those of hosted sign-ins with this scope, may write attributes.
    by_api = not flows or any("REFRESH_TOKEN" not in flow for flow in flows)
    if not (by_api or "aws.cognito.signin.user.admin" in (client.get("AllowedOAuthScopes") or [])):
        return ()
    # Without a list, an app client may write every standard attribute.
    return tuple(name for name in _ATTRIBUTES if not listed or name in listed)


def _changeable(facts: Facts, client: Client, attributes: str) -> Finding:
    signs_up = not (facts.pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")
    steps = [
        Fix(
            f"Let a back end change {attributes} after a step-up to the old address. Remove "
            f"{attributes} from WriteAttributes{' in template.yaml' if facts.is_stacks_own else ''} of:",
            (client["ClientId"],),
        )
    ]
    if signs_up:
        off = (
            "with SelfSignUp=OFF" if facts.is_stacks_own else "in the console: Sign-up > Self-service sign-up"
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
