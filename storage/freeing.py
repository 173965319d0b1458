"""A form that no longer counts lets its person go: what came from it is destroyed."""

from typing import Any

from msgspec.structs import replace
from sqlalchemy import Row, delete, select, update

from storage.commune_tables import people, renewals
from storage.desk import Desk
from storage.people import PersonDocument, found_by, person_document, sealed_person

NOTHING = dict.fromkeys(
    ("data_key", "document", "sex", "birth_year", "folded_name", "id_token", "person_token")
)
"""What is left of somebody who was known from a form alone."""


def free(desk: Desk, submission_id: int, person_id: int) -> None:
    """Let a submission be nobody's: neither the one that counts nor one being filled in.

    Somebody from a list is again what the list said, under a new key; of others nothing is left.
    """
    # Behind what this batch itself has begun, which is not written yet.
    desk.rows.add("no draft", (person_id, submission_id))
    counted = select(people).where(people.c.submission_id == submission_id)
    for row in desk.connection.execute(counted).all():
        left = {"submission_id": None, "updated_at": desk.at, **_left(desk, row)}
        desk.connection.execute(update(people).where(people.c.id == row.id).values(left))
        # Sealed with the key that is gone.
        desk.connection.execute(delete(renewals).where(renewals.c.person_id == row.id))


def _left(desk: Desk, row: Row[Any]) -> dict[str, Any]:
    context = desk.context
    document = person_document(context.keys, row)
    listed = None if document is None else _as_listed(document, row.origin)
    if listed is None:
        return NOTHING
    sealed = sealed_person(context.keys, context.random, row.id, listed)
    return {**sealed, **found_by(context.keys, listed)}


def _as_listed(document: PersonDocument, origin: str) -> PersonDocument | None:
    """Return what a list said of somebody before any form; None when no list ever did."""
    if document.before is not None:
        return replace(document.before, flags=document.flags)
    return document if origin == "import" else None
