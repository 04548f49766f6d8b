"""The rules for the HTML of emails: the elements, attributes and CSS that mail programs support.

The lists have only what Gmail, Outlook for Windows and on the web, Apple Mail and Yahoo show, or ignore
without damage (caniemail.com). Nothing in them loads a file from a server, because the server would see who
opens the email. `make build` checks the layout, and a test checks every rendered email.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from string import Template


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Outlook for Windows renders with Word, which needs tables for the layout. Scripts, forms and media are not
# in the list: mail programs remove them, and spam filters count them against the sender.
ELEMENTS = _names("html head meta title style body table tbody tr td div p h1 h2 span strong em a img br hr")
VOID = _names("meta img br hr")
# Outlook needs width, height, align, border, cellpadding and cellspacing beside the CSS. With the role
# `presentation`, screen readers skip a layout table. Gmail renames each `id`, so it is not in the list.
ATTRIBUTES = _names(
    """
    lang dir charset name content class style role width height align valign border cellpadding cellspacing
    src alt href title colspan rowspan
    """
)
# Outlook and Gmail ignore position, float, flex and grid. A background-image loads a file.
# overflow, max-height and mso-hide hide the preheader. border-radius and max-width may be ignored.
PROPERTIES = _names(
    """
    background-color border border-top border-bottom border-left border-right border-color border-collapse
    border-radius color direction display font-family font-size font-style font-weight height letter-spacing
    line-height margin margin-top margin-bottom margin-left margin-right max-height max-width mso-hide
    mso-line-height-rule overflow padding padding-top padding-bottom padding-left padding-right text-align
    text-decoration vertical-align white-space width word-break -webkit-text-size-adjust
    """
)
# Only in the style element, with `:root`: it turns on the dark scheme in Apple Mail.
SCHEMES = _names("color-scheme supported-color-schemes")
# A program that does not know another condition would drop the whole style element.
MEDIA = re.compile(r"@media (only screen and )?\((prefers-color-scheme: ?(dark|light)|max-width: ?\d+px)\)")
# Outlook ignores other selectors, and Gmail drops the whole style element for some of them.
_SELECTOR = re.compile(r":root|(\w+)?(\.[\w-]+)+|[a-z]+\d?")
# These values load a file, or mail programs do not understand them.
_VALUE = re.compile(r"url\(|var\(|calc\(|expression\(|@import|javascript:|\\", re.IGNORECASE)
_HREF = re.compile(r"\$support_href|https://[^\s\"<>$]+|mailto:[^\s\"<>$]+")
_LOGO = "cid:logo"

PLACEHOLDERS = _names(
    """
    subject intro code purpose expiry warning requested support_before support_href support_url support_after
    app name logo_width logo_height lang dir start end brand accent accent_dark tint tint_dark code_size
    code_spacing
    """
)
REQUIRED = _names("app code intro expiry warning purpose requested support_href")
SECTIONS = _names("code purpose requested support logo name")
# The placeholders that may be in a style. The others have texts that people write.
_STYLES = _names("start end brand accent accent_dark tint tint_dark code_size code_spacing")
_SECTION = re.compile(r"<!-- (?:if (\w+)|(end)) -->")
# Gmail shows only the first 102 KB of an email, and the texts come in addition.
_LONGEST = 60_000


def layout_faults(layout: str) -> Iterator[str]:
    """Yield a sentence for each fault of a layout with placeholders."""
    yield from _placeholder_faults(layout)
    yield from _section_faults(layout)
    yield from html_faults(layout)
    without = re.sub(r"<!-- if \w+ -->.*?<!-- end -->", "", layout, flags=re.DOTALL)
    for fault in html_faults(without):
        if fault not in set(html_faults(layout)):
            yield f"without its sections, {fault}"
    yield from _place_faults(layout)
    if len(layout) > _LONGEST:
        yield f"the file has more than {_LONGEST:,} characters. Make it shorter: Gmail cuts off a long email."


def _placeholder_faults(layout: str) -> Iterator[str]:
    template = Template(layout)
    if not template.is_valid():
        yield "a $ is not followed by the name of a placeholder. Write $$ for a dollar sign."
    found = set(template.get_identifiers())
    for name in sorted(found - PLACEHOLDERS):
        yield f"${name} is unknown. The placeholders are {_listed(PLACEHOLDERS)}."
    for name in sorted(REQUIRED - found):
        yield f"${name} is missing. Add it to the layout."


def _listed(placeholders: frozenset[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(placeholders))


def _section_faults(layout: str) -> Iterator[str]:
    is_open = False
    for section, end in _SECTION.findall(layout):
        if section and section not in SECTIONS:
            yield f"the section {section} is unknown. The sections are {', '.join(sorted(SECTIONS))}."
        if bool(end) is not is_open:
            yield "a section has no start or no end, or is in another one. Write <!-- end --> after each."
            return
        is_open = not end
    if is_open:
        yield "a section has no end. Write <!-- end --> after it."
    if re.sub(_SECTION, "", layout).count("<!--"):
        yield "a comment is not the start or the end of a section. Remove it."


def _place_faults(layout: str) -> Iterator[str]:
    """Yield a sentence for each placeholder in a place where its value is lost or changes the email."""
    yield from _places(layout).faults
    for name in sorted(REQUIRED & set(Template(layout).get_identifiers())):
        own = name.removesuffix("_href")
        alone = re.sub(rf"<!-- if (?!{own} )\w+ -->.*?<!-- end -->", "", layout, flags=re.DOTALL)
        if name not in _places(alone).shown:
            yield (
                f"${name} is only in a section for another value, or where users do not see it. "
                "Show it in the body, in no section or in its own one."
            )


def _places(layout: str) -> "_Places":
    places = _Places()
    places.feed(layout)
    places.close()
    return places


def html_faults(html: str) -> Iterator[str]:
    """Yield a sentence for each fault of the HTML of an email, or of a layout."""
    if not html.lower().startswith("<!doctype html>"):
        yield "the first line is not <!DOCTYPE html>. Add it."
    parser = _Checker()
    parser.feed(html)
    parser.close()
    yield from parser.faults
    if parser.open:
        yield f"<{parser.open[-1]}> is not closed. Add </{parser.open[-1]}>."


class _Checker(HTMLParser):
    """Collects the faults of elements, attributes and CSS."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check an element and its attributes."""
        if tag not in ELEMENTS:
            self.faults.append(f"the element <{tag}> is not for emails. Remove it.")
        for name, value in attrs:
            self.faults += _attribute_faults(tag, name, value or "")
        if tag == "img" and not {"alt", "width", "height"} <= {name for name, _ in attrs}:
            self.faults.append("<img> needs alt, width and height. Add them.")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that the element was the last one that was opened."""
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes another element than the last one. Correct the order.")

    def handle_data(self, data: str) -> None:
        """Check the style element."""
        if self.open and self.open[-1] == "style":
            self.faults += style_faults(data)

    def handle_decl(self, decl: str) -> None:
        """Refuse another declaration than the one in the first line."""
        if decl.lower() != "doctype html":
            self.unknown_decl(decl)

    def handle_pi(self, data: str) -> None:
        """Refuse an instruction, such as `<?php`."""
        self.unknown_decl(f"?{data}")

    def unknown_decl(self, data: str) -> None:
        """Refuse a declaration, such as `<![if mso]>`."""
        self.faults.append(f"{data[:40]!r} after a < is no element. Remove it.")


class _Places(HTMLParser):
    """Collects the placeholders that users see, and the faults of the places of all placeholders."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.shown: set[str] = set()
        # Each open element, and whether users do not see its content.
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check the placeholders in attributes."""
        # In other places an escaped text could add an attribute.
        if "$" in re.sub(r"\"[^\"]*\"|'[^']*'", "", self.get_starttag_text() or ""):
            self.faults.append(f"a placeholder in <{tag}> has no quotation marks. Write them around it.")
        hidden = tag in ("head", "style", "title") or any(is_hidden for _, is_hidden in self.open)
        for name, value in attrs:
            found = _identifiers(value or "")
            if "code" in found:
                self.faults.append(
                    "$code is in an attribute. Show it as text only, because a link must not have a code."
                )
            if name == "style":
                self._check_style(found)
                hidden = hidden or re.search(r"display\s*:\s*none", value or "") is not None
            elif name == "href" and not hidden:
                self.shown |= found
        if tag not in VOID:
            self.open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        """Close the element."""
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        """Collect the placeholders in a text, and check those in the style element."""
        found = _identifiers(data)
        if self.open and self.open[-1][0] == "style":
            self._check_style(found)
        elif self.open and not self.open[-1][1]:
            self.shown |= found

    def _check_style(self, found: set[str]) -> None:
        for name in sorted(found - _STYLES):
            self.faults.append(f"${name} is in a style. Remove it: a text could change the look.")


def _identifiers(text: str) -> set[str]:
    return set(Template(text).get_identifiers())


def _attribute_faults(tag: str, name: str, value: str) -> Iterator[str]:
    if name not in ATTRIBUTES:
        yield f"the attribute {name} of <{tag}> is not for emails. Remove it."
    elif name == "style":
        yield from declaration_faults(value)
    elif name == "src" and value != _LOGO:
        yield f"<{tag}> loads {value}. Use {_LOGO}: mail programs block other pictures."
    elif name == "href" and not (tag == "a" and _HREF.fullmatch(value)):
        yield f"the link {value} is not allowed. Use $support_href, or an address with https:// or mailto:."


def declaration_faults(declarations: str, more: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield a sentence for each fault of CSS declarations. `more` are properties that are allowed too."""
    for declaration in filter(None, (part.strip() for part in declarations.split(";"))):
        name, colon, value = (part.strip() for part in declaration.partition(":"))
        if not colon or not value:
            yield f"the CSS {declaration!r} is not a property and a value. Correct it."
        elif name not in PROPERTIES | more:
            yield f"the CSS property {name} is not for emails. Remove it."
        elif _VALUE.search(value):
            yield f"the CSS value {value!r} is not for emails. Use a plain value."


def style_faults(css: str) -> Iterator[str]:
    """Yield a sentence for each fault of the content of a style element."""
    # One level of nesting: rules, and media queries with rules.
    for rule in re.findall(r"([^{}]+)\{((?:[^{}]|\{[^{}]*\})*)\}", css):
        head, body = rule[0].strip(), rule[1]
        if head.startswith("@"):
            if not MEDIA.fullmatch(head):
                yield f"the rule {head} is not for emails. Use prefers-color-scheme or max-width."
            yield from style_faults(body)
        else:
            for selector in filter(lambda each: not _SELECTOR.fullmatch(each.strip()), head.split(",")):
                yield f"the selector {selector.strip()} is not for emails. Use a class."
            more = SCHEMES if head == ":root" else frozenset[str]()
            yield from declaration_faults(body.replace("!important", ""), more)
    rest = re.sub(r"[^{}]+\{(?:[^{}]|\{[^{}]*\})*\}", "", css).strip()
    if rest:
        yield f"the CSS {rest[:40]!r} is not a rule. Correct its braces."
