"""A private question of a messenger, answered on a page of ours instead of in the chat."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app import Place
from bot.dialogs.messages import Incoming, Outgoing, Text
from bot.dialogs.state import Chat, Draft
from storage.ledger import chat_token
from storage.links import VALID
from storage.outbox import Delivered
from storage.standing import standing
from storage.tables import inbox
from tests.browsing import Site, Visitor, opened_site

SITE = "https://xa.test"
CHAT = ("zalo", "100001", "an")
TO_ITEM_4 = ("/start", "1", "1", "2", "Nguyễn Văn An", "05/09/1990", "1")


@pytest.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    place = Place(tmp_path, database_url, tmp_path / "mau03.key", site=SITE)
    async with opened_site(place) as site:
        yield site


async def say(site: Site, *lines: str) -> list[Outgoing]:
    """Write in the messenger and return what it is told last."""
    told: list[Outgoing] = []
    for line in lines:
        at = site.house.now()
        event = f"message {at.timestamp()}"
        platform, account, chat = CHAT
        queued = await site.ledger.submit(
            Incoming(platform, account, event, chat, Text(line), at, at)
        )
        told = [bubble.outgoing for bubble in queued]
        for bubble in queued:
            site.ledger.delivered(Delivered(bubble.id, bubble.chat_id, at))
    return told


def link_in(told: list[Outgoing]) -> str:
    address = told[-1].text.split(SITE)[1].split()[0]
    assert address.startswith("/ghi/")
    return address


async def stands(site: Site) -> tuple[str, dict[str, object]]:
    token = chat_token(site.house.keys, *CHAT)
    found = await site.house.read(lambda c: standing(c, site.house.context, token))
    assert found is not None
    prompt = Chat.from_document(found.view.document).prompt
    draft = Draft.from_document(0, found.view.submission or b"{}")
    return (prompt.question if prompt else ""), dict(draft.answers)


async def post(visitor: Visitor, path: str, text: str) -> tuple[int, str]:
    answer = await visitor.client.post(path, data={"text": text}, headers=visitor.headers)
    return answer.status_code, answer.text


async def test_a_private_question_offers_the_page_first(site: Site) -> None:
    told = await say(site, *TO_ITEM_4)

    assert told[-1].text.split("\n")[0].count(SITE) == 1
    assert "Mục 4." in told[-1].text.split("\n")[1]


async def test_an_ordinary_question_does_not(site: Site) -> None:
    told = await say(site, *TO_ITEM_4[:5])

    assert SITE not in told[-1].text


async def test_what_is_written_there_is_the_answer_and_the_chat_goes_on(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))
    visitor = site.visitor()

    page = await visitor.look(path)
    status, said = await post(visitor, path, "051090000001")

    assert "Mục 4." in page
    assert SITE not in page
    assert (status, "Đã ghi" in said) == (200, True)
    prompt, answers = await stands(site)
    assert prompt == "q05_ma_bhxh"
    assert answers["q04_so_cccd"] == "051090000001"


async def test_a_refusal_is_said_on_the_page_and_can_be_mended(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))
    visitor = site.visitor()

    status, said = await post(visitor, path, "0510")

    assert status == 422
    assert 'id="refusal"' in said
    assert 'value="0510"' in said
    assert (await post(visitor, path, "051090000001"))[0] == 200


async def test_a_link_works_once_and_typing_in_the_chat_ends_it_too(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))
    visitor = site.visitor()

    await post(visitor, path, "051090000001")
    twice = await post(visitor, path, "051090000002")

    assert twice[0] == 410
    assert (await visitor.client.get(path)).status_code == 410
    assert (await stands(site))[1]["q04_so_cccd"] == "051090000001"


async def test_typing_in_the_chat_still_works(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))

    await say(site, "051090000001")

    assert (await stands(site))[0] == "q05_ma_bhxh"
    assert (await site.visitor().client.get(path)).status_code == 410


async def test_a_link_is_over_after_a_day_and_a_made_up_one_never_was(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))
    site.house.now.at += VALID + timedelta(seconds=1)  # type: ignore[attr-defined]
    visitor = site.visitor()

    assert (await visitor.client.get(path)).status_code == 410
    assert (await visitor.client.get("/ghi/AAAA")).status_code == 410


async def test_a_form_of_another_site_is_refused(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))
    visitor = site.visitor()
    visitor.headers = {"sec-fetch-site": "cross-site"}

    assert (await post(visitor, path, "051090000001"))[0] == 403
    assert (await stands(site))[0] == "q04_so_cccd"


async def test_the_answer_and_the_address_stand_nowhere_readable(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))
    await post(site.visitor(), path, "051090000001")

    rows = await site.house.read(lambda c: c.execute(select(inbox)).all())

    assert "051090000001" not in repr(rows)
    assert path.removeprefix("/ghi/") not in repr(rows)


async def test_the_code_for_another_platform_comes_with_the_address_of_the_web_chat(
    site: Site,
) -> None:
    told = await say(site, *TO_ITEM_4, "nối kênh")

    assert told[-1].text == f"Trang khai: {SITE}"
    assert "Mã nối: " in told[-2].text


async def test_help_asked_on_the_page_is_given_there(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))

    status, said = await post(site.visitor(), path, "?")

    assert status == 200
    assert 'id="refusal"' in said


async def test_a_doubtful_answer_is_not_called_recorded(site: Site) -> None:
    path = link_in(await say(site, *TO_ITEM_4))

    status, said = await post(site.visitor(), path, "001190000001")

    assert status == 200
    assert "Đã ghi" not in said
    assert (await stands(site))[0] == "warning"


async def test_the_code_comes_with_a_link_that_carries_it_to_telegram(site: Site) -> None:
    site.house.conversation.bots["telegram"] = "https://t.me/invented_bot"

    told = await say(site, *TO_ITEM_4, "nối kênh")

    code = told[0].text.split("Mã nối: ")[1][:7].replace(" ", "")
    assert told[-1].text == f"Telegram: https://t.me/invented_bot?start=c-{code}"
