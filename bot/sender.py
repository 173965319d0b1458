"""Outbox -> platforms that push: in order for each chat, again when they are busy, never lost.

What is to be sent stands in the outbox until the platform took it. A bubble may go out twice
after a crash; none is forgotten.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final, TypeVar

from sqlalchemy import Connection

from bot.pacing import Pace
from bot.ports import Clock, Entropy, Platform, Revoked, TryLater, Unreachable
from bot.stopping import unless_stopped
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
from storage.statements import DELETION, REPLY

log = logging.getLogger(__name__)

T = TypeVar("T")
Ledger = SqliteLedger | PostgresLedger

POLL: Final = 2.0
"""Seconds between two looks for bubbles that nobody announced: retries, other processes."""
AT_ONCE: Final = 20
"""Deliveries of one bot on their way at the same time: a platform that hangs holds up no other."""
PATIENCE: Final = 20.0
"""Seconds a platform has to take a bubble."""
FRESH: Final = LEASE.total_seconds() - 2 * PATIENCE
"""Seconds after which a claimed bubble is given back instead of sent: the lease must outlast it."""
FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(hours=1)
PAGE: Final = 100
IN_HAND: Final = timedelta(seconds=10)
"""How long a reply may wait here for its slot; what waits longer waits in the outbox."""
IN_A_ROW: Final = 2
"""Times a bot is asked to wait before all of its chats do."""
CLOSED_FOR: Final = timedelta(minutes=10)
"""Between two tries of a bot whose token was refused."""

Bot = tuple[str, str]
"""Platform and account."""
Change = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class _Claimed:
    bubble: Queued
    since: float
    """Seconds, monotonic."""

    @property
    def old(self) -> bool:
        return monotonic() - self.since > FRESH


@dataclass(slots=True)
class Sender:
    """Call `queued` for what was just committed; `start` finds the rest by itself."""

    platforms: Mapping[str, Platform]
    keys: Keys
    worker: str
    now: Clock
    random: Entropy
    poll: float = POLL
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    unit: str | None = None
    """Commune whose chats are served; None: all."""
    _ledger: Ledger | None = field(default=None)
    _chats: dict[int, deque[_Claimed]] = field(default_factory=dict)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _gates: defaultdict[Bot, asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
    )
    _paces: dict[Bot, Pace] = field(default_factory=dict)
    _parked: dict[Bot, datetime] = field(default_factory=dict)
    _refused: dict[Bot, int] = field(default_factory=dict)
    """Times in a row that a bot was asked to wait."""
    _revoked: set[Bot] = field(default_factory=set)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _poller: "asyncio.Task[None] | None" = field(default=None)

    @property
    def pushing(self) -> tuple[str, ...]:
        """Names of the platforms that want their bubbles brought."""
        return tuple(name for name, platform in self.platforms.items() if platform.pushes)

    @property
    def revoked(self) -> frozenset[Bot]:
        """The bots whose platform does not let them in any more."""
        return frozenset(self._revoked)

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
            unit=self.unit,
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
            if self._stopping.is_set() or claimed.old:
                break
            change = await self._deliver(claimed)
            waiting.popleft()
            if change is not None and not await self._settle(change):
                break
        # Nothing is awaited between here and the end: what comes now gets a task of its own.
        left = [claimed.bubble.id for claimed in waiting]
        del self._chats[chat_id]
        if left:
            await self._settle(partial(give_back, ids=left))

    async def _deliver(self, claimed: _Claimed) -> Change | None:
        """Bring one bubble; return what is to be written when the platform did not take it."""
        bubble = claimed.bubble
        bot = (bubble.platform, bubble.account)
        put_off = await self._slot(bubble)
        async with self._gates[bot]:
            if claimed.old:
                return partial(give_back, ids=[bubble.id])
            put_off = put_off or self._parked_until(bot)
            if put_off is not None:
                return partial(retry_later, outbox_id=bubble.id, not_before=put_off, tried=False)
            return await self._brought(bot, bubble)

    async def _brought(self, bot: Bot, bubble: Queued) -> Change | None:
        platform = self.platforms[bubble.platform]
        try:
            async with asyncio.timeout(PATIENCE):
                at = await platform.deliver(bubble.account, bubble.chat, bubble.outgoing)
        except Unreachable:
            return self._given_up(bubble)
        except TryLater as error:
            return self._asked_to_wait(bot, bubble, error.wait)
        except Revoked:
            return self._shut_out(bot, bubble)
        except Exception as error:
            log.error("not_delivered", extra={"bubble": bubble.id, "why": type(error).__name__})
            return self._later(bubble, FIRST_WAIT)
        self._refused.pop(bot, None)
        self._revoked.discard(bot)
        assert self._ledger is not None  # noqa: S101 - started before anything is queued
        self._ledger.delivered(Delivered(bubble.id, bubble.chat_id, at))
        return None

    async def _slot(self, bubble: Queued) -> datetime | None:
        """Wait for the bubble's slot; or return until when it is to stand in the outbox."""
        bot, now = (bubble.platform, bubble.account), self.now()
        parked = self._parked_until(bot)
        if parked is not None:
            return parked
        able = self.platforms[bubble.platform].capabilities
        pace = self._paces.setdefault(bot, Pace(able))
        # What is sent to many takes a free slot or none: it never stands before a reply.
        patience = IN_HAND if bubble.priority in {REPLY, DELETION} else timedelta()
        wait = pace.book(bubble.chat_id, now, patience=patience)
        if wait > patience:
            return now + wait
        return await self._hold(wait) if wait else None

    def _parked_until(self, bot: Bot) -> datetime | None:
        """Return until when everything of a bot waits, None when nothing does."""
        parked = self._parked.get(bot)
        if parked is not None and self.now() >= parked:
            del self._parked[bot]
            return None
        return parked

    async def _hold(self, wait: timedelta) -> datetime | None:
        """Wait in hand; told to stop, return that the bubble goes back at once."""
        await unless_stopped(self.sleep(wait.total_seconds()), self._stopping)
        return self.now() if self._stopping.is_set() else None

    def _asked_to_wait(self, bot: Bot, bubble: Queued, wait: timedelta) -> Change:
        """Put the bubble off; after a second refusal in a row, everything of this bot."""
        self._refused[bot] = self._refused.get(bot, 0) + 1
        if self._refused[bot] >= IN_A_ROW:
            self._parked[bot] = self.now() + wait
        return self._later(bubble, wait)

    def _shut_out(self, bot: Bot, bubble: Queued) -> Change:
        """Keep what this bot has to say; the others go on."""
        log.error("revoked", extra={"why": bot[0]})
        self._revoked.add(bot)
        until = self._parked[bot] = self.now() + CLOSED_FOR
        return partial(retry_later, outbox_id=bubble.id, not_before=until, tried=False)

    def _given_up(self, bubble: Queued) -> Change:
        """A message that could not be deleted is listed; its chat is as reachable as before."""
        deletion = bubble.outgoing.kind == "delete"
        why = "not_deleted" if deletion else "unreachable"
        return partial(give_up, outbox_id=bubble.id, why=why, at=self.now(), chat_lost=not deletion)

    def _later(self, bubble: Queued, wait: timedelta) -> Change:
        now = self.now()
        if bubble.outgoing.kind == "delete" and now - made_at(bubble.id) >= DELETABLE:
            return self._given_up(bubble)
        when = now + backoff(wait, bubble.attempts, self.random)
        return partial(retry_later, outbox_id=bubble.id, not_before=when)

    async def _settle(self, change: Change) -> bool:
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
