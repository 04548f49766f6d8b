"""The session of a sign-in: how many rounds it has room for."""

from botocore.exceptions import ClientError

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, NotTried, Observation, changes, no, yes
from tools.first_account.sign_in import CustomAuth, described, refusal_of
from tools.pool_admin.errors import DENIED, THROTTLED, error_code

# MOST_ROUNDS of triggers/passcode/sign_in/steps.py.
ROUNDS = 40


def _rounds(account: ThrowAwayAccount) -> Observation:
    sign_in = CustomAuth(account)
    challenge = sign_in.start(account.new_user().email)
    sizes = []
    for number in range(1, ROUNDS + 1):
        if challenge.get("ChallengeName") != "CUSTOM_CHALLENGE":
            raise NotTried(f"Cognito sent {described(challenge)} instead of challenge {number}.")
        sizes.append(len(challenge.get("Session", "")))
        answer = account.right_answer if number == ROUNDS else "wrong"
        name = challenge["ChallengeParameters"]["USERNAME"]
        try:
            challenge = sign_in.respond(challenge, {"USERNAME": name, "ANSWER": answer})
        except ClientError as error:
            if error_code(error) in DENIED | THROTTLED | {"InternalErrorException"}:
                raise
            return no(
                f"Cognito refused answer {number}: {refusal_of(error)}. The Session had {sizes[-1]} "
                "characters."
            )
    if "AuthenticationResult" not in challenge:
        raise NotTried(f"Cognito sent {described(challenge)} after the right answer.")
    return yes(
        f"Cognito sent tokens after {ROUNDS} challenges. The Session grew from {sizes[0]} to {sizes[-1]} "
        "characters."
    )


CLAIMS = (
    Claim(
        "rounds-of-a-session",
        f"A sign-in has room for {ROUNDS} rounds of CUSTOM_CHALLENGE with 390 bytes of challengeMetadata "
        "each.",
        "`create` keeps the data of a round in challengeMetadata, and Cognito keeps all rounds in the "
        "Session. Wrong answers, new codes and choices of a channel are rounds.",
        ("InitiateAuth (CUSTOM_AUTH)", "RespondToAuthChallenge (CUSTOM_CHALLENGE)"),
        ("pool",),
        changes(
            yes="Nothing.",
            no="Lower MOST_ROUNDS in `steps.py` below the round of the observation, and the maximum of "
            "AnswersPerSession if it is higher.",
        ),
        _rounds,
    ),
)
