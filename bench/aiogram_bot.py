"""The usual bot as a process: aiogram's FSM over SQLite, polling. `python -m bench.aiogram_bot
URL FILE`."""

import asyncio
import logging
import sys
from pathlib import Path

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from bench.aiogram_fsm import TOKEN, SqliteStorage, router


async def run(url: str, file: Path) -> None:
    storage = await SqliteStorage.open(file)
    dispatcher = Dispatcher(storage=storage)
    dispatcher.include_router(router(storage))
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    print("ready", flush=True)
    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(run(sys.argv[1], Path(sys.argv[2])))
