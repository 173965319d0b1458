"""Lists of people written as batches: all of a list in one transaction, or nothing of it.

Who is there already is counted and stays as they are. Only a record of an earlier year is
renewed by a later one, and only of somebody who has not handed in a form here. Of somebody known
from a form alone the list's record is kept behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import (
    Connection,
    Dialect,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from storage.access import Viewer, within
from storage.commune_tables import batches, households, people, person_marks, renewals
from storage.database import run_sql, sql
from storage.desk import Context
from storage.doubles import Double, note_pairs
from storage.households import Homes, homes_of
from storage.ids import instant, milliseconds
from storage.lists import Prepared, Row
from storage.managing import ACTION, lock_unit, may_manage
from storage.people import (
    PersonDocument,
    found_by,
    mark_tokens,
    person_document,
    resealed_person,
)
from storage.presence import Known, final, look_up

IDENTITY: Final = ("q01_ho_ten", "q02_ngay_sinh", "q03_gioi_tinh", "q04_so_cccd")
"""Never changed by a list, only filled in: a difference is for a human to look at."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a list came from. Not its name: people write names of people there."""

    sha256: str
    layout: str
    bad: int = 0
    """Rows that were not good enough to be written."""


@dataclass(slots=True)
class Written:
    """What a batch did."""

    batch_id: int
    new: int = 0
    known: int = 0
    renewed: int = 0
    """Of the known: whose record of an earlier year gave way to this list's."""
    conflicts: int = 0
    """Of the new: put on the list of possible doubles."""
    households: int = 0
    warned: int = 0


@dataclass(slots=True)
class _Work:
    """One batch being written."""

    connection: Connection
    context: Context
    at: int
    list: Prepared
    written: Written
    homes: Homes


def write_batch(
    connection: Connection, context: Context, viewer: Viewer, prepared: Prepared, source: Source
) -> Written:
    """Write a prepared list as one batch and return what it did. The caller commits.

    Raises Denied.
    """
    may_manage(connection, viewer, prepared.unit)
    lock_unit(connection, context, prepared.unit)
    at = milliseconds(context.now())
    written = Written(context.ids.next(at), warned=prepared.warned)
    facts = {"unit": prepared.unit, "at": at, "by": viewer.by, "sha256": source.sha256}
    counts = {"good": 0, "known": 0, "warned": prepared.warned, "bad": source.bad}
    row = {"id": written.batch_id, "layout": source.layout, **facts, **counts}
    connection.execute(insert(batches).values(row))
    work = _Work(connection, context, at, prepared, written, homes_of(connection, prepared))
    for rows in prepared.chunks():
        _write_chunk(work, rows)
    counted = {"good": written.new, "known": written.known}
    mine = batches.c.id == written.batch_id
    connection.execute(update(batches).where(mine).values(counted))
    return written


def _write_chunk(work: _Work, rows: Sequence[Row]) -> None:
    found = look_up(work.connection, work.context.keys, work.list.unit, rows)
    work.homes.recognise(found, rows)
    new = list[Row]()
    conflicts = list[tuple[Row, Known]]()
    for row in rows:
        household_id = work.homes.of(row)
        match found.match(row, household_id):
            case "same", known:
                work.written.known += 1
                _renew(work, row, known)
                continue
            case "conflict", known:
                conflicts.append((row, known))
        new.append(row)
        found.add(_as_known(row, household_id, work.at))
    _insert(work, new)
    pairs = [_double(work, row, known) for row, known in conflicts]
    note_pairs(work.connection, work.context, work.list.unit, pairs, work.at)
    work.written.conflicts += len(pairs)


def _double(work: _Work, row: Row, known: Known) -> Double:
    other = final(work.connection, known.id)
    why = "id" if row.id_token and row.id_token == known.id_token else "name_birth"
    return Double(min(row.id, other), max(row.id, other), why)


def _as_known(row: Row, household_id: int | None, at: int) -> Known:
    sealed = (row.data_key, row.document)
    found = (row.folded_name, row.id_token, row.person_token)
    return Known(row.id, household_id, *sealed, *found, None, None, at, listed=True)


def _insert(work: _Work, rows: Sequence[Row]) -> None:
    _insert_households(work, rows)
    marks = [(row.id, token) for row in rows for token in row.marks]
    _write(work, people, _PERSON, [_person(work, row) for row in rows])
    _write(work, person_marks, ("person_id", "token"), marks)
    work.written.new += len(rows)


def _insert_households(work: _Work, rows: Sequence[Row]) -> None:
    words = dict.fromkeys(row.household for row in rows if row.household)
    unwritten = [word for word in words if word not in work.homes.there]
    new = [work.list.households[word] for word in unwritten]
    unit, batch = work.list.unit, (work.written.batch_id, work.at)
    sealed = [(h.id, unit, h.village, h.code_token, h.data_key, h.document, *batch) for h in new]
    _write(work, households, _HOUSEHOLD, sealed)
    for word, one in zip(unwritten, new, strict=True):
        work.homes.there[word] = one.id
    work.written.households += len(new)


def _person(work: _Work, row: Row) -> tuple[Any, ...]:
    where = (work.list.unit, row.village, work.homes.there.get(row.household))
    sealed = (row.data_key, row.document)
    found = (row.sex, row.birth_year, row.folded_name or None, row.id_token, row.person_token)
    return (row.id, *where, *sealed, *found, "import", work.written.batch_id, work.at, work.at)


_PERSON: Final = (
    *("id", "unit", "village", "household_id", "data_key", "document"),
    *("sex", "birth_year", "folded_name", "id_token", "person_token"),
    *("origin", "batch_id", "created_at", "updated_at"),
)
_HOUSEHOLD: Final = (
    *("id", "unit", "village", "code_token", "data_key", "document", "batch_id", "created_at"),
)


@cache
def _text(dialect: Dialect, table: Table, names: tuple[str, ...]) -> str:
    return sql(insert(table), names, dialect)


def _write(work: _Work, table: Table, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        run_sql(work.connection, _text(work.connection.dialect, table, names), rows)


def _renew(work: _Work, row: Row, known: Known) -> None:
    """Let the record of a later year take the place of an earlier one; the old one is kept."""
    if known.merged_into or known.listed:
        return
    old = person_document(work.context.keys, known)
    if old is None:
        return
    new = person_document(work.context.keys, row)
    assert new is not None  # noqa: S101 - it was sealed a moment ago
    if known.submission_id and old.before is None:
        _rewrite(work, known, replace(old, before=new, flags=old.flags or new.flags))
    elif not known.submission_id and old.year < row.year:
        _rewrite(work, known, renewed(old, new))
        work.written.renewed += 1


def _rewrite(work: _Work, known: Known, document: PersonDocument) -> None:
    """Give somebody who is there already another document; the old one is kept."""
    assert known.data_key is not None  # noqa: S101 - it was just unsealed with it
    key = work.context.keys.data_key(known.id, known.data_key)
    sealed = resealed_person(key, work.context.random, known.id, document)
    before = {"document": known.document, "updated_at": known.updated_at}
    ids = {"batch_id": work.written.batch_id, "person_id": known.id}
    work.connection.execute(insert(renewals).values({**ids, **before}))
    write_document(work.connection, work.context, known.id, document, sealed, work.at)
    known.listed = True


def renewed(old: PersonDocument, new: PersonDocument) -> PersonDocument:
    """Return the later record, with who they are as it was and what only the earlier one says."""
    kept = {name: old.answers[name] for name in IDENTITY if old.answers.get(name)}
    said = {name: value for name, value in new.answers.items() if value is not None}
    relation = new.relation_to_head or old.relation_to_head
    return PersonDocument({**old.answers, **said, **kept}, new.year, relation, new.flags)


def write_document(
    connection: Connection,
    context: Context,
    person_id: int,
    document: PersonDocument,
    sealed: bytes,
    at: int,
) -> None:
    """Write a person's document with all columns and marks that come from it."""
    columns = found_by(context.keys, document)
    columns["folded_name"] = columns["folded_name"] or None
    mine = people.c.id == bindparam("b_id")
    values = {"document": sealed, "updated_at": at, **columns}
    connection.execute(update(people).where(mine).values(values), {"b_id": person_id})
    connection.execute(delete(person_marks).where(person_marks.c.person_id == person_id))
    marks = [{"person_id": person_id, "token": t} for t in mark_tokens(context.keys, document)]
    if marks:
        connection.execute(insert(person_marks), marks)


@dataclass(frozen=True, slots=True)
class Batch:
    """One line of the list of batches."""

    id: int
    at: Any
    by: str
    layout: str
    new: int
    known: int
    warned: int
    bad: int
    undone_at: Any


def batches_of(connection: Connection, viewer: Viewer) -> Sequence[Batch]:
    """Return the batches this viewer may see, newest first."""
    query = select(batches).where(within(viewer, ACTION, batches))
    found = connection.execute(query.order_by(batches.c.at.desc(), batches.c.id.desc()))
    return [
        Batch(
            row.id, instant(row.at), row.by, row.layout, row.good, row.known, row.warned, row.bad,
            None if row.undone_at is None else instant(row.undone_at),
        )
        for row in found
    ]  # fmt: skip
