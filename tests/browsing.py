"""The web chat of one installation, and a visitor without JavaScript who fills in its forms."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx2
from starlette.types import ASGIApp

from bot.app import House, Place, open_house_async
from bot.platforms.doorman import Bouncer
from bot.sender import Ledger, Sender
from bot.serving import application, close_ledger, open_ledger
from tests.conftest import Clock, seeded

OURS = {"sec-fetch-site": "same-origin"}


@dataclass(slots=True)
class Site:
    house: House
    ledger: Ledger
    app: ASGIApp

    def visitor(
        self, address: str = "203.0.113.7", scheme: str = "http", cookies: Any = None
    ) -> "Visitor":
        transport = httpx2.ASGITransport(self.app, client=(address, 4711))
        url = f"{scheme}://xa.test"
        return Visitor(httpx2.AsyncClient(transport=transport, base_url=url, cookies=cookies))


@asynccontextmanager
async def opened_site(place: Place) -> AsyncIterator[Site]:
    """Yield an installation served to visitors, with nothing in a test's way."""
    house = await open_house_async(place, now=Clock(), random=seeded(7))
    sender = Sender({}, house.keys, house.context.worker, house.now, house.random)
    ledger = await open_ledger(house, sender)
    app = application(house, ledger, sender, bouncer=Bouncer(burst=1000), patience=0.0)
    yield Site(house, ledger, app)
    await close_ledger(ledger)
    await house.database.close()


@dataclass(slots=True)
class Visitor:
    client: httpx2.AsyncClient
    page: str = ""
    headers: dict[str, str] = field(default_factory=lambda: dict(OURS))

    async def look(self, path: str = "/") -> str:
        """Return the text of a page, which stays open."""
        answer = await self.client.get(path)
        self.page = unescape(answer.text)
        return self.page

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        return found[1] if found else ""

    async def post(self, path: str = "/", **fields: str) -> Any:
        """Post a form of the open page as it stands there; nothing is followed."""
        sent = {"event": self.hidden("event"), "prompt": self.hidden("prompt"), **fields}
        return await self.client.post(path, data=sent, headers=self.headers)

    async def press(self, value: str) -> str:
        assert f'value="{value}"' in self.page, self.page
        return await self._sent(press=value)

    async def say(self, words: str) -> str:
        return await self._sent(text=words)

    async def _sent(self, **fields: str) -> str:
        answer = await self.post(**fields)
        assert answer.status_code == 303, answer.text
        return await self.look()

    async def begin(self) -> str:
        """Agree to everything and arrive at the name."""
        await self.look()
        await self.say("/start")
        for value in ("self", "yes", "yes"):
            await self.press(value)
        return self.page
