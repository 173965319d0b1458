"""Outbox -> a platform that pushes, on both databases. The platform is a toy, the rest is real."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, update

from bot.dialogs.messages import Capabilities, Outgoing
from bot.ports import Revoked, TryLater, Unreachable
from bot.sender import AT_ONCE, FIRST_WAIT, LONGEST_WAIT, Ledger, Sender, backoff
from storage.group import SqliteLedger
from storage.ids import milliseconds
from storage.outbox import DELETABLE, abandon, undelivered
from storage.postgres import PostgresLedger
from storage.tables import chats, outbox
from tests.conftest import COMMUNE, OFFICER, Office, Toy, message, seeded

CAPABLE: Final = Capabilities("terminal")


@dataclass(slots=True)
class Pigeons:
    """Delivers to a list; does whatever `trouble` says first."""

    now: Callable[[], datetime]
    trouble: list[Exception | Callable[[], Exception] | None] = field(default_factory=list)
    name: str = "terminal"
    capabilities: Capabilities = CAPABLE
    pushes: bool = True
    arrived: list[tuple[str, str]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, account: str, chat: str, outgoing: Outgoing) -> datetime:
        error = self.trouble.pop(0) if self.trouble else None
        if error is not None:
            raise error if isinstance(error, Exception) else error()
        await asyncio.sleep(0)
        self.arrived.append((chat, outgoing.text or f"{outgoing.kind} {outgoing.ref}"))
        self.news.set()
        return self.now()

    async def bring(self, count: int) -> Sequence[tuple[str, str]]:
        """Wait until `count` bubbles have arrived."""
        async with asyncio.timeout(20):
            while len(self.arrived) < count:
                self.news.clear()
                await self.news.wait()
        return self.arrived


@dataclass(slots=True)
class Post:
    office: Office
    pigeons: Pigeons
    sender: Sender
    ledger: Ledger

    async def settled(self) -> None:
        """Wait until nothing that was announced is on its way."""
        while self.sender._tasks:
            await asyncio.gather(*self.sender._tasks)

    async def left(self) -> int:
        (row,) = await self.office.rows(select(func.count()).select_from(outbox))
        return int(row[0])


def opened(office: Office, sender: Sender) -> Ledger:
    if office.database.writer is None:
        ledger = PostgresLedger(office.database.engine, Toy(), office.context, sender.queued)
        ledger.start()
        return ledger
    return SqliteLedger(office.database.writer, Toy(), office.context, sender.queued)


async def closed(ledger: Ledger) -> None:
    if isinstance(ledger, SqliteLedger):
        await asyncio.to_thread(ledger.close)
    else:
        await ledger.close()


@pytest.fixture
async def post(office: Office) -> AsyncIterator[Post]:
    pigeons = Pigeons(office.clock)
    platforms = {"terminal": pigeons}
    context = office.context
    sender = Sender(platforms, context.keys, context.worker, office.clock, seeded(3), poll=0.05)
    ledger = opened(office, sender)
    yield Post(office, pigeons, sender, ledger)
    await sender.stop()
    await closed(ledger)


async def test_what_is_committed_goes_out_in_order(post: Post) -> None:
    post.sender.start(post.ledger)
    words = [str(number) for number in range(20)]

    await asyncio.gather(*(post.ledger.submit(message(word, chat="an")) for word in words))
    arrived = await post.pigeons.bring(20)

    assert arrived == [("an", f"echo {word}") for word in words]


async def test_what_was_delivered_is_forgotten(post: Post) -> None:
    post.sender.start(post.ledger)
    await post.ledger.submit(message("one"))
    await post.pigeons.bring(1)

    await post.sender.stop()
    await closed(post.ledger)

    assert await post.left() == 0


async def test_a_busy_platform_gets_it_later_and_in_order(post: Post) -> None:
    post.pigeons.trouble = [TryLater(timedelta(seconds=3)), TryLater(timedelta(seconds=3))]
    post.sender.start(post.ledger)

    for word in ("one", "two", "three"):
        await post.ledger.submit(message(word, chat="an"))
    arrived = await post.pigeons.bring(3)

    assert arrived == [("an", "echo one"), ("an", "echo two"), ("an", "echo three")]


async def test_a_failing_adapter_costs_nothing(post: Post) -> None:
    post.pigeons.trouble = [ZeroDivisionError()]
    post.sender.start(post.ledger)

    await post.ledger.submit(message("one", chat="an"))

    assert await post.pigeons.bring(1) == [("an", "echo one")]


async def test_one_chat_out_of_reach_holds_up_nobody(post: Post) -> None:
    post.pigeons.trouble = [Unreachable()]
    post.sender.start(post.ledger)

    await post.ledger.submit(message("one", chat="gone"))
    await post.ledger.submit(message("two", chat="an"))
    arrived = await post.pigeons.bring(1)
    await post.sender.stop()
    failed = await post.office.run(lambda c: undelivered(c, OFFICER))

    assert arrived == [("an", "echo two")]
    assert [bubble.why for bubble in failed] == ["unreachable"]


async def test_what_a_dead_process_left_goes_out_at_the_next_start(post: Post) -> None:
    await post.office.commit([message("one", chat="an"), message("two", chat="an")], Toy())
    # The lease of the dead process has run out.
    await post.office.write(
        lambda connection: connection.execute(
            update(outbox).values(claimed_by="dead", claimed_until=0)
        )
    )

    post.sender.start(post.ledger)

    assert await post.pigeons.bring(2) == [("an", "echo one"), ("an", "echo two")]


async def test_a_page_that_fetches_its_bubbles_is_left_alone(post: Post) -> None:
    post.pigeons.pushes = False
    post.sender.start(post.ledger)

    await post.ledger.submit(message("one"))
    await post.sender.stop()

    assert post.pigeons.arrived == []
    assert await post.left() == 1


async def test_stopping_gives_back_what_was_not_sent(post: Post) -> None:
    post.sender.start(post.ledger)
    post.sender._stopping.set()

    await post.ledger.submit(message("one"))
    await post.sender.stop()

    assert await post.office.rows(select(outbox.c.claimed_by)) == [(None,)]


def test_waiting_grows_and_is_spread_out() -> None:
    def nothing(count: int) -> bytes:
        return bytes(count)

    def most(count: int) -> bytes:
        return b"\xff" * count

    assert backoff(timedelta(0), 0, nothing) == FIRST_WAIT
    assert backoff(timedelta(0), 3, nothing) == FIRST_WAIT * 8
    assert backoff(timedelta(0), 99, nothing) == LONGEST_WAIT
    assert backoff(timedelta(hours=2), 0, nothing) == timedelta(hours=2)
    assert backoff(timedelta(0), 0, most) == FIRST_WAIT * 1.5


async def waiting(post: Post) -> list[tuple[int, int]]:
    """Return attempts and seconds still to wait of everything in the outbox."""
    rows = await post.office.rows(select(outbox.c.attempts, outbox.c.not_before))
    now = milliseconds(post.office.clock.at)
    return [(row.attempts, round((row.not_before - now) / 1000)) for row in rows]


async def test_a_bot_asked_to_wait_twice_waits_with_all_its_chats(post: Post) -> None:
    post.pigeons.trouble = [TryLater(timedelta(hours=1)), TryLater(timedelta(hours=1))]
    post.sender.start(post.ledger)

    for chat in ("an", "binh", "chi", "dung"):
        await post.ledger.submit(message("one", chat=chat))
    await post.settled()

    assert post.pigeons.arrived == []
    assert post.pigeons.trouble == []
    found = sorted(await waiting(post))
    assert [attempts for attempts, _ in found] == [0, 0, 1, 1]
    assert all(seconds > 3500 for _, seconds in found)


async def test_a_revoked_token_stops_that_bot_only_and_loses_nothing(post: Post) -> None:
    post.pigeons.trouble = [Revoked()]
    post.sender.start(post.ledger)

    await post.ledger.submit(message("one", chat="an"))
    await post.settled()
    await post.ledger.submit(message("two", chat="binh", account="other"))

    assert await post.pigeons.bring(1) == [("binh", "echo two")]
    assert post.sender.revoked == {("terminal", "test")}
    assert [attempts for attempts, left in await waiting(post) if left > 500] == [0]


async def test_replies_wait_for_their_slot_and_bulk_stands_back(post: Post) -> None:
    post.pigeons.capabilities = Capabilities("terminal", per_second=2)
    held: list[float] = []

    async def sleep(seconds: float) -> None:
        held.append(seconds)

    post.sender.sleep = sleep
    post.sender.start(post.ledger)
    await post.ledger.submit(message("one", chat="an"))
    await post.pigeons.bring(1)
    post.office.clock.step = timedelta()  # the next ones come at one moment

    for chat in ("binh", "chi", "dung"):
        await post.ledger.submit(message("one", chat=chat))
    await post.pigeons.bring(4)

    assert held == [0.5, 1.0]


@pytest.mark.parametrize("late", [False, True])
async def test_a_message_that_cannot_be_deleted_is_listed_after_two_days(
    post: Post, late: bool
) -> None:
    def busy() -> Exception:
        post.office.clock.at += DELETABLE if late else timedelta()
        return TryLater(timedelta(seconds=1))

    post.pigeons.trouble = [None, busy]
    post.sender.start(post.ledger)

    await post.ledger.submit(message("delete 7", chat="an"))
    await post.settled()

    failed = await post.office.run(lambda c: undelivered(c, OFFICER))
    assert [bubble.why for bubble in failed] == (["not_deleted"] if late else [])
    (row,) = await post.office.rows(select(chats.c.unreachable_at))
    assert row.unreachable_at is None
    if not late:
        assert await post.pigeons.bring(2) == [
            ("an", "echo delete 7"),
            ("an", "delete 7"),
        ]


async def test_a_deletion_takes_its_slot_and_holds_no_reply_back(post: Post) -> None:
    post.pigeons.capabilities = Capabilities("terminal", per_second=30)
    post.office.clock.step = timedelta()  # no time passes by itself
    held: list[float] = []

    async def sleep(seconds: float) -> None:
        held.append(seconds)

    post.sender.sleep = sleep
    post.sender.start(post.ledger)

    for word in ("delete 1", "delete 2", "delete 3"):
        await post.ledger.submit(message(word, chat="an"))
    arrived = await post.pigeons.bring(6)

    deletions = [("an", f"delete {number}") for number in (1, 2, 3)]
    assert [one for one in arrived if one in deletions] == deletions
    assert max(held) < 1, "in hand, not by way of the outbox"


@dataclass(slots=True)
class Mud(Pigeons):
    """Takes bubbles and gives no answer until it is `through`."""

    through: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, account: str, chat: str, outgoing: Outgoing) -> datetime:
        await self.through.wait()
        return self.now()


async def test_a_platform_that_hangs_holds_up_no_other(post: Post) -> None:
    mud = Mud(post.office.clock, name="mud")
    post.sender.platforms = {"terminal": post.pigeons, "mud": mud}
    post.sender.start(post.ledger)
    for number in range(3 * AT_ONCE):
        incoming = message("one", chat=f"chat {number}")
        await post.ledger.submit(replace(incoming, platform="mud"))

    await post.ledger.submit(message("two", chat="an"))
    arrived = await post.pigeons.bring(1)
    mud.through.set()

    assert arrived == [("an", "echo two")]


async def test_what_waits_for_a_bot_that_is_gone_is_listed(post: Post) -> None:
    await post.office.commit([message("one", account="old"), message("two", chat="an")], Toy())
    at = post.office.clock()

    await post.office.write(
        partial(abandon, platform="terminal", accounts=["test"], unit=COMMUNE.commune, at=at)
    )
    post.sender.start(post.ledger)
    await post.office.write(lambda c: c.execute(update(outbox).values(claimed_until=0)))

    assert await post.pigeons.bring(1) == [("an", "echo two")]
    failed = await post.office.run(lambda c: undelivered(c, OFFICER))
    assert [bubble.why for bubble in failed] == ["bot_removed"]
