"""Delivery: what Telegram takes, refuses, forgets or answers too late."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError

from bot.content import texts_of
from bot.dialogs.messages import Button, Outgoing
from bot.platforms.telegram import Telegram
from bot.platforms.telegram_sending import Postman
from bot.ports import Revoked, TryLater, Unreachable
from tests.fakes.hand import Hand
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_faults import broken, cut, flood, refuse, reset, silence
from tests.fakes.telegram_limits import Limits
from tests.fakes.telegram_person import Person
from tests.telegram_house import TOKEN
from tests.telegram_line import new, strict

OTHER: Final = "100002:INVENTED"
HELLO: Final = Outgoing("info", "Xin chào.")
REVIEW: Final = Outgoing(
    "summary", "Xem lại\nGõ 1.", "review", (Button("Gửi", "submit"),), prompt="3", protect=True
)


def choices(*selected: str, prompt: str = "5", text: str = "Diện nào?\nChọn") -> Outgoing:
    buttons = (Button("Hộ nghèo", "ngheo"), Button("Khuyết tật", "tat"), Button("Xong", "done"))
    return Outgoing("ask", text, "q08_uu_tien", buttons, selected, prompt=prompt)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with strict() as fake:
        yield fake


@pytest.fixture
def an(telegram: FakeTelegram) -> Person:
    an = telegram.person("An")
    an.starts()
    return an


@pytest.fixture
async def bots(telegram: FakeTelegram) -> AsyncIterator[Telegram]:
    bots = new(telegram)
    yield bots
    await bots.stop()


async def bring(bots: Telegram, person: Person, outgoing: Outgoing = HELLO) -> Any:
    return await bots.deliver(str(person.account.id), str(person.id), outgoing)


def forward(telegram: FakeTelegram, **much: float) -> None:
    assert isinstance(telegram.now, Hand)
    telegram.now.forward(**much)


async def test_a_bubble_arrives_at_the_time_telegram_says(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    forward(telegram, seconds=5)

    assert (await bring(bots, an)).replace(microsecond=0) == telegram.now()
    assert an.hears() == ["Xin chào."]


async def test_a_summary_cannot_be_forwarded(bots: Telegram, an: Person) -> None:
    await bring(bots, an, REVIEW)

    assert [one.protected for one in an.sees() if one.from_bot] == [True, True]
    assert an.sees()[-1].buttons == [["Gửi"]]


async def test_each_bot_talks_to_its_own_chats(telegram: FakeTelegram, an: Person) -> None:
    other = telegram.bot(OTHER)
    binh = telegram.person("Bình", other)
    binh.starts()
    bots = new(telegram)

    await bring(bots, an, Outgoing("info", "một"))
    await bring(bots, binh, Outgoing("info", "hai"))

    assert (an.hears(), binh.hears()) == (["một"], ["hai"])
    await bots.stop()


# --- what Telegram does not take ------------------------------------------------------------------


async def test_who_blocked_the_bot_is_unreachable(bots: Telegram, an: Person) -> None:
    an.blocks()

    with pytest.raises(Unreachable):
        await bring(bots, an)


async def test_who_never_wrote_is_unreachable(telegram: FakeTelegram, bots: Telegram) -> None:
    with pytest.raises(Unreachable):
        await bring(bots, telegram.person("Bình"))


async def test_a_group_that_moved_is_unreachable(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    group = telegram.group("Tổ dân phố thử")
    group.brings_in_bot(an)
    group.upgrades(an)

    with pytest.raises(Unreachable):
        await bots.deliver("100001", str(group.id), HELLO)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (403, "Forbidden: user is deactivated"),
        (400, "Bad Request: PEER_ID_INVALID"),
        (413, "Request Entity Too Large"),
    ],
)
async def test_what_will_never_be_taken_is_given_up(
    telegram: FakeTelegram, bots: Telegram, an: Person, status: int, why: str
) -> None:
    telegram.order(refuse(status, why))

    with pytest.raises(Unreachable):
        await bring(bots, an)


async def test_too_much_at_once_waits_as_long_as_telegram_asks(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    telegram.order(flood(37))

    with pytest.raises(TryLater) as later:
        await bring(bots, an)
    assert later.value.wait == timedelta(seconds=37)


@pytest.mark.parametrize(
    "fault", [reset(), cut(), broken(), broken(status=500), broken(status=504)]
)
async def test_an_outage_is_tried_later(
    telegram: FakeTelegram, bots: Telegram, an: Person, fault: Any
) -> None:
    telegram.order(fault)

    with pytest.raises(TryLater):
        await bring(bots, an)
    await bring(bots, an)
    assert an.hears()[-1] == "Xin chào."


async def test_no_answer_at_all_is_tried_later(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    telegram.order(silence())
    delivering = asyncio.create_task(bring(bots, an))
    await telegram.faults.silent.wait()

    telegram.faults.hang_up()

    with pytest.raises(TryLater):
        await delivering


async def test_a_server_that_is_not_there_is_tried_later(bots: Telegram, an: Person) -> None:
    await an.server.__aexit__(None, None, None)

    with pytest.raises(TryLater):
        await bring(bots, an)


async def test_a_revoked_token_is_told(telegram: FakeTelegram, bots: Telegram, an: Person) -> None:
    telegram.only.revoked = True

    with pytest.raises(Revoked):
        await bring(bots, an)
    assert bots.troubles == {"100001": "revoked"}


async def test_a_bot_that_is_no_longer_ours_is_as_good_as_revoked(bots: Telegram) -> None:
    with pytest.raises(Revoked):
        await bots.deliver("100009", "5000000001", HELLO)


async def test_what_comes_after_the_end_is_for_the_next_process(bots: Telegram, an: Person) -> None:
    await bots.stop()

    with pytest.raises(TryLater):
        await bring(bots, an)


FAULTS: Final[list[Callable[[], Any]]] = [
    lambda: refuse(403, "Forbidden: canary"),
    lambda: refuse(400, "Bad Request: canary"),
    lambda: refuse(401, "canary"),
    lambda: flood(3),
    reset,
    broken,
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_error_says_nothing_of_chat_text_or_token(
    telegram: FakeTelegram,
    bots: Telegram,
    an: Person,
    fault: Callable[[], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.order(fault())

    with pytest.raises((Unreachable, TryLater, Revoked)) as raised:
        await bring(bots, an, Outgoing("info", "canary 051090001234"))

    told = f"{raised.value!r} {raised.value} {raised.value.__cause__} {caplog.text}"
    for word in ("INVENTED", "canary", "051090001234", str(an.id)):
        assert word not in told
    assert raised.value.__suppress_context__


# --- a bubble in pieces ---------------------------------------------------------------------------


async def test_a_bubble_goes_on_where_it_was_interrupted(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    telegram.limit(Limits())
    for _ in range(2):
        await bring(bots, an)

    with pytest.raises(TryLater):
        await bring(bots, an, REVIEW)
    forward(telegram, seconds=10)
    await bring(bots, an, REVIEW)

    assert an.hears() == ["Xin chào.", "Xin chào.", "Xem lại", "Gõ 1."]


async def test_another_bubble_does_not_go_on_where_this_one_was_interrupted(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    telegram.limit(Limits())
    for _ in range(2):
        await bring(bots, an)
    with pytest.raises(TryLater):
        await bring(bots, an, REVIEW)
    forward(telegram, seconds=10)

    await bring(bots, an, Outgoing("confirm", "Rút?\nGõ 1.", "withdraw_confirm"))

    assert an.hears()[2:] == ["Xem lại", "Rút?\nGõ 1."]


# --- several choices ------------------------------------------------------------------------------


async def test_what_is_picked_is_marked_where_it_stands(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    at = await bring(bots, an, choices())
    forward(telegram, seconds=5)

    again = await bring(bots, an, choices("ngheo", text="Diện nào? ✓\nChọn"))

    assert again == at
    assert [one.buttons for one in an.sees() if one.from_bot] == [
        [],
        [["✓ Hộ nghèo", "Khuyết tật"], ["Xong"]],
    ]
    assert an.hears() == ["Diện nào?", "Chọn"]


@pytest.mark.parametrize(
    "between",
    [HELLO, choices(prompt="6"), Outgoing("refuse", "Chưa hiểu.", "q08_uu_tien", prompt="5")],
)
async def test_after_anything_else_the_choices_are_shown_anew(
    bots: Telegram, an: Person, between: Outgoing
) -> None:
    await bring(bots, an, choices())
    await bring(bots, an, between)
    before = len(an.sees())

    await bring(bots, an, choices("ngheo"))

    assert len(an.sees()) == before + 2


async def test_who_asks_for_the_question_again_gets_it_again(bots: Telegram, an: Person) -> None:
    await bring(bots, an, choices())
    await bring(bots, an, choices())

    assert an.hears() == ["Diện nào?", "Chọn"] * 2


async def test_a_message_that_can_no_longer_be_marked_is_sent_anew(
    bots: Telegram, an: Person
) -> None:
    await bring(bots, an, choices())
    an.room.messages[an.sees()[-1].id].deleted = True

    await bring(bots, an, choices("ngheo"))

    assert an.hears() == ["Diện nào?", "Diện nào?", "Chọn"]


async def test_a_mark_that_is_there_already_is_fine(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    await bring(bots, an, choices())
    telegram.order(cut("editMessageReplyMarkup"))
    with pytest.raises(TryLater):
        await bring(bots, an, choices("ngheo"))

    await bring(bots, an, choices("ngheo"))

    assert an.hears() == ["Diện nào?", "Chọn"]
    assert telegram.requests("editMessageReplyMarkup")[-1].status == 400


# --- deleting -------------------------------------------------------------------------------------


def gone(message_id: int) -> Outgoing:
    return Outgoing("delete", "", ref=str(message_id))


async def test_what_a_person_sent_is_deleted(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    said = an.types("051090001234")

    assert await bring(bots, an, gone(said)) == telegram.now()
    assert "051090001234" not in [one.text for one in an.sees()]


async def test_what_is_gone_already_counts_as_deleted(bots: Telegram, an: Person) -> None:
    said = an.types("051090001234")
    await bring(bots, an, gone(said))

    await bring(bots, an, gone(said))


async def test_what_cannot_be_deleted_any_more_is_told(
    telegram: FakeTelegram, bots: Telegram, an: Person
) -> None:
    said = an.types("051090001234")
    forward(telegram, hours=48)

    with pytest.raises(Unreachable):
        await bring(bots, an, gone(said))


@pytest.mark.parametrize("fault", [reset("deleteMessage"), broken("deleteMessage")])
async def test_a_deletion_is_tried_later(
    telegram: FakeTelegram, bots: Telegram, an: Person, fault: Any
) -> None:
    said = an.types("051090001234")
    telegram.order(fault)

    with pytest.raises(TryLater):
        await bring(bots, an, gone(said))
    await bring(bots, an, gone(said))


async def test_a_deletion_does_not_make_the_choices_move(bots: Telegram, an: Person) -> None:
    said = an.types("051090001234")
    await bring(bots, an, choices())
    await bring(bots, an, gone(said))

    await bring(bots, an, choices("ngheo"))

    assert an.hears() == ["Diện nào?", "Chọn"]


class NewerThanAiogram(Bot):
    """A bot whose server answers with something this aiogram cannot read."""

    async def __call__(self, method: Any, request_timeout: int | None = None) -> Any:
        answer = {"message_id": 41, "date": 1788224510, "text": {"from": "the future"}}
        whole = {"ok": True, "result": answer}
        raise ClientDecodeError("cannot read", ValueError("text"), whole)


async def test_what_was_taken_is_not_sent_again_because_the_answer_is_odd() -> None:
    postman = Postman(NewerThanAiogram(TOKEN), texts_of(), Hand())

    at = await postman.deliver("1", HELLO)

    assert at == datetime.fromtimestamp(1788224510, UTC) + timedelta(milliseconds=41)
