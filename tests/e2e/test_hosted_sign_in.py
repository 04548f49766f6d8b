"""The hosted sign-in over HTTP, from Cognito's /oauth2/authorize to Cognito's tokens in the app."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from passcode.token_service.policy import COOLDOWN_AFTER_SUCCESS
from tests.support.live_browser import CALLBACK, App, Browser, issuer, session
from tests.support.live_sign_in import password_and_code
from tests.support.users import User, code_in
from tools.local_stack import inbox, process, stack
from tools.local_stack.deploy import STACK_NAME
from tools.local_stack.environment import ROOT
from tools.local_stack.errors import StackError
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

NewUser = Callable[..., User]
CodeFor = Callable[..., str]


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def browser_at_code(app: App, user: User) -> Browser:
    browser = Browser().open(app.url())
    return browser.submit("start", user_name=user.email, password=user.password)


def signed_in(app: App, user: User, code_for: CodeFor) -> Browser:
    browser = browser_at_code(app, user)
    return browser.submit("answer", code=code_for(user.email))


def attributes(deployed: Stack, user: User) -> dict[str, str]:
    found = deployed.client("cognito-idp").admin_get_user(
        UserPoolId=deployed.user_pool_id, Username=user.email
    )
    return {each["Name"]: each["Value"] for each in found["UserAttributes"]}


def test_a_password_and_a_code_give_cognitos_own_tokens(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user, app = new_user(), App(local_stack)
    tokens = app.tokens(signed_in(app, user, code_for))
    claims = claims_of(tokens["id_token"])
    assert claims["iss"].endswith(f"/{local_stack.user_pool_id}")
    assert (claims["sub"], claims["email"], claims["nonce"]) == (user.sub, user.email, app.nonce)
    assert claims_of(tokens["access_token"])["client_id"] == local_stack.clients["hosted"]
    assert tokens["refresh_token"]


def test_repeated_sign_ins_and_the_sdk_give_the_same_user(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user, before = new_user(), 0
    pool = local_stack.client("cognito-idp")
    before_sign_in = attributes(local_stack, user)
    for _ in range(2):
        app = App(local_stack)
        browser = browser_at_code(app, user)
        before += 1
        tokens = app.tokens(browser.submit("answer", code=code_for(user.email, before)))
        assert claims_of(tokens["id_token"])["sub"] == user.sub
        time.sleep(COOLDOWN_AFTER_SUCCESS)
    now = attributes(local_stack, user)
    identities = now.pop("identities")
    # The user is linked once, and only `identities` changes.
    assert identities.count("OneTimeCode") == 1
    with pytest.raises(pool.exceptions.InvalidParameterException):
        pool.admin_link_provider_for_user(
            UserPoolId=local_stack.user_pool_id,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": user.sub},
            SourceUser={
                "ProviderName": "OneTimeCode",
                "ProviderAttributeName": "Cognito_Subject",
                "ProviderAttributeValue": user.sub,
            },
        )
    assert now == before_sign_in
    conversation = password_and_code(local_stack, user)
    conversation.answer(code_for(user.email, before + 1))
    assert claims_of(conversation.tokens["IdToken"])["sub"] == user.sub
    names = [each["Username"] for each in pool.list_users(UserPoolId=local_stack.user_pool_id)["Users"]]
    assert not [name for name in names if name.startswith("OneTimeCode")]


def test_the_redirects_contain_no_personal_data(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user, app = new_user(), App(local_stack)
    browser = signed_in(app, user, code_for)
    base = issuer(local_stack)
    ways = [url.partition("?")[0] for url in browser.redirects]
    assert ways == [
        f"{base}/authorize",
        f"{base}/sign-in",
        f"{base}/sign-in",
        f"{local_stack.endpoint_url}/oauth2/idpresponse",
        CALLBACK,
    ]
    there = parse_qs(urlsplit(browser.redirects[0]).query)
    assert there["scope"] == ["openid email phone"]
    # The page does not get the state of the app, and no URL contains the email address.
    assert app.state not in browser.redirects[0]
    assert user.email not in "".join(browser.redirects)
    assert browser.cookies[urlsplit(base).netloc] == {}


def test_no_personal_data_or_secret_is_stored_or_logged(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user, app = new_user(), App(local_stack)
    browser = browser_at_code(app, user)
    (cookie,) = (value for each in browser.cookies.values() for value in each.values())
    code = code_for(user.email)
    browser.submit("answer", code=code)
    grant = parse_qs(urlsplit(browser.redirects[-2]).query)["code"][0]
    tokens = app.tokens(browser)
    items = local_stack.client("dynamodb").scan(TableName=local_stack.table)["Items"]
    kept = str([item for item in items if item["pk"]["S"].startswith(("hosted#", "grant#"))])
    logged = "\n".join(local_stack.logs()["hosted_sign_in"])
    assert "signed in" in logged
    for secret in (user.email, user.phone, user.password, cookie, grant, tokens["id_token"]):
        assert secret not in kept
        assert secret not in logged
    assert f'"{code}"' not in logged


def test_the_right_code_is_accepted_after_a_wrong_one(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user, app = new_user(), App(local_stack)
    browser = browser_at_code(app, user)
    code = code_for(user.email)
    browser.submit("answer", code="999999" if code != "999999" else "999998")
    assert 'id="notice"' in browser.html
    assert claims_of(app.tokens(browser.submit("answer", code=code))["id_token"])["sub"] == user.sub


def test_a_wrong_password_and_an_unknown_user_get_the_same_notice(
    local_stack: Stack, new_user: NewUser
) -> None:
    user = new_user()
    shown = []
    for name in (user.email, "unknown@people.example"):
        browser = Browser().open(App(local_stack).url())
        browser.submit("start", user_name=name, password="not the password")
        text = browser.html.replace(name, "NAME")
        for each in browser.cookies.values():
            assert not [value for value in each.values() if value in text]
        shown.append(text.partition('id="notice"')[2].partition("</div>")[0])
    assert shown[0] == shown[1] != ""


def test_cancelling_returns_to_the_app_with_access_denied(local_stack: Stack) -> None:
    app = App(local_stack)
    browser = Browser().open(app.url()).submit("cancel")
    assert browser.answer == {"error": "access_denied", "state": app.state}


def test_a_code_is_accepted_once_and_only_with_the_parameters_of_its_request(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    app = App(local_stack)
    code = signed_in(app, new_user(), code_for).answer["code"]
    assert app.exchange(code, code_verifier="x" * 43).json()["error"] == "invalid_grant"
    assert app.exchange(code, code_verifier="").json()["error"] == "invalid_grant"
    assert app.exchange(code, redirect_uri=f"{CALLBACK}/other").json()["error"] == "invalid_grant"
    other = local_stack.clients["password_and_code"]
    assert app.exchange(code, client_id=other).json()["error"] == "invalid_grant"
    assert app.exchange(code).status_code == 200
    assert app.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "other",
    [
        {"redirect_uri": "https://elsewhere.example/"},
        {"response_type": "token"},
        {"identity_provider": "COGNITO"},
    ],
)
def test_cognito_refuses_other_requests_without_a_redirect(local_stack: Stack, other: dict[str, str]) -> None:
    browser = Browser().open(App(local_stack).url(**other))
    assert browser.redirects == []
    assert browser.page is not None
    assert browser.page.status_code == 400


def test_plain_pkce_is_refused(local_stack: Stack) -> None:
    browser = Browser().open(App(local_stack).url(code_challenge_method="plain"))
    assert browser.answer["error"] == "invalid_request"


def test_the_sdk_cannot_use_the_clients_of_the_hosted_sign_in(local_stack: Stack, new_user: NewUser) -> None:
    user, pool = new_user(), local_stack.client("cognito-idp")
    for flow, parameters in (
        ("USER_PASSWORD_AUTH", {"USERNAME": user.email, "PASSWORD": user.password}),
        ("CUSTOM_AUTH", {"USERNAME": user.email}),
    ):
        with pytest.raises(pool.exceptions.ClientError):
            pool.initiate_auth(
                ClientId=local_stack.clients["hosted"], AuthFlow=flow, AuthParameters=parameters
            )
    listed = pool.list_user_pool_clients(UserPoolId=local_stack.user_pool_id)["UserPoolClients"]
    (inner,) = [each["ClientId"] for each in listed if each["ClientName"] == "HOSTED_INNER"]
    with pytest.raises(pool.exceptions.ClientError):
        pool.initiate_auth(ClientId=inner, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": user.email})


def test_the_provider_gives_tokens_and_claims_only_to_cognito(local_stack: Stack) -> None:
    base = issuer(local_stack)
    wrong = {
        "grant_type": "authorization_code",
        "client_id": "cognito",
        "client_secret": "guess",
        "code": "x",
    }
    response = session().post(f"{base}/token", data=wrong, timeout=60)
    assert (response.status_code, response.json()) == (401, {"error": "invalid_client"})
    assert session().get(f"{base}/userinfo", timeout=60).status_code == 401


@pytest.fixture
def other_provider(local_stack: Stack) -> Iterator[Callable[..., str]]:
    """Returns a function that creates a provider with other details, and an app client for it."""
    pool, named = local_stack.client("cognito-idp"), {"UserPoolId": local_stack.user_pool_id}
    right = pool.describe_identity_provider(**named, ProviderName="OneTimeCode")["IdentityProvider"]
    base, made = issuer(local_stack), []
    found = {"authorize_url": "authorize", "token_url": "token", "attributes_url": "userinfo"}
    addresses = {name: f"{base}/{path}" for name, path in found.items()}
    addresses["jwks_uri"] = f"{base}/.well-known/jwks.json"

    def make(**details: str) -> str:
        pool.create_identity_provider(
            **named,
            ProviderName="Other",
            ProviderType="OIDC",
            ProviderDetails=right["ProviderDetails"] | addresses | details,
            AttributeMapping=right["AttributeMapping"],
        )
        client = pool.create_user_pool_client(
            **named,
            ClientName="OTHER",
            SupportedIdentityProviders=["Other"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email"],
            CallbackURLs=[CALLBACK],
        )["UserPoolClient"]["ClientId"]
        made.append(client)
        return str(client)

    yield make
    pool.delete_identity_provider(**named, ProviderName="Other")
    pool.delete_user_pool_client(**named, ClientId=made[0])


@pytest.mark.parametrize(
    "details",
    [
        {"oidc_issuer": "https://elsewhere.example"},
        {"client_secret": "another"},
        {"jwks_uri": "http://127.0.0.1:9/"},
        {"attributes_url": "http://127.0.0.1:9/"},
    ],
    ids=lambda details: next(iter(details)),
)
def test_cognito_refuses_a_provider_with_other_details(
    local_stack: Stack,
    new_user: NewUser,
    code_for: CodeFor,
    other_provider: Callable[..., str],
    details: dict[str, str],
) -> None:
    user, app = new_user(), App(local_stack)
    browser = Browser().open(app.url(client_id=other_provider(**details)))
    browser.submit("start", user_name=user.email, password=user.password)
    browser.submit("answer", code=code_for(user.email))
    assert (browser.answer["error"], browser.answer["state"]) == ("invalid_request", app.state)
    assert "code" not in browser.answer


@pytest.fixture
def pool_admin(local_stack: Stack, tmp_path: Path) -> Callable[..., str]:
    """Returns a function that runs `pool_admin` on the pool of the local stack, and returns its output."""

    def run(command: str, *options: str) -> str:
        of_stack = ("--stack", STACK_NAME, "--endpoint-url", local_stack.endpoint_url)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tools.pool_admin",
                command,
                local_stack.user_pool_id,
                *of_stack,
                *options,
            ],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PASSCODE_ADMIN_DIR": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr

    return run


def test_attach_sets_the_levels_that_the_stack_cannot_set(
    local_stack: Stack, pool_admin: Callable[..., str]
) -> None:
    pool = local_stack.client("cognito-idp")
    provider = {"UserPoolId": local_stack.user_pool_id, "ProviderName": "OneTimeCode"}
    pool.update_identity_provider(**provider, AcrMapping={})
    before = pool.describe_identity_provider(**provider)["IdentityProvider"]
    assert before.pop("AcrMapping") == {}
    assert "AcrMapping is not set" in pool_admin("doctor")
    assert "Attached." in pool_admin("attach", "--yes")
    assert "nothing to do" in pool_admin("attach", "--yes")
    assert "AcrMapping" not in pool_admin("doctor")
    after = pool.describe_identity_provider(**provider)["IdentityProvider"]
    assert after.pop("AcrMapping")["Level3"] == "urn:cognito:loa:3"
    assert after | {"LastModifiedDate": ""} == before | {"LastModifiedDate": ""}


def test_the_tokens_of_cognito_have_the_level_of_the_page(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor, pool_admin: Callable[..., str]
) -> None:
    pool_admin("attach", "--yes")
    user, app = new_user(), App(local_stack)
    browser = Browser().open(app.url(acr_values="urn:cognito:loa:4 urn:cognito:loa:3", max_age="0"))
    there = parse_qs(urlsplit(browser.redirects[0]).query)
    assert (there["acr_values"], there["max_age"]) == (["urn:cognito:loa:4 urn:cognito:loa:3"], ["0"])
    browser.submit("start", user_name=user.email, password=user.password)
    tokens = app.tokens(browser.submit("answer", code=code_for(user.email)))
    refreshed = app.exchange("", grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    for token in ("id_token", "access_token"):
        claims = claims_of(tokens[token])
        assert claims["acr"] == claims_of(refreshed[token])["acr"] == "urn:cognito:loa:3"
        # For Cognito, `otp` is the one-time password of an authenticator app.
        assert {"pwd", "mfa"} <= {*claims["amr"]} <= {"pwd", "mfa", "email_otp"}


def test_a_level_that_no_sign_in_reaches_is_an_error_in_the_app(
    local_stack: Stack, pool_admin: Callable[..., str]
) -> None:
    pool_admin("attach", "--yes")
    app = App(local_stack)
    browser = Browser().open(app.url(acr_values="urn:cognito:loa:4"))
    assert browser.answer == {"error": "unmet_authentication_requirements", "state": app.state}


def test_an_age_that_is_no_number_is_an_error_in_the_app(local_stack: Stack) -> None:
    assert Browser().open(App(local_stack).url(max_age="-1")).answer["error"] == "invalid_request"


def test_without_a_mapping_the_level_is_the_lowest(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor, other_provider: Callable[..., str]
) -> None:
    user, app = new_user(), App(local_stack)
    client_id = other_provider()
    browser = Browser().open(app.url(client_id=client_id, acr_values="urn:cognito:loa:3"))
    assert "acr_values" not in browser.redirects[0]
    browser.submit("start", user_name=user.email, password=user.password)
    browser.submit("answer", code=code_for(user.email))
    tokens = app.exchange(browser.answer["code"], client_id=client_id).json()
    assert claims_of(tokens["id_token"])["acr"] == "urn:cognito:loa:1"


def test_errors_of_api_gateway_are_a_page(local_stack: Stack) -> None:
    response = session().get(f"{issuer(local_stack)}/nothing", timeout=20)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Go back to the app" in response.text


@pytest.fixture
def code_only_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack whose hosted sign-in asks for no password."""
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path))
    parameters = {"HostedSignInMode": "CODE_ONLY", "ProofKeys": "B_THEN_A"}
    try:
        yield stack.up(port=process.free_port(), parameters=parameters)
    finally:
        stack.down()


def test_a_code_alone_gives_tokens_in_code_only_mode(code_only_stack: Stack) -> None:
    pool, email = code_only_stack.client("cognito-idp"), "alone@people.example"
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    made = pool.admin_create_user(
        UserPoolId=code_only_stack.user_pool_id,
        Username=email,
        UserAttributes=attributes,
        MessageAction="SUPPRESS",
    )
    pool.admin_set_user_password(
        UserPoolId=code_only_stack.user_pool_id, Username=email, Password="a long pass phrase", Permanent=True
    )
    (sub,) = (each["Value"] for each in made["User"]["Attributes"] if each["Name"] == "sub")
    app = App(code_only_stack)
    browser = Browser().open(app.url())
    assert 'name="password"' not in browser.html
    browser.submit("start", user_name=email)
    end = time.monotonic() + 60
    while not (messages := inbox.read(code_only_stack, email)):
        assert time.monotonic() < end, "no message arrived"
        time.sleep(0.05)
    claims = claims_of(app.tokens(browser.submit("answer", code=code_in(messages[-1])))["id_token"])
    assert (claims["sub"], claims["email"]) == (sub, email)
    keys = session().get(f"{issuer(code_only_stack)}/.well-known/jwks.json", timeout=60).json()["keys"]
    assert len(keys) == 2
    described = session().get(f"{issuer(code_only_stack)}/.well-known/openid-configuration", timeout=60)
    assert described.json()["acr_values_supported"] == ["urn:cognito:loa:2"]


def test_code_only_pages_cannot_be_deployed_with_clients_that_need_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path))
    parameters = {"HostedSignInMode": "CODE_ONLY", "AppClients": "PASSWORD_AND_CODE"}
    try:
        with pytest.raises(StackError, match="ask for the password"):
            stack.up(port=process.free_port(), parameters=parameters)
    finally:
        stack.down()
