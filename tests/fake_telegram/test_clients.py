"""Clients nobody wrote for this fake: python-telegram-bot and aiogram, whole, against it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    MenuButtonCommands,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from aiogram.types import BotCommandScopeAllPrivateChats as AllPrivateChats
from telegram import Bot as PtbBot
from telegram import InlineKeyboardButton as PtbButton
from telegram import InlineKeyboardMarkup as PtbMarkup
from telegram import KeyboardButton as PtbKey
from telegram import ReplyKeyboardMarkup as PtbKeyboard
from telegram import Update
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from tests.fake_telegram.conftest import TOKEN, soon
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_faults import Fault, broken, cut, flood, refuse, reset
from tests.fakes.telegram_person import Person


@pytest.fixture
async def aiogram(loose: FakeTelegram) -> AsyncIterator[AiogramBot]:
    server = TelegramAPIServer.from_base(loose.url)
    async with AiogramBot(TOKEN, session=AiohttpSession(api=server)) as bot:
        yield bot


@pytest.fixture
async def ptb(loose: FakeTelegram) -> AsyncIterator[PtbBot]:
    async with PtbBot(TOKEN, base_url=f"{loose.url}/bot") as bot:
        yield bot


# --- aiogram -------------------------------------------------------------------------------------


async def test_aiogram_talks_to_a_person(
    telegram: FakeTelegram, aiogram: AiogramBot, an: Person
) -> None:
    yes = InlineKeyboardButton(text="Yes", callback_data="1:yes", style="success")
    number = KeyboardButton(text="My number", request_contact=True)

    sent = await aiogram.send_message(
        an.id,
        "<b>Sure?</b>",
        parse_mode="HTML",
        protect_content=True,
        reply_markup=InlineKeyboardMarkup(inline_keyboard=[[yes]]),
    )
    press = an.presses("Yes")
    await aiogram.answer_callback_query(press, text="noted", show_alert=True)
    await aiogram.edit_message_text("Sure.", chat_id=an.id, message_id=sent.message_id)
    await aiogram.send_message(
        an.id, "Number?", reply_markup=ReplyKeyboardMarkup(keyboard=[[number]])
    )
    an.taps("My number")
    await aiogram.send_message(an.id, "Thanks", reply_markup=ReplyKeyboardRemove())
    paper = BufferedInputFile(b"paper", "a.txt")
    document = await aiogram.send_document(an.id, paper, caption="Paper")
    await aiogram.send_photo(an.id, BufferedInputFile(b"pixels", "a.png"))
    await aiogram.delete_message(an.id, document.message_id)

    updates = await aiogram.get_updates(allowed_updates=["message", "callback_query"])
    assert updates[1].callback_query and updates[1].callback_query.data == "1:yes"
    assert updates[2].message and updates[2].message.contact
    assert an.hears() == ["Sure.", "Number?", "Thanks", ""]
    assert an.notices == ["noted"]


async def test_aiogram_sets_a_bot_up(
    telegram: FakeTelegram, aiogram: AiogramBot, an: Person
) -> None:
    telegram.routes["https://form.example.test/"] = "http://127.0.0.1:1"
    commands = [BotCommand(command="help", description="Help")]
    hook = "https://form.example.test/t"

    await aiogram.set_my_commands(commands, scope=AllPrivateChats(), language_code="vi")
    await aiogram.set_my_short_description("Form 03")
    await aiogram.set_chat_menu_button(chat_id=an.id, menu_button=MenuButtonCommands())
    await aiogram.set_webhook(hook, secret_token="s3cret", max_connections=5)

    me, info = await aiogram.get_me(), await aiogram.get_webhook_info()
    assert (me.id, info.url, info.max_connections) == (100001, hook, 5)
    (kept,) = await aiogram.get_my_commands(AllPrivateChats(), "vi")
    assert (kept.command, kept.description) == ("help", "Help")
    assert (await aiogram.get_my_short_description()).short_description == "Form 03"
    assert (await aiogram.get_chat(an.id)).first_name == "An"
    assert await aiogram.delete_webhook()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (flood(7), TelegramRetryAfter),
        (broken(), TelegramServerError),
        (reset(), TelegramNetworkError),
        (cut(), TelegramNetworkError),
        (refuse(401, "Unauthorized"), TelegramUnauthorizedError),
        (refuse(404, "Not Found"), TelegramNotFound),
        (refuse(403, "Forbidden: bot was blocked by the user"), TelegramForbiddenError),
        (refuse(400, "Bad Request: chat not found"), TelegramBadRequest),
        (refuse(409, "Conflict: x"), TelegramConflictError),
    ],
)
async def test_aiogram_knows_the_errors(
    telegram: FakeTelegram, aiogram: AiogramBot, an: Person, fault: Fault, error: type[Exception]
) -> None:
    telegram.order(fault)

    with pytest.raises(error) as caught:
        await aiogram.send_message(an.id, "x")

    assert getattr(caught.value, "retry_after", 7) == 7


async def test_aiogram_polls(telegram: FakeTelegram, aiogram: AiogramBot, an: Person) -> None:
    (started,) = await aiogram(GetUpdates(timeout=0))
    waiting = asyncio.create_task(aiogram(GetUpdates(offset=started.update_id + 1, timeout=10)))
    await telegram.until(lambda: telegram.only.poll)

    an.types("hello")

    (update,) = await soon(waiting)
    assert update.message and update.message.text == "hello"


# --- python-telegram-bot -------------------------------------------------------------------------


async def test_ptb_talks_to_a_person(telegram: FakeTelegram, ptb: PtbBot, an: Person) -> None:
    yes = PtbMarkup([[PtbButton("Yes", callback_data="1:yes")]])
    number = PtbKeyboard([[PtbKey("My number", request_contact=True)]], one_time_keyboard=True)

    sent = await ptb.send_message(an.id, "<i>Sure?</i>", parse_mode="HTML", reply_markup=yes)
    press = an.presses("Yes", sent.message_id)
    await ptb.answer_callback_query(press, "noted")
    await ptb.edit_message_reply_markup(an.id, sent.message_id)
    await ptb.send_message(an.id, "Number?", reply_markup=number, protect_content=True)
    an.taps("My number")
    await ptb.send_chat_action(an.id, "typing")
    document = await ptb.send_document(an.id, b"paper", caption="Paper", filename="a.txt")
    await ptb.send_photo(an.id, b"pixels")
    await ptb.delete_message(an.id, document.message_id)

    updates = await ptb.get_updates(timeout=0)
    assert updates[1].callback_query and updates[1].callback_query.data == "1:yes"
    assert updates[2].message and updates[2].message.contact
    assert updates[2].message.contact.user_id == an.id
    assert (await ptb.get_chat(an.id)).first_name == "An"
    assert an.hears() == ["Sure?", "Number?", ""]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (flood(7), RetryAfter),
        (broken(), TelegramError),
        (reset(), TelegramError),
        (cut(), TelegramError),
        (refuse(401, "Unauthorized"), InvalidToken),
        (refuse(403, "Forbidden: bot was blocked by the user"), Forbidden),
        (refuse(400, "Bad Request: chat not found"), BadRequest),
        (refuse(409, "Conflict: x"), Conflict),
    ],
)
async def test_ptb_knows_the_errors(
    telegram: FakeTelegram,
    ptb: PtbBot,
    an: Person,
    fault: Fault,
    error: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else it warns of its own future
    telegram.order(fault)

    with pytest.raises(error):
        await ptb.send_message(an.id, "x")


async def _greeted(update: Update, _: Any) -> None:
    assert update.message
    keyboard = PtbMarkup([[PtbButton("Again", callback_data="again")]])
    await update.message.reply_text(f"Hello {update.message.text}", reply_markup=keyboard)


async def _echoed(update: Update, _: Any) -> None:
    assert update.message and update.message.text
    await update.message.reply_text(update.message.text, do_quote=True)


async def _pressed(update: Update, _: Any) -> None:
    assert update.callback_query
    await update.callback_query.answer()
    await update.callback_query.edit_message_text("pressed")


@asynccontextmanager
async def echo_bot(url: str) -> AsyncIterator[None]:
    """Run a small bot of python-telegram-bot, as its documentation shows, in this process."""
    application = Application.builder().token(TOKEN).base_url(f"{url}/bot").build()
    application.add_handler(CommandHandler("start", _greeted))
    application.add_handler(CallbackQueryHandler(_pressed))
    application.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, _echoed))
    assert application.updater is not None
    async with application:
        await application.updater.start_polling(poll_interval=0)
        await application.start()
        yield
        await application.updater.stop()
        await application.stop()


async def test_an_echo_bot_of_python_telegram_bot_runs(telegram: FakeTelegram, an: Person) -> None:
    async with echo_bot(telegram.url):
        await telegram.until(lambda: an.hears() == ["Hello /start"])
        an.types("one")
        an.types("two \N{SEEDLING}")
        an.presses("Again")
        wanted = ["one", "pressed", "two \N{SEEDLING}"]
        await telegram.until(lambda: sorted(an.hears()) == wanted)

    assert telegram.only.queue.waiting() == []
