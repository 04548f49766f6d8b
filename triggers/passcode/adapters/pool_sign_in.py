"""The pool's sign-in, called for a user of the hosted page.

It uses the administrator's operations, because these requests come from the IP addresses of Lambda. A limit
by IP address in front of the pool would count all users as one client. The page has its own limit.
"""

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from passcode.adapters.botocore_clients import error_code, unavailable
from passcode.hosted.ports import (
    Authenticated,
    AuthenticationFailed,
    CodeRequired,
    MustChangePassword,
    Outcome,
    SignInRefused,
)
from passcode.hosted.state import LONGEST_NAME
from passcode.token_service.refusal import Unavailable, parse_tag

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_TRIGGER_FAILED = " failed with error "
# Cognito returns the last one for a user name that it cannot parse.
_REFUSALS = {
    *("NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"),
    "InvalidParameterException",
}
# A wrong secret of the app client and a pool without its triggers have the same error codes as refusals. If
# these errors were treated as refusals, every user would see "wrong password" and no alarm would fire.
_CONFIGURATION_ERRORS = ("secret hash", "trigger is not configured")
_RESET = {"PasswordResetRequiredException"}


@dataclass(frozen=True)
class PoolSignIn:
    """Runs CUSTOM_AUTH. `client` returns a botocore Cognito client, `secret` the app client's secret."""

    client: Callable[[], "CognitoIdentityProviderClient"]
    pool_id: str
    client_id: str
    secret: Callable[[], str]

    def start(self, user_name: str, password: str | None, locale: str) -> Outcome:
        """Start a sign-in. Without a password (None) the code comes first.

        The first message is in the language of `locale` only after a password: Cognito does not pass the
        ClientMetadata of AdminInitiateAuth on to the triggers of custom challenges.
        Raises `AuthenticationFailed`, `MustChangePassword` or `Unavailable`.
        """
        if len(user_name) > LONGEST_NAME:
            raise AuthenticationFailed
        if password is None:
            return self._challenge(self._initiate({"USERNAME": user_name}), user_name)

        proof = PasswordProof(self.pool_id, self.client_id, user_name, password)
        response = self._initiate(proof.first_parameters())
        if isinstance(response, SignInRefused) or response.get("ChallengeName") != "PASSWORD_VERIFIER":
            # Otherwise a pool with a wrong configuration could skip the password.
            raise Unavailable("the pool does not ask for the password")
        answer = proof.answer(response["ChallengeParameters"])
        metadata = _without_empty(locale=locale)
        response = self._respond("PASSWORD_VERIFIER", response["Session"], answer, metadata)
        return self._challenge(response, user_name)

    def answer(self, session: str, user_name: str, code: str) -> Outcome:
        """Answer with the code that the user typed. Raises `AuthenticationFailed` or `Unavailable`."""
        answer = self._answer(session, user_name, code, {})
        if not isinstance(answer, SignInRefused) and (result := answer.get("AuthenticationResult")):
            claims = _claims(result["IdToken"])
            # Only pools with assurance claims name the channel.
            return Authenticated(claims["cognito:username"], claims["sub"], claims.get("otp_channel", ""))
        return self._challenge(answer, user_name)

    def send(self, session: str, user_name: str, action: str, channel: str, locale: str) -> Outcome:
        """Request a message: `action` is send or resend. Raises `AuthenticationFailed`, `Unavailable`."""
        metadata = _without_empty(action=action, channel=channel, locale=locale)
        response = self._answer(session, user_name, action, metadata)
        return self._challenge(response, user_name)

    def _answer(self, session: str, user_name: str, answer: str, metadata: Mapping[str, str]) -> Any:
        responses = {"USERNAME": user_name, "ANSWER": answer}
        return self._respond("CUSTOM_CHALLENGE", session, responses, metadata)

    def _initiate(self, parameters: Mapping[str, str]) -> Any:
        signed = {**parameters, "SECRET_HASH": self._secret_hash(parameters["USERNAME"])}
        return self._call("admin_initiate_auth", AuthFlow="CUSTOM_AUTH", AuthParameters=signed)

    def _respond(
        self, name: str, session: str, responses: Mapping[str, str], metadata: Mapping[str, str]
    ) -> Any:
        signed = {**responses, "SECRET_HASH": self._secret_hash(responses["USERNAME"])}
        return self._call(
            "admin_respond_to_auth_challenge",
            ChallengeName=name,
            Session=session,
            ChallengeResponses=signed,
            ClientMetadata=dict(metadata),
        )

    def _call(self, operation: str, **parameters: Any) -> Any:
        with unavailable("the pool"):
            try:
                call = getattr(self.client(), operation)
                return call(UserPoolId=self.pool_id, ClientId=self.client_id, **parameters)
            except ClientError as error:
                return _refused(error)

    def _challenge(self, response: Any, user_name: str) -> CodeRequired | SignInRefused:
        """Return the challenge in Cognito's response.

        Tokens without a code are not accepted from any source.
        """
        if isinstance(response, SignInRefused):
            return response
        name = response.get("ChallengeName")
        if name == "NEW_PASSWORD_REQUIRED":
            raise MustChangePassword
        if name != "CUSTOM_CHALLENGE":
            raise Unavailable(f"the pool asks for {name or 'no code'}")
        parameters = response["ChallengeParameters"]
        # The user may have typed an alias. From here on Cognito requires the user name.
        return CodeRequired(parameters.get("USERNAME", user_name), response["Session"], parameters)

    def _secret_hash(self, user_name: str) -> str:
        message = (user_name + self.client_id).encode()
        return base64.b64encode(hmac.digest(self.secret().encode(), message, hashlib.sha256)).decode()


def _without_empty(**metadata: str) -> dict[str, str]:
    return {name: value for name, value in metadata.items() if value}


def _refused(error: ClientError) -> SignInRefused:
    code, text = error_code(error), str(error.response["Error"].get("Message", ""))
    if any(message in text for message in _CONFIGURATION_ERRORS):
        raise error
    if code in _REFUSALS:
        raise AuthenticationFailed from None
    if code in _RESET:
        raise MustChangePassword from None
    if code == "UserLambdaValidationException" and _TRIGGER_FAILED in text:
        return SignInRefused(parse_tag(text))
    raise error


def _claims(token: str) -> dict[str, str]:
    """Return the claims of a token. The token needs no check, because Cognito's own response has it."""
    payload = token.split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


class PasswordProof:
    """SRP: `first_parameters` is the first message, `answer` the second. No repr shows the password."""

    def __init__(self, pool_id: str, client_id: str, user_name: str, password: str) -> None:
        from pycognito.aws_srp import AWSSRP  # noqa: PLC0415 - 0.2 s, only for sign-ins with a password

        # Without a client argument it would make a client.
        self._srp = AWSSRP(user_name, password, pool_id, client_id, client=object())

    def first_parameters(self) -> dict[str, str]:
        """Return the first AuthParameters."""
        return {"CHALLENGE_NAME": "SRP_A", **self._srp.get_auth_params()}

    def answer(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Return the ChallengeResponses of PASSWORD_VERIFIER."""
        with warnings.catch_warnings():
            # pycognito calls datetime.utcnow(), and Python 3.12 warns about that.
            warnings.simplefilter("ignore", DeprecationWarning)
            answer = self._srp.process_challenge(parameters, self._srp.get_auth_params())
        return {str(key): str(value) for key, value in answer.items()}


def takes_phone_numbers(client: Callable[[], "CognitoIdentityProviderClient"], pool_id: str) -> bool:
    """Return True if users of the pool can sign in with a phone number. One call. Raises `Unavailable`.

    This setting of a pool cannot be changed.
    """
    with unavailable("the pool"):
        pool = client().describe_user_pool(UserPoolId=pool_id)["UserPool"]
        return "phone_number" in (*pool.get("UsernameAttributes", ()), *pool.get("AliasAttributes", ()))


def app_client_secret(
    client: Callable[[], "CognitoIdentityProviderClient"], pool_id: str, client_id: str
) -> str:
    """The secret of an app client of the pool. One call. Raises `Unavailable`."""
    with unavailable("the pool"):
        response = client().describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
        return str(response["UserPoolClient"]["ClientSecret"])
