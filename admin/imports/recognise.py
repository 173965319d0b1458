"""Where the headings of a sheet stand, and what each of its columns is for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from msgspec import Struct

from admin.imports.cells import Line, letters_of
from admin.imports.headings import (
    ENOUGH,
    Phrase,
    bare,
    fingerprint,
    key_of,
    parts_of,
    paths,
    readings_of,
    worth,
)
from admin.imports.layouts import Layout
from admin.imports.refusals import Heading, Headings
from admin.imports.targets import Target, target_of
from bot.dialogs.form import Form

ROWS_LOOKED_AT: Final = 60
DEEPEST: Final = 4
"""Rows of headings above each other."""
FEWEST: Final = 4
"""Columns that are needed, to be a list of people."""
SHARE: Final = 0.5
"""Of the headings, those that have to be known."""
_UNKNOWN: Final = 0.3
"""What a heading costs that the layout does not know."""
NAME: Final = "q01_ho_ten"
BORN: Final = "q02_ngay_sinh"


class ColumnMap(Struct, frozen=True):
    """What the office said its columns are for: heading as compared -> target (see targets.py)."""

    fingerprint: str
    columns: Mapping[str, str]

    @classmethod
    def of(cls, headings: Headings, targets: Mapping[str, str]) -> "ColumnMap":
        """Return the map that gives columns, by their letters, a target."""
        keys = {heading.letter: heading.key for heading in headings.columns}
        return cls(headings.fingerprint, {keys[at]: name for at, name in targets.items()})


@dataclass(frozen=True, slots=True)
class Recognised:
    """A sheet whose columns are known."""

    layout: str
    """Empty when the office's own column map was used."""
    first: int
    """Number of the first row below the headings."""
    headings: Headings
    targets: Mapping[int, Target]
    """Column, from 0 -> what it is for."""
    unknown: tuple[Heading, ...] = ()
    """Headings that nobody knows: these columns are not read."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows that may be the headings."""

    lines: Sequence[Line]
    columns: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Column -> its headings from above."""


@dataclass(frozen=True, slots=True)
class _Fit:
    worth: float
    targets: Mapping[int, Target]


def recognise(name: str, lines: Sequence[Line], layouts: Sequence[Layout]) -> Recognised | None:
    """Return what the first lines of a sheet show it to be, None when it is no known layout."""
    best: tuple[tuple[float, int, int], Recognised] | None = None
    for block in _blocks(lines, layouts):
        for layout in layouts:
            fit = _fit(block, layout)
            if fit is None:
                continue
            missing = len(layout.columns) - len(fit.targets)
            rank = (round(fit.worth, 6), -missing, -len(block.lines))
            if best is None or rank > best[0]:
                best = (rank, _recognised(layout.id, name, block, fit.targets))
    return best[1] if best else None


def recognise_by_map(
    name: str, lines: Sequence[Line], own: ColumnMap, form: Form
) -> Recognised | None:
    """Return the sheet by the office's own map, None when its headings are others.

    Raises BadTarget when the map names what is none.
    """
    for block in _all_blocks(lines):
        found = _headings(name, block)
        if found.fingerprint == own.fingerprint:
            named = {key: target_of(text, form) for key, text in own.columns.items()}
            keys = dict(zip(block.columns, (heading.key for heading in found.columns), strict=True))
            targets = {at: named[key] for at, key in keys.items() if key in named}
            return _recognised("", name, block, targets)
    return None


def seeming_headings(name: str, lines: Sequence[Line]) -> Headings:
    """Return what seems to be the headings of a sheet: its first row with the most words."""
    block = max(_rows(lines), key=lambda block: len(block.columns), default=_Block([]))
    return _headings(name, block)


def _blocks(lines: Sequence[Line], layouts: Sequence[Layout]) -> Iterator[_Block]:
    """Yield the rows around everything that could stand above names."""
    names = frozenset(
        bare(phrase)
        for layout in layouts
        for column in layout.columns
        if NAME in column.target.questions
        for phrase in column.phrases
    )
    for at, line in enumerate(lines):
        if any(words in names for text in line.cells if text for _, words, _ in _parts(text)):
            for start in range(max(0, at - DEEPEST + 2), at + 1):
                yield from (_block(lines[start:end]) for end in _ends(lines, start, at))


def _all_blocks(lines: Sequence[Line]) -> Iterator[_Block]:
    for start in range(len(lines)):
        yield from (_block(lines[start:end]) for end in _ends(lines, start, start))


def _ends(lines: Sequence[Line], start: int, through: int) -> range:
    return range(through + 1, min(start + DEEPEST, len(lines)) + 1)


def _rows(lines: Sequence[Line]) -> Iterator[_Block]:
    yield from (_block([line]) for line in lines)


def _block(lines: Sequence[Line]) -> _Block:
    above = paths([line.cells for line in lines])
    return _Block(lines, {at: texts for at, texts in enumerate(above) if texts})


def _fit(block: _Block, layout: Layout) -> _Fit | None:
    """Return which column is which, each at most once, the likeliest first."""
    likely = [
        (value, -number, -at, at, layout.columns[number])
        for at, texts in block.columns.items()
        for number, value in _worths_of_path(texts, layout).items()
    ]
    targets: dict[int, Target] = {}
    taken: set[str] = set()
    total = 0.0
    for value, _, _, at, column in sorted(likely, key=lambda found: found[:3], reverse=True):
        if at not in targets and column.target.name not in taken:
            targets[at] = column.target
            total += value
            if column.target.needed:
                taken.add(column.target.name)
    if not _is_enough(targets, len(block.columns)):
        return None
    return _Fit(total - _UNKNOWN * (len(block.columns) - len(targets)), targets)


def _is_enough(targets: Mapping[int, Target], headings: int) -> bool:
    needed = [target for target in targets.values() if target.needed]
    answered = {question for target in needed for question in target.questions}
    enough = len(needed) >= FEWEST and len(targets) >= SHARE * headings
    return enough and {NAME, BORN} <= answered


def _worths_of_path(texts: tuple[str, ...], layout: Layout) -> Mapping[int, float]:
    """Return the columns that the lowest heading may be, alone or with those above it."""
    found: dict[int, float] = {}
    for count in range(1, len(texts) + 1):
        _keep_best(found, _worths(" ".join(texts[-count:]), layout).items())
    return found


@lru_cache(10_000)
def _worths(text: str, layout: Layout) -> Mapping[int, float]:
    """Return the columns of a layout, by their places, that a heading may be -> its worth."""
    found: dict[int, float] = {}
    for heading, words, part in _parts(text):
        for number, phrase in layout.index.get(words, ()):
            _keep_best(found, [(number, worth(heading, part, phrase))])
    return found


@lru_cache(10_000)
def _parts(text: str) -> tuple[tuple[Phrase, str, Phrase], ...]:
    """Return all that a heading may say, with every run of words in it."""
    return tuple(
        (said, words, part) for said in readings_of(text) for words, part in parts_of(said)
    )


def _keep_best(found: dict[int, float], values: Iterable[tuple[int, float]]) -> None:
    for number, value in values:
        if value >= ENOUGH and value > found.get(number, 0):
            found[number] = value


def _recognised(layout: str, name: str, block: _Block, targets: Mapping[int, Target]) -> Recognised:
    found = _headings(name, block)
    by_column = dict(zip(block.columns, found.columns, strict=True))
    unknown = tuple(heading for at, heading in by_column.items() if at not in targets)
    needed = {at: target for at, target in sorted(targets.items()) if target.needed}
    return Recognised(layout, block.lines[-1].number + 1, found, needed, unknown)


def _headings(name: str, block: _Block) -> Headings:
    keys = _different(key_of(" ".join(texts)) for texts in block.columns.values())
    columns = tuple(
        Heading(letters_of(at), " / ".join(texts), key)
        for (at, texts), key in zip(block.columns.items(), keys, strict=True)
    )
    row = block.lines[0].number if block.lines else 0
    return Headings(name, row, fingerprint([heading.key for heading in columns]), columns)


def _different(keys: Iterable[str]) -> list[str]:
    """Return the keys, of equal ones the later ones numbered."""
    seen: dict[str, int] = {}
    found = []
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        found.append(key if seen[key] == 1 else f"{key} {seen[key]}")
    return found
