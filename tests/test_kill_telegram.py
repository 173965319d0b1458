"""The serving process killed again and again while people fill in the form on Telegram.

Nothing may be lost, nothing applied twice, everybody gets their next question. The loops that
aiogram and python-telegram-bot bring along lose messages in the same hands.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bot.app import Place, open_house
from bot.offices import save_office
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_person import Bubble
from tests.fakes.telegram_state import Room
from tests.stock_loops import LOOPS
from tests.talks import OFFICE
from tests.test_kill import ROOT, Person, all_is_there, environment, person

TOKEN = "100001:INVENTED-token-for-tests-0000000000"
PUBLIC = "https://phieu.example.vn"
SIGNALS = (signal.SIGKILL, signal.SIGTERM)
REACTION = 0.2
"""Seconds between a question and its answer; nobody answers while it is still on its way."""
A_WHILE = 3.0
"""Seconds after which somebody looks at the last bubble again: it may be the same question."""
LONGEST = 200
"""Times somebody looks before they give up."""
TRIES = 6
"""Times somebody waits for the patience of the fake before the test has failed."""


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    return 200 if request.config.getoption("--soak") else 20


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> Random:
    return Random(request.config.getoption("--seed"))


def set_up(data: Path) -> None:
    """A trial starts no messenger: this office is complete. Invented."""
    house = open_house(Place.of(data), now=lambda: datetime.now(UTC), random=os.urandom)
    assert house.database.writer is not None
    with house.database.writer.begin() as connection:
        save_office(connection, OFFICE, at=datetime.now(UTC))
    house.database.writer.dispose()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(data: Path, url: str, port: int, public: str) -> AsyncIterator[Process]:
    """Yield a serving process that is ready. Whoever asks for it ends it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env=environment(
            MAU03_DATA=str(data),
            MAU03_PORT=str(port),
            MAU03_TELEGRAM_TOKENS=TOKEN,
            MAU03_TELEGRAM_API=url,
            MAU03_PUBLIC_URL=public,
        ),
    )
    assert process.stdout is not None
    assert str(port) in (await process.stdout.readline()).decode()
    yield process
    await process.wait()


def asked(bubble: Bubble) -> str:
    """Return what a bubble of the bot asks, "" when it asks nothing. Repeated, it asks the same."""
    lines = bubble.text.split("\n")
    asks = [line for line in lines if line.startswith(("Mục", "1. "))]
    return asks[0] if asks and bubble.from_bot else ""


async def seen(server: FakeTelegram, happened: Callable[[], object]) -> None:
    """Return once this is so; a process that starts again may take longer than one patience."""
    for _ in range(TRIES):
        with suppress(TimeoutError):
            return await server.until(happened)
    raise AssertionError("nothing happened any more")


@dataclass(slots=True)
class Typist:
    """Somebody who answers every question they are shown, and again if it is asked again."""

    server: FakeTelegram
    one: Person
    typed: int = 1
    said: str = ""

    async def fills_in(self) -> None:
        """Type until there is a receipt. Raises AssertionError when nothing happens any more."""
        who, lines, answers = self.server.person("An"), iter(self.one.lines[1:]), dict[str, str]()
        who.starts()
        for _ in range(LONGEST):
            await self._waits(who.room, len(who.room.messages))
            self.said = "".join(who.hears())
            if "Mã biên nhận" in self.said:
                return
            question = asked(who.sees()[-1])
            if question:
                await asyncio.sleep(REACTION)
                answers[question] = answers.get(question) or next(lines)
                who.types(answers[question])
                self.typed += 1
        raise AssertionError("nothing happened any more")

    async def _waits(self, room: Room, known: int) -> None:
        """Return when there is another message, or nothing came for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(A_WHILE):
                await self.server.until(lambda: len(room.messages) > known)


async def test_fifty_people_and_a_process_that_dies(
    kills: int, chance: Random, tmp_path: Path
) -> None:
    """Polling and webhook at the same time: while one process starts, the other is at work."""
    modes = {"polling": "", "webhook": PUBLIC}
    # Each death comes after 60 requests or so; nobody may be done before the last of them.
    people = range(max(50, 2 * kills))
    crowds = {name: [person(number, chance) for number in people] for name in modes}
    for name in modes:  # one after the other: migrations of one process cannot run side by side
        await asyncio.to_thread(set_up, tmp_path / name)
    deaths = {name: [chance.randint(1, 120) for _ in range(kills)] for name in modes}

    await asyncio.gather(
        *(
            survives(tmp_path / name, public, crowds[name], deaths[name])
            for name, public in modes.items()
        )
    )


async def survives(
    data: Path, public: str, people: Sequence[Person], deaths: Sequence[int]
) -> None:
    """Let people fill in the form while the process dies after so many requests each time."""
    port = free_port()
    async with FakeTelegram.real() as server:
        account = server.bot(TOKEN)
        server.routes[PUBLIC] = f"http://127.0.0.1:{port}"
        typists = [Typist(server, one) for one in people]
        filled = [asyncio.create_task(typist.fills_in()) for typist in typists]
        for number, requests in enumerate(deaths):
            async with running(data, server.url, port, public) as process:
                enough = len(server.log) + requests
                await seen(server, lambda n=enough: len(server.log) >= n or all_done(filled))  # type: ignore[misc]
                process.send_signal(SIGNALS[number % 2])
        async with running(data, server.url, port, public) as process:
            await asyncio.gather(*filled)
            await seen(server, lambda: not account.queue.waiting())
            process.send_signal(signal.SIGTERM)
        assert server.violations == []

    messages = sum(one.typed for one in typists)
    records = await asyncio.to_thread(all_is_there, data, people, messages)
    receipts = {record["answers"]["q04_so_cccd"]: record["receipt"] for record in records}
    for typist in typists:
        receipt = receipts[typist.one.answers["q04_so_cccd"]]
        assert f"{receipt[:3]} {receipt[3:6]} {receipt[6:]}" in typist.said


def all_done(tasks: "list[asyncio.Task[None]]") -> bool:
    return all(task.done() for task in tasks)


@pytest.mark.parametrize("loop", sorted(LOOPS))
async def test_the_same_hands_lose_messages_with_the_stock_loops(loop: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.touch()
    async with FakeTelegram.real() as server:
        account = server.bot(TOKEN)
        people = [server.person(f"Person {number}") for number in range(50)]
        for one in people:
            one.starts()
        for how in SIGNALS:
            command = [sys.executable, "-m", "tests.stock_loops", loop]
            asked_before = len(server.requests("getUpdates"))
            process = await asyncio.create_subprocess_exec(
                *(*command, server.url, TOKEN, str(notes)), cwd=ROOT, env=environment()
            )

            def confirmed(before: int = asked_before) -> bool:
                return not account.queue.waiting() and len(server.requests("getUpdates")) > before

            await seen(server, confirmed)
            process.send_signal(how)
            await process.wait()

    assert len(notes.read_text("utf-8").splitlines()) < len(people)
