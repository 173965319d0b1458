"""What is done without anybody asking. The scheduler only rings; the truth is in the database.

A job does what is due and nothing twice: a restart, a missed night or a second worker changes
nothing. To add one: a function in a module here, a line in JOBS.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bot.jobs import keeping
from bot.ports import World


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    when: str
    """Crontab, Vietnam time. Every job also runs when the process starts."""
    run: Callable[[World], Awaitable[None]]


JOBS: Final = (
    Job("daily_backup", "15 * * * *", keeping.back_up),
    Job("daily_anchor", "30 * * * *", keeping.anchor),
    Job("forget_expired", "45 * * * *", keeping.forget_expired),
)
