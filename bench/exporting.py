"""One export, or its writer alone, in a process of its own; prints what it took as JSON."""

import asyncio
import csv
import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from itertools import repeat
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from admin.exports import EXPORTS
from admin.exports.json import document
from admin.exports.table import Exported, Table, form_table, plain
from bench.homes import now, place
from bot.app import House, open_house_async
from bot.content import form_of
from storage.access import Viewer
from storage.exporting import read_sparingly
from storage.submissions import confirmed


def memory(field: str) -> float:
    """Return resident memory in MB: VmRSS, or its peak VmHWM (both from Linux)."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith(field))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _csv_alone(file: Path, table: Table, record: Exported, count: int) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        csv.writer(text).writerows(repeat(table.row(record), count))


def _xlsx_alone(file: Path, table: Table, record: Exported, count: int) -> None:
    options = {"constant_memory": True, "tmpdir": str(file.parent)}
    row = table.row(record)
    with Workbook(str(file), options) as workbook:
        sheet = workbook.add_worksheet()
        for number in range(count):
            for column, text in enumerate(row):
                sheet.write_string(number, column, text)


def _json_alone(file: Path, _: Table, record: Exported, count: int) -> None:
    with file.open("w", encoding="utf-8") as text:
        for one in repeat(document(record), count):
            text.write(json.dumps(one, ensure_ascii=False))


ALONE: Final[Mapping[str, Callable[[Path, Table, Exported, int], None]]] = {
    "csv": _csv_alone,
    "xlsx": _xlsx_alone,
    "json": _json_alone,
}


async def run(what: str, name: str, data: Path, count: int) -> dict[str, Any]:
    """Return rows per second, and MB above what the opened house needs."""
    house = await open_house_async(place(data), now=now, random=os.urandom)
    table = form_table(form_of(), house.known, codes=False)
    file = data / f"{what}.{name}"
    first = await house.read(lambda connection: next(_records(house, connection)))
    start, before = perf_counter(), memory("VmRSS")
    if what == "floor":
        ALONE[name](file, table, first, count)
        written = count
    else:
        written = await house.read(
            lambda connection: EXPORTS[name](file, table, _records(house, connection))
        )
    took = perf_counter() - start
    await house.database.close()
    assert written == count
    return {"rate": count / took, "memory": memory("VmHWM") - before}


def _records(house: House, connection: Connection) -> Any:
    read_sparingly(connection)
    officer = Viewer("officer", house.office.commune, None, by="bench")
    return plain(confirmed(connection, house.keys, officer))


if __name__ == "__main__":
    what, name, data, count = sys.argv[1:]
    print(json.dumps(asyncio.run(run(what, name, Path(data), int(count)))))
