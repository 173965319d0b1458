"""Who of a list is there already. Tokens are compared; unsealed is only what they leave open."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, Literal

from msgspec import Struct
from sqlalchemy import Connection, Dialect, bindparam, select

from storage.commune_tables import people
from storage.database import bound_list, is_one_of, run_sql, sql
from storage.lists import Row
from storage.people import person_document
from storage.sealed import Keys

Match = Literal["same", "conflict"]

_COLUMNS: Final = (
    *("id", "household_id", "data_key", "document", "folded_name", "id_token", "person_token"),
    *("submission_id", "merged_into", "updated_at"),
)
"""Of people, in the order of `Known`."""


class Known(Struct):
    """Somebody who is in the unit already, or came earlier in the list."""

    id: int
    household_id: int | None
    data_key: bytes | None
    document: bytes | None
    folded_name: str | None
    id_token: str | None
    person_token: str | None
    submission_id: int | None
    merged_into: int | None
    updated_at: int
    listed: bool = False
    """Written by this very list."""


class Found(Struct):
    """What the unit knows about the rows of one chunk, by token."""

    keys: Keys
    by_number: dict[str, list[Known]]
    by_person: dict[str, list[Known]]

    def add(self, known: Known) -> None:
        for tokens, token in (
            (self.by_number, known.id_token),
            (self.by_person, known.person_token),
        ):
            if token is not None:
                tokens.setdefault(token, []).append(known)

    def match(self, row: Row, household_id: int | None) -> tuple[Match, Known] | None:
        """Return who this row is, or who has the same number and is somebody else."""
        for known in self.same_number(row):
            return "same", known
        for known in self.by_number.get(row.id_token or "", ()):
            return "conflict", known
        for known in self.same_person(row):
            if household_id is not None and known.household_id == household_id:
                numbered = row.id_token is not None and known.id_token is not None
                return ("conflict" if numbered else "same"), known
        return None

    def same_number(self, row: Row) -> Iterator[Known]:
        """Yield who has the number of this row, and its name or birth date too."""
        numbered = self.by_number.get(row.id_token or "", ())
        return (known for known in numbered if self._agrees(row, known))

    def same_person(self, row: Row) -> Sequence[Known]:
        """Return who has the name and birth date of this row."""
        return self.by_person.get(row.person_token or "", ())

    def _agrees(self, row: Row, known: Known) -> bool:
        """Say whether name or birth date are the same; a year agrees with a date in it."""
        if row.folded_name and row.folded_name == known.folded_name:
            return True
        ours, theirs = _born(self.keys, row), _born(self.keys, known)
        return bool(ours and theirs) and (ours.startswith(theirs) or theirs.startswith(ours))


def _born(keys: Keys, sealed: Any) -> str:
    document = person_document(keys, sealed)
    born = document.answers.get("q02_ngay_sinh") if document else None
    return born if isinstance(born, str) else ""


def look_up(connection: Connection, keys: Keys, unit: str, rows: Sequence[Row]) -> Found:
    """Read who has the number, or the name and birth date, of one of these rows."""
    found, seen = Found(keys, {}, {}), dict[int, Known]()
    numbers = {row.id_token for row in rows if row.id_token}
    persons = {row.person_token for row in rows if row.person_token}
    for column, tokens in (("id_token", numbers), ("person_token", persons)):
        bound = (bound_list(sorted(tokens), connection.dialect),)
        for row in run_sql(connection, _query(connection.dialect, column), bound).fetchall():
            if row[-1] == unit:  # not in the query: SQLite would look among all of the unit
                seen.setdefault(row[0], Known(*row[:-1]))
    for known in sorted(seen.values(), key=lambda known: known.id):
        found.add(known)
    return found


@cache
def _query(dialect: Dialect, column: str) -> str:
    columns = (people.c[name] for name in (*_COLUMNS, "unit"))
    found = select(*columns).where(is_one_of(people.c[column], "tokens", dialect))
    return sql(found, ("tokens",), dialect)


def final(connection: Connection, person_id: int) -> int:
    """Return who this person is by now: themselves, or who they were merged into."""
    while True:
        merged = select(people.c.merged_into).where(people.c.id == bindparam("id"))
        into = connection.scalar(merged, {"id": person_id})
        if into is None:
            return person_id
        person_id = int(into)
