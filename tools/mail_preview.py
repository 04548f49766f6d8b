"""Pictures of every email in every language: `python -m tools.mail_preview`, which `make mail-preview` calls.

It writes the HTML and the text of each email into .local/mail-preview, and pictures of it in the light and
the dark scheme and on a phone. index.html shows them all. The texts, the layout and the logo in the folder
texts.d are used as `make build` uses them. Without Chromium there are no pictures.
"""

import argparse
import shutil
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from passcode.channels.channel import MailBrand, MessageContent
from passcode.channels.email import EMAIL, EmailMessage
from passcode.texts import catalogue
from passcode.texts.catalogue import cognito_message_texts, message_texts, notice_texts
from passcode.texts.colors import check_color
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, TOKEN, Code
from tools.artefacts import texts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".local" / "mail-preview"
Scheme = Literal["light", "dark"]
# The name of a picture, the width of the window in pixels, and the colour scheme.
SHOTS: tuple[tuple[str, int, Scheme], ...] = (
    ("light", 720, "light"),
    ("dark", 720, "dark"),
    ("phone", 320, "light"),
)
_CODE, _LONG_CODE, _PASSWORD = Code("482915"), Code("48291507364918205573"), Code("kW7#mQ2x")
# 07:30 UTC on 29 November 2026.
_REQUESTED_AT = 1_795_937_400
# The messages of Cognito that have a secret but no temporary password.
_COGNITO_CODES = ("sign_in", "sign_up", "address", "recovery")


@dataclass(frozen=True)
class Sender:
    """The app that sends the emails of a preview."""

    app: str = "Harbour Bank"
    mail: MailBrand = field(default_factory=lambda: MailBrand("#0b6e6e"))
    support_url: str = "https://harbour-bank.example/help"


def contents(locale: str, sender: Sender) -> Mapping[str, MessageContent]:
    """Return the content of every email in the language of `locale`, by a name for its files."""
    code = MessageContent(
        message_texts(locale, SIGN_IN_CODE),
        _CODE,
        sender.app,
        minutes=5,
        requested_at=_REQUESTED_AT,
        support_url=sender.support_url,
        mail=sender.mail,
    )
    token = code._replace(texts=message_texts(locale, TOKEN))
    notice = MessageContent(notice_texts(locale, "email"), None, sender.app, mail=sender.mail)
    cognito = {
        kind: code._replace(texts=cognito_message_texts(locale, kind), minutes=0) for kind in _COGNITO_CODES
    }
    return {
        "sign-in-after-password": code._replace(texts=message_texts(locale, SIGN_IN_PASSWORD)),
        "sign-in": code,
        "sign-in-long-code": code._replace(code=_LONG_CODE, in_groups=True),
        "verification": token,
        "verification-with-purpose": token._replace(purpose="Payment of 20 EUR to Ada's Bakery"),
        "changed-email": notice,
        "changed-phone": notice._replace(texts=notice_texts(locale, "phone_number")),
        **{f"cognito-{kind.replace('_', '-')}": content for kind, content in cognito.items()},
        "cognito-invitation": code._replace(
            texts=cognito_message_texts(locale, "invitation"),
            code=_PASSWORD,
            purpose="ada",
            requested_at=0,
            support_url="",
        ),
        "cognito-notice": notice._replace(texts=cognito_message_texts(locale, "notice")),
    }


def emails(locale: str, sender: Sender) -> Mapping[str, EmailMessage]:
    """Return every email in the language of `locale`, by a name for its files."""
    return {name: EMAIL.render(content) for name, content in contents(locale, sender).items()}


def shown_html(mail: EmailMessage) -> str:
    """Return the HTML for a browser: with the logo inside, because a browser has no attachments."""
    return mail.html.replace("cid:logo", f"data:image/png;base64,{b64encode(mail.logo).decode()}")


def write(mail: EmailMessage, file: Path) -> None:
    """Write the HTML and the text of an email to `file` with the endings .html and .txt."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_suffix(".html").write_text(shown_html(mail), "utf-8")
    file.with_suffix(".txt").write_text(f"{mail.subject}\n\n{mail.text}", "utf-8")


def picture(page: "Page", file: Path, name: str, width: int, scheme: Scheme) -> None:
    """Write a picture of the email `file` (.html) in a window of `width` pixels."""
    page.set_viewport_size({"width": width, "height": 200})
    page.emulate_media(color_scheme=scheme)
    page.goto(file.as_uri())
    page.screenshot(path=file.with_name(f"{file.stem}-{name}.png"), full_page=True)


@contextmanager
def chromium() -> "Iterator[Browser | None]":
    """Run Chromium; None if it or Playwright is missing."""
    found = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - HTML needs no browser
    except ImportError:
        found = None
    if found is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


def index(names: Mapping[str, list[str]], has_pictures: bool) -> str:
    """Return a page with links to all emails, and their pictures. `names` are those of each locale."""
    rows = []
    for locale, mails in names.items():
        rows.append(f"<h2>{escape(locale)}</h2>")
        for name in mails:
            file = f"{locale}/{name}"
            shots = "".join(
                f'<a href="{file}-{shot}.png"><img src="{file}-{shot}.png" alt="{shot}" loading="lazy"></a>'
                for shot, *_ in SHOTS
            )
            rows.append(
                f'<h3>{name} <a href="{file}.html">HTML</a> <a href="{file}.txt">text</a></h3>'
                f"<div>{shots if has_pictures else ''}</div>"
            )
    style = "body{font-family:sans-serif}img{height:260px;margin:4px;border:1px solid #ccc}"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Emails</title>'
        f"<style>{style}</style></head><body><h1>Emails</h1>{''.join(rows)}</body></html>"
    )


def preview(folder: Path, sender: Sender) -> None:
    """Write all emails, their pictures and index.html to `folder`, and print the progress."""
    shutil.rmtree(folder, ignore_errors=True)
    # The local stack uses the folder .local too, and other users of the machine may not read it.
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    locales = sorted(catalogue.locales())
    names: dict[str, list[str]] = {}
    with chromium() as browser:
        page = browser.new_page() if browser else None
        for number, locale in enumerate(locales, start=1):
            print(f"{number}/{len(locales)} {locale}", flush=True)
            mails = emails(locale, sender)
            names[locale] = list(mails)
            for name, mail in mails.items():
                file = folder / locale / f"{name}.html"
                write(mail, file)
                if page:
                    for shot in SHOTS:
                        picture(page, file, *shot)
        (folder / "index.html").write_text(index(names, page is not None), "utf-8")
    if page is None:
        print("There are no pictures, because Chromium was not found. Install it and run this again.")
    print(f"The emails are in {folder / 'index.html'}")


@contextmanager
def operators_texts(root: Path) -> Iterator[None]:
    """Let the catalogue also read the folder texts.d of the project `root`. Raises `TextsError`."""
    changed = texts.merged(root)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "texts"
        shutil.copytree(catalogue.FOLDER, folder)
        for name, content in changed.items():
            (folder / Path(name).name).write_bytes(content)
        before, catalogue.FOLDER = catalogue.FOLDER, folder
        try:
            yield
        finally:
            catalogue.FOLDER = before


def main(arguments: list[str]) -> str | None:
    """Write the preview. Returns an error text, or None."""
    parser = argparse.ArgumentParser(prog="python -m tools.mail_preview", description="Render every email.")
    parser.add_argument("--app", default="Harbour Bank", help="AppName")
    parser.add_argument("--color", default="#0b6e6e", help="BrandColor")
    parser.add_argument("--logo", type=Path, help="a PNG file")
    parser.add_argument("--support-url", default="https://harbour-bank.example/help", help="SupportUrl")
    given = parser.parse_args(arguments)
    try:
        with operators_texts(ROOT):
            logo = given.logo.read_bytes() if given.logo else catalogue.email_logo()
            mail = MailBrand(check_color(given.color), logo)
            preview(FOLDER, Sender(given.app, mail, given.support_url))
    except (ValueError, OSError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
