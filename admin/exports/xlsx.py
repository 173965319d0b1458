"""Exports as an Excel workbook: every cell is text, so that no number loses its zeros."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from admin.exports.table import Exported, Table
from admin.exports.text import printable

SHEET: Final = "Mau 03"
MOST_ROWS: Final = 1_048_576
"""Of one sheet (Excel specifications and limits)."""


class TooManyRows(Exception):
    """The records do not fit into one sheet: export them as CSV, or in parts by date."""


def write(file: Path, table: Table, records: Iterable[Exported]) -> int:
    """Write the rows above, then one row per record; return how many records there were.

    Text longer than a cell takes (32,767 UTF-16 units) is cut. Rows go to a temporary file beside
    `file`, so that memory does not grow with their number. Raises TooManyRows.
    """
    options = {"constant_memory": True, "tmpdir": str(file.parent)}
    with Workbook(str(file), options) as workbook:
        sheet = workbook.add_worksheet(SHEET)
        text = workbook.add_format({"num_format": "@", "valign": "top"})
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for number, column in enumerate(table.columns):
            sheet.set_column(number, number, column.width, text)
        for number, titles in enumerate(table.above):
            _write_row(sheet, number, titles, bold)
        row = first = len(table.above)
        sheet.freeze_panes(first, 0)
        sheet.repeat_rows(0, first - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for row, record in enumerate(records, first + 1):
            if row > MOST_ROWS:
                raise TooManyRows
            _write_row(sheet, row - 1, table.row(record), text)
        return row - first


def _write_row(sheet: Worksheet, number: int, cells: Iterable[str], style: Format) -> None:
    for column, cell in enumerate(cells):
        if cell:
            sheet.write_string(number, column, printable(cell), style)
