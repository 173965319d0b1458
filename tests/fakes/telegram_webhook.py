"""Brings updates to a bot's webhook, as often as it takes.

Harsher than Telegram in one thing: several updates of one chat are on their way at the same time.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout

from tests.fakes.telegram_queue import Pending
from tests.fakes.telegram_state import Account, Webhook

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
PATIENCE: Final = ClientTimeout(total=60)
LONGEST_DELAY: Final = 60
"""Seconds between two tries of one update, unless Retry-After asks for more."""
LONGEST_RETRY_AFTER: Final = 3600

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers, body."""
Handler = Callable[[str, Mapping[str, str], bytes], Awaitable[Answer]]
"""(path, headers, body) -> answer: an application called without a socket."""
Route = str | Handler
"""Where requests to a public address go: a local address, or a handler."""


@dataclass(frozen=True, slots=True)
class Brought:
    """One try: which update, what came back. 0: nothing did."""

    update_id: int
    status: int


@dataclass(slots=True)
class Courier:
    """Serves one account. `deliver` brings what is due, `start` does so without waiting."""

    account: Account
    now: Callable[[], datetime]
    route: Callable[[str], Route | None]
    asked: Callable[[Account, str, Mapping[str, Any]], Awaitable[object]]
    """Called with a method that came in the answer of a webhook."""
    stir: Callable[[], None]
    """Called after each try."""
    history: list[Brought] = field(default_factory=list)
    most_at_once: int = 0
    """How many were on their way at the same time, at most."""
    _tasks: "set[asyncio.Task[Brought]]" = field(default_factory=set)

    async def deliver(self) -> list[Brought]:
        """Try everything that is due once; return what came of it, in order of the answers."""
        before, tried = len(self.history), set[Pending]()
        while self._fill(tried) or self._tasks:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        return self.history[before:]

    def start(self) -> None:
        """Set out with everything that is due."""
        self._fill(set())

    def _fill(self, tried: set[Pending]) -> bool:
        hook = self.account.webhook
        if hook is None:
            return False
        free = hook.max_connections - len(self._tasks)
        ready = [one for one in self.account.queue.due(self.now()) if one not in tried]
        for one in ready[:free]:
            tried.add(one)
            self.account.queue.take(one)
            task = asyncio.create_task(self._bring(hook, one))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.most_at_once = max(self.most_at_once, len(self._tasks))
        return bool(self._tasks)

    async def _bring(self, hook: Webhook, one: Pending) -> Brought:
        try:
            status, headers, body = await self._post(hook, one)
        except (ClientError, TimeoutError, OSError) as error:
            status, headers, body = 0, {}, type(error).__name__.encode()
        finally:
            one.in_flight = False
        if 200 <= status < 300:
            self.account.queue.confirm(one.id)
            await self._obey(body)
        else:
            self._put_off(hook, one, status, headers)
        self.history.append(Brought(one.id, status))
        self.stir()
        return self.history[-1]

    async def _post(self, hook: Webhook, one: Pending) -> Answer:
        body = json.dumps(one.update, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        if hook.secret is not None:
            headers[SECRET_HEADER] = hook.secret
        route = self.route(hook.url)
        path = "/" + hook.url.split("/", 3)[-1] if hook.url.count("/") > 2 else "/"
        if route is None:
            raise OSError("no route")
        if not isinstance(route, str):
            return await route(path, headers, body)
        async with (
            ClientSession(timeout=PATIENCE) as session,
            session.post(route.rstrip("/") + path, data=body, headers=headers) as answer,
        ):
            return answer.status, dict(answer.headers), await answer.read()

    def _put_off(
        self, hook: Webhook, one: Pending, status: int, headers: Mapping[str, str]
    ) -> None:
        """Decide when to try again: at once, then after 2, 4, 8 ... seconds."""
        asked = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
        seconds = min(int(asked), LONGEST_RETRY_AFTER) if asked.isdigit() else 0
        if not seconds and one.fails:
            one.delay = seconds = min(one.delay * 2, LONGEST_DELAY)
        one.fails += 1
        one.due = self.now() + timedelta(seconds=seconds)
        why = f"Wrong response from the webhook: {status}" if status else "Connection failed"
        hook.last_error = (self.now(), why)

    async def _obey(self, body: bytes) -> None:
        """Do what the answer asks for, if it asks for anything."""
        try:
            params = json.loads(body)
        except ValueError:
            return
        method = params.pop("method", None) if isinstance(params, dict) else None
        if method and not method.lower().startswith(("get", "setwebhook", "deletewebhook")):
            await self.asked(self.account, method, params)

    async def stop(self) -> None:
        """Give up what is on its way; it stays unconfirmed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
