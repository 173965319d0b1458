"""Cells that a spreadsheet program shows as they are: nothing is run, nothing breaks the file."""

import re
from typing import Final
from unicodedata import normalize

_UNSEEN: Final = (
    "\\s\\x00-\\x1f\\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
)
_FIRST_SEEN: Final = re.compile(f"[{_UNSEEN}]*([^{_UNSEEN}])?")
_STARTS: Final = frozenset("=+-@")
_CONTROL_STARTS: Final = frozenset("\t\r\n\0")
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_END: Final = re.compile("\r\n?")


def printable(text: str) -> str:
    """Return text that every file format can hold: one kind of line end, no control characters."""
    if text.isprintable():
        return text
    return _UNPRINTABLE.sub("\ufffd", _LINE_END.sub("\n", text))


def harmless(text: str) -> str:
    """Return printable text, after an apostrophe when Excel would take it for a formula.

    What counts is the first character that is seen, also in its full-width form: spreadsheet
    programs trim, and some people's keyboards write ＝ for =.
    """
    if text[:1].isalnum() and text.isprintable():  # nearly every cell
        return text
    shown = printable(text)
    return f"'{shown}" if _is_formula(text) else shown


def _is_formula(text: str) -> bool:
    if text.strip(" ")[:1] in _CONTROL_STARTS and text.strip(" "):
        return True
    first = _FIRST_SEEN.match(text)
    seen = first[1] if first else None
    return seen is not None and normalize("NFKC", seen)[:1] in _STARTS
