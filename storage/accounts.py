"""The accounts of those who work here: made, disabled, enabled; every change is noted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from storage.access import Denied, Viewer, grant, under, within
from storage.commune_tables import accounts, invites, units
from storage.database import lock_chats
from storage.desk import Context
from storage.ids import instant, milliseconds
from storage.notes import note
from storage.policy import policy
from storage.sealed import Keys, place, seal, unseal
from storage.statements import DELETION
from storage.tables import chats, outbox

MANAGE: Final = "manage_accounts"
LOGIN: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
LONGEST: Final = 100
"""Characters of a name."""


class AccountRefused(Exception):
    """That cannot be done with accounts. `code` names the text that says why."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account, for a list."""

    id: int
    login: str
    name: str
    role: str
    unit: str
    created_at: datetime
    disabled: bool
    chats: int
    """In which it works."""


def viewer_of(connection: Connection, login: str) -> Viewer:
    """Return who asks under this login. Raises AccountRefused when it is disabled or unknown."""
    row = connection.execute(select(accounts).where(accounts.c.login == login)).one_or_none()
    if row is None:
        raise AccountRefused("unknown", login=login)
    if row.disabled_at is not None:
        raise AccountRefused("disabled", login=login)
    return Viewer(row.role, row.unit, row.id, by=row.login)


def approver(connection: Connection, viewer: Viewer, login: str, action: str) -> Viewer:
    """Return who approves under this login what the viewer asked for: allowed to, and another
    person where the table of roles says so.

    Raises AccountRefused.
    """
    second = viewer_of(connection, login)
    here = connection.scalar(under(second.unit).where(units.c.code == viewer.unit))
    allowed = second.role in policy().actions[action]
    same = second.account == viewer.account and action in policy().other_person
    if same or here is None or not allowed:
        raise AccountRefused("second_wrong", login=login)
    return second


def list_accounts(connection: Connection, keys: Keys, viewer: Viewer) -> Sequence[AccountLine]:
    """Return the accounts this viewer may see, by login. Raises Denied."""
    held = select(func.count()).where(chats.c.holder == accounts.c.id).scalar_subquery()
    found = connection.execute(
        select(accounts, held.label("held"))
        .where(within(viewer, "see_accounts", accounts))
        .order_by(accounts.c.login)
    )
    return [_line(keys, row) for row in found]


def _line(keys: Keys, row: Row[Any]) -> AccountLine:
    name = unseal(keys.office, row.name, place("accounts", "name", row.id)).decode()
    about = (row.id, row.login, name, row.role, row.unit, instant(row.created_at))
    return AccountLine(*about, row.disabled_at is not None, row.held)


def check_scope(connection: Connection, viewer: Viewer, role: str, unit: str) -> None:
    """Raises Denied or AccountRefused unless this viewer may give `role` in `unit`."""
    if role not in grant(viewer, MANAGE).roles:
        raise Denied(MANAGE)
    here = select(units.c.code).where(units.c.code == unit, units.c.code.in_(under(viewer.unit)))
    if connection.scalar(here.where(units.c.closed_at.is_(None))) is None:
        raise AccountRefused("unit_unknown", unit=unit)


def add_account(
    connection: Connection, context: Context, viewer: Viewer, login: str, name: str, role: str,
    unit: str,
) -> int:  # fmt: skip
    """Return the number of a new account. Raises Denied, AccountRefused."""
    check_scope(connection, viewer, role, unit)
    if not LOGIN.fullmatch(login):
        raise AccountRefused("login", login=login[:LONGEST])
    if connection.scalar(select(accounts.c.id).where(accounts.c.login == login)) is not None:
        raise AccountRefused("login_taken", login=login)
    return insert_account(connection, context, viewer, login, name, role, unit)


def insert_account(
    connection: Connection, context: Context, viewer: Viewer, login: str, name: str, role: str,
    unit: str,
) -> int:  # fmt: skip
    """The same, of what was checked before."""
    at = milliseconds(context.now())
    account = context.ids.next(at)
    where = place("accounts", "name", account)
    sealed = seal(context.keys.office, name[:LONGEST].encode(), where, context.random)
    about = {"id": account, "login": login, "name": sealed, "role": role, "unit": unit}
    made = {"created_at": at, "created_by": viewer.by}
    connection.execute(insert(accounts).values(about | made))
    note(connection, context, viewer, "created", unit=unit, account=account, role=role)
    return account


def new_login(connection: Connection, role: str) -> str:
    """Return a login nobody has: the role and a number."""
    taken = {*connection.scalars(select(accounts.c.login).where(accounts.c.role == role))}
    number = len(taken) + 1
    while f"{role}{number}" in taken:
        number += 1
    return f"{role}{number}"


def managed(connection: Connection, viewer: Viewer, login: str) -> Any:
    """Return the row of an account this viewer may change, locked until the transaction ends.

    Rows that name it may still be written: a turn that does so holds a chat we may wait for.
    Raises Denied, AccountRefused.
    """
    mine = within(viewer, MANAGE, accounts)
    found = select(accounts).where(accounts.c.login == login, mine)
    row = connection.execute(found.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise AccountRefused("unknown", login=login)
    if row.role not in grant(viewer, MANAGE).roles:
        raise Denied(MANAGE)
    return row


def disable(connection: Connection, context: Context, viewer: Viewer, login: str) -> None:
    """Cut an account off, from the next message on; its drafts are kept.

    What was still to be shown in its chats is not shown any more, and no invitation that waits
    for it, or was written by it, opens anything. Raises Denied, AccountRefused.
    """
    row = managed(connection, viewer, login)
    if row.disabled_at is not None:
        return
    at = milliseconds(context.now())
    connection.execute(update(accounts).where(accounts.c.id == row.id).values(disabled_at=at))
    _revoke_invites(connection, row, at)
    held = connection.execute(select(chats.c.id, chats.c.token).where(chats.c.holder == row.id))
    mine = {chat.id: chat.token for chat in held}
    lock_chats(connection, [*mine.values()])  # a turn under way may have something to say
    unseen = (outbox.c.chat_id.in_(mine), outbox.c.priority != DELETION)
    connection.execute(delete(outbox).where(*unseen))
    note(connection, context, viewer, "disabled", unit=row.unit, account=row.id)


def _revoke_invites(connection: Connection, account: Any, at: int) -> None:
    """Let no invitation open anything that waits for this account, or was written by it."""
    theirs = or_(invites.c.account_id == account.id, invites.c.created_by == account.login)
    unused = (invites.c.uses_left > 0, invites.c.expires_at > at, invites.c.revoked_at.is_(None))
    connection.execute(update(invites).where(theirs, *unused).values(revoked_at=at))


def enable(connection: Connection, context: Context, viewer: Viewer, login: str) -> None:
    """Let an account in again, in the chats it still holds. Raises Denied, AccountRefused."""
    row = managed(connection, viewer, login)
    if row.disabled_at is not None:
        let_in(connection, context, viewer, row)


def let_in(connection: Connection, context: Context, viewer: Viewer, row: Any) -> None:
    on = update(accounts).where(accounts.c.id == row.id)
    connection.execute(on.values(disabled_at=None))
    note(connection, context, viewer, "enabled", unit=row.unit, account=row.id)
