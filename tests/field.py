"""People of a commune and those who visit them, put into an installation. All invented."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, update

from bot.app import House
from bot.dialogs.readers.reading import Value
from storage.commune_tables import (
    accounts,
    assignments,
    households,
    people,
    person_marks,
)
from storage.ids import milliseconds
from storage.people import (
    HouseholdDocument,
    PersonDocument,
    found_by,
    mark_tokens,
    sealed_household,
    sealed_person,
)
from storage.sealed import place, seal
from storage.tables import chats


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody on the list of the office."""

    answers: Mapping[str, Value]
    village: str
    household: int | None = None
    relation: str = ""
    year: str = ""
    flags: tuple[str, ...] = ()


def put_account(
    connection: Connection,
    house: House,
    chat_id: int,
    name: str,
    villages: Sequence[str] = (),
    target: int | None = None,
    due: str | None = None,
    role: str = "enumerator",
) -> int:
    """Let somebody work in a chat, with these villages to visit; return the account."""
    context, unit = house.context, house.office.commune
    at = milliseconds(house.now())
    account = context.ids.next(at)
    sealed = seal(
        house.keys.office, name.encode(), place("accounts", "name", account), house.random
    )
    made = {"created_at": at, "created_by": "test"}
    row = {"id": account, "login": f"a{account}", "name": sealed, "role": role, "unit": unit}
    connection.execute(insert(accounts).values(row | made))
    for number, village in enumerate(villages):
        given: dict[str, Any] = {"id": context.ids.next(at), "unit": unit, "account_id": account}
        given |= {"village": village, "target": None if number else target, "due_on": due}
        connection.execute(insert(assignments).values(given | made))
    connection.execute(update(chats).where(chats.c.id == chat_id).values(holder=account))
    return account


def put_household(
    connection: Connection, house: House, village: str, address: Mapping[str, str | None]
) -> int:
    at = milliseconds(house.now())
    household = house.context.ids.next(at)
    document = HouseholdDocument(dict(address))
    row = sealed_household(house.keys, house.random, household, document)
    about = {"id": household, "unit": house.office.commune, "village": village, "created_at": at}
    connection.execute(insert(households).values(about | row))
    return household


def put_person(connection: Connection, house: House, resident: Resident) -> int:
    at = milliseconds(house.now())
    person = house.context.ids.next(at)
    document = PersonDocument(
        dict(resident.answers), resident.year, resident.relation, resident.flags
    )
    about = {
        "id": person,
        "unit": house.office.commune,
        "village": resident.village,
        "household_id": resident.household,
        "origin": "import",
        "created_at": at,
        "updated_at": at,
    }
    sealed = sealed_person(house.keys, house.random, person, document)
    connection.execute(insert(people).values(about | found_by(house.keys, document) | sealed))
    for token in mark_tokens(house.keys, document):
        connection.execute(insert(person_marks).values(person_id=person, token=token))
    return person
