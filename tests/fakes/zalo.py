"""A strict Zalo Bot Platform: an HTTP server for bots, and people to talk to them.

    async with FakeZalo(now) as zalo:
        bot = zalo.bot("100001:INVENTED")
        an = bot.chat(Person("An"))
        an.types("hello")           # the bot hears of it by getUpdates, or by its webhook:
        await zalo.postman.deliver_due()
        await an.sees(1)            # what the bot said

Leaving the block fails when a bot broke the contract (`violations`). Nothing sleeps: time is `now`.
After moving it by hand call `time_passed`, or pass `background=True` and a clock that runs.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, NoReturn, Self
from urllib.parse import parse_qsl

from aiohttp import web

from tests.fakes.zalo_contract import BAD_REQUEST, QUOTA, UNAUTHORIZED, problems
from tests.fakes.zalo_faults import ANY, Fault, Orders, Page, Refuse, Reset, Silence, TooMany
from tests.fakes.zalo_guesses import Guesses, Refusal
from tests.fakes.zalo_methods import Done, Methods, Refused
from tests.fakes.zalo_people import Bell, Bot
from tests.fakes.zalo_postman import Postman

NO_LINGER: Final = struct.pack("ii", 1, 0)
"""Closing such a socket tells the other side that the connection was reset."""


class ContractBroken(AssertionError):
    """A bot sent what no page of the vendor allows."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it came. `fields` is what was read of it, whatever it was."""

    at: datetime
    bot: str
    """Its id; "" for a token nobody has."""
    method: str
    fields: Any
    fault: Fault | None


class FakeZalo:
    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        guesses: Guesses | None = None,
        background: bool = False,
        port: int = 0,
        forms: bool = False,
    ) -> None:
        """`background` delivers by itself, in real time. `port` 0 is any that is free.

        `forms` takes what the vendor also allows: fields as in a web form, which others send.
        """
        self.guesses = guesses or Guesses()
        self.requests: Final[list[Request]] = []
        self.violations: Final[list[str]] = []
        self._now = now
        self._background = background
        self._port = port
        self._forms = forms
        self._bell = Bell()
        self._bots: dict[str, Bot] = {}
        self._orders = Orders()
        self._stopping = asyncio.Event()
        self.postman = Postman(self._bots, now, self.guesses, self._bell)
        self._methods = Methods(now, self.guesses, self._bell, self.violations, background)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/bot{token:[^/]+}/{method:[^/]+}", self._handle)
        app.router.add_route("*", "/{anything:.*}", self._lost)
        # A poll whose client is gone must not swallow the next update.
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await self._site.start()
        await self.postman.start(self._background)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._stopping.set()
        await self.postman.stop()
        await self._runner.cleanup()
        if kind is None and self.violations:
            raise ContractBroken("; ".join(self.violations))

    @property
    def url(self) -> str:
        """Return what stands where the vendor's host would."""
        _, port = self._runner.addresses[0][:2]
        return f"http://127.0.0.1:{port}"

    def bot(self, token: str) -> Bot:
        return self._bots.setdefault(token, Bot(token, self._now, self.guesses, self._bell))

    def order(self, fault: Fault, method: str = ANY, times: int | None = 1) -> None:
        """Let the next calls of a method go wrong; `times` None is until `clear_faults`."""
        self._orders.add(fault, method, times)

    def clear_faults(self) -> None:
        self._orders.clear()

    def time_passed(self) -> None:
        """Look at the clock again: polls may be over."""
        self._bell.ring()

    def forgive(self) -> list[str]:
        """Return the violations so far and forget them."""
        forgiven = [*self.violations]
        self.violations.clear()
        return forgiven

    def calls(self, method: str) -> list[Any]:
        """Return the fields of every call of a method."""
        return [request.fields for request in self.requests if request.method == method]

    async def called(self, method: str, times: int = 1) -> None:
        """Wait until a method has been called so often."""
        await self._bell.until(lambda: len(self.calls(method)) >= times)

    async def _lost(self, request: web.Request) -> web.Response:
        self.violations.append(f"{request.method} of a path that is no method of a bot")
        return self._refused(BAD_REQUEST)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        bot = self._bots.get(request.match_info["token"])
        method = request.match_info["method"]
        fields, wrong = await self._read(request, method)
        fault = None if wrong or bot is None else self._orders.take(method)
        self.violations.extend(wrong)
        self.requests.append(Request(self._now(), bot.id if bot else "", method, fields, fault))
        self._bell.ring()
        if bot is None or bot.revoked:
            return self._unauthorized()
        if wrong:
            return self._refused(BAD_REQUEST)
        return await self._faulty(fault, request, lambda: self._methods.do(bot, method, fields))

    async def _read(self, request: web.Request, method: str) -> tuple[Any, list[str]]:
        """Return the fields and what is wrong with them. Other ways to call are not played."""
        body = await request.read()
        if request.method != "POST":
            return None, [f"{method}: {request.method} instead of POST"]
        if self._forms and request.content_type == "application/x-www-form-urlencoded":
            fields = dict(parse_qsl(body.decode()))
            return fields, problems(method, fields)
        if body and request.content_type != "application/json":
            return None, [f"{method}: {request.content_type} instead of JSON"]
        try:
            fields = json.loads(body or b"{}")
        except ValueError:
            return None, [f"{method}: the body is not JSON"]
        if not isinstance(fields, dict):
            return fields, [f"{method}: the body is not an object"]
        return fields, problems(method, fields)

    async def _faulty(
        self,
        fault: Fault | None,
        request: web.Request,
        do: Callable[[], Awaitable[Done | Refused]],
    ) -> web.StreamResponse:
        match fault:
            case Refuse(refusal):
                return self._refused(refusal)
            case TooMany(wait):
                return self._refused(QUOTA, wait)
            case Page(status, text, content_type):
                return web.Response(status=status, text=text, content_type=content_type)
            case Reset(after):
                if after:
                    await do()
                await self._reset(request)
            case Silence():
                await do()
                await self._say_nothing()
        return self._answer(await do())

    async def _reset(self, request: web.Request) -> NoReturn:
        if request.transport is not None:
            connection: socket.socket = request.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            request.transport.abort()
        await self._say_nothing()

    async def _say_nothing(self) -> NoReturn:
        """Until the client hangs up or the fake stops."""
        await self._stopping.wait()
        raise asyncio.CancelledError

    def _answer(self, answer: Done | Refused) -> web.Response:
        if isinstance(answer, Refused):
            return self._refused(answer.refusal, answer.wait)
        if answer.result is None:
            return web.json_response({"ok": True})
        return web.json_response({"ok": True, "result": {**answer.result, **self.guesses.extra}})

    def _refused(self, refusal: Refusal, wait: timedelta | None = None) -> web.Response:
        body: dict[str, Any] = {"ok": False, "error_code": refusal.code}
        body["description"] = refusal.description
        headers = {}
        if wait is not None:
            seconds = max(1, round(wait.total_seconds()))
            if self.guesses.hint == "header":
                headers["Retry-After"] = str(seconds)
            else:
                body["parameters"] = {"retry_after": seconds}
        status = refusal.code if self.guesses.status_is_code else 200
        return web.json_response(body, status=status, headers=headers)

    def _unauthorized(self) -> web.Response:
        if self.guesses.revoked == "page":
            page = "<html><body>Not found</body></html>"
            return web.Response(status=404, text=page, content_type="text/html")
        return self._refused(UNAUTHORIZED)
