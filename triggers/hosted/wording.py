"""The words of the pages: which language a browser wants, and its sentences filled in."""

from collections.abc import Mapping

from markupsafe import Markup, escape


class Say:
    """The sentences of one locale. Values are isolated: another script in them changes nothing around it."""

    def __init__(self, words: Mapping[str, str], app: str) -> None:
        self._words, self._app = words, app

    def __call__(self, key: str, **values: object) -> Markup:
        """A sentence as HTML. Each value is escaped, whatever it holds."""
        shown = {name: Markup("<bdi>{}</bdi>").format(value) for name, value in self._all(values).items()}
        return escape(self._words[key]).format(**shown)

    def plain(self, key: str, **values: object) -> str:
        """A sentence as text, for titles and attributes; autoescape does the rest."""
        isolated = "\u2068{}\u2069" if self._words["dir"] == "rtl" else "{}"
        shown = {name: isolated.format(value) for name, value in self._all(values).items()}
        return self._words[key].format(**shown)

    def raw(self, key: str) -> str:
        """A sentence with its {placeholders}, for the script to fill in."""
        return self._words[key]

    def _all(self, values: Mapping[str, object]) -> dict[str, object]:
        return {"app": self._app, **values}
