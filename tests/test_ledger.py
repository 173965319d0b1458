"""The promises of a turn, on both databases."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from msgspec import structs
from sqlalchemy import Connection, event, func, select, update

from bot.dialogs.messages import Outgoing
from storage.audit import anchor_holds, broken_chains, write_anchor
from storage.codes import check_digit
from storage.commune_tables import units
from storage.database import lock_chats
from storage.group import LedgerClosed, SqliteLedger
from storage.ids import milliseconds
from storage.inbox import dead_letters, mark_replayed, open_letter
from storage.ledger import _mark_sent, chat_token
from storage.outbox import Delivered, Queued, give_up, pending, release, retry_later, undelivered
from storage.postgres import PostgresLedger
from storage.sealed import place, unseal_document
from storage.submissions import confirmed
from storage.tables import (
    chats,
    consents,
    events,
    inbox,
    metadata,
    outbox,
    submission_marks,
    submissions,
    tasks,
)
from storage.turn import ChatView, Decision
from tests.conftest import OFFICER, Crash, Office, Toy, context, message, seeded


def texts(bubbles: Sequence[Sequence[Queued]]) -> list[list[str]]:
    return [[bubble.outgoing.text for bubble in turn] for turn in bubbles]


async def state(office: Office, submission_id: int = 1001) -> Any:
    query = select(submissions).where(submissions.c.id == submission_id)
    (row,) = await office.rows(query)
    key = office.context.keys.data_key(row.id, row.data_key)
    return unseal_document(key, row.state, place("submissions", "state", row.id))


async def test_a_message_is_answered_and_kept(office: Office) -> None:
    done = await office.commit([message("xin chao")], Toy())

    assert texts(done.queued) == [["echo xin chao"]]
    assert done.queued[0][0].chat == "an"
    assert await state(office) == {"texts": ["xin chao"]}
    for table in (inbox, chats, submissions, events, outbox, consents, tasks):
        assert len(await office.rows(select(table))) == 1, table.name


async def test_duplicates_in_one_batch_and_across_batches_change_nothing(office: Office) -> None:
    toy = Toy()
    first, second = message("mot"), message("hai")

    one = await office.commit([first, first, second], toy)
    two = await office.commit([second, first, message("ba")], toy)

    assert texts(one.queued) == [["echo mot"], [], ["echo hai"]]
    assert texts(two.queued) == [[], [], ["echo ba"]]
    assert toy.seen == ["mot", "hai", "ba"]
    assert await state(office) == {"texts": ["mot", "hai", "ba"]}


async def test_messages_of_one_chat_in_one_batch_see_each_other(office: Office) -> None:
    toy = Toy()

    await office.commit([message("mot"), message("x", chat="binh"), message("hai")], toy)

    assert [view.submission for view in toy.views] == [None, None, b'{"texts":["mot"]}']
    assert toy.views[2].document == b'{"turns":1}'
    assert await state(office) == {"texts": ["mot", "hai"]}
    assert await office.run(broken_chains) == []


async def test_a_failing_message_is_set_aside_and_holds_nobody_up(office: Office) -> None:
    toy = Toy()
    await office.commit([message("mot")], toy)
    batch = [message("fail now"), message("hai"), message("x", chat="binh")]

    done = await office.commit(batch, toy)

    assert texts(done.queued) == [["sorry"], ["echo hai"], ["echo x"]]
    assert toy.seen.count("fail now") == 2, "retried once"
    assert await state(office) == {"texts": ["mot", "hai"]}, "the failed turn left nothing"
    (letter,) = await office.write(lambda c: dead_letters(c, OFFICER))
    assert (letter.prompt, letter.open_prompt) == ("p1", "p2")
    assert letter.why.startswith("LookupError in __call__")
    keys = office.context.keys
    opened = await office.write(lambda c: open_letter(c, keys, OFFICER, letter.id))
    assert opened is not None and opened[1] == batch[0]
    await office.write(lambda c: mark_replayed(c, letter.id))
    assert await office.write(lambda c: dead_letters(c, OFFICER)) == []


async def test_a_decision_that_cannot_be_written_leaves_nothing_of_itself(office: Office) -> None:
    await office.commit([message("mot")], Toy())

    done = await office.commit([message("halfway"), message("hai")], Toy())

    assert texts(done.queued) == [["sorry"], ["echo hai"]]
    assert await state(office) == {"texts": ["mot", "hai"]}
    assert len(await office.rows(select(events))) == 2
    assert await office.run(broken_chains) == []


async def test_a_stranger_whose_first_message_fails_is_told(office: Office) -> None:
    done = await office.commit([message("fail")], Toy())

    assert texts(done.queued) == [["sorry"]]
    (chat,) = await office.rows(select(chats))
    assert chat.document is None


@pytest.mark.parametrize("bad", ["column \\ud800", "column \\x00"])
async def test_what_the_database_refuses_costs_only_its_own_message(
    office: Office, bad: str
) -> None:
    if "x00" in bad and office.database.writer is not None:
        bad = "column \\ud800"  # SQLite keeps a NUL, PostgreSQL does not
    batch = [message("mot"), message(bad, chat="binh"), message("ba", chat="chi")]

    done = await office.commit(batch, Toy())

    assert texts(done.queued) == [["echo mot"], ["sorry"], ["echo ba"]]
    assert len(await office.write(lambda c: dead_letters(c, OFFICER))) == 1


async def test_a_crash_between_decision_and_commit_leaves_no_trace(office: Office) -> None:
    batch = [message("mot"), message("crash", chat="binh")]

    with pytest.raises(Crash):
        await office.commit(batch, Toy())

    for table in {*metadata.sorted_tables} - {units}:
        assert await office.rows(select(table)) == [], table.name
    done = await office.commit([batch[0]], Toy())
    assert texts(done.queued) == [["echo mot"]], "sent again, it is answered once"


async def test_a_failing_commit_leaves_no_trace(office: Office) -> None:
    engine = office.database.writer or office.database.engine.sync_engine

    def fail(_: Connection) -> None:
        raise OSError("disk full")

    event.listen(engine, "commit", fail)
    with pytest.raises(OSError, match="disk full"):
        await office.commit([message("mot")], Toy())
    event.remove(engine, "commit", fail)

    assert await office.rows(select(inbox)) == []


async def test_a_note_of_delivery_outlives_a_turn_that_began_before_it(office: Office) -> None:
    """Another process, or the other half of this one, may note it while the turn decides."""
    (queued,) = (await office.commit([message("x")], lambda *_: Decision(b"{}", "p1"))).queued
    assert queued == []
    asked = Decision(b"{}", "p2", outgoing=[Outgoing("ask", "?", prompt="p2")])
    ((bubble,),) = (await office.commit([message("x")], lambda *_: asked)).queued
    note = Delivered(bubble.id, bubble.chat_id, office.clock.at)

    def meanwhile(_: object, view: ChatView, lookup: Any) -> Decision:
        assert view.prompt_sent_at is None
        _mark_sent(lookup._desk.connection, [note])
        return asked

    await office.commit([message("x")], meanwhile)

    ((kept,),) = await office.rows(select(chats.c.prompt_sent_at))
    assert kept == milliseconds(note.at)


async def test_the_prompt_counts_as_shown_when_its_bubble_was_delivered(office: Office) -> None:
    toy = Toy()
    done = await office.commit([message("mot")], toy)
    (bubble,) = done.queued[0]

    note = Delivered(bubble.id, bubble.chat_id, office.clock.at)
    await office.commit([message("hai")], toy, [note])
    await office.commit([message("ba")], toy, [note])

    assert [view.prompt_sent_at for view in toy.views] == [None, note.at, None]
    assert len(await office.rows(select(outbox))) == 2


async def test_other_peoples_submissions_are_not_found(office: Office) -> None:
    toy = Toy()
    await office.commit([message("mot"), message("x", chat="binh")], toy)

    done = await office.commit([message("look 1001 1002 9999")], toy)

    assert texts(done.queued) == [["1001"]]


async def test_a_confirmed_submission_has_a_receipt_and_doubles_are_marked(office: Office) -> None:
    toy = Toy()
    people = [("an", "051090000001"), ("binh", "051090000002"), ("chi", "051090000001")]

    await office.commit([message(f"confirm {who}", chat=chat) for chat, who in people], toy)

    keys = office.context.keys
    records = await office.write(lambda c: list(confirmed(c, keys, OFFICER)))
    assert [record.answers["q01"]["value"] for record in records] == [who for _, who in people]
    assert [record.village for record in records] == ["Thon Mot"] * 3
    assert [record.duplicate for record in records].count(True) >= 1
    assert not records[1].duplicate
    assert len({record.receipt for record in records}) == 3
    assert all(r.receipt[-1] == check_digit(r.receipt[:-1]) for r in records)
    assert len(await office.rows(select(submission_marks))) == 3


def test_the_check_digit_shows_every_wrong_digit_and_every_swap() -> None:
    digits = "57216043"
    right = check_digit(digits)

    for place_, new in ((i, d) for i in range(8) for d in "0123456789"):
        wrong = digits[:place_] + new + digits[place_ + 1 :]
        assert (check_digit(wrong) == right) == (wrong == digits)
    for i in range(7):
        swapped = digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]
        assert (check_digit(swapped) == right) == (swapped == digits)


async def test_erasing_leaves_nothing_readable_and_a_whole_chain(office: Office) -> None:
    toy = Toy()
    secret = "confirm 051090000001"
    await office.commit([message(secret), message("hai"), message("x", chat="binh")], toy)

    done = await office.commit([message("erase")], toy)

    assert done.erased
    assert office.context.keys.data_key.cache_info().currsize == 0
    (row,) = await office.rows(select(submissions).where(submissions.c.id == 1001))
    blank = ("data_key", "state", "record", "village", "sex", "birth_year", "id_token")
    assert [row._mapping[name] for name in blank] == [None] * len(blank)
    assert row.status == "erased"
    assert await office.rows(select(submission_marks)) == []
    waiting = await office.rows(select(outbox).where(outbox.c.submission_id == 1001))
    assert waiting == []
    assert await office.run(broken_chains) == []
    chain = await office.rows(select(events).where(events.c.submission_id == 1001))
    assert chain[-1].kind == "erased"
    for fact in chain[:-1]:
        where = place("events", "sealed", f"1001:{fact.seq}")
        with pytest.raises(InvalidTag):
            unseal_document(office.context.keys.office, fact.sealed, where)
    after = await office.commit([message("moi")], toy)
    assert texts(after.queued) == [["echo moi"]], "the chat goes on with a new submission"


async def test_a_changed_event_and_a_changed_past_are_noticed(office: Office) -> None:
    await office.commit([message("mot"), message("hai"), message("x", chat="binh")], Toy())
    until = office.clock()
    day = until.date()
    await office.write(lambda c: write_anchor(c, day, until))
    office.clock()
    await office.commit([message("ba")], Toy(first_id=2000))
    assert await office.write(lambda c: anchor_holds(c, day)) is True

    change = update(events).where(events.c.submission_id == 1001, events.c.seq == 2)
    await office.write(lambda c: c.execute(change.values(kind="invented", hash=b"0" * 32)))

    assert await office.write(broken_chains) == [1001]
    assert await office.write(lambda c: anchor_holds(c, day)) is False


async def test_bubbles_are_claimed_once_and_keep_their_order(office: Office) -> None:
    keys = office.context.keys
    await office.commit([message("mot"), message("hai"), message("x", chat="binh")], Toy())
    now = office.clock.at

    assert await office.write(lambda c: pending(c, keys, worker="2", now=now)) == []
    await office.write(release)
    mine = await office.write(lambda c: pending(c, keys, worker="2", now=now))
    assert [bubble.outgoing.text for bubble in mine] == ["echo mot", "echo hai", "echo x"]
    assert await office.write(lambda c: pending(c, keys, worker="3", now=now)) == []

    await office.write(lambda c: retry_later(c, mine[0].id, not_before=office.clock()))
    await office.write(lambda c: release(c, worker="2"))
    left = await office.write(lambda c: pending(c, keys, worker="3", now=now))
    assert [bubble.outgoing.text for bubble in left] == ["echo x"], "hai waits behind mot"

    await office.write(lambda c: give_up(c, mine[0].id, why="blocked", at=now))
    assert [bubble.why for bubble in await office.write(lambda c: undelivered(c, OFFICER))] == [
        "blocked"
    ]


async def test_a_bubble_waits_behind_those_of_another_worker(office: Office) -> None:
    keys = office.context.keys
    (turn,) = (await office.commit([message("mot")], Toy())).queued
    other = replace(office, context=context(office.clock, seeded(8), worker="worker 2"))

    done = await other.commit([message("hai")], Toy(first_id=2000))

    assert [bubble.claimed for bubble in done.queued[0]] == [False]
    now = office.clock.at
    assert await office.write(lambda c: pending(c, keys, worker="worker 2", now=now)) == []
    await office.commit([], Toy(), [Delivered(turn[0].id, turn[0].chat_id, now)])
    found = await office.write(lambda c: pending(c, keys, worker="worker 2", now=now))
    assert [bubble.outgoing.text for bubble in found] == ["echo hai"]


async def test_a_message_waits_while_another_worker_has_its_chat(office: Office) -> None:
    if office.database.writer is not None:
        return  # one writer: nothing to wait for
    ledger = _ledger(office, Toy(), [], "a")
    token = chat_token(office.context.keys, "terminal", "test", "an")

    async with office.database.engine.begin() as other:
        await other.run_sync(lock_chats, [token])
        waiting = asyncio.ensure_future(ledger.submit(message("mot")))
        await other.execute(select(chats))  # meanwhile the message is taken up
        answered = await ledger.submit(message("x", chat="binh"))
        done_early = waiting.done()
    answer = await waiting
    await _close(ledger)

    assert not done_early
    assert texts([answer, answered]) == [["echo mot"], ["echo x"]]


def _ledger(
    office: Office, toy: Toy, sent: list[Queued], worker: str
) -> SqliteLedger | PostgresLedger:
    setting = context(office.clock, seeded(len(worker)), worker=worker)
    if office.database.writer is not None:
        return SqliteLedger(office.database.writer, toy, setting, sent.extend)
    ledger = PostgresLedger(office.database.engine, toy, setting, sent.extend)
    ledger.start()
    return ledger


async def _close(ledger: SqliteLedger | PostgresLedger) -> None:
    if isinstance(ledger, SqliteLedger):
        ledger.close()
    else:
        await ledger.close()


async def test_an_erased_key_is_gone_from_the_files_too(office: Office) -> None:
    ledger = _ledger(office, Toy(), [], "a")
    await ledger.submit(message("confirm 051090000001"))
    (row,) = await office.rows(select(submissions.c.data_key, submissions.c.state))

    await ledger.submit(message("erase"))
    await _close(ledger)

    for file in _files(office):
        assert row.data_key not in file
        assert row.state not in file


def _files(office: Office) -> list[bytes]:
    """The bytes of a SQLite database and its log; PostgreSQL's files are not ours to read."""
    path = office.database.url.database
    if office.database.writer is None or path is None:
        return []
    return [Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal")]


async def test_many_chats_at_once_all_get_their_answers_in_order(office: Office) -> None:
    sent: list[Queued] = []
    ledger = _ledger(office, Toy(), sent, "a")
    batch = [message(f"{n}", chat=f"chat {n % 30}") for n in range(600)]

    answers = await asyncio.gather(*(ledger.submit(incoming) for incoming in batch))
    for bubble in sent:
        ledger.delivered(Delivered(bubble.id, bubble.chat_id, office.clock.at))
    assert await ledger.write(lambda c: c.scalar(select(func.count()).select_from(events))) == 600
    await _close(ledger)

    assert texts(answers) == [[f"echo {n}"] for n in range(600)]
    assert [b.outgoing.text for b in sent if b.chat == "chat 7"] == [
        f"echo {n}" for n in range(7, 600, 30)
    ]
    assert await office.rows(select(outbox)) == [], "all noted as delivered"
    assert await office.run(broken_chains) == []


async def test_a_failing_write_reaches_its_caller_and_nobody_else(office: Office) -> None:
    ledger = _ledger(office, Toy(), [], "a")

    def fail(_: Connection) -> None:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await ledger.write(fail)
    assert texts([await ledger.submit(message("mot"))]) == [["echo mot"]]
    await _close(ledger)


async def test_two_ledgers_on_one_postgresql_chat_lose_nothing(office: Office) -> None:
    """On SQLite the second ledger stands for a command run beside the server."""
    sent: list[Queued] = []
    ledgers = [_ledger(office, Toy(first_id=n * 1000), sent, "ab"[:n]) for n in (1, 2)]
    numbers = count()

    async def talk(chat: str) -> None:
        for turn in range(10):
            await ledgers[turn % 2].submit(message(f"{next(numbers)}", chat=chat))

    both = [message(f"both {n}", chat="an") for n in range(10)]
    await asyncio.gather(
        *(talk(f"chat {n}") for n in range(5)),
        *(ledger.submit(incoming) for incoming in both for ledger in ledgers),
    )
    for ledger in ledgers:
        await _close(ledger)

    assert await office.run(broken_chains) == []
    rows = await office.rows(select(chats.c.id, submissions.c.event_count).join(submissions))
    assert sorted(row.event_count for row in rows) == [10] * 6
    assert len(await office.rows(select(inbox))) == 60


async def test_a_reader_does_not_hold_up_an_erasure_or_anybody_else(office: Office) -> None:
    ledger = _ledger(office, Toy(), [], "a")
    await ledger.submit(message("confirm 051090000001"))
    (row,) = await office.rows(select(submissions.c.data_key))

    async with office.database.engine.connect() as reader:
        await reader.execute(select(submissions))
        await ledger.submit(message("erase"))
        answer = await ledger.submit(message("hai"))
    await ledger.submit(message("ba"))
    await _close(ledger)

    assert texts([answer]) == [["echo hai"]]
    assert all(row.data_key not in file for file in _files(office))


async def test_a_closed_ledger_says_so(office: Office) -> None:
    if office.database.writer is None:
        return
    ledger = SqliteLedger(office.database.writer, Toy(), office.context, lambda _: None)
    ledger.close()

    with pytest.raises(LedgerClosed):
        await ledger.submit(message("mot"))


async def test_what_could_not_be_read_is_deleted_from_its_chat_all_the_same(
    office: Office,
) -> None:
    await office.commit([message("one")], Toy())
    letter = structs.replace(message("fail"), ref="77")

    done = await office.commit([letter], Toy())

    assert [(one.outgoing.kind, one.outgoing.ref) for one in done.queued[0]] == [
        ("info", ""),
        ("delete", "77"),
    ]
