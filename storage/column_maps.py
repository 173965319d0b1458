"""What the columns of a list mean, remembered by its headings: nobody is asked twice."""

from sqlalchemy import Connection, delete, insert, select

from storage.access import Viewer, within
from storage.commune_tables import column_maps
from storage.desk import Context
from storage.ids import milliseconds
from storage.managing import ACTION, may_manage


def saved_map(connection: Connection, viewer: Viewer, unit: str, fingerprint: str) -> str | None:
    """Return what was saved for these headings; None for headings never seen. Raises Denied."""
    mine = (column_maps.c.unit == unit, column_maps.c.fingerprint == fingerprint)
    query = select(column_maps.c.document)
    return connection.scalar(query.where(*mine, within(viewer, ACTION, column_maps)))


def save_map(
    connection: Connection,
    context: Context,
    viewer: Viewer,
    unit: str,
    fingerprint: str,
    document: str,
) -> None:
    """Keep a map in the place of an earlier one. The caller commits. Raises Denied."""
    may_manage(connection, viewer, unit)
    mine = (column_maps.c.unit == unit, column_maps.c.fingerprint == fingerprint)
    connection.execute(delete(column_maps).where(*mine))
    facts = {"unit": unit, "fingerprint": fingerprint, "at": milliseconds(context.now())}
    connection.execute(insert(column_maps).values(**facts, document=document))
