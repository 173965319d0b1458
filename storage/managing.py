"""What everybody does who changes the people of a unit: may they, and one at a time."""

from typing import Final

from sqlalchemy import Connection, select

from storage.access import Denied, Viewer, grant, under
from storage.commune_tables import units
from storage.database import lock_chats
from storage.desk import Context

ACTION: Final = "manage_people"


def may_manage(connection: Connection, viewer: Viewer, unit: str) -> None:
    """Raises Denied unless this viewer manages the people of this unit."""
    known = select(units.c.code).where(units.c.code == unit, units.c.code.in_(under(viewer.unit)))
    if grant(viewer, ACTION).scope != "unit" or connection.execute(known).first() is None:
        raise Denied(ACTION)


def lock_unit(connection: Connection, context: Context, unit: str) -> None:
    """Let no other process import, merge or undo in this unit until the transaction ends."""
    lock_chats(connection, [context.keys.token("unit", unit)])
