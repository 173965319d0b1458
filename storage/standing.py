"""Where one chat stands, for a page that fetches its bubbles instead of being sent them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from storage.desk import Context, Desk, view
from storage.ids import milliseconds
from storage.outbox import Queued, waiting_for
from storage.turn import ChatView


@dataclass(frozen=True, slots=True)
class Standing:
    view: ChatView
    waiting: Sequence[Queued]
    """Bubbles not shown yet, oldest first."""


def standing(connection: Connection, context: Context, token: str) -> Standing | None:
    """Return where a chat stands, None for one that never wrote. Changes nothing."""
    desk = Desk(connection, context, milliseconds(context.now()))
    desk.load([token])
    chat = desk.chats[token]
    if chat.created:
        return None
    return Standing(view(desk, chat), waiting_for(connection, context.keys, chat.id))
