"""The status of a form changed by the office, outside any chat: one event more in its chain."""

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct, json
from sqlalchemy import Connection, insert, select, update

from storage.database import run_sql
from storage.desk import Context, chained
from storage.sealed import place, seal
from storage.statements import statements
from storage.tables import chats, events, submissions
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
    form = _form(connection, submission_id)
    seq = form.event_count + 1
    key = context.keys.data_key(submission_id, form.data_key)
    where = place("events", "sealed", f"{submission_id}:{seq}")
    sealed = seal(key, json.encode(cause.facts), where, context.random)
    row = (submission_id, seq, cause.kind, cause.at, OFFICE, form.chat_id, cause.ref)
    head = chained(form.head, json.encode(row), sealed)
    names = ("submission_id", "seq", "kind", "at", "platform", "chat_id", "event_ref")
    event = dict(zip(names, row, strict=True)) | {"sealed": sealed, "hash": head}
    connection.execute(insert(events).values(event))
    changed = {"status": status, "event_count": seq, "head": head, "updated_at": cause.at}
    mine = submissions.c.id == submission_id
    connection.execute(update(submissions).where(mine).values(changed))


def _form(connection: Connection, submission_id: int) -> Any:
    columns = ("data_key", "chat_id", "event_count", "head")
    found = select(*(submissions.c[name] for name in columns))
    return connection.execute(found.where(submissions.c.id == submission_id)).one()


def look_for_duplicate(connection: Connection, submission_id: int) -> bool:
    """Mark anew whether a form shares its number with another; return what was marked before."""
    marked = select(submissions.c.duplicate).where(submissions.c.id == submission_id)
    before = bool(connection.scalar(marked))
    run_sql(connection, statements(connection.dialect).writes["duplicate"], [(submission_id,)])
    return before
