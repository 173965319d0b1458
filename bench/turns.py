"""The complete turn, whole surveys to the receipt, against raw commits and aiogram's FSM."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from os import urandom
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from bench.aiogram_fsm import play_aiogram
from bench.figures import Figures, Scale, percentile
from bench.homes import Desk, folder, now, opened, place, postgres
from bench.survey import survey_lines
from bot.app import Place
from bot.dialogs.messages import Incoming, Outgoing, Text
from storage.ids import new_name

MANY: Final = 100
"""Chats in flight, each waiting for its answer before it writes again."""
_numbers = count(1)


@dataclass(slots=True)
class Run:
    """What a number of turns took."""

    seconds: float = 0
    cpu: float = 0
    """Seconds of this process; a PostgreSQL server counts its own."""
    latencies: list[float] = field(default_factory=list)
    """Seconds from the message to its durable answer."""

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def cpu_each(self) -> float:
        """Microseconds of CPU per turn."""
        return self.cpu / len(self.latencies) * 1e6


class NoReceipt(AssertionError):
    """A survey did not end with a receipt: what was measured is not the job."""


async def play(desk: Desk, forms: int, in_flight: int) -> Run:
    """Fill in `forms` forms, each in a new chat, `in_flight` at a time."""
    run, numbers = Run(), iter([next(_numbers) for _ in range(forms)])
    start, cpu = perf_counter(), process_time()
    await asyncio.gather(*(_people(desk, numbers, run) for _ in range(in_flight)))
    run.seconds, run.cpu = perf_counter() - start, process_time() - cpu
    return run


async def _people(desk: Desk, numbers: Iterator[int], run: Run) -> None:
    for number in numbers:
        shown = Outgoing("info", "")
        for line in survey_lines(number):
            start, at = perf_counter(), now()
            # As on the web, a message says what was on the screen.
            content, key = Text(line, shown.prompt), new_name(at, urandom)
            incoming = Incoming("web", "bench", key, f"chat {number}", content, at, at)
            queued = await desk.ledger.submit(incoming)
            run.latencies.append(perf_counter() - start)
            shown = queued[-1].outgoing
        if shown.receipt is None:
            raise NoReceipt(f"form {number}")


def played(where: Place, forms: int, in_flight: int) -> Run:
    async def measured() -> Run:
        async with opened(where) as desk:
            await play(desk, in_flight, in_flight)  # warm
            return await play(desk, forms, in_flight)

    return asyncio.run(measured())


def raw_commits(data: Path, commits: int) -> float:
    """Return single-row commits per second of the sqlite3 module alone, WAL and FULL."""
    with closing(sqlite3.connect(data / "raw.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, text TEXT)")
        start = perf_counter()
        for _ in range(commits):
            connection.execute("INSERT INTO row (text) VALUES (?)", ("x" * 100,))
        return commits / (perf_counter() - start)


def measure(scale: Scale) -> Figures:
    """Return rates, their ratios to both baselines in the same round, CPU and latencies."""
    figures = Figures()
    with folder() as data, postgres(data) as url:
        houses = {"SQLite": place(data / "sqlite"), "PostgreSQL": place(data / "pg", url)}
        for _ in range(scale.rounds):
            raw = raw_commits(data, scale.of(3000, 1000))
            figures.add("raw sqlite3, commit of one row", raw, "/s")
            fsm = {
                1: _aiogram(figures, data, scale.of(20, 6), 1),
                MANY: _aiogram(figures, data, scale.of(200, MANY), MANY),
            }
            for name, where in houses.items():
                alone = played(where, scale.of(30, 8), 1)
                _report(figures, f"{name}, 1 chat", alone, raw, fsm[1], None)
                many = played(where, scale.of(400, MANY), MANY)
                _report(figures, f"{name}, {MANY} chats", many, raw, fsm[MANY], name)
    return figures


def _aiogram(figures: Figures, data: Path, surveys: int, in_flight: int) -> Run:
    run = Run()
    start, cpu = perf_counter(), process_time()
    run.latencies = asyncio.run(play_aiogram(data / "aiogram.db", surveys, in_flight))
    run.seconds, run.cpu = perf_counter() - start, process_time() - cpu
    name = f"aiogram FSM, {in_flight} chat{'s' if in_flight > 1 else ''}"
    figures.add(name, run.rate, "turns/s")
    figures.add(f"{name}: CPU", run.cpu_each, "us/turn")
    return run


def _report(figures: Figures, name: str, run: Run, raw: float, fsm: Run, goals: str | None) -> None:
    many = goals is not None
    figures.add(name, run.rate, "turns/s")
    figures.add(f"{name}: CPU", run.cpu_each, "us/turn")
    goal = None if "PostgreSQL" in name else 1.5 if many else 0.2
    figures.add(f"{name}: against raw", run.rate / raw, "x", at_least=goal)
    figures.add(f"{name}: against aiogram", run.rate / fsm.rate, "x", at_least=8 if many else None)
    milliseconds = [1e3 * latency for latency in run.latencies]
    figures.add(f"{name}: p50", percentile(milliseconds, 0.5), "ms")
    figures.add(f"{name}: p99", percentile(milliseconds, 0.99), "ms", at_most=50)
