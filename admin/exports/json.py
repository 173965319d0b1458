"""Exports as JSON for other programs: codes, null where something was skipped or not known."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from admin.exports.table import Exported, Table
from admin.exports.text import printable


def write(file: Path, _: Table, records: Iterable[Exported]) -> int:
    """Write a list with one object per record; return how many there were.

    The columns of a table do not matter here: a question never asked is simply absent.
    """
    count = 0
    with file.open("w", encoding="utf-8", newline="\n") as text:
        text.write("[")
        for count, record in enumerate(records, 1):
            text.write("\n" if count == 1 else ",\n")
            text.write(json.dumps(document(record), ensure_ascii=False))
        text.write("\n]\n")
    return count


def document(record: Exported) -> dict[str, Any]:
    """Return one submission as JSON; times are ISO 8601 in UTC."""
    return {
        "receipt": record.receipt,
        "form": record.form,
        "unit": record.unit,
        "status": record.status,
        "confirmed_at": record.confirmed_at.isoformat(timespec="milliseconds"),
        "answers": {question: _encodable(value) for question, value in record.values.items()},
    }


def _encodable(value: Any) -> Any:
    """Return the value as it is, but for lone surrogates, which UTF-8 cannot hold."""
    if isinstance(value, str) and not value.isprintable():
        return printable(value) if any("\ud800" <= c <= "\udfff" for c in value) else value
    if isinstance(value, dict):
        return {key: _encodable(part) for key, part in value.items()}
    return value
