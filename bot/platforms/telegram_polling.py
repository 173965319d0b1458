"""One bot's line to Telegram: set up, then perhaps polled, again and again until told to stop.

The offset moves only when a whole batch is on the disk: what is lost on the way comes again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod

from bot.platforms.errands import Errands
from bot.platforms.telegram_updates import ALLOWED

log = logging.getLogger(__name__)

T = TypeVar("T")
Raw = Mapping[str, Any]

LONGEST_POLL: Final = 25
"""Seconds Telegram keeps a poll open when there is no news."""
PATIENCE: Final = 15
"""Seconds any other request may take."""
LAST_PATIENCE: Final = 3
"""Seconds for what is only polite, when we are about to stop."""
NO_ANSWER_AFTER: Final = 3
"""Failures in a row after which Telegram counts as away."""
REVOKED: Final = (TelegramUnauthorizedError, TelegramNotFound)
"""Answers of Telegram to a token it does not know."""


class RawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """getUpdates, as they came: one update that aiogram does not understand spoils no other."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    timeout: int
    offset: int | None = None
    limit: int | None = None
    allowed_updates: Sequence[str] | None = None


@dataclass(slots=True)
class Line:
    """`run` it as a task; `stop` it once."""

    bot: Bot
    polls: bool
    set_up: Callable[[], Awaitable[None]]
    hand_in: Callable[[Sequence[Raw]], Awaitable[None]]
    """Returns once all of a batch is on the disk."""
    in_trouble: Callable[[str | None], None]
    """Told "revoked", "conflict", "no_answer"; None when all is well."""
    errands: Errands
    _offset: int | None = None
    _ready: bool = False

    async def run(self) -> None:
        """Return when stopped, when the token is revoked, or when a webhook is set."""
        failures = 0
        while not self.errands.stopping and (self.polls or not self._ready):
            try:
                await self._step()
            except REVOKED:
                self.in_trouble("revoked")
                return
            except Exception as error:
                failures += 1
                self._note(error, failures)
                await self.errands.pause(_asked(error), failures)
            else:
                failures = 0
                self.in_trouble(None)

    async def stop(self, running: "asyncio.Task[None]") -> None:
        """Finish the batch in hand, and let Telegram know how far we are."""
        await self.errands.stop()
        await running
        if self._offset is None:
            return
        try:
            last = RawUpdates(offset=self._offset, limit=1, timeout=0)
            await self.bot(last, request_timeout=LAST_PATIENCE)
        except Exception as error:
            log.info("offset_not_confirmed", extra={"why": type(error).__name__})

    async def _step(self) -> None:
        if not self._ready:
            await self.errands.unless_stopped(self._prepared())
            return
        poll = RawUpdates(offset=self._offset, timeout=LONGEST_POLL, allowed_updates=ALLOWED)
        batch = await self.errands.unless_stopped(
            self.bot(poll, request_timeout=LONGEST_POLL + PATIENCE)
        )
        if batch:
            batch.sort(key=_number)
            await self.hand_in(batch)
            self._offset = _number(batch[-1]) + 1

    async def _prepared(self) -> None:
        await self.set_up()
        self._ready = True

    def _note(self, error: Exception, failures: int) -> None:
        log.warning("line_failed", extra={"why": type(error).__name__})
        if isinstance(error, TelegramConflictError):
            self.in_trouble("conflict")
        elif isinstance(error, AiogramError) and failures >= NO_ANSWER_AFTER:
            self.in_trouble("no_answer")


def _asked(error: Exception) -> timedelta:
    """Return how long Telegram asks us to wait, if it does."""
    return timedelta(seconds=error.retry_after if isinstance(error, TelegramRetryAfter) else 0)


def _number(raw: Raw) -> int:
    return int(raw["update_id"])
