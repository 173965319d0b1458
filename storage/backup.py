"""Backups of the SQLite file: taken while the server runs, verified, without the key.

PostgreSQL has its own tool (pg_dump): everything here refuses it by NotSqlite.
"""

import hmac
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import make_url

from storage.database import serve_alone
from storage.files import whole_file
from storage.ids import VIETNAM
from storage.sealed import Keys, MissingKey, WrongKey, read_key

FOLDER: Final = "backups"
KEPT: Final = 14
"""Days. Older daily backups are deleted: an erased person is gone from them after that time."""
DAILY: Final = "mau03-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9].db"
BUSY: Final = 30
"""Seconds to wait for a writer before giving up."""


class Place(Protocol):
    """Where an installation keeps its things."""

    @property
    def data(self) -> Path: ...
    @property
    def database_url(self) -> str: ...
    @property
    def key_file(self) -> Path: ...
    @property
    def key_text(self) -> str | None: ...


class BackupRefused(Exception):
    """It was not done. `code` names the text that explains the way out."""

    code = "refused"


class NotSqlite(BackupRefused):
    """The database is a PostgreSQL: use pg_dump and pg_restore."""

    code = "not_sqlite"


class NoDatabase(BackupRefused):
    """There is no database there yet."""

    code = "no_database"


class Damaged(BackupRefused):
    """The file is not a whole database of mau03."""

    code = "damaged"


class DatabaseExists(BackupRefused):
    """A database is there already; it is not overwritten unless that is asked for."""

    code = "database_exists"


def backup(place: Place, out: Path) -> None:
    """Write a verified copy of the database to `out` (0600), whole or not at all.

    Raises BackupRefused, MissingKey, WrongKey, DamagedKey, OSError.
    """
    source = database_file(place.database_url)
    if not source.is_file():
        raise NoDatabase(str(source))
    keys = Keys(key_of(place))
    with whole_file(out) as part:
        _copy(source, part, keys)


def daily_backup(place: Place, now: datetime) -> Path | None:
    """Write today's backup unless it is there, delete those older than the newest KEPT.

    Return its file; None on PostgreSQL, whose administrator runs pg_dump.
    Raises BackupRefused, MissingKey, WrongKey, DamagedKey, OSError.
    """
    if make_url(place.database_url).get_backend_name() != "sqlite":
        return None
    folder = place.data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    out = folder / f"mau03-{now.astimezone(VIETNAM):%Y%m%d}.db"
    if not out.exists():
        backup(place, out)
    for old in sorted(folder.glob(DAILY))[:-KEPT]:
        old.unlink()
    return out


def restore(place: Place, file: Path, now: datetime, *, replace: bool = False) -> Path | None:
    """Put a backup in the place of the database, and return where the one before was moved.

    Nothing is touched before the backup is found whole and the key fits it. Raises AlreadyRunning
    when a server runs, DatabaseExists unless `replace`, and what `backup` raises.
    """
    database = database_file(place.database_url)
    if not file.is_file():
        raise NoDatabase(str(file))
    database.parent.mkdir(parents=True, exist_ok=True)
    lock = serve_alone(place.database_url)
    try:
        if database.exists() and not replace:
            raise DatabaseExists(str(database))
        with whole_file(database) as part:
            _copy(file, part, Keys(key_of(place)))
            return _moved_away(database, now)
    finally:
        if lock is not None:
            lock.release()


def database_file(url: str) -> Path:
    """Return the SQLite file of a database address. Raises NotSqlite."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise NotSqlite(parsed.get_backend_name())
    return Path(parsed.database)


def key_of(place: Place) -> bytes:
    """Return the key of an installation; none is made. Raises MissingKey, DamagedKey."""
    if place.key_text is not None:
        return read_key(place.key_text)
    if not place.key_file.is_file():
        raise MissingKey(f"{place.key_file} is gone: put the saved key file back in its place")
    return read_key(place.key_file.read_text("ascii", errors="replace"))


def _copy(source: Path, copy: Path, keys: Keys) -> None:
    """Copy a database as it stands at one instant, however busy it is, and verify the copy."""
    try:
        with (
            closing(sqlite3.connect(source, timeout=BUSY)) as live,
            closing(sqlite3.connect(copy)) as target,
        ):
            live.backup(target)
            # One file, complete in itself: no log beside it.
            target.execute("PRAGMA journal_mode = DELETE")
            _verify(target, keys)
    except sqlite3.DatabaseError as error:
        raise Damaged(f"{source}: {error}") from error


def _verify(database: sqlite3.Connection, keys: Keys) -> None:
    (found,) = database.execute("PRAGMA integrity_check").fetchone()
    if found != "ok":
        raise Damaged(found)
    row = database.execute("SELECT value FROM meta WHERE name = 'key_check'").fetchone()
    if row is None:
        raise Damaged("no key_check in table meta")
    if not hmac.compare_digest(row[0], keys.token("key_check", "")):
        raise WrongKey("this is not the key the backup was sealed with")


def _moved_away(database: Path, now: datetime) -> Path | None:
    """Rename a database, with what its log still holds, and return its new name; None: none."""
    if database.exists():
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = database.with_name(f"{database.stem}-{now.astimezone(VIETNAM):%Y%m%d-%H%M%S}.old.db")
    moved = None
    # A log left alone beside the restored file would be taken for its own.
    for ending in ("-wal", "-shm", ""):
        part = database.with_name(database.name + ending)
        if part.exists():
            moved = part.replace(kept.with_name(kept.name + ending))
    return moved
