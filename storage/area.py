"""Who works in a chat, and which people they may see, said so that an index finds them."""

from typing import Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from bot.dialogs.people import Account
from storage.access import Viewer, grant, under, within
from storage.commune_tables import assignments, households, people, units
from storage.sealed import Keys, place, unseal

SEE: Final = "see_people"
FILL: Final = "fill_form"


class Worker(Struct, frozen=True):
    """Who works in a chat, as the conversation knows them and as storage judges them."""

    account: Account
    viewer: Viewer

    @property
    def id(self) -> int:
        return self.account.id


class Holder(Struct, frozen=True):
    """The account a chat belongs to, as it was loaded. `role` None: there is no such account."""

    id: int
    role: str | None
    login: str
    name: bytes
    """Sealed."""
    unit: str
    disabled_at: int | None = None

    @property
    def cut_off(self) -> bool:
        return self.role is None or self.disabled_at is not None


def worker_of(keys: Keys, holder: Holder | None, chat_id: int) -> Worker | None:
    """Return who works in a chat; None in a citizen's, and once the account is disabled."""
    if holder is None or holder.role is None or holder.disabled_at is not None:
        return None
    name = name_of(keys, holder.id, holder.name)
    account = Account(holder.id, holder.role, name, holder.unit)
    return Worker(account, Viewer(holder.role, holder.unit, holder.id, chat_id, holder.login))


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
