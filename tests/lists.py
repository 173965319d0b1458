"""People lists as offices keep them, made for the tests. All people are invented."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, BinaryIO, Final

import openpyxl
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from admin.exports.layout import layout_of
from admin.imports.people import People, open_people
from admin.imports.recognise import ColumnMap
from admin.imports.values import Bad, Row
from bot.content import form_of, known_of
from bot.dialogs.form import Form
from bot.dialogs.known import Known
from tests.talks import OFFICE

FORM: Final[Form] = form_of()
KNOWN: Final[Known] = known_of(replace(OFFICE, villages=("Thôn Tà Vinh", "Thôn Mang Tà Bể")))
TODAY: Final = date(2026, 11, 22)

Cell = Any
Grid = Sequence[Sequence[Cell]]

TITLES_A: Final = [column.title for column in layout_of("a").columns]
ADDRESS: Final = "thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi"
FARMER: Final = {
    "Họ và tên": "Đinh Văn Chín",
    "Ngày tháng năm sinh - Nam": "05/09/1990",
    "Số CCCD/CMND": "051090001234",
    "Nơi đăng ký thường trú": ADDRESS,
    "Trình độ giáo dục phổ thông": "3",
    "Trình độ chuyên môn kỹ thuật": "1",
    "Tình trạng tham gia hoạt động kinh tế": "1",
    "Người có việc làm": "2",
    "Công việc cụ thể đang làm": "trồng keo",
    "Tham gia BHXH": "3",
    "Hợp đồng lao động": "3",
    "Loại hình nơi làm việc": "1",
}
"""Cells of layout A by title."""


def line_a(**cells: Cell) -> list[Cell]:
    """Return FARMER's line on layout A with other cells, by letter."""
    line = [FARMER.get(title, "") for title in TITLES_A]
    for letter, cell in cells.items():
        line[ord(letter) - ord("A")] = cell
    return line


def sheet_a(*lines: Sequence[Cell]) -> Grid:
    """Return a sheet of layout A: titles in row 10, people from row 12."""
    return [["UBND xã Sơn Tây"], *[[]] * 8, TITLES_A, ["", "", "ghi rõ"], *lines]


def book(grid: Grid, sheet: str = "Sheet1", **more: Grid) -> BinaryIO:
    """Return a workbook written by XlsxWriter; days are dates, "=..." is a formula."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as workbook:
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in {sheet: grid, **more}.items():
            written = workbook.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    _write(written, at, column, cell, day)
    file.seek(0)
    return file


def _write(sheet: Any, row: int, column: int, cell: Cell, day: Any) -> None:
    if isinstance(cell, (date, datetime)):
        sheet.write_datetime(row, column, cell, day)
    elif isinstance(cell, (int, float)):
        sheet.write_number(row, column, cell)
    elif isinstance(cell, str) and cell.startswith("="):
        sheet.write_formula(row, column, cell, value="3")
    elif cell:
        sheet.write_string(row, column, cell)


def openpyxl_book(grid: Grid, merged: Iterable[str] = (), sheet: str = "DS") -> BinaryIO:
    """Return a workbook written by openpyxl, with cells merged as named."""
    workbook = openpyxl.Workbook()
    written = workbook.active
    assert written is not None
    written.title = sheet
    for row in grid:
        written.append(list(row))
    for cells in merged:
        written.merge_cells(cells)
    file = io.BytesIO()
    workbook.save(file)
    file.seek(0)
    return file


def text(grid: Grid, encoding: str = "utf-8", delimiter: str = ",") -> BinaryIO:
    """Return a delimited text."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows(grid)
    return io.BytesIO(written.getvalue().encode(encoding))


def opened(file: BinaryIO, column_map: ColumnMap | None = None, known: Known = KNOWN) -> People:
    return open_people(file, FORM, known, TODAY, column_map)


def people(file: BinaryIO, column_map: ColumnMap | None = None) -> list[Row | Bad]:
    return list(opened(file, column_map))


def person(*lines: Sequence[Cell]) -> Row:
    """Return the one person of a sheet of layout A."""
    (row,) = people(book(sheet_a(*lines)))
    assert isinstance(row, Row), row
    return row


def refused(*lines: Sequence[Cell]) -> dict[str, str]:
    """Return column -> reason of the one line, on layout A, that is not taken in."""
    (row,) = people(book(sheet_a(*lines)))
    assert isinstance(row, Bad), row
    return {problem.column: problem.reason for problem in row.problems}


def remarks(row: Row) -> dict[str, str]:
    """Return column -> reason of what should be looked at."""
    return {problem.column: problem.reason for problem in row.warned}


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers with places as their text alone."""
    return {q: v["text"] if isinstance(v, dict) else v for q, v in values.items()}
