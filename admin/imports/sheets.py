"""A file of unknown kind as sheets of text cells, or a reason why it is not taken in."""

from typing import BinaryIO, Final

from admin.imports.archive import LARGEST_FILE, ZIP, Archive
from admin.imports.delimited import sheet_of
from admin.imports.refusals import FileRefused
from admin.imports.workbook import Sheet, sheets_of

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Older Excel files, and newer ones with a password, are containers of this kind."""
_PASSWORD: Final = "EncryptedPackage".encode("utf-16-le")
_OLD_EXCEL: Final = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
"""Excel before its container."""
_MARKUP: Final = (b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta")
"""Web pages and XML that other programs call .xls."""
_OTHER: Final = (
    b"%pdf",
    b"{\\rtf",
    b"\x89png",
    b"\xff\xd8\xff",
    b"rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
)


def open_sheets(file: BinaryIO) -> list[Sheet]:
    """Return the sheets of a workbook or of a delimited text. Raises FileRefused.

    `file` has to stay open as long as rows are read. Hidden sheets are among them.
    """
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(512)
    if not start.strip(b"\0 \r\n\t"):
        raise FileRefused("empty")
    if size > LARGEST_FILE:
        raise FileRefused("too_large")
    if start.startswith(ZIP):
        return sheets_of(Archive(file))
    if start.startswith(_OLE):
        raise FileRefused("encrypted" if _holds(file, _PASSWORD) else "old_excel")
    if start.startswith(_OLD_EXCEL):
        raise FileRefused("old_excel")
    begins = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begins.startswith(_MARKUP):
        raise FileRefused("disguised")
    if begins.startswith(_OTHER):
        raise FileRefused("not_a_table")
    return [sheet_of(file)]


def _holds(file: BinaryIO, mark: bytes) -> bool:
    """True when `mark` stands in the file, which is of bearable size."""
    file.seek(0)
    return mark in file.read()
