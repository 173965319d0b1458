"""The updates of one bot that it has not confirmed, in the order of their ids.

Time comes in as an argument. What is older than Telegram keeps it is gone, confirmed or not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

KEPT: Final = timedelta(hours=24)
CALLBACK_KEPT: Final = timedelta(seconds=150)
"""A press of a button is of no use later; the vendor's own server drops it after so long."""
FUTURE: Final = 10
"""An offset further than this beyond the newest id is ignored, as the vendor's server does."""
NOT_BY_DEFAULT: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})

Update = dict[str, Any]
Order = Callable[[Sequence["Pending"]], Sequence["Pending"]]


@dataclass(slots=True, eq=False)
class Pending:
    """One update, and what its delivery by webhook has come to."""

    update: Update
    chat: int
    expires: datetime
    due: datetime
    fails: int = 0
    delay: int = 1
    """Seconds until the next try, unless the answer named another time."""
    in_flight: bool = False

    @property
    def id(self) -> int:
        return int(self.update["update_id"])

    @property
    def kind(self) -> str:
        return next(name for name in self.update if name != "update_id")


@dataclass(slots=True)
class Queue:
    """Put updates in with `put`; poll with `read`; a webhook takes them from `due`."""

    next_id: int = 700_000_001
    allowed: frozenset[str] = frozenset()
    """Kinds the bot asked for; empty: all but those nobody gets by default."""
    callback_kept: timedelta = CALLBACK_KEPT
    order: Order = tuple
    """A test may turn the order of what is delivered."""
    lost: list[Update] = field(default_factory=list)
    """What nobody fetched in time, or a bot dropped without reading."""
    _pending: dict[int, Pending] = field(default_factory=dict)
    _known: dict[int, Pending] = field(default_factory=dict)
    _again: list[Pending] = field(default_factory=list)
    _late: list[tuple[datetime, str, dict[str, Any], int]] = field(default_factory=list)

    def put(self, kind: str, body: dict[str, Any], chat: int, now: datetime) -> int | None:
        """Queue an update and return its id; None when the bot does not want this kind."""
        if kind not in self.allowed if self.allowed else kind in NOT_BY_DEFAULT:
            return None
        update = {"update_id": self.next_id, kind: body}
        return self.put_raw(update, chat, now)

    def put_raw(self, update: Update, chat: int, now: datetime) -> int:
        """Queue an update just as it is, under its own id."""
        number = int(update["update_id"])
        kept = self.callback_kept if "callback_query" in update else KEPT
        one = Pending(update, chat, now + kept, now)
        self._pending[number] = self._known[number] = one
        self.next_id = number + 1
        return number

    def put_late(self, at: datetime, kind: str, body: dict[str, Any], chat: int) -> None:
        """Queue an update that Telegram has only at an instant to come."""
        self._late.append((at, kind, body, chat))

    def again(self, update_id: int) -> None:
        """Deliver an update once more, confirmed or not."""
        self._again.append(replace(self._known[update_id], in_flight=False))

    def confirm(self, update_id: int) -> None:
        """Forget one update, which a webhook took."""
        self._pending.pop(update_id, None)

    def clear(self) -> None:
        """Forget all of them, as `drop_pending_updates` asks."""
        self.lost += [one.update for one in self._pending.values()]
        self._pending.clear()

    def read(self, offset: int, limit: int, now: datetime) -> list[Update]:
        """Return up to `limit` updates from `offset` on; all before it are confirmed by this."""
        self.look(now)
        if offset < 0:
            last = sorted(self._pending)[offset:]
            offset = last[0] if last else 0
        if offset <= self.next_id + FUTURE:
            for number in [one for one in self._pending if one < offset]:
                self.confirm(number)
        again, self._again = self._again, []
        batch = [self._pending[number] for number in sorted(self._pending)][:limit]
        return [one.update for one in [*again, *self.order(batch)]][:limit]

    def due(self, now: datetime) -> list[Pending]:
        """Return what a webhook should be brought now; `take` it to bring it."""
        self.look(now)
        ready = [self._pending[number] for number in sorted(self._pending)]
        ready = [one for one in ready if one.due <= now and not one.in_flight]
        return [*self._again, *self.order(ready)]

    def take(self, one: Pending) -> None:
        """Note that this one is on its way."""
        one.in_flight = True
        self._again = [other for other in self._again if other is not one]

    def look(self, now: datetime) -> None:
        """Let time do its work: late updates arrive, old ones go."""
        arrived = [one for one in self._late if one[0] <= now]
        self._late = [one for one in self._late if one[0] > now]
        for _, kind, body, chat in arrived:
            self.put(kind, body, chat, now)
        for one in [one for one in self._pending.values() if one.expires <= now]:
            self.lost.append(one.update)
            self.confirm(one.id)

    def waiting(self) -> list[Update]:
        """Return what is not confirmed, oldest first."""
        return [self._pending[number].update for number in sorted(self._pending)]
