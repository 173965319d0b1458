"""The units of an installation: its communes under their province, and the villages of each.

The villages people may choose from are kept here and nowhere else. Rows of people name a village
by its name within its commune, so a new name is written there in the same transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update

from bot.dialogs.known import Office
from bot.dialogs.readers.characters import fold, tidy
from storage.access import Viewer, within
from storage.commune_tables import assignments, households, people, units
from storage.desk import Context
from storage.ids import milliseconds
from storage.notes import note
from storage.tables import submissions
from storage.village_names import VILLAGE_KINDS, village_named

KINDS: Final[Mapping[str, tuple[str, bool | None]]] = MappingProxyType(
    {
        "xa": ("xa", False),
        "phuong": ("phuong", True),
        "thi tran": ("thi_tran", True),
        "dac khu": ("dac_khu", None),  # no rule says which it is
    }
)
"""First words of a commune's name -> its kind, and whether it counts as urban."""
LONGEST: Final = 100
"""Characters of a name."""


class UnitRefused(Exception):
    """A unit cannot be changed like that. `code` names the text that says why."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Unit:
    code: str
    parent: str | None
    level: str
    kind: str
    name: str
    path: str
    urban: bool | None
    position: int
    closed: bool

    @property
    def above(self) -> str:
        """Path of its parent."""
        return self.path.removesuffix(f"{self.code}/")


class Village(NamedTuple):
    """A village as it is to be. `kind` "": as its name says."""

    name: str
    kind: str = ""
    position: int | None = None
    """None: after those that are there."""


def ensure_commune(connection: Connection, office: Office) -> None:
    """Put the commune of an office and its province where other tables refer to.

    What is there stays. The villages an office of old still carries become units, once. The
    caller commits.
    """
    province = _row(office.province, None, "province", _province_kind(office), office.province_name)
    kind, urban = _commune_kind(office.commune_name)
    commune = _row(office.commune, province, "commune", kind, office.commune_name, urban)
    for row in (province, commune):
        if connection.scalar(select(units.c.code).where(units.c.code == row["code"])) is None:
            connection.execute(insert(units).values(row))
    if office.villages and not _villages(connection, office.commune):
        for name in office.villages:
            _insert_village(connection, office.commune, Village(name))


def _province_kind(office: Office) -> str:
    return "thanh_pho" if fold(office.province_name).startswith("thanh pho ") else "tinh"


def _commune_kind(name: str) -> tuple[str, bool | None]:
    folded = fold(name)
    found = (kind for word, kind in KINDS.items() if folded.startswith(f"{word} "))
    return next(found, KINDS["xa"])


def _row(
    code: str,
    parent: Mapping[str, Any] | None,
    level: str,
    kind: str,
    name: str,
    urban: bool | None = None,
    position: int = 0,
) -> dict[str, Any]:
    above = parent["path"] if parent else "/"
    about = {"code": code, "parent": parent["code"] if parent else None, "level": level}
    named = {"kind": kind, "name": name, "folded_name": fold(name)}
    return about | named | {"path": f"{above}{code}/", "urban": urban, "position": position}


def village_kind(name: str, *, urban: bool | None) -> str:
    """Return the kind a village's name begins with, else the usual one of its commune."""
    folded = fold(name)
    found = (kind for word, kind in VILLAGE_KINDS.items() if folded.startswith(f"{word} "))
    return next(found, "to_dan_pho" if urban else "thon")


def village_names(connection: Connection, commune: str) -> tuple[str, ...]:
    """Return the villages people may choose from, in their order."""
    return tuple(row.name for row in _villages(connection, commune) if row.closed_at is None)


def _villages(connection: Connection, commune: str) -> Sequence[Any]:
    mine = select(units).where(units.c.parent == commune, units.c.level == "village")
    return connection.execute(mine.order_by(units.c.position, units.c.code)).all()


def list_units(connection: Connection, viewer: Viewer) -> list[Unit]:
    """Return the units this viewer may see, the closed ones too, each below its parent."""
    found = map(_unit, connection.execute(_seen(viewer, "see_units")))
    return sorted(found, key=lambda unit: (unit.above, unit.position, unit.code))


def _seen(viewer: Viewer, action: str, *where: ColumnElement[bool]) -> Select[Any]:
    return select(units).where(within(viewer, action, units), *where)


def _unit(row: Any) -> Unit:
    about = (row.code, row.parent, row.level, row.kind, row.name, row.path, row.urban)
    return Unit(*about, row.position, row.closed_at is not None)


def _changed(connection: Connection, viewer: Viewer, code: str, level: str) -> Unit:
    """Return the unit to be changed. Raises Denied, UnitRefused."""
    row = connection.execute(_seen(viewer, "manage_units", units.c.code == code)).one_or_none()
    if row is None or row.level != level:
        raise UnitRefused("unknown", given=code)
    return _unit(row)


def missing_villages(
    connection: Connection, viewer: Viewer, commune: str, wanted: Iterable[Village]
) -> list[Village]:
    """Return those of the wanted villages that are not there, or closed. Raises Denied,
    UnitRefused."""
    _changed(connection, viewer, commune, "commune")
    known = [row for row in _villages(connection, commune) if row.closed_at is None]
    missing = list[Village]()
    for village in wanted:
        earlier = [Village(row.name, row.kind) for row in known] + missing
        if _same(earlier, tidy(village.name), village.kind) is None:
            missing.append(village)
    return missing


def add_villages(
    connection: Connection,
    context: Context,
    viewer: Viewer,
    commune: str,
    wanted: Iterable[Village],
) -> list[str]:
    """Add villages or open closed ones again; return their codes. Raises Denied, UnitRefused."""
    _changed(connection, viewer, commune, "commune")
    codes = []
    for village in wanted:
        name = _name(village.name)
        if village.kind and village.kind not in VILLAGE_KINDS.values():
            raise UnitRefused("kind", given=village.kind)
        known = _same(_villages(connection, commune), name, village.kind)
        if known is not None and known.closed_at is None:
            raise UnitRefused("exists", given=known.name)
        if known is not None:
            again = update(units).where(units.c.code == known.code)
            connection.execute(again.values(closed_at=None))
        code = known.code if known else _insert_village(connection, commune, village)
        note(connection, context, viewer, "unit_added", unit=code)
        codes.append(code)
    return codes


def _name(given: str) -> str:
    """Raises UnitRefused."""
    name = tidy(given)
    if not name or len(name) > LONGEST or "," in name:
        raise UnitRefused("name", given=name[:LONGEST])
    return name


def _same(known: Sequence[Any], name: str, kind: str = "") -> Any:
    """Return the one that is called like this; of another kind only when its name is the same."""
    alike = [row for row in known if row.name == name or row.kind == kind or not kind]
    found = village_named(name, (row.name for row in alike))
    return next((row for row in alike if row.name == found), None)


def _insert_village(connection: Connection, commune: str, village: Village) -> str:
    parent = connection.execute(select(units).where(units.c.code == commune)).one()
    numbers = [int(row.code.rpartition("-")[2]) for row in _villages(connection, commune)]
    number = max(numbers, default=0) + 1
    last = select(func.max(units.c.position)).where(units.c.parent == commune)
    after = (connection.scalar(last) or 0) + 1
    position = after if village.position is None else village.position
    name = tidy(village.name)
    kind = village.kind or village_kind(name, urban=parent.urban)
    above = {"code": parent.code, "path": parent.path}
    code = f"{commune}-{number}"
    row = _row(code, above, "village", kind, name, parent.urban, position)
    connection.execute(insert(units).values(row))
    return code


def rename_village(
    connection: Connection, context: Context, viewer: Viewer, code: str, name: str
) -> None:
    """Give a village another name, and write it wherever its rows stand. Raises Denied,
    UnitRefused. What a person confirmed keeps the words it was confirmed with."""
    village = _changed(connection, viewer, code, "village")
    commune, name = str(village.parent), _name(name)
    others = [row for row in _villages(connection, commune) if row.code != code]
    if other := _same(others, name):
        raise UnitRefused("exists", given=other.name)
    change = update(units).where(units.c.code == code)
    connection.execute(change.values(name=name, folded_name=fold(name)))
    for table in (people, households, submissions, assignments):
        here = (table.c.unit == commune, table.c.village == village.name)
        connection.execute(update(table).where(*here).values(village=name))
    note(connection, context, viewer, "unit_renamed", unit=code)


def close_village(connection: Connection, context: Context, viewer: Viewer, code: str) -> None:
    """Offer a village no longer; what is kept of it stays. Raises Denied, UnitRefused."""
    _changed(connection, viewer, code, "village")
    _close(connection, code, context.now())
    note(connection, context, viewer, "unit_closed", unit=code)


def _close(connection: Connection, code: str, at: datetime) -> None:
    change = update(units).where(units.c.code == code, units.c.closed_at.is_(None))
    connection.execute(change.values(closed_at=milliseconds(at)))


def set_villages(
    connection: Connection, commune: str, names: Sequence[str], *, at: datetime
) -> None:
    """Let a commune have just these villages, in this order: those left out are closed."""
    known = {row.name: row.code for row in _villages(connection, commune)}
    kept = set[str]()
    for position, name in enumerate(names, 1):
        same = village_named(name, known)
        code = known[same] if same else _insert_village(connection, commune, Village(name))
        known.setdefault(same or name, code)
        again = update(units).where(units.c.code == code)
        connection.execute(again.values(position=position, closed_at=None))
        kept.add(code)
    for code in {*known.values()} - kept:
        _close(connection, code, at)
