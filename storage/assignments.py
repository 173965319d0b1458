"""Who collects whom: by village, household or person, how many, until when; all of it kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, insert, or_, select, update

from storage.access import Viewer, under, within
from storage.commune_tables import accounts, assignments, households, people, units
from storage.desk import Context
from storage.ids import instant, milliseconds
from storage.lines import LISTED
from storage.notes import note
from storage.village_names import village_of

ASSIGN: Final = "assign"
COLLECTORS: Final = ("enumerator",)
"""Roles that are given people to visit; others see their whole unit."""


WHAT: Final = ("account_id", "unit", "village", "household_id", "person_id")
SHOWN: Final = 5
"""Numbers of a refusal that are named."""


class AssignRefused(Exception):
    """That cannot be assigned. `code` names the text that says why."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Area(Struct, frozen=True):
    """What is assigned: a village, a household, or a list of people."""

    village: str = ""
    household: int = 0
    people: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment, for a list."""

    id: int
    login: str
    village: str | None
    household_id: int | None
    person_id: int | None
    target: int | None
    due_on: str | None
    created_at: datetime
    created_by: str
    ended_at: datetime | None


def assign(
    connection: Connection,
    context: Context,
    viewer: Viewer,
    login: str,
    area: Area,
    *,
    target: int | None = None,
    due: date | None = None,
) -> int:
    """Give an enumerator people to visit; return how many assignments that makes.

    What they have already is not given again. Target and day stand on the first row. The caller
    commits. Raises Denied, AssignRefused.
    """
    account = _collector(connection, viewer, login)
    rows = [row for row in _rows(connection, viewer, account, area) if not _has(connection, row)]
    at, due_on = milliseconds(context.now()), due.isoformat() if due else None
    for number, row in enumerate(rows):
        row |= {"id": context.ids.next(at), "created_at": at, "created_by": viewer.by}
        if number == 0:
            row |= {"target": target, "due_on": due_on}
        connection.execute(insert(assignments).values(row))
    if rows:
        unit = rows[0]["unit"]
        note(
            *(connection, context, viewer, "assigned"),
            unit=unit, account=account.id, rows=len(rows),
        )  # fmt: skip
    return len(rows)


def end(connection: Connection, context: Context, viewer: Viewer, ids: Sequence[int]) -> int:
    """Take assignments back, from now on; return how many. Raises Denied, AssignRefused."""
    mine = (within(viewer, ASSIGN, assignments), assignments.c.ended_at.is_(None))
    open_ones = select(assignments).where(assignments.c.id.in_(ids), *mine)
    found = connection.execute(open_ones).all()
    if len(found) < len(set(ids)):
        missing = sorted(set(ids) - {row.id for row in found})
        raise AssignRefused("unknown", ids=", ".join(map(str, missing)))
    at = milliseconds(context.now())
    gone = assignments.c.id.in_([row.id for row in found])
    connection.execute(update(assignments).where(gone).values(ended_at=at))
    for account in sorted({row.account_id for row in found}):
        unit, rows = found[0].unit, sum(row.account_id == account for row in found)
        note(connection, context, viewer, "unassigned", unit=unit, account=account, rows=rows)
    return len(found)


def move(
    connection: Connection, context: Context, viewer: Viewer, ids: Sequence[int], login: str
) -> int:
    """Give assignments to somebody else, with what is left of target and day; return how many.

    The drafts of whoever had them stay theirs to finish. Raises Denied, AssignRefused.
    """
    account = _collector(connection, viewer, login)
    mine = (assignments.c.id.in_(ids), within(viewer, ASSIGN, assignments))
    found = connection.execute(select(assignments).where(*mine).order_by(assignments.c.id)).all()
    if {row.unit for row in found} - {*connection.scalars(_reached(account.unit))}:
        raise AssignRefused("other_unit", login=login)
    end(connection, context, viewer, ids)
    at = milliseconds(context.now())
    kept = ("unit", "village", "household_id", "person_id", "target", "due_on")
    for row in found:
        new = {name: getattr(row, name) for name in kept} | {"account_id": account.id}
        new = {name: value for name, value in new.items() if value is not None}
        if not _has(connection, new):
            new |= {"id": context.ids.next(at), "created_at": at, "created_by": viewer.by}
            connection.execute(insert(assignments).values(new))
    unit, rows = account.unit, len(found)
    note(connection, context, viewer, "assigned", unit=unit, account=account.id, rows=rows)
    return len(found)


def release(connection: Connection, context: Context, viewer: Viewer, ids: Sequence[int]) -> None:
    """Let others take up people whose form somebody has begun. Raises Denied, AssignRefused.

    What was begun stays where it is; handed in later than another, it begins a double.
    """
    theirs = (people.c.id.in_(ids), within(viewer, ASSIGN, people), LISTED)
    begun = select(people.c.id, people.c.unit, people.c.draft_by).where(
        *theirs, people.c.draft_id.is_not(None)
    )
    found = connection.execute(begun).all()
    _check_all("no_person", set(ids), {row.id for row in found})
    free = update(people).where(people.c.id.in_([row.id for row in found]))
    connection.execute(free.values(draft_id=None, draft_by=None))
    for unit, account in sorted({(row.unit, row.draft_by) for row in found if row.draft_by}):
        rows = sum(row.draft_by == account for row in found)
        note(connection, context, viewer, "unassigned", unit=unit, account=account, rows=rows)


def assigned(
    connection: Connection, viewer: Viewer, *, login: str = "", ended: bool = False
) -> list[Assignment]:
    """Return what is assigned, with `ended` also what was; oldest first. Raises Denied."""
    query = select(assignments, accounts.c.login).join(
        accounts, accounts.c.id == assignments.c.account_id
    )
    query = query.where(within(viewer, ASSIGN, assignments)).order_by(assignments.c.id)
    if login:
        query = query.where(accounts.c.login == login)
    if not ended:
        query = query.where(assignments.c.ended_at.is_(None))
    return [_assignment(row) for row in connection.execute(query)]


def _assignment(row: Row[Any]) -> Assignment:
    what = (row.village, row.household_id, row.person_id, row.target, row.due_on)
    ended = None if row.ended_at is None else instant(row.ended_at)
    return Assignment(row.id, row.login, *what, instant(row.created_at), row.created_by, ended)


def _collector(connection: Connection, viewer: Viewer, login: str) -> Row[Any]:
    mine = (accounts.c.login == login, within(viewer, ASSIGN, accounts))
    row: Row[Any] | None = connection.execute(select(accounts).where(*mine)).one_or_none()
    if row is None or row.disabled_at is not None:
        raise AssignRefused("no_account", login=login)
    if row.role not in COLLECTORS:
        raise AssignRefused("no_collector", login=login)
    return row


def _rows(
    connection: Connection, viewer: Viewer, account: Row[Any], area: Area
) -> list[dict[str, Any]]:
    """Return a row for each thing assigned. Raises Denied, AssignRefused."""
    found: list[dict[str, Any]]
    if area.village:
        unit = _commune(connection, account.unit)
        found = [{"unit": unit, "village": named_village(connection, unit, area.village)}]
    elif area.household:
        named = select(households.c.unit, households.c.id.label("household_id"))
        mine = (households.c.id == area.household, within(viewer, ASSIGN, households))
        found = [dict(row._mapping) for row in connection.execute(named.where(*mine))]
        _check_all("no_household", {area.household}, {row["household_id"] for row in found})
    else:
        chosen = select(people.c.unit, people.c.id.label("person_id")).order_by(people.c.id)
        theirs = (people.c.id.in_(area.people), within(viewer, ASSIGN, people), LISTED)
        found = [dict(row._mapping) for row in connection.execute(chosen.where(*theirs))]
        _check_all("no_person", set(area.people), {row["person_id"] for row in found})
    if {row["unit"] for row in found} - {*connection.scalars(_reached(account.unit))}:
        raise AssignRefused("other_unit", login=account.login)
    return [{"account_id": account.id, **row} for row in found]


def _check_all(code: str, asked: set[int], found: set[Any]) -> None:
    if missing := sorted(asked - found):
        raise AssignRefused(code, ids=", ".join(map(str, missing[:SHOWN])))


def _reached(unit: str) -> Select[Any]:
    """The units whose people an account of this one can see: a village's are its commune's."""
    parent = select(units.c.parent).where(units.c.code == unit, units.c.level == "village")
    return select(units.c.code).where(or_(units.c.code.in_(under(unit)), units.c.code.in_(parent)))


def _commune(connection: Connection, unit: str) -> str:
    parent = select(units.c.parent).where(units.c.code == unit, units.c.level == "village")
    return connection.scalar(parent) or unit


def named_village(connection: Connection, unit: str, given: str) -> str:
    """Return one of the commune's villages, or where somebody on its list lives.

    Raises AssignRefused.
    """
    village = village_of(connection, unit, given)
    if village is None:
        raise AssignRefused("no_village", village=given)
    return village


def _has(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Return whether this account was given just that already."""
    same = [assignments.c[name] == value for name, value in row.items() if name in WHAT]
    open_ones = select(assignments.c.id).where(*same, assignments.c.ended_at.is_(None))
    return connection.execute(open_ones.limit(1)).first() is not None
