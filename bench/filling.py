"""A database as it is after many people: rows multiplied by SQL from one form really filled in."""

import asyncio
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

from pydantic_core import from_json, to_json
from sqlalchemy import make_url

from bench.homes import now, opened
from bench.turns import play
from bot.app import Place, open_house
from storage.sealed import place as cell
from storage.sealed import seal, unseal

APART: Final = 1 << 22
"""Between the identifiers of two neighbours: one millisecond."""

_TOKEN: Final = "lower(hex(randomblob(16)))"
_NUMBER: Final = f"- n * {APART}"
_CHAT: Final = f"chat_id {_NUMBER}"
_SUBMISSION: Final = f"submission_id {_NUMBER}"

COPIES: Final[Mapping[str, Mapping[str, str]]] = {
    "chats": {"id": f"id {_NUMBER}", "token": _TOKEN, "submission_id": _SUBMISSION},
    "submissions": {
        "id": f"id {_NUMBER}",
        "chat_id": _CHAT,
        "receipt": "printf('%09d', n)",
        "id_token": _TOKEN,
        "person_token": _TOKEN,
    },
    "submission_marks": {"submission_id": _SUBMISSION},
    "events": {"submission_id": _SUBMISSION, "chat_id": _CHAT, "event_ref": _TOKEN},
    "consents": {
        "id": f"id {_NUMBER}",
        "submission_id": _SUBMISSION,
        "chat_id": _CHAT,
        "event_ref": _TOKEN,
    },
    "inbox": {
        "id": f"id {_NUMBER}",
        "chat_id": _CHAT,
        # Spread evenly, written in order: new messages come at random between the old ones.
        "event_id": "printf('%08x', n * (4294967295 / :count)) || substr(event_id, 9)",
    },
}
"""Table -> columns whose copies differ; everything sealed becomes random bytes of its length."""


def filled(where: Place, count: int) -> None:
    """Fill an empty SQLite installation with `count` confirmed forms and all that led to them."""
    asyncio.run(_one_form(where))
    with closing(sqlite3.connect(str(make_url(where.database_url).database))) as connection:
        # Nobody else is here, and what breaks is made anew: no journal, half the writing.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000000")
        for table, different in COPIES.items():
            with connection:
                connection.execute(_copy(connection, table, different), {"count": count})


async def _one_form(where: Place) -> None:
    async with opened(where) as desk:
        await play(desk, 1, 1)


def _copy(connection: sqlite3.Connection, table: str, different: Mapping[str, str]) -> str:
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    values = [different.get(name) or _same_size(name) for name in columns]
    return (
        f"WITH RECURSIVE numbers (n) AS (SELECT :count UNION ALL SELECT n - 1 FROM numbers"
        f" WHERE n > 1), template AS MATERIALIZED (SELECT * FROM {table})"
        f" INSERT INTO {table} ({', '.join(columns)})"
        f" SELECT {', '.join(values)} FROM numbers CROSS JOIN template"
    )


def _same_size(column: str) -> str:
    return f"CASE typeof({column}) WHEN 'blob' THEN randomblob(length({column})) ELSE {column} END"


def filled_with_records(where: Place, count: int) -> None:
    """Fill an empty SQLite installation with `count` confirmed forms that can be exported."""
    asyncio.run(_one_form(where))
    house = open_house(where, now=now, random=os.urandom)
    assert house.database.writer is not None
    with house.database.writer.begin() as connection:
        row = dict(connection.exec_driver_sql("SELECT * FROM submissions").mappings().one())
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        key = house.keys.data_key(row["id"], row["data_key"])
        record = from_json(unseal(key, row["record"], cell("submissions", "record", row["id"])))

        def copy(number: int) -> tuple[Any, ...]:
            own = {"id": row["id"] - number * APART, "receipt": f"{number:09}"}
            new, own["data_key"] = house.keys.new_data_key(own["id"], os.urandom)
            record["answers"]["q04_so_cccd"]["value"] = f"051090{number:06}"
            where = cell("submissions", "record", own["id"])
            own["record"] = seal(new, to_json(record), where, os.urandom)
            return tuple((row | own).values())

        for start in range(1, count, 1000):
            rows = [copy(number) for number in range(start, min(start + 1000, count))]
            text = f"INSERT INTO submissions ({names}) VALUES ({marks})"
            connection.exec_driver_sql(text, rows)
    house.database.writer.dispose()
