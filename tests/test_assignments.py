"""Who collects whom: given, taken back, given to somebody else; never across communes."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.dialogs.people import Search
from storage.access import Denied, Viewer
from storage.assignments import Area, AssignRefused, assign, assigned, end, move
from storage.commune_tables import account_events
from tests.commune import HERE, THERE, Commune, answers
from tests.conftest import Office

HANH = Viewer("officer", HERE, None, by="hanh")


@pytest.fixture
async def commune(office: Office) -> Commune:
    return await Commune(office).build()


async def seen(commune: Commune, chat: str) -> list[str]:
    page = await commune.ask(chat, lambda lookup: lookup.people(Search("all")))
    return [line.name for line in page.lines]


async def give(commune: Commune, login: str, area: Area, viewer: Viewer = HANH, **how: Any) -> int:
    context = commune.office.context
    return await commune.office.write(lambda c: assign(c, context, viewer, login, area, **how))


async def listed(commune: Commune, **which: Any) -> Any:
    return await commune.office.write(lambda c: assigned(c, HANH, **which))


async def test_a_village_a_household_and_a_list_are_given(commune: Commune) -> None:
    await commune.account("lan")
    home = await commune.household("Thon 2")
    await commune.person(answers("An Van An"), "Thon 1")
    await commune.person(answers("Binh Van Binh"), "Thon 2", household=home)
    chi = await commune.person(answers("Chi Van Chi"), "Thon 3")
    dung = await commune.person(answers("Dung Van Dung"), "Thon 3")
    await commune.person(answers("Em Van Em"), "Thon 3")

    how: dict[str, Any] = {"target": 9, "due": date(2026, 12, 30)}
    assert await give(commune, "lan", Area(village="Thon 1")) == 1
    assert await give(commune, "lan", Area(village="thôn 1")) == 0, "the same one"
    assert await give(commune, "lan", Area(household=home)) == 1
    assert await give(commune, "lan", Area(people=(chi, dung, chi)), **how) == 2
    assert await give(commune, "lan", Area(people=(dung,))) == 0, "not twice"

    assert await seen(commune, "lan") == [
        *("An Van An", "Binh Van Binh", "Chi Van Chi", "Dung Van Dung")
    ]
    progress = await commune.ask("lan", lambda lookup: lookup.progress())
    assert (progress.people, progress.target, progress.due) == (4, 9, "2026-12-30")
    rows = await listed(commune, login="lan")
    assert [(row.village, row.household_id, row.person_id) for row in rows] == [
        *(("Thon 1", None, None), (None, home, None), (None, None, chi), (None, None, dung))
    ]
    assert {row.created_by for row in rows} == {"hanh"}


async def test_what_is_taken_back_is_seen_no_more_and_stays_in_the_history(
    commune: Commune,
) -> None:
    for login in ("lan", "mai"):
        await commune.account(login)
    await commune.person(answers("An Van An"), "Thon 1")
    await give(commune, "lan", Area(village="Thon 1"), target=5)
    (one,) = await listed(commune)
    context = commune.office.context

    await commune.office.write(lambda c: move(c, context, HANH, [one.id], "mai"))
    assert (await seen(commune, "lan"), await seen(commune, "mai")) == ([], ["An Van An"])
    (other,) = await listed(commune)
    assert (other.login, other.target, other.village) == ("mai", 5, "Thon 1")
    await commune.office.write(lambda c: end(c, context, HANH, [other.id]))
    assert await seen(commune, "mai") == []
    assert await listed(commune) == []
    history = await listed(commune, ended=True)
    assert [(row.login, row.ended_at is not None) for row in history] == [
        *(("lan", True), ("mai", True))
    ]
    kinds = await commune.office.rows(select(account_events.c.kind).order_by(account_events.c.id))
    assert [row.kind for row in kinds] == ["assigned", "unassigned", "assigned", "unassigned"]


@pytest.mark.parametrize(
    ("login", "area", "code"),
    [
        ("nobody", Area(village="Thon 1"), "no_account"),
        ("off", Area(village="Thon 1"), "no_account"),
        ("far", Area(village="Thon 1"), "no_account"),
        ("hanh", Area(village="Thon 1"), "no_collector"),
        ("lan", Area(village="Thon 7"), "no_village"),
        ("lan", Area(household=999), "no_household"),
        ("lan", Area(people=(999,)), "no_person"),
    ],
)
async def test_what_cannot_be_given_is_refused(
    commune: Commune, login: str, area: Area, code: str
) -> None:
    await commune.account("lan")
    await commune.account("hanh", "officer")
    await commune.account("far", unit=THERE)
    await commune.account("off", disabled_at=1)
    await commune.person(answers("An Van An"), "Thon 1")
    await commune.person(answers("Xa Van Xa"), "Thon 7", THERE)

    with pytest.raises(AssignRefused) as refused:
        await give(commune, login, area)

    assert refused.value.code == code
    assert await listed(commune) == []


async def test_people_of_another_commune_are_given_to_nobody(commune: Commune) -> None:
    await commune.account("lan")
    far = await commune.person(answers("Xa Van Xa"), unit=THERE)
    home = await commune.household(unit=THERE)
    province = Viewer("officer", "51", None, by="province")

    for viewer, code in ((HANH, {"no_person", "no_household"}), (province, {"other_unit"})):
        for area in (Area(people=(far,)), Area(household=home)):
            with pytest.raises(AssignRefused) as refused:
                await give(commune, "lan", area, viewer)
            assert refused.value.code in code


@pytest.mark.parametrize("role", ["enumerator", "police", "chairman", "citizen", "administrator"])
async def test_only_an_officer_assigns(commune: Commune, role: str) -> None:
    await commune.account("lan")
    await commune.person(answers("An Van An"), "Thon 1")
    viewer, context = Viewer(role, HERE, 1, by="x"), commune.office.context

    work: list[Callable[[Connection], object]] = [
        lambda c: assign(c, context, viewer, "lan", Area(village="Thon 1")),
        lambda c: end(c, context, viewer, [1]),
        lambda c: move(c, context, viewer, [1], "lan"),
        lambda c: assigned(c, viewer),
    ]
    for one in work:
        with pytest.raises(Denied):
            await commune.office.write(one)
