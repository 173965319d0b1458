"""Submissions that were handed in, streamed for exports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from bot.dialogs.record import masked
from storage.access import OnlyCounts, Viewer, grant, within
from storage.accounts import AccountRefused, approver
from storage.commune_tables import people
from storage.database import bound_list, is_one_of
from storage.ids import instant, milliseconds
from storage.people import person_document
from storage.sealed import Keys, place, unseal_document
from storage.statements import NO_LONGER_LIVE
from storage.tables import submissions
from storage.turn import Document

EXPORT: Final = "export_records"
COLUMNS: Final = (
    *("id", "receipt", "form", "unit", "village", "status", "confirmed_at", "duplicate"),
    *("handed_in_at", "data_key", "record"),
)
CHUNK: Final = 500
"""Records read and unsealed at a time: memory does not grow with their number."""


@dataclass(frozen=True, slots=True)
class Record:
    """One submission as it was handed in. `answers` is what `turn.Confirmed.answers` carried."""

    id: int
    receipt: str
    form: str
    unit: str
    village: str | None
    status: str
    confirmed_at: datetime
    answers: Document
    duplicate: bool
    household_id: int | None = None
    """Where they live now. This and the relation only where they were asked for."""
    relation: str = ""
    """To the head of that household."""


def confirmed(
    connection: Connection,
    keys: Keys,
    viewer: Viewer,
    *,
    since: datetime | None = None,
    homes: bool = False,
) -> Iterator[Record]:
    """Yield what is handed in and valid, oldest submission first, `since` by confirmed time.

    Only what the viewer may export, with numbers masked where they may not read them; `homes`
    tells where each lives. Raises Denied. Withdrawn, superseded, void and erased ones are left
    out. Every call of the database fetches one chunk by id, so writers are not held up; run it
    inside one transaction for a snapshot.
    """
    given = grant(viewer, EXPORT)
    if given.form == "aggregate":
        raise OnlyCounts(EXPORT)
    wanted = _confirmed(viewer, since).add_columns(submissions.c.person_id)
    after = -1
    while True:
        page = wanted.where(submissions.c.id > after).order_by(submissions.c.id).limit(CHUNK)
        rows = connection.execute(page).all()
        lived = _homes(connection, keys, [row.person_id for row in rows]) if homes else {}
        for row in rows:
            record = record_of(keys, row, hide=given.form == "masked")
            household_id, relation = lived.get(row.person_id, (None, ""))
            yield replace(record, household_id=household_id, relation=relation)
        if len(rows) < CHUNK:
            return
        after = rows[-1].id


def _homes(
    connection: Connection, keys: Keys, ids: Sequence[int | None]
) -> Mapping[int | None, tuple[int | None, str]]:
    """Return person -> household and relation to its head."""
    names = ("id", "household_id", "data_key", "document")
    theirs = is_one_of(people.c.id, "ids", connection.dialect)
    bound = {"ids": bound_list([id for id in ids if id is not None], connection.dialect)}
    found = connection.execute(select(*(people.c[name] for name in names)).where(theirs), bound)
    documents = ((row, person_document(keys, row)) for row in found)
    return {
        row.id: (row.household_id, document.relation_to_head if document else "")
        for row, document in documents
    }


def count_confirmed(
    connection: Connection, viewer: Viewer, *, since: datetime | None = None
) -> int:
    """Return how many `confirmed` would yield. Raises Denied."""
    return connection.scalar(_confirmed(viewer, since).with_only_columns(func.count())) or 0


def check_second(
    connection: Connection, viewer: Viewer, second: str | None, *, since: datetime | None = None
) -> None:
    """Raises AccountRefused unless another person approves, where so many records need it.

    Whoever has the machine and the key asks nobody.
    """
    most = grant(viewer, EXPORT).second_above
    if second is not None:
        approver(connection, viewer, second, "approve_export")
        return
    if viewer.account is None or most is None:
        return
    if count_confirmed(connection, viewer, since=since) > most:
        raise AccountRefused("second_needed", most=most)


def _confirmed(viewer: Viewer, since: datetime | None) -> Select[Any]:
    wanted = select(*(submissions.c[name] for name in COLUMNS)).where(
        within(viewer, EXPORT, submissions),
        submissions.c.confirmed_at.is_not(None),
        submissions.c.record.is_not(None),
        submissions.c.status.not_in(NO_LONGER_LIVE),
    )
    if since is not None:
        wanted = wanted.where(submissions.c.confirmed_at >= milliseconds(since))
    return wanted


def record_of(keys: Keys, row: Row[Any], *, hide: bool) -> Record:
    """Return a row of COLUMNS opened; its numbers masked when they are to be hidden."""
    key = keys.data_key(row.id, row.data_key)
    answers = unseal_document(key, row.record, place("submissions", "record", row.id))
    if hide:
        answers = {**answers, "answers": masked(answers["answers"])}
    about = (row.id, row.receipt, row.form, row.unit, row.village, row.status)
    return Record(*about, instant(row.confirmed_at), answers, row.duplicate)
