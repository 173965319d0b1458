"""Every migration goes up and down on both databases and ends at the tables in the code."""

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from storage.database import open_database
from storage.migrate import MIGRATIONS, NEWEST, migrate, migrate_database, move
from storage.tables import metadata
from tests.conftest import Office

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def revisions() -> list[str]:
    """All revisions, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    found = ScriptDirectory.from_config(config).walk_revisions()
    return [script.revision for script in found][::-1]


async def run(url: str, work: Callable[[Connection], object]) -> object:
    database = open_database(url)
    try:
        if database.writer is not None:
            with database.writer.begin() as connection:
                return work(connection)
        async with database.engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await database.close()


@BOTH
async def test_each_step_goes_up_down_and_up_again(
    kind: str, empty_url: Callable[[str], str]
) -> None:
    url = empty_url(kind)

    for revision in revisions():
        await migrate_database(url, revision)
        await migrate_database(url, "-1")
        await migrate_database(url, revision)
    await migrate_database(url, "base")

    assert await run(url, lambda c: inspect(c).get_table_names()) == ["alembic_version"]


async def test_the_migrations_make_the_tables_of_the_code(office: Office) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await office.write(differences) == []


@BOTH
async def test_a_migration_that_fails_leaves_nothing(
    kind: str, empty_url: Callable[[str], str]
) -> None:
    url = empty_url(kind)

    def interrupted(connection: Connection) -> None:
        move(connection, "head")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await run(url, interrupted)

    assert await run(url, lambda c: inspect(c).get_table_names()) == []


@BOTH
def test_migrating_twice_changes_nothing(kind: str, empty_url: Callable[[str], str]) -> None:
    url = empty_url(kind)

    migrate(url)
    migrate(url)


def test_the_newest_revision_is_the_one_the_code_names() -> None:
    assert revisions()[-1] == NEWEST
