"""Exports of many records: rows per second and memory, against the format's writer alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from bench.figures import Figures, Scale
from bench.filling import filled_with_records
from bench.homes import folder, place

FORMATS: Final = ("csv", "xlsx", "json")
MEMORY: Final = 64.0
"""MB above start."""


def measure(scale: Scale) -> Figures:
    """Return rows per second of each format, of its writer alone, their ratio, and memory."""
    count, figures = scale.of(100_000, 5_000), Figures()
    with folder() as data:
        filled_with_records(place(data), count)
        for _ in range(scale.rounds):
            for name in FORMATS:
                export, floor = (
                    _child("export", name, data, count),
                    _child("floor", name, data, count),
                )
                figures.add(f"{name} of {count:,}", export["rate"], "rows/s")
                figures.add(f"{name}, writer alone", floor["rate"], "rows/s")
                figures.add(f"{name}: export / writer", floor["rate"] / export["rate"], "x time")
                figures.add(f"{name}: memory", export["memory"], "MB above start", at_most=MEMORY)
                figures.add(f"{name}, writer alone: memory", floor["memory"], "MB above start")
    return figures


def _child(what: str, name: str, data: Path, count: int) -> Any:
    """Run one export in a process of its own: memory of an earlier one would not be given back."""
    command = [sys.executable, "-m", "bench.exporting", what, name, str(data), str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return json.loads(done.stdout)
