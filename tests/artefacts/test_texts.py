"""The operator's folder texts.d: what it may have, and the sentence for each mistake."""

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passcode.channels.email import EMAIL
from passcode.texts import catalogue
from tests.support.template import ROOT
from tools.artefacts import build
from tools.artefacts.mail_layout import layout_faults
from tools.artefacts.texts import TEXTS, TextsError, catalogue_faults, merged, placeholders
from tools.local_stack import deploy
from tools.local_stack.errors import StackError
from tools.mail_preview import Sender, contents, emails, operators_texts

SOURCES = ROOT / "triggers" / TEXTS
LAYOUT = (SOURCES / "email.html").read_text("utf-8")
ENGLISH: dict[str, Any] = json.loads((SOURCES / "en.json").read_text("utf-8"))
LANGUAGES = {"de.json", "fi.json"}
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x20\x00\x00\x00\x20 and more"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our texts and an empty folder texts.d."""
    shutil.copytree(SOURCES, tmp_path / "triggers" / TEXTS)
    (tmp_path / "texts.d").mkdir()
    return tmp_path


def put(project: Path, name: str, content: object) -> None:
    """Write a file into texts.d: bytes and text as they are, anything else as JSON."""
    file = project / "texts.d" / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def error(project: Path) -> str:
    """The sentence for the mistake in texts.d."""
    with pytest.raises(TextsError) as raised:
        merged(project)
    return str(raised.value)


# Our own files.


@pytest.mark.parametrize("locale", sorted(catalogue.locales()))
def test_our_texts_obey_the_rules_for_the_operators(locale: str) -> None:
    texts = json.loads((SOURCES / f"{locale}.json").read_text("utf-8"))
    assert list(catalogue_faults(locale, texts, ENGLISH)) == []


def test_our_layout_obeys_the_rules_for_the_operators() -> None:
    assert list(layout_faults(LAYOUT)) == []


# What works.


def test_without_the_folder_nothing_changes(project: Path) -> None:
    (project / "texts.d").rmdir()
    assert merged(project) == {}


def test_some_texts_replace_ours_and_the_others_stay(project: Path) -> None:
    put(project, "de.json", {"message": {"subject": "{app}: Ihr Code", "other": {"intro": "Ihr Code:"}}})
    put(project, ".DS_Store", b"\xff")
    ((path, content),) = merged(project).items()
    assert path == "passcode/texts/de.json"
    texts, ours = json.loads(content), json.loads((SOURCES / "de.json").read_text("utf-8"))
    assert texts["message"]["subject"] == "{app}: Ihr Code"
    assert texts["message"]["other"].pop("intro") == "Ihr Code:"
    texts["message"]["subject"] = ours["message"]["subject"]
    ours["message"]["other"].pop("intro")
    assert texts == ours


def test_a_region_needs_only_the_texts_that_differ_from_its_language(project: Path) -> None:
    put(project, "pt-BR.json", {"message": {"subject": "Seu código de acesso: {app}"}})
    texts = json.loads(merged(project)["passcode/texts/pt-BR.json"])
    ours = json.loads((SOURCES / "pt.json").read_text("utf-8"))
    assert texts["lang"] == "pt-BR"
    assert texts["message"]["subject"] == "Seu código de acesso: {app}"
    assert texts["page"] == ours["page"]


def test_a_new_language_is_a_complete_file(project: Path) -> None:
    put(project, "fi.json", ENGLISH | {"lang": "fi"})
    assert json.loads(merged(project)["passcode/texts/fi.json"])["lang"] == "fi"


def test_a_text_need_not_name_the_app(project: Path) -> None:
    put(project, "en.json", {"message": {"subject": "Your sign-in code"}})
    assert merged(project)


def test_the_layout_and_the_logo_are_copied(project: Path) -> None:
    put(project, "email.html", LAYOUT.replace("520", "600"))
    put(project, "logo.png", PNG)
    assert merged(project) == {
        "passcode/texts/email.html": LAYOUT.replace("520", "600").encode(),
        "passcode/texts/logo.png": PNG,
    }


# Mistakes.


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("de.json", '{"message": {\n"subject": "a",,\n}}', "texts.d/de.json: line 2 is not JSON"),
        ("de.json", "[]", "the file is not a JSON object. Write the texts in braces"),
        ("de.json", b"\xff\xfe", "the file is not in UTF-8. Save it"),
        (
            "de.json",
            '{"message": {"subject": "a", "subject": "b"}}',
            "subject occurs twice in",
        ),
        ("de.json", {"mesage": {"subject": "a"}}, "mesage.subject is unknown. en.json has all names"),
        ("de.json", {"message": {"subject": {"a": "b"}}}, "message.subject.a is unknown"),
        ("de.json", {"message": "a"}, "message is unknown"),
        ("de.json", {"message": {"subject": 5}}, "message.subject is not a text. Write"),
        ("de.json", {"message": {"subject": ""}}, "message.subject is empty, or begins"),
        ("de.json", {"message": {"subject": "a\nb"}}, "message.subject has a line break"),
        ("de.json", {"message": {"subject": "a\u2028b"}}, "message.subject has a line break"),
        (
            "de.json",
            {"message": {"expiry": "{app}: soon"}},
            "message.expiry has the unknown placeholder {app}. Possible: {duration}",
        ),
        ("de.json", {"message": {"expiry": "soon"}}, "message.expiry lacks {duration}. Add {duration} to"),
        ("de.json", {"cognito": {"purpose": "you"}}, "cognito.purpose lacks {purpose}. Add"),
        ("de.json", {"message": {"support": "help"}}, "message.support lacks {url}. Add"),
        (
            "de.json",
            {"message": {"subject": "{code}"}},
            "message.subject has the unknown placeholder {code}. Possible: {app}. Correct",
        ),
        # The purpose line is filled with the purpose only.
        (
            "de.json",
            {"message": {"purpose": "{purpose} {app}"}},
            "{app}. Possible: {purpose}",
        ),
        (
            "de.json",
            {"page": {"restart": "{app}"}},
            "page.restart has the unknown placeholder",
        ),
        (
            "de.json",
            {"message": {"subject": "{app"}},
            "message.subject has a wrong brace. Write",
        ),
        ("de.json", {"message": {"subject": "app}"}}, "message.subject has a wrong brace"),
        ("de.json", {"message": {"subject": "{}"}}, "message.subject has a wrong brace"),
        ("de.json", {"message": {"subject": "{0}"}}, "message.subject has a wrong brace"),
        ("de.json", {"message": {"subject": "{app.x}"}}, "message.subject has a wrong brace"),
        ("de.json", {"message": {"subject": "{app!r}"}}, "message.subject has a wrong brace"),
        ("de.json", {"message": {"subject": "{app:>9}"}}, "message.subject has a wrong brace"),
        ("de.json", {"durations": {"duration.days": "{number}"}}, "durations.duration.days is unknown"),
        ("ar.json", {"durations": {"duration.hours.3-10": "{number}"}}, "duration.hours.3-10 is unknown"),
        ("de.json", {"durations": {"duration.hours": "{number}"}}, "duration.hours is unknown"),
        ("de.json", {"lang": "en"}, 'lang is not the name of the file. Write "lang": "de".'),
        ("ar.json", {"dir": "right"}, 'dir is the direction of the script. Write "ltr" or "rtl".'),
        ("fi.json", {"lang": "fi"}, "dir is missing. A new language needs all texts of en.json"),
        ("deutsch.json", {}, "texts.d/deutsch.json: the name is unknown. A file has the name of a language"),
        ("de_AT.json", {}, "texts.d/de_AT.json: the name is unknown"),
        ("layout.html", LAYOUT, "texts.d/layout.html: the name is unknown"),
        ("logo.svg", "<svg/>", "texts.d/logo.svg: the name is unknown"),
        ("logo.png", "<svg/>", "texts.d/logo.png: the file is not a PNG"),
        ("logo.png", PNG[:8], "texts.d/logo.png: the file is not a PNG"),
        ("logo.png", PNG.replace(b"\x20", b"\0"), "texts.d/logo.png: the file is not a PNG"),
        # Two files of one language: one of them would never be used.
        ("iw.json", ENGLISH | {"lang": "iw"}, "the name means the same language as he.json"),
        ("zh.json", ENGLISH | {"lang": "zh"}, "the name means the same language as zh-Hans.json"),
        ("deu.json", ENGLISH | {"lang": "deu"}, "the name means the same language as de.json"),
        ("de.json", {"message": {"subject": {}}}, "message.subject is not a text. Write"),
        ("de.json", '{"message": {"subject": "a\\ud800"}}', "message.subject has a line break"),
        ("de.json", {"message": {"subject": "\u200b\u00ad"}}, "message.subject has only invisible"),
        ("de.json", f"{'[' * 100_000}{']' * 100_000}", "the JSON has too many levels"),
        # SNS would refuse each SMS.
        ("de.json", {"message": {"other": {"sms": "x" * 301}}}, "message.other.sms has 301 characters"),
        ("de.json", {"message": {"sms_short": "{app}" * 8}}, "message.sms_short has 320 characters"),
        ("de.json", {"message": {"purpose": "x" * 300 + "{purpose}"}}, "message.purpose has 309 char"),
        ("de.json", {"message": {"warning": "x" * 1_001}}, "message.warning has 1,001 characters"),
        ("logo.png", PNG + b"x" * 100_000, "texts.d/logo.png: the file has more than 100,000 bytes"),
        (
            "email.html",
            LAYOUT.replace("$intro", "$intro 5 $"),
            "a $ is not followed by the name of a placeholder",
        ),
        (
            "email.html",
            LAYOUT.replace("<!-- end -->", "</td><!-- end -->", 1),
            "</td> closes another element",
        ),
        (
            "email.html",
            LAYOUT.replace("$intro", "<script>$intro</script>"),
            "the element <script> is not for emails",
        ),
        (
            "email.html",
            LAYOUT.replace("$intro", "<button>$intro</button>"),
            "the element <button> is not for",
        ),
        (
            "email.html",
            LAYOUT.replace("<h1 ", '<h1 onclick="x" '),
            "the attribute onclick of <h1> is not for",
        ),
        (
            "email.html",
            LAYOUT.replace("margin:0;", "display:flex;position:fixed;", 1),
            "property position is not",
        ),
        (
            "email.html",
            LAYOUT.replace("margin:0;", "color:var(--x);", 1),
            "the CSS value 'var(--x)' is not for",
        ),
        (
            "email.html",
            LAYOUT.replace("margin:0;", "background-color:url(https://x);", 1),
            "is not for emails. Use a",
        ),
        (
            "email.html",
            LAYOUT.replace("cid:logo", "https://bank.example/logo.png"),
            "<img> loads https://bank.example",
        ),
        (
            "email.html",
            LAYOUT.replace("$support_href", "http://x/$support_href"),
            "the link http://x/$support_href is",
        ),
        (
            "email.html",
            LAYOUT.replace("@media (prefers", "@media (hover) and (prefers"),
            "the rule @media (hover) and",
        ),
        (
            "email.html",
            LAYOUT.replace(".page {", "@import 'x'; .page {"),
            "the rule @import 'x'; .page is not for",
        ),
    ],
)
def test_a_mistake_is_named_with_its_file_and_its_solution(
    project: Path, name: str, content: object, sentence: str
) -> None:
    put(project, name, content)
    said = error(project)
    assert said.startswith(f"texts.d/{name}: ")
    assert sentence in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("$code<", "<", "$code is missing. Add it"),
        ("$intro", "$inro", "$inro is unknown. The placeholders are $accent"),
        ("<!-- if code -->", "<!-- if cod -->", "the section cod is unknown"),
        ("<!-- if code -->\n", "", "a section has no start or no end"),
        ("<body", "<!-- note --><body", "a comment is not the start"),
        ("<h1 ", '<h1 id="x" ', "the attribute id of <h1> is not for emails"),
        ("margin:0;", "margin;", "'margin' is not a property and a value"),
        (' alt="$app"', "", "<img> needs alt, width and height"),
        ("$support_href", "https://x/?c=$code", "$support_href is missing"),
        ('href="$s', 'title="$code" href="$s', "$code is in an attribute"),
        ("<h1 ", "<h1 title='$code' ", "$code is in an attribute"),
        ("<h1 ", "<h1 title=$code ", "a placeholder in <h1> has no quotation marks"),
        # A purpose could become an attribute, or load a file.
        ("<h1 ", "<h1 title=$purpose ", "a placeholder in <h1> has no quotation marks"),
        ('<h1 class="text" style="', '<h1 class="text" style="color:$purpose;', "$purpose is in a style"),
        (":root {", ".x { color: $app; }\n:root {", "$app is in a style"),
        # The user would not see the code.
        ("$support_before", "$code $support_before", "$code is only in a section for another"),
        ("<title>$subject</title>", "<title>$code</title>", "$code is only in a section for another"),
        ('hide:all">$expiry<', 'hide:all">$expiry $code<', "$code is only in a section for another"),
        ("<h1 ", "<?php echo ?><h1 ", "'?php echo ?' after a < is no element"),
        ("<h1 ", "<![if mso]><h1 ", "'if mso' after a < is no element"),
        ("</h1>", " x" * 30_000 + "</h1>", "the file has more than 60,000 characters"),
        (".page {", ".page > p {", "the selector .page > p is not for emails"),
        ("</style>", "} </style>", "'}' is not a rule. Correct its braces"),
        ("</body>", "", "</html> closes another element"),
        ("<!DOCTYPE html>\n", "", "the first line is not <!DOCTYPE html>"),
    ],
)
def test_a_mistake_in_the_layout_is_named(project: Path, old: str, new: str, sentence: str) -> None:
    assert old in LAYOUT
    layout = LAYOUT.replace(old, new, 1)
    if "only in a section" in sentence:
        layout = layout.replace(">$code</td>", "></td>")
    put(project, "email.html", layout)
    said = error(project)
    assert said.startswith("texts.d/email.html: ")
    assert sentence in said
    assert said.endswith(".")


def test_a_new_language_without_a_text_names_it(project: Path) -> None:
    texts = json.loads(json.dumps(ENGLISH | {"lang": "fi"}))
    del texts["cognito"]["recovery"]["warning"]
    put(project, "fi.json", texts)
    assert error(project) == (
        "texts.d/fi.json: cognito.recovery.warning is missing. "
        "A new language needs all texts of en.json: add it."
    )


@given(st.text("{}ap!:.[]0x", max_size=12))
@example("{app}")
@example("{{app}}")
@example("{{{app}}}")
@example("{app:}")
@example("{app}}")
def test_a_text_that_is_accepted_can_be_filled(text: str) -> None:
    """Any text either has a wrong brace, or `str.format` fills it with its placeholders."""
    names = placeholders(text)
    if names is None:
        return
    filled = text.format(**dict.fromkeys(names, "X"))
    assert filled.count("X") == len(re.findall(r"(?<!\{)(?:\{\{)*\{[a-z]+\}", text))


# The folder in the build, in the local stack and in the preview.


def test_the_build_stops_at_a_mistake_and_writes_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, "de.json", {"message": {"expiry": "soon"}})
    monkeypatch.setattr(build, "ROOT", project)
    monkeypatch.chdir(ROOT / "triggers")
    assert build.main("Deliver", str(tmp_path / "out"), "passcode/texts/en.json") == (
        "texts.d/de.json: message.expiry lacks {duration}. Add {duration} to the text."
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (
            ["passcode/texts/en.json", "passcode/texts/email.html"],
            {"de.json", "fi.json", "email.html", "logo.png"},
        ),
        (["passcode/hosted/assets", "passcode/texts/en.json"], {"de.json", "fi.json"}),
        ([], set()),
    ],
)
def test_a_function_ships_the_operators_files_of_the_kinds_that_it_reads(
    project: Path, tmp_path: Path, data: list[str], written: set[str]
) -> None:
    put(project, "de.json", {})
    put(project, "fi.json", ENGLISH | {"lang": "fi"})
    put(project, "email.html", LAYOUT)
    put(project, "logo.png", PNG)
    artefact = tmp_path / "out"
    (artefact / TEXTS).mkdir(parents=True)
    build.write_texts(merged(project), artefact, data)
    files = [file for file in artefact.rglob("*") if file.is_file()]
    assert {file.name for file in files} == written
    assert {(file.stat().st_mode & 0o777, int(file.stat().st_mtime)) for file in files} <= {
        (0o644, build.FILE_TIME)
    }


def test_the_makefile_of_sam_finds_the_build(tmp_path: Path) -> None:
    """`sam build` calls this target. This function needs no package."""
    command = [
        "make",
        "-s",
        "build-DefineAuthChallenge",
        f"ARTIFACTS_DIR={tmp_path}",
        f"PYTHON={sys.executable}",
    ]
    subprocess.run(command, cwd=ROOT / "triggers", check=True)
    assert (tmp_path / "define_auth_challenge.py").exists()


def test_the_local_stack_has_the_operators_texts(project: Path) -> None:
    (project / "template.yaml").write_text("CodeUri: triggers/")
    ours = deploy.build_package(project)
    put(project, "de.json", {"message": {"subject": "Mein Betreff"}})
    put(project, "logo.png", PNG)
    changed = deploy.build_package(project)
    assert changed.key != ours.key
    with zipfile.ZipFile(io.BytesIO(changed.code)) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        assert json.loads(archive.read("passcode/texts/de.json"))["message"]["subject"] == "Mein Betreff"
        assert archive.read("passcode/texts/logo.png") == PNG
        assert archive.read("passcode/texts/fr.json") == (SOURCES / "fr.json").read_bytes()


def test_the_local_stack_does_not_start_with_a_mistake(project: Path) -> None:
    (project / "template.yaml").write_text("CodeUri: triggers/")
    put(project, "de.json", {"message": {"expiry": "soon"}})
    with pytest.raises(StackError, match=r"texts\.d/de\.json: message\.expiry lacks \{duration\}"):
        deploy.build_package(project)


def test_an_email_has_the_operators_layout_texts_and_logo(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, "email.html", LAYOUT.replace("</h1>", " (bank)</h1>"))
    put(project, "de.json", {"message": {"subject": "Ihr Code"}})
    put(project, "logo.png", PNG)
    cached = [value for value in vars(catalogue).values() if hasattr(value, "cache_clear")]
    for function in cached:
        function.cache_clear()
    try:
        with operators_texts(project):
            assert catalogue.email_logo() == PNG
            mail = EMAIL.render(contents("de", Sender())["sign-in"])
            assert "Ihr Code (bank)</h1>" in mail.html
            assert mail.subject == "Ihr Code"
    finally:
        for function in cached:
            function.cache_clear()
    assert "(bank)" not in emails("de", Sender())["sign-in"].html
