"""What a benchmark reports: one figure per round, shown as its median beside its goal."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Final

ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    quick: bool = False
    rounds: int = ROUNDS

    def of(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@dataclass(slots=True)
class Figure:
    """One thing measured, once per round. `at_least` and `at_most` are goals, not assertions."""

    name: str
    unit: str
    rounds: list[float] = field(default_factory=list)
    at_least: float | None = None
    at_most: float | None = None

    @property
    def median(self) -> float:
        return median(self.rounds)

    @property
    def met(self) -> bool | None:
        """Say whether the median meets its goal; None where there is none."""
        if self.at_least is not None:
            return self.median >= self.at_least
        return None if self.at_most is None else self.median <= self.at_most

    @property
    def goal(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"


class Figures(dict[str, Figure]):
    """The figures of one benchmark by name, in the order they were first measured."""

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """Append the value of one round."""
        figure = self.setdefault(name, Figure(name, unit, [], at_least, at_most))
        figure.rounds.append(value)

    def table(self) -> str:
        """Return lines for people to read."""
        return table(self.values())


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which `part` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def table(figures: Iterable[Figure]) -> str:
    """Return lines of name, median, lowest and highest round, goal and whether it is met."""
    marks = {None: "", True: "met", False: "MISSED"}
    rows: list[tuple[str, ...]] = [("", "median", "low", "high", "unit", "goal", "")]
    for figure in figures:
        numbers = map(_short, (figure.median, min(figure.rounds), max(figure.rounds)))
        rows.append((figure.name, *numbers, figure.unit, figure.goal, marks[figure.met]))
    return columns(rows, right=range(1, 4))


def columns(rows: Sequence[Sequence[str]], right: range) -> str:
    """Return the rows with their cells under each other; columns `right` end at one line."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def as_json(figures: Iterable[Figure]) -> str:
    """Return one JSON object per figure, with every round."""
    rows = [asdict(figure) | {"median": figure.median, "met": figure.met} for figure in figures]
    return json.dumps(rows, ensure_ascii=False, indent=1)
