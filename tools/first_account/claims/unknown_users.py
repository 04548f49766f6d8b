"""Unknown users, in an app client with PreventUserExistenceErrors."""

from uuid import UUID

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, Observation, changes, no, yes
from tools.first_account.sign_in import CustomAuth, described, refusal_of, seen_by_create

_START = ("InitiateAuth (CUSTOM_AUTH)",)


def _unknown(account: ThrowAwayAccount, letters: str = "") -> str:
    return f"{account.unique('unknown')}{letters}@first-account.example"


def _user_name(account: ThrowAwayAccount, name: str) -> str:
    """Return the `userName` that `create` gets if a user with this name signs in."""
    return str(seen_by_create(CustomAuth(account).start(name))["userName"])


def _compare(account: ThrowAwayAccount, first: str, second: str) -> Observation:
    one, other = _user_name(account, first), _user_name(account, second)
    form = "the typed name" if one in (first, first.lower()) else "a name that Cognito made"
    return (yes if one == other else no)(f"`userName` was {one} and {other}, which is {form}.")


def _stable(account: ThrowAwayAccount) -> Observation:
    name = _unknown(account)
    return _compare(account, name, name)


def _ignores_case(account: ThrowAwayAccount) -> Observation:
    name = _unknown(account)
    return _compare(account, name, name.upper())


def _ignores_case_outside_ascii(account: ThrowAwayAccount) -> Observation:
    name = _unknown(account, "äéж")
    return _compare(account, name, name.upper())


def _form(account: ThrowAwayAccount) -> Observation:
    known = CustomAuth(account).start(account.new_user().email)["ChallengeParameters"]["USERNAME"]
    unknown = CustomAuth(account).start(_unknown(account))["ChallengeParameters"]["USERNAME"]
    forms = _form_of(known), _form_of(unknown)
    return (yes if forms[0] == forms[1] else no)(
        f"USERNAME of a user was {forms[0]}, and that of an unknown user {forms[1]}."
    )


def _form_of(name: str) -> str:
    try:
        return f"a UUID of version {UUID(name).version}"
    except ValueError:
        return "not a UUID"


def _admin(account: ThrowAwayAccount) -> Observation:
    try:
        response = account.cognito.admin_initiate_auth(
            UserPoolId=account.output("PoolId"),
            ClientId=account.output("ChallengeClientId"),
            AuthFlow="CUSTOM_AUTH",
            AuthParameters={"USERNAME": _unknown(account)},
        )
    except ClientError as error:
        return no(f"Cognito refused: {refusal_of(error)}.")
    return yes(f"Cognito sent {described(response)}.")


CLAIMS = (
    Claim(
        "admin-call-for-an-unknown-user",
        "AdminInitiateAuth starts CUSTOM_AUTH for an unknown user, as InitiateAuth does.",
        "The hosted page uses AdminInitiateAuth. With an error, a page in the mode CODE_ONLY shows who has "
        "an account.",
        ("AdminInitiateAuth (CUSTOM_AUTH)",),
        ("pool",),
        changes(
            yes="Remove the sentence about AdminInitiateAuth from the threat model.",
            no="The hosted page must start sign-ins with InitiateAuth in the mode CODE_ONLY.",
        ),
        _admin,
    ),
    Claim(
        "user-name-of-an-unknown-user",
        "Two sign-ins with one unknown name have the same `userName` in the triggers.",
        "Cooldown and message rate of an unknown name are counted under its `userName`. If it changed, the "
        "history "
        "would show that the name is unknown.",
        _START,
        ("pool",),
        changes(
            yes="Remove the sentence about the `userName` from the threat model.",
            no="Unknown names have no history on AWS: say so in the threat model, as a way to find out who "
            "has an account.",
        ),
        _stable,
    ),
    Claim(
        "spelling-of-an-unknown-user",
        "In a pool that ignores case, an unknown name in upper and in lower case has the same `userName`.",
        "A user has one history for all spellings of the name, and so should an unknown name.",
        _START,
        ("pool",),
        changes(yes="Nothing.", no="Nothing: `create` changes unknown names to lower case. Keep its test."),
        _ignores_case,
    ),
    Claim(
        "letters-outside-ascii",
        "In a pool that ignores case, an unknown name with letters outside ASCII has the same `userName` in "
        "upper and in lower case.",
        "The rule of Cognito for such letters is not documented. `create` uses Unicode's lower case.",
        _START,
        ("pool",),
        changes(
            yes="Remove the sentence about letters outside ASCII from the threat model.",
            no="Compare the two names with Unicode's lower case, and use Cognito's rule for unknown names.",
        ),
        _ignores_case_outside_ascii,
    ),
    Claim(
        "form-of-username",
        "USERNAME in the challenge has the same form for a user and for an unknown user.",
        "Cognito makes it, and this project cannot change it. Another UUID version shows who has an account.",
        _START,
        ("pool",),
        changes(
            yes="Remove the sentence about USERNAME from the threat model.",
            no="Nothing. The threat model says so already.",
        ),
        _form,
    ),
)
