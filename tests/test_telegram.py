"""Polling: what comes in is on the disk before Telegram hears of it; troubles pass or are told."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final

import pytest

from bot.dialogs.messages import Content, Press, Text
from bot.platforms.errands import LONGEST_PAUSE
from bot.platforms.telegram import COMMANDS
from bot.ports import Messenger
from tests.fakes.hand import Hand
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_door import Record
from tests.fakes.telegram_faults import broken, cut, flood, hold, refuse, reset
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_updates import update
from tests.telegram_house import TOKEN
from tests.telegram_line import TEXTS, Notebook, Pauses, ended, new, running, strict

OTHER: Final = "100002:INVENTED"


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with strict() as fake:
        yield fake


@pytest.fixture
def an(telegram: FakeTelegram) -> Person:
    return telegram.person("An")


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


def polls(telegram: FakeTelegram) -> list[Record]:
    return [one for one in telegram.requests("getUpdates") if one.status == 200]


async def taken(telegram: FakeTelegram) -> None:
    """Return when everything is confirmed and the bots wait for more."""
    await telegram.until(
        lambda: all(bot.poll and not bot.queue.waiting() for bot in telegram.accounts.values())
    )


# --- in order, and only what is on the disk ------------------------------------------------------


async def test_what_is_written_arrives_in_order(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    binh = telegram.person("Bình")
    async with running(telegram, notebook):
        an.types("một")
        binh.types("hai")
        an.types("ba")
        await taken(telegram)

    said: dict[int, list[Content]] = {an.id: [], binh.id: []}
    for one in notebook.taken:
        said[int(one.chat)].append(one.content)
    assert said == {an.id: [Text("một"), Text("ba")], binh.id: [Text("hai")]}
    assert {one.account for one in notebook.taken} == {"100001"}
    assert {one.sent_at.replace(microsecond=0) for one in notebook.taken} == {telegram.now()}
    times = [one.sent_at for one in notebook.taken if one.chat == str(an.id)]
    assert times == sorted(set(times)), "one second, but one after the other"


async def test_the_offset_moves_only_when_all_of_a_batch_is_taken(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    notebook.gate = asyncio.Event()
    an.types("một")
    an.types("hai")

    async with running(telegram, notebook):
        await telegram.until(lambda: polls(telegram))
        assert len(telegram.only.queue.waiting()) == 2
        assert len(telegram.requests("getUpdates")) == 1
        notebook.gate.set()
        await taken(telegram)

    assert notebook.said == [Text("một"), Text("hai")]


async def test_what_could_not_be_written_comes_again(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    pauses = Pauses()
    notebook.refusals = 3
    an.types("một")
    an.types("hai")

    async with running(telegram, notebook, pauses) as bots:
        await taken(telegram)
        assert bots.troubles == {}

    assert notebook.said == [Text("một"), Text("hai")]
    assert len(pauses.seconds) >= 2


async def test_after_one_that_fails_nothing_of_its_chat_goes_before_it(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    notebook.refusals = 1
    an.types("một")
    an.types("hai")

    async with running(telegram, notebook):
        await taken(telegram)

    assert [one.content for one in notebook.taken] == [Text("một"), Text("hai")]


async def test_updates_out_of_order_are_put_in_order(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    telegram.only.queue.order = lambda batch: batch[::-1]
    for word in ("một", "hai", "ba"):
        an.types(word)

    async with running(telegram, notebook):
        await taken(telegram)

    assert notebook.said == [Text("một"), Text("hai"), Text("ba")]


async def test_an_update_delivered_twice_keeps_its_name_and_loses_nothing(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    queue = telegram.only.queue
    first = queue.next_id
    an.types("một")

    async with running(telegram, notebook):
        await taken(telegram)
        queue.again(first)
        an.types("hai")
        await taken(telegram)

    assert [one.event_id for one in notebook.taken].count(str(first)) == 2
    assert notebook.said == [Text("một"), Text("hai")]


async def test_more_than_a_batch_is_fetched_batch_by_batch(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    for number in range(230):
        an.types(str(number))

    async with running(telegram, notebook):
        await taken(telegram)

    assert notebook.said == [Text(str(number)) for number in range(230)]


async def test_numbers_that_begin_anew_after_a_quiet_week_are_no_matter(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    async with running(telegram, notebook):
        an.types("một")
        await taken(telegram)
        telegram.only.queue.next_id = 1000
        an.types("hai")
        await taken(telegram)
        an.types("ba")
        await taken(telegram)

    assert notebook.said == [Text("một"), Text("hai"), Text("ba")]


async def test_one_update_nobody_can_read_stops_no_other(
    telegram: FakeTelegram, an: Person, notebook: Notebook, caplog: pytest.LogCaptureFixture
) -> None:
    an.types("một")
    telegram.inject({"message": {**update("text")["message"], "date": "canary"}})
    telegram.inject(update("unknown_update_kind"))
    an.types("hai")

    async with running(telegram, notebook):
        await taken(telegram)

    assert notebook.said == [Text("một"), Text("hai")]
    assert [record.why for record in caplog.records] == ["ValidationError"] * 2  # type: ignore[attr-defined]
    assert "canary" not in caplog.text


# --- stopping and starting -----------------------------------------------------------------------


async def test_a_restart_goes_on_where_it_was(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    async with running(telegram, notebook):
        an.types("một")
        await taken(telegram)
    an.types("hai")

    async with running(telegram, notebook):
        await taken(telegram)

    assert [one.content for one in notebook.taken] == [Text("một"), Text("hai")]


async def test_the_batch_in_hand_is_finished_and_confirmed(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    notebook.gate = asyncio.Event()
    an.types("một")
    bots = new(telegram)
    await bots.start(notebook)
    await telegram.until(lambda: polls(telegram))

    stopping = asyncio.create_task(bots.stop())
    an.types("hai")
    await asyncio.sleep(0)
    notebook.gate.set()
    await stopping

    assert [one.content for one in notebook.taken] == [Text("một")]
    assert [one["message"]["text"] for one in telegram.only.queue.waiting()] == ["hai"]
    last = telegram.log[-1]
    assert (last.method, last.params["timeout"]) == ("getUpdates", 0)


async def test_a_poll_that_waits_is_given_up(telegram: FakeTelegram, notebook: Notebook) -> None:
    async with running(telegram, notebook):
        await taken(telegram)

    assert notebook.taken == []


async def test_a_batch_that_cannot_be_written_keeps_nobody_from_stopping(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    notebook.refusals = 1_000_000
    an.types("một")

    async with running(telegram, notebook):
        await telegram.until(lambda: len(polls(telegram)) > 2)

    assert len(telegram.only.queue.waiting()) == 1


async def test_what_was_said_while_nobody_listened_is_not_thrown_away(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    telegram.only.hook("https://elsewhere.example.test/")
    an.types("một")

    async with running(telegram, notebook):
        await taken(telegram)

    assert notebook.said == [Text("một")]
    assert telegram.only.webhook is None


# --- troubles ------------------------------------------------------------------------------------


async def test_an_outage_passes_with_longer_and_longer_pauses(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    pauses, told = Pauses(), []

    async def note() -> None:
        told.append(dict(bots.troubles))

    faults = [reset("getUpdates"), broken("getUpdates"), cut("getUpdates"), reset("getUpdates")]
    telegram.order(*faults, *[broken("getUpdates")] * 6, hold(note, "getUpdates"))
    an.types("một")
    async with running(telegram, notebook, pauses) as bots:
        await taken(telegram)
        assert bots.troubles == {}

    assert told == [{"100001": "no_answer"}]
    assert notebook.said == [Text("một")]
    assert len(pauses.seconds) == 10
    assert pauses.seconds[0] <= 3 and pauses.seconds[5] > 16
    assert all(seconds <= 1.5 * LONGEST_PAUSE for seconds in pauses.seconds)
    assert len(set(pauses.seconds)) == len(pauses.seconds), "drawn by chance"


async def test_setting_up_is_tried_until_it_works(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    telegram.order(reset("deleteWebhook"), broken("deleteWebhook"))
    an.types("một")

    async with running(telegram, notebook):
        await taken(telegram)

    assert notebook.said == [Text("một")]


async def test_a_pause_telegram_asks_for_is_kept(
    telegram: FakeTelegram, notebook: Notebook
) -> None:
    pauses = Pauses()
    telegram.order(flood(77, "getUpdates"))

    async with running(telegram, notebook, pauses):
        await taken(telegram)

    (waited,) = pauses.seconds
    assert 77 <= waited <= 1.5 * 77


async def test_another_poller_is_told_as_a_conflict_until_it_is_gone(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    told = []

    async def note() -> None:
        told.append(dict(bots.troubles))

    twice = refuse(409, "Conflict: terminated by other getUpdates request", "getUpdates")
    telegram.order(twice, hold(note, "getUpdates"))
    async with running(telegram, notebook) as bots:
        await telegram.until(lambda: told)
        an.types("một")
        await taken(telegram)
        assert bots.troubles == {}

    assert told == [{"100001": "conflict"}]
    assert notebook.said == [Text("một")]


@pytest.mark.parametrize("method", ["deleteWebhook", "getUpdates"])
@pytest.mark.parametrize("status", [401, 404])
async def test_a_token_telegram_does_not_know_ends_the_line(
    telegram: FakeTelegram, notebook: Notebook, status: int, method: str
) -> None:
    telegram.order(refuse(status, "Unauthorized", method))

    async with running(telegram, notebook) as bots:
        await ended(bots, "100001")
        assert bots.troubles == {"100001": "revoked"}


async def test_a_revoked_token_stops_only_its_own_bot(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    other = telegram.bot(OTHER)
    telegram.accounts[TOKEN].revoked = True
    binh = telegram.person("Bình", other)

    async with running(telegram, notebook) as bots:
        binh.types("một")
        await telegram.until(lambda: other.poll and not other.queue.waiting())
        await ended(bots, "100001")
        assert bots.troubles == {"100001": "revoked"}

    assert [(one.account, one.content) for one in notebook.taken] == [("100002", Text("một"))]


async def test_several_bots_listen_at_the_same_time(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    other = telegram.bot(OTHER)
    async with running(telegram, notebook) as bots:
        messenger: Messenger = bots
        assert messenger.accounts == ("100001", "100002")
        an.types("một")
        an.at(other).types("hai")
        await taken(telegram)

    said = {(one.account, one.chat, one.content) for one in notebook.taken}
    assert said == {("100001", str(an.id), Text("một")), ("100002", str(an.id), Text("hai"))}


# --- presses, the menu, groups -------------------------------------------------------------------

BUTTON: Final = {"inline_keyboard": [[{"text": "Đúng", "callback_data": "3:confirm"}]]}


def shown(telegram: FakeTelegram, person: Person) -> None:
    """Put a message with a button into a chat, as an earlier process left it."""
    body = {"text": "Đúng không?", "reply_markup": BUTTON}
    telegram.only.write(person.room, telegram.only.user_in_messages(), telegram.now(), body)


async def test_a_press_is_answered_before_it_is_written_down(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    an.starts()
    shown(telegram, an)
    async with running(telegram, notebook):
        await taken(telegram)
        notebook.gate = asyncio.Event()
        press = an.presses("Đúng")
        await telegram.until(lambda: telegram.only.callbacks[press].answered)
        assert len(notebook.taken) == 1
        notebook.gate.set()
        await taken(telegram)

    (one,) = notebook.taken[1:]
    assert (one.content, one.ref) == (Press("confirm", "3"), "")
    assert one.sent_at == one.received_at == telegram.now()


async def test_a_press_telegram_has_forgotten_is_still_taken(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    an.starts()
    shown(telegram, an)
    an.presses("Đúng")
    assert isinstance(telegram.now, Hand)
    telegram.now.forward(seconds=60)

    async with running(telegram, notebook):
        await taken(telegram)

    assert notebook.said[1:] == [Press("confirm", "3")]
    assert [one.status for one in telegram.requests("answerCallbackQuery")] == [400]


async def test_the_menu_is_shown_in_vietnamese(telegram: FakeTelegram, notebook: Notebook) -> None:
    async with running(telegram, notebook):
        await telegram.until(lambda: len(telegram.only.commands) == 2)

    for _, menu in telegram.only.commands.items():
        assert [one["command"] for one in menu] == list(COMMANDS)
        assert menu[0]["description"] == "Khai phiếu"
    assert {language for _, language in telegram.only.commands} == {"", "vi"}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_the_menu_types_is_understood(name: str) -> None:
    assert TEXTS.command(f"/{name}")


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
async def test_a_group_is_told_once_and_left(
    telegram: FakeTelegram, an: Person, notebook: Notebook, kind: str
) -> None:
    group = telegram.group("Tổ dân phố thử", kind=kind)
    async with running(telegram, notebook):
        group.brings_in_bot(an)
        await telegram.until(lambda: group.room.standing == "left")
        await taken(telegram)

    assert [one.text for one in group.sees() if one.from_bot] == [TEXTS("platform.group")]
    assert notebook.taken == []


async def test_a_group_that_was_there_before_is_left_at_its_next_word(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    group = telegram.group("Tổ dân phố thử")
    group.brings_in_bot(an, admin=True)
    telegram.only.queue.clear()
    telegram.order(broken("sendMessage"))
    async with running(telegram, notebook):
        group.types(an, "051090001234")
        await telegram.until(lambda: group.room.standing == "left")

    assert notebook.taken == []


async def test_being_thrown_out_needs_no_answer(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    group = telegram.group("Tổ dân phố thử")
    group.brings_in_bot(an)
    telegram.only.queue.clear()
    group.removes_bot(an)
    async with running(telegram, notebook):
        await taken(telegram)

    assert telegram.requests("leaveChat") == []


# --- what is nobody's business -------------------------------------------------------------------


async def test_neither_words_nor_tokens_are_logged(
    telegram: FakeTelegram, an: Person, notebook: Notebook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    faults = [reset("getUpdates"), broken("getUpdates"), refuse(409, "Conflict", "getUpdates")]
    telegram.order(*faults, refuse(400, "Bad Request: canary", "setMyCommands"))
    notebook.refusals = 2
    an.types("canary 051090001234")
    async with running(telegram, notebook) as bots:
        await taken(telegram)
        assert "INVENTED" not in repr(bots)
    telegram.only.revoked = True
    async with running(telegram, notebook) as bots:
        await ended(bots, "100001")

    told = caplog.text + repr([vars(record) for record in caplog.records])
    for word in ("INVENTED", "canary", "051090001234", str(an.id)):
        assert word not in told


async def test_an_update_a_day_old_is_lost_and_nothing_breaks(
    telegram: FakeTelegram, an: Person, notebook: Notebook
) -> None:
    an.types("một")
    assert isinstance(telegram.now, Hand)
    telegram.now.forward(hours=24)
    an.types("hai")

    async with running(telegram, notebook):
        await taken(telegram)

    assert notebook.said == [Text("hai")]
