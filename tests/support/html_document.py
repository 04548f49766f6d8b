"""A strict HTML parser: every open element must be closed, and no attribute may occur twice."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "img"}


@dataclass
class Form:
    """A form, with the values that it sends if the user changes nothing."""

    attributes: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    buttons: int = 0


class Document(HTMLParser):
    """The elements of a page. Raises AssertionError if the page is not well-formed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.text = self.title = self.in_script = ""
        self._open: list[str] = []
        assert html.startswith("<!DOCTYPE html>")
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs), f"an attribute of {tag} occurs twice"
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            assert "form" not in self._open[:-1], "a form in a form"
            self.forms.append(Form(attributes))
        elif tag == "input" and attributes["type"] == "hidden":
            self.forms[-1].values[attributes["name"]] = attributes["value"]
        elif tag == "button" and "type" not in attributes:
            self.forms[-1].buttons += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self.in_script += data
        elif inside == "title":
            self.title += data
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element with this tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    def only(self, tag: str) -> dict[str, str]:
        """The attributes of the only element with this tag."""
        (found,) = self.all(tag)
        return found

    def with_id(self, wanted: str) -> dict[str, str]:
        """The attributes of the element with this id."""
        (found,) = [attributes for _, attributes in self.tags if attributes.get("id") == wanted]
        return found

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]
