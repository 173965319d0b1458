"""getUpdates of the fake Zalo: what was handed out once is gone, and a webhook shuts it out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from tests.fakes.zalo_faults import Reset
from tests.fakes.zalo_guesses import Guesses
from tests.fakes.zalo_stage import HOOK, SECRET, Stage, playing


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with playing() as stage:
        yield stage


async def test_polling_hands_out_one_update_once(stage: Stage) -> None:
    first, second = stage.an.types("one"), stage.an.types("two")

    answers = [await stage.call("getUpdates", timeout=30) for _ in range(2)]
    poll = asyncio.create_task(stage.call("getUpdates", timeout="30"))
    await stage.zalo.called("getUpdates", 3)
    stage.clock.forward(seconds=30)
    stage.zalo.time_passed()

    assert [answer["result"] for answer in answers] == [first.update(), second.update()]
    assert await poll == {"ok": False, "error_code": 408, "description": "Request timeout"}


async def test_a_waiting_poll_gets_what_is_written_meanwhile(stage: Stage) -> None:
    poll = asyncio.create_task(stage.call("getUpdates"))
    await stage.zalo.called("getUpdates")
    event = stage.an.types("one")

    assert (await poll)["result"] == event.update()


async def test_an_answer_lost_on_the_way_is_an_update_lost(stage: Stage) -> None:
    stage.an.types("one")
    stage.an.types("two")
    stage.zalo.order(Reset(after=True), "getUpdates")

    with pytest.raises(aiohttp.ClientError):
        await stage.call("getUpdates")

    assert (await stage.call("getUpdates"))["result"]["message"]["text"] == "two"


async def test_a_poll_hung_up_takes_nothing(stage: Stage) -> None:
    poll = asyncio.create_task(stage.call("getUpdates"))
    await stage.zalo.called("getUpdates")
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    await stage.bot.unpolled()
    stage.an.types("one")

    assert (await stage.call("getUpdates"))["result"]["message"]["text"] == "one"


async def test_two_polls_at_once_are_a_violation(stage: Stage) -> None:
    polls = [asyncio.create_task(stage.call("getUpdates")) for _ in range(2)]
    await stage.zalo.called("getUpdates", 2)
    stage.clock.forward(minutes=1)
    stage.zalo.time_passed()
    await asyncio.gather(*polls)

    assert len(stage.zalo.forgive()) == 1


async def test_timeout_zero_waits_until_there_is_something(stage: Stage) -> None:
    poll = asyncio.create_task(stage.call("getUpdates", timeout=0))
    await stage.zalo.called("getUpdates")
    stage.clock.forward(days=30)
    stage.zalo.time_passed()
    event = stage.an.types("one")

    assert (await poll)["result"] == event.update()


async def test_a_late_event_comes_when_its_time_has_come(stage: Stage) -> None:
    late = stage.an.types("one", late=timedelta(hours=48))
    soon = stage.an.types("two")

    assert (await stage.call("getUpdates"))["result"] == soon.update()
    stage.clock.forward(hours=48)
    assert (await stage.call("getUpdates"))["result"] == late.update()
    assert late.update()["message"]["date"] < stage.clock.at.timestamp() * 1000


async def test_a_webhook_shuts_polling_out_until_it_is_deleted(stage: Stage) -> None:
    assert (await stage.call("getWebhookInfo"))["result"]["url"] == ""
    set_answer = await stage.call("setWebhook", url=HOOK, secret_token=SECRET)
    refused = await stage.call("getUpdates")
    info = await stage.call("getWebhookInfo")
    deleted = await stage.call("deleteWebhook")
    stage.an.types("one")

    assert set_answer == {"ok": True, "result": {"url": HOOK, "updated_at": 1788249600000}}
    assert info == set_answer
    assert refused["ok"] is False
    assert deleted["result"]["url"] == ""
    assert (await stage.call("getUpdates"))["ok"]


async def test_where_nothing_is_kept_only_a_waiting_poll_hears() -> None:
    async with playing(Guesses(keeps_until_polled=False)) as stage:
        lost = stage.an.types("one")
        poll = asyncio.create_task(stage.call("getUpdates"))
        await stage.zalo.called("getUpdates")
        heard = stage.an.types("two")

        assert (await poll)["result"] == heard.update()
        assert stage.bot.lost == [lost]
