"""A list of villages as a commune has it: a sheet of Excel or CSV with name, kind and order."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from admin.imports.cells import Formula
from admin.imports.sheets import open_sheets
from bot.dialogs.language import Texts
from bot.dialogs.readers.characters import fold, tidy
from storage.units import LONGEST, Village
from storage.village_names import VILLAGE_KINDS

MOST_ROWS: Final = 2_000
COLUMNS: Final = ("name", "kind", "order")
"""Headings are words under `unit_columns` in the texts."""


class Problem(NamedTuple):
    """A row that cannot be taken. `code` names the sentence that says why."""

    row: int
    code: str
    given: str


def read_villages(file: Path, texts: Texts) -> tuple[list[Village], list[Problem]]:
    """Return the villages of a file, and what is wrong with it. Raises FileRefused.

    Without headings its columns are name, kind, order.
    """
    columns: Mapping[str, int] = {name: place for place, name in enumerate(COLUMNS)}
    good: dict[str, Village] = {}
    bad: list[Problem] = []
    for number, cells in _rows(file):
        headings = _headings(cells, texts) if number == 1 else None
        if headings is not None:
            columns = headings
        elif any(cells):
            read = _village(number, cells, columns, texts)
            if isinstance(read, Village) and read.name in good:
                read = Problem(number, "twice", read.name)
            if isinstance(read, Problem):
                bad.append(read)
            else:
                good[read.name] = read
    return list(good.values()), bad


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first sheet with their numbers. Raises FileRefused."""
    with file.open("rb") as opened:
        sheet, *_ = open_sheets(opened)
        for line in islice(sheet.lines(), MOST_ROWS):
            yield line.number, ["" if isinstance(c, Formula) else tidy(c) for c in line.cells]


def _headings(cells: Sequence[str], texts: Texts) -> Mapping[str, int] | None:
    """Return where each column stands, None when the first row is a village already."""
    folded = [fold(cell) for cell in cells]
    found = {
        name: place
        for name in COLUMNS
        for place, cell in enumerate(folded)
        if cell in map(fold, texts.words(f"unit_columns.{name}"))
    }
    return found if "name" in found else None


def _village(
    row: int, cells: Sequence[str], columns: Mapping[str, int], texts: Texts
) -> Village | Problem:
    def cell(name: str) -> str:
        place = columns.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    name, kind, order = cell("name"), cell("kind"), cell("order").removesuffix(".0")
    if not name or len(name) > LONGEST or "," in name:
        return Problem(row, "name", name[:LONGEST])
    known = _kind(kind, texts)
    if known is None:
        return Problem(row, "kind", kind[:LONGEST])
    if order and not (order.isascii() and order.isdigit() and len(order) <= 4):
        return Problem(row, "order", order[:LONGEST])
    return Village(name, known, int(order) if order else None)


def _kind(given: str, texts: Texts) -> str | None:
    """Return the key of a kind, "" when none is given, None when it is none."""
    if not given:
        return ""
    kinds = set(VILLAGE_KINDS.values())
    words = {fold(texts(f"unit_kinds.{kind}")): kind for kind in kinds}
    return words.get(fold(given), given if given in kinds else None)
