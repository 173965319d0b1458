"""Single statements of a turn, each with the order of its values."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Dialect,
    Insert,
    Table,
    Update,
    bindparam,
    delete,
    insert,
    update,
)

Write = tuple[Insert | Update | Delete, tuple[str, ...]]
WriteOf = Callable[[Dialect], Write]
"""The same where the databases differ."""


def insertion(table: Table, *names: str) -> Write:
    return insert(table), names or tuple(table.columns.keys())


def change(table: Table, *names: str, **constants: ColumnElement[Any]) -> Write:
    """Set the columns `names` (in the table's order) and `constants` of the row with this id."""
    values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
    clause = update(table).where(table.c.id == bindparam("b_id")).values(**values, **constants)
    return clause, (*(f"b_{name}" for name in names), "b_id")


def removal(table: Table, name: str) -> Write:
    return delete(table).where(table.c[name] == bindparam("b_id")), ("b_id",)
