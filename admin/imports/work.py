"""One line of a list while it is read: its answers so far, and what was found about it."""

from collections.abc import Mapping
from typing import Final

from admin.imports.cells import letters_of
from admin.imports.targets import Target
from admin.imports.titles import title_of_question
from admin.imports.values import Problem
from bot.dialogs.form import Form
from bot.dialogs.readers.reading import Reading, Value
from bot.dialogs.state import PLAIN, Manner

SAFE_FACTS: Final = frozenset(
    {
        "digits",
        "length",
        "longest",
        "shortest",
        "minimum",
        "maximum",
        "first",
        "last",
        "row",
        "where",
    }
)
"""Facts that are counts or places in the file; readers also give some that repeat a text."""
DERIVED: Final = Manner("derived")


class Work:
    __slots__ = (
        "answers", "columns", "form", "manners", "problems", "row", "sheet", "targets", "titles",
        "unread", "warned",
    )  # fmt: skip

    def __init__(
        self,
        form: Form,
        sheet: str,
        row: int,
        targets: Mapping[int, Target],
        titles: Mapping[int, str],
    ) -> None:
        self.form, self.sheet, self.row = form, sheet, row
        self.targets, self.titles = targets, titles
        self.answers: dict[str, Value] = {}
        self.manners: dict[str, Manner] = {}
        self.columns: dict[str, int] = {}
        """Question -> the column that answers it."""
        self.unread: set[str] = set()
        """Questions with a cell that could not be read."""
        self.problems: list[Problem] = []
        self.warned: list[Problem] = []

    def problem(self, column: int, reason: str, facts: Mapping[str, object] | None = None) -> None:
        found = self._about(column, self.titles[column], reason, facts or {})
        self.unread.update(self.targets[column].questions)
        if found not in self.problems:
            self.problems.append(found)

    def warn(self, column: int, reason: str, facts: Mapping[str, object] | None = None) -> None:
        self.warned.append(self._about(column, self.titles[column], reason, facts or {}))

    def problem_with(self, question: str, reason: str, facts: Mapping[str, object]) -> None:
        """Note a problem with an answer, wherever it came from."""
        self.problems.append(self.about_answer(question, reason, facts))

    def about_answer(self, question: str, reason: str, facts: Mapping[str, object]) -> Problem:
        column = self.columns.get(question)
        if column is not None:
            return self._about(column, self.titles[column], reason, facts)
        return self._about(None, title_of_question(self.form[question]), reason, facts)

    def take(self, column: int, readings: Mapping[str, Reading]) -> None:
        """Take what a cell says. Several marks for one choice are a problem, for choices a list."""
        for question, reading in readings.items():
            value = reading.value
            given = self.answers.get(question)
            if given is not None and given != value:
                if not (isinstance(given, list) and isinstance(value, list)):
                    self.problem(column, "two_answers")
                    continue
                codes = {*given, *value}
                value = [c.code for c in self.form[question].options if c.code in codes]
            self.answers[question] = value
            self.columns[question] = column
            if reading.how != PLAIN.how:
                self.manners[question] = Manner(reading.how, reading.reason)

    def derive(self, question: str, value: Value) -> None:
        """Add what other answers leave no choice about."""
        self.answers[question] = value
        self.manners[question] = DERIVED

    def drop(self, question: str) -> None:
        del self.answers[question]
        self.manners.pop(question, None)

    def _about(
        self, column: int | None, title: str, reason: str, facts: Mapping[str, object]
    ) -> Problem:
        safe = {name: fact for name, fact in facts.items() if name in SAFE_FACTS}
        letters = "" if column is None else letters_of(column)
        return Problem(self.sheet, self.row, letters, title, reason, safe)
