"""Continuation codes: how they are written, read, kept and moved from chat to chat."""

from datetime import timedelta
from functools import partial

import pytest
from pydantic_core import from_json
from sqlalchemy import func, select

from bot.dialogs.messages import Incoming, Outgoing
from storage.audit import broken_chains
from storage.codes import (
    ALPHABET,
    VALID,
    new_code,
    read_code,
    token_of,
    written,
)
from storage.exchange import Bearer, exchange
from storage.tables import attempts, codes, submissions
from storage.tries import HOUR, MOST_TRIES, WINDOW, try_allowed
from storage.turn import ChatView, Code, Decision, Event, Lookup, State
from tests.conftest import Office, Toy, message, seeded

CODE = "0123456789ABY"
"""Twelve characters; the thirteenth is their number modulo 37, which is 30."""


def test_a_code_is_twelve_characters_and_a_check() -> None:
    made = [new_code(seeded(seed)) for seed in range(300)]

    assert {len(code) for code in made} == {13}
    assert set("".join(made)) <= set(ALPHABET)
    assert len(set(made)) == len(made)
    assert all(read_code(written(code)) == code for code in made)


@pytest.mark.parametrize("seed", range(20))
def test_every_wrong_character_and_every_swap_is_noticed(seed: int) -> None:
    code = new_code(seeded(seed))

    for place, right in enumerate(code):
        for wrong in set(ALPHABET) - {right}:
            assert read_code(code[:place] + wrong + code[place + 1 :]) is None
    for place in range(len(code) - 2):
        if code[place] != code[place + 1]:
            swapped = code[place + 1] + code[place]
            assert read_code(code[:place] + swapped + code[place + 2 :]) is None


def test_a_code_may_be_copied_carelessly() -> None:
    assert written(CODE) == "0123-4567-89AB-Y"
    assert read_code(" o123 4567 89ab y ") == CODE
    assert read_code("oi23-4567-89AB-Y") == CODE
    assert read_code("0123-4567-89AB") is None
    assert read_code("0123-4567-89AB-U") is None
    assert read_code("") is None


class Mover(Toy):
    """The toy dialogue, which can also let go of a submission and take one over."""

    def let_go(self, view: ChatView, submission_id: int) -> Decision:
        return Decision(b'{"turns":0}', "")

    def take_over(
        self, incoming: Incoming, view: ChatView, lookup: Lookup, id: int, document: State
    ) -> Decision:
        said = [Outgoing("ask", "welcome back", prompt="p9")]
        events = [Event(id, "continued", {})]
        return Decision(
            b'{"turns":9}', "p9", id, submissions={id: document}, events=events, outgoing=said
        )


class Coding(Toy):
    """The toy dialogue; the word "code" makes CODE open the submission elsewhere."""

    def __call__(self, incoming: Incoming, view: ChatView, lookup: Lookup) -> Decision:
        decision = super().__call__(incoming, view, lookup)
        if getattr(incoming.content, "text", "") == "code" and decision.submission_id:
            decision.codes = {decision.submission_id: Code(CODE, VALID)}
        return decision


async def brought(office: Office, incoming: Incoming, word: str = "code") -> bool:
    bearer = Bearer(incoming, CODE, lambda document: word in from_json(document)["texts"])
    return await office.write(
        partial(exchange, context=office.context, mover=Mover(), bearer=bearer)
    )


async def test_only_a_keyed_hash_of_the_code_is_kept(office: Office) -> None:
    await office.commit([message("one"), message("code")], Coding())

    (row,) = await office.rows(select(codes))

    assert row.token == token_of(office.context.keys, CODE)
    assert CODE not in repr(row)
    assert "0123-4567" not in repr(row)


async def test_the_draft_moves_and_the_old_chat_loses_it(office: Office) -> None:
    toy = Coding()
    await office.commit([message("one"), message("code")], toy)
    incoming = message("", chat="ba")

    assert await brought(office, incoming)
    assert await brought(office, incoming)  # sent twice: moved once
    done = await office.commit([message("two", chat="ba"), message("three")], toy)

    assert toy.views[-2].submission is not None
    assert from_json(toy.views[-2].submission)["texts"] == ["one", "code"]
    assert toy.views[-1].submission is None
    assert [bubble.chat for (bubble,) in done.queued] == ["ba", "an"]
    assert await office.rows(select(func.count()).select_from(codes)) == [(0,)]
    assert await office.write(broken_chains) == []


async def test_a_code_works_once(office: Office) -> None:
    await office.commit([message("one"), message("code")], Coding())

    assert await brought(office, message("", chat="ba"))
    assert not await brought(office, message("", chat="cu"))


async def test_the_code_alone_is_not_enough(office: Office) -> None:
    await office.commit([message("one"), message("code")], Coding())

    assert not await brought(office, message("", chat="ba"), word="never said")
    assert await brought(office, message("", chat="ba"))


async def test_a_code_opens_drafts_only(office: Office) -> None:
    toy = Coding()
    await office.commit([message("one"), message("code"), message("confirm 051090001234")], toy)

    assert not await brought(office, message("", chat="ba"))


async def test_a_code_is_forgotten_after_thirty_days(office: Office) -> None:
    await office.commit([message("one"), message("code")], Coding())
    office.clock.at += VALID

    assert not await brought(office, message("", chat="ba"))
    assert await office.rows(select(func.count()).select_from(codes)) == [(0,)]


async def test_an_erased_draft_takes_its_code_along(office: Office) -> None:
    await office.commit([message("one"), message("code"), message("erase")], Coding())

    assert await office.rows(select(func.count()).select_from(codes)) == [(0,)]
    assert await office.rows(select(submissions.c.status)) == [("erased",)]


async def test_tries_are_counted_for_a_quarter_of_an_hour(office: Office) -> None:
    def tried(*what: str) -> partial[bool]:
        return partial(try_allowed, context=office.context, tried=what)

    allowed = [await office.write(tried("address 1", "code 1")) for _ in range(MOST_TRIES + 1)]
    same_code = await office.write(tried("address 2", "code 1"))
    same_address = await office.write(tried("address 1", "code 2"))
    neither = await office.write(tried("address 2", "code 2"))
    office.clock.at += WINDOW + timedelta(minutes=1)
    later = await office.write(tried("address 1", "code 1"))

    assert allowed == [True] * MOST_TRIES + [False]
    assert (same_code, same_address, neither, later) == (False, False, True, True)
    office.clock.at += HOUR
    await office.write(tried("address 1"))
    assert await office.rows(select(func.count()).select_from(attempts)) == [(1,)]
