"""Composition root: the only module that knows every concrete piece, and puts them together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from sqlalchemy import Connection

from bot.content import CURRENT_FORM, form_of, known_of
from bot.conversation import Conversation
from bot.dialogs.known import Known, Office
from bot.dialogs.messages import Capabilities
from bot.offices import open_office
from bot.platforms.aside_page import PATH
from bot.platforms.scan_page import PATH as SCAN_PATH
from bot.ports import Clock, Entropy
from storage.codes import new_code
from storage.database import Database, open_database, serve_alone
from storage.desk import Context
from storage.group import OnQueued, SqliteLedger
from storage.ids import Ids
from storage.links import new_link
from storage.migrate import migrate, migrate_database
from storage.postgres import PostgresLedger
from storage.sealed import Keys, open_keys

T = TypeVar("T")

CAPABILITIES = {
    "terminal": Capabilities("terminal", max_text=100_000),
    "web": Capabilities("web", scanner="here", codes=True, max_text=100_000),
    "telegram": Capabilities(
        "telegram", scanner="site", deletes=True, relayed=True, per_second=30, per_chat=1
    ),
    "zalo": Capabilities(
        "zalo", scanner="site", stays=True, relayed=True, max_text=2000, per_second=10
    ),
}
"""To add a platform: its module in `platforms/`, a line here, its start in `serving.py`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where this installation keeps its things."""

    data: Path
    database_url: str
    key_file: Path
    key_text: str | None = None
    site: str = ""
    """Address of the web chat from outside, "" when it has none."""
    commune: str = ""
    """Code of the commune to speak for, "" for the only one there is."""

    @classmethod
    def of(cls, data: Path) -> "Place":
        """Return the place of everything in one folder, as it is without any setting."""
        return cls(data, f"sqlite:///{(data / 'mau03.db').as_posix()}", data / "mau03.key")


@dataclass(slots=True)
class House:
    """One installation, opened: database, keys, office, conversation."""

    place: Place
    database: Database
    keys: Keys
    key_created: bool
    office: Office
    known: Known
    conversation: Conversation
    context: Context
    now: Clock
    random: Entropy
    lock: FileLock | None = field(default=None)

    def sqlite_ledger(self, on_queued: OnQueued) -> SqliteLedger:
        assert self.database.writer is not None  # noqa: S101 - the caller knows its database
        return SqliteLedger(self.database.writer, self.conversation.decide, self.context, on_queued)

    def postgres_ledger(self, on_queued: OnQueued) -> PostgresLedger:
        return PostgresLedger(
            self.database.engine, self.conversation.decide, self.context, on_queued
        )

    async def read(self, look: Callable[[Connection], T]) -> T:
        """Run a function in a transaction of its own, on either database."""
        async with self.database.engine.begin() as connection:
            return await connection.run_sync(look)


def open_house(place: Place, *, now: Clock, random: Entropy, alone: bool = False) -> House:
    """Open a SQLite installation: folder, lock, tables, key, office. Not from an event loop.

    `alone` refuses a second serving process. Raises AlreadyRunning, MissingKey, WrongKey,
    OfficeUnclear.
    """
    place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = serve_alone(place.database_url) if alone else None
    migrate(place.database_url)
    database = open_database(place.database_url)
    assert database.writer is not None  # noqa: S101 - PostgreSQL is opened by open_house_async
    with database.writer.begin() as connection:
        keys, created, office = _entered(connection, place, random)
    return _furnished(place, database, keys, created, office, now, random, lock)


async def open_house_async(
    place: Place, *, now: Clock, random: Entropy, alone: bool = False, any_commune: bool = False
) -> House:
    """The same for either database, from within an event loop.

    `any_commune` takes the first office of several, when none is named. Raises OfficeUnclear.
    """
    place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = serve_alone(place.database_url) if alone else None
    await migrate_database(place.database_url)
    database = open_database(place.database_url)
    try:
        async with database.engine.begin() as connection:
            keys, created, office = await connection.run_sync(_entered, place, random, any_commune)
    except BaseException:
        await database.close()
        raise
    return _furnished(place, database, keys, created, office, now, random, lock)


def _entered(
    connection: Connection, place: Place, random: Entropy, any_commune: bool = False
) -> tuple[Keys, bool, Office]:
    keys, created = open_keys(connection, place.key_file, random, given=place.key_text)
    return keys, created, open_office(connection, place.commune, any_commune=any_commune)


def _furnished(
    place: Place,
    database: Database,
    keys: Keys,
    key_created: bool,
    office: Office,
    now: Clock,
    random: Entropy,
    lock: FileLock | None,
) -> House:
    known = known_of(office, site=place.site)
    code = partial(new_code, random)

    def link(chat_id: int, prompt: str) -> str:
        return new_link(keys, chat_id, prompt, now=now(), random=random)

    def page_of(chat_id: int, prompt: str) -> str:
        return f"{place.site}{PATH}/{link(chat_id, prompt)}"

    def scan_of(site: str, chat_id: int, prompt: str) -> str:
        return f"{site}{SCAN_PATH}/{link(chat_id, prompt)}"

    conversation = Conversation(
        form_of, CURRENT_FORM, known, CAPABILITIES, code, page_of if place.site else None, scan_of
    )
    context = Context(
        keys=keys,
        now=now,
        random=random,
        ids=Ids(random),
        apology=conversation.apology,
        unit=office.commune,
        form=CURRENT_FORM,
        worker=random(8).hex(),
    )
    return House(
        place, database, keys, key_created, office, known, conversation, context, now, random, lock
    )
