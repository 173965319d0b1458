"""The program under a campaign: an office for each commune, all in one database, and the post.

The post brings messages to one of the processes, some twice, some as if they had been written
before their question was shown; a process can be ended at any moment and started again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Final, TypeVar

from sqlalchemy import Connection

from bot.app import House, Place, open_house_async
from bot.dialogs.messages import Content, Incoming, Outgoing
from bot.linking import Door, Locks
from bot.offices import save_office
from bot.sender import Ledger, Sender
from bot.serving import close_ledger, open_ledger
from storage.ids import VIETNAM
from storage.outbox import Delivered, Queued, pending, release
from tests.simulation.invented import Town

T = TypeVar("T")
SECOND: Final = timedelta(seconds=1)
SHOWN: Final = timedelta(milliseconds=300)
"""After a message was sent, its answer is on the screen."""
FIRST_DAY: Final = datetime(2026, 11, 22, 8, tzinfo=VIETNAM)


@dataclass(slots=True)
class Clock:
    at: datetime = FIRST_DAY

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Process:
    """One process that speaks for one commune."""

    house: House
    ledger: Ledger
    door: Door


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way."""

    town: int
    chat: str
    event: str
    content: Content
    early: bool = False
    """Written before the open question was shown."""


Brought = tuple[Letter, Incoming]


@dataclass(slots=True)
class Figures:
    turns: int = 0
    again: int = 0
    early: int = 0
    restarts: int = 0
    returned: int = 0
    lost_phones: int = 0


@dataclass(slots=True)
class Program:
    folder: Path
    url: str
    towns: Sequence[Town]
    chance: Random
    per_town: int = 1
    """Processes of each commune; more than one needs PostgreSQL."""
    clock: Clock = field(default_factory=Clock)
    processes: dict[int, list[Process]] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)
    shown_at: dict[str, datetime] = field(default_factory=dict)
    """Chat -> when its last bubble was shown."""
    seen: dict[str, list[Outgoing]] = field(default_factory=dict)
    """Chat -> bubbles since somebody looked."""
    watch: Callable[[int, str, Outgoing], None] = lambda *_: None
    """Told of every bubble that is shown: town, chat, bubble."""
    chats: dict[str, int] = field(default_factory=dict)
    """Chat -> its number in the database."""
    waiting: set[int] = field(default_factory=set)
    """Towns with bubbles in the outbox that nobody was shown."""
    _opened: int = 0
    _again: list[tuple[Letter, Incoming]] = field(default_factory=list)
    """What the post will bring a second time."""

    async def open(self) -> None:
        """Set the offices up, then start a process for each."""
        place = Place(self.folder, self.url, self.folder / "mau03.key")
        house = await open_house_async(place, now=self.clock, random=self._bytes())
        async with house.database.engine.begin() as connection:
            for town in self.towns:
                save = partial(save_office, office=town.office, at=self.clock())
                await connection.run_sync(save)
        await house.database.close()
        for town in self.towns:
            places = range(self.per_town)
            self.processes[town.number] = [await self._start(town) for _ in places]

    def _bytes(self) -> Callable[[int], bytes]:
        self._opened += 1
        return Random(f"{self.chance.random()} {self._opened}").randbytes

    async def _start(self, town: Town) -> Process:
        code = town.office.commune
        place = Place(self.folder, self.url, self.folder / "mau03.key", commune=code)
        house = await open_house_async(place, now=self.clock, random=self._bytes())
        sender = Sender({}, house.keys, house.context.worker, house.now, house.random)
        ledger = await open_ledger(house, sender)
        return Process(house, ledger, Door(Locks(house.conversation, house.context), ledger))

    async def restart(self, town: Town) -> None:
        """End a process of this commune and start another in its place."""
        number = self.chance.randrange(self.per_town)
        old = self.processes[town.number][number]
        await _stop(old)
        new = await self._start(town)
        self.processes[town.number][number] = new
        await new.ledger.write(partial(release, worker=old.house.context.worker))
        self.figures.restarts += 1
        await self.collect(town)

    async def close(self) -> None:
        for processes in self.processes.values():
            for process in processes:
                await _stop(process)

    def first(self, town: Town) -> Process:
        return self.processes[town.number][0]

    async def write(self, town: Town, work: Callable[[Connection], T]) -> T:
        return await self.first(town).ledger.write(work)

    async def post(self, letters: Sequence[Letter], lost: Sequence[int] = ()) -> None:
        """Bring a round of messages. The bubbles of `lost` towns die with their processes."""
        self.clock.at += SECOND
        fresh = [(letter, self._incoming(letter)) for letter in letters]
        again, self._again = self._again, [one for one in fresh if self.chance.random() < 0.04]
        self.figures.turns += len(fresh)
        self.figures.again += len(again)
        self.figures.early += sum(letter.early for letter in letters)
        for town in self.towns:  # SQLite has one writer: several would only wait for each other
            await self._bring(
                [one for one in fresh if one[0].town == town.number],
                [one for one in again if one[0].town == town.number],
                lost=town.number in lost,
            )

    async def _bring(self, fresh: Sequence[Brought], again: Sequence[Brought], lost: bool) -> None:
        brought = [*fresh, *again]
        doors = [self._door(one, place < len(fresh)) for place, (one, _) in enumerate(brought)]
        found = await asyncio.gather(
            *(door.submit(incoming) for door, (_, incoming) in zip(doors, brought, strict=True))
        )
        for (letter, incoming), queued in zip(brought, found, strict=True):
            self._check(letter, incoming, queued)
            if not lost:
                self._show(letter.town, queued)

    def _incoming(self, letter: Letter) -> Incoming:
        at = self.clock()
        sent_at = self.shown_at.get(letter.chat, at) - SHOWN if letter.early else at
        account = self.towns[letter.town].office.commune
        return Incoming("terminal", account, letter.event, letter.chat, letter.content, sent_at, at)

    def _door(self, letter: Letter, first: bool) -> Door:
        """What comes again may come to another process than that of its chat."""
        processes = self.processes[letter.town]
        return (
            self._usual(letter.town, letter.chat) if first else self.chance.choice(processes)
        ).door

    def _usual(self, town: int, chat: str) -> Process:
        """Return the process that a chat talks to, until one of them ends."""
        processes = self.processes[town]
        return processes[(sum(chat.encode()) + self.figures.restarts) % len(processes)]

    def _check(self, letter: Letter, incoming: Incoming, queued: Sequence[Queued]) -> None:
        apology = self.first(self.towns[letter.town]).house.conversation.apology(incoming)
        for bubble in queued:
            assert bubble.outgoing != apology, f"set aside: {letter.content}"
            self.chats[letter.chat] = bubble.chat_id

    def _show(self, town: int, queued: Sequence[Queued]) -> None:
        for bubble in sorted(queued, key=lambda one: one.id):
            if not bubble.claimed:  # it waits behind another and is collected later
                self.waiting.add(town)
                continue
            at = self.clock() + SHOWN
            ledger = self._usual(town, bubble.chat).ledger
            ledger.delivered(Delivered(bubble.id, bubble.chat_id, at))
            self.shown_at[bubble.chat] = at
            self.seen.setdefault(bubble.chat, []).append(bubble.outgoing)
            self.watch(town, bubble.chat, bubble.outgoing)

    async def collect(self, town: Town) -> None:
        """Show what waits in the outbox: of a process that died, or told by the office."""
        process = self.first(town)
        look = partial(
            pending,
            keys=process.house.keys,
            worker=process.house.context.worker,
            now=self.clock(),
            unit=town.office.commune,
        )
        found = await process.ledger.write(look)
        if found:
            self.waiting.discard(town.number)
        self._show(town.number, found)


async def _stop(process: Process) -> None:
    await close_ledger(process.ledger)
    await process.house.database.close()
    if process.house.lock is not None:
        process.house.lock.release()
