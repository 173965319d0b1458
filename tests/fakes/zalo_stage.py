"""What a test of the fake Zalo needs besides: a clock to move by hand, one bot, and a client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp

from tests.fakes.zalo import FakeZalo
from tests.fakes.zalo_guesses import Guesses
from tests.fakes.zalo_people import Bot, Chat, Person

TOKEN: Final = "100001:INVENTED-first"
OTHER_TOKEN: Final = "100002:INVENTED-second"
SECRET: Final = "invented-secret_1"
HOOK: Final = "https://bot.example.vn/zalo"
AN: Final = Person("An")


@dataclass(slots=True)
class Hands:
    """A clock that stands still until a test moves it."""

    at: datetime = datetime(2026, 9, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **how_far: float) -> None:
        self.at += timedelta(**how_far)


@dataclass(slots=True)
class Stage:
    """The fake, one bot of it, and a client."""

    zalo: FakeZalo
    clock: Hands
    session: aiohttp.ClientSession
    bot: Bot = field(init=False)
    an: Chat = field(init=False)

    def __post_init__(self) -> None:
        self.bot = self.zalo.bot(TOKEN)
        self.an = self.bot.chat(AN)

    async def post(self, method: str, token: str = TOKEN, **how: Any) -> tuple[int, Any]:
        url = f"{self.zalo.url}/bot{token}/{method}"
        async with self.session.post(url, **how) as answer:
            return answer.status, await answer.json()

    async def call(self, method: str, token: str = TOKEN, **fields: Any) -> Any:
        """Call a method and return the envelope; errors come with HTTP 200 too."""
        status, envelope = await self.post(method, token, json=fields)
        assert status == 200
        return envelope


@asynccontextmanager
async def playing(guesses: Guesses | None = None) -> AsyncIterator[Stage]:
    clock = Hands()
    async with FakeZalo(clock, guesses=guesses) as zalo, aiohttp.ClientSession() as session:
        yield Stage(zalo, clock, session)
