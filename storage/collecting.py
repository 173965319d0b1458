"""What a decision may do with people, whatever the conversation believed: only with its own."""

from typing import Any

from sqlalchemy import Row, select, true

from bot.dialogs.people import OUTCOMES
from storage.area import FILL, Worker, area, household_area
from storage.commune_tables import households, people
from storage.desk import Chat, Desk, Submission
from storage.lines import LISTED
from storage.statements import Row as Written
from storage.turn import Outcome


class UnknownPerson(LookupError):
    """A decision named somebody, or a household, that this chat's account may not see."""


class Busy(Exception):
    """Somebody else has just begun to fill in this person's form."""


class UnknownOutcome(ValueError):
    """A decision gave a reason that is none of `people.OUTCOMES`."""


def worker(desk: Desk, chat: Chat) -> Worker:
    """Return who works in a chat. Raises UnknownPerson: a citizen's chat knows nobody."""
    found = desk.worker(chat)
    if found is None:
        raise UnknownPerson(chat.id)
    return found


def see(desk: Desk, by: Worker, person_id: int) -> str:
    """Return the unit of somebody whose form this account may fill in. Raises UnknownPerson."""
    return str(_row(desk, by, person_id).unit)


def see_household(desk: Desk, by: Worker, household_id: int, begun: int | None) -> None:
    """Raises UnknownPerson. The household that a form has already, `begun`, is seen any time."""
    if household_id == begun:
        return
    within = household_area(by.viewer, household_id, FILL)
    if desk.connection.execute(select(households.c.id).where(within)).first() is None:
        raise UnknownPerson(household_id)


def lock(desk: Desk, by: Worker, person_id: int, submission: Submission) -> int:
    """Make sure that nobody else is filling in this person's form; return who it is by now.

    Somebody a form was begun for is seen until it ends, whoever is to visit them meanwhile.
    Raises UnknownPerson, Busy.
    """
    begun = submission.person_id
    if begun not in {None, person_id} and _is_now(desk, person_id, begun):
        person_id = int(begun or 0)
    row = _row(desk, by, person_id, begun)
    draft, account = desk.drafts.get(person_id, (row.draft_id, row.draft_by))
    if draft not in {None, submission.id} and account != by.id:
        raise Busy(person_id)
    return person_id


def _is_now(desk: Desk, merged: int | None, kept: int | None) -> bool:
    """Tell whether somebody was made one with `kept`, in one step or several."""
    while merged is not None and merged != kept:
        found = select(people.c.merged_into).where(people.c.id == merged)
        merged = desk.connection.scalar(found)
    return merged is not None


def _row(desk: Desk, by: Worker, person_id: int, begun: int | None = None) -> Row[Any]:
    columns = (people.c.unit, people.c.draft_id, people.c.draft_by)
    within = true() if person_id == begun else area(desk.connection, by.viewer, FILL)
    mine = (people.c.id == person_id, within, LISTED)
    locked = select(*columns).where(*mine).with_for_update(key_share=True)
    found = desk.connection.execute(locked)
    row: Any = found.one_or_none()
    if row is None:
        raise UnknownPerson(person_id)
    return row  # type: ignore[no-any-return]


def outcome_rows(desk: Desk, by: Worker, unit: str, outcome: Outcome) -> list[tuple[str, Written]]:
    """Return the rows of an outcome; one without a kind takes back the last. Raises
    UnknownOutcome."""
    if outcome.kind and outcome.kind not in OUTCOMES:
        raise UnknownOutcome(outcome.kind)
    months = (outcome.since or None, outcome.until or None)
    about = (desk.new_id(), outcome.person_id, unit, outcome.kind, desk.at)
    standing = (outcome.kind or None, outcome.until or None, desk.at, outcome.person_id)
    return [
        ("outcome", (*about, *months, by.id, by.viewer.by)),
        ("person outcome", standing),
    ]
