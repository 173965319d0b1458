"""Cells as text. What a spreadsheet knows about a cell besides its text is its class."""

import re
from datetime import date, timedelta
from typing import Final, NamedTuple
from unicodedata import normalize

_FIRST_DAY: Final = date(1899, 12, 30)
"""Day 0 of Excel's usual calendar, for days since 1 March 1900: it takes 1900 for a leap year."""
_LEAP_BUG: Final = 60
_FIRST_DAY_1904: Final = date(1904, 1, 1)
_LAST_SERIAL: Final = 2_900_000
"""In the year 9839, in either calendar."""
_LETTERS: Final = re.compile("[A-Z]+")


class Number(str):
    """A number: it never had leading zeros. Whole ones are written without a decimal point."""

    __slots__ = ()


class Day(str):
    """A real date of the spreadsheet, in ISO 8601."""

    __slots__ = ()


class Formula(str):
    """A formula. What it came to when the file was last saved is not trusted, and not here."""

    __slots__ = ()


class Fault(str):
    """What a formula that failed leaves behind: #N/A, #REF!"""

    __slots__ = ()


class Line(NamedTuple):
    """One row of a sheet: its number as the office sees it, from 1, and its cells from column A."""

    number: int
    cells: list[str]


def text_of(raw: str) -> str:
    """Return a text as it comes in: composed (NFC), without the apostrophe that means "text".

    An apostrophe that is closed again is a quotation mark and stays.
    """
    if raw.startswith("'") and "'" not in raw[1:]:
        raw = raw[1:]
    return raw if raw.isascii() else normalize("NFC", raw)


def number_of(raw: str) -> Number:
    """Return a stored number as people see it; one of more than 15 digits stays as stored."""
    if raw.isdigit() and raw.isascii():
        return Number(raw)
    try:
        shown = f"{float(raw):.15g}"
    except ValueError:
        return Number(raw)
    return Number(raw if "e" in shown else shown)


def day_of(raw: str, *, since_1904: bool) -> Day | None:
    """Return the day of a date serial; None for a time of day and for what is no date."""
    try:
        serial = int(float(raw))
    except (ValueError, OverflowError):
        return None
    if not 1 <= serial <= _LAST_SERIAL:
        return None
    first = _FIRST_DAY_1904 if since_1904 else _FIRST_DAY
    return Day(first + timedelta(serial + (serial < _LEAP_BUG and not since_1904)))


def column_of(letters: str) -> int:
    """Return the index, from 0, of a column named by letters."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def letters_of(column: int) -> str:
    """Return the letters of a column by its index from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
