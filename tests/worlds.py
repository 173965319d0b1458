"""Two places for a conversation: JSON texts in memory, and the whole program on a database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Final, Protocol

from bot.content import CURRENT_FORM, form_of, known_of
from bot.conversation import Conversation
from bot.dialogs.messages import Capabilities, Content, Incoming, Outgoing, Text
from bot.dialogs.people import Page, PersonCard, Progress, Search
from bot.dialogs.state import Draft
from storage.turn import ChatView, Decision, Stored
from tests.talks import OFFICE, TODAY, Stage

KNOWN: Final = known_of(OFFICE)


class World(Protocol):
    """Where a conversation is kept."""

    def say(self, content: Content, event_id: str) -> list[Outgoing]: ...
    def say_early(self, text: str, number: int) -> list[Outgoing]: ...
    def restart(self) -> None: ...
    def drafts(self) -> list[Draft | None]: ...
    def receipts(self) -> dict[int, str]: ...


@dataclass(slots=True)
class Memory:
    """The smallest storage there can be: JSON texts of one chat."""

    chat: bytes | None = None
    open: int | None = None
    submissions: dict[int, bytes] = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)
    known_receipts: dict[int, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    at: datetime = TODAY

    def say(self, content: Content, event_id: str) -> list[Outgoing]:
        return self._turn(content, event_id, early=False)

    def say_early(self, text: str, number: int) -> list[Outgoing]:
        return self._turn(Text(text), f"early {number}", early=True)

    def restart(self) -> None:
        """Nothing lives but the JSON."""

    def drafts(self) -> list[Draft | None]:
        known = sorted(self.statuses)
        return [self._draft(id) if id in self.submissions else None for id in known]

    def _draft(self, id: int) -> Draft:
        return Draft.from_document(id, self.submissions[id])

    def receipts(self) -> dict[int, str]:
        return dict(self.known_receipts)

    def receipt(self) -> str:
        return f"{next(self.numbers):09}"

    def find(self, ids: Sequence[int]) -> Mapping[int, Stored]:
        return {
            id: Stored(self.submissions[id], self.statuses[id], None)
            for id in ids
            if id in self.submissions
        }

    def _turn(self, content: Content, event_id: str, *, early: bool) -> list[Outgoing]:
        if event_id in self.seen:
            return []
        self.seen.add(event_id)
        self.at += timedelta(seconds=1)
        sent = self.at - timedelta(minutes=1) if early else self.at
        incoming = Incoming("terminal", "terminal", event_id, "an", content, sent, self.at)
        decision = _CONVERSATION.decide(incoming, self._view(), _Lookup(self))
        self._keep(decision)
        return list(decision.outgoing)

    def _view(self) -> ChatView:
        sent_at, number = self.at - timedelta(milliseconds=1), next(self.numbers)
        if self.open is None or self.open not in self.submissions:
            return ChatView(1, self.chat, None, None, sent_at, number)
        return ChatView(1, self.chat, self.open, self.submissions[self.open], sent_at, number)

    def _keep(self, decision: Decision) -> None:
        self.chat, self.open = decision.chat, decision.submission_id
        for id, document in decision.submissions.items():
            self.submissions[id] = document
            self.statuses.setdefault(id, "draft")
        for id, confirmed in decision.confirmed.items():
            self.statuses[id] = confirmed.status
            self.known_receipts[id] = confirmed.receipt
        self.statuses.update(decision.statuses)
        for id in decision.erased:
            self.submissions.pop(id, None)
            self.statuses[id] = "erased"


@dataclass(frozen=True, slots=True)
class _Lookup:
    memory: Memory

    def submissions(self, ids: Sequence[int]) -> Mapping[int, Stored]:
        return self.memory.find(ids)

    def receipt(self) -> str:
        return self.memory.receipt()

    def short_code(self) -> str:
        return f"{next(self.memory.numbers):06}"

    def linked(self) -> Sequence[str]:
        return []

    def people(self, search: Search) -> Page:
        return Page((), 0)

    def person(self, person_id: int) -> PersonCard | None:
        return None

    def progress(self) -> Progress:
        return Progress(0, 0, 0, 0, 0, 0, 0)


_CONVERSATION: Final = Conversation(
    form_of, CURRENT_FORM, KNOWN, {"terminal": Capabilities("terminal")}
)


@dataclass(slots=True)
class OnDisk:
    """One chat of a whole program."""

    stage: Stage
    chat: str

    def say(self, content: Content, event_id: str) -> list[Outgoing]:
        return self.stage.say(self.chat, content, f"{self.chat} {event_id}")

    def say_early(self, text: str, number: int) -> list[Outgoing]:
        return self.stage.say_early(self.chat, text, number)

    def restart(self) -> None:
        self.stage.restart()

    def drafts(self) -> list[Draft | None]:
        return self.stage.kept(self.chat).drafts

    def receipts(self) -> dict[int, str]:
        found = (draft for draft in self.drafts() if draft and draft.receipt)
        return {draft.id: draft.receipt for draft in found}
