"""Webhooks: 200 only for what is on the disk, and only to who knows the secret."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx2
import pytest
from starlette.applications import Starlette

from bot.dialogs.messages import Text
from bot.platforms.telegram import LARGEST_BODY, SECRET_HEADER, Telegram
from bot.platforms.telegram_updates import ALLOWED
from tests.fakes.hand import Hand
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_faults import broken, reset
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_updates import update
from tests.fakes.telegram_webhook import Answer
from tests.telegram_house import secret_of
from tests.telegram_line import Notebook, running, strict

PUBLIC: Final = "https://form.example.test"
HOOK: Final = "/webhooks/telegram/100001"


class Site:
    """The public address: what is served there, without a socket."""

    def __init__(self, bots: Telegram) -> None:
        app = Starlette(routes=list(bots.routes))
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PUBLIC)

    async def __call__(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = await self.client.post(path, headers=dict(headers), content=body)
        return answer.status_code, dict(answer.headers), answer.content

    async def told(self, body: object = None, secret: str | None = None, path: str = HOOK) -> int:
        """Post an update as Telegram would; return the status."""
        headers = {SECRET_HEADER: secret_of("100001") if secret is None else secret}
        answer = await self.client.post(path, json=body or update("text"), headers=headers)
        return int(answer.status_code)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with strict() as fake:
        fake.routes[PUBLIC] = "http://127.0.0.1:9"  # until the site is there
        yield fake


@pytest.fixture
def an(telegram: FakeTelegram) -> Person:
    return telegram.person("An")


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
async def bots(telegram: FakeTelegram, notebook: Notebook) -> AsyncIterator[Telegram]:
    async with running(telegram, notebook, public_url=f"{PUBLIC}/") as bots:
        await telegram.until(lambda: all(one.webhook for one in telegram.accounts.values()))
        yield bots


@pytest.fixture
async def site(telegram: FakeTelegram, bots: Telegram) -> AsyncIterator[Site]:
    site = Site(bots)
    telegram.routes[PUBLIC] = site
    yield site
    await site.client.aclose()


async def test_the_webhook_is_set_with_its_secret(telegram: FakeTelegram, site: Site) -> None:
    hook = telegram.only.webhook

    assert hook is not None
    assert (hook.url, hook.secret) == (PUBLIC + HOOK, secret_of("100001"))
    assert telegram.only.queue.allowed == frozenset(ALLOWED)
    assert telegram.requests("getUpdates") == []


async def test_setting_it_is_tried_until_it_works(
    telegram: FakeTelegram, notebook: Notebook
) -> None:
    telegram.order(*[broken("setWebhook")] * 3, reset("setWebhook"))

    async with running(telegram, notebook, public_url=PUBLIC) as bots:
        await telegram.until(lambda: telegram.only.webhook and telegram.only.commands)
        assert bots.troubles == {}


async def test_an_update_is_taken_once_it_is_written(
    telegram: FakeTelegram, an: Person, notebook: Notebook, site: Site
) -> None:
    notebook.gate = asyncio.Event()
    an.types("một")
    delivering = asyncio.create_task(telegram.deliver())
    await asyncio.sleep(0)
    assert len(telegram.only.queue.waiting()) == 1
    notebook.gate.set()

    assert [one.status for one in await delivering] == [200]
    assert notebook.said == [Text("một")]
    assert telegram.only.queue.waiting() == []


async def test_what_could_not_be_written_is_sent_again(
    telegram: FakeTelegram, an: Person, notebook: Notebook, site: Site
) -> None:
    notebook.refusals = 2
    an.types("một")

    tried = [one.status for _ in range(3) for one in await telegram.deliver()]
    assert isinstance(telegram.now, Hand)
    telegram.now.forward(minutes=5)
    tried += [one.status for one in await telegram.deliver()]

    assert tried == [503, 503, 200]
    assert notebook.said == [Text("một")]


async def test_an_update_brought_twice_keeps_its_name(
    telegram: FakeTelegram, an: Person, notebook: Notebook, site: Site
) -> None:
    first = telegram.only.queue.next_id
    an.types("một")
    await telegram.deliver()
    telegram.only.queue.again(first)

    assert [one.status for one in await telegram.deliver()] == [200]
    assert [one.event_id for one in notebook.taken] == [str(first)] * 2


@pytest.mark.parametrize("secret", ["", "x", secret_of("100002"), "invented-secret-100001 ", "é"])
async def test_who_does_not_know_the_secret_is_not_heard(
    notebook: Notebook, site: Site, secret: str
) -> None:
    headers = {SECRET_HEADER.encode(): secret.encode()}
    answer = await site.client.post(HOOK, json=update("text"), headers=headers)

    assert answer.status_code == 403
    assert notebook.taken == []


async def test_a_bot_that_is_not_ours_has_no_webhook(notebook: Notebook, site: Site) -> None:
    assert await site.told(path="/webhooks/telegram/100002") == 404
    assert notebook.taken == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b" " * (LARGEST_BODY + 1)])
async def test_what_is_no_update_is_refused(notebook: Notebook, site: Site, body: bytes) -> None:
    headers = {SECRET_HEADER: secret_of("100001")}
    answer = await site.client.post(HOOK, content=body, headers=headers)

    assert answer.status_code == 400
    assert notebook.taken == []


async def test_an_update_nobody_can_read_is_not_sent_again(notebook: Notebook, site: Site) -> None:
    assert await site.told({"update_id": 7, "message": {"date": "?"}}) == 200
    assert await site.told(update("unknown_update_kind")) == 200
    assert notebook.taken == []


async def test_a_press_is_answered_even_if_it_cannot_be_written(
    telegram: FakeTelegram, notebook: Notebook, site: Site
) -> None:
    notebook.refusals = 1

    assert await site.told(update("callback")) == 503
    await telegram.until(lambda: telegram.requests("answerCallbackQuery"))


async def test_who_blocks_the_bot_is_noted_and_again_if_it_fails(
    notebook: Notebook, site: Site
) -> None:
    notebook.refusals = 1

    assert await site.told(update("blocked")) == 503
    assert await site.told(update("blocked")) == 200
    assert notebook.written == 1


async def test_after_the_end_telegram_keeps_what_it_has(
    bots: Telegram, notebook: Notebook, site: Site
) -> None:
    await bots.stop()

    assert await site.told() == 503
    assert notebook.taken == []


async def test_who_polls_has_no_webhooks(telegram: FakeTelegram, notebook: Notebook) -> None:
    async with running(telegram, notebook) as bots:
        assert bots.routes == []
