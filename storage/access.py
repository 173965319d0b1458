"""Who may see which rows. Every read of records goes through here; what is unknown is denied.

What a role may do is data (roles.toml, read by `policy`); here it becomes conditions of queries.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, and_, exists, false, or_, select, true

from storage.commune_tables import (
    accesses,
    account_events,
    accounts,
    assignments,
    batches,
    column_maps,
    doubles,
    households,
    invites,
    merges,
    outcomes,
    people,
    person_marks,
    renewals,
    returns,
    units,
)
from storage.policy import Denied, Grant, OnlyCounts, policy
from storage.tables import (
    chats,
    consents,
    events,
    exports,
    inbox,
    outbox,
    submission_marks,
    submissions,
    tasks,
)

__all__ = ["Denied", "Grant", "OnlyCounts", "Viewer", "grant", "under", "within"]

HANDED_OVER: Final = ("handed_over", "accepted", "mismatched")
"""Status of submissions the police have been given."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks."""

    role: str
    unit: str
    """Code: the root of what may be seen."""
    account: int | None
    """None: the command line of this machine, or a citizen's chat."""
    chat: int | None = None
    by: str = ""
    """For logs: the login, or "cli:" and the user of the operating system."""


@dataclass(frozen=True, slots=True)
class Rows:
    """By which columns the rows of one table are somebody's."""

    unit: str = ""
    village: str = ""
    """The village's name within the commune in `unit`."""
    account: str = ""
    chat: str = ""
    through: tuple[str, Table] | None = None
    """A column, and the table whose row it names: who sees that one sees this one."""


TABLES: Final[dict[Table, Rows]] = {
    units: Rows(unit="code"),
    accounts: Rows(unit="unit", account="id"),
    invites: Rows(unit="unit"),
    account_events: Rows(unit="unit", account="account_id"),
    accesses: Rows(unit="unit", account="account_id", through=("submission_id", submissions)),
    batches: Rows(unit="unit"),
    column_maps: Rows(unit="unit"),
    renewals: Rows(through=("batch_id", batches)),
    households: Rows(unit="unit", village="village"),
    people: Rows(unit="unit", village="village"),
    person_marks: Rows(through=("person_id", people)),
    assignments: Rows(unit="unit", village="village", account="account_id"),
    outcomes: Rows(unit="unit", account="account_id", through=("person_id", people)),
    doubles: Rows(unit="unit"),
    merges: Rows(unit="unit"),
    returns: Rows(unit="unit", through=("submission_id", submissions)),
    submissions: Rows(unit="unit", village="village", account="enumerator", chat="chat_id"),
    submission_marks: Rows(through=("submission_id", submissions)),
    events: Rows(through=("submission_id", submissions)),
    consents: Rows(chat="chat_id", through=("submission_id", submissions)),
    tasks: Rows(unit="unit", chat="chat_id", through=("submission_id", submissions)),
    chats: Rows(unit="unit", account="holder", chat="id"),
    inbox: Rows(chat="chat_id", through=("chat_id", chats)),
    outbox: Rows(chat="chat_id", through=("chat_id", chats)),
    exports: Rows(unit="unit"),
}
"""To let a table be read at all: a line here."""


def grant(viewer: Viewer, action: str) -> Grant:
    """Return what this viewer may do. Raises Denied."""
    return policy().granted(viewer.role, action)


def within(viewer: Viewer, action: str, table: Table) -> ColumnElement[bool]:
    """Return the condition for the rows of `table` that `action` may touch. Raises Denied.

    Nothing is touched of a viewer without account, chat or known unit where one is needed.
    """
    scope = grant(viewer, action).scope
    if table not in TABLES or table.name not in policy().tables[action]:
        raise Denied(f"{action}: {table.name}")
    if scope == "installation":
        return true()
    if scope == "self":
        return _of_chat(viewer, table)
    narrowed = {"unit": _of_unit, "own": _of_account, "assigned": _assigned}
    condition = narrowed.get(scope, _handed_over)(viewer, table)
    return condition if scope == "unit" else and_(condition, _of_unit(viewer, table))


def under(unit: str) -> Select[Any]:
    """Return the codes of a unit and of all below it; none for a unit nobody knows."""
    root = units.alias("root")
    path = select(root.c.path + "%").where(root.c.code == unit).scalar_subquery()
    return select(units.c.code).where(units.c.path.like(path))


def _of_unit(viewer: Viewer, table: Table) -> ColumnElement[bool]:
    rows, found = TABLES[table], list[ColumnElement[bool]]()
    if rows.unit:
        found.append(table.c[rows.unit].in_(under(viewer.unit)))
    if rows.village:
        here = units.alias("here")
        found.append(
            exists()
            .where(here.c.code == viewer.unit, here.c.level == "village")
            .where(here.c.parent == table.c[rows.unit], here.c.name == table.c[rows.village])
            .correlate(table)
        )
    if rows.through:
        found.append(_through(viewer, table, _of_unit))
    return or_(*found)


def _of_chat(viewer: Viewer, table: Table) -> ColumnElement[bool]:
    rows = TABLES[table]
    if rows.chat:
        return false() if viewer.chat is None else table.c[rows.chat] == viewer.chat
    return _through(viewer, table, _of_chat)


def _of_account(viewer: Viewer, table: Table) -> ColumnElement[bool]:
    rows = TABLES[table]
    if rows.account:
        return false() if viewer.account is None else table.c[rows.account] == viewer.account
    return _through(viewer, table, _of_account)


def _through(viewer: Viewer, table: Table, narrow: Any) -> ColumnElement[bool]:
    """Return the condition for rows whose row in another table fulfils `narrow`. Raises Denied."""
    through = TABLES[table].through
    if through is None:
        raise Denied(table.name)
    column, other = through
    return table.c[column].in_(select(other.c.id).where(narrow(viewer, other)))


def _handed_over(viewer: Viewer, table: Table) -> ColumnElement[bool]:
    given = submissions.c.status.in_(HANDED_OVER)
    if table is submissions:
        return given
    if table is people:
        handed = select(submissions.c.id).where(given, _of_unit(viewer, submissions))
        return people.c.submission_id.in_(handed)
    return _through(viewer, table, _handed_over)


def _assigned(viewer: Viewer, table: Table) -> ColumnElement[bool]:
    """Return the condition for what was given to this account to visit and not taken back."""
    if viewer.account is None:
        return false()
    if table is assignments:
        return _active(viewer.account)
    if table is people:
        return _assigned_people(viewer.account)
    if table is households:
        mine = select(people.c.household_id).where(_active_person(viewer.account))
        return or_(
            households.c.id.in_(_given("household_id", viewer.account)),
            _in_given_village(households, viewer.account),
            households.c.id.in_(mine),
        )
    if table is submissions:
        visited = select(people.c.id).where(_assigned_people(viewer.account))
        return or_(
            submissions.c.person_id.in_(visited), _in_given_village(submissions, viewer.account)
        )
    return _through(viewer, table, _assigned)


def _assigned_people(account: int) -> ColumnElement[bool]:
    return or_(
        _active_person(account),
        people.c.household_id.in_(_given("household_id", account)),
        _in_given_village(people, account),
    )


def _active_person(account: int) -> ColumnElement[bool]:
    return people.c.id.in_(_given("person_id", account))


def _active(account: int) -> ColumnElement[bool]:
    return and_(assignments.c.account_id == account, assignments.c.ended_at.is_(None))


def _given(column: str, account: int) -> Select[Any]:
    found = select(assignments.c[column]).where(_active(account))
    return found.where(assignments.c[column].is_not(None))


def _in_given_village(table: Table, account: int) -> ColumnElement[bool]:
    same = (assignments.c.unit == table.c.unit, assignments.c.village == table.c.village)
    return exists().where(_active(account), *same).correlate(table)
