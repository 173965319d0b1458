"""A whole campaign: three communes in one database, and all that happens in the field at once."""

from collections import Counter
from pathlib import Path
from random import Random
from time import perf_counter

import pytest

from tests.simulation import checks
from tests.simulation.campaign import Campaign, Size
from tests.simulation.days import Day
from tests.simulation.invented import found, share_numbers
from tests.simulation.program import Program

SMALL = Size(collectors=2, people=40, days=3, restarts=0.003, returns=0.04)
SHARED = Size(collectors=2, people=14, days=3, restarts=0.01, returns=0.05)
FULL = Size(collectors=10, people=2000, days=5, restarts=0.001, returns=0.05)


async def test_a_campaign(
    database_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sqlite = database_url.startswith("sqlite")
    size = SMALL if sqlite else SHARED
    size = FULL if sqlite and request.config.getoption("--soak") else size
    chance = Random(request.config.getoption("--seed"))
    towns = [found(number, size.people, chance) for number in range(3)]
    share_numbers(towns, chance)
    program = Program(tmp_path, database_url, towns, chance, per_town=1 if sqlite else 2)
    campaign = Campaign(program, size, chance)
    await program.open()
    try:
        await campaign.prepare()
        began = perf_counter()
        for day in range(size.days):
            await Day(campaign, day).play()
        took = perf_counter() - began
        await judge(campaign, tmp_path)
        told = summary(campaign)
        with capsys.disabled():
            if request.config.getoption("--soak"):
                print(f"\n{told}, {program.figures.turns / took:.0f} turns/s")
    finally:
        await program.close()


def summary(campaign: Campaign) -> str:
    """Return what has happened, in numbers."""
    figures = campaign.program.figures
    happened = Counter(one.status for one in campaign.model.sittings)
    met = {"confirmed", "withdrawn", "declined"}
    assert met <= set(happened), f"the campaign went nowhere: {happened}"
    assert figures.again and figures.early and figures.restarts and figures.returned
    assert figures.lost_phones == len(campaign.towns)
    return f"{figures}, forms {dict(happened)}, {len(campaign.model.outcomes)} outcomes"


async def judge(campaign: Campaign, folder: Path) -> None:
    for town in campaign.towns:
        found = await checks.kept(campaign, town)
        assert checks.lost_forms(campaign, town, found) == [], "a form is lost or altered"
        assert checks.counts(campaign, town, found) == [], "the counts do not balance"
        assert checks.visits(campaign, town, found) == [], "a visit left something else"
        assert checks.mixed_up(campaign, town, found) == [], "a form counts for the wrong person"
        assert checks.doubles_left(campaign, town, found) == [], "a double went unnoticed"
        assert await checks.exported(campaign, town, folder) == [], "the export is wrong"
    first = campaign.towns[0]
    assert campaign.leaks == [], "somebody saw another commune"
    assert campaign.wrong == [], "a menu's numbers are wrong"
    assert checks.lost_phones(campaign) == [], "a lost telephone was told something"
    assert await checks.histories(campaign) == [], "a history does not verify"
    assert await campaign.program.write(first, checks.set_aside) == []
    assert await campaign.program.write(first, checks.dead_drafts) == []
