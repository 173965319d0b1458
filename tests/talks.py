"""The whole program behind a script: a house in a folder, a clock that is set, chats by name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from bot.app import House, Place, open_house
from bot.dialogs.known import Office
from bot.dialogs.messages import Content, Incoming, Outgoing, Text
from bot.dialogs.state import Draft
from bot.offices import save_office
from bot.platforms.terminal import ACCOUNT, PLATFORM, Line, Terminal
from storage.group import SqliteLedger
from storage.ids import VIETNAM
from storage.outbox import Queued
from storage.sealed import place, unseal, unseal_document
from storage.tables import consents, submissions, tasks
from tests.conftest import seeded
from tests.fresh import put_fresh_database

OFFICE: Final = Office(
    commune="21340",
    commune_name="Xã Sơn Tây",
    province="51",
    province_name="Quảng Ngãi",
    name="UBND xã Sơn Tây",
    police_name="Công an xã Sơn Tây",
    officer="chị Đinh Thị Hạnh",
    phone="0255 000 0000",
    legal_basis="Kế hoạch 12/KH-UBND ngày 05/10/2026",
    retention="5 năm",
    retention_source="Quyết định 34/QĐ-UBND ngày 05/10/2026",
)
MORNING: Final = time(8, tzinfo=VIETNAM)
TODAY: Final = datetime.combine(date(2026, 11, 22), MORNING)


@dataclass(slots=True)
class SetClock:
    """A clock that stands still unless it is set; the terminal adds its own milliseconds."""

    at: datetime = TODAY

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Stage:
    """One installation; its process can be ended and started again."""

    folder: Path
    villages: tuple[str, ...] = ()
    clock: SetClock = field(default_factory=SetClock)
    house: House = field(init=False)
    ledger: SqliteLedger = field(init=False)
    terminal: Terminal = field(init=False)
    talked: dict[str, int] = field(default_factory=dict)
    """Name of a chat -> its id in the database."""
    hasty: datetime = TODAY
    """When the last message was sent that was answered: before its answer went out."""

    def __post_init__(self) -> None:
        self._open()
        office = replace(OFFICE, villages=self.villages)
        self.ledger.write_now(lambda connection: save_office(connection, office, at=TODAY))
        self.restart()

    def _open(self) -> None:
        random = seeded(len(self.talked))
        put_fresh_database(self.folder / "mau03.db")
        self.house = open_house(Place.of(self.folder), now=self.clock, random=random)
        self.ledger = self.house.sqlite_ledger(lambda _: None)
        self.terminal = Terminal(self.submit, self.ledger.delivered, self.clock, random, "")

    def submit(self, incoming: Incoming) -> Sequence[Queued]:
        queued = self.ledger.submit_now(incoming)
        for bubble in queued:
            assert bubble.outgoing != self.house.context.apology(incoming), incoming.content
            self.talked[incoming.chat] = bubble.chat_id
        return queued

    def restart(self) -> None:
        self.close()
        self._open()

    def close(self) -> None:
        self.ledger.close()
        assert self.house.database.writer is not None
        self.house.database.writer.dispose()

    def begin(self, day: date) -> None:
        """Set the clock to the morning of a day; a script of another day may have come before."""
        self.clock.at = datetime.combine(day, MORNING)
        self.terminal = replace(self.terminal, _last=None)

    def say(self, chat: str, content: Content, event_id: str = "") -> list[Outgoing]:
        """Return the bubbles a message causes, all of them shown."""
        self.clock.at += timedelta(seconds=1)
        bubbles = self.terminal.turn(Line(content, chat, event_id))
        self.hasty = self.clock.at if bubbles else self.hasty
        return bubbles

    def say_early(self, chat: str, text: str, number: int) -> list[Outgoing]:
        """The same for words sent in the very second of the message before."""
        sent_at = self.hasty
        event = f"early {chat} {sent_at.isoformat()} {number}"
        content = Text(text)
        incoming = Incoming(PLATFORM, ACCOUNT, event, chat, content, sent_at, sent_at)
        return self.terminal.show(self.submit(incoming))

    def kept(self, chat: str) -> "Kept":
        """Return what the database holds of a chat, unsealed."""

        def read(connection: Connection) -> Kept:
            return _read(connection, self.house, self.talked[chat])

        return self.ledger.write_now(read)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of a chat: submissions oldest first (None: erased), consents, tasks."""

    statuses: list[str]
    drafts: list[Draft | None]
    consents: list[tuple[str, str]]
    tasks: list[tuple[str, dict[str, Any]]]


def _read(connection: Connection, house: House, chat_id: int) -> Kept:
    def rows(table: Any) -> Any:
        query = select(table).where(table.c.chat_id == chat_id).order_by(table.c.id)
        return connection.execute(query).all()

    found = rows(submissions)
    keys = {row.id: house.keys.data_key(row.id, row.data_key) for row in found if row.data_key}

    def detail(row: Any) -> dict[str, Any]:
        if row.submission_id is not None and row.submission_id not in keys:
            return {"erased": True}
        key = keys[row.submission_id] if row.submission_id else house.keys.office
        return dict(unseal_document(key, row.detail, place("tasks", "detail", row.id)))

    return Kept(
        [row.status for row in found],
        [_draft(row, keys) for row in found],
        [(row.purpose, row.decision) for row in rows(consents)],
        [(row.kind, detail(row)) for row in rows(tasks)],
    )


def _draft(row: Any, keys: Any) -> Draft | None:
    if row.id not in keys:
        return None
    document = unseal(keys[row.id], row.state, place("submissions", "state", row.id))
    return Draft.from_document(row.id, document)


RECEIPT: Final = re.compile(r"\b\d{3} \d{3} \d{3}\b")


def without_receipts(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines with every receipt as "[mã 1]", "[mã 2]", in order of appearance."""
    seen: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        return seen.setdefault(match[0], f"[mã {len(seen) + 1}]")

    return (RECEIPT.sub(name, line) for line in lines)
