import os
from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
from pycognito.aws_srp import AWSSRP

POOL_ID, CLIENT_ID = os.environ["USER_POOL_ID"], os.environ["CLIENT_ID"]
# The region, and the endpoint if it is not AWS, come from AWS_DEFAULT_REGION and AWS_ENDPOINT_URL.
cognito = boto3.client("cognito-idp")
respond = partial(cognito.respond_to_auth_challenge, ClientId=CLIENT_ID)


def sign_in(username: str, password: str, ask: Callable[[dict[str, str]], str]) -> Any:
    """Return tokens for a password, which stays on this machine, and then a code. `ask` shows the
    challenge's destination, asks for codeLength digits and returns what the user typed: the code, or
    "email" or "sms" for another message."""
    srp = AWSSRP(username, password, POOL_ID, CLIENT_ID, client=cognito)
    start = srp.get_auth_params() | {"CHALLENGE_NAME": "SRP_A"}
    step: Any = cognito.initiate_auth(AuthFlow="CUSTOM_AUTH", ClientId=CLIENT_ID, AuthParameters=start)
    answer = srp.process_challenge(step["ChallengeParameters"], start)
    step = respond(ChallengeName="PASSWORD_VERIFIER", Session=step["Session"], ChallengeResponses=answer)
    while step.get("ChallengeName") == "CUSTOM_CHALLENGE":
        typed = ask(step["ChallengeParameters"])
        step = respond(
            ChallengeName="CUSTOM_CHALLENGE",
            Session=step["Session"],
            ChallengeResponses={"USERNAME": step["ChallengeParameters"]["USERNAME"], "ANSWER": typed},
            ClientMetadata={"action": "resend", "channel": typed} if typed in ("email", "sms") else {},
        )
    return step["AuthenticationResult"]
