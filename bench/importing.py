"""One reading of a list of people, or of its cells alone, in a process of its own.

Processor time is told: all of them use one processor, and wait for nothing.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any, Final

import openpyxl

from admin.imports.people import open_people
from admin.imports.sheets import open_sheets
from admin.imports.values import Row
from bench.exporting import memory
from bot.content import form_of, known_of, trial_office

TODAY: Final = date(2026, 11, 22)


def people(file: Path) -> int:
    """Return how many people were read and checked."""
    with file.open("rb") as opened:
        found = open_people(opened, form_of(), known_of(trial_office()), TODAY)
        return sum(isinstance(row, Row) for row in found)


def cells(file: Path) -> int:
    """Return how many lines our own reader of sheets yields."""
    with file.open("rb") as opened:
        (sheet,) = open_sheets(opened)
        return sum(1 for line in sheet.lines() if len(line.cells) > 1)


def openpyxl_cells(file: Path) -> int:
    """Return how many lines openpyxl yields, read as a stream."""
    book = openpyxl.load_workbook(file, read_only=True)
    lines: Iterator[Any] = book.worksheets[0].iter_rows(values_only=True)
    return sum(1 for line in lines if len(line) > 1)


READERS: Final = {"people": people, "cells": cells, "openpyxl": openpyxl_cells}


if __name__ == "__main__":
    what, file = sys.argv[1:]
    start, before = process_time(), memory("VmRSS")
    count = READERS[what](Path(file))
    took = process_time() - start
    print(json.dumps({"count": count, "took": took, "memory": memory("VmHWM") - before}))
