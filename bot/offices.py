"""The offices a database holds, one for each commune, and which of them this process speaks for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from bot.content import trial_office
from bot.dialogs.known import Office, with_villages
from bot.setup import office_from_json, office_to_json
from storage.tables import meta
from storage.units import ensure_commune, set_villages, village_names

OFFICE: Final = "office:"
"""Rows of table meta: this and the commune's code -> the office as `mau03 setup` left it."""
OLD: Final = "office"
"""The row of an installation from before there could be several."""
BOT: Final = "bot:"
"""Rows of table meta: this, the commune's code, the platform -> address of its bot there."""


class OfficeUnclear(Exception):
    """Several communes and none named (`given` is ""), or one named that is not set up."""

    def __init__(self, given: str, known: Sequence[str]) -> None:
        super().__init__(given)
        self.given = given
        self.known = known


def open_office(connection: Connection, commune: str, *, any_commune: bool = False) -> Office:
    """Return the office of this commune ("": of the only one), its units in their table.

    Before the first set-up it is the trial office. `any_commune` takes the first of several, for
    a set-up that will say which. Raises OfficeUnclear. The caller commits.
    """
    offices = saved_offices(connection)
    named = [office for office in offices if commune in {"", office.commune}]
    if len(named) > 1 and not any_commune:
        raise OfficeUnclear("", [office.commune for office in named])
    if commune and not named and not any_commune:
        raise OfficeUnclear(commune, [office.commune for office in offices])
    office = (named or list(offices) or [trial_office()])[0]
    ensure_commune(connection, office)
    return with_villages(office, village_names(connection, office.commune))


def saved_offices(connection: Connection) -> Sequence[Office]:
    """Return the offices that were set up, by the codes of their communes."""
    _migrate(connection)
    found = select(meta.c.value).where(meta.c.name.startswith(OFFICE, autoescape=True))
    offices = map(office_from_json, connection.scalars(found.order_by(meta.c.name)))
    return [
        with_villages(office, village_names(connection, office.commune) or office.villages)
        for office in offices
    ]


def _migrate(connection: Connection) -> None:
    """Give the one row of old the name it has among several, and its villages their units."""
    text = connection.scalar(select(meta.c.value).where(meta.c.name == OLD))
    if text is not None:
        office = office_from_json(text)
        ensure_commune(connection, office)
        _put(connection, office)
        connection.execute(meta.delete().where(meta.c.name == OLD))


def save_office(
    connection: Connection, office: Office, *, at: datetime, instead_of: str = ""
) -> None:
    """Keep an office as it is now, in place of that of the commune `instead_of`, if any.

    The caller commits.
    """
    if instead_of:
        connection.execute(meta.delete().where(meta.c.name == f"{OFFICE}{instead_of}"))
    ensure_commune(connection, office)
    set_villages(connection, office.commune, office.villages, at=at)
    _put(connection, office)


def _put(connection: Connection, office: Office) -> None:
    name = f"{OFFICE}{office.commune}"
    connection.execute(meta.delete().where(meta.c.name == name))
    kept = with_villages(office, ())  # they are units
    connection.execute(meta.insert().values(name=name, value=office_to_json(kept)))


def save_bot(connection: Connection, commune: str, platform: str, address: str) -> None:
    """Remember where people find the bot of a commune, for links made elsewhere."""
    name = f"{BOT}{commune}:{platform}"
    connection.execute(meta.delete().where(meta.c.name == name))
    connection.execute(meta.insert().values(name=name, value=address))


def saved_bots(connection: Connection, commune: str) -> dict[str, str]:
    """Return platform -> address of the commune's bot there."""
    prefix = f"{BOT}{commune}:"
    found = select(meta.c.name, meta.c.value).where(meta.c.name.startswith(prefix, autoescape=True))
    return {name.removeprefix(prefix): address for name, address in connection.execute(found)}
