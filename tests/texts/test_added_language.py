"""A language is one file: an added catalogue gives texts to messages and pages, and nothing else changes."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from passcode.cognito_messages.message import read_message
from passcode.hosted import routes
from passcode.texts import catalogue
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.events import EMAIL, NOW, PHONE, FixedClock, golden
from tests.support.handlers import HandlerOutput
from tests.support.hosted_in_memory import AUTHORIZATION_REQUEST, HostedSiteInMemory

MARK = "متن"


def marked(value: Any) -> Any:
    """A copy of the texts, each with a mark before it."""
    if isinstance(value, dict):
        return {key: marked(inner) for key, inner in value.items()}
    return f"{MARK} {value}"


@pytest.fixture(autouse=True)
def _persian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalogue with one more file, fa.json. No other test sees it."""
    folder = tmp_path / "texts"
    shutil.copytree(catalogue.FOLDER, folder)
    english = json.loads((folder / "en.json").read_text("utf-8"))
    (folder / "fa.json").write_text(json.dumps(marked(english) | {"lang": "fa", "dir": "rtl"}), "utf-8")
    cached = [value for value in vars(catalogue).values() if hasattr(value, "cache_clear")]
    assert cached
    monkeypatch.setattr(catalogue, "FOLDER", folder)
    for function in cached:
        function.cache_clear()
    yield
    for function in cached:
        function.cache_clear()


@pytest.fixture
def handler(output: HandlerOutput) -> DeliverHandler:
    return DeliverHandler(output.telemetry)


def test_an_email_is_in_the_added_language(handler: DeliverHandler) -> None:
    assert handler.deliver(body(("email", EMAIL), locale="fa-IR")) == []
    simple = handler.ses.sent("send_email")[0]["Content"]["Simple"]
    assert simple["Subject"]["Data"] == f"{MARK} Your Example sign-in code"
    assert '<html lang="fa" dir="rtl">' in simple["Body"]["Html"]["Data"]
    assert simple["Body"]["Text"]["Data"].startswith(MARK)


def test_an_sms_is_in_the_added_language(handler: DeliverHandler) -> None:
    assert handler.deliver(body(("sms", PHONE), channel="sms", locale="fa")) == []
    (sms,) = handler.sns.sent("publish")
    assert sms["Message"].splitlines()[1].startswith(f"{MARK} ")


def test_a_message_of_cognito_is_in_the_added_language(handler: DeliverHandler) -> None:
    message = replace(read_message(golden("custom_email_forgot_password"), NOW), locale="fa_IR")
    assert handler.deliver(message.pack()) == []
    simple = handler.ses.sent("send_email")[0]["Content"]["Simple"]
    assert simple["Subject"]["Data"].startswith(MARK)
    assert '<html lang="fa" dir="rtl">' in simple["Body"]["Html"]["Data"]


def test_a_page_is_in_the_added_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "time", FixedClock(NOW))
    browser = HostedSiteInMemory().browser()
    browser.get("/authorize", AUTHORIZATION_REQUEST)
    html = browser.get("/sign-in", None, "", **{"Accept-Language": "fa-IR, en;q=0.5"})["body"]
    assert '<html lang="fa" dir="rtl">' in html
    assert f"<h1>{MARK} " in html


def test_users_of_other_languages_keep_their_language(handler: DeliverHandler) -> None:
    assert handler.deliver(body(("email", EMAIL), locale="de-AT")) == []
    simple = handler.ses.sent("send_email")[0]["Content"]["Simple"]
    assert MARK not in simple["Body"]["Text"]["Data"]
    assert '<html lang="de" dir="ltr">' in simple["Body"]["Html"]["Data"]
