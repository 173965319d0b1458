"""The list of people without an identity number, as columns for a spreadsheet."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from admin.exports.table import NARROW, WIDE, Column, Exported, Table
from bot.dialogs.language import Texts
from storage.rolls import Listed

COLUMNS: Final = ("name", "born", "sex", "address", "village", "reason")


def no_number_table(texts: Texts) -> Table:
    """Return number, name, birth date, sex, address, village, reason."""
    columns = [Column(texts("rolls.number"), lambda one: str(one.number))]
    columns += [_column(texts, name) for name in COLUMNS]
    return Table(columns, [[column.title for column in columns]])


def _column(texts: Texts, name: str) -> Column:
    def cell(one: Exported) -> str:
        return str(one.values[name] or "")

    return Column(texts(f"rolls.{name}"), cell, WIDE if name in {"name", "address"} else NARROW)


def as_exported(texts: Texts, people: Iterable[Listed], at: datetime) -> Iterator[Exported]:
    """Yield the people as rows of a table."""
    for number, one in enumerate(people, 1):
        reason = texts(f"option.{one.reason}") if one.reason else texts("rolls.not_asked")
        sex = texts(f"rolls.sex_{one.sex}") if one.sex else ""
        shown = {"name": one.name, "born": day(one.born), "sex": sex, "address": one.address}
        values = {**shown, "village": one.village, "reason": reason}
        yield Exported(number, "", "", "", one.village, one.standing, at, values)


def day(iso: str) -> str:
    """Return an ISO date, or the year alone, as dd/mm/yyyy."""
    return "/".join(reversed(iso.split("-")))
