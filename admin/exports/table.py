"""What an export shows: plain records, and columns that turn one record into cells of text.

It writes no file: each format has its own module.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.dialogs.answering import label_of
from bot.dialogs.form import Form, Question
from bot.dialogs.known import Known
from bot.dialogs.readers.reading import Value
from storage.ids import VIETNAM
from storage.submissions import Record

WIDE: Final = 40
NARROW: Final = 16
"""Characters, of a column in a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One submission as it leaves the house. A question never asked is not in `values`."""

    number: int
    """Running number in this export, from 1."""
    receipt: str
    form: str
    unit: str
    village: str | None
    status: str
    confirmed_at: datetime
    values: Mapping[str, Value]
    household: int | None = None
    """Running number of the household in this export, where it is asked for."""
    relation: str = ""
    """Code of the relation to its head."""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    cell: Callable[[Exported], str]
    width: int = NARROW


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and the rows of text above the first record, the last of which holds the titles."""

    columns: Sequence[Column]
    above: Sequence[Sequence[str]]

    def row(self, record: Exported) -> list[str]:
        return [column.cell(record) for column in self.columns]


def plain(records: Iterable[Record]) -> Iterator[Exported]:
    """Yield the records of storage without what only the office needs to know."""
    numbers = dict[int, int]()
    for number, record in enumerate(records, 1):
        answers = record.answers["answers"]
        values = {question: answer["value"] for question, answer in answers.items()}
        about = (record.receipt, record.form, record.unit, record.village, record.status)
        home = record.household_id
        if home is not None and home not in numbers:
            numbers[home] = len(numbers) + 1
        household = None if home is None else numbers[home]
        yield Exported(number, *about, record.confirmed_at, values, household, record.relation)


def form_table(form: Form, known: Known, *, codes: bool) -> Table:
    """Return the questions of the form in its order, then what is known about the submission."""
    columns = [_question_column(question, known, codes=codes) for question in form.questions]
    columns += _about_columns(known, codes=codes)
    return Table(columns, [[column.title for column in columns]])


def _question_column(question: Question, known: Known, *, codes: bool) -> Column:
    # The village has no number on paper: its item is a word.
    numbered = question.item[:1].isdigit()
    title = f"{question.item}. {question.title}" if numbered else question.title
    show = _code if codes else lambda value: label_of(question, value, known)
    wide = question.kind in {"name", "place", "text", "choices"}
    return Column(
        title, lambda record: show(record.values.get(question.id)), WIDE if wide else NARROW
    )


def _code(value: Value) -> str:
    """Return the code of a choice, an ISO date, the words of a place."""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return value["text"] or ""
    return value or ""


def _about_columns(known: Known, *, codes: bool) -> list[Column]:
    office, texts = known.office, known.texts

    def unit(record: Exported) -> str:
        named = not codes and record.unit == office.commune
        return office.commune_name if named else record.unit

    def status(record: Exported) -> str:
        key = f"status_of.{record.status}"
        return record.status if codes or key not in texts else texts(key)

    return [
        Column(texts("export.receipt"), lambda record: record.receipt),
        Column(texts("export.unit"), unit),
        Column(texts("export.village"), lambda record: record.village or ""),
        Column(texts("export.status"), status),
        Column(texts("export.confirmed_at"), lambda record: vietnam_time(record.confirmed_at)),
    ]


def vietnam_time(at: datetime) -> str:
    """Return an instant as dd/mm/yyyy HH:MM in Vietnam."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def label_lines(record: Record, form: Form, known: Known) -> Iterator[tuple[str, str]]:
    """Yield title and answer of every question of one record, in the order of the form."""
    (shown,) = plain([record])
    for question in form.questions:
        if question.id in shown.values:
            title = f"{question.item}. {question.title}"
            yield title, label_of(question, shown.values[question.id], known)
