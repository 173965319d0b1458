"""Where requests come in: who asks, does the schema allow it, which fault strikes it."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from tests.fakes.telegram_limits import COUNTED
from tests.fakes.telegram_methods import WRITING, Call, Method
from tests.fakes.telegram_refusals import (
    OTHER_POLLER,
    WEBHOOK_ACTIVE,
    Refused,
    bad_request,
    conflict,
)
from tests.fakes.telegram_schema import bot_api
from tests.fakes.telegram_settings import SETTINGS, allow
from tests.fakes.telegram_state import Account, Poll
from tests.fakes.telegram_wire import arguments, read

if TYPE_CHECKING:
    from tests.fakes.telegram import FakeTelegram

METHODS: Final[Mapping[str, Method]] = {**WRITING, **SETTINGS}
LONGEST_POLL: Final = 50
"""Seconds; a longer wait is cut to this."""
MOST_UPDATES: Final = 100
_BY_LOWER: Final = {name.lower(): name for name in bot_api().methods}


@dataclass(frozen=True, slots=True)
class Record:
    """One request and what was answered. `fault` names what struck it; status 0: not done."""

    at: datetime
    bot: str
    method: str
    params: Mapping[str, Any]
    status: int
    answer: Mapping[str, Any]
    fault: str | None = None
    by_webhook: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    server: "FakeTelegram"

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request."""
        account = self.server.accounts.get(request.match_info["token"])
        if account is None or account.revoked:
            return _response(Refused(401, "Unauthorized"))
        name = request.match_info["method"]
        method = _BY_LOWER.get(name.lower(), name)
        try:
            params = await self._checked(method, request)
        except Refused as refused:
            self._note(account, method, dict(request.query), refused)
            return _response(refused)
        return await self._struck(request, account, method, params)

    async def obeyed(self, account: Account, name: str, params: Mapping[str, Any]) -> None:
        """Do what a webhook's answer asks; nobody learns whether it worked."""
        method = _BY_LOWER.get(name.lower(), name)
        problems = self._problems(method, params)
        if problems:
            self.server.violations += problems
            return
        result: Any
        try:
            result = await self._done(account, method, params)
        except Refused as refused:
            result = refused
        self._note(account, method, params, result, by_webhook=True)

    async def _checked(self, method: str, request: web.Request) -> dict[str, Any]:
        """Return the arguments; raise Refused when no server would take them."""
        fields = bot_api().methods.get(method, {})
        try:
            params, problems = arguments(await read(request), fields)
        except ValueError as error:
            params, problems = {}, [f"{method}: {error}"]
        problems += self._problems(method, params)
        if not problems:
            return params
        self.server.violations += problems
        if not any(method in known for known in (METHODS, ASYNCHRONOUS)):
            raise Refused(404, f"Not Found: {'; '.join(problems)}")
        raise bad_request("; ".join(problems))

    def _problems(self, method: str, params: Mapping[str, Any]) -> list[str]:
        if method not in bot_api().methods:
            return [f"method {method} is unknown"]
        if method not in METHODS and method not in ASYNCHRONOUS:
            return [f"method {method} is one this fake lacks"]
        known = bot_api().types["Update"].fields.keys() - {"update_id"}
        wanted = params.get("allowed_updates", [])
        strange = [one for one in wanted if one not in known] if isinstance(wanted, list) else []
        unknown = [f"{method}.allowed_updates has {one}" for one in strange]
        return bot_api().problems(method, params) + unknown

    async def _struck(
        self, request: web.Request, account: Account, method: str, params: Mapping[str, Any]
    ) -> web.StreamResponse:
        fault = self.server.faults.next(method, params)
        kind = fault.kind if fault else None
        self.server.stir()
        if fault and fault.hook is not None:
            await fault.hook()
        result: Any
        try:
            if fault and fault.refusal is not None:
                raise fault.refusal
            if kind == "reset":
                raise Refused(0, "connection reset")
            result = await self._done(account, method, params)
        except Refused as refused:
            result = refused
        self._note(account, method, params, result, fault=kind)
        if kind == "silence":
            await self.server.faults.keep_silent()
        if kind in {"reset", "cut", "silence"}:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return _response(result)

    async def _done(self, account: Account, method: str, params: Mapping[str, Any]) -> Any:
        call = Call(self.server, account, params, self.server.now())
        if method in COUNTED and params.get("chat_id") in account.rooms:
            self.server.pace.check(account, call.room, call.now)
        if method in ASYNCHRONOUS:
            return await ASYNCHRONOUS[method](call)
        return METHODS[method](call)

    def _note(
        self,
        account: Account,
        method: str,
        params: Mapping[str, Any],
        result: Any,
        *,
        fault: str | None = None,
        by_webhook: bool = False,
    ) -> None:
        status, answer = _envelope(result)
        record = Record(
            self.server.now(), account.username, method, params, status, answer, fault, by_webhook
        )
        self.server.log.append(record)
        self.server.stir()


async def get_updates(call: Call) -> Any:
    """Return what is waiting; wait for it as long as the bot wants."""
    account, params = call.account, call.params
    limit = params.get("limit", MOST_UPDATES)
    if not 1 <= limit <= MOST_UPDATES:
        raise bad_request("limit must be 1 to 100")
    if account.webhook is not None:
        raise conflict(WEBHOOK_ACTIVE)
    allow(call)
    seconds = max(0, min(params.get("timeout", 0), LONGEST_POLL))
    batch = account.queue.read(params.get("offset", 0), limit, call.now)
    if batch or not seconds:
        return batch
    if account.poll is not None:
        account.poll.end(OTHER_POLLER)
    poll = account.poll = Poll(call.now + timedelta(seconds=seconds))
    call.server.stir()
    try:
        return await _waited(call, poll, limit)
    finally:
        if account.poll is poll:
            account.poll = None


async def _waited(call: Call, poll: Poll, limit: int) -> Any:
    # Not the offset again: a negative one would forget what came meanwhile.
    while True:
        await poll.news()
        if poll.ended is not None:
            raise conflict(poll.ended)
        now = call.server.now()
        batch = call.account.queue.read(0, limit, now)
        if batch or now >= poll.until:
            return batch


ASYNCHRONOUS: Final = {"getUpdates": get_updates}


def _envelope(result: Any) -> tuple[int, dict[str, Any]]:
    if not isinstance(result, Refused):
        return 200, {"ok": True, "result": deepcopy(result)}
    answer = {"ok": False, "error_code": result.status, "description": result.description}
    parameters = {"parameters": result.parameters} if result.parameters else {}
    return result.status, answer | parameters


def _response(result: Any) -> web.Response:
    status, answer = _envelope(result)
    after = answer.get("parameters", {}).get("retry_after")
    headers = {"Retry-After": str(after)} if after else {}
    return web.json_response(answer, status=status, headers=headers)
