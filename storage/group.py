"""Group commit on SQLite: one writer thread, whatever is waiting goes into one transaction."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, Engine

from bot.dialogs.messages import Incoming
from storage.desk import Context
from storage.ledger import commit
from storage.outbox import Delivered, Queued
from storage.turn import Decide

log = logging.getLogger(__name__)

T = TypeVar("T")

LARGEST_BATCH: Final = 200
LINGER: Final = 0.05
"""Seconds that a note of delivery may wait for a message to share its commit with."""

PURGE_AGAIN: Final = 1.0
"""Seconds until the log is tried again that a reader kept from being emptied."""

OnQueued = Callable[[Sequence[Queued]], None]
"""Given the bubbles this process is to send, on the event loop, after the commit."""


class _Message(Struct, frozen=True):
    incoming: Incoming
    answer: "asyncio.Future[Sequence[Queued]] | Future[Sequence[Queued]]"


class _Write(Struct, frozen=True):
    write: Callable[[Connection], Any]
    answer: Future[Any]


_Job = _Message | _Write | Delivered | None


class LedgerClosed(Exception):
    """Nothing more is written: the ledger was closed, or its disk failed."""


class SqliteLedger:
    """The only writer of a SQLite file."""

    def __init__(
        self, engine: Engine, decide: Decide, context: Context, on_queued: OnQueued
    ) -> None:
        self._connection = engine.connect()
        self._decide = decide
        self._context = context
        self._on_queued = on_queued
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._delivered: list[Delivered] = []
        self._purge = False
        self._closed = False
        self._door = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    async def submit(self, incoming: Incoming) -> Sequence[Queued]:
        """Return the bubbles a message caused, once they are on the disk; none for a duplicate."""
        answer: asyncio.Future[Sequence[Queued]] = asyncio.get_running_loop().create_future()
        self._put(_Message(incoming, answer))
        return await answer

    def submit_now(self, incoming: Incoming) -> Sequence[Queued]:
        """The same without an event loop. The caller delivers the bubbles itself."""
        answer: Future[Sequence[Queued]] = Future()
        self._put(_Message(incoming, answer))
        return answer.result()

    async def write(self, write: Callable[[Connection], T]) -> T:
        """Run any other change in a transaction of its own and return what it returns."""
        return await asyncio.wrap_future(self._write(write))

    def write_now(self, write: Callable[[Connection], T]) -> T:
        return self._write(write).result()

    def _write(self, write: Callable[[Connection], T]) -> Future[T]:
        answer: Future[T] = Future()
        self._put(_Write(write, answer))
        return answer

    def delivered(self, bubble: Delivered) -> None:
        """Note that a bubble was sent. On the disk soon: a crash before that repeats it."""
        self._put(bubble)

    def close(self) -> None:
        """Finish what is waiting, then stop."""
        self._jobs.put(None)
        self._thread.join()

    @property
    def closed(self) -> bool:
        return self._closed

    def _put(self, job: _Job) -> None:
        with self._door:
            if self._closed:
                raise LedgerClosed
            self._jobs.put(job)

    def _run(self) -> None:
        with self._connection:
            while self._serve(self._connection):
                pass
        with self._door:
            self._closed = True
        while not self._jobs.empty():
            job = self._jobs.get()
            if isinstance(job, _Message | _Write):
                self._answer([(job.answer, LedgerClosed())])

    def _serve(self, connection: Connection) -> bool:
        """Write what is waiting; False: that was all."""
        messages, writes, running = self._gather()
        healthy = self._commit(connection, messages)
        for write in writes:
            _perform(connection, write)
        if self._purge:
            self._purge = not empty_log(connection)
        return running and healthy

    def _gather(self) -> tuple[list[_Message], list[_Write], bool]:
        """Wait for work and take all there is. A write ends a batch: it comes after it."""
        messages: list[_Message] = []
        writes: list[_Write] = []
        deadline = monotonic() + PURGE_AGAIN if self._purge else None
        while len(messages) < LARGEST_BATCH and not writes:
            try:
                job = self._next(deadline if not messages else 0)
            except Empty:
                break
            match job:
                case None:
                    return messages, writes, False
                case _Message():
                    messages.append(job)
                case _Write():
                    writes.append(job)
                case Delivered():
                    self._delivered.append(job)
                    deadline = deadline or monotonic() + LINGER
        return messages, writes, True

    def _next(self, deadline: float | None) -> _Job:
        """Return the next job. Raises Empty when there is none until `deadline`."""
        if deadline is None:
            return self._jobs.get()
        try:
            return self._jobs.get_nowait()
        except Empty:
            left = deadline - monotonic()
            if left <= 0:
                raise
        return self._jobs.get(timeout=left)

    def _commit(self, connection: Connection, messages: Sequence[_Message]) -> bool:
        """Commit and answer. False when the disk failed: what it kept is then unknown."""
        if not messages and not self._delivered:
            return True
        batch = [message.incoming for message in messages]
        try:
            done = commit(connection, batch, self._decide, self._context, delivered=self._delivered)
        except Exception as error:
            log.critical("batch_not_written", extra={"why": type(error).__name__})
            # The delivery notes stay and are tried again; the platforms send the messages again.
            self._answer([(message.answer, error) for message in messages])
            return "disk I/O error" not in str(error)
        self._delivered = []
        self._purge = self._purge or done.erased
        answers = [message.answer for message in messages]
        self._answer(list(zip(answers, done.queued, strict=True)))
        return True

    def _answer(self, answers: Sequence[tuple[Any, Any]]) -> None:
        """Wake everybody who waits: on an event loop with one call for all of them."""
        loops: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any]]] = {}
        for answer, result in answers:
            if isinstance(answer, Future):
                _resolve(answer, result)
            else:
                loops.setdefault(answer.get_loop(), []).append((answer, result))
        for loop, waiting in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(hand_over, waiting, self._on_queued)


def empty_log(connection: Connection) -> bool:
    """Empty the write-ahead log, where an erased key still stands; False: a reader is in the way.

    It does not wait for the reader: the people who write would wait too.
    """
    cursor = connection.connection.cursor()
    (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    cursor.execute("PRAGMA busy_timeout = 0")
    busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    cursor.execute(f"PRAGMA busy_timeout = {patience}")
    cursor.close()
    return not busy


def hand_over(answers: Sequence[tuple[Any, Any]], on_queued: OnQueued) -> None:
    """Give the bubbles to the sender, then wake those who wait for their messages."""
    for answer, result in answers:
        if not isinstance(result, Exception):
            mine = [bubble for bubble in result if bubble.claimed]
            if mine:
                on_queued(mine)
        if not answer.done():  # cancelled: who asked has gone, what was written stays
            _resolve(answer, result)


def _resolve(answer: Any, result: Any) -> None:
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)


def _perform(connection: Connection, job: _Write) -> None:
    try:
        with connection.begin():
            result = job.write(connection)
    except Exception as error:
        job.answer.set_exception(error)
    else:
        job.answer.set_result(result)
