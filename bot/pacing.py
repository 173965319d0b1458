"""How fast a platform may be written to: a slot for every bubble, booked in order.

The generic cell rate algorithm (ITU-T I.371), once for a bot and once for each of its chats.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.dialogs.messages import Capabilities

MOST_CHATS: Final = 50_000
"""Chats whose last slot is remembered; those longest unused are forgotten first."""
AT_ONCE: Final = 3
"""Bubbles one chat may get in a row before it has to wait."""
NOTHING: Final = timedelta()


@dataclass(slots=True)
class _Line:
    """One limit: `every` apart in the long run, up to `credit` early."""

    every: timedelta
    credit: timedelta
    due: datetime

    def free_at(self, now: datetime) -> datetime:
        return max(now, self.due - self.credit)

    def book(self, at: datetime) -> None:
        self.due = max(self.due, at) + self.every


@dataclass(slots=True)
class Pace:
    """The slots of one bot. Nothing is limited where the platform's capabilities say 0."""

    capabilities: Capabilities
    _all: _Line | None = None
    _chats: "OrderedDict[int, _Line]" = field(default_factory=OrderedDict)

    def book(self, chat_id: int, now: datetime, *, patience: timedelta) -> timedelta:
        """Return how long the next bubble of this chat has to wait; booked if within `patience`."""
        lines = self._lines(chat_id, now)
        at = max((line.free_at(now) for line in lines), default=now)
        wait = at - now
        if wait <= patience:
            for line in lines:
                line.book(at)
        return wait

    def _lines(self, chat_id: int, now: datetime) -> list[_Line]:
        lines = []
        if self.capabilities.per_second:
            every = timedelta(seconds=1 / self.capabilities.per_second)
            self._all = self._all or _Line(every, NOTHING, now)
            lines.append(self._all)
        if self.capabilities.per_chat:
            lines.append(
                self._chat(chat_id, timedelta(seconds=1 / self.capabilities.per_chat), now)
            )
        return lines

    def _chat(self, chat_id: int, every: timedelta, now: datetime) -> _Line:
        line = self._chats.pop(chat_id, None) or _Line(every, every * (AT_ONCE - 1), now)
        self._chats[chat_id] = line
        if len(self._chats) > MOST_CHATS:
            self._chats.popitem(last=False)
        return line
