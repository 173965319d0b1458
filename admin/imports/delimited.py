"""CSV and other delimited text as rows: encoding and delimiter are found out, not asked for."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from admin.imports.cells import Line, text_of
from admin.imports.fonts import TCVN3, UNICODE, VNI, convert
from admin.imports.refusals import FileRefused
from admin.imports.syllables import vietnamese_share
from admin.imports.workbook import LONGEST_TEXT, MOST_COLUMNS, Sheet

DELIMITERS: Final = ",;\t|"
OLD_ENCODINGS: Final = ("cp1258", "cp1252")
"""Vietnamese Windows, then Western Windows: in the latter texts in old fonts are saved."""

_CHUNK: Final = 64 * 1024
_SAMPLE: Final = 256 * 1024
"""Bytes by which encoding and delimiter are judged."""
_SAMPLE_ROWS: Final = 60
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED: Final = "sep="
"""What Excel writes into a first line of its own."""


def sheet_of(file: BinaryIO) -> Sheet:
    """Return the one sheet, without a name, of a delimited text. Raises FileRefused."""
    encoding = _encoding(file)
    sample = _sample(file, encoding)
    delimiter = _delimiter(sample)
    declared = sample.startswith(_DECLARED)

    def lines() -> Iterator[Line]:
        file.seek(0)
        text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
        try:
            if declared:
                text.readline()
            yield from _lines(text, delimiter)
        finally:
            text.detach()

    return Sheet("", False, lines)


def _lines(text: Iterator[str], delimiter: str) -> Iterator[Line]:
    csv.field_size_limit(LONGEST_TEXT)
    try:
        for number, row in enumerate(csv.reader(text, delimiter=delimiter), 1):
            if any(row):
                yield Line(number, [_cell(cell) for cell in row[:MOST_COLUMNS]])
    except csv.Error:
        raise FileRefused("too_large") from None


def _cell(raw: str) -> str:
    """Return a cell's text; ="0123" is how a number is kept from losing its zeros."""
    if raw.startswith('="') and raw.endswith('"') and '"' not in raw[2:-1]:
        raw = raw[2:-1]
    return text_of(raw)


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(_SAMPLE)
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding
    zeros = start.count(0)
    if zeros > len(start) // 8:  # the upper halves of UTF-16 letters
        return "utf-16-le" if start[1::2].count(0) * 2 > zeros else "utf-16-be"
    if zeros:
        raise FileRefused("not_a_table")
    if _is_utf8(file):
        return "utf-8"
    return max(OLD_ENCODINGS, key=lambda encoding: _sense(start.decode(encoding, "replace")))


def _sense(text: str) -> float:
    """Return how Vietnamese a text is, in the font that suits it best."""
    composed = text_of(text)
    return max(vietnamese_share(convert(composed, font)) for font in (UNICODE, TCVN3, VNI))


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _sample(file: BinaryIO, encoding: str) -> str:
    file.seek(0)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(file.read(_SAMPLE))
    return text.lstrip("\ufeff")


def _delimiter(sample: str) -> str:
    """Return what the first line declares, else what cuts most rows into equally many cells."""
    first = sample.partition("\n")[0].strip()
    if first.startswith(_DECLARED) and len(first) == len(_DECLARED) + 1:
        return first[-1]
    return max(DELIMITERS, key=lambda delimiter: _regularity(sample, delimiter))


def _regularity(sample: str, delimiter: str) -> int:
    widths = Counter(map(len, _sample_rows(sample, delimiter)))
    del widths[1]
    return max((width * count for width, count in widths.items()), default=0)


def _sample_rows(sample: str, delimiter: str) -> Iterator[Sequence[str]]:
    csv.field_size_limit(LONGEST_TEXT)
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        for _, row in zip(range(_SAMPLE_ROWS), rows, strict=False):
            yield row
    except csv.Error:
        return
