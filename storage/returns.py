"""A form the officer gives back: what is wrong is said where it came from, and asked anew."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Row, Select, insert, select

from bot.dialogs.messages import Incoming, Text
from storage.access import Viewer, within
from storage.apply import apply
from storage.commune_tables import returns
from storage.database import lock_chats
from storage.desk import Context, Desk, view
from storage.ids import milliseconds
from storage.sealed import place, seal_document, unseal
from storage.sealing import seal_chat, write_desk
from storage.tables import chats, submissions
from storage.turn import ChatView, Decision, State

RETURN: Final = "approve_record"
"""Who may approve a form may give it back."""


class ReturnRefused(Exception):
    """The form cannot be given back. `code` names the text that says why."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Clerk(Protocol):
    """What the conversation makes of a form that comes back."""

    def give_back(
        self, view: ChatView, id: int, document: State, comments: Mapping[str, str]
    ) -> Decision:
        """Return what it causes in the chat it came from."""


def give_back(
    connection: Connection,
    context: Context,
    clerk: Clerk,
    viewer: Viewer,
    receipt: str,
    comments: Mapping[str, str],
) -> int:
    """Give a confirmed form back with comments (question -> what is wrong); return its number.

    Outside any turn, by the same means as one: sealed, chained, told through the outbox. The
    caller commits. Raises Denied, ReturnRefused.
    """
    found = _found(connection, viewer, receipt)
    lock_chats(connection, [found.token])
    desk = Desk(connection, context, milliseconds(context.now()))
    desk.load([found.token])
    chat = desk.chats[found.token]
    submission = desk.find(found.id, chat)
    if submission is None or submission.key is None or submission.state is None:
        raise ReturnRefused("unknown", receipt=receipt)
    if submission.status != "confirmed":
        raise ReturnRefused("not_open", receipt=receipt)
    chat.elsewhere = True  # its bubble is for whoever looks into the outbox next
    decision = clerk.give_back(view(desk, chat), found.id, submission.state, comments)
    apply(desk, _as_incoming(context, found), chat, decision)
    chat = desk.chats[found.token]
    seal_chat(desk, chat, found.platform, found.account, "")
    write_desk(desk)
    row_id = desk.new_id()
    where = place("returns", "comments", row_id)
    sealed = seal_document(submission.key, dict(comments), where, context.random)
    about = {"submission_id": found.id, "unit": found.unit, "at": desk.at, "by": viewer.by}
    connection.execute(insert(returns).values(id=row_id, comments=sealed, **about))
    return int(found.id)


def _found(connection: Connection, viewer: Viewer, receipt: str) -> Row[Any]:
    chat = (chats.c.token, chats.c.platform, chats.c.account, chats.c.address, chats.c.id)
    named = select(submissions.c.id, submissions.c.unit, *chat[:4], chat[4].label("chat_id"))
    mine = (submissions.c.receipt == receipt, within(viewer, RETURN, submissions))
    query: Select[Any] = named.join(chats, chats.c.id == submissions.c.chat_id)
    row = connection.execute(query.where(*mine)).one_or_none()
    if row is None:
        raise ReturnRefused("unknown", receipt=receipt)
    return row


def _as_incoming(context: Context, found: Row[Any]) -> Incoming:
    """Return whom it is told, as a message that nobody sent."""
    sealed, at = found.address, context.now()
    address = unseal(context.keys.office, sealed, place("chats", "address", found.chat_id))
    return Incoming(found.platform, found.account, "", address.decode(), Text(""), at, at)
