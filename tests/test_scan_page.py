"""The page that reads an identity card: offered by a link, answered once, by the text alone."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from bot.app import Place
from bot.dialogs.messages import Outgoing
from bot.pages import HEADERS, SCANNING
from bot.platforms.doorman import LARGEST_BODY
from bot.platforms.web import MOST_CHARACTERS
from storage.ledger import chat_token
from storage.links import VALID
from storage.outbox import Delivered
from storage.standing import standing
from storage.tables import inbox
from tests.browsing import Site, Visitor, opened_site
from tests.cards import CARD, OTHERS
from tests.test_aside_page import CHAT, SITE, post, say, stands

TO_NAME: Final = ("/start", "1", "1", "2")
TO_SEX: Final = (*TO_NAME, "Nguyễn Văn An", "05/09/1990")
FILLED: Final = {
    "q01_ho_ten": "Đặng Thị Ngọc Quỳnh",
    "q02_ngay_sinh": "1990-09-05",
    "q03_gioi_tinh": "nu",
    "q04_so_cccd": "051190001236",
}
ADDRESS: Final = re.compile(r"/quet/[\w-]+")


@pytest.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    place = Place(tmp_path, database_url, tmp_path / "mau03.key", site=SITE)
    async with opened_site(place) as site:
        yield site


@pytest.fixture
async def inside(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """An installation with no address from outside."""
    async with opened_site(Place(tmp_path, database_url, tmp_path / "mau03.key")) as site:
        yield site


def addresses(told: list[Outgoing]) -> list[str]:
    return [found for bubble in told for found in ADDRESS.findall(bubble.text)]


async def path_of(site: Site, *lines: str) -> str:
    """Say these lines and return the one address of a scan page in the last answer."""
    (address,) = addresses(await say(site, *lines))
    return address


async def confirm(site: Site) -> None:
    """Read in the messenger what the page has caused, and say yes."""
    token = chat_token(site.house.keys, *CHAT)
    found = await site.house.read(lambda c: standing(c, site.house.context, token))
    assert found is not None
    for bubble in found.waiting:
        site.ledger.delivered(Delivered(bubble.id, bubble.chat_id, site.house.now()))
    await say(site, "1")


async def messages(site: Site) -> int:
    query = select(func.count()).select_from(inbox)
    return await site.house.read(lambda connection: connection.scalar(query) or 0)


async def test_the_first_question_offers_it_above_the_question(site: Site) -> None:
    told = await say(site, *TO_NAME)

    lines = told[-1].text.split("\n")
    assert [number for number, line in enumerate(lines) if f"{SITE}/quet/" in line] == [1]
    assert lines[2].startswith("Mục 1.")
    assert told[-1].scan.startswith(f"{SITE}/quet/")


async def test_other_questions_and_an_answered_first_one_do_not(site: Site) -> None:
    assert addresses(await say(site, *TO_SEX)) == []
    assert addresses(await say(site, "sửa 1")) == []


async def test_it_is_offered_whenever_it_is_asked_for(site: Site) -> None:
    await say(site, *TO_SEX)

    for word in ("quét", "Quét thẻ", "quet the", "/quet", "quét mã QR", "QUET CAN CUOC"):
        told = await say(site, word)
        assert len(addresses(told)) == 1, word
        assert "Mục 3." in told[-1].text


async def test_at_the_first_question_asking_offers_it_once(site: Site) -> None:
    assert len(addresses(await say(site, *TO_NAME, "quét"))) == 1


async def test_a_paused_form_is_taken_up_for_it(site: Site) -> None:
    path = await path_of(site, *TO_SEX, "tạm dừng", "quét thẻ")

    assert (await stands(site))[0] == "q03_gioi_tinh"
    assert (await post(site.visitor(), path, CARD))[0] == 200


@pytest.mark.parametrize("lines", [("/start",), ("/start", "1"), ("/start", "2", "2")])
async def test_before_the_consent_it_is_not(site: Site, lines: tuple[str, ...]) -> None:
    told = await say(site, *lines, "quét")

    assert addresses(told) == []
    assert told[0].text.startswith("Quét thẻ được khi đang khai phiếu")


async def test_without_an_address_from_outside_a_messenger_says_how_to_paste(inside: Site) -> None:
    assert addresses(await say(inside, *TO_NAME)) == []

    told = await say(inside, "quét thẻ")

    assert addresses(told) == []
    assert "dán dòng chữ vào đây" in told[0].text


async def test_the_web_chat_needs_no_address_from_outside_and_shows_a_button(inside: Site) -> None:
    visitor = inside.visitor()

    page = await visitor.begin()

    (path,) = re.findall(r'<a class="button" href="(/quet/[\w-]+)">', page)
    assert len(ADDRESS.findall(page)) == 1
    assert (await visitor.client.get(path)).status_code == 200
    assert ADDRESS.findall(await visitor.say("Nguyễn Văn An")) == []
    page = await visitor.say("quét thẻ")
    assert len(re.findall(r'<a class="button" href="/quet/', page)) == 1
    assert "Trang quét thẻ" not in page


async def test_a_card_fills_in_five_items_of_the_chat(site: Site) -> None:
    path = await path_of(site, *TO_NAME)

    status, page = await post(site.visitor(), path, CARD)

    assert (status, "Đã nhận" in page) == (200, True)
    assert (await stands(site))[0] == "card_confirm"
    await confirm(site)
    prompt, answers = await stands(site)
    address = answers.pop("q06_thuong_tru")
    assert isinstance(address, dict)
    assert (prompt, answers) == ("q05_ma_bhxh", FILLED)
    assert address["text"] == "Thôn Tà Vinh, Sơn Tây, Quảng Ngãi"


async def test_in_the_web_chat_one_goes_on_at_once(inside: Site) -> None:
    visitor = inside.visitor()
    (path,) = ADDRESS.findall(await visitor.begin())

    answer = await visitor.client.post(path, data={"text": CARD}, headers=visitor.headers)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Trên thẻ ghi" in await visitor.look()
    assert "051190001236" not in visitor.page


async def test_another_browser_is_told_to_go_back(inside: Site) -> None:
    visitor = inside.visitor()
    (path,) = ADDRESS.findall(await visitor.begin())

    assert (await post(inside.visitor(), path, CARD))[0] == 200


async def test_what_a_newer_card_says_of_others_is_dropped_before_anything_else(site: Site) -> None:
    path = await path_of(site, *TO_NAME)

    status, _ = await post(site.visitor(), path, CARD + OTHERS + "x" * MOST_CHARACTERS)

    assert status == 200
    assert (await stands(site))[0] == "card_confirm"


NO_CARDS: Final = (
    *("", "Nguyễn Văn An", "051190001236", "https://xa.test", "a|b|c|d|e|f|g", "0" * 5000 + "||"),
)


async def test_what_is_no_card_does_not_reach_the_chat(site: Site) -> None:
    path = await path_of(site, *TO_NAME)
    before = await messages(site)

    for text in NO_CARDS:
        status, page = await post(site.visitor(), path, text)
        assert (status, 'id="refusal"' in page) == (422, True), text

    assert await messages(site) == before
    assert (await stands(site))[0] == "q01_ho_ten"


async def test_a_damaged_card_is_refused_by_the_chat_and_can_be_scanned_again(site: Site) -> None:
    path = await path_of(site, *TO_NAME)
    visitor = site.visitor()

    status, page = await post(visitor, path, CARD.replace("05091990", "31021990"))

    assert status == 422
    assert "Xin quét lại mã QR" in page
    assert "051190001236" not in page
    assert (await post(visitor, path, CARD))[0] == 200


async def test_a_link_works_once_and_dies_with_its_prompt(site: Site) -> None:
    path = await path_of(site, *TO_NAME)
    visitor = site.visitor()
    await post(visitor, path, CARD)

    twice, _ = await post(visitor, path, CARD.replace("Quỳnh", "Quyên"))
    await confirm(site)

    assert twice == 410
    assert (await visitor.client.get(path)).status_code == 410
    assert (await stands(site))[1]["q01_ho_ten"] == FILLED["q01_ho_ten"]
    path = await path_of(site, "quét")
    await say(site, "bỏ qua")
    assert (await visitor.client.get(path)).status_code == 410


async def test_a_link_is_over_after_a_day_and_a_made_up_one_never_was(site: Site) -> None:
    path = await path_of(site, *TO_NAME)
    site.house.now.at += VALID + timedelta(seconds=1)  # type: ignore[attr-defined]

    assert (await post(site.visitor(), path, CARD))[0] == 410
    assert (await post(site.visitor(), "/quet/AAAA", CARD))[0] == 410
    assert (await stands(site))[0] == "q01_ho_ten"


async def test_who_knows_the_web_chat_is_shown_the_way_back(inside: Site) -> None:
    visitor = inside.visitor()
    await visitor.begin()

    (path,) = ADDRESS.findall(await visitor.look())

    assert 'href="/"' in await visitor.look(path)
    assert 'href="/"' not in await inside.visitor().look(path)
    assert 'href="/"' in await visitor.look("/quet/AAAA")
    assert 'href="/"' not in await inside.visitor().look("/quet/AAAA")


async def test_a_form_of_another_site_or_too_long_a_one_is_refused(site: Site) -> None:
    path = await path_of(site, *TO_NAME)
    visitor = site.visitor()

    assert (await post(visitor, path, CARD + "x" * LARGEST_BODY))[0] == 413
    visitor.headers = {"sec-fetch-site": "cross-site"}
    assert (await post(visitor, path, CARD))[0] == 403
    assert (await stands(site))[0] == "q01_ho_ten"


async def test_the_card_and_the_address_stand_nowhere_readable(site: Site) -> None:
    path = await path_of(site, *TO_NAME)
    await post(site.visitor(), path, CARD)

    rows = await site.house.read(lambda connection: connection.execute(select(inbox)).all())

    assert "051190001236" not in repr(rows) + path
    assert path.removeprefix("/quet/") not in repr(rows)


async def test_this_page_alone_may_use_the_camera_and_run_the_reader(site: Site) -> None:
    path = await path_of(site, *TO_NAME)
    client = site.visitor().client
    page, chat = await client.get(path), await client.get("/")

    for name, value in {**HEADERS, **SCANNING}.items():
        assert page.headers[name] == value
    for name, value in HEADERS.items():
        assert chat.headers[name] == value
    assert "'unsafe" not in page.headers["content-security-policy"]
    assert "http" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


async def test_nothing_on_the_page_is_inline_or_from_elsewhere(site: Site) -> None:
    page = (await site.visitor().client.get(await path_of(site, *TO_NAME))).text

    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert (
        re.findall(r"""\s(?:on\w+|style)=|(?:src|href|action)="(?!/static/|#|tel:)""", page) == []
    )
    files = re.findall(r'<input[^>]*type="file"[^>]*>', page)
    assert [field for field in files if "name=" in field] == []  # never part of a form
    assert len(files) == 2


TYPES: Final = {
    "scan.js": "text/javascript; charset=utf-8",
    "scan.css": "text/css; charset=utf-8",
    "vendor/zxing-wasm/index.js": "text/javascript; charset=utf-8",
    "vendor/zxing-wasm/zxing_reader.wasm": "application/wasm",
}


async def test_its_files_are_packed_kept_and_of_the_right_type(site: Site) -> None:
    visitor = site.visitor()
    page = await visitor.look(await path_of(site, *TO_NAME))

    for name, media_type in TYPES.items():
        (address,) = re.findall(rf'"(/static/\w+/{name})"', page)
        packed = await _file(visitor, address, "gzip, br")
        plain = await _file(visitor, address, "identity")
        assert packed.headers["content-type"] == plain.headers["content-type"] == media_type
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content
        assert int(packed.headers["content-length"]) < len(plain.content) * 0.6
        for answer in (packed, plain):
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["vary"] == "Accept-Encoding"


async def _file(visitor: Visitor, address: str, encodings: str) -> Any:
    return await visitor.client.get(address, headers={"accept-encoding": encodings})
