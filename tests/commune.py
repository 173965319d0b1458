"""A small commune on an office's database: units, accounts in chats, a list of invented people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Table, event, insert, select, update

from bot.dialogs import record
from bot.dialogs.readers.reading import Value
from storage.commune_tables import accounts, assignments, households, people, person_marks
from storage.database import Database
from storage.ids import milliseconds
from storage.ledger import chat_token
from storage.outbox import Queued
from storage.people import (
    HouseholdDocument,
    PersonDocument,
    found_by,
    mark_tokens,
    sealed_household,
    sealed_person,
)
from storage.sealed import place, seal
from storage.tables import chats, submissions
from storage.turn import Confirmed, Decision, Event, Filling, Lookup
from storage.units import ensure_commune
from tests.conftest import COMMUNE, Office, message

T = TypeVar("T")
HERE = "51.99999"
"""The unit that `conftest.context` speaks for."""
THERE = "51.11111"
ELSEWHERE = replace(COMMUNE, commune=THERE, commune_name="Xã Khác (bịa)")


def answers(
    name: str, born: str = "1990-09-05", number: str | None = None, **more: Value
) -> dict[str, Value]:
    """Return the answers of an invented person."""
    known = {"q01_ho_ten": name, "q02_ngay_sinh": born, "q03_gioi_tinh": "nam"}
    return {**known, "q04_so_cccd": number, **more}


def confirmed(said: Mapping[str, Value], receipt: str) -> Confirmed:
    kept = {question: {"value": value, "how": "given"} for question, value in said.items()}
    columns, tokens = record.columns(said), record.tokens(said)
    return Confirmed(receipt, "confirmed", {"answers": kept}, columns, tokens)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect what is run meanwhile on the connection the ledger writes with."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    def trace(connection: Any, _: object = None, __: object = None) -> None:
        connection.set_trace_callback(seen.append)

    engine = database.writer or database.engine.sync_engine
    if database.writer is None:
        event.listen(engine, "before_cursor_execute", note)
        yield seen
        event.remove(engine, "before_cursor_execute", note)
        return
    # What goes past SQLAlchemy is seen by the driver alone.
    event.listen(engine, "checkout", trace)
    yield seen
    event.remove(engine, "checkout", trace)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(None)


@dataclass
class Commune:
    office: Office
    _numbers: Any = field(default_factory=lambda: count(1))

    async def build(self) -> "Commune":
        for commune in (COMMUNE, ELSEWHERE):
            await self.office.write(partial(ensure_commune, office=commune))
        return self

    @property
    def at(self) -> int:
        return milliseconds(self.office.clock.at)

    def number(self) -> int:
        return int(next(self._numbers))

    async def _insert(self, table: Table, row: Mapping[str, Any]) -> None:
        await self.office.write(lambda connection: connection.execute(insert(table).values(row)))

    async def account(
        self, login: str, role: str = "enumerator", unit: str = HERE, **about: Any
    ) -> int:
        """Return an account that works in the chat of its own login."""
        account_id, keys, random = (
            self.number(),
            self.office.context.keys,
            self.office.context.random,
        )
        where = place("accounts", "name", account_id)
        name = seal(keys.office, f"Name of {login}".encode(), where, random)
        row = {"id": account_id, "login": login, "name": name, "role": role, "unit": unit}
        row |= {"created_at": self.at, "created_by": "test", **about}
        await self._insert(accounts, row)
        await self.do(login)
        held = update(chats).where(chats.c.token == chat_token(keys, "terminal", "test", login))
        await self.office.write(lambda c: c.execute(held.values(holder=account_id)))
        return account_id

    async def household(self, village: str = "Thon 1", unit: str = HERE) -> int:
        household_id, context = self.number(), self.office.context
        document = HouseholdDocument({"text": "Duong so 1"}, "7")
        row = {"id": household_id, "unit": unit, "village": village, "created_at": self.at}
        row |= sealed_household(context.keys, context.random, household_id, document)
        await self._insert(households, row)
        return household_id

    async def person(
        self,
        said: Mapping[str, Value],
        village: str | None = "Thon 1",
        unit: str = HERE,
        household: int | None = None,
        **about: Any,
    ) -> int:
        """Put somebody on the list, as an import would."""
        person_id, context = self.number(), self.office.context
        document = PersonDocument(dict(said), "2025", **about)
        row = {"id": person_id, "unit": unit, "village": village, "household_id": household}
        row |= {"origin": "import", "created_at": self.at, "updated_at": self.at}
        row |= sealed_person(context.keys, context.random, person_id, document)
        row |= found_by(context.keys, document)
        await self._insert(people, row)
        for token in mark_tokens(context.keys, document):
            await self._insert(person_marks, {"person_id": person_id, "token": token})
        return person_id

    async def assign(self, account: int, unit: str = HERE, **what: Any) -> None:
        row = {"id": self.number(), "unit": unit, "account_id": account, "created_at": self.at}
        row |= {"created_by": "test", **what}
        await self._insert(assignments, row)

    async def do(self, chat: str, **decided: Any) -> Sequence[Queued]:
        """Let a chat decide this, whatever it was asked; return its bubbles."""
        decision = Decision(b"{}", "", **decided)
        (queued,) = (
            await self.office.commit([message("x", chat=chat)], lambda *_: decision)
        ).queued
        return queued

    async def ask(self, chat: str, question: Callable[[Lookup], T]) -> T:
        """Return what storage answers to a question within a turn of this chat."""
        heard: list[T] = []

        def decide(_: object, __: object, lookup: Lookup) -> Decision:
            heard.append(question(lookup))
            return Decision(b"{}", "")

        await self.office.commit([message("x", chat=chat)], decide)
        return heard[-1]

    async def begin(self, chat: str, **filling: Any) -> int:
        """Begin a form, for somebody when it says for whom; return the submission."""
        begun = 10_000 + self.number()
        fillings = [Filling(begun, **filling)] if filling else []
        events = [Event(begun, "begun", {})]
        drafts = {begun: b'{"x": 1}'}
        made = {"submission_id": begun, "created": [begun], "submissions": drafts}
        await self.do(chat, **made, events=events, fillings=fillings)
        return begun

    async def hand_in(
        self, chat: str, said: Mapping[str, Value], begun: int | None = None, **filling: Any
    ) -> int:
        """Hand a form in; return its submission."""
        begun = begun or await self.begin(chat, **filling)
        done = {begun: confirmed(said, f"{begun:09}")}
        await self.do(chat, submission_id=begun, confirmed=done, events=[Event(begun, "sent", {})])
        return begun

    async def one(self, person_id: int) -> Any:
        (row,) = await self.office.rows(select(people).where(people.c.id == person_id))
        return row

    async def person_of(self, submission_id: int) -> int:
        query = select(submissions.c.person_id).where(submissions.c.id == submission_id)
        ((person_id,),) = await self.office.rows(query)
        return int(person_id)
