"""One installation and its bots at a strict fake of Telegram: people on one side, a ledger behind.

Bubbles are brought one after another once a turn is over, so that a test needs no waiting.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from bot.app import CAPABILITIES, House, Place, open_house_async
from bot.dialogs.messages import Outgoing
from bot.platforms.telegram import Telegram
from bot.platforms.telegram_updates import PLATFORM
from bot.ports import Unreachable
from storage.group import SqliteLedger
from storage.outbox import Delivered, Queued
from tests.conftest import seeded
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_person import Bubble, Person
from tests.fakes.telegram_state import Account

TOKEN: Final = "100001:INVENTED"
SECRET: Final = "invented-secret"


async def at_once(_: float) -> None:
    """A pause that is over."""
    await asyncio.sleep(0)


def secret_of(account: str) -> str:
    return f"{SECRET}-{account}"


@dataclass
class TelegramHouse:
    """`open` and `close` it; in between talk as a person of `telegram`."""

    telegram: FakeTelegram
    public_url: str = ""
    house: House = field(init=False)
    ledger: SqliteLedger = field(init=False)
    bots: Telegram = field(init=False)
    queued: list[Queued] = field(default_factory=list)
    brought: list[Outgoing] = field(default_factory=list)
    undeliverable: list[Outgoing] = field(default_factory=list)

    async def open(self, folder: Path) -> None:
        now = self.telegram.now
        self.house = await open_house_async(Place.of(folder), now=now, random=seeded(7))
        self.ledger = self.house.sqlite_ledger(self.queued.extend)
        tokens = {token.partition(":")[0]: token for token in self.telegram.accounts}
        self.bots = Telegram(
            tokens,
            self.house.keys,
            self.house.known.texts,
            CAPABILITIES[PLATFORM],
            now,
            seeded(9),
            secret_of,
            public_url=self.public_url,
            api=self.telegram.url,
            sleep=at_once,
        )
        await self.bots.start(self.ledger)
        await self.telegram.until(self.listening)

    def listening(self) -> bool:
        """True once every bot waits for news."""
        accounts = self.telegram.accounts.values()
        return all(account.poll or account.webhook for account in accounts)

    async def close(self) -> None:
        await self.bots.stop()
        await asyncio.to_thread(self.ledger.close)
        await self.house.database.close()

    async def turn(self, account: Account, do: Callable[[], Any]) -> None:
        """Let something happen; return once it is on the disk and answered."""
        before = account.poll
        do()
        account.look()
        await self.telegram.until(
            lambda: not account.queue.waiting() and account.poll not in {None, before}
        )
        await self.bring()

    async def bring(self) -> None:
        """Deliver all that was queued."""
        while self.queued:
            bubble = self.queued.pop(0)
            self.brought.append(bubble.outgoing)
            try:
                at = await self.bots.deliver(bubble.account, bubble.chat, bubble.outgoing)
            except Unreachable:
                self.undeliverable.append(bubble.outgoing)
            else:
                self.ledger.delivered(Delivered(bubble.id, bubble.chat_id, at))

    async def say(self, person: Person, *lines: str) -> list[Bubble]:
        """Let a person type; return what the bot said since the last line."""
        said: list[Bubble] = []
        for line in lines:
            said = await self.answers(person, partial(person.types, line))
        return said

    async def answers(self, person: Person, do: Callable[[], Any]) -> list[Bubble]:
        """Let something happen; return what the bot has said since, as it stands in the chat."""
        before = max((bubble.id for bubble in seen(person)), default=0)
        await self.turn(person.account, do)
        return [one for one in seen(person) if one.from_bot and one.id > before]

    @property
    def open_bubble(self) -> Outgoing:
        """The last bubble that had buttons."""
        return next(bubble for bubble in reversed(self.brought) if bubble.buttons)

    def label(self, value: str) -> str:
        """Return what stands on a button of the open prompt."""
        label = next(one.label for one in self.open_bubble.buttons if one.value == value)
        picked = value in self.open_bubble.selected
        return self.house.known.texts("platform.selected", label=label) if picked else label


def seen(person: Person) -> Sequence[Bubble]:
    return person.sees() if person.id in person.account.rooms else ()
