"""Outbox -> platforms that push: in order for each chat, again when they are busy, never lost.

What is to be sent stands in the outbox until the platform took it. A bubble may go out twice
after a crash; none is forgotten.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Final, TypeVar

from sqlalchemy import Connection

from bot.ports import Clock, Entropy, Platform, TryLater, Unreachable
from storage.group import SqliteLedger
from storage.ids import made_at
from storage.outbox import (
    DELETABLE,
    LEASE,
    Delivered,
    Queued,
    give_back,
    give_up,
    pending,
    retry_later,
)
from storage.postgres import PostgresLedger
from storage.sealed import Keys

log = logging.getLogger(__name__)

T = TypeVar("T")
Ledger = SqliteLedger | PostgresLedger

POLL: Final = 2.0
"""Seconds between two looks for bubbles that nobody announced: retries, other processes."""
AT_ONCE: Final = 20
"""Deliveries on their way at the same time."""
PATIENCE: Final = 20.0
"""Seconds a platform has to take a bubble."""
FRESH: Final = LEASE.total_seconds() - 2 * PATIENCE
"""Seconds after which a claimed bubble is given back instead of sent: the lease must outlast it."""
FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(hours=1)
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class _Claimed:
    bubble: Queued
    since: float
    """Seconds, monotonic."""


@dataclass(slots=True)
class Sender:
    """Call `queued` for what was just committed; `start` finds the rest by itself."""

    platforms: Mapping[str, Platform]
    keys: Keys
    worker: str
    now: Clock
    random: Entropy
    poll: float = POLL
    _ledger: Ledger | None = field(default=None)
    _chats: dict[int, deque[_Claimed]] = field(default_factory=dict)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _poller: "asyncio.Task[None] | None" = field(default=None)

    @property
    def pushing(self) -> tuple[str, ...]:
        """Names of the platforms that want their bubbles brought."""
        return tuple(name for name, platform in self.platforms.items() if platform.pushes)

    def queued(self, bubbles: Sequence[Queued]) -> None:
        """Send bubbles this process has claimed. To be called on the event loop."""
        for bubble in bubbles:
            if bubble.platform in self.pushing:
                self._line_up(bubble)

    def start(self, ledger: Ledger) -> None:
        """Begin to look into the outbox; what an earlier process left goes out at once."""
        self._ledger = ledger
        if self.pushing:
            self._poller = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Finish the deliveries on their way and give the rest back."""
        self._stopping.set()
        if self._poller is not None:
            await self._poller
        await asyncio.gather(*self._tasks)

    async def _look(self) -> None:
        while not self._stopping.is_set():
            found: Sequence[Queued] = ()
            try:
                found = await self._write(self._claim)
            except Exception as error:
                log.error("outbox_unreadable", extra={"why": type(error).__name__})
            self.queued(found)
            if len(found) < PAGE:
                await self._pause()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), self.poll)
        except TimeoutError:
            return

    def _claim(self, connection: Connection) -> list[Queued]:
        return pending(
            connection,
            self.keys,
            worker=self.worker,
            now=self.now(),
            limit=PAGE,
            platforms=self.pushing,
        )

    def _line_up(self, bubble: Queued) -> None:
        """Put a bubble behind those of its chat; one task at a time serves a chat."""
        waiting = self._chats.get(bubble.chat_id)
        if waiting is not None:
            waiting.append(_Claimed(bubble, monotonic()))
            return
        self._chats[bubble.chat_id] = deque([_Claimed(bubble, monotonic())])
        task = asyncio.create_task(self._serve(bubble.chat_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, chat_id: int) -> None:
        """Send what a chat has waiting, one after another, until one has to wait."""
        waiting = self._chats[chat_id]
        while waiting:
            claimed = waiting[0]
            if self._stopping.is_set() or monotonic() - claimed.since > FRESH:
                break
            change = await self._deliver(claimed.bubble)
            waiting.popleft()
            if change is not None and not await self._settle(change):
                break
        # Nothing is awaited between here and the end: what comes now gets a task of its own.
        left = [claimed.bubble.id for claimed in waiting]
        del self._chats[chat_id]
        if left:
            await self._settle(partial(give_back, ids=left))

    async def _deliver(self, bubble: Queued) -> Callable[[Connection], None] | None:
        """Bring one bubble; return what is to be written when the platform did not take it."""
        platform = self.platforms[bubble.platform]
        try:
            async with self._gate, asyncio.timeout(PATIENCE):
                at = await platform.deliver(bubble.account, bubble.chat, bubble.outgoing)
        except Unreachable:
            return self._given_up(bubble)
        except TryLater as error:
            return self._later(bubble, error.wait)
        except Exception as error:
            log.error("not_delivered", extra={"bubble": bubble.id, "why": type(error).__name__})
            return self._later(bubble, FIRST_WAIT)
        assert self._ledger is not None  # noqa: S101 - started before anything is queued
        self._ledger.delivered(Delivered(bubble.id, bubble.chat_id, at))
        return None

    def _given_up(self, bubble: Queued) -> Callable[[Connection], None]:
        """A message that could not be deleted is listed; its chat is as reachable as before."""
        deletion = bubble.outgoing.kind == "delete"
        why = "not_deleted" if deletion else "unreachable"
        return partial(give_up, outbox_id=bubble.id, why=why, at=self.now(), chat_lost=not deletion)

    def _later(self, bubble: Queued, wait: timedelta) -> Callable[[Connection], None]:
        now = self.now()
        if bubble.outgoing.kind == "delete" and now - made_at(bubble.id) >= DELETABLE:
            return self._given_up(bubble)
        when = now + backoff(wait, bubble.attempts, self.random)
        return partial(retry_later, outbox_id=bubble.id, not_before=when)

    async def _settle(self, change: Callable[[Connection], None]) -> bool:
        """Write a change; tell whether the next bubble of the chat may follow."""
        try:
            await self._write(change)
        except Exception as error:
            # The claim runs out by itself, then somebody takes the bubble up again.
            log.error("outbox_not_written", extra={"why": type(error).__name__})
            return False
        return isinstance(change, partial) and change.func is give_up

    async def _write(self, change: Callable[[Connection], T]) -> T:
        assert self._ledger is not None  # noqa: S101 - started before anything is queued
        return await self._ledger.write(change)


def backoff(wait: timedelta, attempts: int, random: Entropy) -> timedelta:
    """Return how long to wait: what was asked for or twice as long each time, and up to half more.

    The extra half is drawn by chance, so that not all chats come back at one moment.
    """
    doubled = FIRST_WAIT * (1 << min(attempts, 12))
    base = min(max(wait, doubled), max(LONGEST_WAIT, wait))
    return base + base * (random(1)[0] / 510)
