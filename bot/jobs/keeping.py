"""Looking after what is kept: the daily backup, the daily anchor, codes nobody used in time."""

import asyncio
from datetime import timedelta
from typing import Final

from bot.ports import World
from storage import codes
from storage.backup import daily_backup
from storage.ids import VIETNAM
from storage.trail import anchor_day

SETTLED: Final = timedelta(minutes=5)
"""How far back an anchor ends: no transaction with an earlier event is open any more."""


async def back_up(world: World) -> None:
    """Write today's backup unless it is there. Nothing on PostgreSQL, which has pg_dump."""
    await asyncio.to_thread(daily_backup, world.place, world.now())


async def anchor(world: World) -> None:
    """Anchor yesterday's history, once that day is over for good."""
    until = world.now() - SETTLED
    day = until.astimezone(VIETNAM).date() - timedelta(days=1)
    midnight = until.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    await world.write(lambda connection: anchor_day(connection, day, midnight))


async def forget_expired(world: World) -> None:
    """Delete continuation codes that ran out."""
    now = world.now()
    await world.write(lambda connection: codes.forget_expired(connection, now))
