"""A dead letter processed again: applied only to the prompt that was open when it arrived."""

from typing import Final, Literal

from msgspec.structs import replace
from sqlalchemy import Connection, select

from bot.dialogs.messages import Incoming
from storage.access import Viewer
from storage.desk import Context
from storage.inbox import mark_replayed, open_letter
from storage.ledger import commit
from storage.outbox import release
from storage.sealed import Keys
from storage.tables import inbox
from storage.turn import Decide

Outcome = Literal["done", "missing", "other_prompt", "failed"]

AGAIN: Final = "replay:"
"""Prefix of a replayed message's own event id: replayed twice, it has one effect."""


def replay(
    connection: Connection, viewer: Viewer, letter_id: int, decide: Decide, context: Context
) -> Outcome:
    """Process a dead letter again, in transactions of its own, and say what came of it.

    "other_prompt": it stays where it is. "failed": it could not be processed this time either
    and is a dead letter again, under another number. Raises Denied.
    """
    with connection.begin():
        found = _applicable(connection, context.keys, viewer, letter_id)
    if isinstance(found, str):
        return found
    incoming = replace(found, event_id=f"{AGAIN}{letter_id}")
    commit(connection, [incoming], decide, context)
    with connection.begin():
        # What it caused to be said is for the serving process to send.
        release(connection, worker=context.worker)
        mark_replayed(connection, letter_id)
        return "failed" if _outcome(connection, incoming) == "dead" else "done"


def _applicable(
    connection: Connection, keys: Keys, viewer: Viewer, letter_id: int
) -> Incoming | Outcome:
    opened = open_letter(connection, keys, viewer, letter_id)
    if opened is None:
        return "missing"
    letter, incoming = opened
    return incoming if letter.prompt == letter.open_prompt else "other_prompt"


def _outcome(connection: Connection, incoming: Incoming) -> str | None:
    key = ("platform", "account", "event_id")
    same = (inbox.c[name] == getattr(incoming, name) for name in key)
    return connection.scalar(select(inbox.c.outcome).where(*same))
