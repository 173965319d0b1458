"""Lists of people written, doubles found: seconds and memory, against sqlite3 alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from bench.figures import Figures, Scale
from bench.homes import folder

LIST_SECONDS: Final = 15.0
LIST_MEMORY: Final = 150.0
SEARCH_SECONDS: Final = {100_000: 5.0, 1_000_000: 120.0}
SEARCH_MEMORY: Final = 250.0
"""MB above start, whatever the number of people."""


def measure(scale: Scale) -> Figures:
    """Return what a list of 100,000 takes, and a search among 100,000 and a million."""
    figures = Figures()
    count = scale.of(100_000, 5_000)
    for _ in range(scale.rounds):
        with folder() as data:
            _add_list(figures, _child("import", data, count), count)
    for size in (scale.of(100_000, 5_000), scale.of(1_000_000, 20_000)):
        with folder() as data:
            _child("fill", data, size)
            for _ in range(scale.rounds):
                _add_search(figures, _child("doubles", data, size), size)
    return figures


def _add_list(figures: Figures, took: Any, count: int) -> None:
    name = f"list of {count:,}"
    both = took["seal"] + took["write"]
    figures.add(f"{name}: sealed and written", both, "s", at_most=LIST_SECONDS)
    figures.add(f"{name}: the transaction", took["write"], "s")
    figures.add(f"{name}: sqlite3 alone", took["floor"], "s")
    figures.add(f"{name}: transaction / alone", took["write"] / took["floor"], "x time")
    figures.add(f"{name}: memory", took["memory"], "MB above start", at_most=LIST_MEMORY)


def _add_search(figures: Figures, took: Any, count: int) -> None:
    name = f"doubles of {count:,}"
    figures.add(f"{name}: search", took["search"], "s", at_most=SEARCH_SECONDS.get(count))
    figures.add(f"{name}: reading all rows alone", took["floor"], "s")
    figures.add(f"{name}: search / reading", took["search"] / took["floor"], "x time")
    figures.add(f"{name}: pairs in a thousand people", took["pairs"] / count * 1000, "pairs")
    figures.add(f"{name}: memory", took["memory"], "MB above start", at_most=SEARCH_MEMORY)


def _child(what: str, data: Path, count: int) -> Any:
    """Run one piece of work in a process of its own: memory is not given back."""
    command = [sys.executable, "-m", "bench.commune", what, str(data), str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return json.loads(done.stdout)
