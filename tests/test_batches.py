"""Lists of people in the database: whole or not at all, nobody changed silently, taken back."""

import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import Table, func, insert, select, update

from bench.invented import Invented, commune
from storage.access import Denied, Viewer
from storage.batches import batches_of, write_batch
from storage.column_maps import save_map, saved_map
from storage.commune_tables import (
    batches,
    doubles,
    households,
    outcomes,
    people,
    person_marks,
    renewals,
)
from storage.crossing import note_crossed
from storage.database import open_database
from storage.lists import Listed, Prepared, prepare
from storage.migrate import migrate
from storage.people import PersonDocument, person_document
from storage.undoing import AlreadyUndone, NoSuchBatch, undo_batch
from tests.commune import HERE, Commune, answers
from tests.conftest import Office
from tests.filled import ROOT
from tests.managed import (
    ENUMERATOR,
    OFFICER,
    SOURCE,
    STRANGER,
    UNIT,
    bring,
    brought,
    documents,
    everything,
    settle_in,
)

AN: Final = Invented(1, "Đinh Văn An", "1980-02-03", "nam", "051080000001", "Thôn 1", "H1")
BA: Final = AN.but(name="Đinh Thị Ba", born="1985-05-06", sex="nu", id_number="")


@pytest.fixture
async def home(office: Office) -> Office:
    await office.write(settle_in)
    return office


async def count(office: Office, table: Table) -> int:
    ((number,),) = await office.rows(select(func.count()).select_from(table))
    return int(number)


async def test_a_list_becomes_people_households_and_marks(home: Office) -> None:
    poor = Listed(PersonDocument(dict(AN.document().answers), "2025", "chu_ho", ("ho_ngheo",)))
    prepared = prepare(home.context, UNIT, [poor, *(one.listed() for one in commune(9))])
    written = await home.write(lambda c: write_batch(c, home.context, OFFICER, prepared, SOURCE))

    assert (written.new, written.known, written.households) == (10, 0, 3)
    rows = await home.rows(select(people))
    assert {row.origin for row in rows} == {"import"}
    assert {row.submission_id for row in rows} == {None}
    assert sum(row.household_id is None for row in rows) == 1
    assert await count(home, person_marks) == 1
    found = await documents(home)
    assert sorted(str(d.answers["q01_ho_ten"]) for d in found.values() if d) == sorted(
        [AN.name, *(one.name for one in commune(9))]
    )
    (line,) = await home.write(lambda c: batches_of(c, OFFICER))
    assert (line.new, line.known, line.bad, line.by, line.undone_at) == (10, 0, 0, "canbo", None)


async def test_the_same_list_again_changes_nothing(home: Office) -> None:
    listed = list(commune(2500))
    await brought(home, listed)
    before = await home.write(everything)

    again = await brought(home, listed)

    after = await home.write(everything)
    assert (again.new, again.known, again.renewed, again.conflicts) == (0, 2500, 0, 0)
    assert {**after, "batches": []} == {**before, "batches": []}


SAME: Final = {
    "everything": AN,
    "number and name": AN.but(born="1980-03-02"),
    "number and birth date": AN.but(name="Đinh Văn Ân Tình"),
    "number and year": AN.but(name="Lê Văn Lạ", born="1980"),
    "no number, same home": AN.but(id_number=""),
    "written otherwise": AN.but(name="ĐINH VĂN AN", village="Thôn 2"),
}


@pytest.mark.parametrize("how", SAME)
async def test_who_is_there_is_counted_and_stays_as_they_are(home: Office, how: str) -> None:
    await brought(home, [AN])
    before = await home.write(everything)

    written = await brought(home, [SAME[how]])

    assert (written.new, written.known) == (0, 1)
    after = await home.write(everything)
    assert after["people"] == before["people"]


NEW: Final = {
    "same number, somebody else": (AN.but(name="Lê Thị Lạ", born="1991-01-01"), "id"),
    "same name and date and home, other number": (
        AN.but(id_number="051080999999"),
        "name_birth",
    ),
    "same name and date, another home": (AN.but(id_number="", household="H2"), None),
    "another commune member": (BA, None),
}


@pytest.mark.parametrize("how", NEW)
async def test_who_is_not_surely_there_is_new_and_a_conflict_is_listed(
    home: Office, how: str
) -> None:
    await brought(home, [AN])
    row, why = NEW[how]

    written = await brought(home, [row])

    assert (written.new, written.known) == (1, 0)
    listed = [row.why for row in await home.rows(select(doubles))]
    assert listed == ([] if why is None else [why])
    assert written.conflicts == len(listed)


def unnumbered(*invented: Invented) -> list[Listed]:
    """Return people of a list without numbers of households: words tell where each begins."""
    return [structs.replace(one.listed(), number="") for one in invented]


CAM: Final = Invented(3, "Hồ Văn Cam", "1950-01-02", "nam", "", "Thôn 1", "S#12")
DAO: Final = Invented(4, "Hồ Thị Đào", "1952", "nu", "", "Thôn 1", "S#12")
HOME: Final = (AN.but(household="S#4"), BA.but(household="S#4"))
HUNG: Final = Invented(5, "Đinh Văn Hùng", "2005-06-07", "nam", "", "Thôn 1", "S#4")

AGAIN: Final = {
    "the same list": ((*HOME, CAM), (*HOME, CAM), 0, 0),
    "a row that was refused": ((*HOME, CAM), (*HOME, HUNG, CAM), 1, 0),
    "moved down, one has a number": (HOME, [one.but(household="S#9") for one in HOME], 0, 0),
    "moved down, two are the same": (
        (CAM, DAO),
        [x.but(household="S#9") for x in (CAM, DAO)],
        0,
        0,
    ),
    "moved down, one is the same": ((CAM,), [CAM.but(household="S#9")], 1, 1),
    "other people at the same place": ((CAM,), [HUNG.but(household="S#12")], 1, 1),
    "another village": ((CAM,), [CAM.but(village="Thôn 2")], 1, 1),
    "one of them has a number by now": ((CAM, DAO), (CAM.but(id_number="051050000001"), DAO), 0, 0),
}


@pytest.mark.parametrize("how", AGAIN)
async def test_a_list_without_numbers_comes_again(home: Office, how: str) -> None:
    first, second, new, homes = AGAIN[how]
    for listed in (first, second):
        prepared = prepare(home.context, UNIT, unnumbered(*listed))
        bring_it = partial(
            write_batch, context=home.context, viewer=OFFICER, prepared=prepared, source=SOURCE
        )
        written = await home.write(bring_it)

    assert (written.new, written.known) == (new, len(second) - new)
    assert (written.households, written.conflicts) == (homes, 0)


async def test_a_household_whose_number_changed_is_new_but_its_people_are_not(
    home: Office,
) -> None:
    await brought(home, [AN, BA])

    written = await brought(home, [one.but(household="H2") for one in (AN, BA, HUNG)])

    assert (written.new, written.known, written.households) == (1, 2, 1)


async def test_a_row_that_stands_twice_in_a_list_is_one_person(home: Office) -> None:
    written = await brought(home, [AN, BA, AN, BA])

    assert (written.new, written.known) == (2, 2)


async def test_a_later_year_renews_the_record_but_not_who_it_is_of(home: Office) -> None:
    await brought(home, [AN, BA], year="2024")

    written = await brought(home, [BA, AN.but(born="1980", village="Thôn 9")], year="2025")

    found = {str(d.answers["q01_ho_ten"]): d for d in (await documents(home)).values() if d}
    assert (written.known, written.renewed) == (2, 2)
    assert found[AN.name].year == "2025"
    assert found[AN.name].answers["q02_ngay_sinh"] == AN.born
    assert found[AN.name].answers["h_thon"] == "Thôn 9"


async def test_a_form_that_was_handed_in_is_never_renewed(home: Office) -> None:
    await brought(home, [AN], year="2024")
    await home.write(lambda c: c.execute(update(people).values(submission_id=5)) and None)

    written = await brought(home, [AN], year="2025")

    assert (written.known, written.renewed) == (1, 0)


@pytest.mark.parametrize("undone", [False, True])
async def test_who_came_from_a_form_and_is_listed_since_stays_known_when_it_is_erased(
    office: Office, *, undone: bool
) -> None:
    commune, context = await Commune(office).build(), office.context
    sent = await commune.hand_in("an", answers("An Van An", number=NUMBER, q09_gdpt="thcs"))
    an = await commune.person_of(sent)
    before = await commune.one(an)
    written = await office.write(lambda c: write_batch(c, context, HANH, listed(office), SOURCE))
    since = await commune.one(an)

    assert (written.new, written.known, written.renewed) == (0, 1, 0)
    assert before.folded_name == since.folded_name
    shown = person_document(context.keys, since)
    assert shown is not None and shown.answers["q09_gdpt"] == "thcs"
    if undone:
        taken = await office.write(lambda c: undo_batch(c, context, HANH, written.batch_id))
        assert (taken.restored, await commune.one(an)) == (0, before)
    await commune.do("an", erased=[sent])

    left = person_document(context.keys, await commune.one(an))
    assert (left is None) == undone
    if left is not None:
        assert (left.answers["q01_ho_ten"], left.flags) == ("An Van An", ("ho_ngheo",))
        assert "q09_gdpt" not in left.answers


HANH: Final = Viewer("officer", HERE, None, by="hanh")
NUMBER: Final = "051090000001"


def listed(office: Office) -> Prepared:
    document = PersonDocument(answers("An Van An", number=NUMBER), "2025", "", ("ho_ngheo",))
    return prepare(office.context, HERE, [Listed(document, "Thon 1")])


async def test_a_form_handed_in_while_a_list_is_written_is_seen_afterwards(office: Office) -> None:
    commune, context, engine = await Commune(office).build(), office.context, office.database.engine
    if office.database.writer is not None:
        return  # one writer at a time
    said = answers("An Van An", number=NUMBER)

    async with engine.connect() as importing:
        async with importing.begin():
            written = await importing.run_sync(
                lambda c: write_batch(c, context, HANH, listed(office), SOURCE)
            )
            sent = await commune.hand_in("an", said)
        await importing.run_sync(lambda c: note_crossed(c, context, HERE, written))

    (brought_in,) = await office.rows(select(people.c.id).where(people.c.origin == "import"))
    pair = sorted([brought_in.id, await commune.person_of(sent)])
    found = [[row.first_id, row.second_id, row.why] for row in await office.rows(select(doubles))]
    assert (found, written.conflicts) == ([[*pair, "id"]], 1)


async def test_every_new_person_of_a_list_is_looked_at_once_it_is_written(home: Office) -> None:
    crowd = list(commune(2500))
    first = await brought(home, crowd)
    noted = first.conflicts
    writer = home.database.writer
    if writer is None:
        return  # the other test is of PostgreSQL
    last = select(people).where(people.c.id_token.is_not(None)).order_by(people.c.id.desc())
    (row,) = await home.rows(last.limit(1))
    late = {**row._mapping, "id": 7, "origin": "chat", "batch_id": None}
    await home.write(lambda c: c.execute(insert(people).values(late)) and None)

    for _ in range(2):
        with writer.connect() as connection:
            note_crossed(connection, home.context, UNIT, first)

    found = {(pair.first_id, pair.second_id) for pair in await home.rows(select(doubles))}
    assert (7, row.id) in found
    assert first.conflicts == len(found) == noted + 1


async def test_undo_takes_back_whom_nobody_touched_and_names_the_others(home: Office) -> None:
    first = await brought(home, [AN], year="2024")
    await home.write(lambda c: c.execute(update(people).values(updated_at=1)) and None)
    before = await home.write(everything)
    second = await brought(home, [AN, BA, *commune(1200, seed=5)], year="2025")
    mine = select(people.c.id).where(people.c.batch_id == second.batch_id).order_by(people.c.id)
    ((touched,),) = await home.rows(mine.offset(50).limit(1))
    row = {"id": 1, "person_id": touched, "unit": UNIT, "kind": "absent", "at": 1, "by": "x"}
    await home.write(lambda c: c.execute(insert(outcomes).values(row)) and None)

    undone = await home.write(lambda c: undo_batch(c, home.context, OFFICER, second.batch_id))

    assert undone.kept == [touched]
    assert (undone.deleted, undone.restored) == (1200, 1)
    assert await count(home, people) == 2
    assert await count(home, renewals) == 0
    assert await count(home, households) == 2
    after = await home.write(everything)
    assert before["people"][0] in after["people"]
    with pytest.raises(AlreadyUndone):
        await home.write(lambda c: undo_batch(c, home.context, OFFICER, second.batch_id))
    assert first.batch_id != second.batch_id


async def test_only_who_manages_people_imports_and_undoes(home: Office) -> None:
    for viewer in (STRANGER, ENUMERATOR):
        with pytest.raises(Denied):
            await home.write(partial(bring, office=home, invented=[AN], viewer=viewer))
    written = await brought(home, [AN])

    with pytest.raises(NoSuchBatch):
        await home.write(lambda c: undo_batch(c, home.context, STRANGER, written.batch_id))
    assert list(await home.write(lambda c: batches_of(c, STRANGER))) == []


async def test_a_column_map_is_remembered_by_unit_and_headings(home: Office) -> None:
    await home.write(lambda c: save_map(c, home.context, OFFICER, UNIT, "f1", "one"))
    await home.write(lambda c: save_map(c, home.context, OFFICER, UNIT, "f1", "two"))

    assert await home.write(lambda c: saved_map(c, OFFICER, UNIT, "f1")) == "two"
    assert await home.write(lambda c: saved_map(c, OFFICER, UNIT, "f2")) is None
    assert await home.write(lambda c: saved_map(c, STRANGER, UNIT, "f1")) is None


KILLED: Final = """
import os, signal, sys
from storage.batches import Source, write_batch
from storage.database import open_database
from storage.lists import prepare
from bench.invented import commune
from tests.conftest import Clock, context, seeded
from tests.managed import OFFICER, SOURCE, UNIT

url, after = sys.argv[1], int(sys.argv[2])
here = context(Clock(), seeded(3))
prepared = prepare(here, UNIT, (one.listed() for one in commune(6000)))
chunks = prepared.chunks
def dying():
    for number, chunk in enumerate(chunks()):
        if number == after:
            os.kill(os.getpid(), signal.SIGKILL)
        yield chunk
class Dying:
    unit, warned, households = prepared.unit, 0, prepared.households
    chunks = staticmethod(dying)
with open_database(url).writer.begin() as connection:
    write_batch(connection, here, OFFICER, Dying, SOURCE)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("after", [0, 3, 6])
def test_a_process_killed_in_the_middle_leaves_nothing(tmp_path: Path, after: int) -> None:
    url = f"sqlite:///{tmp_path}/mau03.db"
    migrate(url)
    database = open_database(url)
    assert database.writer is not None
    with database.writer.begin() as connection:
        settle_in(connection)

    killed = subprocess.run([sys.executable, "-c", KILLED, url, str(after)], cwd=ROOT, check=False)

    assert killed.returncode == -signal.SIGKILL
    with database.writer.begin() as connection:
        left = everything(connection)
    database.writer.dispose()
    assert not any(left.values())
    assert (tmp_path / "mau03.db").stat().st_size > 0


ROWS: Final = st.lists(
    st.builds(
        Invented,
        number=st.just(0),
        name=st.sampled_from(["Đinh Văn An", "Đinh Thị Ba", "Hồ Văn Cam"]),
        born=st.sampled_from(["1980-02-03", "1980", "1981-02-03"]),
        sex=st.just("nam"),
        id_number=st.sampled_from(["", "051080000001", "051080000002"]),
        village=st.sampled_from(["Thôn 1", "Thôn 2"]),
        household=st.sampled_from(["", "H1", "H2"]),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=ROWS, second=ROWS)
async def test_undo_leaves_what_was_there_before(
    home: Office, first: list[Invented], second: list[Invented]
) -> None:
    await brought(home, first, year="2024")
    before = await home.write(everything)
    written = await brought(home, second, year="2025")
    assert written.new + written.known == len(second)

    undone = await home.write(lambda c: undo_batch(c, home.context, OFFICER, written.batch_id))

    after = await home.write(everything)
    assert (undone.deleted, undone.kept, undone.restored) == (written.new, [], written.renewed)
    assert {**after, "batches": []} == {**before, "batches": []}
    (batch,) = await home.rows(select(batches).where(batches.c.id == written.batch_id))
    assert batch.undone_at is not None
