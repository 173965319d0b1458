"""Whole conversations over Telegram: real ledger, real conversation, a strict fake between."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from bot.dialogs.prompts import BESIDES
from bot.platforms.telegram_bubbles import in_message
from storage.ledger import chat_token
from storage.tables import chats, inbox
from tests.conftest import Clock
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_faults import hold
from tests.fakes.telegram_person import Person
from tests.telegram_house import TOKEN, TelegramHouse

TYPED: Final[Mapping[str, str]] = {
    "q01_ho_ten": "Nguyễn Văn Canary",
    "q02_ngay_sinh": "05/09/1990",
    "q04_so_cccd": "051090001234",
    "q06_thuong_tru": "Thôn 2, xã Sơn Tây, tỉnh Quảng Ngãi",
    "q12_2_cong_viec": "trồng keo Canary",
    "q12_3b_dia_chi": "tại nhà",
    "q10_1_nganh": "sư phạm",
}
"""Question -> what is typed where there is nothing to choose; the rest is left out."""
TO_THE_NUMBER: Final = ("/start", "1", "1", "2", "Nguyễn Văn Canary", "05/09/1990", "1")


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(Clock()) as fake:
        fake.bot(TOKEN)
        yield fake
    assert fake.violations == []


@pytest.fixture
def an(telegram: FakeTelegram) -> Person:
    return telegram.person("An", username="canary_invented")


@pytest.fixture
async def office(telegram: FakeTelegram, tmp_path: Path) -> AsyncIterator[TelegramHouse]:
    office = TelegramHouse(telegram)
    await office.open(tmp_path)
    yield office
    await office.close()


async def answer(office: TelegramHouse, an: Person) -> None:
    """Answer the open question as most people do: tap what is there, else type."""
    shown = office.open_bubble
    values = [one.value for one in shown.buttons if one.value not in BESIDES] or ["skip"]
    do: Callable[[], object] = partial(an.types, TYPED.get(shown.question or "", ""))
    if shown.question == "q08_uu_tien":
        await office.turn(an.account, lambda: an.presses(office.label("khong")))
        do = partial(an.presses, office.label("done"))
    elif shown.question not in TYPED:
        button = office.label("confirm" if shown.kind == "warn" else values[0])
        do = partial(an.presses, button) if in_message(shown) else partial(an.taps, button)
    await office.turn(an.account, do)


async def test_the_form_can_be_filled_in_with_the_thumb(
    office: TelegramHouse, an: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await office.say(an, "/start xa-51_21340")
    asked: list[str] = []

    while office.open_bubble.question != "review":
        asked.append(office.open_bubble.question or "")
        assert below(an) == expected_below(office), asked
        assert len(asked) < 50
        await answer(office, an)
    (last, *_) = await office.answers(an, lambda: an.presses(office.label("submit")))

    assert "Mã biên nhận" in last.text
    assert below(an) == []
    assert {"for_whom", "consent_collect", "q03_gioi_tinh", "q08_uu_tien"} <= set(asked)
    for word in ("Canary", "canary", "051090001234", "INVENTED", str(an.id)):
        assert word not in caplog.text


def below(person: Person) -> list[str]:
    return sorted(label for row in person.keyboard for label in row)


def expected_below(office: TelegramHouse) -> list[str]:
    """No keyboard stands under a question that is not its own."""
    shown = office.open_bubble
    return [] if in_message(shown) else sorted(one.label for one in shown.buttons)


async def test_a_summary_is_protected(office: TelegramHouse, an: Person) -> None:
    await office.say(an, *TO_THE_NUMBER)
    while office.open_bubble.question != "review":
        await answer(office, an)

    summary = [one for one in an.sees() if "Nguyễn Văn Canary" in one.text and one.from_bot]
    assert [one.protected for one in summary] == [True]


# --- private answers ------------------------------------------------------------------------------


async def test_a_private_answer_does_not_stay_in_the_chat(
    office: TelegramHouse, an: Person
) -> None:
    await office.say(an, *TO_THE_NUMBER)

    await office.say(an, "051090001234")

    assert "051090001234" not in [one.text for one in an.sees()]
    assert office.undeliverable == []


async def test_a_picture_does_not_stay_in_the_chat(office: TelegramHouse, an: Person) -> None:
    await office.say(an, *TO_THE_NUMBER)

    said = await office.answers(an, lambda: an.sends_photo("thẻ của tôi"))

    assert "đừng gửi ảnh" in said[0].text
    assert not any("photo" in one.body for one in an.sees())


async def test_what_could_not_be_deleted_is_told(
    office: TelegramHouse, an: Person, telegram: FakeTelegram
) -> None:
    await office.say(an, *TO_THE_NUMBER)
    clock = telegram.now
    assert isinstance(clock, Clock)

    async def two_days_later() -> None:
        clock.at += timedelta(hours=48)

    telegram.order(hold(two_days_later, "deleteMessage"))
    await office.say(an, "051090001234")

    assert [one.kind for one in office.undeliverable] == ["delete"]


# --- presses and corrections ----------------------------------------------------------------------


async def test_an_old_button_answers_no_other_question(office: TelegramHouse, an: Person) -> None:
    await office.say(an, "/start", "1", "1", "2", "An")  # one word: is that the whole name?
    warned = an.sees()[-1].id
    assert office.open_bubble.kind == "warn"
    await office.say(an, "Nguyễn Văn An")

    said = await office.answers(an, lambda: an.presses_late("Ghi lại", warned))

    assert "Nút vừa bấm là của câu trước" in said[0].text
    assert all(press.answered for press in an.account.callbacks.values())


async def test_a_message_that_is_changed_answers_again(office: TelegramHouse, an: Person) -> None:
    await office.say(an, "/start", "1", "1", "2", "Nguyễn Văn An")
    said = await office.say(an, "45/09/1990")
    assert office.open_bubble.question == "q02_ngay_sinh", said
    number = next(one.id for one in an.sees() if one.text == "45/09/1990")

    await office.turn(an.account, lambda: an.edits(number, "05/09/1990"))

    assert office.open_bubble.question == "q03_gioi_tinh"


async def test_a_message_of_an_earlier_question_cannot_be_changed(
    office: TelegramHouse, an: Person
) -> None:
    await office.say(an, *TO_THE_NUMBER)
    number = next(one.id for one in an.sees() if one.text == "Nguyễn Văn Canary")

    said = await office.answers(an, lambda: an.edits(number, "Nguyễn Văn Bình"))

    assert "Tin đã sửa không được ghi" in said[0].text


@pytest.mark.parametrize(
    ("send", "words"),
    [
        (Person.sends_voice, "tin thoại"),
        (Person.sends_video_note, "tin thoại"),
        (Person.sends_sticker, "Hình dán"),
        (Person.sends_document, "tệp"),
        (Person.sends_location, "vị trí"),
        (Person.shares_contact, "danh bạ"),
    ],
)
async def test_what_is_not_words_is_explained(
    office: TelegramHouse, an: Person, send: Any, words: str
) -> None:
    await office.say(an, *TO_THE_NUMBER)

    said = await office.answers(an, lambda: send(an))

    assert words in said[0].text
    assert office.open_bubble.question == "q04_so_cccd"


@pytest.mark.parametrize("command", ["/khai", "/tieptuc", "/giup", "/lui", "/sua", "/tamdung"])
async def test_the_menu_is_understood_in_the_middle(
    office: TelegramHouse, an: Person, command: str
) -> None:
    await office.say(an, "/start", "1", "1", "2")
    assert office.open_bubble.question == "q01_ho_ten"

    said = await office.say(an, command)

    assert said and not any("Họ tên cần" in one.text or "Họ tên chỉ" in one.text for one in said)


# --- blocked and back -----------------------------------------------------------------------------


async def out_of_reach(office: TelegramHouse, an: Person) -> bool:
    token = chat_token(office.house.keys, "telegram", "100001", str(an.id))
    query = select(chats.c.unreachable_at).where(chats.c.token == token)
    return await office.house.read(lambda connection: connection.scalar(query)) is not None


async def test_who_blocks_the_bot_is_out_of_reach_until_they_are_back(
    office: TelegramHouse, an: Person
) -> None:
    await office.say(an, "/start")
    assert not await out_of_reach(office, an)

    await office.turn(an.account, an.blocks)
    assert await out_of_reach(office, an)

    await office.turn(an.account, an.unblocks)
    assert not await out_of_reach(office, an)


async def test_blocked_and_back_in_one_batch_is_back(
    office: TelegramHouse, an: Person, tmp_path: Path
) -> None:
    await office.say(an, "/start")
    await office.close()
    an.blocks()
    an.unblocks()

    await office.open(tmp_path)
    await office.telegram.until(lambda: not an.account.queue.waiting())

    assert not await out_of_reach(office, an)


# --- groups, and who people are -------------------------------------------------------------------


async def test_nothing_of_a_group_is_kept(
    office: TelegramHouse, an: Person, telegram: FakeTelegram
) -> None:
    group = telegram.group("Tổ dân phố thử")
    group.brings_in_bot(an, admin=True)
    group.types(an, "/start")
    await telegram.until(lambda: group.room.standing == "left")
    await office.say(an, "/start")

    taken = await office.house.read(lambda c: c.execute(select(inbox.c.event_id)).all())
    assert len(taken) == 1


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_names_are_nowhere_in_the_database(
    office: TelegramHouse, an: Person, tmp_path: Path
) -> None:
    await office.say(an, *TO_THE_NUMBER)

    written = all_bytes(tmp_path)
    assert b"telegram" in written
    for word in ("canary_invented", "Canary", str(an.id)):
        assert word.encode() not in written
