"""Takes what one bot is told: answers presses at once, hands the rest in, stays out of groups."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiogram import Bot
from aiogram.methods import AnswerCallbackQuery, LeaveChat, SendMessage, TelegramMethod

from bot.dialogs.language import Texts
from bot.dialogs.messages import Incoming
from bot.platforms.telegram_polling import PATIENCE, Raw
from bot.platforms.telegram_updates import PLATFORM, Membership, read
from bot.ports import Clock, Intake
from storage.ledger import chat_token
from storage.outbox import reachable
from storage.sealed import Keys

log = logging.getLogger(__name__)

LAST_ERRANDS: Final = 3
"""Seconds that errands on their way may take when we are about to stop."""


@dataclass(slots=True)
class Reception:
    account: str
    bot: Bot
    keys: Keys
    texts: Texts
    now: Clock
    _errands: "set[asyncio.Task[None]]" = field(default_factory=set)
    _leaving: set[int] = field(default_factory=set)

    async def take(self, intake: Intake, batch: Sequence[Raw]) -> None:
        """Return once all that a batch says is on the disk. Raises what the ledger raises."""
        now = self.now()
        chats: dict[str, list[Incoming]] = {}
        news: dict[str, Membership] = {}
        for seen in (read(raw, self.account, now) for raw in batch):
            if seen.press:
                self.soon(AnswerCallbackQuery(callback_query_id=seen.press))
            if seen.group is not None:
                self._leave(seen.group)
            if seen.incoming is not None:
                chats.setdefault(seen.incoming.chat, []).append(seen.incoming)
            if seen.membership is not None:
                news[seen.membership.chat] = seen.membership
        taken = await asyncio.gather(
            *(_in_order(intake, said) for said in chats.values()),
            *(self._noted(intake, last) for last in news.values()),
            return_exceptions=True,
        )
        for failure in taken:
            if isinstance(failure, BaseException):
                raise failure

    def soon(self, *requests: TelegramMethod[Any]) -> "asyncio.Task[None]":
        """Ask for what nobody waits for, each request whatever became of the one before."""
        task = asyncio.create_task(_ask(self.bot, requests))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    async def finish(self) -> None:
        """Wait a little for the errands on their way."""
        if self._errands:
            await asyncio.wait(self._errands, timeout=LAST_ERRANDS)

    async def _noted(self, intake: Intake, news: Membership) -> None:
        token = chat_token(self.keys, PLATFORM, self.account, news.chat)
        await intake.write(lambda connection: reachable(connection, token, at=news.blocked_at))

    def _leave(self, group: int) -> None:
        """Say in a group that people are to write in private, and go."""
        if group in self._leaving:
            return
        self._leaving.add(group)
        said = SendMessage(chat_id=group, text=self.texts("platform.group"), parse_mode=None)
        going = self.soon(said, LeaveChat(chat_id=group))
        going.add_done_callback(lambda _: self._leaving.discard(group))


async def _in_order(intake: Intake, said: Sequence[Incoming]) -> None:
    """Hand in what one chat said. Nothing overtakes what is not taken."""
    for incoming in said:
        await intake.submit(incoming)


async def _ask(bot: Bot, requests: Sequence[TelegramMethod[Any]]) -> None:
    for request in requests:
        try:
            await bot(request, request_timeout=PATIENCE)
        except Exception as error:
            log.info("errand_failed", extra={"why": type(error).__name__})
