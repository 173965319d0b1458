"""Dead letters: messages that could not be decided, kept sealed until somebody replays them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from bot.dialogs.messages import Incoming
from storage.access import Viewer, within
from storage.ids import instant
from storage.ledger import INCOMING
from storage.sealed import Keys, place, unseal
from storage.tables import chats, inbox, submissions


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message set aside. What it says is not here."""

    id: int
    platform: str
    chat_id: int
    received_at: datetime
    why: str
    prompt: str
    """Revision of the prompt that was open when it arrived."""
    open_prompt: str
    """The one open now: a replay makes sense only when it is the same."""


def dead_letters(connection: Connection, viewer: Viewer) -> Sequence[DeadLetter]:
    """Return all of them, oldest first. Raises Denied."""
    found = connection.execute(_dead(viewer, "see_deliveries").order_by(inbox.c.id))
    return [_dead_letter(row) for row in found]


def open_letter(
    connection: Connection, keys: Keys, viewer: Viewer, letter_id: int
) -> tuple[DeadLetter, Incoming] | None:
    """Return a dead letter with its message; None when there is none, or its person is erased.

    Raises Denied.
    """
    found = _dead(viewer, "retry_deliveries").where(inbox.c.id == letter_id)
    row = connection.execute(found).one_or_none()
    if row is None or (row.submission_id is not None and row.data_key is None):
        return None
    key = keys.data_key(row.submission_id, row.data_key) if row.data_key else keys.office
    where = place("inbox", "raw", f"{row.platform}:{row.account}:{row.event_id}")
    return _dead_letter(row), INCOMING.decode(unseal(key, row.raw, where))


def mark_replayed(connection: Connection, letter_id: int) -> None:
    """Close a dead letter and forget what it said. The caller submits the message anew."""
    done = update(inbox).where(inbox.c.id == letter_id, inbox.c.outcome == "dead")
    connection.execute(done.values(outcome="replayed", raw=None))


def _dead(viewer: Viewer, action: str) -> Select[Any]:
    return (
        select(inbox, chats.c.prompt.label("open_prompt"), submissions.c.data_key)
        .join(chats, chats.c.id == inbox.c.chat_id)
        .outerjoin(submissions, submissions.c.id == inbox.c.submission_id)
        .where(inbox.c.outcome == "dead", within(viewer, action, inbox))
    )


def _dead_letter(row: Row[Any]) -> DeadLetter:
    received_at = instant(row.received_at)
    about = (row.id, row.platform, row.chat_id, received_at, row.why or "")
    return DeadLetter(*about, row.prompt, row.open_prompt)
