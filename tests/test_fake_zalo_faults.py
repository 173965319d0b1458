"""What goes wrong on the fake Zalo, when a test asks for it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from tests.fakes.zalo_contract import INTERNAL
from tests.fakes.zalo_faults import ANY, Page, Quota, Refuse, Reset, Silence, TooMany
from tests.fakes.zalo_guesses import WORLDS, Guesses, Refusal
from tests.fakes.zalo_stage import TOKEN, Stage, playing


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with playing() as stage:
        yield stage


async def test_nobody_is_written_to_who_did_not_write_or_blocks(stage: Stage) -> None:
    send = {"chat_id": stage.an.id, "text": "a"}

    stranger = await stage.call("sendMessage", **send)
    stage.an.types("hello")
    known = await stage.call("sendMessage", **send)
    stage.an.block()
    blocked = await stage.call("sendMessage", **send)
    stage.an.unblock()

    assert [stranger["ok"], known["ok"], blocked["ok"]] == [False, True, False]
    assert (await stage.call("sendMessage", **send))["ok"]
    assert stage.an.texts == ["a", "a"]


async def test_a_revoked_token_opens_nothing(stage: Stage) -> None:
    stage.bot.revoked = True

    assert await stage.call("getMe") == {
        "ok": False,
        "error_code": 401,
        "description": "Unauthorized",
    }


@pytest.mark.parametrize("hint", [False, True])
async def test_too_many_messages_are_refused_by_the_clock(stage: Stage, hint: bool) -> None:
    stage.an.follow()
    stage.bot.quota = Quota(2, timedelta(seconds=10), hint)
    answers = []
    for _ in range(3):
        url = f"{stage.zalo.url}/bot{TOKEN}/sendMessage"
        fields = {"chat_id": stage.an.id, "text": "a"}
        async with stage.session.post(url, json=fields) as answer:
            answers.append(((await answer.json())["ok"], answer.headers.get("Retry-After")))
        stage.clock.forward(seconds=1)
    stage.clock.forward(seconds=7)

    assert answers == [(True, None), (True, None), (False, "8" if hint else None)]
    assert (await stage.call("sendMessage", chat_id=stage.an.id, text="a"))["ok"]


async def test_faults_happen_once_and_in_order(stage: Stage) -> None:
    stage.an.follow()
    send = {"chat_id": stage.an.id, "text": "a"}
    stage.zalo.order(Refuse(INTERNAL), "sendMessage")
    stage.zalo.order(TooMany(timedelta(seconds=9)), "sendMessage")

    assert (await stage.call("getMe"))["ok"]
    codes = [(await stage.call("sendMessage", **send)).get("error_code") for _ in range(3)]

    assert codes == [403, 429, None]
    assert stage.an.texts == ["a"]


async def test_an_outage_shows_a_page_until_it_is_over(stage: Stage) -> None:
    stage.zalo.order(Page(503), ANY, times=None)
    for _ in range(3):
        async with stage.session.post(f"{stage.zalo.url}/bot{TOKEN}/getMe") as answer:
            assert (answer.status, answer.content_type) == (503, "text/html")
    stage.zalo.clear_faults()

    assert (await stage.call("getMe"))["ok"]


@pytest.mark.parametrize(("fault", "arrived"), [(Reset(), []), (Reset(after=True), ["a"])])
async def test_a_reset_tells_nothing_about_what_was_done(
    stage: Stage, fault: Reset, arrived: list[str]
) -> None:
    stage.an.follow()
    stage.zalo.order(fault, "sendMessage")

    with pytest.raises(aiohttp.ClientError):
        await stage.call("sendMessage", chat_id=stage.an.id, text="a")

    assert stage.an.texts == arrived


async def test_a_message_arrives_whose_answer_never_comes(stage: Stage) -> None:
    stage.an.follow()
    stage.zalo.order(Silence(), "sendMessage")

    sending = asyncio.create_task(stage.call("sendMessage", chat_id=stage.an.id, text="a"))
    assert await stage.an.sees(1) == ["a"]
    assert not sending.done()
    sending.cancel()


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS.keys())
async def test_every_world_refuses_in_its_own_way(world: Guesses) -> None:
    async with playing(world) as stage:
        stage.an.follow()
        stage.an.block()
        send = {"chat_id": stage.an.id, "text": "a"}
        status, refused = await stage.post("sendMessage", json=send)

    assert refused["error_code"] == world.blocked.code
    assert status == (world.blocked.code if world.status_is_code else 200)


async def test_a_refusal_of_ones_own_can_be_tried(stage: Stage) -> None:
    stage.zalo.order(Refuse(Refusal(418, "teapot")), "getMe")

    assert (await stage.call("getMe"))["error_code"] == 418
