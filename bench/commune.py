"""One piece of work with an invented commune, in a process of its own; prints what it took."""

import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection, insert

from bench.exporting import memory
from bench.homes import now
from bench.invented import Invented, commune
from storage.access import Viewer
from storage.batches import Source, Written, write_batch
from storage.commune_tables import units
from storage.database import PRAGMAS, Database, open_database
from storage.desk import Context
from storage.doubles import keep, search
from storage.ids import Ids
from storage.lists import Listed, Prepared, Row, prepare
from storage.migrate import migrate
from storage.sealed import Keys

PER_COMMUNE: Final = 100_000
SOURCE: Final = Source("00" * 32, "bench")
PEOPLE: Final = (
    *("id", "unit", "village", "household_id", "data_key", "document", "sex", "birth_year"),
    *("folded_name", "id_token", "person_token", "origin", "batch_id", "created_at"),
    "updated_at",
)


def context() -> Context:
    def apology(_: Any) -> Any:
        raise NotImplementedError

    return Context(
        Keys(bytes(32)), now, os.urandom, Ids(os.urandom), apology, "0", "bench", "bench"
    )


def communes(count: int) -> list[tuple[str, int]]:
    """Return unit -> how many people live there."""
    whole, rest = divmod(count, PER_COMMUNE)
    sizes = [PER_COMMUNE] * whole + ([rest] if rest else [])
    return [(f"unit{number}", size) for number, size in enumerate(sizes)]


def made(data: Path, count: int) -> Database:
    """Return a database with the communes in it, nobody in them."""
    url = f"sqlite:///{data / 'people.db'}"
    migrate(url)
    database = open_database(url)
    assert database.writer is not None
    with database.writer.begin() as connection:
        for code, _ in communes(count):
            about = {"code": code, "level": "commune", "kind": "xa", "name": code}
            row = about | {"folded_name": code, "path": f"/{code}/", "position": 1}
            connection.execute(insert(units).values(row))
    return database


def listed(people: Iterator[Invented]) -> Iterator[Listed]:
    return (one.listed() for one in people)


def write(connection: Connection, here: Context, unit: str, prepared: Prepared) -> Written:
    officer = Viewer("officer", unit, None, by="bench")
    return write_batch(connection, here, officer, prepared, SOURCE)


def import_list(data: Path, count: int) -> dict[str, float]:
    """Seal and write one list; `floor` is the same rows by sqlite3 alone, into the same tables."""
    here, database = context(), made(data, count)
    assert database.writer is not None
    rows = list(listed(commune(count)))  # inventing people is not what is measured
    before, start = memory("VmRSS"), perf_counter()
    prepared = prepare(here, "unit0", rows)
    sealed = perf_counter()
    with database.writer.begin() as connection:
        written = write(connection, here, "unit0", prepared)
    done, peak = perf_counter(), memory("VmHWM") - before
    assert written.new + written.known == count
    took = {"seal": sealed - start, "write": done - sealed, "memory": peak}
    return took | {"floor": _floor(made(data / "floor", count), data / "floor", prepared)}


def _floor(database: Database, data: Path, prepared: Prepared) -> float:
    assert database.writer is not None
    database.writer.dispose()
    homes = [
        (h.id, "unit0", h.village, h.code_token, h.data_key, h.document, 1)
        for h in prepared.households.values()
    ]
    rows = [_values(row, prepared) for chunk in prepared.chunks() for row in chunk]
    marks = ",".join("?" * len(PEOPLE))
    with closing(sqlite3.connect(data / "people.db")) as floor:
        for pragma in PRAGMAS:
            floor.execute(pragma)
        start = perf_counter()
        floor.executemany(
            "INSERT INTO households (id, unit, village, code_token, data_key, document,"
            " created_at) VALUES (?,?,?,?,?,?,?)",
            homes,
        )
        floor.executemany(f"INSERT INTO people ({','.join(PEOPLE)}) VALUES ({marks})", rows)
        floor.commit()
        return perf_counter() - start


def _values(row: Row, prepared: Prepared) -> tuple[Any, ...]:
    where = (row.id, "unit0", row.village, prepared.households[row.household].id)
    sealed = (row.data_key, row.document, row.sex, row.birth_year, row.folded_name)
    return (*where, *sealed, row.id_token, row.person_token, "import", None, 1, 1)


def fill(data: Path, count: int) -> dict[str, float]:
    """Put people into the database for the searches."""
    here, database = context(), made(data, count)
    assert database.writer is not None
    for number, (unit, size) in enumerate(communes(count)):
        prepared = prepare(here, unit, listed(commune(size, seed=number)))
        with database.writer.begin() as connection:
            write(connection, here, unit, prepared)
    return {}


def doubles(data: Path, count: int) -> dict[str, float]:
    """Search every commune; `floor` is reading all of its rows once by sqlite3 alone."""
    here, database = context(), open_database(f"sqlite:///{data / 'people.db'}")
    assert database.writer is not None
    before, start, pairs = memory("VmRSS"), perf_counter(), 0
    for unit, _ in communes(count):
        officer = Viewer("officer", unit, None, by="bench")
        with database.writer.begin() as connection:
            found = search(connection, here.keys, officer, unit)
            pairs += keep(connection, here, officer, unit, found).found
    took, peak = perf_counter() - start, memory("VmHWM") - before
    with closing(sqlite3.connect(data / "people.db")) as floor:
        start = perf_counter()
        read = sum(1 for _ in floor.execute(f"SELECT {','.join(PEOPLE)} FROM people"))
        alone = perf_counter() - start
    assert read > 0
    return {"search": took, "memory": peak, "pairs": pairs, "floor": alone}


WORK: Final = {"import": import_list, "fill": fill, "doubles": doubles}

if __name__ == "__main__":
    what, folder, number = sys.argv[1:]
    Path(folder, "floor").mkdir(exist_ok=True)
    print(json.dumps(WORK[what](Path(folder), int(number))))
