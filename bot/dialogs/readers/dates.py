"""Dates as people write them, day first, always -> ISO 8601, as precise as they said: never more.

Ages are not judged here, except that a birth year alone must settle whether somebody is under age.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.characters import ascii_dashes, tidy, tone_fold
from bot.dialogs.readers.reading import Invalid, Reading
from bot.dialogs.readers.words import Words, phrase_at

if TYPE_CHECKING:
    from bot.dialogs.known import Known

DECIDING_AGES: Final = (15, 16)
"""Years. From 15 people are asked (Circular 11/2022, Article 11); under 16 a guardian agrees."""
LONGEST: Final = 120
"""Characters. Longer is no date."""

_CLOCK: Final = re.compile(
    r"(?<=[0-9])(?:T| +)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r" ?(?:Z|[+-][0-9]{2}:?[0-9]{2})?$",
    re.IGNORECASE,
)
"""The time of day that computers add; the day stays as written, in whatever time zone."""
_PIECE: Final = re.compile(r"[0-9]+|[^\W\d_]+|\S")
_SIGNS: Final = frozenset("/.-,")
_UNSAID: Final = frozenset("():;!?\"'")

# Shapes over pieces joined by spaces: digits, the signs / . - , and the roles of words.
_GAP: Final = r"(?: [/.\-,])? "
_DAY_MONTH_YEAR: Final = re.compile(
    rf"(?:day |year )?([0-9]{{1,2}}){_GAP}(?:month )?([0-9]{{1,2}}){_GAP}(?:year )?([0-9]+)"
)
_YEAR_FIRST: Final = re.compile(rf"([0-9]{{4}}){_GAP}([0-9]{{1,2}}){_GAP}([0-9]{{1,2}})")
_MONTH_YEAR: Final = re.compile(
    rf"([0-9]{{1,2}}){_GAP}(?:year )?([0-9]{{3,}})|month ([0-9]{{1,2}}){_GAP}(?:year )?([0-9]+)"
)
_YEAR_MONTH: Final = re.compile(r"([0-9]{4}) [/\-] ([0-9]{1,2})")
_YEAR: Final = re.compile(r"((?:only |year |, )*)([0-9]+)((?: ,)? only)?")
_DAY_MONTH: Final = re.compile(
    rf"(?:day )?[0-9]{{1,2}}{_GAP}(?:month )?[0-9]{{1,2}}|(?:day|month) [0-9]{{1,2}}"
)


def read_birth_date(text: str, question: Question, today: date, known: "Known") -> Reading:
    """Return the ISO date of birth; of a year alone only when the words say that there is no more.

    Raises Invalid `date_...`.
    """
    shape = _shape(text, known.words)
    if "about" in shape or "part_of_year" in shape:
        raise Invalid("date_about")
    iso = _read(shape)
    if len(iso) == 4 and not re.search("only|year", shape):
        raise Invalid("date_year_only", year=iso)
    _refuse_imprecise(iso, question)
    _refuse_future(iso, today)
    if len(iso) < 10 and _age_uncertain(iso, today):
        raise Invalid("date_birth_year_uncertain", year=iso[:4])
    return Reading(iso)


def read_date(text: str, question: Question, today: date, known: "Known") -> Reading:
    """Return an ISO date, or the month or year where `question.partial` allows. Raises Invalid."""
    shape = re.sub("(?:about|part_of_year) ", "", _shape(text, known.words))
    days_ago = {"today": 0, "yesterday": 1}.get(shape)
    if days_ago is not None:
        return Reading((today - timedelta(days=days_ago)).isoformat())
    iso = _read(shape)
    _refuse_imprecise(iso, question)
    return Reading(iso)


def _shape(text: str, words: Words) -> str:
    """Return the pieces of a date, joined by spaces: "day 5 month 3 year 1990", "5 / 3 / 1990".

    Raises Invalid: `date_lunar`, `date_age`, `date_more_than_one`, `date_unreadable`.
    """
    plain = _CLOCK.sub("", ascii_dashes(tidy(text)).rstrip(" .,;!"))
    if not plain or len(plain) > LONGEST:
        raise Invalid("date_unreadable")
    pieces = _pieces(_PIECE.findall(tone_fold(plain)), words)
    if "lunar" in pieces:
        raise Invalid("date_lunar")
    if "age" in pieces:
        raise Invalid("date_age" if any(piece.isdigit() for piece in pieces) else "date_lunar")
    if "either" in pieces or sum(map(str.isdigit, pieces)) > 3:
        raise Invalid("date_more_than_one")
    if "unknown" in pieces:
        raise Invalid("date_unreadable")
    return " ".join(piece for piece in pieces if piece != "noise")


def _pieces(typed: list[str], words: Words) -> list[str]:
    """Return numbers and signs as they stand, words as their role, a named month as two pieces."""
    found: list[str] = []
    at = 0
    while at < len(typed):
        taken = phrase_at(typed, words.dates, at)
        piece = typed[at]
        if taken:
            found += words.dates[" ".join(typed[at : at + taken])].split()
        elif re.fullmatch("[0-9]+", piece) or piece in _SIGNS:
            found.append(piece)
        elif piece not in _UNSAID:
            found.append("unknown")
        at += taken or 1
    return found


def _read(shape: str) -> str:
    """Return the ISO form of a shape. Raises Invalid with what is wrong with it."""
    if found := _YEAR_FIRST.fullmatch(shape):
        return _iso(found[1], found[2], found[3])
    if found := _DAY_MONTH_YEAR.fullmatch(shape):
        return _iso(found[3], found[2], found[1])
    if re.fullmatch("(?:day )?[0-9]{8}", shape):
        digits = shape[-8:]
        return _iso(digits[4:], digits[2:4], digits[:2])
    if _DAY_MONTH.fullmatch(shape):
        raise Invalid("date_year_missing")
    if found := _MONTH_YEAR.fullmatch(shape):
        return _iso(found[2] or found[4], found[1] or found[3])
    if found := _YEAR_MONTH.fullmatch(shape):
        return _iso(found[1], found[2])
    if found := _YEAR.fullmatch(shape):
        return _year_alone(found[2], said=bool(found[1] or found[3]))
    if re.fullmatch(r"[0-9]{4} (?:[/\-] )?[0-9]{4}", shape):
        raise Invalid("date_more_than_one")
    raise Invalid("date_unreadable")


def _year_alone(digits: str, *, said: bool) -> str:
    if not said and len(digits) == 6:
        raise Invalid("date_year_two_digits", year=digits[-2:])
    if not said and len(digits) != 4:
        raise Invalid("date_unreadable")
    return _iso(digits)


def _iso(year: str, month: str = "", day: str = "") -> str:
    """Return the parts as ISO 8601. Raises Invalid, naming the part that does not exist."""
    if len(year) == 2:
        raise Invalid("date_year_two_digits", year=year)
    if len(year) != 4 or not int(year):
        raise Invalid("date_year_digits", digits=len(year))
    if not month:
        return year
    if not 1 <= int(month) <= 12:
        raise Invalid("date_month", month=int(month))
    last = monthrange(int(year), int(month))[1]
    if not day:
        return f"{year}-{int(month):02}"
    if not 1 <= int(day) <= last:
        raise Invalid("date_day", day=int(day), month=int(month), year=int(year), last=last)
    return f"{year}-{int(month):02}-{int(day):02}"


def _refuse_imprecise(iso: str, question: Question) -> None:
    if len(iso) == 4 and "year" not in question.partial:
        raise Invalid("date_year_only", year=iso)
    if len(iso) == 7 and "month" not in question.partial:
        raise Invalid("date_month_only", month=int(iso[5:]), year=iso[:4])


def _refuse_future(iso: str, today: date) -> None:
    if iso > today.isoformat()[: len(iso)]:
        raise Invalid("date_in_future")


def _age_uncertain(iso: str, today: date) -> bool:
    """True when the missing day or month decides whether the person has a deciding age today."""
    year, month = int(iso[:4]), int(iso[5:] or 0)
    oldest = _age(date(year, month or 1, 1), today)
    youngest = _age(date(year, month or 12, monthrange(year, month or 12)[1]), today)
    return any(youngest < age <= oldest for age in DECIDING_AGES)


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
