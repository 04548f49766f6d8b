"""A run in which every function emits its metrics: sign-ins, refusals, longer codes, failures, a decoy."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jwt
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from demo_client.token_client import TokenApiError, TokenClient, TooSoon, WrongCode
from passcode.channels.channel import Destination
from passcode.channels.email import EMAIL
from passcode.cognito_messages.message import CognitoMessage
from passcode.token_service.challenge import Challenge
from passcode.token_service.policy import COOLDOWN_AFTER_SUCCESS, date_of
from tests.support.live_browser import App, Browser, issuer, session
from tests.support.live_sign_in import code_only, password_and_code
from tests.support.users import User, code_in
from tools.local_stack import inbox
from tools.local_stack.stack import Stack

US, SWITZERLAND = "+1202555", "+4179123"


@dataclass(frozen=True)
class Run:
    """The sign-ins of a run. Each has a separate user, so that no cooldown applies."""

    stack: Stack

    def everything(self) -> None:
        """Run all sign-ins. The metrics of `deliver` follow a little later."""
        self.sign_in_by_email_after_a_wrong_code()
        self.sign_in_by_sms()
        self.change_an_address()
        self.need_longer_codes()
        self.throttle()
        self.use_up_the_message_rate()
        code_only(self.stack).start(f"unknown-{secrets.token_hex(5)}@people.example")
        # SMS may not go to this country.
        code_only(self.stack).start(self.user(SWITZERLAND, channel="sms").email)
        self.use_up_the_sms_budget()
        self.bounce()
        self.come_close_to_the_email_cap()
        self.confirm_by_the_token_service()
        self.step_up()
        self.sign_in_on_the_page()
        self.break_every_function()

    def sign_in_by_email_after_a_wrong_code(self) -> None:
        user = self.user(US)
        sign_in = password_and_code(self.stack, user)
        code = self.code(user.email)
        sign_in.answer("999999" if code != "999999" else "999998").answer(code)

    def sign_in_by_sms(self) -> None:
        user = self.user(US, channel="sms")
        code_only(self.stack).start(user.email).answer(self.code(user.phone))

    def change_an_address(self) -> None:
        """Send a code to another phone number than before. The notice goes to the email address."""
        user = self.user(US, channel="sms")
        code_only(self.stack).start(user.email).answer(self.code(user.phone))
        changes = {"phone_number": f"{US}{secrets.randbelow(10_000):04d}", "phone_number_verified": "true"}
        self.stack.client("cognito-idp").admin_update_user_attributes(
            UserPoolId=self.stack.user_pool_id,
            Username=user.email,
            UserAttributes=[{"Name": name, "Value": value} for name, value in changes.items()],
        )
        time.sleep(COOLDOWN_AFTER_SUCCESS)
        code_only(self.stack).start(user.email)

    def need_longer_codes(self) -> None:
        """Answer short codes after too many wrong answers, in a sign-in and over HTTP."""
        # On a busy machine a trigger can take longer than Cognito waits. It then ends without a metric.
        for _ in range(5):
            refused = self._answer_of_a_used_up_user()
            if "Socket timeout" not in refused:
                break
        assert "a longer code is required" in refused
        address = f"watched-{secrets.token_hex(5)}@people.example"
        token = self.tokens.create(email=address).token
        code = self.code(address)
        self.put(f"token#{_subject(token)}", failures=100)
        with pytest.raises(TokenApiError):
            self.tokens.verify(token, code)

    def _answer_of_a_used_up_user(self) -> str:
        """Answer a right code of a user whose count of wrong answers is full. Returns Cognito's error."""
        user = self.user(US)
        asked = code_only(self.stack).start(user.email)
        code = self.code(user.email)
        # The count reaches its limit between the request and the answer.
        self.put(f"sign_in_code#{user.sub}", failures=100)
        with pytest.raises(ClientError) as refused:
            asked.answer(code)
        return str(refused.value)

    def throttle(self) -> None:
        user = self.user(US)
        code_only(self.stack).start(user.email)
        now = int(time.time())
        self.put(f"sign_in_code#{user.sub}", send_tat=now + 4_500, expires_at=now - 60, sent_at=now - 60)
        _refused(partial(code_only(self.stack).start, user.email))

    def use_up_the_message_rate(self) -> None:
        """Send the last message that the rate allows, in a sign-in and over HTTP."""
        user, address = self.user(US), f"watched-{secrets.token_hex(5)}@people.example"
        code_only(self.stack).start(user.email)
        subject = _subject(self.tokens.create(email=address).token)
        now = int(time.time())
        for key in (f"sign_in_code#{user.sub}", f"token#{subject}"):
            self.put(key, send_tat=now + 2_300, expires_at=now - 60, sent_at=now - 60)
        code_only(self.stack).start(user.email)
        self.tokens.create(email=address)

    def use_up_the_sms_budget(self) -> None:
        user = self.user(US, channel="sms")
        day = f"sms_day#{date_of(int(time.time()))}"
        self.add(day, 1_000_000)
        code_only(self.stack).start(user.email)
        # `deliver` has used email instead. The other sign-ins need the budget again.
        self.code(user.email)
        self.add(day, -1_000_000)

    def bounce(self) -> None:
        """Send to an address of the mailbox simulator, and let SES test the topic as at its creation."""
        self.tokens.create(email=f"bounce+{secrets.token_hex(5)}@simulator.amazonses.com")
        sentence = "Successfully validated SNS topic for Amazon SES event publishing."
        self.stack.client("lambda").invoke(
            FunctionName=self.stack.functions["delivery_events"],
            Payload=json.dumps({"Records": [{"messageId": "1", "body": sentence}]}),
        )

    def come_close_to_the_email_cap(self) -> None:
        now, address = int(time.time()), f"watched-{secrets.token_hex(5)}@people.example"
        notice = CognitoMessage(
            ciphertext="",
            source="CustomEmailSender_AccountTakeOverNotification",
            channel=EMAIL,
            destinations=(Destination(EMAIL, address),),
            locale="en",
            subject="",
            name="",
            requested_at=now,
            id="",
        ).pack()
        self.add(f"email_day#{date_of(now)}", 41_000)
        # `deliver` writes its count after each 25th email.
        source = f"arn:aws:sqs:us-east-1:000000000000:{self.stack.queues['cognito'].rpartition('/')[2]}"
        records = [
            {"messageId": str(number), "body": notice, "eventSourceARN": source} for number in range(26)
        ]
        self.stack.client("lambda").invoke(
            FunctionName=self.stack.functions["deliver"], Payload=json.dumps({"Records": records})
        )
        self.add(f"email_day#{date_of(now)}", -41_000)

    def confirm_by_the_token_service(self) -> None:
        address = f"watched-{secrets.token_hex(5)}@people.example"
        token = self.tokens.create(email=address).token
        code = self.code(address)
        with pytest.raises(WrongCode):
            self.tokens.verify(token, "999999" if code != "999999" else "999998")
        proof = self.tokens.verify(token, code).jwt
        assert [self.tokens.introspect(proof).active for _ in "12"] == [True, False]

    def step_up(self) -> None:
        user = self.user(US)
        signed_in = code_only(self.stack).start(user.email).answer(self.code(user.email))
        # The user has just received five messages.
        self.put(f"step_up#{user.sub}", send_tat=int(time.time()) + 4_500)
        with pytest.raises(TooSoon):
            self.tokens.step_up(signed_in.tokens["IdToken"])

    @property
    def tokens(self) -> TokenClient:
        """Return a client of the token service, as a back end uses it."""
        credentials = Credentials("test", "test")
        return TokenClient(
            self.stack.outputs["TokenApiURL"], region=self.stack.region, credentials=credentials
        )

    def sign_in_on_the_page(self) -> None:
        user, app = self.user(US), App(self.stack)
        browser = Browser().open(app.url()).submit("start", user_name=user.email, password=user.password)
        app.tokens(browser.submit("answer", code=self.code(user.email)))
        session().post(f"{issuer(self.stack)}/token", data={"client_secret": "another"}, timeout=60)

    def break_every_function(self) -> None:
        for name, event in (
            ("define_auth_challenge", {"request": {"session": 5}}),
            ("create_auth_challenge", "no event"),
            ("verify_auth_challenge", "no event"),
            ("deliver", {"Records": [{"messageId": "1", "body": "no delivery"}]}),
            ("token_api", "no event"),
            ("delivery_events", {"Records": ["no record"]}),
            ("hosted_sign_in", "no event"),
        ):
            self.stack.client("lambda").invoke(
                FunctionName=self.stack.functions[name], Payload=json.dumps(event)
            )

    def user(self, prefix: str, channel: str = "email") -> User:
        """Create a user with verified addresses."""
        pool, tag = self.stack.client("cognito-idp"), secrets.token_hex(5)
        email, phone = f"watched-{tag}@people.example", f"{prefix}{secrets.randbelow(10_000):04d}"
        wanted = {"email": email, "email_verified": "true", "phone_number": phone}
        wanted |= {"phone_number_verified": "true", "custom:otp_channel": channel}
        made = pool.admin_create_user(
            UserPoolId=self.stack.user_pool_id,
            Username=email,
            UserAttributes=[{"Name": name, "Value": value} for name, value in wanted.items()],
            MessageAction="SUPPRESS",
        )
        password = f"a long pass phrase {tag}"
        pool.admin_set_user_password(
            UserPoolId=self.stack.user_pool_id, Username=email, Password=password, Permanent=True
        )
        (sub,) = (a["Value"] for a in made["User"]["Attributes"] if a["Name"] == "sub")
        return User(email, phone, password, sub)

    def code(self, to: str) -> str:
        """Wait for a message to an address, and return the code of the newest one."""
        return code_in(wait_until(lambda: inbox.read(self.stack, to))[-1])

    def put(self, key: str, **numbers: int) -> None:
        """Set numbers of an item."""
        self._update(key, "SET " + ", ".join(f"{name} = :{name}" for name in numbers), numbers)

    def add(self, key: str, number: int) -> None:
        """Add a number to the SMS or emails of a day."""
        self._update(key, "ADD sent :sent", {"sent": number})

    def _update(self, key: str, expression: str, numbers: dict[str, int]) -> None:
        self.stack.client("dynamodb").update_item(
            TableName=self.stack.table,
            Key={"pk": {"S": key}},
            UpdateExpression=expression,
            ExpressionAttributeValues={f":{name}": {"N": str(value)} for name, value in numbers.items()},
        )


def _subject(token: str) -> str:
    """Return the subject of the challenge in a challenge token."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return Challenge.unpack(claims["challenge"]).subject


def _refused(call: Callable[[], object]) -> None:
    with pytest.raises(ClientError):
        call()


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until `condition` returns a true value, and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.1)
    return found
