"""What a messenger does by itself: begun, paused, broken off when told to stop, waited for."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

from bot.ports import Entropy
from bot.stopping import unless_stopped

T = TypeVar("T")

LONGEST_PAUSE: Final = 60.0
"""Seconds between two tries, where nothing longer was asked for."""

Sleep = Callable[[float], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class Errands:
    random: Entropy
    sleep: Sleep
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Begin something that `stop` waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """Tell everybody to stop, and wait until they have."""
        self._stopping.set()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def pause(self, wait: timedelta, attempt: int) -> None:
        """Wait at least `wait`, twice as long each time, and up to half more by chance."""
        seconds = max(wait.total_seconds(), min(2.0**attempt, LONGEST_PAUSE))
        await self.unless_stopped(self.sleep(seconds + seconds * (self.random(1)[0] / 510)))

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return what it returns; told to stop first, break it off and return None."""
        return await unless_stopped(work, self._stopping)
