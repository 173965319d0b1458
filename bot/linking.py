"""A code from one chat typed in another: the draft moves over before the conversation sees it."""

from collections.abc import Callable, Sequence
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

Outcome = Literal["moved", "answer", "code_wrong", "code_tries"]


class Ledger(Intake, Protocol):
    """What the door opens to."""

    def delivered(self, bubble: Delivered) -> None: ...


@dataclass(frozen=True, slots=True)
class Door:
    """Stands before the ledger: what carries a code is a key, everything else a message."""

    conversation: Conversation
    context: Context
    ledger: Ledger

    async def submit(self, incoming: Incoming) -> Sequence[Queued]:
        """Return the bubbles a message caused; those of a draft that moved follow by themselves."""
        code, named = self._code(incoming)
        if not code:
            return await self.ledger.submit(incoming)
        outcome = await self.ledger.write(
            lambda connection: self._try(connection, incoming, code, named)
        )
        if outcome == "moved":
            return []
        if outcome != "answer":
            incoming = replace(incoming, content=Other(outcome))
        return await self.ledger.submit(incoming)

    def delivered(self, bubble: Delivered) -> None:
        self.ledger.delivered(bubble)

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self.ledger.write(work)

    def _code(self, incoming: Incoming) -> tuple[str, bool]:
        """Return six digits, and whether they were called a code; "" when it is none."""
        if not isinstance(incoming.content, Text) or len(incoming.content.text) > LONGEST:
            return "", False
        text = tidy(incoming.content.text)
        words = text.rstrip("0123456789 ")
        digits = text[len(words) :].replace(" ", "")
        if len(digits) != SHORT or not digits.isascii():
            return "", False
        named = tone_fold(words.strip()) in self.conversation.known.texts.words("words.link")
        return (digits, named) if named or not words else ("", False)

    def _try(self, connection: Connection, incoming: Incoming, code: str, named: bool) -> Outcome:
        token = chat_token(self.context.keys, incoming.platform, incoming.account, incoming.chat)
        if not named and _fills_in(connection, token):
            return "answer"
        own = f"codes of {token}"
        limits = [Limit(own, OF_A_CHAT), Limit(EVERYBODY, OF_ALL)]
        shut = [Limit(f"shut: {limit.what}", 1) for limit in limits]
        if closed(connection, self.context, shut):
            return "code_tries"
        bearer = Bearer(incoming, code, lambda _: True, same_person=True)
        if exchange(connection, self.context, self.conversation, bearer):
            return "moved"
        note_tries(connection, self.context, [own, EVERYBODY])
        for limit, door in zip(limits, shut, strict=True):
            if closed(connection, self.context, [limit]):  # for an hour from now on
                note_tries(connection, self.context, [door.what])
        return "code_wrong"


LONGEST: Final = 40


def _fills_in(connection: Connection, token: str) -> bool:
    """True while something is asked about a form: six digits may be an answer, a date for one."""
    asked = (chats.c.submission_id.is_not(None), chats.c.prompt != "")
    opened = select(chats.c.id).where(chats.c.token == token, *asked)
    return connection.execute(opened).first() is not None
