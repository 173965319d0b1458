"""Invitations: a code that makes a chat somebody's place of work. Kept as a keyed hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, insert, select, update

from storage.access import Viewer, grant, within
from storage.accounts import MANAGE, AccountRefused, check_scope, managed
from storage.codes import new_code, read_code
from storage.commune_tables import accounts, invites
from storage.desk import Context
from storage.ids import MILLISECOND, instant, milliseconds
from storage.notes import note
from storage.sealed import Keys, place, seal, unseal

LENGTH: Final = 16
"""Characters before the check character: 80 random bits."""
MOST_USES: Final = 100
LONGEST: Final = timedelta(days=90)

State = Literal["open", "used", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An invitation to be written. `login`: to an account that is there already."""

    role: str
    unit: str
    login: str = ""
    name: str = ""
    uses: int = 1
    valid: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class InviteLine:
    """One invitation, for a list; never its code."""

    id: int
    role: str
    unit: str
    login: str | None
    uses_left: int
    expires_at: datetime
    by: str
    state: State


def read_invite(text: str) -> str | None:
    """Return the code that was typed, or None when it is none, or is mistyped."""
    return read_code(text, LENGTH)


def token_of(keys: Keys, code: str) -> str:
    return keys.token("invite", code)


def invite(connection: Connection, context: Context, viewer: Viewer, wanted: Wanted) -> str:
    """Return the code of a new invitation. Raises Denied, AccountRefused."""
    role, unit, account = wanted.role, wanted.unit, None
    if wanted.login:
        row = managed(connection, viewer, wanted.login)
        role, unit, account = row.role, row.unit, row.id
    check_scope(connection, viewer, role, unit)
    if not (1 <= wanted.uses <= MOST_USES) or (account and wanted.uses > 1):
        raise AccountRefused("uses", most=1 if account else MOST_USES)
    if not timedelta() < wanted.valid <= LONGEST:
        raise AccountRefused("days", most=LONGEST.days)
    code = new_code(context.random, LENGTH)
    number = _insert(connection, context, viewer, wanted, code, role, unit, account)
    facts = {"invite": number, "role": role, "uses": wanted.uses}
    note(connection, context, viewer, "invited", unit=unit, account=account, **facts)
    return code


def _insert(
    connection: Connection,
    context: Context,
    viewer: Viewer,
    wanted: Wanted,
    code: str,
    role: str,
    unit: str,
    account: int | None,
) -> int:
    at = milliseconds(context.now())
    number = context.ids.next(at)
    name = None
    if wanted.name:
        where = place("invites", "name", number)
        name = seal(context.keys.office, wanted.name.encode(), where, context.random)
    about = {"id": number, "token": token_of(context.keys, code), "role": role, "unit": unit}
    limits = {"uses_left": wanted.uses, "expires_at": at + wanted.valid // MILLISECOND}
    made = {"account_id": account, "name": name, "created_at": at, "created_by": viewer.by}
    connection.execute(insert(invites).values(about | limits | made))
    return number


def invited_name(keys: Keys, row: Row[Any]) -> str:
    """Return the name an invitation was written for, "" for none."""
    if row.name is None:
        return ""
    return unseal(keys.office, row.name, place("invites", "name", row.id)).decode()


def find_invite(connection: Connection, context: Context, code: str) -> Row[Any] | None:
    """Return the invitation of a code that can still be used."""
    usable = _usable(context)
    found = select(invites).where(invites.c.token == token_of(context.keys, code), *usable)
    return connection.execute(found).one_or_none()


def use_invite(connection: Connection, context: Context, number: int) -> bool:
    """Take one use; False when another chat was quicker. The caller commits."""
    one_less = update(invites).where(invites.c.id == number, *_usable(context))
    taken = one_less.values(uses_left=invites.c.uses_left - 1).returning(invites.c.id)
    return connection.scalar(taken) is not None


def _usable(context: Context) -> tuple[Any, ...]:
    now = milliseconds(context.now())
    return invites.c.uses_left > 0, invites.c.revoked_at.is_(None), invites.c.expires_at > now


def list_invites(connection: Connection, viewer: Viewer, *, now: datetime) -> Sequence[InviteLine]:
    """Return the invitations this viewer may see, newest first. Raises Denied."""
    found = connection.execute(
        select(invites, accounts.c.login)
        .outerjoin(accounts, accounts.c.id == invites.c.account_id)
        .where(within(viewer, "see_accounts", invites))
        .order_by(invites.c.id.desc())
    )
    return [_line(row, milliseconds(now)) for row in found]


def _line(row: Row[Any], now: int) -> InviteLine:
    about = (row.id, row.role, row.unit, row.login, row.uses_left, instant(row.expires_at))
    return InviteLine(*about, row.created_by, _state(row, now))


def _state(row: Row[Any], now: int) -> State:
    if row.revoked_at is not None:
        return "revoked"
    if row.uses_left == 0:
        return "used"
    return "open" if row.expires_at > now else "expired"


def revoke(connection: Connection, context: Context, viewer: Viewer, number: int) -> None:
    """Let an invitation open nothing any more. Raises Denied, AccountRefused."""
    roles = grant(viewer, MANAGE).roles
    mine = (invites.c.id == number, within(viewer, MANAGE, invites), invites.c.role.in_(roles))
    change = update(invites).where(*mine, invites.c.revoked_at.is_(None))
    at = milliseconds(context.now())
    unit = connection.scalar(change.values(revoked_at=at).returning(invites.c.unit))
    if unit is None:
        raise AccountRefused("invite_unknown", number=number)
    note(connection, context, viewer, "invite_revoked", unit=unit, invite=number)
