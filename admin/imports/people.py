"""People lists in, rows out: the one way in for commands and pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import BinaryIO, Final

from admin.imports.answers import Cells
from admin.imports.cells import Line
from admin.imports.doubles import Doubles
from admin.imports.layouts import Layout, layouts_of, numbers_of
from admin.imports.recognise import (
    ROWS_LOOKED_AT,
    ColumnMap,
    Recognised,
    recognise,
    recognise_by_map,
    seeming_headings,
)
from admin.imports.refusals import FileRefused, NotRecognised
from admin.imports.rows import Rows
from admin.imports.sheets import open_sheets
from admin.imports.values import Bad, Row
from admin.imports.workbook import Sheet
from bot.dialogs.form import Form
from bot.dialogs.known import Known

SAMPLE: Final = 1_000
"""Lines read ahead, to learn in which fonts a sheet is written."""


@dataclass(frozen=True, slots=True)
class People:
    """A list whose headings are understood. Its rows are read when they are asked for."""

    sheets: Sequence[tuple[Sheet, Recognised]]
    skipped: Sequence[str]
    """Names of sheets that are hidden or hold no list."""
    cells: Cells

    def __iter__(self) -> Iterator[Row | Bad]:
        """Yield the people in the order of the file. Raises FileRefused for a file that breaks."""
        doubles = Doubles()
        for sheet, found in self.sheets:
            yield from _rows_of(sheet, Rows(sheet.name, found, self.cells, doubles))


def read_people(
    file: BinaryIO, form: Form, known: Known, today: date, column_map: ColumnMap | None = None
) -> Iterator[Row | Bad]:
    """Yield every person of a list, and every line that cannot be taken in with its reasons.

    `file` stays open meanwhile. Raises FileRefused, and NotRecognised where no layout and not
    `column_map` fits its headings.
    """
    yield from open_people(file, form, known, today, column_map)


def open_people(
    file: BinaryIO, form: Form, known: Known, today: date, column_map: ColumnMap | None = None
) -> People:
    """Return a list after a look at its headings. Raises as `read_people`, and BadTarget."""
    layouts = layouts_of(form)
    found: list[tuple[Sheet, Recognised]] = []
    skipped: list[str] = []
    seen = []
    for sheet in open_sheets(file):
        lines = [] if sheet.hidden else list(islice(sheet.lines(), ROWS_LOOKED_AT))
        known_as = _recognised(sheet.name, lines, layouts, column_map, form)
        if known_as is not None:
            found.append((sheet, known_as))
        else:
            skipped.append(sheet.name)
            seen += [seeming_headings(sheet.name, lines)] if lines else []
    if not seen and not found:
        raise FileRefused("empty")
    if not found:
        raise NotRecognised(seen)
    return People(found, skipped, Cells(form, known, today, numbers_of(form)))


def _recognised(
    name: str,
    lines: Sequence[Line],
    layouts: Sequence[Layout],
    column_map: ColumnMap | None,
    form: Form,
) -> Recognised | None:
    if column_map is not None:
        own = recognise_by_map(name, lines, column_map, form)
        if own is not None:
            return own
    return recognise(name, lines, layouts)


def _rows_of(sheet: Sheet, rows: Rows) -> Iterator[Row | Bad]:
    below = (line for line in sheet.lines() if line.number >= rows.found.first)
    sample = [(line, rows.learn(line)) for line in islice(below, SAMPLE)]
    rest = ((line, rows.learn(line)) for line in below)
    for line, votes in chain(sample, rest):
        row = rows.read(line, votes)
        if row is not None:
            yield row
