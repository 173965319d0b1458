"""A Telegram Bot API server to test against: strict, scriptable, several bots at once.

It refuses what the schema of the Bot API does not know, forgets what Telegram forgets, and shows a
test what stands in a chat. It is no Telegram: what it lacks it says, with 404 and a violation.

    async with FakeTelegram(now=hand) as telegram:
        telegram.bot("100001:INVENTED")
        an = telegram.person("An")
        an.starts()

Time is the `now` it is given. A hand-moved clock needs `tick` after it was moved, and `deliver` to
bring updates to a webhook; with `pulse` (seconds) both happen by themselves, for real clocks.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from tests.fakes.telegram_door import Door, Record
from tests.fakes.telegram_faults import Fault, Faults
from tests.fakes.telegram_groups import Group
from tests.fakes.telegram_limits import Limits, Pace
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_queue import Queue
from tests.fakes.telegram_state import Account
from tests.fakes.telegram_webhook import Brought, Courier, Route

PULSE: Final = 0.02
"""Seconds between two looks at the clock, when the clock is real."""

PATIENCE: Final = 20.0
"""Seconds after which a test that waits has failed."""


def real_time() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class FakeTelegram:
    """Use as an asynchronous context; `url` is what a client takes as the server's address."""

    now: Callable[[], datetime]
    pulse: float | None = None
    limits: Limits | None = None
    log: list[Record] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    """Requests no server would take, whatever stands in its chats. A test ends with none."""
    notices: list[tuple[int, str]] = field(default_factory=list)
    """(person, text) of answers to pressed buttons."""
    faults: Faults = field(default_factory=Faults)
    accounts: dict[str, Account] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    """Public address of a webhook, or its beginning -> where it is really served."""
    url: str = ""
    pace: Pace = field(default_factory=Pace)
    couriers: dict[str, Courier] = field(default_factory=dict)
    ids: "count[int]" = field(default_factory=lambda: count(5_000_000_001))
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None
    _heart: "asyncio.Task[None] | None" = None

    @classmethod
    def real(cls) -> Self:
        """Return a fake for bots in processes of their own: real time, updates by themselves."""
        return cls(real_time, pulse=PULSE)

    # --- who there is ---------------------------------------------------------------------

    def bot(self, token: str, name: str = "Test Bot") -> Account:
        """Create a bot and return its account."""
        number = int(token.split(":")[0])
        user = {
            "id": number,
            "is_bot": True,
            "first_name": name,
            "username": f"test_{number}_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        account = Account(token, user, Queue(next_id=700_000_001 + number % 1000 * 1000))
        self.accounts[token] = account
        door = Door(self)
        self.couriers[token] = Courier(account, self.now, self.route, door.obeyed, self.stir)
        return account

    @property
    def only(self) -> Account:
        """The account, when there is one."""
        (account,) = self.accounts.values()
        return account

    def person(self, first_name: str, account: Account | None = None, **more: Any) -> Person:
        """Return somebody new who has a chat with a bot open, but never wrote to it."""
        user = {"id": next(self.ids), "is_bot": False, "first_name": first_name, **more}
        return Person(self, account or self.only, user)

    def group(
        self, title: str, account: Account | None = None, kind: str = "group", **more: Any
    ) -> Group:
        """Return a new group, supergroup or channel; the bot is not in it yet."""
        number = -next(self.ids) if kind == "group" else -1_000_000_000_000 - next(self.ids)
        return Group(
            self, account or self.only, {"id": number, "type": kind, "title": title, **more}
        )

    # --- what happens ---------------------------------------------------------------------

    def publish(self, account: Account, kind: str, body: dict[str, Any], chat: int) -> int | None:
        """Tell a bot of something; return the id of the update, None when it has none yet."""
        now, body = self.now(), deepcopy(body)
        if account.sends_late > timedelta():
            account.queue.put_late(now + account.sends_late, kind, body, chat)
            return None
        number = account.queue.put(kind, body, chat, now)
        account.look()
        return number

    def inject(self, update: Mapping[str, Any], account: Account | None = None) -> int:
        """Tell a bot something just as it is written, with the next update id; return that id."""
        account = account or self.only
        whole = {**update, "update_id": account.queue.next_id}
        number = account.queue.put_raw(whole, 0, self.now())
        account.look()
        self.stir()
        return number

    def order(self, *faults: Fault) -> None:
        """Let these faults strike, each one request."""
        self.faults.order(*faults)

    def limit(self, limits: Limits | None) -> None:
        """Keep these limits from now on; None: none."""
        self.pace = Pace(limits)

    def tick(self) -> None:
        """Let everything that waits look at the clock."""
        for account in self.accounts.values():
            account.queue.look(self.now())
            account.look()

    async def deliver(self) -> list[Brought]:
        """Bring every due update to its webhook once; return what came of it."""
        self.tick()
        brought = [await courier.deliver() for courier in self.couriers.values()]
        return [one for some in brought for one in some]

    def route(self, url: str) -> Route | None:
        """Return where a public address is served; None when nowhere."""
        found = [start for start in self.routes if url.startswith(start)]
        return self.routes[max(found, key=len)] if found else None

    def stir(self) -> None:
        """Say that something happened to those who wait with `until`."""
        self._stirred.set()

    async def until(self, happened: Callable[[], object]) -> None:
        """Return once this is so, looking after each request. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while not happened():
                self._stirred.clear()
                await self._stirred.wait()

    def requests(self, method: str) -> list[Record]:
        """Return what was asked of one method, oldest first."""
        return [one for one in self.log if one.method == method]

    # --- running --------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self.pace = Pace(self.limits)
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/bot{token}/{method}", Door(self).enter)
        # A client that went away must not hold a poll: the next one would be in conflict with it.
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=0
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        if self.pulse is not None:
            self._heart = asyncio.create_task(self._beat(self.pulse))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._heart is not None:
            self._heart.cancel()
            with suppress(asyncio.CancelledError):
                await self._heart
        for courier in self.couriers.values():
            await courier.stop()
        self.faults.hang_up()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _beat(self, pulse: float) -> None:
        while True:
            self.tick()
            for courier in self.couriers.values():
                courier.start()
            await asyncio.sleep(pulse)
