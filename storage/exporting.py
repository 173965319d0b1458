"""The log of exports: who took which records out of the house, when, and the hash of the file."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert

from storage.ids import milliseconds
from storage.tables import exports

CACHE: Final = 4096
"""KiB of an exporting connection; the turn's connections have sixteen times as much."""


@dataclass(frozen=True, slots=True)
class ExportEntry:
    """One file that was written. Nothing personal: `filter` names options, never people."""

    id: int
    at: datetime
    who: str
    """Login, or "cli:" and the user of the operating system."""
    format: str
    filter: str
    count: int
    sha256: str
    unit: str
    second: str | None = None
    """Login of who approved it, where that was needed."""


def read_sparingly(connection: Connection) -> None:
    """Keep the page cache of this connection small: an export reads every page just once."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE}")


def log_export(connection: Connection, entry: ExportEntry) -> None:
    """Append one entry. The caller commits before anybody sees the file."""
    row = asdict(entry) | {"at": milliseconds(entry.at)}
    connection.execute(insert(exports).values(row))
