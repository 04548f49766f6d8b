"""Every flow through the real handlers, with all loggers at DEBUG: no record and no output has a secret."""

import importlib.util
import json
import logging
import re
import secrets
import urllib.parse
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from types import ModuleType
from typing import Any

import jwt
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from benchmarks.imports import SETTINGS
from passcode.adapters.telemetry import make_telemetry
from passcode.channels.channel import Destination, destination_id
from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import Challenge
from tests.support.cognito_encryption import CodeEncryptor, new_key
from tests.support.events import ENVIRONMENT, SALT, SUB, golden
from tests.support.hosted_in_memory import Browser, shown
from tests.support.token_api_on_moto import TokenApiHandler, composed
from tests.support.users import another_code

TRIGGERS = Path(__file__).parents[2] / "triggers"
REGION = ENVIRONMENT["AWS_DEFAULT_REGION"]
EMAIL, PHONE = "ada@people.example", "+12025550147"
PASSWORD_CODE = "271828"
RP_SECRET, APP_CLIENT_SECRET = "the secret of the provider", "the secret of the app client"
COGNITO_SESSION = "a session of Cognito that no log may contain"
ID_TOKEN_SIGNATURE = "c2lnbmF0dXJl"


@dataclass
class Logged:
    """All records of all loggers, including those that do not propagate."""

    records: list[logging.LogRecord] = field(default_factory=list)

    def text(self, *, libraries_only: bool = False) -> str:
        """The records as text, with the arguments and the traceback."""
        chosen = [r for r in self.records if not (libraries_only and r.name in OWN_LOGGERS)]
        return "\n".join(f"{r.getMessage()} {_without_clock(r)!r}" for r in chosen)


def _without_clock(record: logging.LogRecord) -> dict[str, object]:
    """The fields of a record. By chance, the digits of a time or of a process id may be those of a code."""
    clock = {"created", "msecs", "relativeCreated", "process", "thread"}
    return {name: value for name, value in record.__dict__.items() if name not in clock}


OWN_LOGGERS = {
    "create_auth_challenge",
    "verify_auth_challenge",
    "pre_token_generation",
    "deliver",
    "custom_sender",
    "token_api",
    "hosted_sign_in",
}
LIBRARIES = (
    "aws_encryption_sdk",
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "jinja2",
    "jwt",
    "phonenumbers",
    "pycognito",
    "requests",
    "s3transfer",
    "urllib3",
)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Logged]:
    found, handle = Logged(), logging.Logger.handle

    def record(logger: logging.Logger, entry: logging.LogRecord) -> None:
        found.records.append(entry)
        handle(logger, entry)

    monkeypatch.setattr(logging.Logger, "handle", record)
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    root, before = logging.getLogger(), logging.getLogger().level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    root.setLevel(logging.DEBUG)
    for name in LIBRARIES:
        # Another test may have loaded a handler already.
        logging.getLogger(name).setLevel(logging.NOTSET)
    yield found
    root.setLevel(before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@dataclass
class Stack:
    """All handlers with one moto AWS. `secrets` has the values that may not be logged, by kind."""

    handler: TokenApiHandler
    handlers: dict[str, ModuleType]
    queue_urls: list[str]
    encryptor: CodeEncryptor
    secrets: dict[str, set[str]] = field(default_factory=dict)

    def hide(self, kind: str, *values: str) -> None:
        self.secrets.setdefault(kind, set()).update(values)

    def deliver(self) -> None:
        """Run `deliver` for each message of the queues."""
        sqs = self.handler.client("sqs")
        messages = []
        for url in self.queue_urls:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                # A URL and an ARN end with the name of the queue.
                source = f"arn:aws:sqs:eu-central-1:123456789012:{url.rpartition('/')[2]}"
                messages.append((message, source))
        assert messages
        records = [
            {"messageId": m["MessageId"], "body": m["Body"], "eventSourceARN": source}
            for m, source in messages
        ]
        assert self.handlers["deliver"].handler({"Records": records}, None) == {"batchItemFailures": []}

    def code(self, challenge: Challenge) -> str:
        """The code of a challenge. It is a secret from now on, like its MAC."""
        channel = CHANNELS[challenge.channel]
        to = Destination(channel, {"email": EMAIL, "sms": PHONE}[channel.name])
        code = self.handler.code_of(challenge, destination_id(to, SALT))
        mac = self.handler.mac_of(challenge)
        self.hide("code", code)
        self.hide("MAC", mac.hex(), b64encode(mac).decode(), repr(mac)[2:-1])
        self.hide("nonce", challenge.nonce)
        return code


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"debug_logs_{name}", TRIGGERS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def stack(logged: Logged, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    with composed() as handler:
        client = handler.client
        client("sesv2").create_email_identity(EmailIdentity=ENVIRONMENT["SENDER_EMAIL"])
        client("sesv2").create_configuration_set(ConfigurationSetName=ENVIRONMENT["CONFIGURATION_SET"])
        secret = client("secretsmanager").create_secret(Name="provider", SecretString=RP_SECRET)
        sender_key = new_key(client("kms"))
        settings = {name: SETTINGS[name] for name in SETTINGS.keys() - handler.environment.keys()} | {
            "MODE": "CODE_ONLY",
            "RP_SECRET_ID": secret["ARN"],
            "STATE_KEY_ID": new_key(client("kms")),
            "SIGN_KEY_IDS": handler.environment["PROOF_KEY_IDS"],
            "SENDER_KEY_ID": sender_key,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        names = sorted(OWN_LOGGERS | {"define_auth_challenge"})
        handlers = {name: handler.module if name == "token_api" else load(name) for name in names}
        answer_as_cognito(monkeypatch)
        encryptor = CodeEncryptor(client("kms"), sender_key, handler.environment["USER_POOL_ID"])
        urls = [url for name, url in handler.environment.items() if name.endswith("_QUEUE_URL")]
        found = Stack(handler, handlers, urls, encryptor)
        found.hide("address", EMAIL, PHONE)
        logged.records.clear()
        yield found


def answer_as_cognito(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto has no custom challenges. The responses replace it only below botocore's logs."""
    claims = (
        urlsafe_b64encode(json.dumps({"sub": SUB, "cognito:username": SUB}).encode()).decode().rstrip("=")
    )
    attributes = {"sub": SUB, "email": EMAIL, "email_verified": "true"}
    responses: dict[str, dict[str, Any]] = {
        "AdminInitiateAuth": {
            "ChallengeName": "CUSTOM_CHALLENGE",
            "Session": COGNITO_SESSION,
            "ChallengeParameters": shown(USERNAME=SUB),
        },
        "AdminRespondToAuthChallenge": {
            "AuthenticationResult": {"IdToken": f"e30.{claims}.{ID_TOKEN_SIGNATURE}"}
        },
        "AdminGetUser": {
            "Username": SUB,
            "Enabled": True,
            "UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
        },
        "DescribeUserPool": {"UserPool": {"UsernameAttributes": ["email"]}},
        "DescribeUserPoolClient": {"UserPoolClient": {"ClientSecret": APP_CLIENT_SECRET}},
        "AdminLinkProviderForUser": {},
    }

    answer = BotocoreStubber.__call__

    def respond(moto: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:
        if "cognito-identity-provider" not in event_name:
            return answer(moto, event_name, request, **more)
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        raw = MockRawResponse(json.dumps(responses[operation]).encode())
        return AWSResponse(request.url, 200, HTTPHeaders(), raw)

    monkeypatch.setattr(BotocoreStubber, "__call__", respond)


def sign_in(stack: Stack, channel: str) -> None:
    """A sign-in with a password and a code: a wrong answer, a resend, and the right answer."""
    define, create, verify = (
        stack.handlers[name].handler
        for name in ("define_auth_challenge", "create_auth_challenge", "verify_auth_challenge")
    )
    history: list[dict[str, object]] = [
        {"challengeName": name, "challengeResult": True, "challengeMetadata": None}
        for name in ("SRP_A", "PASSWORD_VERIFIER")
    ]
    preference = {"custom:otp_channel": channel}
    attributes = golden("create_after_password")["request"]["userAttributes"] | preference
    attributes |= {"email": EMAIL, "email_verified": "true"}
    attributes |= {"phone_number": PHONE, "phone_number_verified": "true", "sub": f"{channel}-{SUB}"}
    event = golden("create_after_password", session=history, userAttributes=attributes)
    assert define(golden("define_after_password", session=history, userAttributes=attributes), None)
    response = create(event, None)["response"]
    challenge = Challenge.unpack(response["privateChallengeParameters"]["challenge"])
    stack.deliver()
    code = stack.code(challenge)
    for answer, is_right in ((another_code(code), False), (code, True)):
        stack.hide("answer", answer)
        request = golden("verify_plain", userAttributes=attributes, challengeAnswer=answer)
        request["request"]["privateChallengeParameters"] = response["privateChallengeParameters"]
        assert verify(request, None)["response"] == {"answerCorrect": is_right}


def unknown_sign_in(stack: Stack) -> None:
    """A code-only sign-in of an unknown user. `deliver` sends nothing."""
    stack.handlers["create_auth_challenge"].handler(golden("create_unknown_user_null"), None)
    stack.deliver()


def confirmation(stack: Stack) -> None:
    """/createToken on both channels, a wrong and the right code, and the proof twice; then step-up."""
    handler = stack.handler
    for address in ({"email": EMAIL}, {"phone_number": PHONE}):
        created = handler.post("/createToken", address | {"purpose": "pay 20 EUR"}).body
        stack.deliver()
        answer(stack, created["token"], "/verifyToken", {})
    claims = {
        "sub": SUB,
        "cognito:username": SUB,
        "token_use": "id",
        "aud": "a",
        "auth_time": str(int(time())),
    }
    context = {"authorizer": {"claims": claims}}
    stepped = handler.post("/step-up", {}, context=context).body
    stack.deliver()
    answer(stack, stepped["token"], "/step-up/verify", {"context": context})


def answer(stack: Stack, token: str, path: str, more: dict[str, Any]) -> None:
    code = stack.code(Challenge.unpack(jwt.decode(token, options={"verify_signature": False})["challenge"]))
    stack.hide("token", token)
    for typed in (another_code(code), code):
        stack.hide("answer", typed)
        answered = stack.handler.post(path, {"token": token, "verification_code": typed}, **more)
    stack.hide("token", answered.body["proof"])
    for _ in range(2):
        stack.handler.post("/introspect", {"proof": answered.body["proof"]})


def cognito_message(stack: Stack) -> None:
    """Cognito's own codes by email and SMS, decrypted by the AWS Encryption SDK."""
    for name in ("custom_email_sign_up", "custom_sms_sign_up"):
        ciphertext = stack.encryptor.encrypt(PASSWORD_CODE)
        event = golden(name, code=ciphertext)
        stack.handlers["custom_sender"].handler(event, None)
        stack.deliver()
    stack.hide("code", PASSWORD_CODE)


def claims(stack: Stack) -> None:
    """The claims of a token, from the evidence of a sign-in."""
    event = golden("define_right_code")
    event |= {"triggerSource": "TokenGeneration_Authentication", "version": "1"}
    stack.handlers["pre_token_generation"].handler(event, None)


def hosted_sign_in(stack: Stack) -> None:
    """From Cognito's request to the tokens of the provider and its answer about the user."""

    class Site:
        respond = staticmethod(lambda event: stack.handlers["hosted_sign_in"].handler(event, None))

    back, nonce, state = SETTINGS["REDIRECT_URIS"], secrets.token_hex(20), secrets.token_hex(20)
    browser = Browser(Site())  # type: ignore[arg-type]
    request = {
        "client_id": SETTINGS["RP_CLIENT_ID"],
        "redirect_uri": back,
        "response_type": "code",
        "scope": "openid email",
        "state": state,
        "nonce": nonce,
    }
    browser.get("/authorize", {name: [value] for name, value in request.items()})
    stack.hide("token", browser.cookie.partition("=")[2], COGNITO_SESSION)
    browser.submit("start", user_name=EMAIL)
    left = browser.submit("answer", code="314159")
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(left["headers"]["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "client_id": SETTINGS["RP_CLIENT_ID"], "redirect_uri": back}
    tokens = json.loads(browser.post("/token", form | {"client_secret": RP_SECRET, "code": code})["body"])
    assert (
        json.loads(browser.get("/userinfo", Authorization=f"Bearer {tokens['access_token']}")["body"])[
            "email"
        ]
        == EMAIL
    )
    stack.hide("token", tokens["access_token"], tokens["id_token"], code, ID_TOKEN_SIGNATURE)
    stack.hide("password", RP_SECRET, APP_CLIENT_SECRET)
    stack.hide("nonce", nonce, state)
    stack.hide("code", "314159")


FLOWS: list[Callable[[Stack], None]] = [
    lambda stack: sign_in(stack, "email"),
    lambda stack: sign_in(stack, "sms"),
    unknown_sign_in,
    confirmation,
    cognito_message,
    claims,
    hosted_sign_in,
]


def found_in(text: str, values: set[str]) -> set[str]:
    """The values that are in the text. A code counts only as a separate number."""
    return {
        value
        for value in values
        if (re.search(rf"(?<![0-9a-f]){value}(?![0-9a-f])", text) if value.isdigit() else value in text)
    }


def test_a_time_or_a_process_id_is_no_code() -> None:
    record = logging.LogRecord("any", logging.DEBUG, __file__, 1, "code %s", ("271828",), None)
    record.created, record.msecs, record.relativeCreated = 1767225600.314159, 314.314159, 5.314159
    record.process = record.thread = 314159
    assert found_in(Logged([record]).text(), {"314159", "271828"}) == {"271828"}


def test_no_flow_logs_or_prints_a_secret_at_debug(
    stack: Stack, logged: Logged, capfd: pytest.CaptureFixture[str]
) -> None:
    for flow in FLOWS:
        flow(stack)
    printed = "".join(capfd.readouterr())
    assert {record.name for record in logged.records} >= OWN_LOGGERS - {"pre_token_generation"}
    assert '"_aws"' in printed, "the metrics are among the output"
    sent = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    texts = sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages
    assert all(all(values) for values in stack.secrets.values())
    assert len(sent) >= 3
    assert len(texts) >= 3
    assert stack.secrets.keys() == {"address", "code", "MAC", "nonce", "answer", "token", "password"}
    leaks = {
        kind: found_in(logged.text() + printed, values)
        for kind, values in stack.secrets.items()
        if kind != "nonce"
    }
    # The nonce of a challenge is its id in this project's own log lines, and only there.
    leaks["nonce"] = found_in(logged.text(libraries_only=True), stack.secrets["nonce"])
    assert not any(leaks.values()), leaks


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_logs_nothing_below_warning(name: str) -> None:
    make_telemetry("deliver", "CognitoPasscode")
    assert not logging.getLogger(f"{name}.any").isEnabledFor(logging.INFO)
    assert logging.getLogger(f"{name}.any").isEnabledFor(logging.WARNING)
