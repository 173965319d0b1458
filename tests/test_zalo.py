"""Zalo as a platform: webhooks and polls that lose nothing, deliveries, groups, withheld words."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from sqlalchemy import Connection, select

from bot.app import CAPABILITIES, open_house_async
from bot.app import Place as Folder
from bot.content import texts_of
from bot.dialogs.messages import Incoming, Other, Outgoing, Text
from bot.platforms.zalo import Zalo
from bot.platforms.zalo_api import PATIENCE
from bot.ports import Messenger, Revoked, TryLater, Unreachable
from storage.group import SqliteLedger
from storage.outbox import Queued
from storage.tables import tasks
from tests.conftest import seeded
from tests.fakes.zalo_contract import SECRET_HEADER
from tests.fakes.zalo_events import GOOD, ODD, RAW
from tests.fakes.zalo_faults import Fault, Page, Quota, Refuse, Reset, Silence, TooMany
from tests.fakes.zalo_guesses import WORLDS, Guesses, Refusal
from tests.fakes.zalo_people import Bell, Person, milliseconds
from tests.fakes.zalo_stage import AN, OTHER_TOKEN, SECRET, TOKEN, Stage, playing
from tests.listening import served, until

T = TypeVar("T")

OUTSIDE: Final = "https://bot.example.vn"
ACCOUNT: Final = TOKEN.partition(":")[0]
OTHER: Final = OTHER_TOKEN.partition(":")[0]
TEXTS: Final = texts_of()
THEIRS: Final = {"asyncio", "aiohttp.access"}
"""Logs of the fake."""


@dataclass(slots=True)
class Kept:
    """Takes what comes in, each message once; fails first as often as told."""

    failures: int = 0
    seen: dict[tuple[str, str], Incoming] = field(default_factory=dict)
    calls: int = 0
    bell: Bell = field(default_factory=Bell)
    gate: asyncio.Event | None = None

    async def submit(self, incoming: Incoming) -> Sequence[Queued]:
        self.calls += 1
        self.bell.ring()
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is full")
        self.seen.setdefault((incoming.account, incoming.event_id), incoming)
        self.bell.ring()
        return []

    async def write(self, work: Callable[[Connection], T]) -> T:
        raise NotImplementedError

    async def gets(self, count: int) -> list[Any]:
        """Wait for so many different messages; return what was in them."""
        await self.bell.until(lambda: len(self.seen) >= count)
        return [incoming.content for incoming in self.seen.values()]


@dataclass(slots=True)
class Place:
    """A Zalo of ours, the fake one, and what came in."""

    stage: Stage
    zalo: Zalo
    kept: Kept
    pauses: list[float]
    warned: list[str]

    async def pauses_taken(self, count: int) -> None:
        await self.kept.bell.until(lambda: len(self.pauses) >= count)


def built(stage: Stage, public_url: str = "", *, patience: float = PATIENCE) -> Place:
    kept, pauses, warned = Kept(), list[float](), list[str]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        kept.bell.ring()
        await asyncio.sleep(0)

    zalo = Zalo(
        tokens={ACCOUNT: TOKEN, OTHER: OTHER_TOKEN},
        api=stage.zalo.url,
        public_url=public_url,
        secret_of=lambda account: SECRET + account,
        capabilities=CAPABILITIES["zalo"],
        texts=TEXTS,
        now=stage.clock,
        random=seeded(3),
        warn=warned.append,
        sleep=sleep,
        patience=patience,
    )
    return Place(stage, zalo, kept, pauses, warned)


@asynccontextmanager
async def polling(
    guesses: Guesses | None = None, patience: float = PATIENCE
) -> AsyncIterator[Place]:
    async with playing(guesses) as stage:
        stage.zalo.bot(OTHER_TOKEN)
        place = built(stage, patience=patience)
        try:
            yield place
        finally:
            await place.zalo.stop()


@asynccontextmanager
async def called(guesses: Guesses | None = None, *, started: bool = True) -> AsyncIterator[Place]:
    async with playing(guesses) as stage:
        stage.zalo.bot(OTHER_TOKEN)
        place = built(stage, OUTSIDE)
        async with served(place.zalo.routes) as there:
            stage.zalo.postman.tunnels[OUTSIDE] = there
            try:
                if started:
                    await place.zalo.start(place.kept)
                    await until(lambda: stage.bot.webhook)
                yield place
            finally:
                await place.zalo.stop()


async def status(place: Place, body: bytes, secret: str | None = SECRET + ACCOUNT) -> int | None:
    return await place.stage.zalo.postman.forge(place.stage.bot, body, secret)


async def test_it_is_a_messenger() -> None:
    async with playing() as stage:
        messenger: Messenger = built(stage).zalo

        assert (messenger.name, messenger.pushes) == ("zalo", True)
        assert messenger.accounts == [ACCOUNT, OTHER]
        assert messenger.routes == []
        assert "INVENTED" not in repr(messenger)
        await messenger.stop()


# Webhooks.


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_webhook_brings_what_people_write(world: str, wrapped: bool) -> None:
    async with called(WORLDS[world]) as place:
        place.stage.bot.wrapped = wrapped
        place.stage.an.types("xin chào")
        place.stage.an.sends_image("thẻ")
        place.stage.an.sends_sticker()
        place.stage.an.sends_voice()
        attempts = await place.stage.zalo.postman.deliver_due()

        assert [attempt.status for attempt in attempts] == [200] * 4
        other = [Other("photo"), Other("sticker"), Other("voice")]
        assert await place.kept.gets(4) == [Text("xin chào"), *other]
        assert place.stage.bot.webhook == f"{OUTSIDE}/webhooks/zalo/{ACCOUNT}"
        assert place.zalo.troubles == {}


async def test_a_duplicate_and_another_order_do_no_harm() -> None:
    async with called() as place:
        bot = place.stage.bot
        bot.copies = 3
        bot.hold()
        sent = [place.stage.an.types(word) for word in ("one", "two", "three")]
        bot.release(lambda held: held[::-1])
        await place.stage.zalo.postman.deliver_due()

        assert place.kept.calls == 9
        assert {event for _, event in place.kept.seen} == {event.message_id for event in sent}


async def test_what_could_not_be_committed_comes_again() -> None:
    async with called() as place:
        place.kept.failures = 2
        place.stage.an.types("hello")
        statuses = []
        for pause in (0, 30, 300):
            place.stage.clock.forward(seconds=pause)
            statuses += [each.status for each in await place.stage.zalo.postman.deliver_due()]

        assert statuses == [503, 503, 200]
        assert await place.kept.gets(1) == [Text("hello")]


async def test_before_the_start_and_after_the_stop_nothing_is_taken() -> None:
    async with called(started=False) as place:
        place.stage.bot.webhook = f"{OUTSIDE}/webhooks/zalo/{ACCOUNT}"
        body = GOOD["text"].raw(wrapped=True)

        before = await status(place, body)
        await place.zalo.start(place.kept)
        between = await status(place, body)
        await place.zalo.stop()

        assert [before, between, await status(place, body)] == [503, 200, 503]
        assert place.kept.calls == 1


@pytest.mark.parametrize("secret", [None, "", SECRET, SECRET + OTHER, "\u00e9"])
async def test_a_stranger_is_not_let_in(secret: str | None) -> None:
    async with called() as place:
        assert await status(place, GOOD["text"].raw(wrapped=True), secret) == 403
        assert place.kept.calls == 0


async def test_an_unknown_bot_is_not_found() -> None:
    async with called() as place:
        place.stage.bot.webhook = f"{OUTSIDE}/webhooks/zalo/100009"

        assert await status(place, b"", SECRET + "100009") == 404


async def test_a_probe_is_welcome() -> None:
    async with called() as place:
        assert await place.stage.zalo.postman.probe(place.stage.bot) == 200
        assert place.kept.calls == 0


async def test_odd_calls_break_nothing() -> None:
    odd = {name: sample.raw(wrapped=False) for name, sample in ODD.items()}
    async with called() as place:
        statuses = {name: await status(place, body) for name, body in {**odd, **RAW}.items()}

        assert await status(place, GOOD["text"].raw(wrapped=True)) == 200
    damaged = {"not_json", "cut_short", "not_utf8", "null", "number", "list", "batch", "deep"}
    assert {name for name, status in statuses.items() if status == 400} == damaged
    assert set(statuses.values()) == {200, 400}


async def test_what_is_left_aside_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with called() as place:
        await status(place, ODD["without_message_id"].raw(wrapped=True))
        await status(place, RAW["cut_short"])

    told = [record.getMessage() for record in caplog.records if record.name == "bot.platforms.zalo"]
    assert told == ["zalo_nobody_to_answer", "zalo_unreadable"]


async def test_no_message_is_as_large_as_this() -> None:
    async with called() as place:
        assert await status(place, GOOD["text_of_100000"].raw(wrapped=True)) == 200
        assert await status(place, b" " * 1_000_001) == 413


async def test_the_webhook_is_set_as_soon_as_zalo_answers() -> None:
    async with called(started=False) as place:
        place.stage.zalo.order(Page(), "setWebhook", times=None)
        await place.zalo.start(place.kept)
        await place.pauses_taken(8)
        troubles = dict(place.zalo.troubles)
        place.stage.zalo.clear_faults()
        await until(lambda: not place.zalo.troubles)

        assert troubles == {ACCOUNT: "no_answer", OTHER: "no_answer"}
        assert place.stage.bot.secret == SECRET + ACCOUNT


async def test_an_address_zalo_does_not_take_is_a_trouble() -> None:
    async with playing() as stage:
        stage.zalo.bot(OTHER_TOKEN)
        place = built(stage, "https://localhost")
        await place.zalo.start(place.kept)
        await place.pauses_taken(4)

        assert place.zalo.troubles == {ACCOUNT: "no_answer", OTHER: "no_answer"}
        assert min(place.pauses) >= 60
        await place.zalo.stop()
        assert stage.zalo.forgive()


async def test_the_webhook_stays_when_we_stop_and_what_is_in_hand_is_finished() -> None:
    async with called() as place:
        place.kept.gate = asyncio.Event()
        taking = asyncio.create_task(status(place, GOOD["text"].raw(wrapped=True)))
        await place.kept.bell.until(lambda: place.kept.calls == 1)
        stopping = asyncio.create_task(place.zalo.stop())
        kept_by_then: list[int] = []
        stopping.add_done_callback(lambda _: kept_by_then.append(len(place.kept.seen)))
        for _ in range(20):
            await asyncio.sleep(0)
        place.kept.gate.set()
        await stopping

        assert kept_by_then == [1]
        assert await taking == 200
        assert place.stage.bot.webhook


# Polls.


@pytest.mark.parametrize("world", WORLDS)
async def test_polls_bring_one_message_after_another_and_warn(world: str) -> None:
    async with polling(WORLDS[world]) as place:
        bot, other = place.stage.bot, place.stage.zalo.bot(OTHER_TOKEN)
        await place.zalo.start(place.kept)
        await until(lambda: bot.polling and other.polling)
        place.stage.an.types("one")
        other.chat(AN).types("to the other bot")
        await place.kept.gets(2)
        await until(lambda: bot.polling and other.polling)
        place.stage.clock.forward(seconds=30)
        place.stage.zalo.time_passed()
        await place.stage.zalo.called("getUpdates", 6)
        await until(lambda: bot.polling)
        place.stage.an.sends_sticker()

        assert set(await place.kept.gets(3)) == {
            Text("one"),
            Text("to the other bot"),
            Other("sticker"),
        }
        assert sorted(place.warned) == [
            TEXTS("platform.zalo_polling", account=account) for account in (ACCOUNT, OTHER)
        ]
        assert place.zalo.troubles == {}


async def test_a_poll_follows_only_after_the_commit() -> None:
    async with polling() as place:
        place.kept.gate = asyncio.Event()
        place.stage.an.types("one")
        await place.zalo.start(place.kept)
        await place.kept.bell.until(lambda: place.kept.calls == 1)
        polls = len([r for r in place.stage.zalo.requests if r.bot == ACCOUNT])
        place.kept.gate.set()

        assert polls == 1
        assert await place.kept.gets(1) == [Text("one")]


async def test_a_polled_message_is_kept_until_it_is_committed() -> None:
    async with polling() as place:
        place.kept.failures = 7
        place.stage.an.types("one")
        place.stage.an.types("two")
        await place.zalo.start(place.kept)

        assert await place.kept.gets(2) == [Text("one"), Text("two")]
        assert len(place.pauses) == 7
        assert place.pauses[6] > place.pauses[3] > place.pauses[0]


async def test_told_to_stop_it_tries_once_more_to_commit() -> None:
    async with polling() as place:
        place.kept.gate, place.kept.failures = asyncio.Event(), 1
        place.stage.an.types("one")
        await place.zalo.start(place.kept)
        await place.kept.bell.until(lambda: place.kept.calls == 1)
        stopping = asyncio.create_task(place.zalo.stop())
        place.kept.gate.set()
        await stopping

        assert next(iter(place.kept.seen.values())).content == Text("one")


async def test_a_stop_hangs_up_and_takes_nothing_with_it() -> None:
    async with polling() as place:
        await place.zalo.start(place.kept)
        await place.stage.zalo.called("getUpdates", 2)
        await place.zalo.stop()
        await place.stage.bot.unpolled()
        place.stage.an.types("for later")

        assert len(place.stage.bot.pending) == 1
        with pytest.raises(TryLater):
            await place.zalo.deliver(ACCOUNT, place.stage.an.id, Outgoing("info", "x"))


@pytest.mark.parametrize("fault", [Page(), Reset(), TooMany(), Refuse(Refusal(500, ""))], ids=repr)
async def test_while_zalo_is_away_the_pauses_grow_up_to_a_minute(fault: Fault) -> None:
    async with polling() as place:
        place.stage.zalo.order(fault, "getUpdates", times=None)
        await place.zalo.start(place.kept)
        await place.pauses_taken(20)
        troubles = dict(place.zalo.troubles)
        place.stage.zalo.clear_faults()
        place.stage.an.types("back again")
        await place.kept.gets(1)
        await until(lambda: place.stage.bot.polling and place.stage.zalo.bot(OTHER_TOKEN).polling)
        place.stage.clock.forward(seconds=30)
        place.stage.zalo.time_passed()
        await until(lambda: not place.zalo.troubles)

        busy = isinstance(fault, TooMany)
        assert troubles == ({} if busy else {ACCOUNT: "no_answer", OTHER: "no_answer"})
        assert 60 <= max(place.pauses) <= 90
        assert len(set(place.pauses[-8:])) > 4, "chance spreads them"


async def test_a_revoked_bot_stops_alone() -> None:
    async with polling() as place:
        place.stage.bot.revoked = True
        await place.zalo.start(place.kept)
        place.stage.zalo.bot(OTHER_TOKEN).chat(AN).types("I still work")

        await place.kept.gets(1)
        await place.stage.zalo.called("getUpdates", 3)
        assert place.zalo.troubles == {ACCOUNT: "revoked"}
        assert len([r for r in place.stage.zalo.requests if not r.fault]) == 3
        with pytest.raises(Revoked):
            await delivered(place, "hello")
        place.stage.bot.revoked = False
        place.stage.an.follow()
        await delivered(place, "hello")
        assert place.zalo.troubles == {ACCOUNT: "revoked"}, "it hears nobody any more"


@pytest.mark.parametrize("world", WORLDS)
async def test_a_webhook_elsewhere_is_told_and_left_alone(world: str) -> None:
    async with polling(WORLDS[world]) as place:
        place.stage.bot.webhook = "https://another.example.vn/zalo"
        await place.zalo.start(place.kept)
        await place.pauses_taken(3)

        assert place.zalo.troubles == {ACCOUNT: "conflict"}
        assert place.warned.count(TEXTS("platform.zalo_conflict", account=ACCOUNT)) == 1
        assert place.stage.bot.webhook


# Deliveries.


async def delivered(place: Place, text: str, chat: str = "") -> Any:
    chat = chat or place.stage.an.id
    return await place.zalo.deliver(ACCOUNT, chat, Outgoing("ask", text))


@pytest.mark.parametrize("world", WORLDS)
async def test_a_long_text_arrives_in_order_and_in_pieces(world: str) -> None:
    text = "\n".join(f"{n}. Nguyễn Thị Hường \U0001f600 trồng keo." for n in range(300))
    async with polling(WORLDS[world]) as place:
        place.stage.an.follow()
        at = await delivered(place, text)

        assert len(place.stage.an.texts) > 2
        assert "\n".join(place.stage.an.texts) == text
        assert at == place.stage.an.seen[-1].at


async def test_the_time_is_zalo_s_or_else_ours() -> None:
    async with polling() as place:
        now = place.stage.clock.at
        late = now - timedelta(seconds=5)
        for date in (milliseconds(late), '"soon"'):
            answer = f'{{"ok": true, "result": {{"date": {date}}}}}'
            place.stage.zalo.order(Page(200, answer, "application/json"), "sendMessage")

        assert [await delivered(place, "hello") for _ in range(2)] == [late, now]


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        (Refuse(Refusal(400, "Bad request")), Unreachable),
        (Refuse(Refusal(401, "Unauthorized")), Revoked),
        (Refuse(Refusal(403, "Internal server error")), TryLater),
        (Refuse(Refusal(404, "Not found")), Unreachable),
        (TooMany(timedelta(seconds=5)), TryLater),
        (Page(), TryLater),
        (Reset(after=True), TryLater),
        (Silence(), TryLater),
    ],
    ids=repr,
)
async def test_what_cannot_be_delivered_is_one_of_three(
    fault: Fault, meaning: type[Exception]
) -> None:
    patience = 0.2 if isinstance(fault, Silence) else PATIENCE
    async with polling(patience=patience) as place:
        place.stage.an.follow()
        place.stage.zalo.order(fault, "sendMessage")

        with pytest.raises(meaning):
            await delivered(place, "hello")


async def test_a_quota_that_is_used_up_says_when_to_come_again() -> None:
    async with polling() as place:
        place.stage.an.follow()
        place.stage.bot.quota = Quota(2, timedelta(minutes=10), hint=True)
        with pytest.raises(TryLater) as busy:
            await delivered(place, "word. " * 900)

        assert busy.value.wait == timedelta(minutes=10)
        assert len(place.stage.an.texts) == 2
        place.stage.clock.forward(minutes=10)
        place.stage.bot.quota = None
        await delivered(place, "word. " * 900)
        assert len(place.stage.an.texts) == 5, "all pieces come again"


async def test_nothing_is_deleted_and_no_bot_of_others_speaks() -> None:
    async with polling() as place:
        with pytest.raises(Unreachable):
            await place.zalo.deliver(ACCOUNT, "an", Outgoing("delete", "", ref="1"))
        with pytest.raises(Revoked):
            await place.zalo.deliver("100009", "an", Outgoing("info", "x"))
        assert place.stage.zalo.requests == []


# Groups, and people whose words are withheld.


async def test_a_group_is_refused_once_and_never_taken() -> None:
    async with called() as place:
        group = place.stage.bot.group("The village", AN)
        for _ in range(3):
            group.types("@Bot 051090001234", sender=Person("Binh"))
            group.sends_unsupported()
        await place.stage.zalo.postman.deliver_due()
        await group.sees(1)
        another = place.stage.bot.group("Another", AN)
        another.types("@Bot")
        await place.stage.zalo.postman.deliver_due()
        await another.sees(1)

        assert group.texts == another.texts == [TEXTS("platform.group")]
        assert place.kept.calls == 0


async def test_a_group_that_could_not_be_told_is_told_next_time() -> None:
    async with called() as place:
        group = place.stage.bot.group("The village", AN)
        place.stage.zalo.order(Page(), "sendMessage")
        group.types("one")
        await place.stage.zalo.postman.deliver_due()
        await place.stage.zalo.called("sendMessage")
        await until(lambda: not place.zalo._told)
        group.types("two")
        await place.stage.zalo.postman.deliver_due()

        assert await group.sees(1) == [TEXTS("platform.group")]


@dataclass(slots=True)
class Spoken:
    """A ledger whose bubbles are kept for a look."""

    ledger: SqliteLedger
    bubbles: list[Outgoing] = field(default_factory=list)

    async def submit(self, incoming: Incoming) -> Sequence[Queued]:
        queued = await self.ledger.submit(incoming)
        self.bubbles += [bubble.outgoing for bubble in queued]
        return queued

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self.ledger.write(work)


@asynccontextmanager
async def at_home(folder: Path, place: Place) -> AsyncIterator[Spoken]:
    """Start with a real ledger behind."""
    house = await open_house_async(Folder.of(folder), now=place.stage.clock, random=seeded(7))
    spoken = Spoken(house.sqlite_ledger(lambda _: None))
    await place.zalo.start(spoken)
    yield spoken
    await place.zalo.stop()
    await asyncio.to_thread(spoken.ledger.close)
    await house.database.close()


async def test_who_may_not_be_read_is_told_once_and_called_by_the_office(tmp_path: Path) -> None:
    async with called(started=False) as place, at_home(tmp_path, place) as spoken:
        await until(lambda: place.stage.bot.webhook)
        child = place.stage.bot.chat(Person("Child", protected=True))
        for _ in range(5):
            child.types("withheld words")
            await place.stage.zalo.postman.deliver_due()
        wanted = await spoken.write(lambda c: c.execute(select(tasks.c.kind)).all())

    assert len(spoken.bubbles) == 1
    assert [row.kind for row in wanted] == ["call"]


async def test_a_photo_is_answered_with_what_to_do_about_it(tmp_path: Path) -> None:
    async with called(started=False) as place, at_home(tmp_path, place) as spoken:
        await until(lambda: place.stage.bot.webhook)
        place.stage.an.types("/start")
        place.stage.an.sends_image("mặt trước thẻ")
        await place.stage.zalo.postman.deliver_due()

    assert spoken.bubbles[-1].code == "photo"
    assert "không mở, không lưu ảnh; xin tự xóa tin đó" in spoken.bubbles[-1].text


async def test_no_log_names_a_person_a_text_or_a_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "Canary Thi Vang"
    async with polling() as place:
        place.stage.an.follow()
        place.kept.failures = 2
        for fault in (Page(), Reset(), Refuse(Refusal(400, canary))):
            place.stage.zalo.order(fault, "sendMessage")
            place.stage.zalo.order(fault, "getUpdates")
            with pytest.raises((TryLater, Unreachable)):
                await delivered(place, canary)
        place.stage.bot.group(canary, AN).types(canary)
        place.stage.bot.chat(Person(canary)).types(canary)
        await place.zalo.start(place.kept)
        await place.kept.gets(1)
        place.stage.bot.revoked = True
        with pytest.raises(Revoked):
            await delivered(place, canary)
        await place.zalo.stop()

    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    told = "".join(repr(vars(record)) for record in caplog.records if record.name not in THEIRS)
    assert ours
    for secret in (canary, "INVENTED", place.stage.an.id, SECRET):
        assert secret not in told


async def test_the_header_is_the_one_zalo_sends() -> None:
    from bot.platforms import zalo

    assert zalo.SECRET_HEADER == SECRET_HEADER
