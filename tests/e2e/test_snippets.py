"""The snippets of the documents: a document shows each file unchanged, and each snippet signs a user in."""

import re
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import jwt
import pytest

from tests.clients.driver import AMPLIFY, IDENTITY_JS, sign_in
from tests.support.users import User
from tools.local_stack.environment import ROOT
from tools.local_stack.stack import Stack

NewUser = Callable[..., User]
CodeFor = Callable[..., str]
Challenge = dict[str, str]

SNIPPETS = ROOT / "docs" / "snippets"
FILES = sorted(path.name for path in SNIPPETS.iterdir() if path.suffix in (".mjs", ".py", ".sh"))

python_snippet = pytest.mark.parametrize(
    ("name", "client"),
    [("boto3_code_only", "code_only"), ("pycognito_password_and_code", "password_and_code")],
)
pytestmark = pytest.mark.e2e


@pytest.fixture
def app(local_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], ModuleType]:
    """Loads a Python snippet with the environment of an app that uses the app client `client`."""

    def load(name: str, client: str) -> ModuleType:
        monkeypatch.setenv("AWS_ENDPOINT_URL", local_stack.endpoint_url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", local_stack.region)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("USER_POOL_ID", local_stack.user_pool_id)
        monkeypatch.setenv("CLIENT_ID", local_stack.clients[client])
        spec = spec_from_file_location(f"snippet_{name}", SNIPPETS / f"{name}.py")
        assert spec
        assert spec.loader
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def credentials(user: User, client: str) -> list[str]:
    """The first input of the user."""
    return [user.email, user.password] if client == "password_and_code" else [user.email]


@pytest.mark.parametrize("name", FILES)
def test_exactly_one_document_shows_the_file_unchanged(name: str) -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    snippet = re.compile(rf"<!-- snippet: {re.escape(name)} -->\s*```\w*\n(.*?)```\s*<!-- end -->", re.DOTALL)
    shown = [text for page in pages for text in snippet.findall(page.read_text(encoding="utf-8"))]
    assert shown == [(SNIPPETS / name).read_text(encoding="utf-8")]


# pycognito calls datetime.utcnow(), which Python 3.12 and later warn of.
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@python_snippet
def test_a_python_snippet_signs_in_after_a_resend(
    name: str, client: str, app: Callable[[str, str], ModuleType], new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    seen: list[Challenge] = []

    def ask(challenge: Challenge) -> str:
        seen.append(challenge)
        if len(seen) == 1:
            time.sleep(int(challenge["resendIn"]))
            return "sms"
        return code_for(user.phone)

    tokens: dict[str, Any] = app(name, client).sign_in(*credentials(user, client), ask)
    assert [(c["status"], c["channel"]) for c in seen] == [("SENT", "email"), ("SENT", "sms")]
    claims = jwt.decode(tokens["IdToken"], options={"verify_signature": False})
    assert claims["sub"] == user.sub


# test_javascript_clients.py runs them with a code alone.
@pytest.mark.node
@pytest.mark.parametrize("module", [AMPLIFY, IDENTITY_JS])
def test_a_javascript_snippet_signs_in_after_a_resend(
    module: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, module, "password_and_code", user.email, user.password) as sdk_sign_in:
        first = sdk_sign_in.challenge()
        time.sleep(int(first["resendIn"]))
        sdk_sign_in.type("sms")
        again = sdk_sign_in.challenge()
        assert (again["status"], again["channel"]) == ("SENT", "sms")
        sdk_sign_in.type(code_for(user.phone))
        assert sdk_sign_in.claims()["sub"] == user.sub
