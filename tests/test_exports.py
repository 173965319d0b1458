"""Exports: what stands in the files, what can never break them, and the log."""

import csv
import json
import sqlite3
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import openpyxl
import pytest

from admin.exports import EXPORTS
from admin.exports.layout import BadLayout, layout_names, layout_of, layout_table, load_layout
from admin.exports.table import Exported, Table, form_table
from admin.exports.text import harmless
from bot.app import Place, open_house
from bot.commands_keeping import Format
from bot.content import form_of, known_of, trial_office
from bot.dialogs.readers.reading import Value
from storage.files import sha256_of, whole_file
from tests.conftest import Clock, seeded
from tests.filled import FARMER, START, STUDENT, WORKER, call, fill, in_chat, run

FORM: Final = form_of()
KNOWN: Final = known_of(trial_office())
CONFIRMED: Final = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
"""Five past midnight of the next day in Vietnam."""


def record(number: int = 1, **values: Value) -> Exported:
    return Exported(
        number, "482173056", "mau03_2022", "21340", None, "confirmed", CONFIRMED, values
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three confirmed forms, one withdrawn and one unfinished."""
    data = tmp_path_factory.mktemp("filled")
    lines = [*in_chat("a", START + FARMER), *in_chat("b", START + WORKER)]
    lines += [*in_chat("c", START + STUDENT), *in_chat("d", START + FARMER)]
    lines += [*in_chat("d", ("rút phiếu", "1")), *in_chat("e", (*START, "Bùi Thị Dở Dang"))]
    bubbles = fill(data, lines)
    assert sum(bubble["kind"] == "receipt" for bubble in bubbles) == 4
    return data


def export(data: Path, out: Path, *options: str) -> str:
    """Run the command on `data`; return what it printed."""
    done = call(
        *("export", "--format", out.suffix[1:], "--out", str(out), "--data", str(data)), *options
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def rows_of(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text))


def cells_of(file: Path) -> list[list[Any]]:
    with closing(openpyxl.load_workbook(file)) as workbook:
        (sheet,) = workbook.worksheets
        return [list(row) for row in sheet.iter_rows()]


def test_json_holds_the_values_of_try_answer(filled: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "out.json")

    farmer, worker, student = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert farmer.keys() == {"receipt", "form", "unit", "status", "confirmed_at", "answers"}
    assert (farmer["form"], farmer["unit"]) == ("mau03_2022", KNOWN.office.commune)
    assert farmer["status"] == "confirmed" and len(farmer["receipt"]) == 9
    assert datetime.fromisoformat(farmer["confirmed_at"]).utcoffset() is not None
    assert farmer["answers"]["q06_thuong_tru"] == {
        "text": "thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi",
        "commune": "21340",
        "province": "51",
    }
    assert farmer["answers"]["q08_uu_tien"] == ["ho_ngheo", "dan_toc_thieu_so"]
    assert farmer["answers"]["q05_ma_bhxh"] is None
    assert worker["answers"]["q12_2b_ngay"] == "2020-03-01"
    assert student["answers"]["q04_so_cccd"] is None
    assert "q12_1_vi_the" not in student["answers"]


def test_csv_shows_labels_and_what_excel_expects(filled: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "out.csv")

    raw = (tmp_path / "out.csv").read_bytes()
    titles, farmer, worker, _ = rows_of(tmp_path / "out.csv")
    assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
    assert titles[3] == "4. Số CCCD/CMND" and titles[-5:] == [
        *("Mã biên nhận", "Xã", "Thôn", "Tình trạng", "Thời điểm gửi")
    ]
    assert farmer[:4] == ["Đinh Văn Chín", "05/09/1990", "Nam", "051090001234"]
    assert farmer[9] == "Thuộc hộ nghèo, Dân tộc thiểu số (ghi tên dân tộc)"
    assert worker[17] == "'=HYPERLINK(1)"
    assert datetime.strptime(farmer[-1], "%d/%m/%Y %H:%M").year >= 2026


def test_codes_instead_of_labels(filled: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "out.csv", "--codes")

    _, farmer, worker, _ = rows_of(tmp_path / "out.csv")
    assert farmer[1:3] == ["1990-09-05", "nam"] and farmer[9] == "ho_ngheo, dan_toc_thieu_so"
    assert farmer[10].isdigit() and worker[-4:-1] == [KNOWN.office.commune, "", "confirmed"]


def test_every_cell_of_a_workbook_is_text(filled: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "out.xlsx")

    cells = cells_of(tmp_path / "out.xlsx")
    assert {cell.data_type for row in cells for cell in row if cell.value is not None} == {"s"}
    assert cells[1][3].value == "051090001234"
    assert cells[2][17].value == "=HYPERLINK(1)"


def test_only_those_confirmed_since_a_day(filled: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "out.json", "--since", "2099-01-01")

    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == []


def test_the_log_knows_who_took_what(filled: Path, tmp_path: Path) -> None:
    said = export(filled, tmp_path / "out.csv", "--since", "2020-01-31", "--layout", "a")

    with closing(sqlite3.connect(filled / "mau03.db")) as database:
        query = "SELECT who, format, filter, count, sha256 FROM exports ORDER BY id DESC LIMIT 1"
        who, kind, chosen, count, digest = database.execute(query).fetchone()
    assert who and (kind, count) == ("csv", 3)
    assert json.loads(chosen) == {"since": "2020-01-31", "codes": False, "layout": "a"}
    assert digest == sha256_of(tmp_path / "out.csv") and digest in said
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600


def test_it_works_beside_a_running_server(filled: Path, tmp_path: Path) -> None:
    house = open_house(Place.of(filled), now=Clock(CONFIRMED), random=seeded(3), alone=True)
    ledger = house.sqlite_ledger(lambda _: None)

    export(filled, tmp_path / "out.json")

    ledger.close()
    assert house.lock is not None and house.database.writer is not None
    house.database.writer.dispose()
    house.lock.release()
    assert len(json.loads((tmp_path / "out.json").read_text("utf-8"))) == 3


def test_no_entry_in_the_log_no_file(filled: Path, tmp_path: Path) -> None:
    stop = "CREATE TRIGGER stop BEFORE INSERT ON exports BEGIN SELECT RAISE(ABORT, 'no'); END"
    with closing(sqlite3.connect(filled / "mau03.db")) as database:
        database.execute(stop)

    target = tmp_path / "out.json"
    done = run("export", "--format", "json", "--out", str(target), "--data", str(filled))

    with closing(sqlite3.connect(filled / "mau03.db")) as database:
        database.execute("DROP TRIGGER stop")
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("before")

    with pytest.raises(RuntimeError), whole_file(tmp_path / "out.csv") as part:
        part.write_text("half")
        raise RuntimeError

    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "before"


def test_a_new_question_has_its_column_by_itself() -> None:
    new = replace(FORM["q10_1_nganh"], id="q14_moi", item="14", label="Mới:")
    more: dict[str, Any] = {"questions": (*FORM.questions, new)}
    longer = replace(FORM, **more)

    table = form_table(longer, KNOWN, codes=False)

    assert len(table.columns) == len(FORM.questions) + 6
    assert table.columns[-6].title == "14. Mới"
    assert table.columns[-6].cell(record(q14_moi="có")) == "có"


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+84", "-1", "@SUM(A1)", "\t=1", "\rx", "\nx", "\0x", "  =1", "　=1", "＝1+1"),
        *("＋1", "－1", "＠x", "\u200b=1", "\ufeff=1", " \t x", "﹣1", "\u202e=1"),
    ],
)
def test_a_formula_is_disarmed(text: str) -> None:
    assert harmless(text).startswith("'")


@pytest.mark.parametrize(
    "text", ["", " ", "trồng keo", "051090001234", "a=b", "1-2", "(=1)", "'=1"]
)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


HOSTILE: Final = (
    "\x00\x01\x08\x0b\x1f\x7f\x9f",
    "\ud800 lone \udfff",
    "\ufffe\uffff",
    "x" * 40_000,
    "😀" * 20_000,
    'a "quoted", text; with\r\nlines\nand\rmore',
    "<b>&amp;]]></b>",
    "_x0041_",
    "https://example.invalid/ mailto:a@b.invalid",
    "\u202ertl \u200f",
)


@pytest.mark.parametrize("kind", EXPORTS)
def test_hostile_text_never_breaks_a_file(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"out.{kind}"
    table = form_table(FORM, KNOWN, codes=False)
    records = [record(n, q12_2_cong_viec=text) for n, text in enumerate(HOSTILE, 1)]

    count = EXPORTS[kind](file, table, records)

    assert count == len(HOSTILE)
    if kind == "json":
        kept = [row["answers"]["q12_2_cong_viec"] for row in json.loads(file.read_text("utf-8"))]
        assert [text for text in HOSTILE if "\ud800" not in text] == [
            text for text in kept if "lone" not in text
        ]
    elif kind == "csv":
        rows = rows_of(file)
        assert {len(row) for row in rows} == {len(table.columns)}
        assert rows[6][17] == 'a "quoted", text; with\nlines\nand\nmore'
    else:
        column = [row[17].value for row in cells_of(file)[1:]]
        assert len(column) == len(HOSTILE) and column[3] == "x" * 32_767
        # An underscore is escaped where Excel would read "_x0041_" as a letter.
        assert column[6:9] == [HOSTILE[6], "_x005F_x0041_", HOSTILE[8]]


def test_the_formats_of_the_command_line_are_those_there_are() -> None:
    assert [kind.value for kind in Format] == list(EXPORTS)


def sheet(**values: Value) -> dict[str, str]:
    """Return the row of a record on the provincial sheet, by letter."""
    table = layout_table(layout_of("a"), FORM, KNOWN, date(2026, 11, 22))
    return dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", table.row(record(7, **values)), strict=True))


def shown(row: Mapping[str, str]) -> dict[str, str]:
    return {letter: text for letter, text in row.items() if text}


def test_the_provincial_sheet_of_a_man_in_work() -> None:
    row = sheet(
        q01_ho_ten="Đinh Văn Chín",
        q02_ngay_sinh="1990",
        q03_gioi_tinh="nam",
        q04_so_cccd="051090001234",
        q05_ma_bhxh=None,
        q06_thuong_tru={"text": "thôn Tà Vinh", "commune": None, "province": None},
        q08_uu_tien=["ho_ngheo", "dan_toc_thieu_so"],
        q09_gdpt="thcs",
        q10_cmkt="so_cap",
        q10_1_nganh="Lái xe",
        q11_hdkt="co_viec_lam",
        q12_1_vi_the="lam_cong",
        q12_2_cong_viec="lái xe tải",
        q12_2a_bhxh="co",
        q12_2a_loai="tu_nguyen",
        q12_2b_hdld="co",
        q12_2b_loai="khong_xac_dinh",
        q12_3_noi_lam="Công ty Hoa Sim",
        q12_3a_loai_hinh="doanh_nghiep",
        q12_3a_loai_dn="dn_ngoai_nha_nuoc",
    )

    assert shown(row) == {
        "B": "7", "C": "Đinh Văn Chín", "D": "1990", "F": "051090001234", "H": "thôn Tà Vinh",
        "J": "2,6", "L": "3", "M": "4", "N": "Lái xe", "O": "1", "P": "4", "Q": "lái xe tải",
        "R": "2", "S": "2", "T": "Công ty Hoa Sim", "U": "6",
    }  # fmt: skip


def test_the_provincial_sheet_of_women_out_of_work() -> None:
    born: dict[str, Value] = {"q02_ngay_sinh": "2004-01-31", "q03_gioi_tinh": "nu"}

    student = sheet(**born, q08_uu_tien=["khong"], q11_hdkt="khong_tham_gia", q11_ly_do="di_hoc")
    seeker = sheet(
        **born, q08_dan_toc="19", q13_that_nghiep="da_tung", q13_1_thoi_gian="tren_1_nam"
    )
    helper = sheet(q12_2a_bhxh="khong", q12_2b_hdld="khong", q12_3a_loai_hinh="khu_vuc_nha_nuoc")

    assert shown(student) == {"B": "7", "E": "31/01/2004", "O": "3", "Y": "1"}
    assert (seeker["K"], seeker["W"], seeker["X"]) == (KNOWN.ethnic_groups.name("19"), "2", "3")
    assert (helper["R"], helper["S"], helper["U"]) == ("3", "3", "8")


def test_the_first_record_stands_in_row_12(filled: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "out.xlsx", "--layout", "a")

    cells = cells_of(tmp_path / "out.xlsx")
    assert {len(row) for row in cells} == {26} and len(cells) == 14
    assert cells[9][2].value == "Họ và tên" and cells[11][2].value == "Đinh Văn Chín"
    assert "{" not in str([cell.value for row in cells[:11] for cell in row])


def test_one_code_of_several_is_a_setting() -> None:
    first = layout_of("a").model_copy(update={"several": "first"})

    table = layout_table(first, FORM, KNOWN, date(2026, 11, 22))

    assert table.row(record(q08_uu_tien=["ho_ngheo", "dan_toc_thieu_so"]))[9] == "2"


@pytest.mark.parametrize("name", layout_names())
def test_every_layout_fits_the_form(name: str) -> None:
    layout_table(layout_of(name), FORM, KNOWN, date(2026, 11, 22))


def test_a_wrong_layout_is_refused_by_name() -> None:
    lacking = layout_of("a").model_copy(
        update={"columns": (layout_of("a").columns[2].model_copy(update={"questions": ("q99",)}),)}
    )

    with pytest.raises(BadLayout, match=r"b\.toml"):
        load_layout("id = 1", "b.toml")
    with pytest.raises(BadLayout, match="q99"):
        layout_table(lacking, FORM, KNOWN, date(2026, 11, 22))


def many(count: int) -> Iterator[Exported]:
    one = record(q01_ho_ten="Đinh Văn Chín", q04_so_cccd="051090001234", q08_uu_tien=["ho_ngheo"])
    return (replace(one, number=number) for number in range(1, count + 1))


@pytest.mark.parametrize("kind", EXPORTS)
def test_memory_does_not_grow_with_the_records(kind: str, tmp_path: Path) -> None:
    table: Table = form_table(FORM, KNOWN, codes=False)
    EXPORTS[kind](tmp_path / "warm", table, many(1))

    tracemalloc.start()
    EXPORTS[kind](tmp_path / "out", table, many(3000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 3_000_000
