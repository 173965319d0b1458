"""Bringing a database to the tables of this version. No alembic.ini: the program calls it."""

import asyncio
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from storage.database import Database, open_database

MIGRATIONS: Final = Path(__file__).parent / "migrations"
NEWEST: Final = "20261124_commune"
"""Revision that the tables of this version are; a test compares it with the last file."""


def migrate(url: str, revision: str = "head") -> None:
    """Move the database to `revision` in one transaction. Not from within an event loop."""
    asyncio.run(migrate_database(url, revision))


async def migrate_database(url: str, revision: str = "head") -> None:
    """The same from within an event loop."""
    database = open_database(url)
    try:
        await _migrate(database, revision)
    finally:
        await database.close()


async def _migrate(database: Database, revision: str) -> None:
    if database.writer is None:
        async with database.engine.begin() as connection:
            await connection.run_sync(move, revision)
    else:
        with database.writer.begin() as writer:
            move(writer, revision)


def move(connection: Connection, revision: str) -> None:
    """Move up or down to `revision` ("base" is down to nothing). The caller commits."""
    if revision == "head" and _revision(connection) == NEWEST:
        return
    # Alembic is slow to import, and nearly every start finds nothing to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if revision == "base" or revision.startswith("-"):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def _revision(connection: Connection) -> str | None:
    """Return the revision the database is at, None for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
