"""Households and relations on the sheet of 26 columns."""

from io import BytesIO
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from admin.exports import EXPORTS
from admin.exports.layout import layout_of, layout_table, needs_homes
from admin.exports.table import plain
from admin.imports.people_words import HEAD, meaning, people_words
from admin.imports.values import Row
from bot.dialogs.prompts import RELATIONS
from storage.access import Viewer
from storage.submissions import confirmed
from tests.commune import HERE, Commune, answers
from tests.conftest import Office
from tests.lists import FORM, KNOWN, TODAY, people

OFFICER: Final = Viewer("officer", HERE, None, by="canbo")
DONE: Final = {"q11_hdkt": "khong_tham_gia", "q11_ly_do": "noi_tro"}


async def test_layout_a_tells_who_lives_with_whom(office: Office, tmp_path: Path) -> None:
    commune = await Commune(office).build()
    await commune.assign(await commune.account("lan"), village="Thon 1")
    homes = [await commune.household() for _ in range(2)]
    family = [("An", 1, "chu_ho"), ("Binh", 0, "chu_ho"), ("Chi", 1, "vo_chong"), ("Dung", 0, "")]
    for name, home, relation in family:
        said = answers(f"{name} Van {name}", **DONE)
        person = await commune.person(said, household=homes[home], relation_to_head=relation)
        await commune.hand_in("lan", said, person_id=person)
    file = tmp_path / "a.xlsx"
    layout = layout_of("a")

    def write(connection: Connection) -> int:
        records = confirmed(connection, office.context.keys, OFFICER, homes=needs_homes(layout))
        return EXPORTS["xlsx"](file, layout_table(layout, FORM, KNOWN, TODAY), plain(records))

    assert await office.write(write) == 4
    rows = [row for row in people(BytesIO(file.read_bytes())) if isinstance(row, Row)]
    assert [row.relation for row in rows] == ["chu_ho", "chu_ho", "vo_chong", ""]
    one, other, wife, child = (row.household for row in rows)
    assert one == wife != other == child


def test_every_relation_has_a_word_that_can_be_read_again() -> None:
    words = layout_of("a").relations

    assert words.keys() >= {HEAD, *RELATIONS}
    for word in words.values():
        assert meaning(people_words().relations, word), word
