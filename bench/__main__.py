"""`python -m bench [--quick] [--json] [--rounds N] [NAME ...]`: run benchmarks, print a table."""

import argparse
import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Mapping
from typing import Final

from bench import engine, exports, growth, imports, lists, load, messages, turns
from bench.figures import ROUNDS, Figure, Figures, Scale, as_json

BENCHES: Final[Mapping[str, Callable[[Scale], Figures]]] = {
    "turns": turns.measure,
    "engine": engine.measure,
    "growth": growth.measure,
    "exports": exports.measure,
    "imports": imports.measure,
    "lists": lists.measure,
    "load": load.measure,
    "messages": messages.measure,
}
"""To add a benchmark: its module and a line here."""


def main() -> None:
    options = _options()
    scale = Scale(options.quick, options.rounds)
    measured: list[Figure] = []
    for name in options.names or BENCHES:
        print(f"\n{name}: {_machine()}", file=sys.stderr, flush=True)
        figures = BENCHES[name](scale)
        measured += figures.values()
        if not options.json:
            print(figures.table(), flush=True)
    if options.json:
        print(as_json(measured))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=sys.modules["bench"].__doc__
    )
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--json", action="store_true", help="every round, as JSON")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="interleaved rounds")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    return options


def _machine() -> str:
    """Return what the figures depend on: load average, processors, versions."""
    load = (
        ", ".join(f"{load:.1f}" for load in os.getloadavg()) if hasattr(os, "getloadavg") else "?"
    )
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"load {load}; {os.cpu_count()} processors; {versions}"


if __name__ == "__main__":
    main()
