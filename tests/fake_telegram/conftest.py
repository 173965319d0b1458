"""A fake with one bot, a client that asks it plainly, and a person who has pressed Start."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import pytest
from aiohttp import ClientSession

from tests.fakes.hand import Hand
from tests.fakes.telegram import PATIENCE, FakeTelegram
from tests.fakes.telegram_groups import Group
from tests.fakes.telegram_parsing import understood, understood_update
from tests.fakes.telegram_person import Person

T = TypeVar("T")
TOKEN: Final = "100001:INVENTED"
OTHER: Final = "100002:INVENTED"
KEYBOARD: Final = {
    "inline_keyboard": [
        [{"text": "Yes", "callback_data": "1:yes"}, {"text": "No", "callback_data": "1:no"}],
        [{"text": "Site", "url": "https://example.test"}],
    ]
}


def inline(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


def below(*buttons: Any) -> dict[str, Any]:
    return {"keyboard": [list(buttons)]}


@dataclass(slots=True)
class Told:
    status: int
    ok: bool
    result: Any = None
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    error_code: int = 0


@dataclass(slots=True)
class Client:
    """Asks as the simplest of clients would."""

    telegram: FakeTelegram
    http: ClientSession

    async def ask(self, method: str, token: str = TOKEN, **params: Any) -> Told:
        url = f"{self.telegram.url}/bot{token}/{method}"
        async with self.http.post(url, json=params) as answer:
            return Told(answer.status, **await answer.json())

    async def says(self, person: Person | Group, text: str = "hello", **params: Any) -> int:
        """Send a message that must arrive; return its id."""
        told = await self.ask("sendMessage", chat_id=person.id, text=text, **params)
        assert told.ok, told
        return int(told.result["message_id"])

    async def updates(self, **params: Any) -> list[int]:
        """Return the ids of the updates that wait."""
        told = await self.ask("getUpdates", **params)
        return [one["update_id"] for one in told.result]


async def soon(awaited: Awaitable[T]) -> T:
    """Return what it returns. Raises TimeoutError instead of letting a test hang."""
    async with asyncio.timeout(PATIENCE):
        return await awaited


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
async def loose(hand: Hand) -> AsyncIterator[FakeTelegram]:
    """A fake that may be asked nonsense. What it answers, two libraries understand."""
    async with FakeTelegram(hand) as running:
        running.bot(TOKEN)
        yield running
        for update in [one for bot in running.accounts.values() for one in bot.queue.waiting()]:
            understood_update(update)
    for record in running.log:
        if record.answer["ok"]:
            understood(record.method, record.answer["result"])


@pytest.fixture
async def telegram(loose: FakeTelegram) -> AsyncIterator[FakeTelegram]:
    yield loose
    assert loose.violations == []


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def client(telegram: FakeTelegram, http: ClientSession) -> Client:
    return Client(telegram, http)


@pytest.fixture
def careless(loose: FakeTelegram, http: ClientSession) -> Client:
    """A client whose nonsense does not fail the test."""
    return Client(loose, http)


@pytest.fixture
def an(loose: FakeTelegram) -> Person:
    person = loose.person("An", language_code="vi")
    person.starts()
    return person
