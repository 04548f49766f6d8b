import os
from collections.abc import Callable
from typing import Any

import boto3

CLIENT_ID = os.environ["CLIENT_ID"]
# The region, and the endpoint if it is not AWS, come from AWS_DEFAULT_REGION and AWS_ENDPOINT_URL.
cognito = boto3.client("cognito-idp")


def sign_in(username: str, ask: Callable[[dict[str, str]], str]) -> Any:
    """Return tokens for a code alone. `ask` shows the challenge's destination, asks for codeLength digits and
    returns what the user typed: the code, or "email" or "sms" for another message."""
    start = {"USERNAME": username}
    step = cognito.initiate_auth(AuthFlow="CUSTOM_AUTH", ClientId=CLIENT_ID, AuthParameters=start)
    while step.get("ChallengeName") == "CUSTOM_CHALLENGE":
        typed = ask(step["ChallengeParameters"])
        step = cognito.respond_to_auth_challenge(
            ClientId=CLIENT_ID,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=step["Session"],
            ChallengeResponses={"USERNAME": step["ChallengeParameters"]["USERNAME"], "ANSWER": typed},
            ClientMetadata={"action": "resend", "channel": typed} if typed in ("email", "sms") else {},
        )
    return step["AuthenticationResult"]
