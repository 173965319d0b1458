"""Work that is broken off when it is time to stop."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def unless_stopped(work: Awaitable[T], stopping: asyncio.Event) -> T | None:
    """Return what the work returns; told to stop first, break it off and return None."""
    doing = asyncio.ensure_future(work)
    told = asyncio.ensure_future(stopping.wait())
    await asyncio.wait((doing, told), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not doing.done():
        doing.cancel()
        await asyncio.wait((doing,))
    return None if doing.cancelled() else doing.result()
