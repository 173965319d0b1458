"""Submissions that were handed in, streamed for exports."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from bot.dialogs.record import masked
from storage.access import OnlyCounts, Viewer, grant, within
from storage.accounts import AccountRefused, approver
from storage.ids import instant, milliseconds
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


def confirmed(
    connection: Connection, keys: Keys, viewer: Viewer, *, since: datetime | None = None
) -> Iterator[Record]:
    """Yield what is handed in and valid, oldest submission first, `since` by confirmed time.

    Only what the viewer may export, with numbers masked where they may not read them. Raises
    Denied. Withdrawn, superseded, void and erased ones are left out. Every call of the database
    fetches one chunk by id, so writers are not held up; run it inside one transaction for a
    snapshot.
    """
    given = grant(viewer, EXPORT)
    if given.form == "aggregate":
        raise OnlyCounts(EXPORT)
    wanted = _confirmed(viewer, since)
    after = -1
    while True:
        page = wanted.where(submissions.c.id > after).order_by(submissions.c.id).limit(CHUNK)
        rows = connection.execute(page).all()
        for row in rows:
            yield record_of(keys, row, hide=given.form == "masked")
        if len(rows) < CHUNK:
            return
        after = rows[-1].id


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
