"""Thousands of people on Telegram at once, end to end: HTTP in, commit, HTTP out.

The bot, the server that plays Telegram and the people share this machine's processors.
"""

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.figures import Figures, Scale, percentile
from bench.homes import folder
from bench.turns import NoReceipt
from bot.app import Place, open_house
from bot.content import trial_office
from bot.offices import save_office

TOKEN: Final = "100001:" + "a" * 35
GOAL: Final = 2.0
"""Times the turns of aiogram's FSM."""
FORM: Final = 40
"""Seconds in which somebody comes to the end of a form, however slow the bot."""
LONG: Final = 200
"""Seconds in which 100,000 turns are done."""
FLAT: Final = 96
"""Megabytes: SQLite's page cache takes 64 of them, once; nothing else may grow for long."""
AIM: Final = 300
"""Turns a second."""
TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def measure(scale: Scale) -> Figures:
    """Return turns a second of both, their ratio, latencies, CPU and memory of the bot."""
    figures, people, seconds = Figures(), scale.of(2000, 400), scale.of(40, 12)
    for _ in range(scale.rounds):
        ours = asyncio.run(_measured("mau03", people, seconds))
        usual = asyncio.run(_measured("aiogram", people, seconds))
        for name, run in (("mau03", ours), ("aiogram FSM", usual)):
            milliseconds = [1e3 * latency for latency in run["latencies"]]
            goal = AIM if name == "mau03" else None
            figures.add(f"{name}: {people} chats", run["rate"], "turns/s", at_least=goal)
            figures.add(f"{name}: p50", percentile(milliseconds, 0.5), "ms")
            figures.add(f"{name}: p99", percentile(milliseconds, 0.99), "ms")
            figures.add(f"{name}: CPU", run["cpu"], "us/turn")
            figures.add(f"{name}: memory grown", run["grown"], "MB")
        figures.add("mau03 / aiogram FSM", ours["rate"] / usual["rate"], "x", at_least=GOAL)
    if not scale.quick:
        long = asyncio.run(_measured("mau03", people, LONG))
        figures.add("mau03: turns of a long run", len(long["latencies"]), "turns", at_least=100_000)
        figures.add("mau03: memory grown in it", long["grown"], "MB", at_most=FLAT)
    return figures


async def _measured(bot: str, people: int, seconds: int) -> dict[str, Any]:
    command = (sys.executable, "-m", "bench.crowd", str(people), bot, str(seconds))
    pipe = subprocess.PIPE
    crowd = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 26)
    assert crowd.stdout is not None and crowd.stdin is not None
    url = f"http://127.0.0.1:{(await crowd.stdout.readline()).decode().strip()}"
    with folder() as data:
        async with BOTS[bot](data, url) as process:
            crowd.stdin.write(b"go\n")
            await crowd.stdout.readline()  # everybody has come
            before = _used(process.pid)
            found: dict[str, Any] = json.loads(await crowd.stdout.readline())
            after = _used(process.pid)
    await crowd.wait()
    turns = len(found["latencies"])
    if not found["finished"] and seconds >= FORM:
        raise NoReceipt(f"{bot}: nobody came to the end of a form: {turns} turns")
    return found | {
        "rate": turns / seconds,
        "cpu": (after["cpu"] - before["cpu"]) / max(turns, 1) * 1e6,
        "grown": after["memory"] - before["memory"],
    }


def _used(pid: int) -> Mapping[str, float]:
    """Return seconds of CPU and megabytes of memory a process has used."""
    times = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    pages = Path(f"/proc/{pid}/statm").read_text().split()
    cpu = (int(times[11]) + int(times[12])) / TICKS
    return {"cpu": cpu, "memory": int(pages[1]) * 4096 / 1e6}


@asynccontextmanager
async def _mau03(data: Path, url: str) -> AsyncIterator[Process]:
    await asyncio.to_thread(_set_up, data)
    settings = {
        "MAU03_DATA": str(data),
        "MAU03_PORT": "0",
        "MAU03_TELEGRAM_TOKENS": TOKEN,
        "MAU03_TELEGRAM_API": url,
        "MAU03_TELEGRAM_PER_SECOND": "100000",
    }
    async with _running(("-m", "bot", "run"), os.environ | settings) as process:
        yield process


def _set_up(data: Path) -> None:
    """Let the office be complete: a trial starts no messenger. Invented."""
    from dataclasses import replace

    house = open_house(Place.of(data), now=lambda: datetime.now(UTC), random=os.urandom)
    office = replace(trial_office(), legal_basis="-", retention="-", retention_source="-")
    assert house.database.writer is not None
    with house.database.writer.begin() as connection:
        save_office(connection, office, at=datetime.now(UTC))
    house.database.writer.dispose()


@asynccontextmanager
async def _aiogram(data: Path, url: str) -> AsyncIterator[Process]:
    command = ("-m", "bench.aiogram_bot", url, str(data / "fsm.db"))
    async with _running(command, dict(os.environ)) as process:
        yield process


@asynccontextmanager
async def _running(command: tuple[str, ...], env: Mapping[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=subprocess.PIPE, env=dict(env)
    )
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield process
    finally:
        process.terminate()
        await process.communicate()


BOTS: Final = {"mau03": _mau03, "aiogram": _aiogram}
