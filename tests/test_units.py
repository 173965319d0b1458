"""Units: a commune and its villages, one place for their names; several communes in a database."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import Connection, insert, select

from admin.villages import read_villages
from bot.app import Place, open_house_async
from bot.content import texts_of, trial_office
from bot.dialogs.known import Office as Named
from bot.offices import OLD, OfficeUnclear, open_office, save_bot, save_office, saved_bots
from bot.setup import office_to_json
from storage.access import Denied, Viewer
from storage.commune_tables import accounts, assignments, households, people, units
from storage.health import figures
from storage.outbox import abandon, pending, undelivered
from storage.sealed import Keys
from storage.submissions import Record, confirmed
from storage.tables import chats, meta, outbox, submissions
from storage.tasks import open_tasks
from storage.units import (
    UnitRefused,
    Village,
    add_villages,
    close_village,
    ensure_commune,
    list_units,
    missing_villages,
    rename_village,
    set_villages,
    village_names,
)
from storage.village_names import village_named
from tests.conftest import COMMUNE, OFFICER, Clock, Office, Toy, context, message, seeded

AT = datetime(2026, 11, 24, tzinfo=UTC)
OTHER = Named("21343", "Phường Khác (bịa)", "51", "Quảng Ngãi", "UBND", "Công an")
HERE = COMMUNE.commune


async def named(office: Office, *names: str) -> list[str]:
    wanted = [Village(name) for name in names]
    work = partial(add_villages, context=office.context, viewer=OFFICER, commune=HERE)
    return await office.write(partial(work, wanted=wanted))


async def test_villages_have_codes_kinds_and_an_order(office: Office) -> None:
    codes = await named(office, "Thôn Một", "Bản Hai", "Tổ dân phố số 3", "Làng Tư", "Tà Vinh")

    assert codes == [f"{HERE}-{number}" for number in range(1, 6)]
    found = await office.write(partial(list_units, viewer=OFFICER))
    assert [(unit.level, unit.kind, unit.path) for unit in found[:2]] == [
        ("commune", "xa", f"/51/{HERE}/"),
        ("village", "thon", f"/51/{HERE}/{HERE}-1/"),
    ]
    assert [unit.kind for unit in found[1:]] == ["thon", "ban", "to_dan_pho", "lang", "thon"]
    assert {unit.urban for unit in found} == {False}


@pytest.mark.parametrize(
    ("name", "kind", "urban"),
    [
        ("Xã Sơn Tây", "xa", False),
        ("Phường Ba Đình", "phuong", True),
        ("Thị trấn Hạ Hòa", "thi_tran", True),
        ("Đặc khu Lý Sơn", "dac_khu", None),
    ],
)
async def test_the_kind_of_a_commune_is_in_its_name(
    office: Office, name: str, kind: str, urban: bool | None
) -> None:
    other = replace(OTHER, commune_name=name)

    await office.write(partial(ensure_commune, office=other))
    await office.write(partial(ensure_commune, office=other))

    (row,) = await office.rows(select(units).where(units.c.code == OTHER.commune))
    assert (row.kind, row.urban, row.parent) == (kind, urban, "51")


CALLED = ("Tà Vinh", "Thôn Mang", "Bản Mang", "Bình", "Bính")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Tà Vinh", "Tà Vinh"),
        ("Thôn Tà Vinh", "Tà Vinh"),
        ("thon  ta vinh", "Tà Vinh"),
        ("TA VINH", "Tà Vinh"),
        ("bản mang", "Bản Mang"),
        ("Mang", None),
        ("Khu phố Mang", None),
        ("Tá Vinh", None),
        ("Bính", "Bính"),
        ("Binh", None),
        ("Tà", None),
        ("", None),
    ],
)
def test_which_village_is_meant(given: str, meant: str | None) -> None:
    assert village_named(given, CALLED) == meant


async def test_a_village_is_not_added_beside_itself(office: Office) -> None:
    await named(office, "Tà Vinh")
    wanted = [Village("Thôn Tà Vinh"), Village("ta vinh"), Village("Mang"), Village("Thôn Mang")]

    with pytest.raises(UnitRefused, match="exists"):
        await named(office, "thôn tà vinh")
    missing = partial(missing_villages, viewer=OFFICER, commune=HERE, wanted=wanted)
    assert await office.write(missing) == [Village("Mang")]
    setting = partial(set_villages, commune=HERE, names=["Thôn Mang", "Ta Vinh", "Mang"], at=AT)
    await office.write(setting)
    assert await office.write(partial(village_names, commune=HERE)) == ("Tà Vinh", "Thôn Mang")


@pytest.mark.parametrize("name", ["", "  ", "Thôn Một, Thôn Hai", "x" * 101, "Thôn Một"])
async def test_a_village_needs_a_name_of_its_own(office: Office, name: str) -> None:
    await named(office, "Thôn Một")

    with pytest.raises(UnitRefused):
        await named(office, name)


async def test_a_new_name_goes_wherever_the_old_one_stood(office: Office) -> None:
    one, _ = await named(office, "Thôn Một", "Thôn Hai")
    await office.write(lambda c: _lived_in(c, "Thôn Một", 1))
    await office.write(lambda c: _lived_in(c, "Thôn Hai", 2))
    change = partial(rename_village, context=office.context, viewer=OFFICER, code=one)

    await office.write(partial(change, name="Thôn Mới"))

    for table in (people, households, submissions, assignments):
        kept = await office.rows(select(table.c.village).order_by(table.c.id))
        assert [row.village for row in kept] == ["Thôn Mới", "Thôn Hai"], table.name
    assert await office.write(partial(village_names, commune=HERE)) == ("Thôn Mới", "Thôn Hai")
    with pytest.raises(UnitRefused, match="exists"):
        await office.write(partial(change, name="Thôn Hai"))


def _lived_in(connection: Connection, village: str, number: int) -> None:
    row: dict[str, Any] = {"id": number, "unit": HERE, "village": village, "created_at": 0}
    connection.execute(insert(households).values(row))
    connection.execute(insert(people).values(row | {"origin": "import", "updated_at": 0}))
    chat = {"id": number, "token": str(number), "platform": "web", "account": "web"}
    connection.execute(insert(chats).values(chat | {"unit": HERE, "address": b"", "prompt": ""}))
    sent = {"chat_id": number, "form": "toy", "status": "confirmed", "event_count": 0, "head": b""}
    connection.execute(insert(submissions).values(row | sent | {"updated_at": 0}))
    who = {"id": number, "login": f"e{number}", "name": b"", "role": "enumerator", "unit": HERE}
    connection.execute(insert(accounts).values(who | {"created_at": 0, "created_by": ""}))
    connection.execute(insert(assignments).values(row | {"account_id": number, "created_by": ""}))


async def test_a_closed_village_is_offered_no_more_and_can_come_back(office: Office) -> None:
    one, _ = await named(office, "Thôn Một", "Thôn Hai")

    await office.write(partial(close_village, context=office.context, viewer=OFFICER, code=one))

    assert await office.write(partial(village_names, commune=HERE)) == ("Thôn Hai",)
    assert await named(office, "Thôn Một") == [one]
    assert await office.write(partial(village_names, commune=HERE)) == ("Thôn Một", "Thôn Hai")


@pytest.mark.parametrize(
    "viewer",
    [
        Viewer("enumerator", HERE, 1),
        Viewer("chairman", HERE, 1),
        Viewer("officer", OTHER.commune, 1),
        Viewer("officer", f"{HERE}-1", 1),
    ],
)
async def test_only_the_officer_of_a_commune_changes_its_villages(
    office: Office, viewer: Viewer
) -> None:
    await office.write(partial(ensure_commune, office=OTHER))
    await named(office, "Thôn Một")
    change = partial(add_villages, context=office.context, viewer=viewer, commune=HERE)

    with pytest.raises((Denied, UnitRefused)):
        await office.write(partial(change, wanted=[Village("Thôn Ba")]))


async def test_an_office_of_old_is_taken_over_with_its_villages(office: Office) -> None:
    old = replace(OTHER, villages=("Tà Vinh", "Huy Em"))
    row = insert(meta).values(name=OLD, value=office_to_json(old))
    await office.write(lambda c: c.execute(row))

    opened = await office.write(partial(open_office, commune=""))
    again = await office.write(partial(open_office, commune=OTHER.commune))

    assert opened == again == old
    kept = [row.name for row in await office.rows(select(meta.c.name).order_by(meta.c.name))]
    assert kept == [f"office:{OTHER.commune}"]


async def test_before_its_set_up_it_is_the_trial(office: Office) -> None:
    assert await office.write(partial(open_office, commune="")) == trial_office()
    trial = select(units.c.code).where(units.c.code == trial_office().commune)
    assert len(await office.rows(trial)) == 1


async def test_of_several_communes_one_is_named(office: Office) -> None:
    for each in (COMMUNE, replace(OTHER, villages=("Khu phố 1",))):
        await office.write(partial(save_office, office=each, at=AT))

    chosen = await office.write(partial(open_office, commune=OTHER.commune))
    assert (chosen.commune, chosen.villages) == (OTHER.commune, ("Khu phố 1",))
    for commune in ("", "00001"):
        with pytest.raises(OfficeUnclear):
            await office.write(partial(open_office, commune=commune))


async def test_set_up_again_closes_what_is_left_out(office: Office) -> None:
    first = replace(COMMUNE, villages=("Thôn Một", "Thôn Hai"))
    await office.write(partial(save_office, office=first, at=AT))
    second = replace(COMMUNE, villages=("Thôn Ba", "Thôn Một"))
    await office.write(partial(save_office, office=second, at=AT))

    assert (await office.write(partial(open_office, commune=""))).villages == second.villages
    closed = select(units.c.name).where(units.c.closed_at.is_not(None))
    assert await office.rows(closed) == [("Thôn Hai",)]


async def test_the_address_of_a_bot_is_kept_for_each_commune(office: Office) -> None:
    for commune, address in ((HERE, "https://t.me/one"), (OTHER.commune, "https://t.me/two")):
        keep = partial(save_bot, commune=commune, platform="telegram", address=address)
        await office.write(keep)
        await office.write(keep)

    assert await office.write(partial(saved_bots, commune=HERE)) == {"telegram": "https://t.me/one"}


async def test_two_communes_of_one_database_know_nothing_of_each_other(office: Office) -> None:
    await office.write(partial(ensure_commune, office=OTHER))
    theirs = Office(office.database, _of(office, OTHER.commune), office.clock)
    mine, other = Toy(), Toy(first_id=2000)
    await office.commit([message("confirm 051090000001", chat="an")], mine)
    await theirs.commit([message("confirm 051090000002", chat="chi", account="b")], other)
    await office.write(lambda c: c.execute(outbox.update().values(claimed_until=0)))
    keys, now = office.context.keys, office.clock()
    officers = {HERE: OFFICER, OTHER.commune: Viewer("officer", OTHER.commune, None)}

    for unit, viewer in officers.items():
        records = await office.write(partial(_confirmed, keys=keys, viewer=viewer))
        assert {record.unit for record in records} == {unit}
        tasks = await office.write(partial(open_tasks, keys=keys, viewer=viewer))
        claim = partial(pending, keys=keys, worker=unit, now=now, unit=unit)
        bubbles = await office.write(claim)
        assert [len(records), len(tasks), len(bubbles)] == [1, 1, 1]
        look = partial(figures, unit=unit, platforms=["terminal"], now=now)
        assert (await office.write(look))["backlog"] == 1
    gone = partial(abandon, platform="terminal", accounts=["none"], unit=HERE, at=now)
    await office.write(gone)
    failed = [
        await office.write(partial(undelivered, viewer=viewer)) for viewer in officers.values()
    ]
    assert [len(one) for one in failed] == [1, 0]


def _confirmed(connection: Connection, keys: Keys, viewer: Viewer) -> list[Record]:
    return list(confirmed(connection, keys, viewer))


def _of(office: Office, unit: str) -> Any:
    made = context(office.clock, seeded(8), worker="worker 2")
    return type(made)(
        **{name: getattr(made, name) for name in made.__struct_fields__} | {"unit": unit}
    )


async def test_a_house_is_opened_for_the_commune_of_its_place(
    database_url: str, tmp_path: Path
) -> None:
    place = Place(tmp_path, database_url, tmp_path / "mau03.key")
    house = await open_house_async(place, now=Clock(), random=seeded(7))
    async with house.database.engine.begin() as connection:
        for each in (COMMUNE, OTHER):
            await connection.run_sync(partial(save_office, office=each, at=AT))
    await house.database.close()

    with pytest.raises(OfficeUnclear):
        await open_house_async(place, now=Clock(), random=seeded(7))
    chosen = replace(place, commune=OTHER.commune)
    house = await open_house_async(chosen, now=Clock(), random=seeded(7))
    await house.database.close()

    assert (house.office.commune, house.context.unit) == (OTHER.commune, OTHER.commune)


CSV = "STT;Tên thôn;Loại\n2;Thôn Hai;thôn\n1;Thôn Một;\n\n3;Khu phố 3;Khu phố\n"


def test_a_list_of_villages_is_read(tmp_path: Path) -> None:
    file = tmp_path / "thon.csv"
    file.write_text("\ufeff" + CSV, "utf-8")
    book = Workbook()
    assert book.active is not None
    for line in CSV.splitlines():
        cells = line.split(";")
        book.active.append([int(c) if c.isdigit() else c for c in cells])
    book.save(tmp_path / "thon.xlsx")

    read = [read_villages(tmp_path / name, texts_of()) for name in ("thon.csv", "thon.xlsx")]

    villages = [
        Village("Thôn Hai", "thon", 2),
        Village("Thôn Một", "", 1),
        Village("Khu phố 3", "khu_pho", 3),
    ]
    assert read == [(villages, [])] * 2


def test_without_headings_the_first_column_is_the_name(tmp_path: Path) -> None:
    file = tmp_path / "thon.csv"
    file.write_text("Tà Vinh\nHuy Em\n", "utf-8")

    assert read_villages(file, texts_of()) == ([Village("Tà Vinh"), Village("Huy Em")], [])


def test_every_bad_row_is_named(tmp_path: Path) -> None:
    file = tmp_path / "thon.csv"
    file.write_text("tên,loại,thứ tự\n,thôn,1\nMột,huyện,1\nHai,,hai\nBa,,\nBa,,\n", "utf-8")

    good, bad = read_villages(file, texts_of())

    assert [village.name for village in good] == ["Ba"]
    assert [(problem.row, problem.code) for problem in bad] == [
        *((2, "name"), (3, "kind"), (4, "order"), (6, "twice")),
    ]


async def test_only_what_is_missing_is_imported(office: Office) -> None:
    await named(office, "Thôn Một")
    wanted = [Village("Thôn Một"), Village("Thôn Hai")]

    new = await office.write(partial(missing_villages, viewer=OFFICER, commune=HERE, wanted=wanted))

    assert new == [Village("Thôn Hai")]
