"""A batch taken back: whom it brought and nobody has touched since goes, key and all.

Whoever has a form, a draft, an outcome, an assignment or a merge stays, and is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    or_,
    select,
    update,
)

from storage.access import Viewer, within
from storage.batches import write_document
from storage.commune_tables import (
    assignments,
    batches,
    doubles,
    households,
    merges,
    outcomes,
    people,
    person_marks,
    renewals,
)
from storage.desk import Context
from storage.ids import milliseconds
from storage.managing import ACTION, lock_unit, may_manage
from storage.people import PersonDocument, person_document
from storage.sealed import Keys
from storage.tables import submissions


class NoSuchBatch(LookupError):
    """There is no batch with this number, or not for this viewer."""


class AlreadyUndone(LookupError):
    """This batch was undone before."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking a batch back did."""

    deleted: int
    households: int
    restored: int
    """Records of an earlier year that are back in their place."""
    kept: Sequence[int]
    """People it brought who stay, because something happened with them since."""


def undo_batch(connection: Connection, context: Context, viewer: Viewer, batch_id: int) -> Undone:
    """Take a batch back. The caller commits, and then empties SQLite's log.

    Raises NoSuchBatch, AlreadyUndone or Denied.
    """
    found = _batch(connection, viewer, batch_id)
    may_manage(connection, viewer, found.unit)
    lock_unit(connection, context, found.unit)
    if _batch(connection, viewer, batch_id).undone_at is not None:
        raise AlreadyUndone(batch_id)
    restored = _restore(connection, context, found)
    deleted = _delete_people(connection, found)
    homes = _delete_households(connection, batch_id)
    kept = connection.scalars(
        select(people.c.id).where(people.c.batch_id == batch_id).order_by(people.c.id)
    )
    undone = {"undone_at": milliseconds(context.now())}
    connection.execute(update(batches).where(batches.c.id == batch_id).values(undone))
    return Undone(deleted, homes, restored, list(kept))


def _batch(connection: Connection, viewer: Viewer, batch_id: int) -> Any:
    query = select(batches).where(batches.c.id == batch_id, within(viewer, ACTION, batches))
    found = connection.execute(query).one_or_none()
    if found is None:
        raise NoSuchBatch(batch_id)
    return found


def _delete_people(connection: Connection, batch: Any) -> int:
    untouched = select(people.c.id).where(people.c.batch_id == batch.id, ~_touched(batch))
    for column in (person_marks.c.person_id, doubles.c.first_id, doubles.c.second_id):
        connection.execute(delete(column.table).where(column.in_(untouched)))
    gone = delete(people).where(people.c.batch_id == batch.id, ~_touched(batch))
    return connection.execute(gone).rowcount


def _touched(batch: Any) -> ColumnElement[bool]:
    """Return the condition for people with whom something happened since the batch."""
    columns = ("submission_id", "draft_id", "outcome", "merged_into")
    rows = (
        submissions.c.person_id,
        outcomes.c.person_id,
        assignments.c.person_id,
        merges.c.kept_id,
        merges.c.gone_id,
        renewals.c.person_id,
    )
    return or_(
        people.c.updated_at != batch.at,
        *(people.c[column].is_not(None) for column in columns),
        *(exists().where(column == people.c.id) for column in rows),
    )


def _delete_households(connection: Connection, batch_id: int) -> int:
    """Delete the households the batch made, except where somebody lives, visits or asks."""
    used = [column == households.c.id for column in _HOUSED]
    empty = and_(*(~exists().where(one) for one in used))
    # No index finds a form by its household: they are looked through once.
    asked = select(submissions.c.household_id).where(submissions.c.household_id.is_not(None))
    unasked = households.c.id.not_in(asked)
    gone = delete(households).where(households.c.batch_id == batch_id, empty, unasked)
    return connection.execute(gone).rowcount


_HOUSED = (people.c.household_id, assignments.c.household_id)


def _restore(connection: Connection, context: Context, batch: Any) -> int:
    """Put back the records that the batch wrote over, where they are still as it left them."""
    names = ("id", "data_key", "submission_id")
    now = people.c.document.label("now")
    query = (
        select(*(people.c[name] for name in names), now, renewals.c.document, renewals.c.updated_at)
        .join(people, people.c.id == renewals.c.person_id)
        .where(renewals.c.batch_id == batch.id, people.c.updated_at == batch.at)
        .where(people.c.data_key.is_not(None))
    )
    rows = [row for row in connection.execute(query) if _as_left(context.keys, row)]
    for row in rows:
        document = _readable(context.keys, row)
        at = row.updated_at
        write_document(connection, context, row.id, document, row.document, at)
    connection.execute(delete(renewals).where(renewals.c.batch_id == batch.id))
    return sum(row.submission_id is None for row in rows)


def _as_left(keys: Keys, row: Any) -> bool:
    """True unless a form came in the very moment of the batch: it says more than the list."""
    if row.submission_id is None:
        return True
    old, now = _readable(keys, row), _readable(keys, _Now(row.id, row.data_key, row.now))
    return replace(now, before=None, flags=old.flags) == old


@dataclass(frozen=True, slots=True)
class _Now:
    """A person's row as it is, for the document in it."""

    id: int
    data_key: bytes
    document: bytes


def _readable(keys: Keys, row: Any) -> PersonDocument:
    document = person_document(keys, row)
    assert document is not None  # noqa: S101 - only rows with a key are read
    return document


def named(
    connection: Connection, keys: Keys, viewer: Viewer, ids: Sequence[int]
) -> list[tuple[int, str]]:
    """Return these people with their names, as far as this viewer may see them."""
    mine = select(people).where(people.c.id.in_(ids), within(viewer, ACTION, people))
    rows = connection.execute(mine.order_by(people.c.id)).all()
    documents = ((row.id, person_document(keys, row)) for row in rows)
    return [(id, str(doc.answers.get("q01_ho_ten") or "")) for id, doc in documents if doc]
