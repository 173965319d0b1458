"""Unicode at the door: what people type, in one shape, so that readers see letters and digits.

It understands nothing; meaning is the readers' business.
"""

import re
import unicodedata
from typing import Final

LONGEST: Final = 5000
"""Characters looked at; the rest is cut unread. The longest answer allowed has 250."""

_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Characters without a shape that Unicode counts as letters or marks."""

_SAME: Final = {
    0xD0: "\u0110",  # Eth looks like the Vietnamese letter and comes from old fonts
    0xF0: "\u0111",
    **dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u02bb\u02b9\u00b4\u2032"), "'"),
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width forms
}
_DASHES: Final = dict.fromkeys([*range(0x2010, 0x2016), 0x2212, 0xFE63], "-")
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"

_TONE_ON_FIRST: Final = re.compile(
    f"(?:(?<=o)([{_TONES}])([ae])|(?<=u)([{_TONES}])(y))(?![\u0300-\u036f])"
)
_OLD_TONE: Final = re.compile(
    "[\u00f2\u00f3\u00f5\u1ecf\u1ecd][ae]|[\u00f9\u00fa\u0169\u1ee7\u1ee5]y"
)
"""The same in composed letters: where it is not found, the tones stand where they should."""
_EXCEL_APOSTROPHE: Final = re.compile(r"[' ]+(?=[0-9])")
_ORDINARY: Final = re.compile("[ -~\u00c0-\u00cf\u00d1-\u00ef\u00f1-\u024f\u1ea0-\u1ef9]*")
"""Letters, digits and signs that are already what tidying makes of them."""
_LINK: Final = re.compile(
    r"://|\bwww\.|[a-z0-9]\.(?:com|vn|net|org|info|xyz)\b",
    re.ASCII | re.IGNORECASE,
)


def tidy(text: str) -> str:
    """Return `text` on one line, composed (NFC), without invisible or control characters.

    Full-width forms become ASCII, curly apostrophes straight, runs of white space one space; an
    apostrophe that Excel puts before digits goes. Superscripts and foreign digits stay what they
    are, not digits. Two spellings of one text (NFC, NFD) come out equal; tidying twice changes
    nothing. At most LONGEST characters come back.
    """
    text = text[:LONGEST]
    if not _ORDINARY.fullmatch(text):
        composed = unicodedata.normalize("NFC", text)
        text = "".join(map(_visible, composed)).translate(_SAME)
        text = unicodedata.normalize("NFC", text)  # what stood apart may meet now
    text = " ".join(text[:LONGEST].split())
    found = _EXCEL_APOSTROPHE.match(text)
    return text[found.end() :] if found else text


def tidy_lines(text: str) -> list[str]:
    """Return the lines of `text` that are not empty, each tidied."""
    return [line for line in map(tidy, text[:LONGEST].splitlines()) if line]


def ascii_dashes(text: str) -> str:
    """Return `text` with every kind of dash and the minus sign as "-"."""
    return text.translate(_DASHES)


def bare_letters(text: str) -> str:
    """Return `text` without combining marks that have no composed letter of their own."""
    if _ORDINARY.fullmatch(text):
        return text
    return "".join(char for char in text if unicodedata.category(char) != "Mn")


def fold(text: str) -> str:
    """Return `text` for searching: lower case, no diacritics, the letter d for its barred form."""
    lower = unicodedata.normalize("NFC", text).casefold()
    if lower.isascii():
        return lower
    return lower.translate(_BARE) if _ORDINARY.fullmatch(lower) else _folded(lower)


def _folded(lower: str) -> str:
    split = unicodedata.normalize("NFD", lower.replace("\u0111", "d"))
    bare = "".join(char for char in split if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", bare)


_BARE: Final = {code: _folded(chr(code)) for code in (*range(0xC0, 0x250), *range(0x1EA0, 0x1EFA))}
"""Ordinary letters without their diacritics, one by one."""


def tone_fold(text: str) -> str:
    """Return `text` for comparing: NFC, lower case, the tone on oa, oe, uy in its newer place.

    Nothing else is lost: words that differ by any other mark stay different.
    """
    lower = text.casefold()
    if lower.isascii() or (_ORDINARY.fullmatch(lower) and not _OLD_TONE.search(lower)):
        return lower
    split = unicodedata.normalize("NFD", lower)
    moved = _TONE_ON_FIRST.sub(lambda m: f"{m[2]}{m[1]}" if m[2] else f"{m[4]}{m[3]}", split)
    return unicodedata.normalize("NFC", moved)


def spellings(phrase: str) -> frozenset[str]:
    """Return every `tone_fold` under which `phrase` is recognised: as written, and without marks.

    A look-up in these is `same_words`, done once for many phrases.
    """
    return frozenset({tone_fold(phrase), fold(phrase)})


def same_words(typed: str, phrase: str) -> bool:
    """True when `typed` is `phrase`, or is `phrase` typed without any diacritics at all.

    One wrong mark is another word: people who type marks mean them.
    """
    return tone_fold(typed) in spellings(phrase)


def has_link(text: str) -> bool:
    """True when an address of a web page stands in `text`."""
    return _LINK.search(text) is not None


def stacked_marks(text: str, most: int = 4) -> bool:
    """True when more than `most` combining marks sit on one letter: decoration, not writing."""
    if _ORDINARY.fullmatch(text):
        return False
    run = 0
    for char in unicodedata.normalize("NFD", text):
        run = run + 1 if unicodedata.category(char) == "Mn" else 0
        if run > most:
            return True
    return False


def is_latin(text: str) -> bool:
    """True when every letter is Latin: look-alikes from other alphabets make false twins."""
    return _ORDINARY.fullmatch(text) is not None or all(
        char.isascii() or unicodedata.name(char, "").startswith("LATIN ")
        for char in text
        if unicodedata.category(char).startswith("L")
    )


def _visible(char: str) -> str:
    """Return what remains of one character: itself, a space for white space, or nothing."""
    if char.isspace():
        return " "
    if char.isascii() and char.isprintable():
        return char
    invisible = char in _INVISIBLE or unicodedata.category(char) in {"Cc", "Cf", "Cs"}
    return "" if invisible or _is_variation_selector(char) else char


def _is_variation_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
