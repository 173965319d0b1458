"""What everybody does who changes the people of a unit: may they, and one at a time."""

from typing import Final

from sqlalchemy import Connection, select

from storage.access import Denied, Viewer, within
from storage.commune_tables import units
from storage.database import lock_chats
from storage.desk import Context

ACTION: Final = "manage_people"


def may_manage(connection: Connection, viewer: Viewer, unit: str) -> None:
    """Raises Denied unless this viewer manages the people of this unit."""
    allowed = select(units.c.code).where(units.c.code == unit, within(viewer, ACTION, units))
    if connection.execute(allowed).first() is None:
        raise Denied(ACTION)


def lock_unit(connection: Connection, context: Context, unit: str) -> None:
    """Let no other process import, merge or undo in this unit until the transaction ends."""
    lock_chats(connection, [context.keys.token("unit", unit)])
