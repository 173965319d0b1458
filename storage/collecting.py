"""What a decision may do with people, whatever the conversation believed: only with its own."""

from typing import Any

from sqlalchemy import Row, select

from bot.dialogs.people import OUTCOMES
from storage.area import FILL, Worker, area, household_area
from storage.commune_tables import households, people
from storage.desk import Chat, Desk
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


def see_household(desk: Desk, by: Worker, household_id: int) -> None:
    """Raises UnknownPerson."""
    within = household_area(by.viewer, household_id, FILL)
    if desk.connection.execute(select(households.c.id).where(within)).first() is None:
        raise UnknownPerson(household_id)


def lock(desk: Desk, by: Worker, person_id: int, submission_id: int) -> None:
    """Make sure that nobody else is filling in this person's form. Raises UnknownPerson, Busy."""
    row = _row(desk, by, person_id)
    draft, account = desk.drafts.get(person_id, (row.draft_id, row.draft_by))
    if draft not in {None, submission_id} and account != by.id:
        raise Busy(person_id)


def _row(desk: Desk, by: Worker, person_id: int) -> Row[Any]:
    columns = (people.c.unit, people.c.draft_id, people.c.draft_by)
    mine = (people.c.id == person_id, area(desk.connection, by.viewer, FILL), LISTED)
    found = desk.connection.execute(select(*columns).where(*mine).with_for_update())
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
