"""The status of a form changed by the office, outside any chat: one event more in its chain."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, select, update

from storage.database import run_sql
from storage.desk import Context, Desk, append_event
from storage.sealed import place, seal_document
from storage.statements import statements
from storage.tables import chats, submissions
from storage.turn import Document

OFFICE: Final = "office"
"""Stands where an event names the platform it came by."""


def chat_tokens(connection: Connection, ids: Iterable[int]) -> list[str]:
    """Return the tokens of the chats these forms are in, to be locked before anything is read."""
    mine = select(chats.c.token).join(submissions, submissions.c.chat_id == chats.c.id)
    return sorted(set(connection.scalars(mine.where(submissions.c.id.in_(list(ids))))))


class Cause(Struct, frozen=True):
    """Why a form has another status: becomes an event, with `facts` sealed by the form's key."""

    kind: str
    at: int
    ref: str
    """What did it; nothing personal."""
    facts: Document


def restate(
    connection: Connection, context: Context, submission_id: int, status: str, cause: Cause
) -> None:
    """Give a form that is not erased another status. The caller has locked its chat."""
    desk = Desk(connection, context, cause.at)
    form = desk.any_chats(submission_id)
    assert form is not None and form.key is not None  # noqa: S101 - it is not erased
    where = place("events", "sealed", f"{form.id}:{form.event_count + 1}")
    sealed = seal_document(form.key, cause.facts, where, context.random)
    origin = (OFFICE, form.chat_id, cause.ref)
    desk.rows.add("event", append_event(form, cause.kind, cause.at, origin, sealed))
    desk.rows.write(connection, desk.sql.writes)
    changed = {"status": status, "event_count": form.event_count, "head": form.head}
    mine = submissions.c.id == submission_id
    connection.execute(update(submissions).where(mine).values(**changed, updated_at=cause.at))


def look_for_duplicate(connection: Connection, submission_id: int) -> bool:
    """Mark anew whether a form shares its number with another; return what was marked before."""
    marked = select(submissions.c.duplicate).where(submissions.c.id == submission_id)
    before = bool(connection.scalar(marked))
    run_sql(connection, statements(connection.dialect).writes["duplicate"], [(submission_id,)])
    return before
