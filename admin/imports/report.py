"""A trial run of a list: how many people, how many cannot be taken in, why, and where they stand.

It names places, never what stands there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from admin.exports.text import printable
from admin.imports.people import People
from admin.imports.refusals import FileRefused
from admin.imports.values import Bad, Problem, Row
from bot.dialogs.language import Texts

MOST_LISTED: Final = 10_000
"""Problems that are listed one by one; all are counted."""
MOST_SHOWN: Final = 50
"""Of them, those that a terminal shows."""

VARYING: Final = frozenset({"row", "where", "length"})
"""Facts that differ from cell to cell: for these a sum shows "..."."""


class Counted(NamedTuple):
    """What is counted together."""

    title: str
    reason: str
    facts: tuple[tuple[str, object], ...]

    @classmethod
    def of(cls, problem: Problem) -> "Counted":
        facts = ((name, "..." if name in VARYING else fact) for name, fact in problem.facts.items())
        return cls(problem.title, problem.reason, tuple(facts))


@dataclass(slots=True)
class Report:
    """What a trial run found."""

    rows: int = 0
    good: int = 0
    warned: int = 0
    bad: int = 0
    reasons: Counter[Counted] = field(default_factory=Counter)
    """Why cells cannot be taken in."""
    remarks: Counter[Counted] = field(default_factory=Counter)
    """What should be looked at."""
    classes: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    """The first MOST_LISTED."""

    def add(self, row: Row | Bad) -> None:
        """Count one row."""
        self.rows += 1
        self.classes.update(row.classes)
        if isinstance(row, Row):
            self.warned += bool(row.warned)
            self.good += not row.warned
            self.remarks.update(map(Counted.of, row.warned))
        else:
            self.bad += 1
            self.reasons.update(map(Counted.of, row.problems))
            self.problems += row.problems[: MOST_LISTED - len(self.problems)]

    @property
    def unlisted(self) -> int:
        return self.reasons.total() - len(self.problems)


def try_out(people: People) -> Report:
    """Read a list to its end and return what was found; nothing is kept of it."""
    report = Report()
    for row in people:
        report.add(row)
    return report


def sentence(problem: Problem, texts: Texts) -> str:
    """Return where a problem is, what it is, and what to do."""
    frame = "import.place" if problem.sheet else "import.place_csv"
    return texts(
        frame if problem.column else f"{frame}_row",
        sheet=problem.sheet,
        row=problem.row,
        column=problem.column,
        title=problem.title,
        reason=reason_of(problem, texts),
    )


def reason_of(problem: Problem, texts: Texts) -> str:
    """Return what a problem is, and what to do about it."""
    return _said(problem.reason, problem.facts, texts)


def _said(reason: str, facts: Mapping[str, object], texts: Texts) -> str:
    key = f"import.reason.{reason}"
    return texts(key if key in texts else f"import.warn.{reason}", **facts)


def why_refused(refused: FileRefused, texts: Texts) -> str:
    """Return why a file is not taken in, and what to do about it."""
    return texts(f"import.file.{refused.reason}", **refused.facts)


def lines_of(report: Report, people: People, texts: Texts) -> Iterator[str]:
    """Yield the report as a terminal shows it."""
    yield texts("import.report.title")
    yield from _about_sheets(people, texts)
    yield from counts_of(report, texts)
    if not report.problems:
        yield texts("import.report.all_good")
        return
    yield texts("import.report.first")
    yield from (sentence(problem, texts) for problem in report.problems[:MOST_SHOWN])
    left = report.reasons.total() - min(len(report.problems), MOST_SHOWN)
    if left:
        yield texts("import.report.more", count=left)


def counts_of(report: Report, texts: Texts) -> Iterator[str]:
    """Yield the figures of a report, the most frequent reasons first."""
    yield texts("import.report.rows", rows=report.rows)
    yield texts("import.report.good", count=report.good)
    yield texts("import.report.warned", count=report.warned)
    yield texts("import.report.bad", count=report.bad)
    for heading, counted in (("reasons", report.reasons), ("warnings", report.remarks)):
        if counted:
            yield texts(f"import.report.{heading}")
            for (title, reason, facts), count in counted.most_common():
                said = _said(reason, dict(facts), texts)
                yield texts("import.report.line", title=title, reason=said, count=count)
    if report.classes:
        yield texts("import.report.classes")
        for name, count in sorted(report.classes.items()):
            said = texts(f"import.class.{name}")
            yield texts("import.report.line_class", reason=said, count=count)


def _about_sheets(people: People, texts: Texts) -> Iterator[str]:
    for sheet, found in people.sheets:
        yield texts(
            "import.report.sheet" if sheet.name else "import.report.sheet_csv",
            sheet=sheet.name,
            row=found.headings.row,
            layout=found.layout.upper() or texts("import.report.own_layout"),
            columns=len(found.targets),
        )
        if found.unknown:
            letters = ", ".join(heading.letter for heading in found.unknown)
            yield texts("import.report.unknown", columns=letters)
    if people.skipped:
        yield texts("import.report.skipped", names=", ".join(people.skipped))


def write_workbook(file: Path, report: Report, people: People, texts: Texts) -> None:
    """Write the figures and the places of all listed problems, for the office to walk through."""
    names = ("sheet", "row", "column", "title", "reason")
    titles = [texts(f"import.report.column_{name}") for name in names]
    options = {"constant_memory": True, "tmpdir": str(file.parent)}
    with Workbook(str(file), options) as workbook:
        bold = workbook.add_format({"bold": True})
        summary = workbook.add_worksheet(texts("import.report.summary_sheet"))
        for number, line in enumerate([*_about_sheets(people, texts), *counts_of(report, texts)]):
            summary.write_string(number, 0, printable(line))
        listed = workbook.add_worksheet(texts("import.report.problems_sheet"))
        for column, width in enumerate((24, 8, 8, 28, 100)):
            listed.set_column(column, column, width)
        listed.write_row(0, 0, titles, bold)
        listed.freeze_panes(1, 0)
        for number, problem in enumerate(report.problems, 1):
            said = (problem.sheet, "", problem.column, problem.title, reason_of(problem, texts))
            for column, cell in enumerate(map(printable, said)):
                listed.write_string(number, column, cell)
            listed.write_number(number, names.index("row"), problem.row)
        listed.autofilter(0, 0, max(1, len(report.problems)), len(titles) - 1)
