"""One cell of a list as answers: the chat's own readers, and what only spreadsheets do to values.

Numbers stand for choices as on provincial sheets, dates may be serial numbers, and what a number
has lost is put back only where nothing else is possible.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache, partial
from typing import Final, NamedTuple

from admin.imports.cells import Day, Number, day_of
from admin.imports.layouts import Numbers
from admin.imports.people_words import people_words
from admin.imports.refusals import BadCell
from admin.imports.targets import Target
from bot.dialogs.answering import read
from bot.dialogs.form import Form, Question
from bot.dialogs.known import Known
from bot.dialogs.readers.characters import tidy
from bot.dialogs.readers.reading import Invalid, Reading, Value
from bot.dialogs.readers.table import READERS
from bot.dialogs.state import NOTHING

SELDOM_TWICE: Final = frozenset({"name", "id_number", "insurance_number"})
"""Kinds of answers that are not worth remembering: each is somebody's own."""
REMEMBERED: Final = 30_000
"""Cells of one column."""
YEARS: Final = range(1900, 2101)
"""A number alone that is a year; serial numbers of dates are higher."""
SERIALS: Final = range(5_000, 100_000)
"""Serial numbers of days from 1913 to 2173."""

_EXPONENT: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_NO_DAY: Final = re.compile(r"[0\s_.?xX]*[/.\-][0\s_.?xX]*[/.\-]\s*([0-9]{4})")
"""00/00/1958: on the card there is only a year."""
_NUMBERED: Final = re.compile(r"([0-9]{1,2})\s*[.:)\-]\s*([^\s0-9].*)")
_BETWEEN_NUMBERS: Final = re.compile(r"[\s,;.+&]+")
_LIST_OF_NUMBERS: Final = re.compile(rf"[0-9]+(?:{_BETWEEN_NUMBERS.pattern}[0-9]+)*")


class Found(NamedTuple):
    """What a cell says: answers, and reasons to look at it again."""

    readings: Mapping[str, Reading]
    remarks: tuple[str, ...] = ()


class Cells:
    """Reads cells for one form, office and day."""

    def __init__(self, form: Form, known: Known, today: date, numbers: Numbers) -> None:
        self.form, self.known, self.today, self.numbers = form, known, today, numbers
        self._readers: dict[str, Callable[[str], Found]] = {}

    def read(self, target: Target, cell: str) -> Found:
        """Return what a cell that is not empty says. Raises Invalid or BadCell."""
        reader = self._readers.get(target.name)
        if reader is None:
            reader = self._readers[target.name] = self._reader(target)
        return reader(cell)

    def _reader(self, target: Target) -> Callable[[str], Found]:
        """Return a reader of the cells of one column; what it has read before it remembers."""
        reader = partial(self._read, target)
        if target.questions and self.form[target.questions[0]].kind in SELDOM_TWICE:
            return reader
        return lru_cache(REMEMBERED, typed=True)(reader)

    def _read(self, target: Target, cell: str) -> Found:
        if target.mark:
            return self._marked(target.mark, cell)
        first = self.form[target.questions[0]]
        if first.kind in {"birth_date", "date"}:
            found = self._dated(first, cell)
        elif first.choices:
            found = Found(self._chosen(target.questions, cell))
        else:
            found = self._said(first, cell)
        if not target.says:
            return found
        return Found({**found.readings, **_codes(target.says)}, found.remarks)

    def _said(self, question: Question, cell: str) -> Found:
        if question.kind in SELDOM_TWICE and _EXPONENT.fullmatch(cell.strip()):
            raise BadCell("number_rounded")
        reading = read(cell, question, NOTHING, self.today, self.known)
        return Found({question.id: reading}, ("place_completed",) if reading.completed else ())

    def _dated(self, question: Question, cell: str) -> Found:
        text, remarks = _date_text(cell)
        reading = read(text, question, NOTHING, self.today, self.known)
        if question.kind == "birth_date" and isinstance(reading.value, str):
            remarks = (*remarks, "year_only") if len(reading.value) == 4 else remarks
        return Found({question.id: reading}, remarks)

    def _marked(self, mark: tuple[str, str], cell: str) -> Found:
        said = tidy(cell).lower().strip(" .")
        if said not in people_words().marks:
            raise BadCell("mark_unclear")
        question, code = mark
        several = self.form[question].kind == "choices"
        marked = people_words().marks[said]
        return Found({question: Reading([code] if several else code)} if marked else {})

    def _chosen(self, questions: tuple[str, ...], cell: str) -> Mapping[str, Reading]:
        """Return the choices a cell names by their numbers on the sheet, or in words."""
        text = tidy(cell)
        if _LIST_OF_NUMBERS.fullmatch(text):
            return self._numbered(questions, [int(n) for n in _BETWEEN_NUMBERS.split(text)])
        both = _NUMBERED.fullmatch(text)
        if both is None:
            return self._worded(questions, text)
        found = self._worded(questions, both[2])
        by_number = self._numbered(questions, [int(both[1])])
        if any(found[q].value != reading.value for q, reading in by_number.items() if q in found):
            raise BadCell("choice_disagrees")
        return found

    def _numbered(self, questions: tuple[str, ...], numbers: list[int]) -> Mapping[str, Reading]:
        for question in map(self.form.__getitem__, questions):
            known = self.numbers.get(question.id, {})
            if numbers and all(number in known for number in numbers):
                codes = [known[number] for number in numbers]
                if question.kind == "choices":
                    chosen = [c.code for c in question.choices if c.code in codes]
                    return {question.id: Reading(chosen)}
                if len(codes) == 1:
                    return {question.id: Reading(codes[0])}
                raise BadCell("choice_one_only")
        raise BadCell("code_unknown", last=self._last_number(questions))

    def _last_number(self, questions: tuple[str, ...]) -> int:
        return max((n for q in questions for n in self.numbers.get(q, ())), default=0)

    def _worded(self, questions: tuple[str, ...], text: str) -> Mapping[str, Reading]:
        """Return what words say: the narrower question counts where the wider one allows it."""
        found: dict[str, Reading] = {}
        refusal: Invalid | None = None
        for question in map(self.form.__getitem__, questions):
            try:
                found[question.id] = read(text, question, NOTHING, self.today, self.known)
            except Invalid as raised:
                refusal = raised
        if refusal and not found:
            raise refusal
        return _agreeing(self.form, questions, found)


def _agreeing(
    form: Form, questions: tuple[str, ...], found: Mapping[str, Reading]
) -> Mapping[str, Reading]:
    narrow, *wider = questions
    for question in wider:
        allowed = form[narrow].when.get(question)
        if allowed and narrow in found and question in found:
            value: Value = found[question].value
            if value not in allowed:
                return {question: found[question]}
    return found


def _codes(codes: Mapping[str, str]) -> Mapping[str, Reading]:
    return {question: Reading(code) for question, code in codes.items()}


def _date_text(cell: str) -> tuple[str, tuple[str, ...]]:
    """Return a date as the reader of dates takes it, and what was done to it."""
    text = cell.strip()
    if isinstance(cell, Day):
        return text, ()
    alone = _NO_DAY.fullmatch(text)
    year = alone[1] if alone else text
    if year.isdecimal() and len(year) == 4 and int(year) in YEARS:
        return people_words().year_only.format(year=year), ()
    if text.isdecimal() and len(text) <= 5 and text[0] != "0" and int(text) in SERIALS:
        day = day_of(text, since_1904=False)
        return day or text, ("date_serial",)
    if isinstance(cell, Number) and text.isdecimal() and len(text) == 7:
        return f"0{text}", ("zero_restored",)  # ddmmyyyy
    return text, ()


def restored(
    cell: str, question: Question, fits: Callable[[str], bool], today: date, known: Known
) -> Found | None:
    """Return an identity number with the zeros that a number loses, when it fits the person.

    `fits` says whether a number agrees with all that is known besides. None: nothing was lost, or
    it cannot be told.
    """
    digits = cell.strip()
    lost = 12 - len(digits)
    if not digits.isdecimal() or not digits.isascii() or not 1 <= lost <= 2 or digits[0] == "0":
        return None
    reading = READERS[question.kind]("0" * lost + digits, question, today, known)
    if isinstance(reading.value, str) and fits(reading.value):
        return Found({question.id: reading}, ("zero_restored",))
    return None
