"""What was done to accounts, invites and units, and who looked at which record: append only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import json
from sqlalchemy import Connection, insert, select

from storage.access import OnlyCounts, Viewer, grant, within
from storage.commune_tables import accesses, account_events, accounts
from storage.desk import Context
from storage.ids import instant, milliseconds


@dataclass(frozen=True, slots=True)
class Note:
    """One thing done. `login` is whose account it was done to, None for a unit."""

    at: datetime
    kind: str
    by: str
    unit: str
    login: str | None
    detail: dict[str, Any]


def note(
    connection: Connection,
    context: Context,
    viewer: Viewer,
    kind: str,
    *,
    unit: str,
    account: int | None = None,
    **detail: object,
) -> None:
    """Append one event. Nothing personal: `detail` holds codes, roles and numbers."""
    at = milliseconds(context.now())
    about = {"account_id": account, "unit": unit, "kind": kind, "by": viewer.by}
    facts = {"id": context.ids.next(at), "at": at, "detail": json.encode(detail).decode()}
    connection.execute(insert(account_events).values(about | facts))


def notes(connection: Connection, viewer: Viewer, *, newest: int = 100) -> list[Note]:
    """Return what was done lately, oldest first. Raises Denied."""
    if grant(viewer, "read_log").form == "aggregate":
        raise OnlyCounts("read_log")
    found = connection.execute(
        select(account_events, accounts.c.login)
        .outerjoin(accounts, accounts.c.id == account_events.c.account_id)
        .where(within(viewer, "read_log", account_events))
        .order_by(account_events.c.id.desc())
        .limit(newest)
    ).all()
    return [
        Note(instant(row.at), row.kind, row.by, row.unit, row.login, json.decode(row.detail))
        for row in reversed(found)
    ]


def note_access(
    connection: Connection,
    context: Context,
    viewer: Viewer,
    action: str,
    *,
    unit: str,
    submission_id: int | None = None,
    person_id: int | None = None,
    why: str = "",
) -> None:
    """Note that a viewer opened one record. The caller commits before it is shown."""
    at = milliseconds(context.now())
    who = {"account_id": viewer.account, "by": viewer.by, "unit": unit, "action": action}
    what = {"person_id": person_id, "submission_id": submission_id, "why": why or None}
    row = {"id": context.ids.next(at), "at": at} | who | what
    connection.execute(insert(accesses).values(row))
