"""A small commune at work: people on a list, somebody who collects, a clock that is set.

Everything is put in by the functions behind the commands of the office; nothing is faked.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final, TypeVar

from sqlalchemy import select

from bot.app import House, Place, open_house
from bot.dialogs.known import Office
from bot.dialogs.messages import Incoming, Outgoing, Text
from bot.dialogs.readers.characters import fold
from bot.offices import save_office
from bot.platforms.terminal import ACCOUNT, PLATFORM, Line, Terminal
from storage.access import Viewer
from storage.accounts import add_account
from storage.assignments import Area, assign
from storage.batches import Source, write_batch
from storage.commune_tables import people
from storage.group import SqliteLedger
from storage.ids import VIETNAM
from storage.invites import Wanted, invite
from storage.joining import join
from storage.lists import Listed, prepare
from storage.people import PersonDocument, person_document

T = TypeVar("T")

MORNING: Final = datetime(2026, 11, 22, 8, tzinfo=VIETNAM)
LOGIN: Final = "hoa"
LIST: Final = Source("00" * 32, "bench")


@dataclass(slots=True)
class SetClock:
    """Stands still until it is set."""

    at: datetime = MORNING

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Village:
    """One installation, opened."""

    house: House
    ledger: SqliteLedger
    clock: SetClock
    terminal: Terminal = field(init=False)

    def __post_init__(self) -> None:
        submit, random = self.ledger.submit_now, self.house.random
        self.terminal = Terminal(submit, self.ledger.delivered, self.clock, random, "")

    def say(self, chat: str, words: str) -> Sequence[Outgoing]:
        """Return the bubbles that answer a message."""
        self.clock.at += timedelta(seconds=2)
        return self.terminal.turn(Line(Text(words), chat))

    def enlist(self, rows: Iterable[Listed]) -> None:
        """Take in a list of people, as an officer does."""
        context = self.house.context
        prepared = prepare(context, self.house.office.commune, rows)
        self._write(lambda c: write_batch(c, context, self._who("officer"), prepared, LIST))

    def employ(self, chat: str) -> None:
        """Let the chat be that of somebody who collects in all villages."""
        house, unit = self.house, self.house.office.commune
        keeper, officer = self._who("administrator"), self._who("officer")
        about = (LOGIN, house.office.officer, "enumerator", unit)
        self._write(lambda c: add_account(c, house.context, keeper, *about))
        wanted = Wanted("enumerator", unit, LOGIN)
        code = self._write(lambda c: invite(c, house.context, keeper, wanted))
        for village in house.office.villages:
            area = Area(village=village)
            self._write(lambda c, a=area: assign(c, house.context, officer, LOGIN, a))
        at = self.clock()
        said = Incoming(PLATFORM, ACCOUNT, "invited", chat, Text(""), at, at)
        joined = self._write(lambda c: join(c, house.context, house.conversation, said, code))
        assert joined == "joined"

    def known_of(self, name: str) -> PersonDocument:
        """Return what the office knows of somebody."""
        found = select(people).where(people.c.folded_name == fold(name))
        row = self._write(lambda c: c.execute(found).one())
        document = person_document(self.house.keys, row)
        assert document is not None
        return document

    def _who(self, role: str) -> Viewer:
        return Viewer(role, self.house.office.commune, None, by="bench")

    def _write(self, change: Callable[..., T]) -> T:
        return self.ledger.write_now(change)


@contextmanager
def village(data: Path, office: Office) -> Iterator[Village]:
    """Yield the installation in `data`, which is made for this office when it is empty."""
    clock, random = SetClock(), Random(7).randbytes
    place = Place.of(data)
    if not data.exists():
        _set_up(open_house(place, now=clock, random=random), office, clock)
    house = open_house(place, now=clock, random=random)
    ledger = house.sqlite_ledger(lambda _: None)
    try:
        yield Village(house, ledger, clock)
    finally:
        ledger.close()
        _close(house)


def _set_up(house: House, office: Office, clock: SetClock) -> None:
    assert house.database.writer is not None
    with house.database.writer.begin() as connection:
        save_office(connection, office, at=clock())
    _close(house)


def _close(house: House) -> None:
    assert house.database.writer is not None
    house.database.writer.dispose()
