"""Workbooks (.xlsx) as rows of text, read as a stream.

Not read: formulas' results, styles but for what tells a date from a number, comments, pictures.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from admin.imports.archive import Archive
from admin.imports.cells import Day, Fault, Formula, Line, column_of, day_of, number_of, text_of
from admin.imports.markup import read_markup, read_whole
from admin.imports.refusals import FileRefused

MOST_COLUMNS: Final = 300
"""What stands further to the right is not read."""
MOST_STRINGS: Final = 4_000_000
LONGEST_TEXT: Final = 100_000
"""Characters of one cell; Excel itself allows 32,767."""

_DATE_FORMATS: Final = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
"""Built-in number formats that are dates or times (ECMA-376, 18.8.30)."""
_LITERAL: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|[\\_*].')
_DAY_OR_YEAR: Final = re.compile("[dy]", re.IGNORECASE)
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    hidden: bool
    lines: Callable[[], Iterator[Line]]
    """Read the rows from the first; every call begins anew."""


def sheets_of(archive: Archive) -> list[Sheet]:
    """Return the sheets of a workbook in their order. Raises FileRefused."""
    book = _Book()
    path = _workbook_path(archive)
    read_whole(archive.chunks(path), book)
    targets = _targets(archive, path)
    strings = _Strings.of(archive, _part(targets, "sharedStrings"))
    dates = _Styles.of(archive, _part(targets, "styles"))

    def opened(part: str) -> Callable[[], Iterator[Line]]:
        return lambda: _lines(archive, part, strings, dates, since_1904=book.since_1904)

    return [
        Sheet(name, hidden, opened(targets[relation][1]))
        for name, hidden, relation in book.sheets
        if targets.get(relation, ("", ""))[0].endswith("worksheet")
    ]


def _lines(
    archive: Archive, part: str, strings: Sequence[str], dates: frozenset[str], *, since_1904: bool
) -> Iterator[Line]:
    rows = _Rows(strings, dates, since_1904)
    for _ in read_markup(archive.chunks(part), rows):
        if rows.done:
            yield from rows.done
            rows.done = []


def _workbook_path(archive: Archive) -> str:
    links = _Links("")
    if "_rels/.rels" in archive:
        read_whole(archive.chunks("_rels/.rels"), links)
    found = (path for kind, path in links.targets.values() if kind.endswith("/officeDocument"))
    return next(found, "xl/workbook.xml")


def _targets(archive: Archive, path: str) -> Mapping[str, tuple[str, str]]:
    """Return relation id -> (kind, part) of the workbook."""
    folder, name = posixpath.split(path)
    links = _Links(folder)
    relations = f"{folder}/_rels/{name}.rels"
    if relations in archive:
        read_whole(archive.chunks(relations), links)
    return links.targets


def _part(targets: Mapping[str, tuple[str, str]], kind: str) -> str:
    return next((part for name, part in targets.values() if name.endswith(f"/{kind}")), "")


class _Silent:
    """A reader of elements that takes no notice of text."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, text: str) -> None: ...


@dataclass(slots=True)
class _Links(_Silent):
    folder: str
    targets: dict[str, tuple[str, str]] = field(default_factory=dict)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = posixpath.normpath(posixpath.join("/", self.folder, target)).lstrip("/")
            self.targets[attributes.get("Id", "")] = (attributes.get("Type", ""), path)


@dataclass(slots=True)
class _Book(_Silent):
    since_1904: bool = False
    sheets: list[tuple[str, bool, str]] = field(default_factory=list)
    """(name, hidden, relation id)."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "workbookPr":
            self.since_1904 = attributes.get("date1904") in {"1", "true"}
        elif name == "sheet":
            hidden = attributes.get("state", "visible") != "visible"
            relation = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            self.sheets.append((text_of(attributes.get("name", "")), hidden, relation))


@dataclass(slots=True)
class _Styles(_Silent):
    """Which styles of cells show a number as a date."""

    formats: set[str] = field(default_factory=lambda: set(map(str, _DATE_FORMATS)))
    inside: bool = False
    count: int = 0
    dates: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, archive: Archive, part: str) -> frozenset[str]:
        styles = cls()
        if part in archive:
            read_whole(archive.chunks(part), styles)
        return frozenset(styles.dates)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "numFmt":
            shown = _LITERAL.sub("", attributes.get("formatCode", ""))
            if _DAY_OR_YEAR.search(shown):
                self.formats.add(attributes.get("numFmtId", ""))
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            if attributes.get("numFmtId") in self.formats:
                self.dates.add(str(self.count))
            self.count += 1

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.inside = False


@dataclass(slots=True)
class _Strings:
    """The texts that cells refer to by number. Hints for pronunciation are left out."""

    found: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    reading: bool = False
    phonetic: bool = False

    @classmethod
    def of(cls, archive: Archive, part: str) -> list[str]:
        strings = cls()
        if part in archive:
            read_whole(archive.chunks(part), strings)
        return strings.found

    def start(self, name: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002
        if name == "t":
            self.reading = not self.phonetic
        elif name == "rPh":
            self.phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            self.reading = False
        elif name == "rPh":
            self.phonetic = False
        elif name == "si":
            self.found.append(text_of(_unescaped("".join(self.pieces))))
            self.pieces = []
            if len(self.found) > MOST_STRINGS:
                raise FileRefused("too_large")

    def text(self, text: str) -> None:
        if self.reading:
            self.pieces.append(text)
            _refuse_endless(self.pieces)


class _Rows:
    """Rows of a sheet as they are completed."""

    __slots__ = (
        "cells", "column", "columns", "dates", "done", "formula", "kind", "number", "pieces",
        "reading", "since_1904", "strings", "style",
    )  # fmt: skip

    def __init__(self, strings: Sequence[str], dates: frozenset[str], since_1904: bool) -> None:
        self.strings, self.dates, self.since_1904 = strings, dates, since_1904
        self.done: list[Line] = []
        self.cells: list[str] = []
        self.columns: dict[str, int] = {}
        self.number, self.column = 0, -1
        self.kind = self.style = ""
        self.reading = self.formula = False
        self.pieces: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.column = self._column(attributes.get("r"))
            self.pieces, self.formula = [], False
        elif name in {"v", "t"}:
            self.reading = True
        elif name == "f":
            self.formula = True
        elif name == "row":
            given = attributes.get("r", "")
            self.number = int(given) if given.isdecimal() else self.number + 1
            self.cells, self.column = [], -1

    def end(self, name: str) -> None:
        if name == "c":
            self._add(self._value())
        elif name in {"v", "t"}:
            self.reading = False
        elif name == "row" and any(self.cells):
            self.done.append(Line(self.number, self.cells))

    def text(self, text: str) -> None:
        if self.reading:
            self.pieces.append(text)
            _refuse_endless(self.pieces)

    def _column(self, reference: str | None) -> int:
        if reference is None:
            return self.column + 1
        letters = reference.rstrip("0123456789")
        if letters not in self.columns:
            known = len(letters) <= 3 and letters.isascii() and letters.isalpha()
            self.columns[letters] = column_of(letters.upper()) if known else MOST_COLUMNS
        return self.columns[letters]

    def _add(self, value: str) -> None:
        if value and self.column < MOST_COLUMNS:
            self.cells += [""] * (self.column + 1 - len(self.cells))
            self.cells[self.column] = value

    def _value(self) -> str:
        raw = "".join(self.pieces)
        if self.formula:
            # A formula that shows nothing is filled down to rows where nobody stands.
            return "" if self.kind == "str" and not raw else Formula("=")
        if not raw:
            return ""
        match self.kind:
            case "s":
                known = raw.isdecimal() and int(raw) < len(self.strings)
                return self.strings[int(raw)] if known else ""
            case "n":
                is_date = self.style in self.dates
                day = day_of(raw, since_1904=self.since_1904) if is_date else None
                return number_of(raw) if day is None else day
            case "e":
                return Fault(raw)
            case "d":
                return Day(raw[:10])
        return text_of(_unescaped(raw))


def _refuse_endless(pieces: list[str]) -> None:
    """Raises FileRefused when a text has no end: looked at only when it comes in many pieces."""
    if len(pieces) % 8 == 0 and sum(map(len, pieces)) > LONGEST_TEXT:
        raise FileRefused("too_large")


def _unescaped(text: str) -> str:
    """Return `text` with what a workbook writes as _x000A_ as the character it is."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
