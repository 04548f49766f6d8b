"""The texts of the operator: the folder texts.d is merged into the texts of the functions, and checked.

    texts.d/de.json        some texts of a language of this project
    texts.d/de-AT.json     the texts that are different in a region
    texts.d/fi.json        a new language: all texts
    texts.d/email.html     the layout of emails
    texts.d/logo.png       the logo in emails

`make build`, the local stack and the preview use it. A mistake stops them, so that it never stops a message.
This module and the modules that it imports need only the standard library.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from passcode.texts.languages import canonical_tag
from tools.artefacts.mail_layout import layout_faults

FOLDER = "texts.d"
# The folder of the texts in triggers/ and in an artefact.
TEXTS = Path("passcode") / "texts"
LAYOUT, LOGO = "email.html", "logo.png"
_PNG = b"\x89PNG\r\n\x1a\n"
# Each email contains the logo.
_LARGEST_LOGO = 100_000
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
# Languages differ in their plural forms (CLDR).
_DURATION = re.compile(r"durations\.duration\.(seconds|minutes|hours)\.(zero|one|two|few|many|other)")
_REQUIRED_DURATION = re.compile(r"durations\.duration\.(seconds|minutes|hours)\.other")
# A text may leave out the name of the app.
_OPTIONAL = {"app"}
# The longest name of an app. A text is counted with it.
_APP = "x" * 40
# SNS refuses an SMS of more than 1,600 characters. An SMS has up to three of these texts, a code, a purpose
# of 64 characters and a host of up to 253.
_SMS = re.compile(r".*\.(sms|sms_warning|sms_short|purpose)")
_LONGEST_SMS, _LONGEST = 300, 1_000

Texts = Mapping[str, Any]


class TextsError(ValueError):
    """A file in texts.d is wrong. The text has the file, the place in it and the solution."""


def merged(root: Path) -> dict[str, bytes]:
    """Return the files that the folder texts.d of the project `root` changes or adds, by path in triggers/.

    The result is empty without the folder. Raises `TextsError`.
    """
    folder, ours = root / FOLDER, root / "triggers" / TEXTS
    # Hidden files are those of editors and of the operating system.
    files = sorted(file for file in folder.glob("*") if not file.name.startswith("."))
    return {(TEXTS / file.name).as_posix(): _content(file, ours) for file in files}


def _content(file: Path, ours: Path) -> bytes:
    """Return the file for the functions. Raises `TextsError`."""
    shown = f"{FOLDER}/{file.name}"
    if file.name == LAYOUT:
        layout = _read(file, shown)
        _raise_first(shown, layout_faults(layout))
        return layout.encode()
    if file.name == LOGO:
        logo = file.read_bytes()
        _raise_first(shown, _logo_faults(logo))
        return logo
    if file.suffix == ".json" and _LOCALE.fullmatch(file.stem):
        _raise_first(shown, _name_faults(file, ours))
        return _catalogue(file, shown, ours)
    raise TextsError(
        f"{shown}: the name is unknown. A file has the name of a language, such as de.json or pt-BR.json, "
        f"or is {LAYOUT} or {LOGO}. Rename or remove it."
    )


def _name_faults(file: Path, ours: Path) -> Iterator[str]:
    """Yield a sentence for each other file of the same language: only one of them would be used."""
    for other in sorted({each.name for folder in (ours, file.parent) for each in folder.glob("*.json")}):
        tag = canonical_tag(other.removesuffix(".json"))
        if other != file.name and tag == canonical_tag(file.stem):
            yield f"the name means the same language as {other}. Use that name."


def _catalogue(file: Path, shown: str, ours: Path) -> bytes:
    """Return a language of this project with the operator's texts, or a new language."""
    changes = _parse(_read(file, shown), shown)
    english = json.loads((ours / "en.json").read_text("utf-8"))
    _raise_first(shown, catalogue_faults(file.stem, changes, english, is_complete=False))
    paths = (ours / f"{name}.json" for name in _nearest(file.stem))
    base = next((path for path in paths if path.exists()), None)
    texts = merge(json.loads(base.read_text("utf-8")), changes) if base else changes
    texts = {**texts, "lang": file.stem}
    _raise_first(shown, catalogue_faults(file.stem, texts, english))
    return json.dumps(texts, ensure_ascii=False, indent=2).encode()


def _nearest(locale: str) -> list[str]:
    """Return the locale and the more general ones, such as zh-Hant-TW, zh-Hant and zh."""
    parts = locale.split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]


def merge(texts: Texts, changes: Texts) -> dict[str, Any]:
    """Return `texts` with the `changes`, section by section."""
    return {**texts} | {
        key: merge(texts[key], change) if isinstance(change, dict) and key in texts else change
        for key, change in changes.items()
    }


def _read(file: Path, shown: str) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise TextsError(f"{shown}: the file is not in UTF-8. Save it in this encoding.") from None


def _parse(text: str, shown: str) -> dict[str, Any]:
    def no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        texts = dict(pairs)
        if len(texts) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise TextsError(f"{shown}: {twice} occurs twice in one section. Remove one of them.")
        return texts

    try:
        parsed = json.loads(text, object_pairs_hook=no_repeats)
    except RecursionError:
        raise TextsError(f"{shown}: the JSON has too many levels. Write it as in en.json.") from None
    except json.JSONDecodeError as error:
        raise TextsError(f"{shown}: line {error.lineno} is not JSON ({error.msg}). Correct it.") from None
    if not isinstance(parsed, dict):
        raise TextsError(f"{shown}: the file is not a JSON object. Write the texts in braces, as in en.json.")
    return parsed


def _raise_first(shown: str, faults: Iterator[str]) -> None:
    for fault in faults:
        raise TextsError(f"{shown}: {fault}")


def _logo_faults(logo: bytes) -> Iterator[str]:
    # The first chunk has the size of the picture.
    if not logo.startswith(_PNG) or logo[12:16] != b"IHDR" or not all(map(any, (logo[16:20], logo[20:24]))):
        yield "the file is not a PNG. Mail programs show no SVG, and some no WebP. Convert it."
    if len(logo) > _LARGEST_LOGO:
        yield f"the file has more than {_LARGEST_LOGO:,} bytes, and each email contains it. Make it smaller."


def catalogue_faults(locale: str, texts: Texts, english: Texts, *, is_complete: bool = True) -> Iterator[str]:
    """Yield a sentence for each fault of the texts of a language.

    `english` are the English texts, which have every text and its placeholders. If `is_complete` is false,
    texts may be missing.
    """
    ours, theirs = dict(flat(english)), dict(flat(texts))
    for path, text in theirs.items():
        if path not in ours and not _DURATION.fullmatch(path):
            yield f"{path} is unknown. en.json has all names of texts: correct the name, or remove it."
        elif not isinstance(text, str):
            yield f"{path} is not a text. Write a text in quotation marks, as in en.json."
        else:
            yield from _text_faults(path, text, ours.get(path, "{number}"))
    yield from _header_faults(locale, theirs)
    if is_complete:
        for path in ours:
            is_required = not _DURATION.fullmatch(path) or _REQUIRED_DURATION.fullmatch(path)
            if is_required and path not in theirs:
                yield f"{path} is missing. A new language needs all texts of en.json: add it."


def flat(texts: Texts, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each text under its path, such as `message.other.sms`, in the order of the file."""
    for key, value in texts.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _header_faults(locale: str, texts: Mapping[str, Any]) -> Iterator[str]:
    if texts.get("lang", locale) != locale:
        yield f'lang is not the name of the file. Write "lang": "{locale}".'
    if texts.get("dir", "ltr") not in ("ltr", "rtl"):
        yield 'dir is the direction of the script. Write "ltr" or "rtl".'


def _text_faults(path: str, text: str, english: str) -> Iterator[str]:
    yield from _form_faults(path, text)
    found = placeholders(text)
    if found is None:
        yield f"{path} has a wrong brace. Write a placeholder as {{app}}, and a brace as {{{{ or }}}}."
        return
    known = placeholders(english) or set()
    for name in sorted(found - known):
        possible = ", ".join(f"{{{each}}}" for each in sorted(known)) or "none"
        yield f"{path} has the unknown placeholder {{{name}}}. Possible: {possible}. Correct or remove it."
    # A plural form such as "one minute" needs no number.
    if not _DURATION.fullmatch(path) or path.endswith(".other"):
        for name in sorted(known - found - _OPTIONAL):
            yield f"{path} lacks {{{name}}}. Add {{{name}}} to the text."


def _form_faults(path: str, text: str) -> Iterator[str]:
    """Yield a sentence for each fault of the characters and the length of a text."""
    if not text or text != text.strip():
        yield f"{path} is empty, or begins or ends with a space. Write a text without them."
    elif all(unicodedata.category(sign)[0] in "CZ" for sign in text):
        yield f"{path} has only invisible characters. Write a text."
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text):
        yield f"{path} has a line break or a control character. Write it in one line."
    length, longest = len(text.replace("{app}", _APP)), _LONGEST_SMS if _SMS.fullmatch(path) else _LONGEST
    if length > longest:
        yield f"{path} has {length:,} characters with a name of 40. Make it shorter: {longest:,} at most."


def placeholders(text: str) -> set[str] | None:
    """Return the names of the placeholders in `text`; None if a brace or a placeholder is malformed."""
    # No {app!r}, {app:>9} or {app.name}: these could fail when a message is sent, or in the page's script.
    if not re.fullmatch(r"(?:[^{}]|\{\{|\}\}|\{[a-z]+\})*", text):
        return None
    return set(filter(None, re.findall(r"\{\{|\}\}|\{([a-z]+)\}", text)))
