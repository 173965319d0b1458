"""The usual way, written well: aiogram's FSM with a handler per state, kept in SQLite.

Its storage commits each change by itself with synchronous FULL, as its interface wants it; the
update is parsed beforehand and the network answers at once. It has no dedupe, history, outbox,
encryption or corrections: what it does not do is not counted against it.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import aiosqlite
from aiogram import Bot, Dispatcher, Router
from aiogram.client.session.base import BaseSession
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from aiogram.types import Chat, Message, Update, User

from bench import minimal

TOKEN: Final = "1:" + "a" * 35
_DATE: Final = datetime(2026, 11, 22, tzinfo=UTC)
_numbers = count(1)

Handler = Callable[[Message, FSMContext], Awaitable[None]]


class SqliteStorage(BaseStorage):
    """States and data in one table, a row per conversation, every change its own commit."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, file: Path) -> "SqliteStorage":
        connection = await aiosqlite.connect(file, isolation_level=None)
        await connection.execute("PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS fsm (key TEXT PRIMARY KEY, state TEXT, data TEXT)"
        )
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS finished (id INTEGER PRIMARY KEY, chat INTEGER, data TEXT)"
        )
        return cls(connection)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        name = state.state if isinstance(state, State) else state
        await self._connection.execute(
            "INSERT INTO fsm (key, state) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET state = excluded.state",
            (_row(key), name),
        )

    async def get_state(self, key: StorageKey) -> str | None:
        found = await self._first("SELECT state FROM fsm WHERE key = ?", key)
        return None if found is None else found[0]

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        await self._connection.execute(
            "INSERT INTO fsm (key, data) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET data = excluded.data",
            (_row(key), json.dumps(data, ensure_ascii=False)),
        )

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        found = await self._first("SELECT data FROM fsm WHERE key = ?", key)
        return dict(json.loads(found[0])) if found and found[0] else {}

    async def _first(self, query: str, key: StorageKey) -> aiosqlite.Row | None:
        async with self._connection.execute(query, (_row(key),)) as rows:
            return await rows.fetchone()

    async def finish(self, chat: int, data: Mapping[str, Any]) -> None:
        """Keep a finished survey."""
        await self._connection.execute(
            "INSERT INTO finished (chat, data) VALUES (?, ?)",
            (chat, json.dumps(data, ensure_ascii=False)),
        )

    async def close(self) -> None:
        await self._connection.close()


def _row(key: StorageKey) -> str:
    return f"{key.bot_id}:{key.chat_id}:{key.user_id}"


class _Silent(BaseSession):
    """A network that takes every message at once."""

    async def make_request(self, *_: Any, **__: Any) -> Any:
        return Message(message_id=1, date=_DATE, chat=Chat(id=1, type="private"), text="sent")

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield b""

    async def close(self) -> None:
        """Nothing is open."""


def router(storage: SqliteStorage) -> Router:
    """Return one handler per question, found by its state."""
    survey, router = minimal.survey(), Router()
    states = {question.id: State(question.id, "survey") for question in survey.questions}

    @router.message(Command("start"))
    async def start(message: Message, state: FSMContext) -> None:
        first = survey.questions[0]
        await state.set_state(states[first.id])
        await message.answer(first.ask)

    def answered(position: int) -> Handler:
        question = survey.questions[position]

        async def handler(message: Message, state: FSMContext) -> None:
            value = minimal.read(survey, question, message.text or "")
            if value is None:
                await message.answer(survey.wrong)
                return
            answers = await state.update_data({question.id: value})
            following = minimal.following(survey, position, answers)
            if following < len(survey.questions):
                coming = survey.questions[following]
                await state.set_state(states[coming.id])
                await message.answer(coming.ask)
                return
            await storage.finish(message.chat.id, answers)
            await state.clear()
            await message.answer(survey.thanks)

        return handler

    for position, question in enumerate(survey.questions):
        router.message(StateFilter(states[question.id]))(answered(position))
    return router


async def play_aiogram(file: Path, surveys: int, in_flight: int) -> list[float]:
    """Fill in surveys, each in a new chat, `in_flight` at a time; return seconds of each turn."""
    storage = await SqliteStorage.open(file)
    bot, dispatcher = Bot(TOKEN, session=_Silent()), Dispatcher(storage=storage)
    dispatcher.include_router(router(storage))
    latencies: list[float] = []
    chats = iter([next(_numbers) for _ in range(surveys)])
    await asyncio.gather(*(_people(dispatcher, bot, chats, latencies) for _ in range(in_flight)))
    await storage.close()
    return latencies


async def _people(
    dispatcher: Dispatcher, bot: Bot, chats: Iterator[int], latencies: list[float]
) -> None:
    questions = minimal.samples(minimal.survey())
    for chat in chats:
        for text in ("/start", *(question.sample for question in questions)):
            update = _update(chat, text)
            start = perf_counter()
            await dispatcher.feed_update(bot, update)
            latencies.append(perf_counter() - start)


def _update(chat: int, text: str) -> Update:
    number = next(_numbers)
    message = Message(
        message_id=number,
        date=_DATE,
        chat=Chat(id=chat, type="private"),
        from_user=User(id=chat, is_bot=False, first_name="An"),
        text=text,
    )
    return Update(update_id=number, message=message)
