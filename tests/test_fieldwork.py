"""What an enumerator's chat sees and may do: their own people, and nobody else's."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot.dialogs.people import OUTCOMES, PersonCard, Search
from storage.access import Viewer
from storage.assignments import AssignRefused, release
from storage.audit import broken_chains
from storage.batches import Source, write_batch
from storage.commune_tables import (
    accesses,
    accounts,
    assignments,
    households,
    outcomes,
    people,
)
from storage.ids import VIETNAM
from storage.lists import Listed, prepare
from storage.merging import Two, merge
from storage.people import PersonDocument
from storage.rolls import Asking, listed
from storage.tables import inbox, submissions
from storage.turn import Decision, Event, Filling, Outcome
from storage.undoing import undo_batch
from tests.commune import HERE, THERE, Commune, answers, statements
from tests.conftest import Office, message

HANH = Viewer("officer", HERE, None, by="hanh")
AN, BINH, CHI = "051090000001", "051090000002", "051090000003"


@pytest.fixture
async def commune(office: Office) -> Commune:
    return await Commune(office).build()


async def names(commune: Commune, chat: str, **search: Any) -> list[str]:
    page = await commune.ask(chat, lambda lookup: lookup.people(Search(**search)))
    return [line.name for line in page.lines]


async def card(commune: Commune, chat: str, person_id: int) -> PersonCard | None:
    return await commune.ask(chat, lambda lookup: lookup.person(person_id))


async def dead_letters(commune: Commune) -> list[Any]:
    return await commune.office.rows(select(inbox.c.id).where(inbox.c.outcome == "dead"))


async def test_an_enumerator_sees_what_was_given_to_them(commune: Commune) -> None:
    lan, mai = await commune.account("lan"), await commune.account("mai")
    home = await commune.household("Thon 2")
    await commune.person(answers("An Van An"), "Thon 1")
    await commune.person(answers("Binh Van Binh"), "Thon 2", household=home)
    chi = await commune.person(answers("Chi Van Chi"), "Thon 3")
    await commune.person(answers("Dung Van Dung"), "Thon 4")
    await commune.person(answers("Xa Van Xa"), "Thon 1", THERE)
    await commune.assign(lan, village="Thon 1")
    await commune.assign(lan, household_id=home)
    await commune.assign(lan, person_id=chi)
    await commune.assign(mai, village="Thon 4")

    assert await names(commune, "lan") == ["An Van An", "Binh Van Binh", "Chi Van Chi"]
    assert await names(commune, "mai") == ["Dung Van Dung"]
    assert await names(commune, "a citizen") == []


async def test_an_officer_sees_their_commune(commune: Commune) -> None:
    await commune.account("hanh", "officer")
    await commune.account("hoa", "officer", THERE)
    await commune.account("police", "police")
    await commune.person(answers("An Van An"))
    await commune.person(answers("Xa Van Xa"), "Thon 1", THERE)

    assert await names(commune, "hanh") == ["An Van An"]
    assert await names(commune, "hoa") == ["Xa Van Xa"]
    assert await names(commune, "police") == []


async def test_a_disabled_account_sees_nobody(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.person(answers("An Van An"))
    await commune.assign(lan, village="Thon 1")
    off = update(accounts).where(accounts.c.id == lan).values(disabled_at=1)
    await commune.office.write(lambda c: c.execute(off))

    assert await names(commune, "lan") == []


async def test_the_poor_come_first_then_door_to_door(commune: Commune) -> None:
    await commune.account("hanh", "officer")
    near, poor = await commune.household("Thon 1"), await commune.household("Thon 2")
    await commune.person(answers("Binh Van Em"), household=near)
    await commune.person(answers("An Van Khong"), "Thon 3")
    await commune.person(answers("Anh Van Binh"), household=near)
    await commune.person(answers("Ngheo Van Hai"), "Thon 2", household=poor)
    await commune.person(
        answers("Ngheo Van Mot"), "Thon 2", household=poor, flags=("ho_can_ngheo",)
    )

    assert await names(commune, "hanh") == [
        *("Ngheo Van Hai", "Ngheo Van Mot", "Anh Van Binh", "Binh Van Em", "An Van Khong")
    ]


async def test_a_long_list_comes_in_pages(commune: Commune) -> None:
    await commune.account("hanh", "officer")
    for number in range(11):
        await commune.person(answers(f"An Van {chr(97 + number)}"), f"Thon {number % 3}")

    async def page(after: int) -> Any:
        return await commune.ask("hanh", lambda lookup: lookup.people(Search(after=after)))

    first, second = await page(0), await page(8)
    assert (len(first.lines), len(second.lines)) == (8, 3)
    assert (first.total, second.total) == (11, 11)
    assert len({line.id for line in (*first.lines, *second.lines)}) == 11


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"words": "van an"}, ["An Van An", "Van An Lan", "Xuan Van Banh"]),
        ({"words": "lan"}, ["Van An Lan"]),
        ({"words": AN}, ["An Van An"]),
        ({"words": "051 090 000 002"}, ["Van An Lan"]),
        ({"words": CHI}, []),
        ({"words": "%"}, []),
        ({"words": "_"}, []),
        ({"village": "Thon 2"}, ["Xuan Van Banh"]),
    ],
)
async def test_people_are_found_by_words_and_numbers(
    commune: Commune, search: dict[str, str], found: list[str]
) -> None:
    await commune.account("hanh", "officer")
    await commune.person(answers("An Van An", number=AN))
    await commune.person(answers("Van An Lan", number=BINH))
    await commune.person(answers("Xuan Van Banh"), "Thon 2")
    await commune.person(answers("Chi Xa", number=CHI), unit=THERE)

    assert await names(commune, "hanh", **search) == found


async def test_each_list_has_who_belongs_there(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.account("mai")
    await commune.assign(lan, village="Thon 1")
    said = {
        name: answers(f"{name} Van X", f"1990-01-{day:02}")
        for day, name in enumerate(
            ("Missing", "Done", "Draft", "Absent", "Later", "Died", "Refused"), 1
        )
    }
    ids = {name: await commune.person(one) for name, one in said.items()}
    await commune.hand_in("lan", said["Done"], person_id=ids["Done"])
    await commune.begin("lan", person_id=ids["Draft"])
    for name, kind, until in (
        ("Absent", "absent", "2026-09"),
        ("Later", "works_away", "2026-10"),
        ("Died", "died", ""),
        ("Refused", "refused", ""),
    ):
        await commune.do("lan", outcomes=[Outcome(ids[name], kind, until=until)])

    async def listed(wanted: str) -> set[str]:
        return {name.split()[0] for name in await names(commune, "lan", wanted=wanted)}

    assert await listed("missing") == {"Missing", "Draft", "Absent", "Later"}
    assert await listed("done") == {"Done"}
    assert await listed("drafts") == {"Draft"}
    assert await listed("revisit") == {"Absent"}
    assert await listed("returned") == set()
    assert await listed("all") == set(said)
    progress = await commune.ask("lan", lambda lookup: lookup.progress())
    assert (progress.people, progress.done, progress.outcomes) == (7, 1, 2)
    assert progress.people == progress.done + progress.outcomes + len(await listed("missing"))
    assert (progress.today, progress.mine, progress.drafts, progress.returned) == (1, 1, 1, 0)


async def test_progress_counts_today_and_knows_the_target(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1", target=40, due_on="2026-12-30")
    await commune.assign(lan, village="Thon 2", target=2, due_on="2026-11-30")
    await commune.hand_in("lan", answers("An Van An"), relation_to_head="chu_ho")
    commune.office.clock.at += timedelta(days=1)

    progress = await commune.ask("lan", lambda lookup: lookup.progress())

    assert (progress.today, progress.mine, progress.target) == (0, 1, 42)
    assert progress.due == "2026-11-30"


async def test_a_card_shows_last_year_the_household_and_is_noted(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    home = await commune.household()
    said = answers("An Van An", number=AN, q09_gdpt="thcs")
    an = await commune.person(said, household=home, relation_to_head="con")
    await commune.person(answers("Bac Van Bac"), household=home, relation_to_head="vo_chong")
    await commune.person(answers("Cha Van Cha"), household=home, relation_to_head="chu_ho")

    shown = await card(commune, "lan", an)

    assert shown is not None
    assert (shown.answers, shown.year, shown.line.relation) == (said, "2025", "con")
    assert [line.name for line in shown.members] == ["Cha Van Cha", "Bac Van Bac"]
    assert shown.address == {"text": "Duong so 1"}
    assert not shown.mine and not shown.draft and not shown.busy_by
    (look,) = await commune.office.rows(select(accesses))
    assert (look.by, look.unit, look.person_id, look.account_id) == ("lan", HERE, an, lan)


async def test_what_is_not_theirs_cannot_be_opened_or_touched(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.account("hoa", "officer", THERE)
    await commune.assign(lan, village="Thon 1")
    home = await commune.household("Thon 2")
    other = await commune.person(answers("Khac Van Khac", number=AN), "Thon 2", household=home)

    async def tried(chat: str, **decided: Any) -> int:
        before = len(await dead_letters(commune))
        await commune.do(chat, **decided)
        return len(await dead_letters(commune)) - before

    for chat in ("lan", "hoa", "a citizen"):
        assert await card(commune, chat, other) is None
        assert await names(commune, chat, wanted="all", words=AN) == []
        assert await names(commune, chat, wanted="all", household=home) == []
        assert await tried(chat, outcomes=[Outcome(other, "died")]) == 1
        for person, household in ((other, 0), (0, home)):
            begun = 90_000 + commune.number()
            fillings = [Filling(begun, person, household)]
            assert await tried(chat, created=[begun], fillings=fillings) == 1
    row = await commune.one(other)
    assert (row.draft_id, row.outcome) == (None, None)
    assert await commune.office.rows(select(outcomes)) == []
    assert await commune.office.rows(select(submissions)) == []
    assert await commune.office.rows(select(accesses)) == []


async def test_unknown_and_not_theirs_cost_the_same(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    other = await commune.person(answers("Khac Van Khac"), "Thon 2")

    assert await counted(commune, "lan", other) == await counted(commune, "lan", 999_999)


async def counted(commune: Commune, chat: str, person_id: int) -> list[str]:
    with statements(commune.office.database) as seen:
        await card(commune, chat, person_id)
    return [" ".join(text.split()[:3]) for text in seen]


async def test_one_person_is_asked_by_one_enumerator_at_a_time(commune: Commune) -> None:
    for login in ("lan", "mai"):
        await commune.assign(await commune.account(login), village="Thon 1")
    an = await commune.person(answers("An Van An"))

    begun = await commune.begin("lan", person_id=an)
    mine, theirs = await card(commune, "lan", an), await card(commune, "mai", an)
    assert mine and (mine.draft, mine.line.standing) == (begun, "draft")
    assert theirs and (theirs.draft, theirs.line.standing) == (0, "busy")
    assert theirs.busy_by == "Name of lan" and theirs.answers == {}

    await commune.begin("mai", person_id=an)
    assert (await commune.one(an)).draft_id == begun
    assert len(await dead_letters(commune)) == 1

    await commune.do("lan", erased=[begun], events=[])
    assert (await commune.one(an)).draft_id is None
    begun = await commune.begin("mai", person_id=an)
    assert (await commune.one(an)).draft_id == begun


async def test_two_who_begin_in_one_batch_do_not_both_have_it(commune: Commune) -> None:
    for login in ("lan", "mai"):
        await commune.assign(await commune.account(login), village="Thon 1")
    an = await commune.person(answers("An Van An"))

    def decide(incoming: Any, view: Any, lookup: Any) -> Decision:
        found = lookup.person(an)
        if found.busy_by or found.line.standing == "busy":
            return Decision(b'"busy"', "")
        begun = 70_000 + len(incoming.chat) + ord(incoming.chat[0])
        return Decision(b'"mine"', "", begun, created=[begun], fillings=[Filling(begun, an)])

    await commune.office.commit([message("x", chat="lan"), message("x", chat="mai")], decide)

    assert len(await commune.office.rows(select(submissions))) == 1
    assert (await commune.one(an)).draft_id is not None
    assert await dead_letters(commune) == []


@pytest.mark.parametrize(
    ("then", "holds"),
    [
        ({"erased": [700]}, [None, None]),
        ({"statuses": {700: "withdrawn"}}, [None, None]),
        ({"fillings": [Filling(700, 2)]}, [None, 700]),
        ({"fillings": [Filling(700, 2), Filling(700, 1)]}, [700, None]),
        ({"fillings": [Filling(700, 0)]}, [None, None]),
    ],
    ids=["erased", "withdrawn", "another", "and back", "nobody"],
)
async def test_what_begins_and_ends_in_one_batch_locks_nobody(
    commune: Commune, then: dict[str, Any], holds: list[int | None]
) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    ids = [await commune.person(answers(name)) for name in ("An Van An", "Ba Van Ba")]
    numbered = {0: 0, 1: ids[0], 2: ids[1]}
    moved = [
        Filling(one.submission_id, numbered[one.person_id]) for one in then.get("fillings", ())
    ]
    begun = {"created": [700], "submissions": {700: b"{}"}, "fillings": [Filling(700, ids[0])]}
    decisions = iter([begun, {**then, "fillings": moved}])

    def decide(*_: object) -> Decision:
        return Decision(b"{}", "", **next(decisions))

    await commune.office.commit([message("a", chat="lan"), message("b", chat="lan")], decide)

    assert await dead_letters(commune) == []
    assert [(await commune.one(one)).draft_id for one in ids] == holds


async def test_ones_own_entry_closes_after_a_day(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    an = await commune.person(answers("An Van An"))
    sent = await commune.hand_in("lan", answers("An Van An", q09_gdpt="thpt"), person_id=an)

    fresh = await card(commune, "lan", an)
    found = await commune.ask("lan", lambda lookup: lookup.submissions([sent]))
    commune.office.clock.at += timedelta(hours=25)
    old = await card(commune, "lan", an)
    closed = await commune.ask("lan", lambda lookup: lookup.submissions([sent]))

    assert fresh and (fresh.mine, fresh.submission, fresh.answers["q09_gdpt"]) == (
        True,
        sent,
        "thpt",
    )
    assert fresh.receipt and list(found) == [sent]
    assert old and (old.mine, old.submission, old.answers) == (False, 0, {})
    assert old.line.name == "An Van An" and closed == {}


async def test_correcting_ones_entry_does_not_keep_it_open(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    an = await commune.person(answers("An Van An"))
    sent = await commune.hand_in("lan", answers("An Van An"), person_id=an)
    commune.office.clock.at += timedelta(hours=23)
    await commune.hand_in("lan", answers("An Van An", q09_gdpt="thpt"), sent)
    assert await names(commune, "lan", wanted="mine") == ["An Van An"]

    commune.office.clock.at += timedelta(hours=2)

    shown = await card(commune, "lan", an)
    closed = await commune.ask("lan", lambda lookup: lookup.submissions([sent]))
    assert shown and (shown.mine, shown.answers, closed) == (False, {}, {})
    assert await names(commune, "lan", wanted="mine") == []


@pytest.mark.parametrize("by", ["lan", "an"], ids=["by whom it was", "by themselves"])
async def test_in_another_year_everybody_is_asked_again(commune: Commune, by: str) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    said = answers("An Van An", number=AN, q09_gdpt="thcs")
    an = await commune.person(said)
    await commune.hand_in(by, said, **({"person_id": an} if by == "lan" else {}))

    async def standing() -> tuple[int, list[str], list[str], str]:
        progress = await commune.ask("lan", lambda lookup: lookup.progress())
        shown = await card(commune, "lan", an)
        missing, done = [await names(commune, "lan", wanted=one) for one in ("missing", "done")]
        assert shown is not None
        return progress.done, missing, done, shown.line.standing

    new_year = datetime(2027, 1, 1, tzinfo=VIETNAM)
    commune.office.clock.at = new_year - timedelta(minutes=1)
    assert await standing() == (1, [], ["An Van An"], "done")
    commune.office.clock.at = new_year
    assert await standing() == (0, ["An Van An"], [], "missing")
    shown = await card(commune, "lan", an)
    assert shown and (shown.answers, shown.year, shown.mine) == (said, "2026", False)
    await commune.do("lan", outcomes=[Outcome(an, "absent", until="2027-01")])
    assert await names(commune, "lan", wanted="revisit") == ["An Van An"]
    await commune.do("lan", outcomes=[Outcome(an, "died")])
    assert await standing() == (0, [], [], "outcome")

    sent = await commune.hand_in("lan", {**said, "q09_gdpt": "thpt"}, person_id=an)

    assert await standing() == (1, [], ["An Van An"], "done")
    assert (await commune.one(an)).submission_id == sent
    commune.office.clock.at += timedelta(days=3)
    shown = await card(commune, "lan", an)
    assert shown and (shown.answers, shown.line.standing) == ({}, "done")


async def test_the_office_lists_who_is_done_this_year(commune: Commune) -> None:
    an = await commune.person(answers("An Van An"))
    await commune.hand_in("an", answers("An Van An", number=AN))
    await commune.hand_in("ba", answers("Ba Van Ba", "2001-01-01"))
    keys = commune.office.context.keys

    async def roll(which: Any, year: int) -> list[str]:
        by = Asking(HANH, keys, datetime(year, 12, 31, tzinfo=VIETNAM))
        found = await commune.office.write(lambda c: list(listed(c, by, which=which)))
        return sorted(one.name for one in found)

    assert (await commune.one(an)).submission_id is None
    assert await roll("done", 2026) == ["An Van An", "Ba Van Ba"]
    assert await roll("missing", 2026) == ["An Van An"]
    assert await roll("done", 2027) == await roll("outcomes", 2027) == []
    assert await roll("missing", 2027) == ["An Van An", "An Van An", "Ba Van Ba"]


async def test_who_visits_reads_nothing_of_others_forms(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    listed_as = answers("An Van An", "1990", AN)
    now = answers("An Van An", number=AN, q07_noi_o={"text": "So 5"})
    await commune.person(listed_as)
    own = await commune.person(answers("Ba Van Ba", "1991"))
    await commune.hand_in("an", now)
    await commune.hand_in("lan", {**now, "q01_ho_ten": "Ba Van Ba"}, person_id=own)

    async def seen(viewer: Viewer) -> list[tuple[str, str]]:
        by = Asking(viewer, commune.office.context.keys, commune.office.clock.at)
        found = await commune.office.write(lambda c: list(listed(c, by)))
        return [(one.born, one.address) for one in found]

    visitor = Viewer("enumerator", HERE, lan, by="lan")
    assert await seen(visitor) == [("1990", ""), ("1990-09-05", "So 5")]
    assert await seen(HANH) == [("1990-09-05", "So 5")] * 2
    commune.office.clock.at += timedelta(days=2)
    assert await seen(visitor) == [("1990", ""), ("1991", "")]


async def test_what_a_citizen_handed_in_is_not_shown_to_the_enumerator(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    an = await commune.person(answers("An Van An", number=AN))
    await commune.hand_in("an", answers("An Van An", number=AN, q08_uu_tien=["ho_ngheo"]))

    shown = await card(commune, "lan", an)

    assert shown and shown.line.standing == "done"
    assert (shown.answers, shown.mine, shown.receipt, shown.submission) == ({}, False, "", 0)


@pytest.mark.parametrize("kind", OUTCOMES)
async def test_an_outcome_stands_until_a_form_or_its_withdrawal(
    commune: Commune, kind: str
) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    an = await commune.person(answers("An Van An"))

    await commune.do("lan", outcomes=[Outcome(an, kind, "2026-08", "2026-12")])
    shown = await card(commune, "lan", an)
    assert shown and (shown.line.standing, shown.line.outcome) == ("outcome", kind)
    assert shown.line.until == "2026-12"
    await commune.do("lan", outcomes=[Outcome(an, "")])
    shown = await card(commune, "lan", an)
    assert shown and (shown.line.standing, shown.line.outcome) == ("missing", "")
    await commune.do("lan", outcomes=[Outcome(an, kind)])
    await commune.hand_in("lan", answers("An Van An"), person_id=an)
    assert (await commune.one(an)).outcome is None
    rows = await commune.office.rows(select(outcomes).order_by(outcomes.c.at))
    assert [row.kind for row in rows] == [kind, "", kind]
    assert {(row.account_id, row.by, row.unit) for row in rows} == {(lan, "lan", HERE)}


async def test_an_unknown_outcome_is_refused(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    an = await commune.person(answers("An Van An"))

    await commune.do("lan", outcomes=[Outcome(an, "gone fishing")])

    assert (await commune.one(an)).outcome is None
    assert len(await dead_letters(commune)) == 1


async def test_somebody_in_no_list_begins_a_household(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    said = answers("Moi Van Moi", q06_thuong_tru={"text": "Xom 3", "commune": None})

    sent = await commune.hand_in("lan", said, person_id=0, relation_to_head="chu_ho")
    moi = await commune.person_of(sent)
    shown = await card(commune, "lan", moi)
    assert shown and shown.line.household and shown.line.village == "Thon 1"
    assert shown.address["text"] == "Xom 3" and shown.line.relation == "chu_ho"

    other = answers("Con Van Con", "2005-01-01")
    sent = await commune.hand_in(
        "lan", other, household_id=shown.line.household, relation_to_head="con"
    )
    shown = await card(commune, "lan", moi)
    assert shown and [line.name for line in shown.members] == ["Con Van Con"]
    assert (await commune.one(await commune.person_of(sent))).origin == "chat"


async def test_a_listed_person_without_a_household_begins_one(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    an = await commune.person(answers("An Van An"))

    sent = await commune.hand_in("lan", answers("An Van An"), person_id=an)
    con = answers("Con Van Con", "2005-01-01")
    await commune.hand_in("lan", con, household_id=sent, relation_to_head="con")
    await commune.hand_in("lan", answers("An Van An", q09_gdpt="thpt"), sent)

    assert await dead_letters(commune) == []
    assert (await commune.one(an)).household_id == sent
    shown = await card(commune, "lan", an)
    assert shown and [line.name for line in shown.members] == ["Con Van Con"]


@pytest.mark.parametrize("gone", [False, True], ids=["undone", "gone"])
async def test_a_household_is_there_for_who_is_being_asked(commune: Commune, gone: bool) -> None:
    await commune.assign(await commune.account("lan"), village="Thon 1")
    office, context = commune.office, commune.office.context
    an = Listed(PersonDocument(answers("An Van An"), "2025"), "Thon 1", "h1", "7", {"text": "x"})
    prepared, source = prepare(context, HERE, [an]), Source("0" * 64, "A")
    batch = await office.write(lambda c: write_batch(c, context, HANH, prepared, source))
    ((home,),) = await office.rows(select(households.c.id))
    begun = await commune.begin("lan", household_id=home)

    undone = await office.write(lambda c: undo_batch(c, context, HANH, batch.batch_id))
    if gone:
        await office.write(lambda c: c.execute(delete(households)))
    await commune.hand_in("lan", answers("Moi Van Moi"), begun)

    assert (undone.deleted, undone.households) == (1, 0)
    assert await dead_letters(commune) == []
    moi = await commune.one(await commune.person_of(begun))
    assert moi.household_id == (begun if gone else home)


async def test_whoever_finds_somebody_new_goes_on_seeing_them(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    await commune.assign(lan, village="Thon 2")

    sent = await commune.hand_in(
        "lan", answers("Moi Van Moi", h_thon="Thon 9"), relation_to_head="con"
    )

    assert await names(commune, "lan", wanted="done") == ["Moi Van Moi"]
    assert await card(commune, "lan", await commune.person_of(sent)) is not None


async def test_the_erased_and_the_merged_are_not_listed(commune: Commune) -> None:
    await commune.account("hanh", "officer")
    kept = await commune.person(answers("An Van An"))
    gone = await commune.person(answers("An Van Ann"))
    merged = update(people).where(people.c.id == gone).values(merged_into=kept)
    await commune.office.write(lambda c: c.execute(merged))

    assert await names(commune, "hanh", wanted="all") == ["An Van An"]
    assert await card(commune, "hanh", gone) is None


async def test_history_of_fillings_is_whole(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    an = await commune.person(answers("An Van An"))
    sent = await commune.hand_in("lan", answers("An Van An"), person_id=an)
    await commune.do("lan", events=[Event(sent, "seen", {})])

    (row,) = await commune.office.rows(select(submissions))
    assert (row.enumerator, row.person_id, row.household_id) == (lan, an, None)
    assert await commune.office.run(broken_chains) == []


async def taken_back(commune: Commune) -> None:
    """Let nobody visit anybody any more, as moving an assignment does for one account."""
    ended = update(assignments).values(ended_at=1)
    await commune.office.write(lambda c: c.execute(ended))


async def test_what_was_begun_is_finished_though_the_assignment_is_gone(commune: Commune) -> None:
    lan, mai = await commune.account("lan"), await commune.account("mai")
    await commune.assign(lan, village="Thon 1")
    home = await commune.household()
    an, moi = await commune.person(answers("An Van An")), answers("Moi Van Moi", "2001-01-01")
    begun = await commune.begin("lan", person_id=an)
    newcomer = await commune.begin("lan", household_id=home)
    await taken_back(commune)
    await commune.assign(mai, village="Thon 1")

    assert await names(commune, "lan", wanted="drafts") == ["An Van An"]
    shown = await card(commune, "lan", an)
    assert shown and shown.draft == begun
    progress = await commune.ask("lan", lambda lookup: lookup.progress())
    assert (progress.people, progress.drafts) == (0, 1)
    for filling in (Filling(begun, an, 0, "con"), Filling(newcomer, 0, home, "con")):
        await commune.do("lan", fillings=[filling])
    await commune.hand_in("lan", answers("An Van An"), begun)
    await commune.hand_in("lan", moi, newcomer)

    assert await dead_letters(commune) == []
    assert (await commune.one(an)).submission_id == begun
    assert await card(commune, "lan", an) is None, "finished: not theirs any more"


async def test_what_was_begun_for_somebody_merged_is_finished(commune: Commune) -> None:
    lan = await commune.account("lan")
    await commune.assign(lan, village="Thon 1")
    kept = await commune.person(answers("An Van An"))
    gone = await commune.person(answers("An Van Anh"))
    begun = await commune.begin("lan", person_id=gone)
    context = commune.office.context
    await commune.office.write(lambda c: merge(c, context, HANH, Two(kept, gone)))
    await taken_back(commune)

    await commune.do("lan", fillings=[Filling(begun, gone, 0, "con")])
    await commune.hand_in("lan", answers("An Van An"), begun)

    assert await dead_letters(commune) == []
    assert (await commune.one(kept)).submission_id == begun


async def test_the_office_lets_others_take_up_what_was_begun(commune: Commune) -> None:
    for login in ("lan", "mai"):
        await commune.assign(await commune.account(login), village="Thon 1")
    an = await commune.person(answers("An Van An"))
    await commune.begin("lan", person_id=an)
    context = commune.office.context

    await commune.office.write(lambda c: release(c, context, HANH, [an]))

    begun = await commune.begin("mai", person_id=an)
    assert (await commune.one(an)).draft_id == begun
    for by, ids in ((Viewer("officer", THERE, None, by="hoa"), [an]), (HANH, [an, 999])):
        with pytest.raises(AssignRefused):
            await commune.office.write(partial(release, context=context, viewer=by, ids=ids))
    assert (await commune.one(an)).draft_id == begun
