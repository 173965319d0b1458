"""Group commit on PostgreSQL: two transactions at a time in each process, any number of these."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.dialogs.messages import Incoming
from storage.desk import Context
from storage.group import LARGEST_BATCH, LINGER, OnQueued, hand_over
from storage.ledger import commit
from storage.outbox import Delivered, Queued
from storage.turn import Decide

log = logging.getLogger(__name__)

T = TypeVar("T")
FLUSHERS: Final = 2

_Waiting = tuple[Incoming, "asyncio.Future[Sequence[Queued]]"]


class PostgresLedger:
    """One process's way into a PostgreSQL database. Use from one event loop; `start` it first."""

    def __init__(
        self, engine: AsyncEngine, decide: Decide, context: Context, on_queued: OnQueued
    ) -> None:
        self._engine = engine
        self._decide = decide
        self._context = context
        self._on_queued = on_queued
        self._waiting: deque[_Waiting] = deque()
        self._delivered: list[Delivered] = []
        self._busy: set[tuple[str, str, str]] = set()
        self._wake = asyncio.Event()
        self._closing = False
        self._flushers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._flushers = [asyncio.create_task(self._flush()) for _ in range(FLUSHERS)]

    async def submit(self, incoming: Incoming) -> Sequence[Queued]:
        """Return the bubbles a message caused, once they are on the disk; none for a duplicate."""
        answer: asyncio.Future[Sequence[Queued]] = asyncio.get_running_loop().create_future()
        self._waiting.append((incoming, answer))
        self._wake.set()
        return await answer

    async def write(self, write: Callable[[Connection], T]) -> T:
        """Run any other change in a transaction of its own and return what it returns."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(write)

    def delivered(self, bubble: Delivered) -> None:
        """Note that a bubble was sent. On the disk soon: a crash before that repeats it."""
        if not self._delivered:
            asyncio.get_running_loop().call_later(LINGER, self._wake.set)
        self._delivered.append(bubble)

    async def close(self) -> None:
        """Finish what is waiting, then stop."""
        self._closing = True
        self._wake.set()
        await asyncio.gather(*self._flushers)

    async def _flush(self) -> None:
        while True:
            batch = self._take()
            delivered, self._delivered = self._delivered, []
            if batch or delivered:
                await self._commit(batch, delivered)
            elif self._closing and not self._waiting:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    def _take(self) -> list[_Waiting]:
        """Take what waits, but nothing of a chat that the other flusher is busy with."""
        batch: list[_Waiting] = []
        left: deque[_Waiting] = deque()
        while self._waiting and len(batch) < LARGEST_BATCH:
            waiting = self._waiting.popleft()
            (left if _chat(waiting) in self._busy else batch).append(waiting)
        self._waiting.extendleft(reversed(left))
        self._busy.update(map(_chat, batch))
        return batch

    async def _commit(self, batch: list[_Waiting], delivered: list[Delivered]) -> None:
        incoming = [message for message, _ in batch]
        work = partial(_committed, incoming, self._decide, self._context, delivered)
        results: Sequence[Sequence[Queued] | Exception]
        try:
            async with self._engine.connect() as connection:
                results = await _run(connection, work)
        except Exception as error:
            log.critical("batch_not_written", extra={"why": type(error).__name__})
            # A bubble whose note is lost is sent once more when its claim runs out.
            results = [error] * len(batch)
        finally:
            self._busy.difference_update(map(_chat, batch))
            self._wake.set()
        answers = [answer for _, answer in batch]
        hand_over(list(zip(answers, results, strict=True)), self._on_queued)


async def _run(
    connection: AsyncConnection, work: Callable[[Connection], Sequence[Sequence[Queued]]]
) -> Sequence[Sequence[Queued]]:
    return await connection.run_sync(work)


def _committed(
    batch: Sequence[Incoming],
    decide: Decide,
    context: Context,
    delivered: Sequence[Delivered],
    connection: Connection,
) -> Sequence[Sequence[Queued]]:
    return commit(connection, batch, decide, context, delivered=delivered).queued


def _chat(waiting: _Waiting) -> tuple[str, str, str]:
    incoming = waiting[0]
    return incoming.platform, incoming.account, incoming.chat
