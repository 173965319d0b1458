"""The outside of a workbook: a zip archive that is looked at before anything in it is unpacked."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from admin.imports.refusals import FileRefused

LARGEST_FILE: Final = 64 * 1024 * 1024
LARGEST_CONTENT: Final = 320 * 1024 * 1024
"""Bytes, unpacked. A sheet of 100,000 rows with 26 columns has about 130 MB."""
MOST_ENTRIES: Final = 2_000
HIGHEST_RATIO: Final = 100
"""Unpacked to packed. Sheets have 8 to 20, of empty formatted rows up to 60."""
RATIO_FROM: Final = 1024 * 1024
"""Bytes, unpacked; what is smaller does no harm."""
MOST_DIRECTORY: Final = 1024 * 1024
"""Bytes of the archive's list of contents."""
CHUNK: Final = 64 * 1024

ZIP: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_LONGEST_COMMENT: Final = 65_535
_ENCRYPTED: Final = 0x1
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # also NotImplementedError: a way of packing that nobody uses here
)
_MACROS: Final = ("vbaproject.bin", "xl/macrosheets/", "xl/dialogsheets/")
_LINKS: Final = "xl/externallinks/"


class Archive:
    """A workbook's archive whose size is known to be bearable and whose parts can be read."""

    def __init__(self, file: BinaryIO) -> None:
        """Open it. Raises FileRefused before anything is unpacked."""
        _check_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _BROKEN:
            raise FileRefused("damaged") from None
        entries = self._zip.infolist()
        self._by_name = {entry.filename.lower().lstrip("/"): entry for entry in entries}
        _check_size(entries)
        _check_kind(entries, self._by_name)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a part's bytes; never more than its size in the list. Raises FileRefused."""
        entry = self._by_name.get(name.lower())
        if entry is None:
            raise FileRefused("damaged")
        left = entry.file_size
        try:
            with self._zip.open(entry) as part:
                while chunk := part.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise FileRefused("zip_bomb")
                    yield chunk
        except _BROKEN:
            raise FileRefused("damaged") from None


def _check_directory(file: BinaryIO) -> None:
    """Look at the size of the list of contents, which is read whole when the archive is opened."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT))
    tail = file.read()
    file.seek(0)
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_SIZE:
        raise FileRefused("damaged")
    entries, directory = struct.unpack_from("<HI", tail, end + 10)
    if entries > MOST_ENTRIES or directory > MOST_DIRECTORY:
        raise FileRefused("zip_bomb")


def _check_size(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES or sum(e.file_size for e in entries) > LARGEST_CONTENT:
        raise FileRefused("zip_bomb")
    for entry in entries:
        if entry.file_size > RATIO_FROM and entry.file_size > HIGHEST_RATIO * entry.compress_size:
            raise FileRefused("zip_bomb")
        if entry.flag_bits & _ENCRYPTED:
            raise FileRefused("encrypted")


def _check_kind(entries: list[zipfile.ZipInfo], names: dict[str, zipfile.ZipInfo]) -> None:
    """Refuse archives that are no plain workbook."""
    if any(mark in name for name in names for mark in _MACROS):
        raise FileRefused("macros")
    if any(name.startswith(_LINKS) for name in names):
        raise FileRefused("external_links")
    if "xl/workbook.bin" in names or "content.xml" in names:
        raise FileRefused("other_spreadsheet")
    if not any(name.startswith("xl/") for name in names):
        raise FileRefused("not_a_table")
    if len(names) < len(entries):  # two parts of one name: each program would read another one
        raise FileRefused("damaged")
