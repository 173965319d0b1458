"""Records taken out of the house: one module per format, one table of columns per layout."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from admin.exports import csv, json, xlsx
from admin.exports.table import Exported, Table

Write = Callable[[Path, Table, Iterable[Exported]], int]
"""(file, table, records) -> number of records written."""

EXPORTS: Final[dict[str, Write]] = {"csv": csv.write, "xlsx": xlsx.write, "json": json.write}
"""To add a format: its module and a line here."""
