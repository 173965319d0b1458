"""With real time and a bot in a process of its own, which may be killed."""

import asyncio
import sys
from typing import Final

from aiohttp import web

from tests.fake_telegram.conftest import TOKEN
from tests.fakes.telegram import FakeTelegram

POLLER: Final = """
import json, sys, urllib.request

def updates(offset):
    url = f"{sys.argv[1]}/getUpdates?timeout=20&offset={offset}"
    return json.load(urllib.request.urlopen(url))["result"]

offset = 0
while True:
    for update in updates(offset):
        print(update["message"]["text"], flush=True)
        offset = update["update_id"] + 1
        if update["message"]["text"] == "stay":
            sys.stdin.read()
"""


async def poller(telegram: FakeTelegram) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        POLLER,
        f"{telegram.url}/bot{TOKEN}",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def said(process: asyncio.subprocess.Process) -> str:
    """Return the next line the process prints."""
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode().strip()


async def test_a_killed_poller_gets_again_what_it_did_not_confirm() -> None:
    async with FakeTelegram.real() as telegram:
        telegram.bot(TOKEN)
        an = telegram.person("An")
        first = await poller(telegram)
        an.types("one")
        assert await said(first) == "one"
        an.types("stay")
        assert await said(first) == "stay"
        first.kill()
        await first.communicate()

        second = await poller(telegram)
        assert await said(second) == "stay"
        second.kill()
        await second.communicate()

        assert telegram.violations == []


async def test_a_webhook_that_fails_is_tried_again_without_being_asked() -> None:
    statuses = [500, 200]

    async def take(_: web.Request) -> web.Response:
        return web.Response(status=statuses.pop(0))

    application = web.Application()
    application.router.add_post("/hook", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with FakeTelegram.real() as telegram:
        account = telegram.bot(TOKEN)
        host, port = runner.addresses[0][:2]
        telegram.routes["https://form.example.test"] = f"http://{host}:{port}"
        # As setWebhook does it; a client is not the point here.
        an = telegram.person("An")
        an.starts()
        account.hook("https://form.example.test/hook")

        courier = telegram.couriers[TOKEN]
        await telegram.until(lambda: [one.status for one in courier.history] == [500, 200])

        assert account.queue.waiting() == []
    await runner.cleanup()
