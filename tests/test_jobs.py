"""Jobs ring twice and change nothing the second time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, insert, select

from bot.app import House, Place, open_house
from bot.jobs import JOBS, Job
from bot.jobs.bell import ring, start
from bot.jobs.keeping import anchor, back_up, forget_expired
from bot.ports import World
from storage.ids import milliseconds
from storage.tables import anchors, chats, codes, submissions
from tests.conftest import seeded
from tests.fresh import put_fresh_database

T = TypeVar("T")
NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


@dataclass
class Here:
    """One installation with a clock that is set by hand."""

    house: House
    at: datetime = NOON
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = self.house.place

    def now(self) -> datetime:
        return self.at

    async def write(self, work: Callable[[Connection], T]) -> T:
        assert self.house.database.writer is not None
        with self.house.database.writer.begin() as connection:
            return work(connection)


@pytest.fixture
def here(tmp_path: Path) -> Here:
    put_fresh_database(tmp_path / "mau03.db")
    return Here(open_house(Place.of(tmp_path), now=lambda: NOON, random=seeded(7)))


async def closed(here: Here) -> None:
    await here.house.database.close()


async def test_a_second_ring_writes_no_second_backup(here: Here) -> None:
    await back_up(here)
    await back_up(here)

    folder = here.place.data / "backups"
    assert [file.name for file in folder.iterdir()] == ["mau03-20261122.db"]
    await closed(here)


async def test_of_daily_backups_fourteen_are_kept(here: Here) -> None:
    for day in range(17):
        here.at = NOON + timedelta(days=day)
        await back_up(here)

    names = sorted(file.name for file in (here.place.data / "backups").iterdir())
    assert len(names) == 14
    assert names[-1] == "mau03-20261208.db"
    await closed(here)


async def test_a_day_is_anchored_once_and_only_when_it_is_over(here: Here) -> None:
    await anchor(here)
    await anchor(here)

    days = await here.write(lambda connection: list(connection.scalars(select(anchors.c.day))))
    assert days == ["2026-11-21"]
    await closed(here)


async def test_the_minutes_after_midnight_still_belong_to_the_day_before(here: Here) -> None:
    here.at = datetime(2026, 11, 21, 17, 2, tzinfo=UTC)  # 00:02 of the 22nd in Vietnam

    await anchor(here)

    days = await here.write(lambda connection: list(connection.scalars(select(anchors.c.day))))
    assert days == ["2026-11-20"]
    await closed(here)


async def test_codes_that_ran_out_are_forgotten(here: Here) -> None:
    def make(connection: Connection) -> None:
        chat = {"token": "t", "platform": "web", "account": "web", "unit": "08053"}
        connection.execute(insert(chats).values(id=1, document=b"", address=b"", prompt="", **chat))
        kept = {"unit": "08053", "form": "mau03_2022", "status": "draft", "head": b""}
        times = {"created_at": 0, "updated_at": 0, "event_count": 0, "duplicate": False}
        connection.execute(insert(submissions).values(id=2, chat_id=1, **kept, **times))
        for name, days in (("old", -1), ("good", 1)):
            until = milliseconds(NOON + timedelta(days=days))
            row = {"token": name, "chat_id": 1, "submission_id": 2, "expires_at": until}
            connection.execute(insert(codes).values(tries=0, **row))

    await here.write(make)

    await forget_expired(here)

    left = await here.write(lambda connection: list(connection.scalars(select(codes.c.token))))
    assert left == ["good"]
    await closed(here)


async def test_a_job_that_fails_stops_no_other(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    rung: list[str] = []

    async def fails(_: World) -> None:
        raise ValueError("051090001234")

    async def works(_: World) -> None:
        rung.append("works")

    for run in (fails, works):
        await ring(Job("a_job", "0 0 * * *", run), here)

    assert rung == ["works"]
    assert "051090001234" not in caplog.text
    await closed(here)


async def test_every_job_runs_when_the_process_starts(here: Here) -> None:
    rung: list[str] = []
    done = asyncio.Event()

    def job(name: str) -> Job:
        async def run(_: World) -> None:
            rung.append(name)
            if len(rung) == len(JOBS):
                done.set()

        return Job(name, "0 0 1 1 *", run)

    scheduler = start(here, [job(known.name) for known in JOBS])
    await asyncio.wait_for(done.wait(), 5)
    scheduler.shutdown(wait=False)

    assert sorted(rung) == sorted(known.name for known in JOBS)
    await closed(here)
