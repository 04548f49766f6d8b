"""An app that signs a user in through Cognito's API, and the deployment that it uses."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.support.challenge_triggers import ChallengeTriggers, EventForm
from tests.support.custom_auth import AuthResponse, CustomAuth, PoolUser
from tests.support.events import CODE_ONLY_CLIENT, PASSWORD_CLIENT
from tests.support.outbox import Sent
from tests.support.sign_in_on_moto import SignInOnMoto
from tests.support.template import RESOURCES

PASSWORD = "correct horse 1 battery staple"
CODE, VERIFIER, NEW_PASSWORD = "CUSTOM_CHALLENGE", "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED"
# In AWS's pages these parts of an event are open, so that each test runs with each form.
FORMS = {
    "keys are absent": EventForm("absent"),
    "null": EventForm("null", prefilled=True),
    "empty, of a later version": EventForm("empty", more_keys=True),
}
# AuthSessionValidity is in minutes.
SESSION_SECONDS = 60 * int(RESOURCES["PasswordAndCodeClient"]["Properties"]["AuthSessionValidity"])
_numbers = count(1)


@dataclass
class App:
    """One sign-in at an app client. `response` is Cognito's newest response."""

    deployment: "Deployment"
    client: str
    name: str
    response: AuthResponse = field(default_factory=AuthResponse)

    @property
    def pool(self) -> CustomAuth:
        """The user pool."""
        return self.deployment.pool

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.deployment.functions.clock.now += seconds

    def start(self, **metadata: str) -> AuthResponse:
        """InitiateAuth without a password. `metadata` is its ClientMetadata."""
        return self._keep(self.pool.initiate_auth(self.client, {"USERNAME": self.name}, metadata))

    def start_with_srp(self) -> AuthResponse:
        """InitiateAuth with SRP, as most SDKs do it. Cognito then asks for the password."""
        parameters = {"USERNAME": self.name, "CHALLENGE_NAME": "SRP_A", "SRP_A": "a1b2"}
        return self._keep(self.pool.initiate_auth(self.client, parameters))

    def start_with_password(self, password: str = PASSWORD, **metadata: str) -> AuthResponse:
        """Do both steps of SRP. `metadata` is the ClientMetadata of the second one."""
        assert self.start_with_srp().challenge == VERIFIER
        return self.respond(VERIFIER, metadata, PASSWORD_CLAIM_SIGNATURE=password)

    def begin(self) -> AuthResponse:
        """Start as this app client does, and expect a challenge for the code."""
        response = self.start_with_password() if self.client == PASSWORD_CLIENT else self.start()
        assert response.challenge == CODE
        return response

    def answer(self, answer: str, **metadata: str) -> AuthResponse:
        """Answer the challenge for the code."""
        return self.respond(CODE, metadata, ANSWER=answer)

    def resend(self, **metadata: str) -> AuthResponse:
        """Ask for another message."""
        return self.answer("resend", action="resend", **metadata)

    def respond(self, challenge: str, metadata: dict[str, str], **responses: str) -> AuthResponse:
        """RespondToAuthChallenge."""
        response = self.pool.respond_to_auth_challenge(
            self.client, challenge, self.response.session, responses, metadata
        )
        return self._keep(response)

    @property
    def user(self) -> PoolUser:
        """The user with the name of this sign-in."""
        return self.pool.users[self.name]

    @property
    def messages(self) -> list[Sent]:
        """The messages to the user, oldest first, after all queued ones are delivered."""
        found = self.user.attributes
        return self.deployment.functions.sent_to(found.get("email", ""), found.get("phone_number", ""))

    @property
    def code(self) -> str:
        """The code in the newest message."""
        return self.messages[-1].code

    def shown(self, *keys: str) -> tuple[str, ...]:
        """The values of these ChallengeParameters."""
        return tuple(self.response.parameters[key] for key in keys)

    def again(self) -> "App":
        """Another sign-in of the same user."""
        return App(self.deployment, self.client, self.name)

    def _keep(self, response: AuthResponse) -> AuthResponse:
        self.response = response
        return response


@dataclass
class Deployment:
    """A user pool with the functions. The pool's events have this form."""

    functions: SignInOnMoto
    form: EventForm

    def __post_init__(self) -> None:
        self.triggers = ChallengeTriggers(self.functions.invoke, self.functions.clock, form=self.form)
        # Each form has one of the two user names that an event of an unknown user may have.
        self.pool = CustomAuth(self.triggers, SESSION_SECONDS, hides_name=self.form.prefilled)

    def app(self, client: str = CODE_ONLY_CLIENT, **changes: Any) -> App:
        """An app with a new user. `changes` are those of the user, or of the attributes."""
        number = next(_numbers)
        name = f"00000000-0000-4000-8000-{number:012d}"
        attributes = {
            "sub": name,
            "email": f"user-{number}@people.example",
            "email_verified": "true",
            "phone_number": f"+1202555{number:04d}",
            "phone_number_verified": "true",
        }
        attributes |= changes.pop("attributes", {})
        self.pool.users[name] = PoolUser(attributes, **{"password": PASSWORD} | changes)
        return App(self, client, name)

    def stranger(self, client: str = CODE_ONLY_CLIENT) -> App:
        """An app with a new name that belongs to no user."""
        return App(self, client, f"unknown-{next(_numbers)}@people.example")

    def called(self, *triggers: str) -> list[dict[str, Any]]:
        """The events of all calls of these triggers, or of all triggers."""
        return [call.event for call in self.triggers.calls if not triggers or call.trigger in triggers]

    def record(self, app: App) -> dict[str, Any]:
        """The item of the table with the counters of the app's user."""
        kind = "sign_in_code" if app.client == CODE_ONLY_CLIENT else "sign_in_password"
        found = self.functions.client("dynamodb").get_item(
            TableName=self.functions.environment["TABLE_NAME"], Key={"pk": {"S": f"{kind}#{app.name}"}}
        )
        return {key: next(iter(value.values())) for key, value in found["Item"].items()}
