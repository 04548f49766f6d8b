"""The hosted sign-in in memory: a fake pool, a fake table, and a clock that the test sets."""

import base64
import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NoReturn
from urllib.parse import urlencode

from aws_lambda_powertools.logging import Logger

from passcode.adapters.cognito_users import CognitoUsers, IdentityLinker
from passcode.adapters.jwt_tokens import SignedJwts
from passcode.adapters.kms import KmsSigningKeys
from passcode.adapters.telemetry import PowertoolsTelemetry
from passcode.channels.registry import CHANNELS
from passcode.hosted.oidc import RelyingParty
from passcode.hosted.pages import Brand, PageView
from passcode.hosted.ports import (
    Authenticated,
    AuthenticationFailed,
    CodeRequired,
    MustChangePassword,
    Outcome,
    SignInRefused,
)
from passcode.hosted.provider import Provider
from passcode.hosted.responses import PageResponses
from passcode.hosted.routes import HostedRoutes
from passcode.hosted.sign_in_page import Redirect, Reload, SignInForms, SignInPage
from passcode.hosted.state import CODE_LIFE, Grant, SignInState
from passcode.token_service.policy import REPEAT_SECONDS
from passcode.token_service.refusal import RefusalTag, Unavailable
from tests.support.aws_stubs import RecordingClient
from tests.support.events import EMAIL, NOW, SUB
from tests.support.kms_stubs import KEY_A, kms

ISSUER = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/v1"
BACK = "https://people.auth.eu-central-1.amazoncognito.com/oauth2/idpresponse"
RELYING_PARTY = RelyingParty("cognito", frozenset({BACK}))
DISCARDED_TELEMETRY = PowertoolsTelemetry("hosted", Logger(service="hosted", stream=io.StringIO()))
USER = Authenticated("2f1c-user", SUB, "")
RIGHT, PASSWORD = "123456", "correct horse battery"
LONG_RIGHT = "12345678901234567890"
AUTHORIZATION_REQUEST = {
    "client_id": ["cognito"],
    "redirect_uri": [BACK],
    "response_type": ["code"],
    "scope": ["openid email"],
    "state": ["the state"],
}


def shown(status: str = "SENT", **changes: str) -> dict[str, str]:
    """The public parameters of a challenge."""
    return {
        "status": status,
        "channel": "email",
        "destination": "***@***",
        "channels": json.dumps({"email": "***@***", "sms": "+***"}),
        "codeLength": "6",
        "expiresIn": "300",
        "resendIn": "30",
        "attemptsLeft": "5",
        "resendsLeft": "3",
        "USERNAME": USER.user_name,
    } | changes


@dataclass
class FakePool:
    """A pool with one user. Each call returns a new session, and the next call must use it."""

    choose: bool = False
    digits: int = 6  # of the codes from now on
    tag: RefusalTag | None = None
    must_change: bool = False
    session: int = 0
    calls: list[tuple[str, ...]] = field(default_factory=list)
    locales: list[str] = field(default_factory=list)
    wrong: int = 0
    user: Authenticated = USER
    in_use: tuple[str, ...] = ("email", "sms")

    def start(self, user_name: str, password: str | None, locale: str) -> Outcome:
        self.locales.append(locale)
        self.calls.append(("start", user_name))
        if self.must_change:
            raise MustChangePassword
        if password not in (None, PASSWORD):
            raise AuthenticationFailed
        if self.tag:
            return SignInRefused(self.tag)
        return self._code_required("CHOOSE" if self.choose else "SENT")

    def answer(self, session: str, user_name: str, code: str) -> Outcome:
        self.calls.append(("answer", user_name, code))
        self._check(session)
        if self.tag:
            return SignInRefused(self.tag)
        if code in (RIGHT, LONG_RIGHT):
            return self.user
        self.wrong += 1
        if self.wrong == 5:
            raise AuthenticationFailed
        return self._code_required("WRONG")

    def send(self, session: str, user_name: str, action: str, channel: str, locale: str) -> Outcome:
        self.locales.append(locale)
        self.calls.append((action, user_name, channel))
        self._check(session)
        return SignInRefused(self.tag) if self.tag else self._code_required("SENT", channel or "email")

    def _check(self, session: str) -> None:
        if session != str(self.session):
            raise AuthenticationFailed

    def _code_required(self, status: str, channel: str = "email") -> CodeRequired:
        self.session += 1
        return CodeRequired(USER.user_name, str(self.session), self._shown(status, channel))

    def _shown(self, status: str, channel: str) -> dict[str, str]:
        masks = json.dumps({name: CHANNELS[name].blank_mask for name in self.in_use})
        return shown(status, channel=channel, channels=masks, codeLength=str(self.digits))


def _failing(call: Callable[..., object], fault: str, *arguments: object) -> NoReturn:
    if fault.endswith("lost"):
        call(*arguments)
    raise Unavailable("the table failed with ReadTimeoutError")


@dataclass
class MemoryTable:
    """Sign-ins and grants, stored as by HostedTable. test_hosted_table.py tests both by one contract."""

    states: dict[str, SignInState] = field(default_factory=dict)
    grants: dict[str, tuple[Grant, int]] = field(default_factory=dict)
    used: dict[str, tuple[str, int]] = field(default_factory=dict)
    late: SignInState | None = None  # the old state that a slower request read
    fault: str = ""  # the operation that fails; with ", lost" only its response is lost

    def __getattribute__(self, name: str) -> Any:
        found, fault = super().__getattribute__(name), super().__getattribute__("fault")
        return partial(_failing, found, fault) if name == fault.partition(",")[0] else found

    def read(self, cookie: str, now: int) -> SignInState | None:
        state = self.late or self.states.get(cookie)
        return state if state and state.expires_at > now else None

    def write(self, cookie: str, state: SignInState) -> bool:
        old = self.states.get(cookie)
        if (old.version if old else 0) != state.version:
            return False
        self.states[cookie] = replace(state, version=state.version + 1)
        return True

    def increment_version(self, cookie: str, state: SignInState) -> bool:
        stored = self.states.get(cookie)
        if stored is None or stored.version != state.version:
            return False
        self.states[cookie] = replace(stored, version=state.version + 1)
        return True

    def grant(self, code: str, grant: Grant, now: int) -> None:
        self.grants.setdefault(code, (grant, now + CODE_LIFE))

    def redeem(self, code: str, use_id: str, now: int) -> Grant | None:
        grant, expires_at = self.grants.get(code, (None, 0))
        first_id, first_at = self.used.get(code, (use_id, now))
        if (
            first_id != use_id
            or now - first_at > REPEAT_SECONDS
            or (code not in self.used and expires_at <= now)
        ):
            return None
        self.used.setdefault(code, (use_id, now))
        return grant


@dataclass
class HostedPageInMemory:
    """The page of the hosted sign-in of one deployment, with a fake pool and a fake table."""

    pool: FakePool = field(default_factory=FakePool)
    table: MemoryTable = field(default_factory=MemoryTable)
    asks_password: bool = False
    now: int = NOW
    takes_phone_numbers: bool = False
    response_seconds: int = 0  # seconds until the pool responds
    tokens_made: int = 0

    def __post_init__(self) -> None:
        flow = SignInForms(
            self.pool,
            self.asks_password,
            lambda: self.now + self.response_seconds,
            lambda: self.takes_phone_numbers,
        )
        self.page = SignInPage(
            RELYING_PARTY, flow, self.table, ISSUER, self._random_token, DISCARDED_TELEMETRY
        )

    def _random_token(self) -> str:
        self.tokens_made += 1
        return f"{self.tokens_made:043d}"

    def begin(self, **changes: str) -> str:
        """Start a sign-in as Cognito does. Returns the cookie."""
        return self.page.begin(
            AUTHORIZATION_REQUEST | {name: [value] for name, value in changes.items()}, self.now
        )

    def submit(self, cookie: str, act: str, **form: str) -> Redirect | Reload | None:
        """Submit a form of the page."""
        version = self.table.states[cookie].version
        return self.page.submit(cookie, version, {"do": act, **form}, self.now)

    def view(self, cookie: str) -> PageView:
        """The view of the page for a cookie."""
        return self.page.view(cookie, self.now)

    def at_code(self) -> str:
        """A sign-in whose code was sent. Returns its cookie."""
        cookie = self.begin()
        self.submit(cookie, "start", user_name="ann@example.com", password=PASSWORD)
        return cookie


VERIFIER = "v" * 43
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()

ATTRIBUTES = [
    {"Name": "sub", "Value": SUB},
    {"Name": "email", "Value": EMAIL},
    {"Name": "email_verified", "Value": "true"},
]
GRANT = Grant("cognito", BACK, "the nonce", "", "user-name", SUB, NOW, "sms", with_password=True)
FORM = {
    "grant_type": "authorization_code",
    "client_id": "cognito",
    "client_secret": "the secret",
    "redirect_uri": BACK,
    "code": "the code",
}


def provider(
    grant: Grant = GRANT, *, enabled: bool = True, sub: str = SUB, link: Exception | None = None
) -> Provider:
    """A provider that has issued `the code`, and a pool whose user of that name has the id `sub`."""
    table = MemoryTable()
    table.grant("the code", grant, NOW)
    refuses = {"admin_link_provider_for_user": link} if link else {}
    attributes = [{"Name": "sub", "Value": sub}, *ATTRIBUTES[1:]]
    users = RecordingClient({"admin_get_user": {"Enabled": enabled, "UserAttributes": attributes}}, **refuses)
    return Provider(
        party=RELYING_PARTY,
        secret=lambda: "the secret",
        table=table,
        tokens=SignedJwts(KmsSigningKeys(kms(), (KEY_A,))),
        users=CognitoUsers(lambda: users, "pool"),
        links=IdentityLinker(lambda: users, "pool", "OneTimeCode", CognitoUsers(lambda: users, "pool")),
        issuer=ISSUER,
        telemetry=DISCARDED_TELEMETRY,
    )


def kms_of(by: Provider) -> RecordingClient:
    """The KMS client that a `provider()` signs with."""
    assert isinstance(by.tokens, SignedJwts)
    client: object = by.tokens.keys.client
    assert isinstance(client, RecordingClient)
    return client


def pool_of(by: Provider) -> RecordingClient:
    """The Cognito client that a `provider()` links users with."""
    assert isinstance(by.links, IdentityLinker)
    client: object = by.links.client()
    assert isinstance(client, RecordingClient)
    return client


SECRET = "the secret of the relying party"
ANN = {"Enabled": True, "UserAttributes": ATTRIBUTES}


@dataclass
class Browser:
    """A browser on one site, with a cookie jar for one cookie."""

    site: HostedRoutes
    cookie: str = ""
    languages: str = ""  # its header Accept-Language
    seen: list[dict[str, Any]] = field(default_factory=list)

    def get(
        self, path: str, query: Mapping[str, list[str]] | None = None, v: str = "", **headers: str
    ) -> dict[str, Any]:
        parameters = {"multiValueQueryStringParameters": query, "queryStringParameters": {"v": v}}
        return self._send("GET", path, headers, **parameters)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> dict[str, Any]:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, kind | headers, body=urlencode(form))

    def submit(self, act: str, **form: str) -> dict[str, Any]:
        """Submit the form of the current page."""
        page = self.get("/sign-in")["body"]
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        return self.post("/sign-in", {"do": act, "csrf": csrf[1] if csrf else "", **form})

    def _send(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> dict[str, Any]:
        all_headers = dict(headers) | ({"Cookie": self.cookie} if self.cookie else {})
        all_headers |= {"Accept-Language": self.languages} if self.languages else {}
        event = {
            "httpMethod": method,
            "resource": "/assets/{name}" if path.startswith("/assets/") else path,
            "pathParameters": {"name": path.rpartition("/")[2]},
            "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
            "body": None,
        }
        response = self.site.respond(event | more)
        set_cookie = response["headers"].get("Set-Cookie", "")
        if set_cookie:
            self.cookie = set_cookie.partition(";")[0]
        self.seen.append(response)
        return response


@dataclass
class HostedSiteInMemory:
    """The hosted sign-in of one deployment: its page, its provider and its routes."""

    hosted_page: HostedPageInMemory = field(default_factory=HostedPageInMemory)
    users: RecordingClient = field(
        default_factory=lambda: RecordingClient(
            {"admin_get_user": {"Enabled": True, "UserAttributes": ATTRIBUTES}}
        )
    )

    def __post_init__(self) -> None:
        provider = Provider(
            party=RELYING_PARTY,
            secret=lambda: SECRET,
            table=self.hosted_page.table,
            tokens=SignedJwts(KmsSigningKeys(kms(), (KEY_A,))),
            users=CognitoUsers(lambda: self.users, "pool"),
            links=IdentityLinker(
                lambda: self.users, "pool", "OneTimeCode", CognitoUsers(lambda: self.users, "pool")
            ),
            issuer=ISSUER,
            telemetry=DISCARDED_TELEMETRY,
        )
        self.site = HostedRoutes(
            page=self.hosted_page.page,
            provider=provider,
            key_set=lambda: {"keys": []},
            brand=Brand("Example", "#0a5bd3", has_logo=False),
            logo=None,
            page_responses=PageResponses((BACK,)),
            issuer=ISSUER,
            telemetry=DISCARDED_TELEMETRY,
        )

    def browser(self) -> Browser:
        """A new browser."""
        return Browser(self.site)
