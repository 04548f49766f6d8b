"""The forms in which people type and paste a code: each makes a text from the digits of a code."""

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

Form = Callable[[str], str]

# The digit zero of each script.
ZEROS = {
    "full-width": 0xFF10,
    "Arabic": 0x0660,
    "Persian": 0x06F0,
    "Devanagari": 0x0966,
    "Bengali": 0x09E6,
    "Tamil": 0x0BE6,
    "Thai": 0x0E50,
    "Burmese": 0x1040,
    "N'Ko": 0x07C0,
    "mathematical bold": 0x1D7CE,
    "mathematical monospace": 0x1D7F6,
}


def in_script(code: str, zero: int) -> str:
    """Return `code` with the digits of the script whose digit zero is the code point `zero`."""
    return "".join(chr(zero + int(digit)) for digit in code)


def _mixed(code: str) -> str:
    zeros = [ord("0"), *ZEROS.values()]
    return "".join(in_script(digit, zeros[place % len(zeros)]) for place, digit in enumerate(code))


def _around(before: str, after: str | None = None) -> Form:
    return lambda code: f"{before}{code}{before if after is None else after}"


def _between(mark: str) -> Form:
    return lambda code: f"{code[:3]}{mark}{code[3:]}"


def _everywhere(mark: str) -> Form:
    return lambda code: mark + mark.join(code) + mark


def _script(zero: int) -> Form:
    return lambda code: in_script(code, zero)


# No user types these, but a text that is copied may have them.
_CONTROLS = {
    "NUL": "\0",
    "tab": "\t",
    "line feed": "\n",
    "CR and LF": "\r\n",
    "next line": "\x85",
    "DEL": "\x7f",
}
_INVISIBLE = {
    "zero-width space": "\u200b",
    "zero-width non-joiner": "\u200c",
    "zero-width joiner": "\u200d",
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "word joiner": "\u2060",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "combining grapheme joiner": "\u034f",
    "text variation selector": "\ufe0e",
    "emoji variation selector": "\ufe0f",
    "variation selector 17": "\U000e0100",
    "Hangul filler": "\u3164",
    "blank Braille pattern": "\u2800",
}
_SPACES = {
    "space": " ",
    "no-break space": "\u00a0",
    "narrow no-break space": "\u202f",
    "figure space": "\u2007",
    "thin space": "\u2009",
    "em space": "\u2003",
    "ideographic space": "\u3000",
    "Ogham space": "\u1680",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
}
_DASHES = {
    "hyphen-minus": "-",
    "hyphen": "\u2010",
    "non-breaking hyphen": "\u2011",
    "figure dash": "\u2012",
    "en dash": "\u2013",
    "em dash": "\u2014",
    "minus sign": "\u2212",
    "hyphen bullet": "\u2043",
    "full-width hyphen": "\uff0d",
    "Hebrew maqaf": "\u05be",
    "Mongolian hyphen": "\u1806",
    "wave dash": "\u301c",
    "Japanese long vowel mark": "\u30fc",
    "half-width long vowel mark": "\uff70",
}
_STOPS = {"full": ".", "ideographic": "\u3002", "full-width": "\uff0e", "Arabic": "\u06d4", "Hindi": "\u0964"}
_QUOTES = ('""', "''", "``", "“”", "‘’", "„“", "«»", "‹›", "「」", "『』", "〝〞", "＂＂", "＇＇", "｢｣")
_NUMBER_SIGNS = {"number sign": "#", "full-width number sign": "\uff03", "numero sign": "\u2116"}

# A user can type these too. Those with a control character can only be pasted.
TYPED: Mapping[str, Form] = (
    {"plain": _around(""), "spaces around": _around("  ")}
    | {name: _everywhere(mark) for name, mark in (_INVISIBLE | _SPACES | _DASHES).items()}
    | {f"groups with {name}": _between(mark) for name, mark in (_SPACES | _DASHES).items()}
    | {f"{name} stop": _around("", stop) for name, stop in _STOPS.items()}
    | {f"in {pair}": _around(*pair) for pair in _QUOTES}
    | {name: _around(sign, "") for name, sign in _NUMBER_SIGNS.items()}
    | {f"{name} digits": _script(zero) for name, zero in ZEROS.items()}
    | {
        "digits of several scripts": _mixed,
        "isolate": _around("\u2067", "\u2069"),
        "embedding": _around("\u202b", "\u202c"),
        "override": _around("\u202d", "\u202c"),
        "Arabic mail": lambda code: f"\u200f\u2068{in_script(code, 0x660)}\u2069.\u200f",
        "Hebrew mail": lambda code: f"\u202b \u201d{code[:3]}\u05be{code[3:]}\u201d.\u202c",
        "Japanese keyboard": lambda code: (
            in_script(code[:3], 0xFF10) + "\u30fc" + in_script(code[3:], 0xFF10)
        ),
        "end of a sentence in quotes": lambda code: f"\u201c#{code[:3]} {code[3:]}.\u201d",
    }
)
FORMS: Mapping[str, Form] = dict(TYPED) | {name: _everywhere(mark) for name, mark in _CONTROLS.items()}

_IGNORED = st.one_of(
    st.characters(categories=["Cc", "Cf", "Pd", "Zl", "Zp", "Zs"]),
    st.sampled_from([*_INVISIBLE.values(), *_DASHES.values()]),
)
_AROUND = st.one_of(_IGNORED, st.sampled_from([*_STOPS.values(), *"".join(_QUOTES), *_NUMBER_SIGNS.values()]))


@st.composite
def codes_as_typed(draw: st.DrawFn) -> tuple[str, str]:
    """A code of 6 to 10 or 20 digits, and a text that a person may type or paste for it."""
    length = draw(st.sampled_from([6, 7, 8, 9, 10, 20]))
    code = draw(st.text("0123456789", min_size=length, max_size=length))
    digits = [in_script(digit, draw(st.sampled_from([ord("0"), *ZEROS.values()]))) for digit in code]
    gaps = [draw(st.text(_IGNORED, max_size=3)) for _ in digits[1:]]
    ends = [draw(st.text(_AROUND, max_size=6)) for _ in "<>"]
    inside = "".join(gap + digit for gap, digit in zip(["", *gaps], digits, strict=True))
    return code, f"{ends[0]}{inside}{ends[1]}"


# Texts of six digits or more that are no code of six digits.
MALFORMED = {
    "empty": "",
    "spaces": " " * 6,
    "dashes": "-" * 6,
    "only invisible characters": "\u200b\u2068\u2069",
    "one digit too few": "12345",
    "one digit too many": "1234567",
    "another code too": "123456 654321",
    "a letter": "12345a",
    "a letter inside": "123a456",
    "a letter after": "123456a",
    "a sentence": "Your code is 123456.",
    "a plus sign": "+123456",
    "an underscore": "123_456",
    "a comma": "123,456",
    "a point inside": "123.456",
    "a quotation mark inside": '123"456',
    "a number sign inside": "123#456",
    "a superscript": "12345\u00b2",
    "a circled digit": "12345\u2465",
    "a Roman numeral": "12345\u2165",
    "a Chinese numeral": "12345\u516d",
    "a fraction": "12345\u00bd",
    "an accent": "123456\u0301",
    "a private character": "123456\ue000",
    "an unassigned character": "123456\U000e0fff",
    "a power": "1e5000",
    "a hexadecimal number": "0x1234",
}
