"""Passwords inside CUSTOM_AUTH: the lock after wrong ones, ClientMetadata, a password that must change."""

import secrets

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount, ThrowAwayUser
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes
from tools.first_account.sign_in import CustomAuth, described, refusal_of, seen_by_create
from tools.pool_admin.errors import error_code

_SRP_CALLS = ("InitiateAuth (CUSTOM_AUTH, SRP_A)", "RespondToAuthChallenge (PASSWORD_VERIFIER)")
# Cognito locks a user for a second after five wrong passwords, and twice as long after each further one.
# After these pauses the lock takes eight seconds, so that the next sign-in comes before its end.
# https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html
_FAILURES = 5
_PAUSES = (1.5, 2.5, 4.5)


def _is_locked(account: ThrowAwayAccount, user: ThrowAwayUser, sign_in: CustomAuth) -> bool:
    """Send wrong passwords, and return whether Cognito then refuses the right one."""
    for pause in (0,) * _FAILURES + _PAUSES:
        account.pause(pause)
        _send_wrong_password(sign_in, user)
    try:
        sign_in.start_with_password(user, user.password)
    except ClientError as error:
        if error_code(error) == "NotAuthorizedException":
            return True
        raise
    return False


def _send_wrong_password(sign_in: CustomAuth, user: ThrowAwayUser) -> None:
    try:
        response = sign_in.start_with_password(user, f"Aa1!{secrets.token_urlsafe(12)}")
    except ClientError as error:
        if error_code(error) != "NotAuthorizedException":
            raise
    else:
        raise NotTried(f"Cognito sent {described(response)} after a wrong password.")


def _lock(account: ThrowAwayAccount) -> Observation:
    count = _FAILURES + len(_PAUSES)
    if _is_locked(account, account.new_user(), CustomAuth(account)):
        return yes(f"After {count} wrong passwords in CUSTOM_AUTH, Cognito refused the right one.")
    if not _is_locked(account, account.new_user(), CustomAuth(account, "PasswordClientId", "USER_SRP_AUTH")):
        raise NotTried(
            f"Cognito accepted the right password after {count} wrong ones with USER_SRP_AUTH too, and AWS "
            "documents a lock for that flow."
        )
    return no(
        f"After {count} wrong passwords Cognito accepted the right one in CUSTOM_AUTH, and refused it with "
        "USER_SRP_AUTH."
    )


def _code_only_while_locked(account: ThrowAwayAccount) -> Observation:
    user, sign_in = account.new_user(), CustomAuth(account)
    if not _is_locked(account, user, sign_in):
        raise NotTried("Cognito did not lock the user after wrong passwords in CUSTOM_AUTH.")
    try:
        sign_in.tokens(sign_in.start(user.email))
    except ClientError as error:
        return no(f"Cognito refused a sign-in without a password: {refusal_of(error)}.")
    return yes("A sign-in without a password got tokens while Cognito refused the right password.")


def _metadata(account: ThrowAwayAccount) -> Observation:
    user = account.new_user()
    challenge = CustomAuth(account).start_with_password(user, user.password, {"locale": "de"})
    metadata = seen_by_create(challenge)["clientMetadata"]
    if (metadata or {}).get("locale") == "de":
        return yes("`create` got the ClientMetadata.")
    return no(f"The ClientMetadata of `create` was {metadata}.")


def _new_password(account: ThrowAwayAccount) -> Observation:
    user, sign_in = account.new_user(temporary=True), CustomAuth(account)
    challenge = sign_in.start_with_password(user, user.password)
    if challenge.get("ChallengeName") != "NEW_PASSWORD_REQUIRED":
        return no(f"After the temporary password Cognito sent {described(challenge)}.")
    name = challenge["ChallengeParameters"]["USER_ID_FOR_SRP"]
    following = sign_in.respond(
        challenge, {"USERNAME": name, "NEW_PASSWORD": f"Bb2!{secrets.token_urlsafe(18)}"}
    )
    if following.get("ChallengeName") != "CUSTOM_CHALLENGE":
        return no(f"After the new password Cognito sent {described(following)}.")
    sign_in.tokens(following)
    return yes("Cognito asked for the new password, then for the code, and then sent tokens.")


CLAIMS = (
    Claim(
        "lock-after-wrong-passwords",
        "Cognito's lock after wrong passwords applies to PASSWORD_VERIFIER inside CUSTOM_AUTH.",
        "It decides which mode the README recommends. With the lock, a stranger who sends wrong passwords "
        "keeps a "
        "user of a PASSWORD_AND_CODE client out for up to about 15 minutes at a time.",
        _SRP_CALLS,
        ("pool",),
        changes(
            yes="Say so in the limits of the README, and recommend WebAcl: ON with PASSWORD_AND_CODE.",
            no="Remove the lock from the limits in the threat model. The README recommends "
            "PASSWORD_AND_CODE.",
        ),
        _lock,
    ),
    Claim(
        "code-only-while-locked",
        "A user whose password is locked can sign in with a code alone.",
        "If so, AppClients: BOTH lets users sign in whom a stranger locks.",
        (*_SRP_CALLS, "InitiateAuth (CUSTOM_AUTH)"),
        ("pool",),
        changes(
            yes="Recommend AppClients: BOTH to operators whose users must not be locked out.",
            no="Say in the threat model that the lock ends all sign-ins of the user.",
        ),
        _code_only_while_locked,
    ),
    Claim(
        "metadata-with-the-password",
        "The ClientMetadata that an app sends with PASSWORD_VERIFIER reaches `create`.",
        "An app sends the channel and the language with the password (docs/clients.md).",
        _SRP_CALLS,
        ("pool",),
        changes(
            yes="Nothing.",
            no="The first message has the language and the channel of the user's attributes: say so in "
            "docs/clients.md.",
        ),
        _metadata,
    ),
    Claim(
        "new-password-before-the-code",
        "After a temporary password Cognito asks for a new one, and then for the code, before it sends "
        "tokens.",
        "Otherwise a temporary password alone would sign a user in, or such a user could not sign in.",
        (*_SRP_CALLS, "RespondToAuthChallenge (NEW_PASSWORD_REQUIRED)"),
        ("pool",),
        changes(
            yes="Nothing.",
            no="`define` must fail a sign-in with a temporary password. If tokens came without a code, this "
            "is urgent.",
        ),
        _new_password,
    ),
)
