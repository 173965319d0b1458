"""People on Telegram, by the thousand: a server that asks nothing of a bot but to be quick.

Run as a process: `python -m bench.crowd PEOPLE BOT SECONDS`. It prints its port, then, when the
time is over, one JSON line. Each of the people answers whatever they are asked a moment later, and
begins a new form when one is done. Its strictness is elsewhere: `tests/fakes`.
"""

import asyncio
import json
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import monotonic, time
from typing import Any, Final

from aiohttp import web

from bench import minimal
from bench.survey import survey_lines
from bot.content import texts_of

MOMENT: Final = 1.2
"""Seconds people take to answer: nobody does within the second in which they are asked."""
WARM: Final = 8.0
"""Seconds that are not counted: everybody has begun by then."""
ITEM: Final = texts_of()("ask.item", item="", ask="").split()[0]
"""What a question of the form begins with."""
MOST: Final = 100
"""Updates of one poll."""


def asked_by_mau03(text: str) -> str:
    """Return what a bubble asks, "" when it only tells something."""
    lines = text.split("\n")
    return next((line for line in lines if line.startswith((ITEM, "1. "))), "")


def asked_by_aiogram(text: str) -> str:
    return "" if text == minimal.survey().thanks else text


def minimal_lines(_: int) -> list[str]:
    return ["/start", *(question.sample for question in minimal.samples(minimal.survey()))]


BOTS: Final[dict[str, tuple[Callable[[str], str], Callable[[int], Sequence[str]]]]] = {
    "mau03": (asked_by_mau03, survey_lines),
    "aiogram": (asked_by_aiogram, minimal_lines),
}


@dataclass(slots=True)
class Somebody:
    number: int
    lines: Iterator[str]
    questions: int
    answers: dict[str, str] = field(default_factory=dict)
    since: float = 0
    """When they wrote last; 0: they were answered."""


@dataclass(slots=True)
class Crowd:
    people: int
    asked: Callable[[str], str]
    lines: Callable[[int], Sequence[str]]
    latencies: list[float] = field(default_factory=list)
    finished: int = 0
    began: float = field(default_factory=monotonic)
    _somebody: dict[int, Somebody] = field(default_factory=dict)
    _waiting: "deque[dict[str, Any]]" = field(default_factory=deque)
    _sent: "deque[dict[str, Any]]" = field(default_factory=deque)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _chats: "count[int]" = field(default_factory=lambda: count(1))
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def come(self) -> None:
        """Let everybody arrive, one after another within a few seconds."""
        loop = asyncio.get_running_loop()
        for number in range(1, self.people + 1):
            loop.call_later(WARM / 2 * number / self.people, self._begin)

    def _begin(self) -> None:
        chat = next(self._chats)
        first, *rest = self.lines(chat)
        somebody = self._somebody[chat] = Somebody(chat, iter(rest), len(rest))
        self._write(somebody, first)

    def _write(self, somebody: Somebody, text: str) -> None:
        somebody.since = monotonic()
        number = next(self._numbers)
        person = {"id": somebody.number, "is_bot": False, "first_name": "An"}
        chat = {"id": somebody.number, "type": "private", "first_name": "An"}
        message = {"message_id": number, "date": int(time()), "chat": chat, "from": person}
        self._waiting.append({"update_id": number, "message": message | {"text": text}})
        self._news.set()

    async def answer(self, request: web.Request) -> web.Response:
        given = {**request.query, **await request.post()}
        match request.match_info["method"].lower():
            case "getupdates":
                result: Any = await self._updates(int(str(given.get("offset") or 0)))
            case "sendmessage":
                result = self._shown(int(str(given["chat_id"])), str(given["text"]))
            case "getme":
                result = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "bench_bot"}
            case _:
                result = True
        return web.json_response({"ok": True, "result": result})

    async def _updates(self, offset: int) -> list[dict[str, Any]]:
        while self._sent and self._sent[0]["update_id"] < offset:
            self._sent.popleft()
        if self._sent:
            return list(self._sent)[:MOST]
        if not self._waiting:
            self._news.clear()
            await self._news.wait()
        while self._waiting and len(self._sent) < MOST:
            self._sent.append(self._waiting.popleft())
        return list(self._sent)

    def _shown(self, chat: int, text: str) -> dict[str, Any]:
        now, somebody = monotonic(), self._somebody[chat]
        if somebody.since and now - self.began > WARM:
            self.latencies.append(now - somebody.since)
        somebody.since = 0
        self._reacts(somebody, text)
        body = {"message_id": next(self._numbers), "date": int(time()), "text": text}
        return body | {"chat": {"id": chat, "type": "private", "first_name": "An"}}

    def _reacts(self, somebody: Somebody, text: str) -> None:
        question, loop = self.asked(text), asyncio.get_running_loop()
        if question:
            if question not in somebody.answers:
                line = next(somebody.lines, None)
                if line is None:
                    return
                somebody.answers[question] = line
            loop.call_later(MOMENT, self._write, somebody, somebody.answers[question])
        elif len(somebody.answers) == somebody.questions:
            self.finished += 1
            loop.call_later(MOMENT, self._begin)


async def serve(people: int, bot: str, seconds: float) -> None:
    crowd = Crowd(people, *BOTS[bot])
    application = web.Application()
    application.router.add_route("*", "/bot{token}/{method}", crowd.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # the bot is ready
    crowd.began = monotonic()
    crowd.come()
    await asyncio.sleep(WARM)
    print("warm", flush=True)
    await asyncio.sleep(seconds)
    print(json.dumps({"latencies": crowd.latencies, "finished": crowd.finished}), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
