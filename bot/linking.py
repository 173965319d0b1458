"""The door before the ledger: a code carries a draft from chat to chat, or invites to work here."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection, select

from bot.conversation import Conversation
from bot.dialogs.messages import Incoming, Other, Text
from bot.dialogs.readers.characters import tidy, tone_fold
from bot.ports import Intake
from storage.codes import SHORT
from storage.desk import Context
from storage.exchange import Bearer, exchange
from storage.invites import read_invite
from storage.joining import Outcome as Joined
from storage.joining import join
from storage.ledger import chat_token
from storage.outbox import Delivered, Queued
from storage.tables import chats
from storage.tries import Limit, closed, note_tries

T = TypeVar("T")

OF_A_CHAT: Final = 5
"""Wrong codes of one chat in an hour."""
OF_ALL: Final = 100
"""Wrong codes of everybody in an hour: a million numbers are soon tried by many."""
EVERYBODY: Final = "codes of everybody"
LONGEST: Final = 60
"""Characters of a message with a code."""
CODE_LIKE: Final = re.compile(r"(?=.*[0-9])[0-9A-Za-z .–—-]{12,}")
"""What stands after a word for invitations and may be a code, mistyped."""

Opened = Literal["moved", "code_wrong", "invite_wrong", "invite_taken"]
Outcome = Literal[Opened, "answer", "code_tries"]
JOINED: Final[Mapping[Joined, Opened]] = {
    "joined": "moved",
    "wrong": "invite_wrong",
    "taken": "invite_taken",
}


class Ledger(Intake, Protocol):
    """What the door opens to."""

    def delivered(self, bubble: Delivered) -> None: ...


@dataclass(frozen=True, slots=True)
class Carried:
    """A code in a message. `code` is "" when it is mistyped; `named`: it was called a code."""

    code: str
    named: bool
    invites: bool


@dataclass(frozen=True, slots=True)
class Door:
    """Stands before the ledger: what carries a code is a key, everything else a message."""

    locks: "Locks"
    ledger: Ledger

    async def submit(self, incoming: Incoming) -> Sequence[Queued]:
        """Return the bubbles a message caused; those of what a code opened follow by themselves."""
        carried = self.locks.carried(incoming)
        if carried is None:
            return await self.ledger.submit(incoming)
        outcome = await self.ledger.write(
            lambda connection: self.locks.attempt(connection, incoming, carried)
        )
        if outcome == "moved":
            return []
        return await self.ledger.submit(told(incoming, outcome))

    def delivered(self, bubble: Delivered) -> None:
        self.ledger.delivered(bubble)

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self.ledger.write(work)


def told(incoming: Incoming, outcome: Outcome) -> Incoming:
    """Return the message as the conversation gets it whose code did not open anything."""
    if outcome == "answer" or outcome == "moved":  # noqa: PLR1714 - mypy narrows only this
        return incoming
    return replace(incoming, content=Other(outcome))


@dataclass(frozen=True, slots=True)
class Locks:
    """What codes open, whoever stands at the door."""

    conversation: Conversation
    context: Context

    def carried(self, incoming: Incoming) -> Carried | None:
        """Return the code in a message, None when it is a message like any other."""
        if not isinstance(incoming.content, Text) or len(incoming.content.text) > LONGEST:
            return None
        text = tidy(incoming.content.text)
        return self._short(text) or self._invitation(text)

    def _short(self, text: str) -> Carried | None:
        """Return six digits, alone or after a word for codes."""
        words = text.rstrip("0123456789 ")
        digits = text[len(words) :].replace(" ", "")
        if len(digits) != SHORT or not digits.isascii():
            return None
        named = tone_fold(words.strip()) in self._words("words.link")
        return Carried(digits, named, False) if named or not words else None

    def _invitation(self, text: str) -> Carried | None:
        """Return the code of an invitation, alone or after a word for those."""
        for word in self._words("words.invite"):
            rest = text[len(word) :].strip()
            if tone_fold(text[: len(word)]) == word and CODE_LIKE.fullmatch(rest):
                return Carried(read_invite(rest) or "", True, True)
        code = read_invite(text) if CODE_LIKE.fullmatch(text) else None
        return Carried(code, False, True) if code else None

    def _words(self, key: str) -> Sequence[str]:
        return self.conversation.known.texts.words(key)

    def attempt(self, connection: Connection, incoming: Incoming, carried: Carried) -> Outcome:
        """Try what the code opens; wrong ones are counted. The caller commits in any case."""
        token = chat_token(self.context.keys, incoming.platform, incoming.account, incoming.chat)
        if not carried.named and _fills_in(connection, token):
            return "answer"
        own = f"codes of {token}"
        limits = [Limit(own, OF_A_CHAT), Limit(EVERYBODY, OF_ALL)]
        shut = [Limit(f"shut: {limit.what}", 1) for limit in limits]
        if closed(connection, self.context, shut):
            return "code_tries"
        outcome = self._opened(connection, incoming, carried)
        if outcome in {"moved", "invite_taken"}:
            return outcome
        note_tries(connection, self.context, [own, EVERYBODY])
        for limit, door in zip(limits, shut, strict=True):
            if closed(connection, self.context, [limit]):  # for an hour from now on
                note_tries(connection, self.context, [door.what])
        return outcome

    def _opened(self, connection: Connection, incoming: Incoming, carried: Carried) -> Opened:
        """Use the code, and say what came of it."""
        if not carried.invites:
            bearer = Bearer(incoming, carried.code, lambda _: True, same_person=True)
            moved = exchange(connection, self.context, self.conversation, bearer)
            return "moved" if moved else "code_wrong"
        if not carried.code:
            return "invite_wrong"
        joined = join(connection, self.context, self.conversation, incoming, carried.code)
        return JOINED[joined]


def _fills_in(connection: Connection, token: str) -> bool:
    """True while something is asked about a form: six digits may be an answer, a date for one."""
    asked = (chats.c.submission_id.is_not(None), chats.c.prompt != "")
    opened = select(chats.c.id).where(chats.c.token == token, *asked)
    return connection.execute(opened).first() is not None
