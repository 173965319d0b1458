"""How Alembic runs a migration: on the connection it is handed, in that transaction."""

from typing import Final

from alembic import context
from sqlalchemy import Connection

from storage.tables import metadata

MIGRATION_LOCK: Final = 3_032_022
"""Two processes that start together: the second waits here until the first has migrated."""


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()


run(context.config.attributes["connection"])
