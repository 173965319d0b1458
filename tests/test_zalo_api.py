"""The client of one Zalo bot, in every world the platform may turn out to be."""

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import pytest

from bot.platforms.zalo_api import LONGEST_WAIT, QUOTA_WAIT, Bot, NoAnswer
from bot.ports import Revoked, TryLater, Unreachable
from tests.fakes.zalo_contract import BAD_REQUEST, INTERNAL, NOT_FOUND, QUOTA, TIMEOUT, UNAUTHORIZED
from tests.fakes.zalo_faults import Fault, Page, Refuse, Reset, Silence, TooMany
from tests.fakes.zalo_guesses import WORLDS, Guesses, Refusal
from tests.fakes.zalo_stage import HOOK, SECRET, TOKEN, Stage, playing

CANARY: Final = "Canary Thi Vang"
FAULTS: Final[list[tuple[Fault, type[Exception]]]] = [
    (Refuse(BAD_REQUEST), Unreachable),
    (Refuse(NOT_FOUND), Unreachable),
    (Refuse(Refusal(403, "Forbidden: bot was blocked by the user")), Unreachable),
    (Refuse(UNAUTHORIZED), Revoked),
    (Refuse(QUOTA), TryLater),
    (Refuse(INTERNAL), NoAnswer),
    (Refuse(TIMEOUT), NoAnswer),
    (Refuse(Refusal(500, "")), NoAnswer),
    (Refuse(Refusal(503, "Busy")), NoAnswer),
    (Page(), NoAnswer),
    (Page(status=200), NoAnswer),
    (Page(status=404), NoAnswer),
    (Page(status=302, body=""), NoAnswer),
    (Page(body="{", content_type="application/json"), NoAnswer),
    (Page(200, "[]", "application/json"), NoAnswer),
    (Page(200, '{"ok": "yes"}', "application/json"), NoAnswer),
    (Page(200, "[" * 100_000, "application/json"), NoAnswer),
    (Page(401, '{"ok": false}', "application/json"), Revoked),
    (Page(200, '{"ok": false, "error_code": "429"}', "application/json"), TryLater),
    (Reset(), NoAnswer),
    (Reset(after=True), NoAnswer),
    (Silence(), NoAnswer),
]
"""What goes wrong -> what it means. Whatever is not the platform's own word is only a delay."""


@asynccontextmanager
async def playing_bot(guesses: Guesses | None = None) -> AsyncIterator[tuple[Stage, Bot]]:
    async with playing(guesses) as stage:
        bot = Bot(stage.zalo.url, TOKEN)
        stage.an.follow()
        yield stage, bot
        await bot.close()


async def failing(bot: Bot, chat: str) -> Exception:
    try:
        await bot.call("sendMessage", chat_id=chat, text=CANARY)
    except (Unreachable, TryLater, Revoked) as error:
        return error
    raise AssertionError("nothing failed")


@pytest.mark.parametrize(("fault", "meaning"), FAULTS, ids=repr)
@pytest.mark.parametrize("world", WORLDS)
async def test_every_fault_has_its_meaning_and_the_next_call_works(
    world: str, fault: Fault, meaning: type[Exception]
) -> None:
    async with playing_bot(WORLDS[world]) as (stage, bot):
        patient = bot._patience
        bot._patience = 0.2 if isinstance(fault, Silence) else patient
        stage.zalo.order(fault, "sendMessage")

        error = await failing(bot, stage.an.id)

        bot._patience = patient
        assert type(error) is meaning
        assert (await bot.call("sendMessage", chat_id=stage.an.id, text="now"))["message_id"]
        assert bot.trouble == ""


@pytest.mark.parametrize("world", WORLDS)
async def test_a_hint_how_long_to_wait_is_followed(world: str) -> None:
    waits = (timedelta(seconds=90), None, timedelta(days=900))
    async with playing_bot(WORLDS[world]) as (stage, bot):
        for wait in waits:
            stage.zalo.order(TooMany(wait))
        errors = [await failing(bot, stage.an.id) for _ in waits]

    given = [error.wait for error in errors if isinstance(error, TryLater)]
    assert given == [timedelta(seconds=90), QUOTA_WAIT, LONGEST_WAIT]


@pytest.mark.parametrize("world", WORLDS)
async def test_who_blocked_the_bot_or_is_unknown_cannot_be_reached(world: str) -> None:
    async with playing_bot(WORLDS[world]) as (stage, bot):
        stage.an.block()

        assert type(await failing(bot, stage.an.id)) is Unreachable
        assert type(await failing(bot, "nobody")) is Unreachable


@pytest.mark.parametrize("world", WORLDS)
async def test_a_revoked_token_is_told_or_looks_like_no_answer(world: str) -> None:
    async with playing_bot(WORLDS[world]) as (stage, bot):
        stage.bot.revoked = True
        errors = [type(await failing(bot, stage.an.id)) for _ in range(3)]

        page = WORLDS[world].revoked == "page"
        assert set(errors) == {NoAnswer if page else Revoked}
        assert bot.trouble == ("no_answer" if page else "revoked")


@pytest.mark.parametrize("world", WORLDS)
async def test_a_poll_that_brings_nothing_is_no_error(world: str) -> None:
    async with playing_bot(WORLDS[world]) as (stage, bot):
        stage.zalo.order(Refuse(TIMEOUT), "getUpdates")

        assert await bot.next_update() is None
        assert bot.trouble == ""


@pytest.mark.parametrize("world", WORLDS)
async def test_beside_a_webhook_a_poll_is_a_conflict_until_it_is_gone(world: str) -> None:
    async with playing_bot(WORLDS[world]) as (stage, bot):
        await bot.call("setWebhook", url=HOOK, secret_token=SECRET)

        with pytest.raises(Unreachable):
            await bot.next_update()
        await bot.call("sendMessage", chat_id=stage.an.id, text="it can still speak")
        assert bot.trouble == "conflict"
        await bot.call("deleteWebhook")
        stage.zalo.order(Refuse(TIMEOUT), "getUpdates")
        await bot.next_update()
        assert bot.trouble == ""


@pytest.mark.parametrize("world", WORLDS)
async def test_nothing_that_is_raised_quotes_the_token_or_the_words(world: str) -> None:
    faults = [fault for fault, _ in FAULTS if not isinstance(fault, Silence)]
    async with playing_bot(WORLDS[world]) as (stage, bot):
        for fault in faults:
            stage.zalo.order(fault)
        errors = [await failing(bot, stage.an.id) for _ in faults]
    for nowhere in (Bot("http://127.0.0.1:9", TOKEN), Bot("no address", TOKEN)):
        errors.append(await failing(nowhere, "an"))
        await nowhere.close()

    told = "".join(line for error in errors for line in traceback.format_exception(error))
    assert all(error.__context__ is None for error in errors)
    assert "INVENTED" not in told + repr(errors)
    assert CANARY not in told + repr(errors)


async def test_now_and_then_a_failure_is_no_trouble() -> None:
    async with playing_bot() as (stage, bot):
        for _ in range(3):
            stage.zalo.order(Page(), "sendMessage", times=2)
            assert type(await failing(bot, stage.an.id)) is NoAnswer
            assert type(await failing(bot, stage.an.id)) is NoAnswer
            assert bot.trouble == ""
            await bot.call("getMe")


async def test_a_token_cannot_lead_elsewhere() -> None:
    async with playing() as stage:
        stage.zalo.bot("1:../a?b#c /d")
        bot = Bot(stage.zalo.url, "1:../a?b#c /d")

        assert (await bot.call("getMe"))["id"] == "1"
        await bot.close()
