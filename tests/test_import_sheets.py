"""Files of unknown kind: read as text with what a cell is, or refused at once with a reason."""

import io
import random
import struct
import tracemalloc
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from time import process_time
from typing import BinaryIO, Final

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel

from admin.imports.archive import HIGHEST_RATIO, MOST_ENTRIES
from admin.imports.cells import (
    Day,
    Fault,
    Number,
    column_of,
    day_of,
    letters_of,
    number_of,
)
from admin.imports.refusals import FileRefused
from admin.imports.sheets import open_sheets
from tests.lists import book, openpyxl_book, text

RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK: Final = (
    f'<workbook xmlns:r="{RELATIONS}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/>'
    "</sheets></workbook>"
)
LINKS: Final = (
    f'<Relationships><Relationship Id="rId1" Type="{RELATIONS}/worksheet"'
    ' Target="worksheets/sheet1.xml"/></Relationships>'
)


def zipped(sheet: str | bytes, **parts: str | bytes) -> BinaryIO:
    """Return a workbook of handmade parts; the name of a part has __ for / and ends in .xml."""
    files: dict[str, str | bytes] = {
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": LINKS,
        "xl/worksheets/sheet1.xml": sheet,
    }
    files |= {f"{name.replace('__', '/')}.xml": part for name, part in parts.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in files.items():
            archive.writestr(name, part)
    file.seek(0)
    return file


def rows(file: BinaryIO) -> list[tuple[int, list[str]]]:
    (sheet,) = open_sheets(file)
    return [(line.number, line.cells) for line in sheet.lines()]


def reason(file: BinaryIO) -> str:
    """Return why a file is refused: within a second."""
    start = process_time()
    with pytest.raises(FileRefused) as refused:
        for sheet in open_sheets(file):
            for _ in sheet.lines():
                pass
    assert process_time() - start < 1
    return refused.value.reason


MEGABYTE: Final = 1024 * 1024


def handmade(**parts: tuple[bytes, int]) -> BinaryIO:
    """Return an archive of parts that are packed already, with the sizes it says they have."""
    body, directory = bytearray(), bytearray()
    for name, (packed, size) in parts.items():
        path = name.replace("__", "/").encode() + (b"" if name.endswith(".rels") else b".xml")
        crc = zlib.crc32(zlib.decompress(packed, -15)) if size < 50 * MEGABYTE else 0
        sizes = (crc, len(packed), size, len(path), 0)
        about = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, *sizes)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + about
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + path
        body += b"PK\x03\x04" + about + path + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(directory), len(body), 0)
    return io.BytesIO(bytes(body + directory + b"PK\x05\x06" + end))


def packed(content: bytes, times: int = 1) -> bytes:
    """Return `content`, repeated, as it stands in an archive."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    once = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
    return once * times + packer.flush()


def workbook_of(sheet: bytes, size: int, **more: tuple[bytes, int]) -> BinaryIO:
    book, links = BOOK.encode(), LINKS.encode()
    return handmade(
        xl__workbook=(packed(book), len(book)),
        xl__worksheets__sheet1=(sheet, size),
        **more,
        **{"xl___rels__workbook.xml.rels": (packed(links), len(links))},
    )


ROWS: Final = "".join(f"<row r='{n}'><c><v>{n * 7}</v></c></row>" for n in range(30_000)).encode()


def bomb_of_zeros() -> BinaryIO:
    return workbook_of(packed(bytes(MEGABYTE), 200), 200 * MEGABYTE)


def bomb_of_rows() -> BinaryIO:
    """No part is packed more than others are; together they are too much."""
    times = 330 * MEGABYTE // len(ROWS)
    sheet = packed(ROWS, times)
    assert len(ROWS) * times < HIGHEST_RATIO * len(sheet)
    return workbook_of(sheet, len(ROWS) * times)


def bomb_with_a_lying_size() -> BinaryIO:
    """The list of contents says that the sheet is small; it is not."""
    return workbook_of(packed(b"<worksheet>" + ROWS, 100), 2000)


def bomb_of_many_entries() -> BinaryIO:
    return handmade(**{f"xl__{number}": (packed(b""), 0) for number in range(MOST_ENTRIES + 1)})


LAUGHS: Final = '<!ENTITY l0 "ha">' + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)
)


def laughing(part: str) -> str:
    return f"<!DOCTYPE x [{LAUGHS}]>{part}"


def encrypted() -> BinaryIO:
    start = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    return io.BytesIO(start + "EncryptedPackage".encode("utf-16-le") + bytes(600))


def locked_zip() -> BinaryIO:
    data = bytearray(book([["a"]]).read())
    for at in range(len(data)):
        if data[at : at + 4] == b"PK\x01\x02":
            data[at + 8] |= 1
    return io.BytesIO(bytes(data))


HOSTILE: Final[dict[str, tuple[Callable[[], BinaryIO], str]]] = {
    "ratio": (bomb_of_zeros, "zip_bomb"),
    "entries": (bomb_of_many_entries, "zip_bomb"),
    "lying size": (bomb_with_a_lying_size, "damaged"),
    "sum of sizes": (bomb_of_rows, "zip_bomb"),
    "laughs in a sheet": (lambda: zipped(laughing("<worksheet>&l9;</worksheet>")), "xml_bomb"),
    "laughs in the workbook": (
        lambda: zipped("<worksheet/>", xl__workbook=laughing(BOOK)),
        "xml_bomb",
    ),
    "an address": (
        lambda: zipped('<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>'),
        "xml_bomb",
    ),
    "one endless tag": (lambda: zipped(b"<worksheet a='" + noise(4) + b"'/>"), "xml_bomb"),
    "one endless text": (
        lambda: zipped(
            b"<worksheet><row><c t='str'><v>" + noise(4) + b"</v></c></row></worksheet>"
        ),
        "too_large",
    ),
    "links": (lambda: zipped("<worksheet/>", xl__externalLinks__l1="<x/>"), "external_links"),
    "macros": (lambda: with_entry("xl/vbaProject.bin"), "macros"),
    "binary workbook": (lambda: with_entry("xl/workbook.bin"), "other_spreadsheet"),
    "OpenDocument": (lambda: with_entry("content.xml"), "other_spreadsheet"),
    "a document": (lambda: only_entry("word/document.xml"), "not_a_table"),
    "encrypted": (encrypted, "encrypted"),
    "locked zip": (locked_zip, "encrypted"),
    "xls": (lambda: io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)), "old_excel"),
    "older xls": (lambda: io.BytesIO(b"\x09\x08\x10\x00" + bytes(200)), "old_excel"),
    "a web page": (lambda: io.BytesIO(b"\r\n<html><table><tr><td>1"), "disguised"),
    "pdf": (lambda: io.BytesIO(b"%PDF-1.7\n"), "not_a_table"),
    "zeros in a text": (lambda: io.BytesIO(b"a,b\n" * 50 + b"\0"), "not_a_table"),
    "nothing": (lambda: io.BytesIO(b""), "empty"),
    "blanks": (lambda: io.BytesIO(b"\r\n  \n"), "empty"),
    "half a workbook": (lambda: io.BytesIO(book([["a"]]).read()[:900]), "damaged"),
    "broken sheet": (lambda: zipped("<worksheet><row>"), "damaged"),
    "a missing sheet": (lambda: without_entry("xl/worksheets/sheet1.xml"), "damaged"),
    "an endless field": (lambda: io.BytesIO(b'a,"' + b"x" * 300_000), "too_large"),
}


def noise(megabytes: int) -> bytes:
    """Return letters that are not packed well."""
    return random.Random(1).randbytes(megabytes * 500_000).hex().encode()


def with_entry(name: str) -> BinaryIO:
    file = io.BytesIO(zipped("<worksheet/>").read())
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "x")
    return file


def only_entry(name: str) -> BinaryIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "<x/>")
    return file


def without_entry(name: str) -> BinaryIO:
    file, source = io.BytesIO(), zipfile.ZipFile(zipped("<worksheet/>"))
    with source, zipfile.ZipFile(file, "w") as archive:
        for entry in source.namelist():
            if entry != name:
                archive.writestr(entry, source.read(entry))
    return file


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_within_a_second(name: str) -> None:
    make, why = HOSTILE[name]

    assert reason(make()) == why


def test_no_clean_file_is_refused() -> None:
    assert rows(book([["a"]])) == [(1, ["a"])]
    assert rows(zipped("<worksheet><row><c><v>1</v></c></row></worksheet>")) == [(1, ["1"])]


def kinds(file: BinaryIO) -> list[tuple[str, str]]:
    ((_, cells),) = rows(file)
    return [(type(cell).__name__, cell) for cell in cells]


def test_a_cell_is_text_and_knows_what_it_was() -> None:
    found = kinds(book([["051", 51090001234, date(1990, 9, 5), 2.6, "=A1", "'051", 1990]]))

    assert found == [
        ("str", "051"),
        ("Number", "51090001234"),
        ("Day", "1990-09-05"),
        ("Number", "2.6"),
        ("Formula", "="),
        ("str", "051"),
        ("Number", "1990"),
    ]


def test_what_other_programs_write() -> None:
    """Prefixes, texts in the cell, letters in pieces, no references, dates as texts, errors."""
    sheet = (
        '<x:worksheet xmlns:x="y"><x:sheetData><x:row>'
        '<x:c t="inlineStr"><x:is><x:r><x:t>Đinh </x:t></x:r><x:r><x:t>Văn</x:t></x:r></x:is></x:c>'
        '<x:c t="d"><x:v>1990-09-05T00:00:00</x:v></x:c><x:c t="e"><x:v>#N/A</x:v></x:c>'
        '<x:c t="b"><x:v>1</x:v></x:c><x:c t="str"><x:f>A1</x:f><x:v></x:v></x:c>'
        "<x:c><x:v>5.1090001234E10</x:v></x:c><x:c><x:v>2.2999999999999998</x:v></x:c>"
        '<x:c r="J1" t="str"><x:v>a_x000A_b</x:v></x:c><x:c r="XFD1"><x:v>9</x:v></x:c>'
        "</x:row><x:row/><x:row r='9'><x:c r='B9'><x:v>1</x:v></x:c></x:row>"
        "</x:sheetData></x:worksheet>"
    )

    (first, second) = rows(zipped(sheet))

    assert [*map(str, first[1])] == [
        *("Đinh Văn", "1990-09-05", "#N/A", "1", "", "51090001234", "2.3", "", "", "a\nb"),
    ]
    assert [type(cell) for cell in first[1][1:3]] == [Day, Fault]
    assert second == (9, ["", "1"])


def test_texts_are_composed_at_the_door() -> None:
    assert rows(book([["Nguye\u0302\u0303n"]])) == [(1, ["Nguyễn"])]
    assert rows(text([["Nguye\u0302\u0303n", "x"]])) == [(1, ["Nguyễn", "x"])]


def test_sheets_have_names_and_some_are_hidden() -> None:
    workbook = openpyxl.load_workbook(book([["a"]], "Thôn 1", **{"Danh mục": [["b"]]}))
    workbook["Danh mục"].sheet_state = "hidden"
    file = io.BytesIO()
    workbook.save(file)

    assert [(s.name, s.hidden) for s in open_sheets(file)] == [
        ("Thôn 1", False),
        ("Danh mục", True),
    ]


def test_a_sheet_can_be_read_again() -> None:
    for file in (book([["a"], ["b"]]), text([["a", "1"], ["b", "2"]])):
        (sheet,) = open_sheets(file)
        next(iter(sheet.lines()))
        assert [line.cells[0] for line in sheet.lines()] == ["a", "b"]


@pytest.mark.parametrize("shape", ["dd/mm/yyyy", "d-mmm-yy", "[$-42A]dd/mm/yyyy;@", 'yyyy"năm"'])
def test_what_is_shown_as_a_date_is_one(shape: str) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"] = date(1958, 12, 31)
    sheet["A1"].number_format = shape
    sheet["B1"] = 21550
    sheet["B1"].number_format = '#,##0.00 "đồng/ngày"'
    file = io.BytesIO()
    workbook.save(file)

    assert kinds(file) == [("Day", "1958-12-31"), ("Number", "21550")]


def test_days_of_the_other_calendar() -> None:
    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"] = date(1990, 9, 5)
    file = io.BytesIO()
    workbook.save(file)

    assert kinds(file) == [("Day", "1990-09-05")]


@given(st.dates(date(1900, 3, 1), date(2100, 1, 1)))
def test_every_day_is_what_openpyxl_takes_it_for(day: date) -> None:
    serial = to_excel(day)  # type: ignore[no-untyped-call]

    assert day_of(str(serial), since_1904=False) == day.isoformat()


@given(st.integers(0, 10**15 - 1))
def test_a_whole_number_keeps_its_digits(number: int) -> None:
    assert number_of(str(number)) == number_of(f"{number}.0") == str(number)


@pytest.mark.parametrize("raw", ["x", "nan", "1e400", "", "-", "99999999999999", "0.5"])
def test_a_number_that_is_none_breaks_nothing(raw: str) -> None:
    assert isinstance(number_of(raw), Number)
    assert day_of(raw, since_1904=True) is None


@given(st.integers(0, 18_000))
def test_letters_name_columns(column: int) -> None:
    assert column_of(letters_of(column)) == column
    assert letters_of(column) == get_column_letter(column + 1)


VIETNAMESE: Final = [["Họ và tên", "Thôn"], ["Đinh Thị Ánh", "Tà Vinh"], ["Y Bhăm Niê", "Mang"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encoding_and_delimiter_are_found_out(encoding: str, delimiter: str) -> None:
    grid = [*VIETNAMESE, ['cả "ngoặc", phẩy; chấm\tvà\ndòng', "3"]]

    assert [cells for _, cells in rows(text(grid, encoding, delimiter))] == grid


def windows_1258(grid: list[list[str]]) -> BinaryIO:
    """Return a text as Vietnamese Windows saves it: letters, then the marks of tones."""

    def saved(char: str) -> bytes:
        try:
            return char.encode("cp1258")
        except UnicodeEncodeError:
            *base, tone = list(unicodedata.normalize("NFD", char))
            return unicodedata.normalize("NFC", "".join(base)).encode("cp1258") + tone.encode(
                "cp1258"
            )

    lines = "\r\n".join(",".join(row) for row in grid)
    return io.BytesIO(b"".join(map(saved, lines)))


def test_vietnamese_windows() -> None:
    assert [cells for _, cells in rows(windows_1258(VIETNAMESE))] == VIETNAMESE


def test_an_old_font_saved_by_western_windows_keeps_its_letters() -> None:
    grid = [["NguyÔn ThÞ Hµ", "th«n Tµ Vinh"]]

    assert [cells for _, cells in rows(text(grid, "cp1252"))] == grid


def test_what_excel_does_in_texts() -> None:
    """A first line that names the delimiter, numbers kept by a formula, rows as Excel counts."""
    file = io.BytesIO(b'sep=;\r\n"=""051090001234""";a\r\n\r\n"x\r\ny";\'=1\r\n')

    assert rows(file) == [(1, ["051090001234", "a"]), (3, ["x\r\ny", "=1"])]


@given(st.binary(max_size=400))
def test_no_bytes_break_it(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe"):
        try:
            for sheet in open_sheets(io.BytesIO(start + data)):
                list(sheet.lines())
        except FileRefused as refused:
            assert refused.reason


@given(st.data())
def test_no_change_to_a_workbook_breaks_it(data: st.DataObject) -> None:
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        for sheet in open_sheets(io.BytesIO(bytes(content))):
            list(sheet.lines())
    except FileRefused as refused:
        assert refused.reason


SMALL: Final = openpyxl_book([["Họ và tên", 1], ["Đinh Văn Chín", 2]]).read()


def test_memory_does_not_grow_with_the_rows() -> None:
    content = b"<worksheet>" + ROWS * 2 + b"</worksheet>"
    (sheet,) = open_sheets(workbook_of(packed(content), len(content)))
    tracemalloc.start()
    assert sum(1 for _ in sheet.lines()) == 2 * 30_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2_000_000
