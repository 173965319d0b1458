"""A list and the forms handed in while it was written: neither has seen the other's people."""

from typing import Final

from sqlalchemy import Connection, and_, exists, or_, select

from storage.batches import Written
from storage.commune_tables import doubles, people
from storage.database import lock_tokens
from storage.desk import Context
from storage.doubles import Double, note_pairs
from storage.ids import milliseconds

CHUNK: Final = 1000
"""People of a list whose numbers are held at a time: PostgreSQL has room for some thousands."""


def note_crossed(connection: Connection, context: Context, unit: str, written: Written) -> None:
    """Put on the list of possible doubles who has the number of somebody a batch brought.

    To be called once the batch is committed. It commits, a thousand people at a time: meanwhile
    forms of these wait, or have been waited for.
    """
    after: int | None = 0
    while after is not None:
        with connection.begin():
            after = _note_some(connection, context, unit, written, after)


def _note_some(
    connection: Connection, context: Context, unit: str, written: Written, after: int
) -> int | None:
    """Look at the people who follow; return the last of them, None when there are no more."""
    mine = select(people.c.id, people.c.id_token).where(people.c.batch_id == written.batch_id)
    some = mine.where(people.c.id > after).order_by(people.c.id).limit(CHUNK)
    found = connection.execute(some).all()
    if not found:
        return None
    lock_tokens(connection, [row.id_token for row in found if row.id_token])
    last = int(found[-1].id)
    pairs = _new_pairs(connection, unit, written.batch_id, after, last)
    note_pairs(connection, context, unit, pairs, milliseconds(context.now()))
    written.conflicts += len(pairs)
    return last


def _new_pairs(
    connection: Connection, unit: str, batch_id: int, after: int, last: int
) -> list[Double]:
    """Return who has one number with these people and is not noted to be their double."""
    one, other = people.alias("one"), people.alias("other")
    noted = or_(
        and_(doubles.c.first_id == one.c.id, doubles.c.second_id == other.c.id),
        and_(doubles.c.first_id == other.c.id, doubles.c.second_id == one.c.id),
    )
    # Of `other` the token alone is looked up: by unit SQLite would read all of it for each.
    query = (
        select(one.c.id, other.c.id)
        .join(other, (other.c.id_token == one.c.id_token) & (other.c.id != one.c.id))
        .where(one.c.batch_id == batch_id, one.c.id > after, one.c.id <= last)
        .where(one.c.merged_into.is_(None), other.c.merged_into.is_(None))
        .where(other.c.unit.concat("") == unit, ~exists().where(noted))
    )
    pairs = {(min(row), max(row)) for row in connection.execute(query)}
    return [Double(first, second, "id") for first, second in sorted(pairs)]
