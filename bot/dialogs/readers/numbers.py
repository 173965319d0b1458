"""Identity and insurance numbers: digits as text, leading zeros kept.

Only the shape is read here. Whether a number fits sex, birth year or province is for `rules.py`;
facts of a refusal never hold the number itself.
"""

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.characters import ascii_dashes, tidy
from bot.dialogs.readers.reading import Invalid, Reading

if TYPE_CHECKING:
    from bot.dialogs.known import Known

ID_LENGTHS: Final = frozenset({9, 12})
"""Digits of the old card (CMND) and of the citizen's number (CCCD, Circular 11/2022, note 1)."""
INSURANCE_LENGTHS: Final = range(8, 15)
"""Digits let through; other than 10 or 12 is a soft check of the form."""
INSURANCE_DIGITS: Final = 10
"""The BHXH number within the 15 characters of an older health insurance card, at its end."""

_GROUPED: Final = re.compile(r"[0-9](?:[ .\-]*[0-9])*")
_DECIMAL_TAIL: Final = re.compile(r"[0-9]{4}[.,]0{1,2}$")
"""What a spreadsheet makes of a number."""
_PHONE: Final = re.compile(r"0[35789][0-9]{8}|84[35789][0-9]{8}")
_OLD_CARD: Final = re.compile(r"[A-Za-z]{2}[ .\-]*((?:[0-9][ .\-]*){12}[0-9])")
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")


def read_id_number(text: str, _question: Question, _today: date, known: "Known") -> Reading:
    """Return 12 digits, or the 9 of an old card. Raises Invalid `id_...`, or as `_number_in`."""
    number = _number_in(text, "id", known)
    international = number.startswith("+")
    digits = _digits(number.removeprefix("+"), "id")
    if _PHONE.fullmatch(digits):
        raise Invalid("id_phone")
    if international:
        raise Invalid("id_characters")
    if len(digits) not in ID_LENGTHS:
        raise Invalid("id_length", digits=len(digits))
    return Reading(digits)


def read_insurance_number(text: str, _question: Question, _today: date, known: "Known") -> Reading:
    """Return the digits of a BHXH number; of an old 15-character card its last 10.

    Raises Invalid `insurance_...`, or as `_number_in`.
    """
    number = _number_in(text, "insurance", known)
    old_card = _OLD_CARD.fullmatch(number)
    if old_card:
        return Reading(_NOT_DIGIT.sub("", old_card[1])[-INSURANCE_DIGITS:])
    digits = _digits(number, "insurance")
    if len(digits) not in INSURANCE_LENGTHS:
        raise Invalid("insurance_length", digits=len(digits))
    return Reading(digits)


def _number_in(text: str, kind: str, known: "Known") -> str:
    """Return what may be the number, without words before it and a full stop after it.

    Raises Invalid `zero_unclear` (people type 0 for "none" and for "back"), `number_missing` ("I
    have one"), or `<kind>_unreadable` when there is no digit at all.
    """
    number = known.words.without_label(ascii_dashes(tidy(text))).rstrip(" .,;")
    if number == "0":
        raise Invalid("zero_unclear")
    if known.words.means(text, known.words.have):
        raise Invalid("number_missing")
    if not re.search("[0-9]", number):
        raise Invalid(f"{kind}_unreadable")
    return number


def _digits(number: str, kind: str) -> str:
    """Return the digits of `number`. Raises Invalid `<kind>_decimal` or `<kind>_characters`."""
    if _DECIMAL_TAIL.search(number):
        raise Invalid(f"{kind}_decimal")
    if not _GROUPED.fullmatch(number):
        raise Invalid(f"{kind}_characters")
    return _NOT_DIGIT.sub("", number)
