"""CPU of a turn when the tables are full, against the same when they are nearly empty."""

from pathlib import Path
from typing import Final

from bench.figures import Figures, Scale
from bench.filling import filled
from bench.homes import folder, place
from bench.turns import MANY, played
from bot.app import Place

FEW: Final = 10_000
"""Submissions."""
GOAL: Final = 2.0


def measure(scale: Scale) -> Figures:
    """Return CPU per turn with few and with many submissions, and their ratio, on SQLite."""
    many, figures = scale.of(1_000_000, 100_000), Figures()
    with folder() as data:
        few_place, many_place = _filled(data, FEW), _filled(data, many)
        for _ in range(scale.rounds):
            few = played(few_place, scale.of(400, 200), MANY)
            full = played(many_place, scale.of(400, 200), MANY)
            figures.add(f"{FEW:,} submissions: CPU", few.cpu_each, "us/turn")
            figures.add(f"{many:,} submissions: CPU", full.cpu_each, "us/turn")
            figures.add("growth of CPU", full.cpu_each / few.cpu_each, "x", at_most=GOAL)
            figures.add("growth of time", few.rate / full.rate, "x")
    return figures


def _filled(data: Path, count: int) -> Place:
    where = place(data / str(count))
    filled(where, count)
    return where
