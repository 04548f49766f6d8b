"""Users in a special state: linked to a provider, or disabled."""

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, Observation, changes, no, yes
from tools.first_account.claims.provider import new_provider
from tools.first_account.sign_in import CustomAuth, described, refusal_of


def _linked(account: ThrowAwayAccount) -> Observation:
    user, sign_in = account.new_user(), CustomAuth(account)
    account.cognito.admin_link_provider_for_user(
        UserPoolId=account.output("PoolId"),
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": user.name},
        SourceUser={
            "ProviderName": new_provider(account),
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": user.name,
        },
    )
    try:
        sign_in.tokens(sign_in.start(user.email))
    except ClientError as error:
        return no(f"Cognito refused the linked user: {refusal_of(error)}.")
    return yes("A linked user who had never used the provider got tokens.")


def _disabled(account: ThrowAwayAccount) -> Observation:
    user, sign_in = account.new_user(), CustomAuth(account)
    account.cognito.admin_disable_user(UserPoolId=account.output("PoolId"), Username=user.email)
    try:
        challenge = sign_in.start(user.email)
        response = sign_in.finish(challenge)
    except ClientError as error:
        return yes(f"Cognito refused: {refusal_of(error)}.")
    return no(f"Cognito sent {described(response)} to a disabled user.")


CLAIMS = (
    Claim(
        "linked-users-and-custom-auth",
        "A user who is linked to a provider can sign in with CUSTOM_AUTH before the first sign-in through "
        "it.",
        "AWS's API reference says that linked users use an SDK only after a sign-in through the provider. "
        "So the "
        "hosted page creates the link as late as possible.",
        ("CreateIdentityProvider", "AdminLinkProviderForUser", "InitiateAuth (CUSTOM_AUTH)"),
        ("pool",),
        changes(
            yes="Remove the sentence about linked users from the threat model. The link could be created "
            "earlier.",
            no="Nothing. Say in docs/hosted-sign-in.md what a user reads whose first hosted sign-in failed "
            "halfway.",
        ),
        _linked,
    ),
    Claim(
        "disabled-users-cannot-sign-in",
        "Cognito refuses CUSTOM_AUTH for a disabled user.",
        "Operators disable a user to end the user's sign-ins. `doctor` does not check addresses of disabled "
        "users.",
        ("AdminDisableUser", "InitiateAuth (CUSTOM_AUTH)"),
        ("pool",),
        changes(
            yes="Nothing. Compare the error with that of an unknown user: it can show that the name exists.",
            no="`create` must treat a disabled user as unknown. This is urgent.",
        ),
        _disabled,
    ),
)
