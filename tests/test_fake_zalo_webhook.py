"""Webhooks of the fake Zalo: the secret, both shapes, duplicates, new attempts, dead processes."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from tests.fakes.zalo import FakeZalo
from tests.fakes.zalo_contract import SECRET_HEADER
from tests.fakes.zalo_guesses import Guesses
from tests.fakes.zalo_people import Person
from tests.fakes.zalo_stage import AN, HOOK, SECRET, TOKEN, Stage, playing

OUTSIDE: Final = "https://bot.example.vn"
RECEIVER: Final = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        update = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["result"]
        with open(sys.argv[1], "a") as kept:
            kept.write(update["message"]["text"] + "\\n")
            kept.flush()
            os.fsync(kept.fileno())
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass

server = HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
"""
"""Keeps every text in a file before it acknowledges it."""


@dataclass(slots=True)
class Hook:
    """A bot's own server: answers with what `statuses` says, then with 200. None is silence."""

    statuses: list[int | None] = field(default_factory=list)
    heard: list[tuple[str | None, bytes]] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append((request.headers.get(SECRET_HEADER), await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        if status is None:
            await self.closing.wait()
        return web.Response(status=status or 200)

    def ids(self) -> list[str]:
        return [json.loads(body)["result"]["message"]["message_id"] for _, body in self.heard]


@asynccontextmanager
async def open_door(hook: Hook) -> AsyncIterator[str]:
    """Yield where the bot's server really is."""
    app = web.Application()
    app.router.add_post("/zalo", hook.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    hook.closing.set()
    await runner.cleanup()


async def connect(stage: Stage, there: str) -> None:
    stage.zalo.postman.tunnels[OUTSIDE] = there
    assert (await stage.call("setWebhook", url=HOOK, secret_token=SECRET))["ok"]


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
async def stage(hook: Hook) -> AsyncIterator[Stage]:
    async with open_door(hook) as there, playing() as stage:
        await connect(stage, there)
        yield stage


@pytest.mark.parametrize("wrapped", [True, False])
async def test_an_event_comes_with_the_secret_in_either_shape(
    stage: Stage, hook: Hook, wrapped: bool
) -> None:
    stage.bot.wrapped = wrapped
    update = stage.an.types("hello").update()

    (attempt,) = await stage.zalo.postman.deliver_due()

    ((secret, body),) = hook.heard
    assert (attempt.status, secret) == (200, SECRET)
    assert json.loads(body) == ({"ok": True, "result": update} if wrapped else update)


@pytest.mark.parametrize("status", [500, 503, 404, 401, 302, None])
async def test_without_a_2xx_it_comes_again_and_is_the_same(hook: Hook, status: int | None) -> None:
    hook.statuses = [status]
    hasty = Guesses(webhook_patience=timedelta(seconds=0.2))
    async with open_door(hook) as there, playing(hasty) as stage:
        await connect(stage, there)
        stage.an.types("hello")

        (first,) = await stage.zalo.postman.deliver_due()
        too_early = await stage.zalo.postman.deliver_due()
        stage.clock.forward(seconds=30)
        (second,) = await stage.zalo.postman.deliver_due()

    assert (first.status, too_early, second.status) == (status, [], 200)
    assert hook.heard[0] == hook.heard[1]


async def test_after_the_last_attempt_an_event_is_lost(stage: Stage, hook: Hook) -> None:
    hook.statuses = [500] * 9
    event = stage.an.types("hello")
    pauses = stage.zalo.guesses.webhook_retries

    for pause in (timedelta(0), *pauses):
        stage.clock.forward(seconds=pause.total_seconds())
        assert len(await stage.zalo.postman.deliver_due()) == 1
    stage.clock.forward(days=9)

    assert await stage.zalo.postman.deliver_due() == []
    assert stage.bot.lost == [event]


async def test_nobody_at_home_is_no_answer(stage: Stage) -> None:
    stage.zalo.postman.tunnels.clear()
    stage.an.types("hello")

    (attempt,) = await stage.zalo.postman.deliver_due()

    assert attempt.status is None
    assert len(stage.bot.pending) == 1


async def test_a_duplicate_has_the_id_of_the_first(stage: Stage, hook: Hook) -> None:
    stage.bot.copies = 2
    event = stage.an.types("hello")
    await stage.zalo.postman.deliver_due()
    stage.bot.copies = 1
    stage.clock.forward(days=7)
    stage.bot.put(event)
    await stage.zalo.postman.deliver_due()

    assert hook.ids() == [event.message_id] * 3


async def test_events_come_in_another_order(stage: Stage, hook: Hook) -> None:
    stage.bot.hold()
    sent = [stage.an.types(word).message_id for word in ("one", "two", "three")]
    assert await stage.zalo.postman.deliver_due() == []
    stage.bot.release(lambda held: held[::-1])
    await stage.zalo.postman.deliver_due()

    assert hook.ids() == sent[::-1]


async def test_a_late_event_is_overtaken(stage: Stage, hook: Hook) -> None:
    late = stage.an.types("one", late=timedelta(hours=1))
    soon = stage.an.types("two")
    await stage.zalo.postman.deliver_due()
    stage.clock.forward(hours=1)
    await stage.zalo.postman.deliver_due()

    assert hook.ids() == [soon.message_id, late.message_id]


async def test_what_waits_for_a_poll_goes_to_a_webhook_set_later(hook: Hook) -> None:
    async with open_door(hook) as there, playing() as stage:
        event = stage.an.types("hello")
        await connect(stage, there)
        await stage.zalo.postman.deliver_due()

    assert hook.ids() == [event.message_id]


async def test_strangers_and_probes_can_call_too(stage: Stage, hook: Hook) -> None:
    body = stage.an.types("hello").body(wrapped=True)

    assert await stage.zalo.postman.forge(stage.bot, body, None) == 200
    assert await stage.zalo.postman.forge(stage.bot, body, "another-secret") == 200
    assert await stage.zalo.postman.probe(stage.bot) == 200
    assert hook.heard == [(None, body), ("another-secret", body), (SECRET, b"")]


def real_clock() -> datetime:
    return datetime.now(UTC)


def impatient(pauses: int) -> Guesses:
    return Guesses(webhook_retries=(timedelta(seconds=0.02),) * pauses)


@asynccontextmanager
async def running(guesses: Guesses) -> AsyncIterator[FakeZalo]:
    """Yield a fake that delivers by itself, in real time."""
    async with FakeZalo(real_clock, guesses=guesses, background=True) as zalo:
        bot = zalo.bot(TOKEN)
        bot.webhook, bot.secret = HOOK, SECRET
        yield zalo


@pytest.mark.parametrize("one_at_a_time", [True, False])
async def test_in_the_background_everything_arrives(hook: Hook, one_at_a_time: bool) -> None:
    hook.statuses = [500, 200, 503]
    guesses = replace(impatient(9), one_at_a_time=one_at_a_time)
    async with open_door(hook) as there, running(guesses) as zalo:
        zalo.postman.tunnels[OUTSIDE] = there
        bot = zalo.bot(TOKEN)
        for word in ("one", "two", "three"):
            for number in range(5):
                bot.chat(Person(f"Person {number}")).types(word)
        await zalo.postman.settled()

    assert len(hook.heard) == 17
    assert len({event.message_id for event in bot.taken}) == 15


async def test_in_the_background_a_poll_wakes_by_itself() -> None:
    async with FakeZalo(real_clock, background=True) as zalo, playing() as other:
        zalo.bot(TOKEN).chat(AN).types("late", late=timedelta(seconds=0.05))

        assert (await Stage(zalo, other.clock, other.session).call("getUpdates"))["ok"]


@asynccontextmanager
async def receiver(kept: Path) -> AsyncIterator[tuple[Process, str]]:
    """Yield a process of its own that receives, and where it is; kill it in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RECEIVER, str(kept), stdout=PIPE
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    await process.wait()


async def test_a_process_killed_again_and_again_gets_everything(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    async with running(impatient(10_000)) as zalo:
        bot = zalo.bot(TOKEN)
        chats = [bot.chat(Person(f"Person {number}")) for number in range(10)]
        words = [chat.types(f"{chat.id} {turn}").update() for turn in range(6) for chat in chats]
        for enough in (5, 20, 40):
            async with receiver(kept) as (_, there):
                zalo.postman.tunnels[OUTSIDE] = there
                await bot.gets(enough)
        async with receiver(kept) as (_, there):
            zalo.postman.tunnels[OUTSIDE] = there
            await zalo.postman.settled()

    assert set(kept.read_text().splitlines()) == texts(words)
    assert bot.lost == []


def texts(updates: Sequence[Any]) -> set[str]:
    return {update["message"]["text"] for update in updates}
