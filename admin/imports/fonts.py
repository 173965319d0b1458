"""Texts written for old fonts (TCVN3, VNI): told from Unicode by their syllables, and converted.

Every word beyond ASCII is asked what it can be: a syllable as it stands, or one once it is
converted. A word that can be only one thing is a vote. What stands in a cell follows from its own
votes, else from those of its column, its sheet and its row; where these disagree it is unclear.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from admin.imports.syllables import is_syllable

UNICODE: Final = "unicode"
TCVN3: Final = "tcvn3"
VNI: Final = "vni"
Votes = frozenset[str]
"""Fonts that some words can be in, and nothing else."""

_WORD: Final = re.compile("[A-Za-z\u00a1-\u024f\u0300-\u036f\u1e00-\u1eff]+")
"""Letters, and all that old fonts put in the places of signs."""
_WESTERN: Final = re.compile("[\u00a1-\u00ff]")
_EXTENDED: Final = re.compile("[\u0100-\u024f\u0300-\u036f\u1e00-\u1eff]")
"""Letters that only Unicode has."""
_OURS: Final = frozenset(
    "\u00e0\u00e1\u00e2\u00e3\u00e8\u00e9\u00ea\u00ec\u00ed"
    "\u00f1\u00f2\u00f3\u00f4\u00f5\u00f9\u00fa\u00fd"
)
"""Letters that the languages of Vietnam use too: by themselves no sign of an old font."""
_PAIR: Final = re.compile(
    "[aeouy\u00f4\u00f6][\u00f9\u00f5\u00ea\u00e9\u00e8\u00fa\u00e2\u00e1\u00e0\u00e3]",
    re.IGNORECASE,
)
"""A vowel and a marked one as VNI puts them together: few of these stand in any language here."""
_VOWELS: Final = frozenset("aeouy\u00f4\u00f6")
"""Stored letters that VNI puts marks behind."""
_WORDS: Final = 20_000


class Unclear(Exception):
    """It cannot be told in which font a text is meant."""


class Judged(NamedTuple):
    """What a text can be, and the votes of those of its words that can be one thing only."""

    possible: frozenset[str]
    votes: Votes


_NONE: Final[Votes] = frozenset()
_ONE: Final = {font: frozenset({font}) for font in (UNICODE, TCVN3, VNI)}
_PLAIN: Final = Judged(_ONE[UNICODE], _NONE)
_EXTENDED_ONLY: Final = Judged(_ONE[UNICODE], _ONE[UNICODE])
_ALL: Final = frozenset({UNICODE, TCVN3, VNI})


class Fonts:
    """The fonts of one sheet, learned from its rows."""

    def __init__(self) -> None:
        self._columns: dict[int, Votes] = {}
        self._sheet = _NONE

    def learn(self, cells: Iterable[tuple[int, str]]) -> Votes:
        """Take the votes of the cells of one row, (column, text); return those of the row."""
        row = _NONE
        for column, text in cells:
            votes = judge(text).votes
            if votes:
                self._columns[column] = self._columns.get(column, _NONE) | votes
                row |= votes
        self._sheet |= row
        return row

    def font(self, column: int, text: str, row: Votes) -> str:
        """Return the font that a text is written for. Raises Unclear."""
        possible, votes = judge(text)
        if votes:
            return _only(votes & possible if len(votes) == 1 else votes)
        may_be = possible | _ONE[UNICODE]
        fonts = self._columns.get(column, self._sheet) & may_be
        if len(fonts) > 1:
            fonts = row & may_be
            if not fonts and any(convert(text, font) != text for font in possible):
                raise Unclear
        return _only(fonts or _ONE[UNICODE])


def _only(fonts: Votes) -> str:
    if len(fonts) != 1:
        raise Unclear
    return next(iter(fonts))


def convert(text: str, font: str) -> str:
    """Return a text of an old font in Unicode; letters the font does not have stay."""
    if font == UNICODE or text.isascii():
        return text
    shown = _WORD.sub(lambda word: _converted(word[0], font)[0], text)
    plain = [char for char in text if char.isascii() and char.isalpha()]
    # Some fonts of capitals drew the small letters of TCVN3 as capitals.
    capitals = len(plain) > 2 and all(map(str.isupper, plain))
    return shown.upper() if capitals and font == TCVN3 else shown


@lru_cache(_WORDS)
def judge(text: str) -> Judged:
    """Return what a text can be, by its words."""
    if text.isascii() or not _WESTERN.search(text):
        return _EXTENDED_ONLY if _EXTENDED.search(text) else _PLAIN
    votes = _NONE
    possible = _ALL
    for word in _WORD.findall(text):
        if not word.isascii():
            can_be = _can_be(word)
            possible &= can_be or _ALL
            if len(can_be) == 1:
                votes |= can_be
    return Judged(possible or _ONE[UNICODE], votes)


@lru_cache(_WORDS)
def _can_be(word: str) -> frozenset[str]:
    """Return the fonts in which a word would be a syllable; none when it is one in no font."""
    if _EXTENDED.search(word):
        return _ONE[UNICODE]
    found = set()
    if is_syllable(word):
        found.add(UNICODE)
    for font in (TCVN3, VNI):
        converted, whole = _converted(word, font)
        if whole and is_syllable(converted):
            found.add(font)
    if found and _is_ours(word) and not (VNI in found and _PAIR.search(word)):
        found.add(UNICODE)
    return frozenset(found)


def _is_ours(word: str) -> bool:
    """True when a word has only letters of ours, and no capital in the middle of small ones."""
    capitals = 0 if word.isupper() else sum(map(str.isupper, word[1:]))
    return not capitals and all(char.isascii() or char.lower() in _OURS for char in word)


@lru_cache(_WORDS)
def _converted(word: str, font: str) -> tuple[str, bool]:
    """Return a word in Unicode, and whether the font has all its letters."""
    return _from_tcvn3(word) if font == TCVN3 else _from_vni(word)


def _from_tcvn3(word: str) -> tuple[str, bool]:
    table = _tcvn3()
    shown = "".join(table.get(char, char) for char in word)
    return shown, all(char.isascii() or char in table for char in word)


def _from_vni(word: str) -> tuple[str, bool]:
    letters, marks = _vni()
    shown: list[str] = []
    before, whole = "", True
    for char in word:
        small = char.lower()
        if before in _VOWELS and small in marks:
            shown.append(marks[small])
            before = ""
            continue
        whole = whole and (char.isascii() or small in letters)
        letter = letters.get(small, small)
        shown.append(letter if char == small else letter.upper())
        before = small
    return unicodedata.normalize("NFC", "".join(shown)), whole


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    loaded = tomllib.loads(files("admin.imports").joinpath("fonts.toml").read_text("utf-8"))
    return {TCVN3: loaded[TCVN3], **loaded[VNI]}


def _tcvn3() -> Mapping[str, str]:
    return _table()[TCVN3]


def _vni() -> tuple[Mapping[str, str], Mapping[str, str]]:
    return _table()["letters"], _table()["marks"]
