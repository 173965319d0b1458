"""The list of possible doubles: found, shown, decided by a human. Nothing is merged from here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.access import Viewer, within
from storage.blocks import CHUNK, Pair, near_name, same_name, same_number
from storage.commune_tables import doubles, people
from storage.database import bound_list, is_one_of
from storage.desk import Context
from storage.ids import instant, milliseconds
from storage.likeness import judge
from storage.managing import ACTION, lock_unit, may_manage
from storage.people import PersonDocument, person_document
from storage.sealed import Keys

Decided = Literal["same", "different"]

MOST: Final = 20_000
"""Pairs of a unit kept from one search: nobody looks at more."""
TWICE: Final = "twice"
"""Why of a pair that a second form made: no search finds it, none takes it away."""


class NoSuchPair(LookupError):
    """There is no pair with this number, or not for this viewer."""


@dataclass(frozen=True, slots=True)
class Double:
    """Two people who may be one, the smaller number first."""

    first: int
    second: int
    why: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What a search changed in the list."""

    found: int
    new: int


def search(connection: Connection, keys: Keys, viewer: Viewer, unit: str) -> list[Double]:
    """Return who may be double in a unit. It only reads, so that nobody waits for it.

    Raises Denied.
    """
    may_manage(connection, viewer, unit)
    found = dict.fromkeys(same_number(connection, unit, MOST), "id")
    for stream in (same_name(connection, keys, unit), near_name(connection, keys, unit)):
        _judge_all(stream, found)
    return [Double(*pair, why) for pair, why in found.items()]


def _judge_all(pairs: Iterable[Pair], found: dict[tuple[int, int], str]) -> None:
    for one, other in pairs:
        why = judge(one, other)
        if why is not None and len(found) < MOST:
            ids = (min(one.id, other.id), max(one.id, other.id))
            found.setdefault(ids, why)


def keep(
    connection: Connection, context: Context, viewer: Viewer, unit: str, found: Sequence[Double]
) -> Counted:
    """Write what a search found. What was decided stays so; what is found no more goes.

    The caller commits. Raises Denied.
    """
    may_manage(connection, viewer, unit)
    lock_unit(connection, context, unit)
    at = milliseconds(context.now())
    before = _open_pairs(connection, unit)
    alive = _alive(connection, found)
    real = [double for double in found if {double.first, double.second} <= alive]
    _write(connection, context, unit, real, at)
    stale = and_(doubles.c.unit == unit, doubles.c.decided.is_(None), doubles.c.found_at < at)
    connection.execute(delete(doubles).where(stale, doubles.c.why != TWICE))
    after = _open_pairs(connection, unit)
    return Counted(len(after), len(after - before))


def _open_pairs(connection: Connection, unit: str) -> set[tuple[int, int]]:
    query = select(doubles.c.first_id, doubles.c.second_id)
    found = connection.execute(query.where(doubles.c.unit == unit, doubles.c.decided.is_(None)))
    return {(row[0], row[1]) for row in found}


def _alive(connection: Connection, found: Iterable[Double]) -> set[int]:
    """Return who of them is still there: something may have happened since the search."""
    ids = sorted({id for double in found for id in (double.first, double.second)})
    query = select(people.c.id).where(people.c.merged_into.is_(None))
    query = query.where(is_one_of(people.c.id, "ids", connection.dialect))
    alive = set[int]()
    for start in range(0, len(ids), CHUNK):
        bound = {"ids": bound_list(ids[start : start + CHUNK], connection.dialect)}
        alive.update(connection.scalars(query, bound))
    return alive


def note_pairs(
    connection: Connection, context: Context, unit: str, found: Sequence[Double], at: int
) -> None:
    """Put pairs on the list that came up elsewhere; one that is there already stays as it is."""
    _write(connection, context, unit, found, at)


def _write(
    connection: Connection, context: Context, unit: str, found: Sequence[Double], at: int
) -> None:
    dialect = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    new = dialect(doubles)
    again = new.on_conflict_do_update(
        index_elements=[doubles.c.first_id, doubles.c.second_id],
        set_={"found_at": new.excluded.found_at, "why": new.excluded.why},
        where=and_(doubles.c.decided.is_(None), doubles.c.why != TWICE),
    )
    for start in range(0, len(found), CHUNK):
        rows = [
            {"id": context.ids.next(at), "unit": unit, "why": one.why, "found_at": at}
            | {"first_id": one.first, "second_id": one.second}
            for one in found[start : start + CHUNK]
        ]
        connection.execute(again, rows)


@dataclass(frozen=True, slots=True)
class Side:
    """One of a pair, as an officer sees them. None where it was erased."""

    id: int
    village: str | None
    document: PersonDocument | None
    handed_in: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of the list."""

    id: int
    why: str
    found_at: datetime
    first: Side
    second: Side


def open_doubles(
    connection: Connection, keys: Keys, viewer: Viewer, *, after: int = 0, most: int = 50
) -> Sequence[Candidate]:
    """Return pairs nobody has decided, in the order they were found. Raises Denied."""
    one, other = people.alias("one"), people.alias("other")
    query = (
        select(doubles, *_side(one, "one"), *_side(other, "other"))
        .join(one, one.c.id == doubles.c.first_id)
        .join(other, other.c.id == doubles.c.second_id)
        .where(within(viewer, ACTION, doubles), doubles.c.decided.is_(None))
        .where(one.c.merged_into.is_(None), other.c.merged_into.is_(None))
        .where(doubles.c.id > after)
        .order_by(doubles.c.id)
        .limit(most)
    )
    return [
        Candidate(
            row.id, row.why, instant(row.found_at),
            _seen(keys, row, "one"), _seen(keys, row, "other"),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


_SIDE: Final = ("id", "village", "data_key", "document", "submission_id")


def _side(side: Any, name: str) -> list[ColumnElement[Any]]:
    return [side.c[column].label(f"{name}_{column}") for column in _SIDE]


def _seen(keys: Keys, row: Row[Any], name: str) -> Side:
    id, village, data_key, document, submission_id = (
        getattr(row, f"{name}_{column}") for column in _SIDE
    )
    sealed = _Sealed(id, data_key, document)
    return Side(id, village, person_document(keys, sealed), submission_id is not None)


@dataclass(frozen=True, slots=True)
class _Sealed:
    id: int
    data_key: bytes | None
    document: bytes | None


def decide(
    connection: Connection, context: Context, viewer: Viewer, pair: int, decided: Decided
) -> tuple[int, int]:
    """Note what a human says about a pair and return the two; no search brings it back. The
    caller commits.

    Raises NoSuchPair or Denied.
    """
    mine = (doubles.c.id == pair, within(viewer, ACTION, doubles))
    said = {"decided": decided, "decided_at": milliseconds(context.now()), "decided_by": viewer.by}
    two = select(doubles.c.first_id, doubles.c.second_id).where(*mine)
    row = connection.execute(two).one_or_none()
    if row is None:
        raise NoSuchPair(pair)
    connection.execute(update(doubles).where(*mine).values(said))
    return row.first_id, row.second_id
