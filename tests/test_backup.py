"""Backups: whole, verified, without the key, and the same records after a restore."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import Place
from storage.backup import (
    KEPT,
    Damaged,
    DatabaseExists,
    NoDatabase,
    NotSqlite,
    backup,
    daily_backup,
    restore,
)
from storage.database import AlreadyRunning, open_database, serve_alone
from storage.sealed import DamagedKey, MissingKey, WrongKey, key_text
from tests.filled import FARMER, START, WORKER, call, fill, in_chat

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("filled")
    fill(data, [*in_chat("a", START + FARMER), *in_chat("b", START + WORKER)])
    return data


@pytest.fixture
def place(filled: Path, tmp_path: Path) -> Place:
    """A copy of the filled installation."""
    return Place.of(shutil.copytree(filled, tmp_path / "data"))


@pytest.fixture
def empty(place: Place, tmp_path: Path) -> Place:
    """A new folder with the key of the other one, as an administrator prepares it."""
    data = tmp_path / "new"
    data.mkdir()
    shutil.copy(place.key_file, data)
    return Place.of(data)


def exported(place: Place, out: Path) -> bytes:
    done = call(*("export", "--format", "json", "--out", str(out), "--data", str(place.data)))
    assert done.returncode == 0, done.stderr
    return out.read_bytes()


def test_a_restored_backup_exports_the_same_bytes(
    place: Place, empty: Place, tmp_path: Path
) -> None:
    before = exported(place, tmp_path / "before.json")

    saved = call("backup", "--out", str(tmp_path / "b.db"), "--data", str(place.data))
    restored = call("restore", str(tmp_path / "b.db"), "--data", str(empty.data))

    assert (saved.returncode, restored.returncode) == (0, 0), saved.stderr + restored.stderr
    assert b"051090001234" in before
    assert exported(empty, tmp_path / "after.json") == before


def test_a_backup_is_one_private_file_without_the_key(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "b.db"

    backup(place, out)

    key = place.key_file.read_text().strip()
    assert key.encode() not in out.read_bytes()
    assert out.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.db", "data"]


def test_a_backup_holds_what_was_committed_while_a_server_writes(
    place: Place, tmp_path: Path
) -> None:
    lock = serve_alone(place.database_url)
    database = open_database(place.database_url)
    assert lock is not None and database.writer is not None
    with database.writer.connect() as connection:
        with connection.begin():
            connection.exec_driver_sql("INSERT INTO meta VALUES ('committed', '1')")
        with connection.begin():
            connection.exec_driver_sql("INSERT INTO meta VALUES ('open', '1')")

            backup(place, tmp_path / "b.db")

    database.writer.dispose()
    lock.release()
    with closing(sqlite3.connect(tmp_path / "b.db")) as copy:
        names = {name for (name,) in copy.execute("SELECT name FROM meta")}
    assert "committed" in names and "open" not in names


def test_a_damaged_file_is_not_restored(empty: Place, tmp_path: Path) -> None:
    (tmp_path / "words.db").write_text("these are words, not a database")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE cats (name)")

    for name in ("words.db", "other.db"):
        with pytest.raises(Damaged):
            restore(empty, tmp_path / name, NOW)

    assert [path.name for path in empty.data.iterdir() if path.suffix == ".db"] == []


def test_a_half_overwritten_backup_is_noticed(place: Place, empty: Place, tmp_path: Path) -> None:
    backup(place, tmp_path / "b.db")
    raw = bytearray((tmp_path / "b.db").read_bytes())
    raw[8192:40960] = bytes(40960 - 8192)
    (tmp_path / "b.db").write_bytes(raw)

    with pytest.raises(Damaged):
        restore(empty, tmp_path / "b.db", NOW)


def test_the_wrong_key_the_damaged_key_and_no_key(
    place: Place, empty: Place, tmp_path: Path
) -> None:
    backup(place, tmp_path / "b.db")

    empty.key_file.write_text(key_text(bytes(32)))
    with pytest.raises(WrongKey):
        restore(empty, tmp_path / "b.db", NOW)
    empty.key_file.write_text("half a key")
    with pytest.raises(DamagedKey):
        restore(empty, tmp_path / "b.db", NOW)
    empty.key_file.unlink()
    with pytest.raises(MissingKey):
        restore(empty, tmp_path / "b.db", NOW)

    assert not (empty.data / "mau03.db").exists()


def test_an_existing_database_is_moved_aside_only_when_asked(place: Place, tmp_path: Path) -> None:
    backup(place, tmp_path / "b.db")
    kept = (place.data / "mau03.db").read_bytes()

    with pytest.raises(DatabaseExists):
        restore(place, tmp_path / "b.db", NOW)
    moved = restore(place, tmp_path / "b.db", NOW, replace=True)

    assert moved == place.data / "mau03-20261122-100000.old.db"
    assert moved.read_bytes() == kept
    assert (place.data / "mau03.db").stat().st_mode & 0o777 == 0o600


def test_the_log_of_a_killed_process_goes_with_the_old_database(
    place: Place, empty: Place, tmp_path: Path
) -> None:
    backup(place, tmp_path / "b.db")
    (empty.data / "mau03.db-wal").write_bytes(b"left behind")

    restore(empty, tmp_path / "b.db", NOW)

    assert not (empty.data / "mau03.db-wal").exists()


def test_nothing_is_restored_under_a_running_server(place: Place, tmp_path: Path) -> None:
    backup(place, tmp_path / "b.db")
    lock = serve_alone(place.database_url)
    assert lock is not None

    with pytest.raises(AlreadyRunning):
        restore(place, tmp_path / "b.db", NOW, replace=True)

    lock.release()


def test_no_database_no_backup(empty: Place, tmp_path: Path) -> None:
    with pytest.raises(NoDatabase):
        backup(empty, tmp_path / "b.db")

    assert not (tmp_path / "b.db").exists()


def test_postgresql_is_left_to_its_own_tool(tmp_path: Path) -> None:
    place = Place(tmp_path, "postgresql://office@localhost/mau03", tmp_path / "mau03.key")

    with pytest.raises(NotSqlite):
        backup(place, tmp_path / "b.db")
    assert daily_backup(place, NOW) is None


def test_a_backup_every_day_of_which_two_weeks_are_kept(place: Place) -> None:
    for day in range(KEPT + 3):
        daily_backup(place, NOW + timedelta(days=day))

    names = sorted(path.name for path in (place.data / "backups").iterdir())
    assert len(names) == KEPT
    assert (names[0], names[-1]) == ("mau03-20261125.db", "mau03-20261208.db")


def test_the_day_is_the_day_in_vietnam_and_is_saved_once(place: Place) -> None:
    evening = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)

    first = daily_backup(place, evening)
    assert first is not None
    written = first.stat().st_mtime_ns
    again = daily_backup(place, evening + timedelta(hours=1))

    assert first == again == place.data / "backups/mau03-20261123.db"
    assert first.stat().st_mtime_ns == written
