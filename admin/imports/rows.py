"""One line of a list as a person, or as the reasons why it cannot be one.

What the list does not say stays unsaid: no sex, reason or duration is supposed. Only what another
cell of the same line leaves no choice about is added, and marked as derived.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from admin.imports.answers import Cells, Found, restored
from admin.imports.cells import Fault, Formula, Line
from admin.imports.checks import (
    BORN,
    HOME,
    ID,
    NAME,
    PRIORITY,
    SEX,
    classes_of,
    implied,
    refuse_impossible,
    remarks_of,
    settle,
    split,
    with_hard_checks,
    with_soft_checks,
)
from admin.imports.doubles import Doubles
from admin.imports.fonts import UNICODE, Fonts, Unclear, Votes, convert
from admin.imports.people_words import NO_KIND, meaning, people_words
from admin.imports.recognise import Recognised
from admin.imports.refusals import BadCell
from admin.imports.surroundings import Place, Surroundings
from admin.imports.targets import Target
from admin.imports.titles import title_of
from admin.imports.values import NO_NAME_OR_BIRTH, Bad, Row
from admin.imports.work import Work
from bot.dialogs.answering import read, warnings
from bot.dialogs.form import Question
from bot.dialogs.readers.characters import tidy
from bot.dialogs.readers.reading import Invalid, Reading, Value
from bot.dialogs.route import relevant, with_village
from bot.dialogs.state import NOTHING, Answers, Draft
from storage.village_names import village_named

BLANK: Final = re.compile(r"[\s\u00a0\u200b\ufeff.,\u2026_/\\\-\u2010-\u2015'\"]*")
"""What people type into a cell that has nothing to say."""
FLAGGED: Final = ("ho_ngheo", "ho_can_ngheo")
"""Choices of item 8 that put somebody first."""
NEWLY_OUT: Final = "moi_thoat_ngheo"
_ZEROS_LOST: Final = re.compile("[1-9][0-9]{9,10}")

_NONE: Final[frozenset[int]] = frozenset()

Texts = Mapping[int, str]
"""Column -> its cell, where there is something in it."""


class Rows:
    """Reads the lines of one sheet, from the first below its headings."""

    def __init__(self, sheet: str, found: Recognised, cells: Cells, doubles: Doubles) -> None:
        self.sheet, self.found, self.cells, self.doubles = sheet, found, cells, doubles
        self.form, self.known, self.today = cells.form, cells.known, cells.today
        self.fonts = Fonts()
        self.titles = {
            at: title_of(target, self.form, self.known.texts)
            for at, target in found.targets.items()
        }
        answering = [(at, target) for at, target in found.targets.items() if target.answered]
        self.answering = sorted(answering, key=lambda column: ID in column[1].questions)
        """The identity number last: what a number has lost is told by the other answers."""
        self.about = {t.about: at for at, t in found.targets.items() if t.about}
        self.surroundings = Surroundings(sheet, found, self.known)
        self._implied = implied(self.form)
        self._hard, self._soft = with_hard_checks(self.form), with_soft_checks(self.form)
        self._columns = _columns_by_what_they_say(self.answering)

    def learn(self, line: Line) -> Votes:
        """Take notice of the fonts of a line; return its votes, to be handed to `read`."""
        cells = line.cells
        return self.fonts.learn(
            (at, cells[at])
            for at in self.found.targets
            if at < len(cells) and not cells[at].isascii()
        )

    def read(self, line: Line, votes: Votes) -> Row | Bad | None:
        """Return what a line is; None when nobody stands there."""
        work = Work(self.form, self.sheet, line.number, self.found.targets, self.titles)
        texts = self._texts(line, votes, work)
        filled = any(at in texts for at, _ in self.answering) or bool(work.problems)
        if self.surroundings.is_other(line, texts) or not filled:
            return None
        place = self.surroundings.enter(line.number, texts, work)
        for at, target in self.answering:
            if at in texts:
                self._take(work, at, target, texts[at])
        newly = self._poverty(work, texts)
        settle(work, self._implied, self._can_say, asks_home=(HOME, "") in self._columns)
        lacking = self._require(work)
        refuse_impossible(work, self._hard, self.today, self.known)
        if work.problems:
            return Bad(self.sheet, line.number, tuple(work.problems), lacking)
        self._enter_village(work, place.village)
        return self._row(work, place, newly)

    def _row(self, work: Work, place: Place, newly: set[str]) -> Row:
        route = relevant(self.form, work.answers, self.known)
        answers, parked, missing = split(work.answers, route)
        self._warn(work, answers, parked)
        chosen = answers.get(PRIORITY)
        flags = {code for code in FLAGGED if isinstance(chosen, list) and code in chosen} | newly
        return Row(
            sheet=self.sheet,
            row=work.row,
            answers=answers,
            manners={q: manner for q, manner in work.manners.items() if q in answers},
            parked=parked,
            warned=tuple(work.warned),
            missing=missing,
            household=place.household,
            relation=place.relation,
            village=place.village,
            flags=frozenset(flags),
            classes=classes_of(work.answers),
        )

    def _texts(self, line: Line, votes: Votes, work: Work) -> dict[int, str]:
        """Return the cells that say something, in Unicode."""
        texts: dict[int, str] = {}
        cells = line.cells
        for at in self.found.targets:
            cell = cells[at] if at < len(cells) else ""
            if not cell or (len(cell) < 12 and BLANK.fullmatch(cell)):
                continue
            if isinstance(cell, Formula):
                work.problem(at, "formula")
            elif isinstance(cell, Fault):
                work.problem(at, "cell_error")
            elif cell.isascii():
                texts[at] = cell
            else:
                self._decode(work, texts, at, cell, votes)
        return texts

    def _decode(self, work: Work, texts: dict[int, str], at: int, cell: str, votes: Votes) -> None:
        try:
            font = self.fonts.font(at, cell, votes)
        except Unclear:
            work.problem(at, "font_unclear")
            return
        if font != UNICODE:
            work.warn(at, "font_converted")
        texts[at] = convert(cell, font)

    def _take(self, work: Work, at: int, target: Target, cell: str) -> None:
        try:
            found = self._restored(work, target, cell) or self.cells.read(target, cell)
        except Invalid as refusal:
            lost = ID in target.questions and _ZEROS_LOST.fullmatch(cell)
            work.problem(at, "id_zero_lost" if lost else refusal.code, refusal.facts)
        except BadCell as refusal:
            work.problem(at, refusal.reason, refusal.facts)
        else:
            for remark in found.remarks:
                work.warn(at, remark)
            work.take(at, found.readings)

    def _restored(self, work: Work, target: Target, cell: str) -> Found | None:
        """Return an identity number whose zeros were lost, when sex and birth date prove it."""
        if ID not in target.questions or not _ZEROS_LOST.fullmatch(cell):
            return None
        if work.answers.get(BORN) is None or work.answers.get(SEX) is None:
            return None
        question, draft = self.form[ID], Draft(0, self.form.id, answers=work.answers)

        def fits(number: str) -> bool:
            return not warnings(self.form, question, draft, number, self.today, self.known)

        return restored(cell, question, fits, self.today, self.known)

    def _can_say(self, question: str, code: str, besides: int | None) -> bool:
        found = self._columns.get((question, ""), _NONE) | self._columns.get(
            (question, code), _NONE
        )
        return bool(found - {besides})

    def _require(self, work: Work) -> frozenset[str]:
        """Note that name or birth date are not there; return the class of that error."""
        blank = (question for question in (NAME, BORN) if work.answers.get(question) is None)
        lacking = [question for question in blank if question not in work.unread]
        for question in lacking:
            work.problem_with(question, "missing", {})
        return frozenset({NO_NAME_OR_BIRTH}) if lacking else frozenset()

    def _poverty(self, work: Work, texts: Texts) -> set[str]:
        """Take what the list says about the household's poverty; return what the form lacks."""
        found: set[str] = set()
        at = self.about.get("poverty", -1)
        if at in texts:
            kind = meaning(people_words().poverty, texts[at])
            if kind is None:
                work.problem(at, "poverty_unknown")
            elif kind in FLAGGED:
                work.take(at, {PRIORITY: Reading([kind])})
            elif kind != NO_KIND:
                found.add(NEWLY_OUT)
        at = self.about.get("newly_out_of_poverty", -1)
        if at in texts:
            marked = people_words().marks.get(tidy(texts[at]).lower())
            if marked is None:
                work.problem(at, "mark_unclear")
            elif marked:
                found.add(NEWLY_OUT)
        return found

    def _enter_village(self, work: Work, text: str) -> None:
        """Answer which of the office's villages it is, by the list's own word or the address."""
        question = self.form.village
        if question is None or not self.known.office.villages or question.id in work.answers:
            return
        if not text:
            draft = Draft(0, self.form.id, answers=work.answers)
            found = with_village(self.form, draft, self.known).answers.get(question.id)
            if found is not None:
                work.derive(question.id, found)
        elif (village := self._village(question, text)) is not None:
            work.answers[question.id] = village
        elif "village" in self.about:
            work.warn(self.about["village"], "village_unknown")

    def _village(self, question: Question, text: str) -> Value:
        """Return the office's village of this name; its number in a list means nothing here."""
        if text.isdecimal():
            return None
        try:
            return read(text, question, NOTHING, self.today, self.known).value
        except Invalid:
            return village_named(text, self.known.office.villages)

    def _warn(self, work: Work, answers: Answers, parked: Mapping[str, Value]) -> None:
        """Note what does not apply, what soft checks say, and a person without sex."""
        for question, value in parked.items():
            if value is not None and question in work.columns:
                work.warned.append(work.about_answer(question, "not_applicable", {}))
        for question, code in remarks_of(self.form, answers, self._soft, self.today, self.known):
            work.warned.append(work.about_answer(question, code, {}))
        for question in (SEX, ID):
            if question not in answers:
                work.warned.append(work.about_answer(question, "not_given", {}))
        self._warn_of_double(work, answers.get(ID))

    def _warn_of_double(self, work: Work, number: Value) -> None:
        earlier = self.doubles.earlier(str(number), self.sheet, work.row) if number else None
        if earlier is not None:
            sheet, row = earlier
            reason = "id_twice" if sheet == self.sheet else "id_twice_elsewhere"
            work.warned.append(work.about_answer(ID, reason, {"row": row, "where": sheet}))


def _columns_by_what_they_say(
    answering: Sequence[tuple[int, Target]],
) -> Mapping[tuple[str, str], frozenset[int]]:
    """Return (question, code of a mark or nothing) -> the columns that say so."""
    found: dict[tuple[str, str], frozenset[int]] = {}
    for at, target in answering:
        for said in (target.mark,) if target.mark else [(q, "") for q in target.questions]:
            found[said] = found.get(said, _NONE) | {at}
    return found
