"""Sheets other offices prescribe: a table of columns in TOML, turned into columns of text."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from admin.exports.table import Column, Exported, Table
from bot.dialogs.answering import label_of
from bot.dialogs.form import Codes, Form, holds
from bot.dialogs.known import Known
from bot.dialogs.readers.reading import Value

FOLDER: Final = "layouts"
NUMBER: Final = "number"
HOUSEHOLD: Final = "household"
RELATION: Final = "relation"
Numbers = Mapping[str, int]
"""Code of a choice -> its number on the sheet."""


class BadLayout(Exception):
    """The file is not a layout. The message names file, column and key."""


class NoLayout(LookupError):
    """There is no layout of this name; `known` lists those there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LayoutColumn(Part):
    title: str
    hint: str = ""
    width: int = 12
    show: Literal["number", "household", "relation", "label", "code"] = "label"
    """What stands in the cell: a running number, that of the household, the relation to its head,
    what people read, or the number of a choice."""
    questions: tuple[str, ...] = ()
    """The first of them that has something to show fills the cell."""
    when: Codes = {}
    numbers: str = ""
    """Name of the setting that says which table of numbers applies, instead of `excel`."""


class Layout(Part):
    id: str
    source: str
    several: Literal["join", "first"]
    """What a column of one code shows when several were chosen."""
    separator: str
    first_row: int
    """Row of the first record, from 1."""
    titles_row: int
    headings: Mapping[str, str]
    """Row number -> text of its first cell, with {commune}, {province}, {office}, {day}."""
    settings: Mapping[str, str] = {}
    numbers: Mapping[str, Numbers] = {}
    relations: Mapping[str, str] = {}
    """Code of a relation to the head -> its word on the sheet."""
    columns: tuple[LayoutColumn, ...]


def layout_names() -> list[str]:
    folder = files("admin.exports").joinpath(FOLDER)
    return sorted(file.name[:-5] for file in folder.iterdir() if file.name.endswith(".toml"))


@cache
def layout_of(name: str) -> Layout:
    """Return a layout by its name. Raises NoLayout, BadLayout."""
    if name not in layout_names():
        raise NoLayout(name, layout_names())
    text = files("admin.exports").joinpath(FOLDER, f"{name}.toml").read_text("utf-8")
    return load_layout(text, f"{FOLDER}/{name}.toml")


def load_layout(text: str, file: str) -> Layout:
    """Return the layout written in `text`. Raises BadLayout, which names `file`."""
    try:
        layout = Layout.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadLayout(f"{file}: {error}") from None
    for column in layout.columns:
        if column.numbers and layout.settings.get(column.numbers) not in layout.numbers:
            raise BadLayout(f"{file}: column {column.title}: no numbers for {column.numbers!r}")
    return layout


def needs_homes(layout: Layout) -> bool:
    """Say whether a column shows the household or the relation to its head."""
    return any(column.show in {HOUSEHOLD, RELATION} for column in layout.columns)


def layout_table(layout: Layout, form: Form, known: Known, today: date) -> Table:
    """Return the columns of a layout for one form. Raises BadLayout for a question it lacks."""
    for column in layout.columns:
        for question_id in (*column.questions, *column.when):
            if question_id not in form:
                why = f"{form.id} has no question {question_id}"
                raise BadLayout(f"{layout.id}: column {column.title}: {why}")
    columns = [_column(layout, column, form, known) for column in layout.columns]
    return Table(columns, list(_above(layout, known, today)))


def _above(layout: Layout, known: Known, today: date) -> Iterator[list[str]]:
    office = known.office
    facts = {"commune": office.commune_name, "province": office.province_name}
    facts |= {"office": office.name, "day": f"{today:%d/%m/%Y}"}
    rows = {layout.titles_row: [column.title for column in layout.columns]}
    rows[layout.titles_row + 1] = [column.hint for column in layout.columns]
    for number in range(1, layout.first_row):
        heading = layout.headings.get(str(number), "").format_map(facts)
        yield rows.get(number, [heading])


def _column(layout: Layout, column: LayoutColumn, form: Form, known: Known) -> Column:
    def shown(record: Exported) -> str:
        if column.show == NUMBER:
            return str(record.number)
        if column.show == HOUSEHOLD:
            return str(record.household or "")
        if column.show == RELATION:
            return layout.relations.get(record.relation, "")
        if not holds(column.when, record.values):
            return ""
        for question_id in column.questions:
            value = record.values.get(question_id)
            if text := show(question_id, value):
                return text
        return ""

    def show(question_id: str, value: Value) -> str:
        if column.show == "code":
            return _numbered(layout, numbers[question_id], value)
        return label_of(form[question_id], value, known)

    numbers = {name: _numbers(layout, column, form, name) for name in column.questions}
    return Column(column.title, shown, column.width)


def _numbers(layout: Layout, column: LayoutColumn, form: Form, question_id: str) -> Numbers:
    if column.numbers:
        return layout.numbers[layout.settings[column.numbers]]
    choices = form[question_id].options
    return {choice.code: choice.excel for choice in choices if choice.excel is not None}


def _numbered(layout: Layout, numbers: Numbers, value: Value) -> str:
    codes = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    found = [str(numbers[code]) for code in codes if code in numbers]
    return layout.separator.join(found if layout.several == "join" else found[:1])
