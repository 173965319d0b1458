"""What can go wrong on the way, in the order a test asks for. Each fault strikes one request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.telegram_refusals import Refused, too_many

Hook = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes the next request of `method` (None: any) to `chat` (None: any)."""

    kind: Literal["refuse", "reset", "cut", "silence", "hold"]
    method: str | None = None
    chat: int | None = None
    refusal: Refused | None = None
    hook: Hook | None = None

    def strikes(self, method: str, params: Mapping[str, Any]) -> bool:
        """Whether it is this request's turn."""
        mine = self.method in {None, method}
        return mine and self.chat in {None, params.get("chat_id")}


def refuse(
    status: int, description: str, method: str | None = "sendMessage", chat: int | None = None
) -> Fault:
    """Answer with an error, and do nothing."""
    return Fault("refuse", method, chat, Refused(status, description))


def flood(seconds: int, method: str | None = "sendMessage", chat: int | None = None) -> Fault:
    """Answer 429, come back after so many seconds."""
    return Fault("refuse", method, chat, too_many(seconds))


def broken(method: str | None = "sendMessage", chat: int | None = None, status: int = 502) -> Fault:
    """Answer 5xx, and do nothing."""
    return refuse(status, "Bad Gateway", method, chat)


def reset(method: str | None = "sendMessage", chat: int | None = None) -> Fault:
    """Close the connection before anything is done."""
    return Fault("reset", method, chat)


def cut(method: str | None = "sendMessage", chat: int | None = None) -> Fault:
    """Do it, then close the connection instead of answering."""
    return Fault("cut", method, chat)


def silence(method: str | None = "sendMessage", chat: int | None = None) -> Fault:
    """Do it, then never answer: until the client gives up, or the test calls `hang_up`."""
    return Fault("silence", method, chat)


def hold(hook: Hook, method: str | None = "sendMessage", chat: int | None = None) -> Fault:
    """Wait for the hook before doing it: latency, as long as the test wants."""
    return Fault("hold", method, chat, hook=hook)


@dataclass(slots=True)
class Faults:
    """The faults still to come, in order."""

    coming: list[Fault] = field(default_factory=list)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a request has been done and left without an answer."""
    _hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    def order(self, *faults: Fault) -> None:
        self.coming += faults

    def next(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        """Take the fault that strikes this request."""
        for fault in self.coming:
            if fault.strikes(method, params):
                self.coming.remove(fault)
                return fault
        return None

    async def keep_silent(self) -> None:
        """Return when the test hangs up."""
        self.silent.set()
        await self._hung_up.wait()

    def hang_up(self) -> None:
        """Close the connections on which nothing was answered."""
        self._hung_up.set()
        self._hung_up = asyncio.Event()
        self.silent.clear()
