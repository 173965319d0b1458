"""Who works in a chat, and which people they may see, said so that an index finds them."""

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Row, and_, false, or_, select

from bot.dialogs.people import Account
from storage.access import Viewer, grant, under, within
from storage.commune_tables import accounts, assignments, households, people, units
from storage.sealed import Keys, place, unseal
from storage.tables import chats

SEE: Final = "see_people"
FILL: Final = "fill_form"


class Worker(Struct, frozen=True):
    """Who works in a chat, as the conversation knows them and as storage judges them."""

    account: Account
    viewer: Viewer

    @property
    def id(self) -> int:
        return self.account.id


def worker_of(connection: Connection, keys: Keys, chat_id: int) -> Worker | None:
    """Return who works in a chat; None in a citizen's, and once the account is disabled."""
    mine = select(accounts).join(chats, chats.c.holder == accounts.c.id)
    row = connection.execute(
        mine.where(chats.c.id == chat_id, accounts.c.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else _worker(keys, row, chat_id)


def _worker(keys: Keys, row: Row[Any], chat_id: int) -> Worker:
    account = Account(row.id, row.role, name_of(keys, row.id, row.name), row.unit)
    return Worker(account, Viewer(row.role, row.unit, row.id, chat_id, row.login))


def name_of(keys: Keys, account_id: int, sealed: bytes) -> str:
    """Return the name of an account."""
    return unseal(keys.office, sealed, place("accounts", "name", account_id)).decode()


class Given(Struct, frozen=True):
    """What an account was given to visit and not relieved of."""

    villages: tuple[tuple[str, str], ...]
    """Unit and name."""
    households: tuple[int, ...]
    people: tuple[int, ...]
    target: int | None
    due: str


def given_to(connection: Connection, account: int) -> Given:
    """Return the assignments of an account: targets added up, the earliest day."""
    mine = (assignments.c.account_id == account, assignments.c.ended_at.is_(None))
    rows = connection.execute(select(assignments).where(*mine).order_by(assignments.c.id)).all()
    targets = [row.target for row in rows if row.target is not None]
    return Given(
        tuple((row.unit, row.village) for row in rows if row.village is not None),
        tuple(row.household_id for row in rows if row.household_id is not None),
        tuple(row.person_id for row in rows if row.person_id is not None),
        sum(targets) if targets else None,
        min((row.due_on for row in rows if row.due_on), default=""),
    )


def area(connection: Connection, viewer: Viewer, action: str = SEE) -> ColumnElement[bool]:
    """Return the condition for the people `action` may touch. Raises Denied.

    `access.within` decides. Beside it stands the same in plain values, which an index can look
    up: a hundred thousand people are not to be tried one by one.
    """
    allowed = within(viewer, action, people)
    scope = grant(viewer, action).scope
    if scope == "assigned":
        return and_(_assigned(connection, viewer), allowed)
    if scope in {"unit", "handed_over"}:
        return and_(people.c.unit.in_(_communes(connection, viewer.unit)), allowed)
    return allowed


def household_area(viewer: Viewer, household_id: int, action: str) -> ColumnElement[bool]:
    """Return the condition for one household, if `action` may touch it. Raises Denied."""
    return and_(households.c.id == household_id, within(viewer, action, households))


def _assigned(connection: Connection, viewer: Viewer) -> ColumnElement[bool]:
    if viewer.account is None:
        return false()
    given = given_to(connection, viewer.account)
    villages = (
        and_(people.c.unit == unit, people.c.village == village) for unit, village in given.villages
    )
    return or_(
        false(),
        *villages,
        people.c.household_id.in_(given.households),
        people.c.id.in_(given.people),
    )


def _communes(connection: Connection, unit: str) -> list[str]:
    """Return the units whose people may be of this one: it, those below, a village's commune."""
    here = select(units.c.parent).where(units.c.code == unit, units.c.level == "village")
    below = select(units.c.code).where(units.c.code.in_(under(unit)), units.c.level != "village")
    return [code for code in connection.scalars(below.union(here)) if code]
