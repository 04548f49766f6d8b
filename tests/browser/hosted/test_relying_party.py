"""The provider with a certified relying party: openid-client, which makes all checks of OpenID Connect."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

import pytest

from tests.browser.hosted.kit import CODE_PAGE, LocalApp, Visitor
from tests.clients.driver import HERE, node
from tests.support.users import User

pytestmark = [pytest.mark.e2e, pytest.mark.node]

NewVisitor = Callable[..., Visitor]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]

code_alone = pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True)
_KILLED_AFTER = 60.0


class RelyingParty:
    """One run of the script: `write` sends it a line, `read` returns its next result."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the script ended or was killed without output; stderr has the reason"
        result: dict[str, Any] = json.loads(line)
        return result

    def write(self, line: str) -> "RelyingParty":
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self


@contextmanager
def relying_party(app: LocalApp, **changed: str) -> Iterator[RelyingParty]:
    """Run openid-client as a client of the provider until the end of the block."""
    secrets = app.stack.client("secretsmanager")
    stored = secrets.get_secret_value(SecretId="passcode-hosted-sign-in-1")["SecretString"]
    environment = {
        "PATH": os.environ["PATH"],
        "ISSUER": app.stack.outputs["HostedIssuer"],
        "LOCAL_ISSUER": app.issuer,
        "CLIENT_ID": "cognito",
        "CLIENT_SECRET": stored,
        "REDIRECT_URI": app.callback,
    }
    script = [node(), "--preserve-symlinks", "--preserve-symlinks-main", str(HERE / "relying-party.mjs")]
    with subprocess.Popen(
        script, env=environment | changed, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        timer = Timer(_KILLED_AFTER, process.kill)
        timer.start()
        try:
            yield RelyingParty(process)
        finally:
            timer.cancel()
            process.kill()


def url_after_sign_in(party: RelyingParty, visitor: Visitor, user: User, code_for: CodeFor) -> str:
    """Sign in. Returns the URL of the redirect to the app."""
    visitor.page.goto(party.read()["authorize"])
    visitor.enter_name(user).wait_for_heading(CODE_PAGE).enter_code(code_for(user.email)).wait_for_app()
    return visitor.page.url


def test_openid_client_accepts_the_tokens_and_the_claims(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with relying_party(app) as party:
        back = url_after_sign_in(party, new_visitor(), user, code_for)
        result = party.write(back).read()
    assert "error" not in result, result
    claims, user_info = result["claims"], result["userinfo"]
    assert claims["iss"] == app.stack.outputs["HostedIssuer"]
    assert claims["sub"] == user_info["sub"] == user.sub
    for name, value in (("email", user.email), ("phone_number", user.phone)):
        assert claims[name] == user_info[name] == value
        assert claims[f"{name}_verified"] is user_info[f"{name}_verified"] is True
    # A code alone is one factor. A password and a code are two.
    with_password = 'name="password"' in new_visitor().start().page.content()
    assert ("mfa" in claims.get("amr", [])) is with_password
    assert claims["acr"] == ("urn:cognito:loa:3" if with_password else "urn:cognito:loa:2")


@code_alone
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"STATE": "another"}, "OAUTH_INVALID_RESPONSE"),
        ({"NONCE": "another"}, "OAUTH_JWT_CLAIM_COMPARISON_FAILED"),
        ({"VERIFIER": "x" * 43}, "invalid_grant"),
        ({"CLIENT_SECRET": "guess"}, "invalid_client"),
    ],
)
def test_openid_client_refuses_a_response_to_another_request(
    changed: dict[str, str],
    why: str,
    new_visitor: NewVisitor,
    app: LocalApp,
    new_user: NewUser,
    code_for: CodeFor,
) -> None:
    with relying_party(app, **changed) as party:
        back = url_after_sign_in(party, new_visitor(), new_user(), code_for)
        result = party.write(back).read()
    assert result["error"] == why, result


@code_alone
def test_a_response_with_another_issuer_is_refused(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    """The mix-up attack (RFC 9207)."""
    with relying_party(app) as party:
        back = url_after_sign_in(party, new_visitor(), new_user(), code_for)
        other = back.replace("execute-api", "elsewhere")
        assert other != back
        assert party.write(other).read()["error"] == "OAUTH_INVALID_RESPONSE"


@code_alone
def test_cancelling_a_sign_in_is_the_error_access_denied(new_visitor: NewVisitor, app: LocalApp) -> None:
    with relying_party(app) as party:
        visitor = new_visitor()
        visitor.page.goto(party.read()["authorize"])
        visitor.press("Back to Cognito Passcode").wait_for_app()
        assert party.write(visitor.page.url).read()["error"] == "access_denied"
