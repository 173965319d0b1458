"""Whose form is it: a table of cases, any order of forms, and nothing told to a stranger."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from bot.dialogs.messages import Outgoing
from storage.commune_tables import doubles, households, people
from storage.database import open_database
from storage.matching import Form, Known, choose, doubles_of, verdict
from storage.migrate import migrate_database
from storage.people import person_document
from storage.tables import inbox, submissions
from storage.turn import Decision, Event, Filling
from tests.commune import HERE, THERE, Commune, answers, confirmed, statements
from tests.conftest import Clock, Office, context, message, seeded

ID, OTHER_ID = "051090000001", "051090000002"
LISTED = answers("An Van An", "1990-09-05", ID)
UNNUMBERED = answers("An Van An", "1990-09-05")

CASES: Any = [
    # on the list, what a citizen hands in, the same person?, why a double
    ("number and name", LISTED, answers("An Van An", "1991-01-01", ID), True, []),
    ("number and birth date", LISTED, answers("An V. An", "1990-09-05", ID), True, []),
    ("number and year", answers("An", "1990", ID), answers("Ann", "1990-09-05", ID), True, []),
    ("marks on letters", LISTED, answers("Ăn Vân Án", "1991-01-01", ID), True, []),
    ("number alone", LISTED, answers("Binh Van Binh", "1970-01-01", ID), False, ["id"]),
    ("no number on the list", UNNUMBERED, LISTED, False, ["name_birth"]),
    ("no number on the form", LISTED, UNNUMBERED, False, ["name_birth"]),
    ("another number", LISTED, answers("An Van An", number=OTHER_ID), False, ["name_birth"]),
    ("the name alone", LISTED, answers("An Van An", "1970-01-01"), False, []),
    ("nothing alike", LISTED, answers("Binh Van Binh", "1970-01-01", OTHER_ID), False, []),
    ("nothing known", answers("An", ""), answers("An", ""), False, []),
]


@pytest.fixture
async def commune(office: Office) -> Commune:
    return await Commune(office).build()


async def whys(commune: Commune) -> list[str]:
    return [row.why for row in await commune.office.rows(select(doubles))]


@pytest.mark.parametrize(
    ("listed", "said", "same", "why"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
async def test_a_form_finds_its_person(
    commune: Commune, listed: Any, said: Any, same: bool, why: list[str]
) -> None:
    an = await commune.person(listed)

    sent = await commune.hand_in("an", said)

    settled = await commune.person_of(sent)
    assert (settled == an) == same
    assert await whys(commune) == why
    row = await commune.one(settled)
    assert (row.submission_id, row.draft_id) == (sent, None)
    assert row.origin == ("import" if same else "chat")
    document = person_document(commune.office.context.keys, row)
    assert document is not None and document.year == "2026"
    assert document.answers["q01_ho_ten"] == said["q01_ho_ten"]


@pytest.mark.parametrize("numbered", [True, False])
async def test_a_household_settles_who_has_no_number(commune: Commune, numbered: bool) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    home = await commune.household()
    an = await commune.person(LISTED if numbered else UNNUMBERED, household=home)
    said = UNNUMBERED if numbered else LISTED

    same = await commune.hand_in("lan", said, household_id=home)

    assert await commune.person_of(same) == an
    assert await whys(commune) == []
    assert (await commune.one(an)).id_token, "the number stays known"


async def test_people_of_another_commune_are_not_met(commune: Commune) -> None:
    far = await commune.person(LISTED, unit=THERE)

    sent = await commune.hand_in("an", LISTED)

    assert await commune.person_of(sent) != far
    assert await whys(commune) == []
    assert (await commune.one(await commune.person_of(sent))).unit == HERE


async def test_whom_the_enumerator_chose_it_is(commune: Commune) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    an = await commune.person(LISTED)
    binh = await commune.person(answers("Binh Van Binh", number=OTHER_ID))

    sent = await commune.hand_in("lan", LISTED, person_id=binh)

    assert await commune.person_of(sent) == binh
    assert await whys(commune) == ["id"]
    assert (await commune.one(an)).submission_id is None


async def test_whom_they_chose_may_have_been_merged_meanwhile(commune: Commune) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    an, gone = await commune.person(LISTED), await commune.person(UNNUMBERED)
    begun = await commune.begin("lan", person_id=gone)
    merged = update(people).where(people.c.id == gone).values(merged_into=an)
    await commune.office.write(lambda c: c.execute(merged))

    await commune.hand_in("lan", UNNUMBERED, begun)

    assert await commune.person_of(begun) == an
    assert (await commune.one(an)).submission_id == begun


async def test_a_second_form_replaces_nothing_by_itself(commune: Commune) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    an = await commune.person(LISTED)
    first = await commune.hand_in("an", LISTED)
    second = await commune.hand_in("ba", LISTED)
    third = await commune.hand_in("lan", answers("Khac Van Khac", "1950-01-01"), person_id=an)

    assert (await commune.one(an)).submission_id == first
    settled = [await commune.person_of(sent) for sent in (first, second, third)]
    assert settled[0] == an and len(set(settled)) == 3
    assert await whys(commune) == ["twice", "twice"]


async def test_a_new_form_from_the_same_chat_replaces_the_old(commune: Commune) -> None:
    an = await commune.person(LISTED)
    await commune.hand_in("an", LISTED)

    second = await commune.hand_in("an", {**LISTED, "q09_gdpt": "thpt"})

    assert (await commune.one(an)).submission_id == second
    assert await whys(commune) == []
    assert len(await commune.office.rows(select(people))) == 1


async def test_forms_of_one_batch_see_each_other(commune: Commune) -> None:
    an = await commune.person(LISTED)

    def decide(incoming: Any, _: object, __: object) -> Decision:
        begun = 500 + ord(incoming.chat)
        done = {begun: confirmed(LISTED, f"{begun:09}")}
        events = [Event(begun, "sent", {})]
        states = {begun: b"{}"}
        return Decision(
            b"{}", "", begun, created=[begun], submissions=states, confirmed=done, events=events
        )

    await commune.office.commit([message("x", chat="a"), message("x", chat="b")], decide)

    assert len(await commune.office.rows(select(people))) == 2
    assert await whys(commune) == ["twice"]
    assert (await commune.one(an)).submission_id == 500 + ord("a")


async def test_forms_of_several_workers_see_each_other(commune: Commune) -> None:
    chats = [f"chat {number}" for number in range(4)]
    for day in range(1, 6):
        said = answers("An Van An", f"1990-01-{day:02}", f"05109000010{day}")
        an = await commune.person(said)
        begun = {chat: await commune.begin(chat) for chat in chats}

        await asyncio.gather(*(commune.hand_in(chat, said, sent) for chat, sent in begun.items()))

        settled = {await commune.person_of(sent) for sent in begun.values()}
        assert an in settled and len(settled) == len(chats)
        assert (await commune.one(an)).submission_id in begun.values()


@pytest.mark.parametrize("status", ["withdrawn", "void", "erased"])
@pytest.mark.parametrize("listed", [True, False])
async def test_a_form_that_counts_no_more_lets_its_person_go(
    commune: Commune, status: str, listed: bool
) -> None:
    said = answers("An Van An", "1990-09-05", ID, q09_gdpt="thpt")
    if listed:
        await commune.person(answers("An V An", "1990", ID, q09_gdpt="thcs"), flags=("ho_ngheo",))
    sent = await commune.hand_in("an", said)
    an = await commune.person_of(sent)
    key = (await commune.one(an)).data_key

    done: dict[str, Any] = (
        {"erased": [sent]} if status == "erased" else {"statuses": {sent: status}}
    )
    await commune.do("an", **done)

    row = await commune.one(an)
    document = person_document(commune.office.context.keys, row)
    assert row.submission_id is None and row.data_key != key
    if listed:
        assert document is not None and document.answers["q09_gdpt"] == "thcs"
        assert (document.flags, document.before) == (("ho_ngheo",), None)
        assert (row.folded_name, row.birth_year) == ("an v an", 1990)
    else:
        assert document is None
        assert (row.folded_name, row.id_token, row.person_token) == (None, None, None)
    again = await commune.hand_in("ba", said)
    assert (await commune.person_of(again) == an) == listed


async def test_a_correction_keeps_its_person(commune: Commune) -> None:
    sent = await commune.hand_in("an", LISTED)
    an = await commune.person_of(sent)

    await commune.hand_in("an", answers("Binh Van Binh", "1970-01-01", OTHER_ID), sent)

    assert await commune.person_of(sent) == an
    assert (await commune.one(an)).folded_name == "binh van binh"
    assert await whys(commune) == []


async def test_a_correction_that_is_somebody_else_lets_the_listed_go(commune: Commune) -> None:
    an = await commune.person(LISTED)
    binh = await commune.person(answers("Binh Van Binh", "1970-01-01", OTHER_ID))
    sent = await commune.hand_in("an", LISTED)
    assert await commune.person_of(sent) == an

    await commune.hand_in("an", answers("Binh Van Binh", "1970-01-01", OTHER_ID), sent)

    assert await commune.person_of(sent) == binh
    row = await commune.one(an)
    assert (row.submission_id, row.folded_name) == (None, "an van an")


async def test_the_flags_and_the_household_of_the_list_stay(commune: Commune) -> None:
    home = await commune.household("Thon 1")
    an = await commune.person(
        LISTED, household=home, flags=("ho_ngheo",), relation_to_head="chu_ho"
    )

    await commune.hand_in("an", {**LISTED, "h_thon": "Thon 9"})

    row = await commune.one(an)
    document = person_document(commune.office.context.keys, row)
    assert document and (document.flags, document.relation_to_head) == (("ho_ngheo",), "chu_ho")
    assert (row.village, row.household_id) == ("Thon 1", home)


async def test_a_relation_that_the_list_did_not_say_is_kept_from_the_visit(
    commune: Commune,
) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    an = await commune.person(LISTED)

    await commune.hand_in("lan", LISTED, person_id=an, relation_to_head="me")

    document = person_document(commune.office.context.keys, await commune.one(an))
    assert document and document.relation_to_head == "me"


async def test_a_citizens_form_begins_no_household(commune: Commune) -> None:
    await commune.hand_in("an", {**LISTED, "h_thon": "Thon 3"})

    (row,) = await commune.office.rows(select(people))
    assert (row.village, row.household_id, row.origin) == ("Thon 3", None, "chat")
    assert await commune.office.rows(select(households)) == []


async def statements_of(commune: Commune, chat: str, said: Any) -> tuple[list[str], list[Outgoing]]:
    begun = await commune.begin(chat)
    with statements(commune.office.database) as seen:
        bubbles = await commune.do(chat, **handing_in(begun, said))
    return [" ".join(text.split()[:3]) for text in seen], [bubble.outgoing for bubble in bubbles]


def handing_in(begun: int, said: Any) -> dict[str, Any]:
    return {
        "submission_id": begun,
        "confirmed": {begun: confirmed(said, f"{begun:09}")},
        "events": [Event(begun, "sent", {})],
        "outgoing": [Outgoing("receipt", "sent")],
    }


async def test_a_stranger_learns_nothing_of_a_known_number(commune: Commune) -> None:
    await commune.person(LISTED)
    await commune.person(answers("Binh Van Binh", "1970-01-01", OTHER_ID))
    await commune.hand_in("somebody", answers("Chi Van Chi", "1971-01-01", "051090000003"))
    unknown = answers("Dung Van Dung", "1972-01-01", "051090000004")

    told = [
        await statements_of(commune, chat, said)
        for chat, said in (
            ("a", unknown),
            ("b", LISTED),
            ("c", answers("Ke Van La", "1980-01-01", OTHER_ID)),
            ("d", answers("Chi Van Chi", "1971-01-01", "051090000003")),
        )
    ]

    assert "INSERT INTO people" in told[0][0] and "INSERT INTO doubles" in told[0][0]
    assert all(one == told[0] for one in told)


NAMES = st.sampled_from(["An Van An", "Binh Van Binh"])
BORN = st.sampled_from(["1990-09-05", "1970-01-01"])
NUMBERS = st.sampled_from([ID, OTHER_ID, None])
SAID = st.tuples(NAMES, BORN, NUMBERS)
WITHOUT_SLIPS = st.sampled_from(
    [
        *(("An Van An", "1990-09-05", ID), ("An Van An", "1990-09-05", None)),
        *(("Binh Van Binh", "1970-01-01", OTHER_ID), ("Binh Van Binh", "1970-01-01", None)),
    ]
)
"""A number has one name and birth date here: a slip that the list does not share may hide a pair
from later forms, and is found by the search for doubles."""
Numbered = Sequence[tuple[int, tuple[str, str, str | None]]]


def settled(forms: Numbered) -> set[frozenset[int]]:
    """Settle forms of different chats by the rules alone; return who may be one person."""
    known: list[Known] = []
    pairs: list[tuple[int, int]] = []
    for number, (name, born, id_number) in forms:
        form = Form(number, number, "f", id_number, f"{name}|{born}", name, born)
        assert choose(form, known) is None, "each counts for somebody of its own"
        pairs += [(number, other) for other, _ in doubles_of(form, number, known)]
        about = (form.id_token, form.person_token, name, born)
        known.append(Known(number, HERE, None, *about, number, number, "f"))
    return joined([{person.id} for person in known], pairs)


def joined(people: Sequence[set[int]], pairs: Sequence[tuple[int, int]]) -> set[frozenset[int]]:
    """Return the groups that pairs make of people, each of whom is a few numbers."""
    groups = {number: frozenset(person) for person in people for number in person}
    for one, other in pairs:
        both = groups[one] | groups[other]
        groups |= dict.fromkeys(both, both)
    return set(groups.values())


@given(st.lists(SAID, max_size=6).map(lambda said: list(enumerate(said, 1))), st.randoms())
def test_any_order_yields_the_same_people_up_to_doubles(forms: Numbered, random: Random) -> None:
    shuffled = list(forms)
    random.shuffle(shuffled)

    assert settled(shuffled) == settled(forms)


@given(SAID, SAID)
def test_the_rules_are_the_same_from_both_sides(one: Any, other: Any) -> None:
    def form(said: Any) -> Form:
        return Form(1, 1, "f", said[2], f"{said[0]}|{said[1]}", said[0], said[1])

    def known(said: Any) -> Known:
        return Known(2, HERE, None, said[2], f"{said[0]}|{said[1]}", said[0], said[1])

    assert verdict(form(one), known(other)) == verdict(form(other), known(one))


@settings(max_examples=8, deadline=None)
@given(forms=st.lists(WITHOUT_SLIPS, min_size=2, max_size=4), random=st.randoms())
def test_the_database_settles_any_order_alike(
    tmp_path_factory: pytest.TempPathFactory, forms: Any, random: Random
) -> None:
    numbered = list(enumerate(forms))
    shuffled = random.sample(numbered, len(numbered))
    folder = tmp_path_factory.mktemp("settling")

    found = [
        asyncio.run(groups(folder / name, order))
        for name, order in (("a.db", numbered), ("b.db", shuffled))
    ]

    assert found[0] == found[1]


async def groups(file: Path, forms: Numbered) -> set[frozenset[int]]:
    """Hand the forms in, one after another; return who may be one person, the listed one -1."""
    url, clock = f"sqlite:///{file}", Clock()
    await migrate_database(url)
    database = open_database(url)
    commune = await Commune(Office(database, context(clock, seeded(7)), clock)).build()
    members = {await commune.person(LISTED): {-1}}
    for number, (name, born, id_number) in forms:
        sent = await commune.hand_in(f"chat {number}", answers(name, born, id_number))
        members.setdefault(await commune.person_of(sent), set()).add(number)
    rows = await commune.office.rows(select(doubles))
    await database.close()
    pairs = [(min(members[row.first_id]), min(members[row.second_id])) for row in rows]
    return joined(list(members.values()), pairs)


async def test_who_meets_crosswise_is_decided_again(postgres: Any) -> None:
    """Somebody else holds the second person and then asks for the first: one has to give way."""
    url = postgres("crosswise")
    await migrate_database(url)
    database, clock = open_database(url), Clock()
    office = Office(database, context(clock, seeded(3)), clock)
    commune = await Commune(office).build()
    await commune.assign(await commune.account("lan"), village="Thon 1")
    one, two = [await commune.person(answers(name)) for name in ("An Van An", "Ba Van Ba")]
    first_is_held, tries = asyncio.Event(), list[int]()

    def decide(incoming: Any, _: object, __: object) -> Decision:
        person = {"a": one, "b": two}[incoming.content.text]
        if person == two:
            first_is_held.set()
        tries.append(person)
        filling = Filling(800 + person, person)
        return Decision(b"{}", "", created=[800 + person], fillings=[filling])

    async def crosswise() -> None:
        async with database.engine.begin() as other:
            await other.execute(text("SET LOCAL deadlock_timeout = '1min'"))  # never the loser
            await other.execute(select(people).where(people.c.id == two).with_for_update())
            held.set()
            await first_is_held.wait()
            await other.execute(select(people).where(people.c.id == one).with_for_update())

    held = asyncio.Event()
    meeting = asyncio.create_task(crosswise())
    await held.wait()
    await office.commit([message("a", chat="lan"), message("b", chat="lan")], decide)
    await meeting

    assert tries == [one, two, one, two]
    begun = await office.rows(select(submissions.c.created_at))
    assert len(begun) == 2 and len(set(begun)) == 1, "the whole batch again, not each alone"
    assert [(await commune.one(person)).draft_id for person in (one, two)] == [800 + one, 800 + two]
    assert await office.rows(select(inbox.c.why).where(inbox.c.outcome == "dead")) == []
    await database.close()
