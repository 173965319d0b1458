"""Opening the database: one SQLite file or one PostgreSQL. What differs between them is here."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout
from msgspec import json
from sqlalchemy import (
    ARRAY,
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Text,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

LOCK_FILE: Final = "mau03.lock"

PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # NORMAL may lose an acknowledged commit when power fails
    "PRAGMA secure_delete = ON",  # what was deleted or overwritten is zeroed in the file
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",  # milliseconds
    "PRAGMA wal_autocheckpoint = 4000",  # pages: a page changed often is copied back less often
    "PRAGMA cache_size = -65536",  # KiB
    "PRAGMA temp_store = MEMORY",  # personal data never reaches a temporary file
)


class AlreadyRunning(Exception):
    """Another process serves this SQLite file."""


@dataclass(frozen=True, slots=True)
class Database:
    """`writer` is SQLite's only: on PostgreSQL `engine` reads and writes."""

    url: URL
    engine: AsyncEngine
    writer: Engine | None

    async def close(self) -> None:
        await self.engine.dispose()
        if self.writer is not None:
            self.writer.dispose()


def open_database(url: str) -> Database:
    """Open `sqlite:///path` or `postgresql://...`; nothing is connected yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        parsed = parsed.set(drivername="postgresql+asyncpg")
        return Database(parsed, create_async_engine(parsed), None)
    writer = create_engine(parsed.set(drivername="sqlite"))
    readers = create_async_engine(parsed.set(drivername="sqlite+aiosqlite"))
    _prepare(writer, begin="BEGIN IMMEDIATE")
    _prepare(readers.sync_engine, begin="BEGIN")
    return Database(parsed, readers, writer)


def _prepare(engine: Engine, *, begin: str) -> None:
    """Set the pragmas, and let us say BEGIN: Python's driver would begin late and deferred."""

    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


def serve_alone(url: str) -> FileLock | None:
    """Return the lock that keeps a second serving process off a SQLite file; hold on to it.

    None on PostgreSQL, where any number may serve. Raises AlreadyRunning. The operating system
    releases the lock when the process dies, however it dies.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    lock = FileLock(Path(parsed.database).with_name(LOCK_FILE))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(f"another process is already serving {parsed.database}") from None
    return lock


def lock_chats(connection: Connection, tokens: Sequence[str]) -> None:
    """Let no other worker touch these chats until the transaction ends."""
    lock_tokens(connection, tokens)


def lock_tokens(connection: Connection, tokens: Sequence[str]) -> None:
    """Let no other worker look for the same until the transaction ends.

    SQLite has one writer, so there is nothing to do. On PostgreSQL the locks are taken in
    sorted order: two workers never wait for each other. Chats are locked before anything else.
    """
    if connection.dialect.name == "sqlite":
        return
    numbers = sorted({int(token[:16], 16) - (1 << 63) for token in tokens})
    connection.exec_driver_sql(
        "SELECT pg_advisory_xact_lock(n) FROM unnest($1::bigint[]) AS n", (numbers,)
    )


def is_one_of(column: ColumnElement[Any], name: str, dialect: Dialect) -> ColumnElement[bool]:
    """Return `column IN (the list bound to name)`, the same text for a list of any length."""
    if dialect.name == "sqlite":
        return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))
    kind = BigInteger if isinstance(column.type, BigInteger) else Text
    return column == func.any(bindparam(name, type_=ARRAY(kind)))


def bound_list(values: Sequence[int] | Sequence[str], dialect: Dialect) -> object:
    """Return what to bind for `is_one_of`."""
    return json.encode(list(values)).decode() if dialect.name == "sqlite" else list(values)


def run_sql(connection: Connection, text: str, values: Sequence[Any]) -> Any:
    """Run one of the turn's statements, with a tuple of values or a list of such rows.

    On SQLite's writer past SQLAlchemy, whose bookkeeping costs more than the statement; what it
    raises is SQLAlchemy's DBAPIError all the same. Return the result: rows, and `rowcount`.
    """
    if connection.dialect.driver != "pysqlite":
        return connection.exec_driver_sql(text, values)
    cursor = connection.connection.cursor()
    try:
        many = isinstance(values, list)
        return cursor.executemany(text, values) if many else cursor.execute(text, values)
    except sqlite3.Error as error:
        raise DBAPIError.instance(text, None, error, sqlite3.Error) from error


def sql(clause: Any, names: Sequence[str], dialect: Dialect) -> str:
    """Return the text of a statement that takes the values of `names` in just this order.

    The turn's statements skip SQLAlchemy's processing of each row: it costs more than SQLite.
    """
    keys = list(names) if clause.is_insert else None
    compiled = clause.compile(dialect=dialect, column_keys=keys)
    if tuple(compiled.positiontup or ()) != tuple(names):
        raise AssertionError(f"the statement takes {compiled.positiontup}, not {names}")
    return str(compiled)
