"""The loops that aiogram and python-telegram-bot bring along, in a bot that takes notes.

Run as a process: `python -m tests.stock_loops aiogram|python-telegram-bot URL TOKEN FILE`. Each
message takes a moment to handle; then its text is written to the file and is safe there.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

MOMENT = 0.3
"""Seconds, as a slow disk or a busy database takes."""


async def note(file: Path, text: str | None) -> None:
    await asyncio.sleep(MOMENT)
    with file.open("a", encoding="utf-8") as notes:
        notes.write(f"{text}\n")
        notes.flush()
        os.fsync(notes.fileno())


def run_aiogram(url: str, token: str, file: Path) -> None:
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message

    dispatcher = Dispatcher()

    @dispatcher.message()
    async def take(message: Message) -> None:
        await note(file, message.text)

    session = AiohttpSession(api=TelegramAPIServer.from_base(url))
    asyncio.run(dispatcher.start_polling(Bot(token, session)))


def run_python_telegram_bot(url: str, token: str, file: Path) -> None:
    from telegram import Update
    from telegram.ext import Application, MessageHandler, filters

    async def take(update: Update, _: Any) -> None:
        await note(file, update.message.text if update.message else None)

    application = Application.builder().token(token).base_url(f"{url}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT, take))
    application.run_polling()


LOOPS = {"aiogram": run_aiogram, "python-telegram-bot": run_python_telegram_bot}

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    LOOPS[sys.argv[1]](sys.argv[2], sys.argv[3], Path(sys.argv[4]))
