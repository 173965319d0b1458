"""The scheduler: it rings at the hours of JOBS, and holds nothing that could be lost."""

import logging
from collections.abc import Sequence
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from bot.jobs import JOBS, Job
from bot.ports import World
from storage.ids import VIETNAM

log = logging.getLogger(__name__)


async def ring(job: Job, world: World) -> None:
    """Run a job; what goes wrong is logged without its words, and tried again at the next bell."""
    try:
        await job.run(world)
    except Exception as error:
        log.error("job_failed", extra={"why": f"{job.name} {type(error).__name__}"})


def start(world: World, jobs: Sequence[Job] = JOBS) -> AsyncIOScheduler:
    """Ring each job at once, then at its hours. The caller shuts the scheduler down."""
    scheduler = AsyncIOScheduler(
        timezone=VIETNAM,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs:
        trigger = CronTrigger.from_crontab(job.when, timezone=VIETNAM)
        scheduler.add_job(partial(ring, job, world))
        scheduler.add_job(partial(ring, job, world), trigger, id=job.name)
    scheduler.start()
    return scheduler
