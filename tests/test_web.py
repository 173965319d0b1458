"""The web chat over HTTP, on both databases, without a browser."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import Place
from bot.pages import HEADERS
from bot.platforms.doorman import BURST, LARGEST_BODY, Bouncer
from bot.sender import Sender
from bot.serving import application, backup_age, close_ledger
from storage.health import judge
from storage.tables import chats, outbox, submissions
from tests.browsing import Site, Visitor, opened_site
from tests.conftest import seeded
from tests.filled import FARMER, START

NAME = "Nguyễn Văn An"


@pytest.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    place = Place(tmp_path, database_url, tmp_path / "mau03.key")
    async with opened_site(place) as site:
        yield site


async def count(site: Site, table: object) -> int:
    query = select(func.count()).select_from(table)  # type: ignore[arg-type]
    return await site.house.read(lambda connection: connection.scalar(query) or 0)


async def paused(visitor: Visitor) -> str:
    """Answer up to the birth date, pause, and return the continuation code that is shown."""
    await visitor.begin()
    await visitor.say(NAME)
    await visitor.say("05/09/1990")
    return (await visitor.say("tạm dừng")).split('class="code">')[1].split("<")[0]


async def test_the_first_page_says_who_speaks_and_keeps_nothing(site: Site) -> None:
    visitor = site.visitor()

    page = await visitor.look()

    assert "trợ lý tự động" in page
    assert 'href="/tiep"' in page
    assert await count(site, chats) == 0


async def test_a_conversation_goes_on_by_forms_alone(site: Site) -> None:
    visitor = site.visitor()

    page = await visitor.begin()
    assert "Mục 1." in page
    page = await visitor.say(NAME)
    assert "Mục 2." in page
    page = await visitor.say("31/02/1990")
    assert 'id="refusal"' in page
    assert "Mục 2." in page
    page = await visitor.say("05/09/1990")
    assert "Mục 3." in page
    page = await visitor.press("nam")

    assert "Mục 4." in page


async def test_what_was_shown_is_delivered_and_a_reload_shows_it_again(site: Site) -> None:
    visitor = site.visitor()
    page = await visitor.begin()

    again = await visitor.look()
    await close_ledger(site.ledger)  # with the notes of delivery

    assert "Mục 1." in page
    assert "Mục 1." in again
    assert await count(site, outbox) == 0


def served_anew(site: Site, **options: Any) -> Site:
    """Return the same installation behind another process, which remembers nothing."""
    sender = Sender({}, site.house.keys, "another", site.house.now, seeded(1))
    app = application(site.house, site.ledger, sender, **options)
    return Site(site.house, site.ledger, app)


async def test_a_lost_answer_loses_nothing(site: Site) -> None:
    visitor = site.visitor()
    await visitor.begin()

    await visitor.post(text=NAME)
    page = await served_anew(site).visitor(cookies=visitor.client.cookies).look()

    assert "Mục 2." in page


async def test_a_form_sent_twice_has_one_effect(site: Site) -> None:
    visitor = site.visitor()
    await visitor.look()
    await visitor.say("/start")

    first = await visitor.post(press="self")
    second = await visitor.post(press="self")
    await visitor.look()

    assert (first.status_code, second.status_code) == (303, 303)
    assert await count(site, submissions) == 1
    assert "Đồng ý" in visitor.page


async def test_an_old_page_answers_no_other_question(site: Site) -> None:
    visitor = site.visitor()
    await visitor.look()
    await visitor.say("/start")
    old = visitor.hidden("prompt")
    await visitor.press("self")

    await visitor.post(prompt=old, event="0" * 32, press="yes")
    page = await visitor.look()

    assert "Nút vừa bấm là của câu trước" in page
    assert 'value="yes"' in page


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "http://xa.test"},
    ],
)
async def test_a_form_of_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    visitor = site.visitor()
    await visitor.look()
    visitor.headers = headers

    answer = await visitor.post(text="khai")

    assert answer.status_code == 403
    assert await count(site, chats) == 0


async def test_a_browser_without_fetch_metadata_is_known_by_its_origin(site: Site) -> None:
    visitor = site.visitor()
    await visitor.look()
    visitor.headers = {"origin": "http://xa.test"}

    assert (await visitor.post(text="khai")).status_code == 303


async def test_too_much_is_refused_kindly(site: Site) -> None:
    visitor = site.visitor()
    await visitor.look()

    large = await visitor.post(text="a" * LARGEST_BODY)
    long = await visitor.post(text="a" * 5000)

    assert (large.status_code, long.status_code) == (413, 413)
    assert "dài quá" in large.text


async def test_who_is_too_fast_waits_and_keeps_what_was_typed(site: Site) -> None:
    fast = served_anew(site, bouncer=Bouncer(clock=lambda: 0.0)).visitor()
    await fast.look()

    answers = [
        await fast.post(event=f"{n:032x}", text="Trần Thị Bé") for n in range(int(BURST) + 3)
    ]

    assert [answer.status_code for answer in answers[:5]] == [303] * 5
    assert answers[-1].status_code == 429
    assert 'value="Trần Thị Bé"' in answers[-1].text
    assert answers[-1].headers["retry-after"]


async def test_without_a_cookie_nothing_is_begun(site: Site) -> None:
    visitor = site.visitor()

    answer = await visitor.post(text="khai")

    assert answer.status_code == 400
    assert "cookie" in answer.text
    assert await count(site, chats) == 0


async def test_the_cookie_stands_nowhere_in_the_database(site: Site) -> None:
    visitor = site.visitor()
    await visitor.begin()
    secret = visitor.client.cookies["mau03"]

    found = await site.house.read(lambda connection: connection.execute(select(chats)).all())

    assert len(secret) == 64
    assert secret not in repr(found)


async def test_the_cookie_is_for_this_host_alone_over_https(site: Site) -> None:
    plain = await site.visitor().client.get("/")
    direct = await site.visitor(scheme="https").client.get("/")
    claimed = {"x-forwarded-proto": "https"}
    proxied = await site.visitor(address="127.0.0.1").client.get("/", headers=claimed)
    stranger = await site.visitor().client.get("/", headers=claimed)

    for answer in (plain, stranger):
        assert answer.headers["set-cookie"].startswith("mau03=")
        assert "Secure" not in answer.headers["set-cookie"]
    for answer in (direct, proxied):
        assert answer.headers["set-cookie"].startswith("__Host-mau03=")
        assert "; Secure" in answer.headers["set-cookie"]
    assert "HttpOnly; SameSite=Lax" in plain.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/", "/tiep", "/healthz", "/nothing"])
async def test_every_answer_carries_the_headers(site: Site, path: str) -> None:
    answer = await site.visitor().client.get(path)

    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


async def test_static_files_never_change_under_their_name(site: Site) -> None:
    visitor = site.visitor()
    page = await visitor.look()
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]

    found = await visitor.client.get(style)
    wrong = await visitor.client.get(style.replace(style.split("/")[2], "0" * 12))
    fonts = [part.split('"')[0] for part in found.text.split('url("')[1:]]

    assert "immutable" in found.headers["cache-control"]
    assert wrong.status_code == 404
    assert fonts
    for font in fonts:
        assert (await visitor.client.get(font)).status_code == 200


async def test_what_people_write_is_never_markup(site: Site) -> None:
    visitor = site.visitor()
    await visitor.begin()
    await visitor.say(NAME)
    await visitor.say("05/09/1990")
    await visitor.press("nam")
    await visitor.press("khong_muon_ghi")
    await visitor.press("skip")

    answer = await visitor.client.get("/")
    await visitor.post(text="<script>alert(1)</script> thôn Tà Vinh")
    page = (await visitor.client.get("/")).text

    assert "<script" not in answer.text + page


async def test_a_pause_tells_a_code_that_opens_the_draft_elsewhere(site: Site) -> None:
    old, new = site.visitor(), site.visitor("198.51.100.9")
    code = await paused(old)

    await new.look("/tiep")
    twice = [await new.post("/tiep", code=code.lower(), birth="5/9/1990") for _ in range(2)]
    moved = await new.look()
    left = await old.look()

    assert [answer.status_code for answer in twice] == [303, 303]
    assert "N.V.A." in moved
    assert "Xã có thể nhắn ở đây" in moved  # asked once in every chat
    assert "N.V.A." not in left
    assert await count(site, submissions) == 1
    assert "Mục 3." in await new.press("no")
    assert "Mục 4." in await new.press("nam")
    assert "Mục" not in await old.say("tiếp")


async def test_before_the_birth_date_there_is_no_code(site: Site) -> None:
    visitor = site.visitor()
    await visitor.begin()

    page = await visitor.say("tạm dừng")

    assert 'class="code"' not in page
    assert "chỉ khai tiếp được trên máy này" in page


async def test_a_wrong_code_and_a_wrong_date_get_the_same_answer(site: Site) -> None:
    old, new = site.visitor(), site.visitor("198.51.100.9")
    code = await paused(old)
    await new.look("/tiep")

    wrong_date = await new.post("/tiep", code=code, birth="06/09/1990")
    wrong_code = await new.post("/tiep", code="7K2M-QX4T-9RBD-H", birth="05/09/1990")

    assert (wrong_date.status_code, wrong_code.status_code) == (422, 422)
    assert body(wrong_date.text, code) == body(wrong_code.text, "7K2M-QX4T-9RBD-H")


def body(page: str, code: str) -> list[str]:
    lines = page.replace(f'value="{code}"', "").splitlines()
    return [line for line in lines if 'name="event"' not in line]


async def test_guessing_codes_ends_after_five_tries(site: Site) -> None:
    old, thief = site.visitor(), site.visitor("198.51.100.9")
    code = await paused(old)
    await thief.look("/tiep")

    tries = [await thief.post("/tiep", code=code, birth=f"0{n}/01/1990") for n in range(1, 7)]
    elsewhere = await site.visitor("192.0.2.33").client.get("/tiep")
    other = site.visitor("192.0.2.33")
    await other.look("/tiep")
    right = await other.post("/tiep", code=code, birth="05/09/1990")

    assert [answer.status_code for answer in tries] == [422] * 5 + [429]
    assert elsewhere.status_code == 200
    assert right.status_code == 429  # the code itself was tried too often


async def test_health_is_green_and_knows_the_database(site: Site) -> None:
    answer = await site.visitor().client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert set(answer.json()) == {
        "status", "database", "backlog", "outbox_age", "dead_letters", "backup_age", "bots",
        "reasons",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "status"),
    [
        ({"backlog": 0, "outbox_age": None}, "ok"),
        ({"outbox_age": 301}, "yellow"),
        ({"dead_letters": 1}, "yellow"),
        ({"backup_age": 49}, "yellow"),
        ({"outbox_age": 3601, "dead_letters": 1}, "red"),
        (None, "red"),
    ],
)
def test_health_is_judged_by_its_limits(
    figures: dict[str, float | None] | None, status: str
) -> None:
    assert judge(figures)["status"] == status


def test_a_new_installation_needs_no_backup_for_a_day(tmp_path: Path) -> None:
    place = Place.of(tmp_path)
    first, third = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 3, tzinfo=UTC)

    assert backup_age(place, first, first) is None
    assert (backup_age(place, first, third) or 0) >= 48
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "today.db").touch()
    assert (backup_age(place, first, datetime.now(UTC)) or 0) < 1


async def test_an_edit_left_open_is_offered_again(site: Site) -> None:
    visitor = site.visitor()
    await visitor.look()
    for words in (*START, *FARMER):
        page = await visitor.say(words)
    assert 'class="receipt"' in page

    await visitor.say("sửa 9")
    await visitor.say("1")
    page = await visitor.say("tạm dừng")

    assert "Khai tiếp" in page
    assert 'value="submit"' in await visitor.say("tiếp")


async def test_what_breaks_is_said_in_words_people_know(site: Site) -> None:
    visitor = site.visitor()
    await visitor.begin()
    rename = "ALTER TABLE chats RENAME TO gone"
    await site.ledger.write(lambda connection: connection.exec_driver_sql(rename) and None)

    answer = await visitor.client.get("/")

    assert answer.status_code == 500
    assert "<title>Hệ thống đang bận" in answer.text
    assert answer.headers["content-security-policy"]
