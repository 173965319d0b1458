"""A chat becomes an account's: an invitation accepted, a new phone, drafts given to another.

Documents of chats belong to the conversation, so it decides what each chat is left with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, delete, insert, select, update

from bot.dialogs.messages import Incoming, Text
from storage.access import Viewer
from storage.accounts import (
    AccountRefused,
    insert_account,
    let_in,
    managed,
    new_login,
)
from storage.apply import apply, received
from storage.area import Holder
from storage.commune_tables import accounts, assignments, people
from storage.database import lock_chats
from storage.desk import Chat, ChatLookup, Context, Desk, view
from storage.exchange import heard_before
from storage.ids import milliseconds
from storage.invites import find_invite, invited_name, use_invite
from storage.ledger import chat_token
from storage.notes import note
from storage.policy import policy
from storage.sealed import place, unseal
from storage.sealing import seal_chat, write_desk
from storage.statements import DELETION
from storage.tables import chats, inbox, outbox, submissions
from storage.turn import ChatView, Decision, Lookup

Outcome = Literal["joined", "wrong", "taken"]

UNFINISHED = ("draft", "returned")
"""Status of submissions somebody still works at."""


class Host(Protocol):
    """What the conversation decides about chats that come to an account or leave it."""

    def welcome(
        self, incoming: Incoming, view: ChatView, lookup: Lookup, ids: Sequence[int]
    ) -> Decision:
        """Return what a chat is told that has become an account's, with these submissions."""

    def leave(self, view: ChatView) -> Decision:
        """Return what a chat is left with that everything was taken from."""

    def let_go(self, view: ChatView, submission_id: int) -> Decision:
        """Return what a chat is left with that one submission was taken from."""

    def adopt(self, view: ChatView, ids: Sequence[int]) -> Decision:
        """Return what a chat is told that these submissions were given to."""


@dataclass(frozen=True, slots=True)
class _Move:
    """One transaction in which chats change hands."""

    connection: Connection
    context: Context
    host: Host
    desk: Desk
    rows: dict[str, Any]
    """Token -> row of a chat that was there before."""

    def chat(self, token: str) -> Chat:
        return self.desk.chats[token]

    def take(self, ids: Sequence[int], old: Chat, new: Chat) -> list[int]:
        """Let submissions be the new chat's; return those that are not erased."""
        self.desk.fetch(ids)
        found = [self.desk.find(submission_id, old) for submission_id in ids]
        for submission in found:
            if submission is not None:
                submission.chat_id = new.id
        return [submission.id for submission in found if submission is not None]

    def tell(self, token: str, decision: Decision) -> None:
        """Put a decision about a chat on the desk; its bubbles go out by themselves."""
        chat, row = self.chat(token), self.rows[token]
        chat.elsewhere = True
        where = place("chats", "address", row.id)
        address = unseal(self.context.keys.office, row.address, where).decode()
        now = self.context.now()
        said = Incoming(row.platform, row.account, "", address, Text(""), now, now)
        apply(self.desk, said, chat, decision)

    def write(self, incoming: Incoming | None, moved: Sequence[int], new: str) -> None:
        """Write all chats and submissions that changed, and to whom the moved ones belong."""
        desk = self.desk
        for chat in desk.chats.values():
            if chat.changed:  # the address is written for a new chat only: the bearer's
                address = (incoming.platform, incoming.account, incoming.chat) if incoming else ()
                seal_chat(desk, chat, *(address or ("", "", "")))
        write_desk(desk)
        to = self.chat(new).id
        theirs = update(submissions).where(submissions.c.id.in_(moved))
        self.connection.execute(theirs.values(chat_id=to))


def join(
    connection: Connection, context: Context, host: Host, incoming: Incoming, code: str
) -> Outcome:
    """Make the chat of `incoming` the place of work the code invites to.

    "taken": somebody else works in it. A message that has done this before does it once:
    "joined" again. The caller commits.
    """
    token = chat_token(context.keys, incoming.platform, incoming.account, incoming.chat)
    row = find_invite(connection, context, code)
    account = None if row is None else _account(connection, row.account_id)
    old = _chats_of(connection, account.id) if account else {}
    lock_chats(connection, [*{token, *old}])
    if heard_before(connection, incoming):
        return "joined"
    if row is None:
        return "wrong"
    desk = Desk(connection, context, milliseconds(context.now()))
    desk.load([token, *(other for other in old if other != token)])
    if _taken(connection, desk.chats[token], row, account):
        return "taken"
    if not use_invite(connection, context, row.id):
        return "wrong"
    holder = _holder(connection, context, row, account)
    _move_in(_Move(connection, context, host, desk, old), incoming, token, holder)
    facts = {"invite": row.id, "platform": incoming.platform}
    note(connection, context, _by(row), "joined", unit=row.unit, account=holder.id, **facts)
    return "joined"


def _by(row: Any) -> Viewer:
    """Whoever accepts an invitation does it with the right of who wrote it."""
    return Viewer(row.role, row.unit, None, by=f"invite:{row.created_by}")


def _account(connection: Connection, number: int | None) -> Any:
    """Return the account, locked: its chats change hands one move after another.

    Rows that name it may still be written: a turn that does so holds a chat we may wait for.
    """
    mine = select(accounts).where(accounts.c.id == number).with_for_update(key_share=True)
    return connection.execute(mine).one_or_none()


def _chats_of(connection: Connection, account: int) -> dict[str, Any]:
    found = select(chats).where(chats.c.holder == account).order_by(chats.c.id)
    return {row.token: row for row in connection.execute(found)}


def _taken(connection: Connection, chat: Chat, row: Any, account: Any) -> bool:
    """True when another account works here, or this person has a role that excludes the new."""
    holder = chat.holder
    if holder is not None and (account is None or holder.id != account.id):
        return True
    if chat.person is None:
        return False
    same_person = (chats.c.person == chat.person, chats.c.id != chat.id)
    others = select(accounts.c.role).join(chats, chats.c.holder == accounts.c.id)
    roles = connection.scalars(others.where(*same_person))
    return any(policy().conflict(row.role, other) for other in roles)


def _holder(connection: Connection, context: Context, row: Any, account: Any) -> Holder:
    """Return whose chat it will be: the account invited, let in again, or a new one."""
    if account is None:
        about = (new_login(connection, row.role), invited_name(context.keys, row))
        made = insert_account(connection, context, _by(row), *about, row.role, row.unit)
        account = _account(connection, made)
    elif account.disabled_at is not None:
        let_in(connection, context, _by(row), account)
    return Holder(account.id, account.role, account.login, account.name, account.unit)


def _move_in(move: _Move, incoming: Incoming, token: str, holder: Holder) -> None:
    connection, desk, new = move.connection, move.desk, move.chat(token)
    left = [other for other in move.rows if other != token]
    moved = [id for other in left for id in _emptied(move, other, new)]
    new.holder, new.elsewhere = holder, True
    decision = move.host.welcome(incoming, view(desk, new), ChatLookup(desk, new), moved)
    apply(desk, incoming, new, decision)
    move.write(incoming, moved, token)
    gone = [move.rows[other].id for other in left]
    connection.execute(update(chats).where(chats.c.id.in_(gone)).values(holder=None))
    mine = update(chats).where(chats.c.id == new.id)
    connection.execute(mine.values(holder=holder.id))
    names = ("platform", "account", "event_id", "id", "chat_id", "received_at", "prompt", "outcome")
    row = received(incoming, desk.new_id(), move.chat(token))
    connection.execute(insert(inbox).values(dict(zip(names, row, strict=True))))


def _emptied(move: _Move, token: str, new: Chat) -> list[int]:
    """Take everything from a chat the account has lost; return what was taken."""
    old = move.chat(token)
    unseen = (outbox.c.chat_id == old.id, outbox.c.priority != DELETION)
    move.connection.execute(delete(outbox).where(*unseen))
    mine = select(submissions.c.id).where(submissions.c.chat_id == old.id)
    ids = list(move.connection.scalars(mine.order_by(submissions.c.id)))
    left = move.host.leave(view(move.desk, old))
    moved = move.take(ids, old, new)
    move.tell(token, left)
    move.chat(token).holder = None
    return moved


def reassign(
    connection: Connection, context: Context, host: Host, viewer: Viewer, giver: str, taker: str
) -> int:
    """Give the unfinished forms and the assignments of one account to another.

    Returns how many forms. Raises Denied, AccountRefused. The caller commits.
    """
    rows = {login: managed(connection, viewer, login) for login in sorted({giver, taker})}
    one, other = rows[giver], rows[taker]
    if one.id == other.id or one.role != other.role or other.disabled_at is not None:
        raise AccountRefused("reassign", giver=giver, taker=taker)
    old, to = _chats_of(connection, one.id), _chats_of(connection, other.id)
    if not to:
        raise AccountRefused("no_chat", login=taker)
    new = [*to][-1]
    lock_chats(connection, [*old, new])
    desk = Desk(connection, context, milliseconds(context.now()))
    desk.load([*old, new])
    move = _Move(connection, context, host, desk, old | to)
    moved = [id for token in old for id in _given(move, token, new, one)]
    if moved:
        move.tell(new, host.adopt(view(desk, move.chat(new)), moved))
    move.write(None, moved, new)
    _hand_over(connection, desk.at, one.id, other.id, moved)
    facts = {"to": taker, "forms": len(moved)}
    note(connection, context, viewer, "reassigned", unit=one.unit, account=one.id, **facts)
    return len(moved)


def _given(move: _Move, token: str, new: str, giver: Any) -> list[int]:
    """Take the giver's unfinished work from a chat; it is told once, or not at all.

    Their own form and their family's stay: they filled them in as citizens.
    """
    unfinished = (submissions.c.enumerator == giver.id, submissions.c.status.in_(UNFINISHED))
    mine = select(submissions.c.id).where(submissions.c.chat_id == move.chat(token).id)
    found = mine.where(*unfinished).order_by(submissions.c.id)
    ids = list(move.connection.scalars(found))
    unseen = (outbox.c.submission_id.in_(ids), outbox.c.chat_id == move.chat(token).id)
    move.connection.execute(delete(outbox).where(*unseen, outbox.c.priority != DELETION))
    moved: list[int] = []
    for submission_id in ids:
        old = move.chat(token)
        left = move.host.let_go(view(move.desk, old), submission_id)
        if giver.disabled_at is not None or moved:
            left.outgoing = ()
        taken = move.take([submission_id], old, move.chat(new))
        move.tell(token, left)
        moved += taken
    return moved


def _hand_over(connection: Connection, at: int, one: int, other: int, moved: Sequence[int]) -> None:
    """Let what one account has to do be the other's; what both have is theirs once."""
    theirs = select(assignments).where(assignments.c.ended_at.is_(None))
    kinds = ("unit", "village", "household_id", "person_id")
    held = {
        tuple(getattr(row, kind) for kind in kinds)
        for row in connection.execute(theirs.where(assignments.c.account_id == other))
    }
    for row in connection.execute(theirs.where(assignments.c.account_id == one)).all():
        twice = tuple(getattr(row, kind) for kind in kinds) in held
        change = {"ended_at": at} if twice else {"account_id": other}
        connection.execute(update(assignments).where(assignments.c.id == row.id).values(**change))
    drafts = update(submissions).where(submissions.c.id.in_(moved))
    connection.execute(drafts.values(enumerator=other))
    busy = update(people).where(people.c.draft_id.in_(moved), people.c.draft_by == one)
    connection.execute(busy.values(draft_by=other))
