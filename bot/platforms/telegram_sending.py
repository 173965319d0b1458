"""Brings bubbles to people through one bot; every failure of Telegram becomes one of three."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.methods import DeleteMessage, EditMessageReplyMarkup, SendMessage
from aiogram.types import Chat, InlineKeyboardMarkup, Message
from msgspec import Struct

from bot.dialogs.language import Texts
from bot.dialogs.messages import Outgoing
from bot.platforms.telegram_bubbles import keyboard, messages, several
from bot.platforms.telegram_polling import PATIENCE, REVOKED
from bot.platforms.telegram_updates import in_order
from bot.ports import Clock, Revoked, TryLater, Unreachable

OUTAGE: Final = timedelta(seconds=5)
"""When to try again if Telegram does not say."""
GONE: Final = "message to delete not found"
SAME: Final = "message is not modified"


class _Shown(Struct, frozen=True):
    """The last bubble of a chat, where several choices can be picked in it."""

    outgoing: Outgoing
    message: int
    at: datetime


@dataclass(slots=True)
class Postman:
    """`deliver` is that of `bot.ports.Platform`, for one bot."""

    bot: Bot
    texts: Texts
    now: Clock
    _begun: dict[str, tuple[Outgoing, int]] = field(default_factory=dict)
    """Chat -> the bubble of which only so many messages were taken."""
    _shown: dict[str, _Shown] = field(default_factory=dict)

    async def deliver(self, chat: str, outgoing: Outgoing) -> datetime:
        with _told_apart():
            if outgoing.kind == "delete":
                return await self._deleted(chat, outgoing)
            return await self._marked(chat, outgoing) or await self._sent(chat, outgoing)

    async def _deleted(self, chat: str, outgoing: Outgoing) -> datetime:
        request = DeleteMessage(chat_id=int(chat), message_id=int(outgoing.ref))
        try:
            await self.bot(request, request_timeout=PATIENCE)
        except TelegramBadRequest as error:
            if GONE not in error.message:
                raise
        return self.now()

    async def _marked(self, chat: str, outgoing: Outgoing) -> datetime | None:
        """Mark what was just picked on the buttons that are there; None: there are none."""
        shown = self._shown.get(chat)
        markup = keyboard(outgoing, self.texts)
        if shown is None or not isinstance(markup, InlineKeyboardMarkup):
            return None
        if not _picked(shown.outgoing, outgoing):
            return None
        request = EditMessageReplyMarkup(
            chat_id=int(chat), message_id=shown.message, reply_markup=markup
        )
        try:
            await self.bot(request, request_timeout=PATIENCE)
        except TelegramBadRequest as error:
            if SAME not in error.message:
                return None
        self._shown[chat] = _Shown(outgoing, shown.message, shown.at)
        return shown.at

    async def _sent(self, chat: str, outgoing: Outgoing) -> datetime:
        """Send a bubble, from where it was interrupted the last time."""
        self._shown.pop(chat, None)
        begun, taken = self._begun.pop(chat, (None, 0))
        requests = messages(int(chat), outgoing, self.texts)
        for number in range(taken if begun == outgoing else 0, len(requests)):
            sent = await self._taken(requests[number])
            self._begun[chat] = (outgoing, number + 1)
        del self._begun[chat]
        at = in_order(sent.date, sent.message_id)
        if several(outgoing) and outgoing.kind == "ask":
            self._shown[chat] = _Shown(outgoing, sent.message_id, at)
        return at

    async def _taken(self, request: SendMessage) -> Message:
        """Send one message. An answer we cannot read in full still says that it was taken."""
        try:
            return await self.bot(request, request_timeout=PATIENCE)
        except ClientDecodeError as error:
            given = error.data.get("result") if isinstance(error.data, dict) else None
            if not (isinstance(given, dict) and error.data.get("ok")):
                raise
            number, date = int(given.get("message_id", 0)), given.get("date", 0)
            chat = Chat(id=int(request.chat_id), type="private")
            return Message(message_id=number, date=date or self.now(), chat=chat)


def _picked(before: Outgoing, after: Outgoing) -> bool:
    """True for one question shown again only because something was picked."""
    same = (before.kind, before.prompt, before.buttons) == (after.kind, after.prompt, after.buttons)
    return same and before.selected != after.selected


@contextmanager
def _told_apart() -> Iterator[None]:
    """Raise what the port promises. What Telegram says stays here: it quotes chats and texts."""
    try:
        yield
    except TelegramRetryAfter as error:
        raise TryLater(timedelta(seconds=error.retry_after)) from None
    except REVOKED:
        raise Revoked from None
    except FINAL:
        raise Unreachable from None
    except AiogramError:
        raise TryLater(OUTAGE) from None


FINAL: Final = (
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramBadRequest,
    TelegramEntityTooLarge,
)
"""Blocked, deactivated, not found, a group that moved; or nothing Telegram will ever take."""
