"""How the database is opened: durable, one writer, one serving process on a SQLite file."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storage.database import AlreadyRunning, open_database, serve_alone
from storage.ids import Ids, instant, milliseconds
from storage.migrate import migrate_database
from tests.conftest import Clock, Office, seeded

SERVE = "import sys; from storage.database import serve_alone; serve_alone(sys.argv[1])"


async def test_sqlite_keeps_every_commit_and_no_deleted_bytes(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/mau03.db")
    assert database.writer is not None
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}

    with database.writer.connect() as connection:
        found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
    async with database.engine.connect() as reader:
        read = {name: await reader.scalar(text(f"PRAGMA {name}")) for name in wanted}
    await database.close()

    assert found == read == wanted


async def test_a_writer_takes_its_lock_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mau03.db"
    await migrate_database(url)
    one, two = open_database(url), open_database(url)
    assert one.writer is not None and two.writer is not None

    with one.writer.connect() as first, two.writer.connect() as second:
        second.exec_driver_sql("PRAGMA busy_timeout = 0")
        second.rollback()
        with first.begin(), pytest.raises(OperationalError, match="locked"):
            second.begin()
    await one.close()
    await two.close()


def test_a_second_process_on_one_sqlite_file_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mau03.db"
    lock = serve_alone(url)
    assert lock is not None

    def serve() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", SERVE, url], capture_output=True, text=True, check=False
        )

    refused = serve()
    with pytest.raises(AlreadyRunning):
        serve_alone(url)
    lock.release()
    served = serve()

    assert AlreadyRunning.__name__ in refused.stderr
    assert served.returncode == 0, served.stderr


async def test_any_number_may_serve_postgresql(office: Office) -> None:
    if office.database.writer is None:
        assert serve_alone(office.database.url.render_as_string()) is None


def test_ids_grow_even_when_the_clock_goes_back() -> None:
    ids = Ids(seeded(1))
    start = milliseconds(Clock()())

    made = [ids.next(start + step) for step in (0, 0, 0, 1, 1, -5000, -5000, 2)]

    assert made == sorted(set(made))
    assert all(0 < number < 2**63 for number in made)


def test_instants_keep_their_millisecond() -> None:
    at = Clock()()

    assert instant(milliseconds(at)) == at
