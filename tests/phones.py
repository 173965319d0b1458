"""Chats on several platforms of one installation, behind the door for codes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bot.app import Place
from bot.dialogs.messages import Incoming, Text
from bot.linking import Door, Locks
from storage.ledger import chat_token
from storage.outbox import Delivered, Queued
from storage.standing import standing
from storage.turn import ChatView
from tests.browsing import Site, opened_site
from tests.conftest import Clock

TO_ITEM_3 = ("/start", "1", "1", "2", "Nguyễn Văn An", "05/09/1990")


@dataclass(slots=True)
class Phones:
    """Chats on several platforms of one installation."""

    site: Site
    door: Door
    clock: Clock
    _numbers: "count[int]" = field(default_factory=count)

    async def say(self, platform: str, *lines: str, chat: str = "an", event: str = "") -> str:
        """Return all that a chat was told after the last line, as one text."""
        told = ""
        for line in lines:
            at = self.clock()
            event_id = event or f"message {next(self._numbers)}"
            where = (platform, "100001", event_id, chat)
            queued = list(await self.door.submit(Incoming(*where, Text(line), at, at)))
            queued += [] if queued else await self.waiting(platform, chat)
            told = "\n".join(bubble.outgoing.text for bubble in queued)
            for bubble in queued:
                self.site.ledger.delivered(Delivered(bubble.id, bubble.chat_id, self.clock()))
        return told

    async def waiting(self, platform: str, chat: str = "an") -> list[Queued]:
        token = chat_token(self.site.house.keys, platform, "100001", chat)
        context = self.site.house.context
        found = await self.site.house.read(lambda c: standing(c, context, token))
        return list(found.waiting) if found else []

    async def code(self, platform: str = "telegram") -> str:
        told = await self.say(platform, *TO_ITEM_3, "nối kênh")
        return told.split("Mã nối: ")[1][:7]

    async def view(self, platform: str, chat: str = "an") -> ChatView:
        """Return a chat as the conversation would see it now."""
        token = chat_token(self.site.house.keys, platform, "100001", chat)
        context = self.site.house.context
        found = await self.site.house.read(lambda c: standing(c, context, token))
        assert found is not None
        return found.view


@asynccontextmanager
async def opened_phones(database_url: str, folder: Path) -> AsyncIterator[Phones]:
    place = Place(folder, database_url, folder / "mau03.key")
    async with opened_site(place) as site:
        clock = site.house.now
        assert isinstance(clock, Clock)
        door = Door(Locks(site.house.conversation, site.house.context), site.ledger)
        yield Phones(site, door, clock)
