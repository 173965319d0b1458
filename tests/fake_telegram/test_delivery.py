"""How updates reach a bot: by polling, by webhook, twice, late, in another order, or never."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from tests.fake_telegram.conftest import KEYBOARD, TOKEN, Client, soon
from tests.fakes.hand import Hand
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_updates import update
from tests.fakes.telegram_webhook import SECRET_HEADER, Answer

HOOK: Final = "https://form.example.test/telegram/1"


@pytest.fixture
def first(an: Person) -> int:
    """The id of the update with which An started."""
    return an.account.queue.next_id - 1


# --- polling -------------------------------------------------------------------------------------


async def test_only_a_higher_offset_confirms(client: Client, an: Person, first: int) -> None:
    an.types("two")
    an.types("three")

    assert await client.updates() == [first, first + 1, first + 2]
    assert await client.updates() == [first, first + 1, first + 2]
    assert await client.updates(limit=1) == [first]
    assert await client.updates(offset=first) == [first, first + 1, first + 2]
    assert await client.updates(offset=first + 2) == [first + 2]
    assert await client.updates(offset=first) == [first + 2]
    assert await client.updates(offset=first + 3) == []
    assert await client.updates() == []


async def test_a_negative_offset_forgets_all_but_the_last(
    client: Client, an: Person, first: int
) -> None:
    an.types("two")
    an.types("three")

    assert await client.updates(offset=-2) == [first + 1, first + 2]
    assert await client.updates(offset=-9) == [first + 1, first + 2]


async def test_an_offset_far_in_the_future_is_ignored(
    client: Client, an: Person, first: int
) -> None:
    """As after a quiet week, when Telegram begins to count elsewhere."""
    assert await client.updates(offset=first + 1000) == [first]
    assert await client.updates() == [first]


@pytest.mark.parametrize("limit", [0, 101])
async def test_a_limit_is_1_to_100(client: Client, limit: int) -> None:
    told = await client.ask("getUpdates", limit=limit)

    assert told.status == 400


async def test_a_poll_waits_for_news(client: Client, an: Person, first: int) -> None:
    account = client.telegram.only
    waiting = asyncio.create_task(client.updates(offset=first + 1, timeout=30))
    await client.telegram.until(lambda: account.poll)

    an.types("two")

    assert await soon(waiting) == [first + 1]
    assert account.poll is None


async def test_a_poll_ends_empty_when_its_time_is_over(
    client: Client, hand: Hand, an: Person, first: int
) -> None:
    waiting = asyncio.create_task(client.updates(offset=first + 1, timeout=30))
    await client.telegram.until(lambda: client.telegram.only.poll)

    hand.forward(seconds=29)
    client.telegram.tick()
    await client.ask("getMe")
    assert not waiting.done()
    hand.forward(seconds=1)
    client.telegram.tick()

    assert await soon(waiting) == []


async def test_of_two_pollers_the_one_that_waits_is_thrown_out(
    client: Client, an: Person, first: int
) -> None:
    account = client.telegram.only
    old = asyncio.create_task(client.ask("getUpdates", offset=first + 1, timeout=30))
    await client.telegram.until(lambda: account.poll)
    before = account.poll
    new = asyncio.create_task(client.updates(timeout=30))
    await client.telegram.until(lambda: account.poll is not before)

    thrown = await soon(old)
    an.types("two")

    assert (thrown.status, "other getUpdates request" in thrown.description) == (409, True)
    assert await soon(new) == [first + 1]


async def test_a_poller_that_went_away_stands_in_nobodys_way(
    client: Client, an: Person, first: int
) -> None:
    account = client.telegram.only
    gone = asyncio.create_task(client.updates(offset=first + 1, timeout=30))
    await client.telegram.until(lambda: account.poll)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    waiting = asyncio.create_task(client.updates(timeout=30))
    await client.telegram.until(lambda: account.poll is not None)
    an.types("two")

    assert await soon(waiting) == [first + 1]


async def test_updates_are_kept_24_hours_and_presses_150_seconds(
    client: Client, an: Person, hand: Hand, first: int
) -> None:
    await client.says(an, "Sure?", reply_markup=KEYBOARD)
    an.presses("Yes")
    assert await client.updates() == [first, first + 1]

    hand.forward(seconds=150)
    assert await client.updates() == [first]
    hand.forward(hours=23.9)
    assert await client.updates() == [first]
    hand.forward(hours=0.1)
    assert await client.updates() == []

    assert [one["update_id"] for one in client.telegram.only.queue.lost] == [first + 1, first]


async def test_an_update_tells_what_was_when_it_happened(
    client: Client, an: Person, first: int
) -> None:
    said = an.types("before")
    an.edits(said, "after")

    told = await client.ask("getUpdates", offset=first + 1)
    assert told.result[0]["message"]["text"] == "before"
    assert told.result[1]["edited_message"]["text"] == "after"


async def test_only_wanted_kinds_are_kept_from_when_it_was_said(
    client: Client, an: Person, first: int
) -> None:
    await client.updates(allowed_updates=["message"])
    said = an.types("x")
    an.edits(said, "y")
    await client.updates(allowed_updates=[])
    an.edits(said, "z")

    assert await client.updates() == [first, first + 1, first + 2]


async def test_updates_can_come_twice_late_turned_round_and_as_they_are_written(
    client: Client, an: Person, hand: Hand, first: int
) -> None:
    queue = client.telegram.only.queue
    an.types("two")
    queue.order = lambda batch: batch[::-1]
    assert await client.updates() == [first + 1, first]
    assert await client.updates(offset=first + 2) == []
    queue.again(first)
    assert await client.updates(offset=first + 2) == [first]
    assert await client.updates(offset=first + 2) == []

    hand.forward(hours=1)
    an.account.sends_late = hand() - hand.at.replace(hour=1)
    an.types("late")
    an.account.sends_late -= an.account.sends_late
    assert await client.updates() == []
    hand.forward(hours=1)
    told = await client.ask("getUpdates")
    assert told.result[0]["message"]["date"] == int(hand().timestamp()) - 3600
    raw = client.telegram.inject(update("unknown_update_kind"))
    assert raw in await client.updates()


# --- webhook -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Site:
    """A webhook that answers as it is told, and 200 otherwise."""

    stir: Callable[[], None]
    answers: list[Answer] = field(default_factory=list)
    came: list[tuple[str, int, str]] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def __call__(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        number = json.loads(body)["update_id"]
        self.came.append((path, number, headers.get(SECRET_HEADER, "")))
        self.stir()
        if self.gate is not None:
            await self.gate.wait()
        return self.answers.pop(0) if self.answers else (200, {}, b"")

    @property
    def ids(self) -> list[int]:
        return [number for _, number, _ in self.came]


def failed(status: int, **headers: str) -> Answer:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, b""


@pytest.fixture
def site(loose: FakeTelegram) -> Site:
    site = Site(loose.stir)
    loose.routes["https://form.example.test/"] = site
    return site


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("http://form.example.test/x", "An HTTPS URL must be provided"),
        ("https://form.example.test:8080/x", "only on ports"),
        ("https://elsewhere.test/x", "Failed to resolve host"),
    ],
)
async def test_not_every_address_can_be_a_webhook(
    client: Client, site: Site, url: str, refusal: str
) -> None:
    told = await client.ask("setWebhook", url=url)

    assert refusal in told.description


async def test_a_secret_has_few_letters_and_connections_a_limit(client: Client, site: Site) -> None:
    spaced = await client.ask("setWebhook", url=HOOK, secret_token="two words")
    many = await client.ask("setWebhook", url=HOOK, max_connections=101)

    assert (spaced.status, many.status) == (400, 400)


async def test_a_webhook_gets_each_update_once_with_the_secret(
    client: Client, site: Site, an: Person, first: int
) -> None:
    await client.ask("setWebhook", url=HOOK, secret_token="s3cret")
    an.types("two")

    await client.telegram.deliver()
    await client.telegram.deliver()

    assert site.came == [("/telegram/1", number, "s3cret") for number in (first, first + 1)]
    assert (await client.ask("getWebhookInfo")).result["pending_update_count"] == 0


async def test_polling_and_a_webhook_exclude_each_other(
    client: Client, site: Site, an: Person, first: int
) -> None:
    waiting = asyncio.create_task(client.ask("getUpdates", offset=first + 1, timeout=30))
    await client.telegram.until(lambda: client.telegram.only.poll)

    await client.ask("setWebhook", url=HOOK)
    thrown = await soon(waiting)
    refused = await client.ask("getUpdates")
    await client.ask("deleteWebhook")

    assert (thrown.status, "setWebhook" in thrown.description) == (409, True)
    assert (refused.status, "webhook is active" in refused.description) == (409, True)
    assert await client.updates() == []


async def test_what_waits_is_kept_or_dropped_as_asked(
    client: Client, site: Site, an: Person, first: int
) -> None:
    await client.ask("setWebhook", url=HOOK)
    assert (await client.ask("getWebhookInfo")).result["pending_update_count"] == 1
    await client.ask("setWebhook", url="", drop_pending_updates=True)

    assert (await client.ask("getWebhookInfo")).result["url"] == ""
    assert await client.updates() == []
    assert len(client.telegram.only.queue.lost) == 1


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_a_failed_update_is_tried_again_later_and_later(
    client: Client, site: Site, an: Person, hand: Hand, first: int, status: int
) -> None:
    await client.ask("setWebhook", url=HOOK)
    site.answers = [failed(status)] * 4

    tries = []
    for _ in range(20):
        tries.append(len(await client.telegram.deliver()))
        hand.forward(seconds=1)

    # At once, then after 2, 4 and 8 seconds.
    assert [second for second, count in enumerate(tries) if count] == [0, 1, 3, 7, 15]
    told = (await client.ask("getWebhookInfo")).result
    assert str(status) in told["last_error_message"]
    assert told["pending_update_count"] == 0


async def test_a_webhook_says_itself_when_to_come_back(
    client: Client, site: Site, an: Person, hand: Hand, first: int
) -> None:
    await client.ask("setWebhook", url=HOOK)
    site.answers = [failed(503, Retry_After="30")]
    await client.telegram.deliver()

    hand.forward(seconds=29)
    assert await client.telegram.deliver() == []
    hand.forward(seconds=1)
    assert len(await client.telegram.deliver()) == 1


async def test_what_no_webhook_takes_for_24_hours_is_lost(
    client: Client, site: Site, an: Person, hand: Hand, first: int
) -> None:
    await client.ask("setWebhook", url=HOOK)
    site.answers = [failed(500)]
    await client.telegram.deliver()

    hand.forward(hours=24)

    assert await client.telegram.deliver() == []
    assert [one["update_id"] for one in client.telegram.only.queue.lost] == [first]


async def test_several_updates_of_one_chat_are_on_their_way_together(
    client: Client, site: Site, an: Person, first: int
) -> None:
    site.gate = asyncio.Event()
    await client.ask("setWebhook", url=HOOK, max_connections=3)
    for word in "abcd":
        an.types(word)

    delivering = asyncio.create_task(client.telegram.deliver())
    courier = client.telegram.couriers[TOKEN]
    await client.telegram.until(lambda: len(site.came) == 3)
    site.gate.set()
    await soon(delivering)

    assert (courier.most_at_once, sorted(site.ids)) == (3, list(range(first, first + 5)))


async def test_a_webhook_meets_duplicates_and_another_order(
    client: Client, site: Site, an: Person, first: int
) -> None:
    queue = client.telegram.only.queue
    await client.ask("setWebhook", url=HOOK, max_connections=1)
    an.types("two")
    queue.order = lambda batch: batch[::-1]
    await client.telegram.deliver()
    queue.again(first)
    await client.telegram.deliver()
    await client.telegram.deliver()

    assert site.ids == [first + 1, first, first]


@pytest.mark.parametrize(("method", "heard"), [("sendMessage", ["hello"]), ("getMe", [])])
async def test_a_webhook_may_answer_with_a_method(
    client: Client, site: Site, an: Person, method: str, heard: list[str]
) -> None:
    await client.ask("setWebhook", url=HOOK)
    params = {"chat_id": an.id, "text": "hello"} if heard else {}
    site.answers = [(200, {}, json.dumps({"method": method, **params}).encode())]

    await client.telegram.deliver()

    assert an.hears() == heard
    assert [one.by_webhook for one in client.telegram.requests(method)] == [True] * len(heard)


async def test_a_wrong_answer_of_a_webhook_is_a_violation(
    careless: Client, site: Site, an: Person
) -> None:
    await careless.ask("setWebhook", url=HOOK)
    wrong: dict[str, Any] = {"method": "sendMessage", "chat_id": an.id}
    site.answers = [(200, {}, json.dumps(wrong).encode())]

    await careless.telegram.deliver()

    assert careless.telegram.violations == ["sendMessage.text is missing"]
