"""One person on several platforms: a code from one chat typed in another, on both databases."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.linking import OF_A_CHAT, OF_ALL
from bot.sender import Sender
from bot.serving import application
from storage.audit import broken_chains
from storage.codes import SHORT_VALID
from storage.tables import codes, submissions
from storage.tries import HOUR
from tests.browsing import Site
from tests.phones import TO_ITEM_3, Phones, opened_phones
from tests.test_invites import invited


@pytest.fixture
async def phones(database_url: str, tmp_path: Path) -> AsyncIterator[Phones]:
    async with opened_phones(database_url, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("words", ["{}", "mã {}", "Mã nối {}", "/ma {}", "/start c-{}"])
async def test_the_draft_goes_on_where_the_code_is_typed(phones: Phones, words: str) -> None:
    code = await phones.code()

    told = await phones.say("zalo", words.format(code.replace(" ", "")))

    assert "Chào Ông/Bà trở lại" in told
    assert "Tin nhắn đi qua Zalo" in told  # another way, so another consent
    assert "nhắn ở đây" in await phones.say("zalo", "1")  # and whether the office may write there
    assert "Mục 3." in await phones.say("zalo", "2")
    assert await phones.site.house.read(broken_chains) == []


async def test_the_old_chat_is_told_and_has_no_draft_any_more(phones: Phones) -> None:
    code = await phones.code()
    await phones.say("zalo", code)

    (told,) = await phones.waiting("telegram")

    assert "đã chuyển sang máy khác" in told.outgoing.text
    assert "Mục 3." not in await phones.say("telegram", "tiếp")


async def test_a_code_works_once(phones: Phones) -> None:
    code = await phones.code()
    await phones.say("zalo", code)

    told = await phones.say("web", code)

    assert "Mã nối chưa đúng" in told
    assert await phones.site.house.read(lambda c: c.scalar(select(func.count(codes.c.token)))) == 0


async def test_a_message_that_comes_twice_moves_it_once(phones: Phones) -> None:
    code = await phones.code()

    await phones.say("zalo", code, event="the same")
    await phones.say("zalo", code, event="the same")

    count_of = select(func.count()).select_from(submissions)
    assert await phones.site.house.read(lambda c: c.scalar(count_of)) == 1
    assert "Mục 4." in await phones.say("zalo", "1", "2", "1")


async def test_a_code_is_over_after_ten_minutes(phones: Phones) -> None:
    code = await phones.code()
    phones.clock.at += SHORT_VALID

    assert "hết hạn" in await phones.say("zalo", code)


async def test_five_wrong_codes_close_a_chat_for_an_hour(phones: Phones) -> None:
    code = await phones.code()
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**6:06}"

    told = [await phones.say("zalo", wrong) for _ in range(OF_A_CHAT)]
    shut = await phones.say("zalo", code)
    other = await phones.say("web", wrong)
    phones.clock.at += HOUR

    assert all("Mã nối chưa đúng" in one for one in told)
    assert "Đã thử mã nhiều lần" in shut
    assert "Mã nối chưa đúng" in other
    assert "Mã nối chưa đúng" in await phones.say("zalo", wrong)


async def test_it_stays_closed_for_an_hour_from_the_last_of_them(phones: Phones) -> None:
    for _ in range(OF_A_CHAT):
        await phones.say("zalo", "mã 000001")
        phones.clock.at += timedelta(minutes=11)

    phones.clock.at += timedelta(minutes=40)
    shut = await phones.say("zalo", "mã 000001")
    phones.clock.at += timedelta(minutes=11)

    assert "Đã thử mã nhiều lần" in shut
    assert "Mã nối chưa đúng" in await phones.say("zalo", "mã 000001")


async def test_a_hundred_wrong_codes_close_it_for_everybody(phones: Phones) -> None:
    for number in range(OF_ALL):
        await phones.say("zalo", "mã 000001", chat=f"chat {number}")

    assert "Đã thử mã nhiều lần" in await phones.say("zalo", "mã 000001", chat="another")


async def test_six_digits_while_a_form_is_open_are_an_answer(phones: Phones) -> None:
    code = await phones.code()
    await phones.say("zalo", *TO_ITEM_3[:-1], chat="binh")

    told = await phones.say("zalo", code.replace(" ", ""), chat="binh")

    assert "Mã nối" not in told
    assert "Chào Ông/Bà trở lại" in await phones.say("zalo", f"mã {code}", chat="binh")


async def test_the_platforms_are_listed_and_can_be_parted(phones: Phones) -> None:
    assert "Chưa nối kênh nào" in await phones.say("telegram", "kênh của tôi")
    code = await phones.code()
    await phones.say("zalo", code)

    assert "Telegram" in await phones.say("zalo", "kênh của tôi")
    assert "Zalo" in await phones.say("telegram", "kênh của tôi")
    await phones.say("zalo", "bỏ nối")
    assert "Chưa nối kênh nào" in await phones.say("zalo", "kênh của tôi")
    assert "Chưa nối kênh nào" in await phones.say("telegram", "kênh của tôi")


async def test_a_citizens_draft_does_not_come_to_who_works_in_a_chat(phones: Phones) -> None:
    code = await phones.code()
    await phones.say("zalo", f"mời {await invited(phones)}", chat="hoa")
    before = await phones.view("telegram")

    assert "Mã nối chưa đúng" in await phones.say("zalo", f"nối {code}", chat="hoa")

    after = await phones.view("telegram")
    assert (after.document, after.submission_id) == (before.document, before.submission_id)
    assert "Chưa nối kênh nào" in await phones.say("telegram", "kênh của tôi")


async def test_without_a_draft_there_is_nothing_to_carry(phones: Phones) -> None:
    assert "Chưa có phiếu đang khai dở" in await phones.say("telegram", "/start", "nối kênh")


async def test_the_code_works_on_the_page_for_codes_too(phones: Phones) -> None:
    code = await phones.code()
    house, ledger = phones.site.house, phones.site.ledger
    sender = Sender({}, house.keys, house.context.worker, house.now, house.random)
    visitor = Site(house, ledger, application(house, ledger, sender)).visitor()
    await visitor.look("/tiep")

    answer = await visitor.post("/tiep", code=code, birth="")

    assert answer.status_code == 303
    assert "Mục 3." not in await visitor.look()
    assert "nhắn ở đây" in visitor.page


async def test_a_chat_whose_form_was_sent_takes_a_bare_code(phones: Phones) -> None:
    code = await phones.code()
    await phones.say("zalo", "/start", "1", "dừng", chat="binh")

    assert "Chào Ông/Bà trở lại" in await phones.say("zalo", code, chat="binh")


async def test_a_short_code_leaves_the_long_one_alone(phones: Phones) -> None:
    house = phones.site.house
    await phones.say("web", *TO_ITEM_3, "tạm dừng")
    before = await house.read(lambda c: c.scalar(select(func.count(codes.c.token))))
    await phones.say("web", "tiếp", "nối kênh")

    assert before == 1
    assert await house.read(lambda c: c.scalar(select(func.count(codes.c.token)))) == 2
