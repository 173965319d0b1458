"""Two rows made one person and taken apart again: nothing is lost on the way there or back."""

from functools import partial
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update

from storage.access import Denied, Viewer
from storage.audit import broken_chains
from storage.commune_tables import assignments, doubles, merges, outcomes, people
from storage.doubles import Double, decide, note_pairs, open_doubles
from storage.merging import Merged, MergeRefused, Two, merge
from storage.people import person_document
from storage.tables import events, submissions
from storage.unmerging import unmerge
from tests.commune import HERE, THERE, Commune, answers
from tests.conftest import Office
from tests.managed import everything

OFFICER: Final = Viewer("officer", HERE, None, by="canbo")
STRANGER: Final = Viewer("officer", THERE, None, by="nguoi_la")
AN: Final = answers("Dinh Van An", "1980-02-03", "051080000001")
BLANK: Final = answers("Dinh An", "1980-02-03")


@pytest.fixture
async def commune(office: Office) -> Commune:
    return await Commune(office).build()


async def merged(commune: Commune, kept: int, gone: int, counts: int | None = None) -> Merged:
    context, two = commune.office.context, Two(kept, gone, counts)
    return await commune.office.write(lambda c: merge(c, context, OFFICER, two))


async def undone(commune: Commune, merge_id: int) -> None:
    context = commune.office.context
    await commune.office.write(lambda c: unmerge(c, context, OFFICER, merge_id) and None)


async def rows(commune: Commune) -> dict[str, Any]:
    """Return all about people and their forms, but for what every event changes."""
    found = await commune.office.write(everything)
    kept = ("id", "status", "person_id", "record", "state", "duplicate", "enumerator")
    forms = select(*(submissions.c[name] for name in kept)).order_by(submissions.c.id)
    others = {
        table.name: sorted(map(tuple, await commune.office.rows(select(table))))
        for table in (outcomes, assignments)
    }
    forms_now = [tuple(row) for row in await commune.office.rows(forms)]
    return {**found, **others, "merges": [], "submissions": forms_now}


async def person(commune: Commune, id: int) -> Any:
    (row,) = await commune.office.rows(select(people).where(people.c.id == id))
    return row


async def known(commune: Commune, id: int) -> dict[str, Any]:
    document = person_document(commune.office.context.keys, await person(commune, id))
    return {} if document is None else document.answers


async def status(commune: Commune, form: int) -> str:
    query = select(submissions.c.status).where(submissions.c.id == form)
    return str((await commune.office.rows(query))[0][0])


async def unbroken(commune: Commune) -> bool:
    return await commune.office.write(lambda c: broken_chains(c) == [])


async def two_listed(commune: Commune) -> tuple[int, int]:
    home = await commune.household()
    return await commune.person(BLANK, household=home), await commune.person(AN, village=None)


async def test_the_one_who_stays_has_what_both_had(commune: Commune) -> None:
    kept, gone = await two_listed(commune)
    form = await commune.hand_in("an", AN)
    assert (await person(commune, gone)).submission_id == form
    await commune.do("an", outcomes=[])
    account = await commune.account("thu")
    await commune.assign(account, person_id=gone)
    pair = [Double(min(kept, gone), max(kept, gone), "near_name")]
    context = commune.office.context
    await commune.office.write(lambda c: note_pairs(c, context, HERE, pair, 1))
    before = await rows(commune)

    done = await merged(commune, kept, gone)

    row = await person(commune, kept)
    assert (row.submission_id, row.id_token) == (form, (await person(commune, gone)).id_token)
    assert (await known(commune, kept))["q04_so_cccd"] == AN["q04_so_cccd"]
    assert (await person(commune, gone)).merged_into == kept
    assert done.superseded is None
    moved = await rows(commune)
    assert [form[2] for form in moved["submissions"] if form[0] == row.submission_id] == [kept]
    assert [row.person_id for row in await commune.office.rows(select(assignments))] == [kept]
    assert [row.decided for row in await commune.office.rows(select(doubles))] == ["same"]
    listed = await commune.office.write(lambda c: open_doubles(c, context.keys, OFFICER))
    assert list(listed) == []

    await undone(commune, done.merge_id)

    assert await rows(commune) == before


async def test_of_two_forms_the_officer_says_which_counts(commune: Commune) -> None:
    kept, gone = await two_listed(commune)
    one = await commune.hand_in("an", AN)
    other = await commune.hand_in("ba", {**BLANK, "q04_so_cccd": None})
    assert (await person(commune, gone)).submission_id == one
    kept = (await commune.office.rows(_counting(other)))[0][0]
    before = await rows(commune)

    with pytest.raises(MergeRefused, match="which_counts"):
        await merged(commune, kept, gone)
    with pytest.raises(MergeRefused, match="which_counts"):
        await merged(commune, kept, gone, counts=5)
    assert await rows(commune) == before
    done = await merged(commune, kept, gone, counts=one)

    assert (done.superseded, await status(commune, other)) == (other, "superseded")
    assert (await person(commune, kept)).submission_id == one
    assert (await known(commune, kept))["q01_ho_ten"] == AN["q01_ho_ten"]
    (last,) = await commune.office.rows(_last_event(other))
    assert (last.kind, last.platform) == ("superseded", "office")
    assert await unbroken(commune)

    await undone(commune, done.merge_id)

    assert await rows(commune) == before
    (last,) = await commune.office.rows(_last_event(other))
    assert last.kind == "restored"
    assert await unbroken(commune)


def _counting(form: int) -> Any:
    return select(people.c.id).where(people.c.submission_id == form)


def _last_event(form: int) -> Any:
    mine = select(events).where(events.c.submission_id == form)
    return mine.order_by(events.c.seq.desc()).limit(1)


async def test_what_came_since_stays_with_whom_it_is_of(commune: Commune) -> None:
    kept, gone = await two_listed(commune)
    form = await commune.hand_in("an", AN)
    row = {"id": 7, "person_id": gone, "unit": HERE, "kind": "absent", "at": 1, "by": "x"}
    await commune.office.write(lambda c: c.execute(insert(outcomes).values(row)))
    done = await merged(commune, kept, gone)
    since = row | {"id": 8, "person_id": kept}
    await commune.office.write(lambda c: c.execute(insert(outcomes).values(since)))
    account = await commune.account("thu")
    await commune.assign(account, person_id=kept)

    await undone(commune, done.merge_id)

    found = {row.id: row.person_id for row in await commune.office.rows(select(outcomes))}
    assert found == {7: gone, 8: kept}
    assert [row.person_id for row in await commune.office.rows(select(assignments))] == [kept]
    assert (await person(commune, kept)).submission_id is None
    assert (await person(commune, gone)).submission_id == form


async def test_a_form_that_came_since_stays_and_the_others_come_back(commune: Commune) -> None:
    kept, gone = await two_listed(commune)
    three = await commune.person(answers("Ho Van Ba", "1990-09-09", "051090000003"))
    done = await merged(commune, kept, gone)
    form = await commune.hand_in("an", AN)
    assert (await person(commune, kept)).submission_id == form

    await undone(commune, done.merge_id)

    assert (await person(commune, kept)).submission_id == form
    assert (await person(commune, gone)).submission_id is None
    assert (await person(commune, three)).merged_into is None


async def test_a_form_that_took_the_place_of_another_cannot_be_told_apart(
    commune: Commune,
) -> None:
    kept, gone = await two_listed(commune)
    one = await commune.hand_in("an", AN)
    done = await merged(commune, kept, gone)
    later = await commune.hand_in("an", AN)
    assert (await status(commune, one), await status(commune, later)) == ("superseded", "confirmed")
    before = await rows(commune)

    with pytest.raises(MergeRefused, match="changed_since"):
        await undone(commune, done.merge_id)
    assert await rows(commune) == before


async def test_a_form_corrected_since_cannot_be_told_apart(commune: Commune) -> None:
    kept, gone = await two_listed(commune)
    form = await commune.hand_in("an", AN)
    done = await merged(commune, kept, gone)
    await commune.hand_in("an", {**AN, "q09_gdpt": "thcs"}, form)
    assert (await person(commune, kept)).submission_id == form
    before = await rows(commune)

    with pytest.raises(MergeRefused, match="changed_since"):
        await undone(commune, done.merge_id)
    assert await rows(commune) == before


async def test_a_withdrawn_form_does_not_come_back(commune: Commune) -> None:
    kept, gone = await two_listed(commune)
    form = await commune.hand_in("an", AN)
    done = await merged(commune, kept, gone)
    await commune.do("an", statuses={form: "withdrawn"})

    await undone(commune, done.merge_id)

    assert (await person(commune, kept)).submission_id is None
    assert (await person(commune, gone)).submission_id is None
    assert (await known(commune, gone))["q01_ho_ten"] == AN["q01_ho_ten"]


@pytest.mark.parametrize("erased", ["the one that counts no more", "the one that counts"])
async def test_what_an_erased_form_said_is_not_remembered_by_a_merge(
    commune: Commune, erased: str
) -> None:
    one = await commune.hand_in("an", {**AN, "q09_gdpt": "chim yen"})
    other = await commune.hand_in("ba", AN)
    kept, gone = await commune.person_of(one), await commune.person_of(other)
    counts = other if erased == "the one that counts no more" else one
    done = await merged(commune, kept, gone, counts=counts)
    untouched = await commune.hand_in("cam", answers("Ho Van Cam"))
    assert await remembered(commune) == [True]

    await commune.do("cam", erased=[untouched])
    assert await remembered(commune) == [True]
    await commune.do("an", erased=[one])

    assert await remembered(commune) == [False]
    with pytest.raises(MergeRefused, match="erased"):
        await undone(commune, done.merge_id)
    assert (await person(commune, kept)).submission_id == (other if counts == other else None)


async def remembered(commune: Commune) -> list[bool]:
    return [row.before is not None for row in await commune.office.rows(select(merges))]


async def test_merges_come_apart_in_the_order_they_were_made(commune: Commune) -> None:
    one, two = await two_listed(commune)
    three = await commune.person(answers("Dinh Van Ann", "1980-02-03"))
    before = await rows(commune)
    first = await merged(commune, one, two)
    between = await rows(commune)
    second = await merged(commune, three, one)

    with pytest.raises(MergeRefused, match="later_first") as refused:
        await undone(commune, first.merge_id)
    assert refused.value.facts == {"merge": second.merge_id}
    await undone(commune, second.merge_id)
    assert await rows(commune) == between
    await undone(commune, first.merge_id)
    assert await rows(commune) == before
    with pytest.raises(MergeRefused, match="undone_before"):
        await undone(commune, first.merge_id)


async def test_what_cannot_be_merged_is_refused_with_a_reason(commune: Commune) -> None:
    one, two = await two_listed(commune)
    far = await commune.person(AN, unit=THERE)
    erased = await commune.person(answers("Le Van Quen"))
    nobody = update(people).where(people.c.id == erased).values(data_key=None, document=None)
    await commune.office.write(lambda c: c.execute(nobody) and None)
    three = await commune.person(answers("Ho Van Ba"))
    await merged(commune, two, three)

    for kept, gone, why in (
        (one, one, "one_person"),
        (one, 999, "unknown"),
        (one, far, "unknown"),
        (one, erased, "erased"),
        (one, three, "merged_before"),
    ):
        with pytest.raises(MergeRefused, match=why):
            await merged(commune, kept, gone)


async def test_only_who_manages_people_merges_and_decides(commune: Commune) -> None:
    one, two = await two_listed(commune)
    context = commune.office.context
    done = await merged(commune, one, two)
    nobody = Viewer("enumerator", HERE, 3, by="dieu_tra")

    for viewer, refusal in ((STRANGER, MergeRefused), (nobody, Denied)):
        with pytest.raises(refusal):
            await commune.office.write(
                partial(merge, context=context, viewer=viewer, two=Two(one, two))
            )
        with pytest.raises(refusal):
            await commune.office.write(
                partial(unmerge, context=context, viewer=viewer, merge_id=done.merge_id)
            )
    with pytest.raises(Denied):
        await commune.office.write(lambda c: decide(c, context, nobody, 1, "same"))


async def test_two_who_are_being_asked_are_not_merged(commune: Commune) -> None:
    one, two = await two_listed(commune)
    account = await commune.account("thu")
    await commune.assign(account, village="Thon 1")
    for number, id in enumerate((one, two)):
        busy = update(people).where(people.c.id == id).values(draft_id=number + 1, draft_by=account)
        await commune.office.write(partial(Connection.execute, statement=busy))

    with pytest.raises(MergeRefused, match="both_being_filled"):
        await merged(commune, one, two)


STEPS: Final = st.lists(
    st.sampled_from(["form 1", "form 2", "outcome 1", "outcome 2", "assign 1", "assign 2"]),
    max_size=5,
    unique=True,
)
LISTED: Final = st.builds(
    answers,
    st.sampled_from(["Dinh Van An", "Dinh An"]),
    st.sampled_from(["1980-02-03", "1980"]),
    st.sampled_from([None, "051080000001", "051080000002"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=LISTED, two=LISTED, steps=STEPS, swap=st.booleans(), first=st.booleans())
async def test_merging_and_undoing_leaves_everything_as_it_was(
    office: Office, one: Any, two: Any, steps: list[str], swap: bool, first: bool
) -> None:
    commune = await _anew(office)
    flags = ("ho_ngheo",) if swap else ()
    home = await commune.household()
    ids = [await commune.person(one, household=home, flags=flags), await commune.person(two)]
    account = await commune.account(f"thu{commune.number()}")
    for step in steps:
        await _step(commune, step, ids, (one, two), account)
    counted = [(await person(commune, id)).submission_id for id in ids]
    kept, gone = reversed(ids) if swap else ids
    counts = counted[0 if first else 1] if all(counted) else None
    assume(counted[0] is None or counted[0] != counted[1])
    before = await rows(commune)

    done = await merged(commune, kept, gone, counts)
    assert sum(form[1] == "superseded" for form in (await rows(commune))["submissions"]) == (
        sum(form[1] == "superseded" for form in before["submissions"]) + bool(all(counted))
    )
    await undone(commune, done.merge_id)

    assert await rows(commune) == before
    assert await unbroken(commune)


_built: set[str] = set()


async def _anew(office: Office) -> Commune:
    """Return the commune, built once: hypothesis comes here many times with one database."""
    commune = Commune(office)
    if str(office.database.url) not in _built:
        await commune.build()
        _built.add(str(office.database.url))
    known_ids = [row[0] for row in await office.rows(select(people.c.id))]
    highest = max([0, *(id for id in known_ids if id < 1 << 40)])
    for _ in range(highest + 50 if highest else 0):
        commune.number()
    return commune


async def _step(
    commune: Commune, step: str, ids: list[int], said: tuple[Any, Any], account: int
) -> None:
    what, _, which = step.partition(" ")
    at = int(which) - 1
    match what:
        case "form":
            await commune.account(f"w{commune.number()}")
            await commune.hand_in(f"c{commune.number()}", said[at])
        case "outcome":
            row = {"id": commune.number(), "person_id": ids[at], "unit": HERE, "kind": "absent"}
            about = row | {"at": 1, "by": "x"}
            await commune.office.write(lambda c: c.execute(insert(outcomes).values(about)))
            here = update(people).where(people.c.id == ids[at]).values(outcome="absent")
            await commune.office.write(lambda c: c.execute(here) and None)
        case "assign":
            await commune.assign(account, person_id=ids[at])
