"""What a merge remembers, so that it can be undone: sealed, and without anybody's key.

Of the person who stays the document is kept as it stood, still sealed with their own key: whoever
erases them erases it too, and whoever erases the form it came from erases all of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, json
from sqlalchemy import Connection, Table, insert, select

from storage.commune_tables import assignments, merges, outcomes, people
from storage.desk import Context
from storage.sealed import Keys, place, seal, unseal
from storage.tables import submissions

COLUMNS: Final = (
    *("village", "household_id", "submission_id", "draft_id", "draft_by"),
    *("outcome", "outcome_until", "updated_at"),
)
"""Of the person who stays, besides the document: what a merge may change."""
FOLLOWING: Final[Mapping[str, Table]] = {
    "submissions": submissions,
    "outcomes": outcomes,
    "assignments": assignments,
}
"""Tables whose rows go with the person, by `person_id`."""


class Pair(Struct, frozen=True):
    """A line of the list of possible doubles, and what was said of it before."""

    id: int
    decided: str | None
    decided_at: int | None
    decided_by: str | None


class Before(Struct, frozen=True):
    """How it was before a merge."""

    columns: dict[str, Any]
    document: bytes
    after: dict[str, Any]
    """The same columns as the merge left them: what is otherwise by now came later."""
    document_after: bytes
    """The beginning of the document the merge wrote, which no other begins with."""
    moved: dict[str, list[int]]
    """Table -> rows that were the other person's."""
    superseded: tuple[int, str] | None = None
    """The form that no longer counts, and its status."""
    duplicate: bool | None = None
    """Whether the form that counts was marked as a double of another; None: no form gave way."""
    pair: Pair | None = None


BEGINNING: Final = 13
"""Bytes of a sealed value: its format and its nonce, never twice the same."""

_BEFORE: Final = json.Decoder(Before)


class Merge(Struct, frozen=True):
    """One line of the table."""

    id: int
    unit: str
    kept_id: int
    gone_id: int
    at: int
    undone_at: int | None
    before: bytes | None
    """None: what it remembered was of a form that was erased since."""


def write_merge(
    connection: Connection, context: Context, merge: Merge, before: Before, by: str
) -> None:
    where = place("merges", "before", merge.id)
    sealed = seal(context.keys.office, json.encode(before), where, context.random)
    about = {"id": merge.id, "unit": merge.unit, "at": merge.at, "by": by, "before": sealed}
    kept = {"kept_id": merge.kept_id, "kept_form": before.columns["submission_id"]}
    row = about | kept | {"gone_id": merge.gone_id}
    connection.execute(insert(merges).values(row))


def read_before(keys: Keys, merge: Merge) -> Before | None:
    """Return how it was before; None when that was erased since."""
    if merge.before is None:
        return None
    plain = unseal(keys.office, bytes(merge.before), place("merges", "before", merge.id))
    return _BEFORE.decode(plain)


def rows_of(connection: Connection, person_id: int) -> dict[str, list[int]]:
    """Return which rows are this person's, table by table."""
    return {
        name: list(
            connection.scalars(
                select(table.c.id).where(table.c.person_id == person_id).order_by(table.c.id)
            )
        )
        for name, table in FOLLOWING.items()
    }


def columns_of(row: Any) -> dict[str, Any]:
    """Return what a merge may change of a person's row."""
    return {name: getattr(row, name) for name in COLUMNS}


def locked_people(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    """Return these people, held until the transaction ends."""
    found = select(people).where(people.c.id.in_(sorted(ids))).order_by(people.c.id)
    return {row.id: row for row in connection.execute(found.with_for_update())}
