"""A commune with one officer and invented people, for the tests of lists, doubles and merges."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from bench.invented import Invented
from storage.access import Viewer
from storage.batches import Source, Written, write_batch
from storage.commune_tables import (
    batches,
    doubles,
    households,
    merges,
    people,
    person_marks,
    renewals,
    units,
)
from storage.desk import Context
from storage.lists import Prepared, prepare
from storage.people import PersonDocument, person_document
from tests.conftest import Office

UNIT: Final = "99999"
OTHER: Final = "88888"
OFFICER: Final = Viewer("officer", UNIT, None, by="canbo")
STRANGER: Final = Viewer("officer", OTHER, None, by="nguoi_la")
ENUMERATOR: Final = Viewer("enumerator", UNIT, 7, by="dieu_tra")
SOURCE: Final = Source("00" * 32, "test")


def settle_in(connection: Connection) -> None:
    """Make two communes."""
    for code in (UNIT, OTHER):
        row = {"parent": None, "level": "commune", "kind": "xa", "name": code, "position": 1}
        more = {"code": code, "folded_name": code, "path": f"/{code}/"}
        connection.execute(insert(units).values(row | more))


def bring(
    connection: Connection,
    office: Office,
    invented: Iterable[Invented],
    *,
    year: str = "2025",
    viewer: Viewer = OFFICER,
) -> Written:
    """Write invented people as one batch."""
    prepared = prepare(office.context, UNIT, (one.listed(year) for one in invented))
    return write_batch(connection, office.context, viewer, prepared, SOURCE)


async def brought(office: Office, invented: Iterable[Invented], *, year: str = "2025") -> Written:
    return await office.write(lambda c: bring(c, office, invented, year=year))


PEOPLE_TABLES: Final = (people, households, person_marks, doubles, merges, renewals, batches)


def everything(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the tables about people."""
    return {
        table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
        for table in PEOPLE_TABLES
    }


async def documents(office: Office) -> dict[int, PersonDocument | None]:
    keys = office.context.keys
    return {row.id: person_document(keys, row) for row in await office.rows(select(people))}


async def names(office: Office) -> dict[str, int]:
    """Return name -> row; only where names are told apart."""
    found = await documents(office)
    return {str(doc.answers["q01_ho_ten"]): id for id, doc in found.items() if doc}


def write_all(connection: Connection, context: Context, prepared: Prepared) -> None:
    """Write a prepared list without asking who is there already: doubles and all."""
    there = select(households.c.code_token, households.c.id)
    tokens = {row[0]: row[1] for row in connection.execute(there)}
    homes = {}
    for word, home in prepared.households.items():
        homes[word] = tokens.get(home.code_token, home.id)
        if homes[word] == home.id:
            row = {"id": home.id, "unit": UNIT, "village": home.village, "created_at": 1}
            sealed = {"data_key": home.data_key, "document": home.document}
            token = {"code_token": home.code_token}
            connection.execute(insert(households).values(row | sealed | token))
    names = ("id", "village", "data_key", "document", "sex", "birth_year", "folded_name")
    found = (*names, "id_token", "person_token")
    about = {"unit": UNIT, "origin": "import", "created_at": 1, "updated_at": 1}
    for chunk in prepared.chunks():
        rows = [
            {name: getattr(row, name) for name in found}
            | about
            | {"household_id": homes.get(row.household)}
            for row in chunk
        ]
        if rows:
            connection.execute(insert(people), rows)
