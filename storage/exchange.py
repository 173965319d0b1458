"""A continuation code brought to another chat: the draft moves there, the old chat loses it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, delete, insert, select, update

from bot.dialogs.messages import Incoming, Text
from storage.apply import apply, received
from storage.codes import forget_expired, token_of
from storage.database import lock_chats
from storage.desk import Chat, ChatLookup, Context, Desk, view
from storage.ids import milliseconds
from storage.ledger import chat_token
from storage.sealed import place, unseal
from storage.sealing import seal_chat, write_desk
from storage.tables import chats, codes, inbox, outbox, submissions
from storage.turn import ChatView, Decision, Lookup, State


class Mover(Protocol):
    """What the conversation decides about a draft that moves."""

    def let_go(self, view: ChatView, submission_id: int) -> Decision:
        """Return what the old chat is left with."""

    def take_over(
        self, incoming: Incoming, view: ChatView, lookup: Lookup, id: int, document: State
    ) -> Decision:
        """Return what opening the draft in the new chat causes."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who brings a code: the message it came with, and a test of the draft's document."""

    incoming: Incoming
    code: str
    knows: Callable[[State], bool]
    same_person: bool = False
    """The code was carried from chat to chat by one person, who may see both as theirs."""


def exchange(connection: Connection, context: Context, mover: Mover, bearer: Bearer) -> bool:
    """Move the draft behind the code into the bearer's chat; False when code or test is wrong.

    A message that has done this before does it once: True again. The caller commits.
    """
    forget_expired(connection, context.now())
    new_token = _token(context, bearer.incoming)
    found = _found(connection, token_of(context.keys, bearer.code))
    lock_chats(connection, [new_token, *([found.token] if found else [])])
    if heard_before(connection, bearer.incoming):
        return True
    if found is None:
        return False
    desk = Desk(connection, context, milliseconds(context.now()))
    desk.load(list(dict.fromkeys([found.token, new_token])))
    old, new = desk.chats[found.token], desk.chats[new_token]
    if not _may_move(old, new):
        return False
    draft = desk.find(found.submission_id, old)
    if draft is None or draft.status != "draft" or draft.state is None:
        return False
    if not bearer.knows(draft.state):
        return False
    if old.id != new.id:
        _leave(desk, mover, found, old)
        desk.submissions[draft.id].chat_id = new.id
    new = desk.chats[new_token]
    new.elsewhere = True  # its bubbles are for whoever looks into the outbox next
    moved = mover.take_over(
        bearer.incoming, view(desk, new), ChatLookup(desk, new), draft.id, draft.state
    )
    apply(desk, bearer.incoming, new, moved)
    if bearer.same_person and old.id != new.id:
        _join(desk, found.token, new_token)
    _write(desk, bearer.incoming, new_token, draft.id)
    return True


def _may_move(old: Chat, new: Chat) -> bool:
    """What was filled in under an account stays with it, and nothing else comes to it: a citizen's
    form is theirs, and who works in a chat is another person. Who was cut off moves nothing."""
    holders = [chat.holder for chat in (old, new) if chat.holder is not None]
    if any(holder.cut_off for holder in holders):
        return False
    return not holders or (len(holders) == 2 and holders[0].id == holders[1].id)


def _token(context: Context, incoming: Incoming) -> str:
    return chat_token(context.keys, incoming.platform, incoming.account, incoming.chat)


def _found(connection: Connection, token: str) -> Any:
    columns = (chats.c.token, chats.c.id, chats.c.platform, chats.c.account, chats.c.address)
    return connection.execute(
        select(codes.c.submission_id, *columns)
        .join(chats, chats.c.id == codes.c.chat_id)
        .where(codes.c.token == token)
    ).one_or_none()


def heard_before(connection: Connection, incoming: Incoming) -> bool:
    """True for a message that has done its work already."""
    same = (
        inbox.c.platform == incoming.platform,
        inbox.c.account == incoming.account,
        inbox.c.event_id == incoming.event_id,
    )
    return connection.execute(select(inbox.c.id).where(*same)).first() is not None


def _leave(desk: Desk, mover: Mover, found: Any, old: Chat) -> None:
    """Close the draft in its old chat; what was still to be shown there is shown no more."""
    address = unseal(desk.context.keys.office, found.address, place("chats", "address", found.id))
    at = desk.context.now()
    mine = (outbox.c.submission_id == found.submission_id, outbox.c.chat_id == found.id)
    desk.connection.execute(delete(outbox).where(*mine))
    old.elsewhere = True
    origin = (found.platform, found.account, "", address.decode())
    apply(
        desk,
        Incoming(*origin, Text(""), at, at),
        old,
        mover.let_go(view(desk, old), found.submission_id),
    )


def _join(desk: Desk, old_token: str, new_token: str) -> None:
    """Let both chats be one person's, with all that each was linked to before."""
    old, new = desk.chats[old_token], desk.chats[new_token]
    person = old.person or new.person or old.id
    if new.person is not None and new.person != person:
        others = update(chats).where(chats.c.person == new.person)
        desk.connection.execute(others.values(person=person))
    old.person = new.person = person


def _write(desk: Desk, incoming: Incoming, new_token: str, submission_id: int) -> None:
    connection, new = desk.connection, desk.chats[new_token]
    for chat in desk.chats.values():
        if chat.changed:
            # The address is written for a new chat only, and that is the bearer's.
            seal_chat(desk, chat, incoming.platform, incoming.account, incoming.chat)
    write_desk(desk)
    mine = submissions.c.id == submission_id
    connection.execute(update(submissions).where(mine).values(chat_id=new.id))
    connection.execute(delete(codes).where(codes.c.submission_id == submission_id))
    names = ("platform", "account", "event_id", "id", "chat_id", "received_at", "prompt", "outcome")
    row = received(incoming, desk.new_id(), new)
    connection.execute(insert(inbox).values(dict(zip(names, row, strict=True))))
