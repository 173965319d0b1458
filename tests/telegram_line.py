"""Our bots at a strict fake of Telegram, with a notebook where the ledger would be."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from bot.app import CAPABILITIES
from bot.content import texts_of
from bot.dialogs.messages import Content, Incoming
from bot.platforms.telegram import Telegram
from storage.outbox import Queued
from storage.sealed import Keys
from tests.conftest import OFFICE_KEY, seeded
from tests.fakes.hand import Hand
from tests.fakes.telegram import FakeTelegram
from tests.telegram_house import TOKEN, secret_of

T = TypeVar("T")
TEXTS: Final = texts_of()


class Busy(Exception):
    """The database does not take it."""


@dataclass
class Notebook:
    """An intake that remembers what it was given, and refuses as often as it is told to."""

    taken: list[Incoming] = field(default_factory=list)
    refusals: int = 0
    written: int = 0
    gate: asyncio.Event | None = None
    """Nothing comes back before it is set."""

    async def submit(self, incoming: Incoming) -> Sequence[Queued]:
        if self.gate is not None:
            await self.gate.wait()
        self._refuse()
        self.taken.append(incoming)
        return ()

    async def write(self, work: Callable[[Connection], T]) -> T:
        self._refuse()
        self.written += 1
        return None  # type: ignore[return-value]

    def _refuse(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise Busy

    @property
    def said(self) -> list[Content]:
        """What was taken for the first time."""
        return list({one.event_id: one.content for one in self.taken}.values())


@dataclass
class Pauses:
    """A sleep that is over at once and remembers how long it would have been."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def strict() -> AsyncIterator[FakeTelegram]:
    """Yield a fake with one bot; whoever used it broke no rule of the platform."""
    async with FakeTelegram(Hand()) as fake:
        fake.bot(TOKEN)
        yield fake
    assert fake.violations == []


@asynccontextmanager
async def running(
    telegram: FakeTelegram, notebook: Notebook, pauses: Pauses | None = None, **options: Any
) -> AsyncIterator[Telegram]:
    """Yield the bots of all accounts of the fake, started; stop them at the end."""
    bots = new(telegram, pauses, **options)
    await bots.start(notebook)
    yield bots
    await bots.stop()


async def ended(bots: Telegram, account: str) -> None:
    """Return when a bot has given up by itself."""
    await bots._lines[bots.accounts.index(account)][1]


def new(telegram: FakeTelegram, pauses: Pauses | None = None, **options: Any) -> Telegram:
    return Telegram(
        {token.partition(":")[0]: token for token in telegram.accounts},
        Keys(OFFICE_KEY),
        TEXTS,
        CAPABILITIES["telegram"],
        telegram.now,
        seeded(9),
        secret_of,
        api=telegram.url,
        sleep=pauses or Pauses(),
        **options,
    )
