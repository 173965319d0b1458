"""How often something secret was guessed at: counted by keyed hashes, no longer than it matters."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from storage.desk import Context
from storage.ids import MILLISECOND, milliseconds
from storage.tables import attempts

MOST_TRIES: Final = 5
WINDOW: Final = timedelta(minutes=15)
"""Tries of one address, and of one code, are counted over this long."""
HOUR: Final = timedelta(hours=1)


class Limit(NamedTuple):
    """So many tries of one thing in so long."""

    what: str
    most: int
    within: timedelta = HOUR


def closed(connection: Connection, context: Context, limits: Sequence[Limit]) -> bool:
    """True while one of these was tried as often as it may be."""
    at = milliseconds(context.now())

    def count(limit: Limit) -> int:
        since = attempts.c.at > at - limit.within // MILLISECOND
        token = context.keys.token("attempt", limit.what)
        found = select(func.count()).select_from(attempts).where(attempts.c.key == token, since)
        return connection.scalar(found) or 0

    return any(count(limit) >= limit.most for limit in limits)


def note_tries(connection: Connection, context: Context, tried: Sequence[str]) -> None:
    """Note one more try of each, as keyed hashes, and forget those that count no more.

    The caller commits in any case.
    """
    at = milliseconds(context.now())
    forget_tries(connection, at)
    tokens = [context.keys.token("attempt", what) for what in tried]
    rows = [{"id": context.ids.next(at), "key": token, "at": at} for token in tokens]
    connection.execute(insert(attempts), rows)


def forget_tries(connection: Connection, at: int) -> None:
    """Delete the tries that count no more."""
    connection.execute(delete(attempts).where(attempts.c.at <= at - HOUR // MILLISECOND))


def try_allowed(connection: Connection, context: Context, tried: Sequence[str]) -> bool:
    """Note one more try of everything in `tried`; False when one of them was tried too often.

    Only keyed hashes are kept, and no longer than they count. The caller commits in any case.
    """
    if closed(connection, context, [Limit(what, MOST_TRIES, WINDOW) for what in tried]):
        return False
    note_tries(connection, context, tried)
    return True
