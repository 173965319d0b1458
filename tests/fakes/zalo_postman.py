"""Carries what people write on the fake Zalo to the webhooks of the bots, and tries again."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from tests.fakes.zalo_contract import SECRET_HEADER
from tests.fakes.zalo_guesses import Guesses
from tests.fakes.zalo_people import PATIENCE, Attempt, Bell, Bot, Delivery, rung


class Postman:
    """A delivery that is under way is in no queue; one without a 2xx goes back into it."""

    def __init__(
        self, bots: Mapping[str, Bot], now: Callable[[], datetime], guesses: Guesses, bell: Bell
    ) -> None:
        self.tunnels: Final[dict[str, str]] = {}
        """Public scheme and host -> where it really is. Everything else is out of reach."""
        self._bots = bots
        self._now = now
        self._guesses = guesses
        self._bell = bell
        self._stack = AsyncExitStack()
        self._lanes: dict[tuple[str, str | int], asyncio.Task[Attempt]] = {}
        self._rounds: asyncio.Task[None] | None = None

    async def start(self, background: bool) -> None:
        patience = aiohttp.ClientTimeout(total=self._guesses.webhook_patience.total_seconds())
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(timeout=patience)
        )
        if background:
            self._rounds = asyncio.create_task(self._keep_going())

    async def stop(self) -> None:
        tasks = [*self._lanes.values(), *([self._rounds] if self._rounds else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stack.aclose()

    async def deliver_due(self) -> list[Attempt]:
        """Try once whatever is due by now, one after another; return what came of it."""
        due = [(bot, each) for bot in self._listening() for each in bot.due()]
        return [
            await self._attempt(bot, delivery) for bot, delivery in due if delivery in bot.pending
        ]

    async def settled(self, seconds: float = PATIENCE) -> None:
        """Wait until every bot with a webhook has everything, or has lost it."""
        await self._bell.until(
            lambda: not any(bot.pending or bot.flying for bot in self._listening()), seconds
        )

    async def probe(self, bot: Bot) -> int | None:
        """Call the webhook with an empty body and no type, as was seen; return the status."""
        return await self._post(bot, b"", {SECRET_HEADER: bot.secret})

    async def forge(self, bot: Bot, body: bytes, secret: str | None) -> int | None:
        """Call the webhook as a stranger would; None is no secret at all."""
        header = {} if secret is None else {SECRET_HEADER: secret}
        return await self._post(bot, body, {"Content-Type": "application/json", **header})

    def _listening(self) -> list[Bot]:
        return [bot for bot in self._bots.values() if bot.webhook]

    async def _keep_going(self) -> None:
        """Chats at the same time; in one chat one event at a time."""
        while True:
            bell = self._bell.next
            for bot in self._listening():
                for delivery in bot.due():
                    self._send_off(bot, delivery)
            await rung(bell, self._seconds_left())

    def _send_off(self, bot: Bot, delivery: Delivery) -> None:
        lane = self._lane(bot, delivery)
        if lane in self._lanes:
            return

        def ended(_: asyncio.Task[Attempt]) -> None:
            del self._lanes[lane]
            self._bell.ring()

        self._lanes[lane] = asyncio.create_task(self._attempt(bot, delivery))
        self._lanes[lane].add_done_callback(ended)

    def _lane(self, bot: Bot, delivery: Delivery) -> tuple[str, str | int]:
        return bot.token, delivery.event.chat if self._guesses.one_at_a_time else id(delivery)

    def _seconds_left(self) -> float | None:
        """Return the real seconds until something is due whose chat is free."""
        waiting = [
            each.due
            for bot in self._listening()
            for each in bot.pending
            if self._lane(bot, each) not in self._lanes
        ]
        return (min(waiting) - self._now()).total_seconds() if waiting else None

    async def _attempt(self, bot: Bot, delivery: Delivery) -> Attempt:
        bot.pending.remove(delivery)
        bot.flying += 1
        attempt = Attempt(self._now(), None)
        try:
            headers = {"Content-Type": "application/json", SECRET_HEADER: bot.secret}
            status = await self._post(bot, delivery.event.body(bot.wrapped), headers)
            attempt = Attempt(attempt.at, status)
        finally:
            bot.flying -= 1
            delivery.attempts.append(attempt)
            self._judge(bot, delivery, attempt)
        return attempt

    def _judge(self, bot: Bot, delivery: Delivery, attempt: Attempt) -> None:
        """The webhook has it, or it comes again, or it is given up."""
        pauses, tried = self._guesses.webhook_retries, len(delivery.attempts)
        if attempt.status is not None and 200 <= attempt.status < 300:
            bot.taken.append(delivery.event)
        elif tried > len(pauses):
            bot.lost.append(delivery.event)
        else:
            delivery.due = self._now() + pauses[tried - 1]
            bot.pending.append(delivery)
        self._bell.ring()

    async def _post(self, bot: Bot, body: bytes, headers: Mapping[str, str]) -> int | None:
        url = self._real(bot.webhook)
        if url is None:
            return None
        skip = {"Content-Type"} - headers.keys()
        try:
            async with self._session.post(
                url, data=body, headers=headers, skip_auto_headers=skip, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _real(self, url: str) -> str | None:
        parts = urlsplit(url)
        there = self.tunnels.get(f"{parts.scheme}://{parts.netloc}")
        if there is None:
            return None
        return there + parts.path + (f"?{parts.query}" if parts.query else "")
