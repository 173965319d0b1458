"""Exports as CSV (RFC 4180) in UTF-8 with a byte-order mark, as Excel expects it."""

import csv
from collections.abc import Iterable
from pathlib import Path

from admin.exports.table import Exported, Table
from admin.exports.text import harmless


def write(file: Path, table: Table, records: Iterable[Exported]) -> int:
    """Write the rows above, then one row per record; return how many records there were."""
    count = 0
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        rows = csv.writer(text)
        rows.writerows(table.above)
        for count, record in enumerate(records, 1):  # noqa: B007 - counted for the caller
            rows.writerow([harmless(cell) for cell in table.row(record)])
    return count
