"""Lists and doubles at the command line, and what of them stands readable in the file. Invented."""

from pathlib import Path
from typing import Final

import pytest
from openpyxl import load_workbook

from tests.filled import call
from tests.test_erasure_and_canary import spellings

HEAD: Final = (
    "STT,Mã hộ,Họ và tên,Ngày sinh,Giới tính,Số CCCD,Nơi đăng ký thường trú,Quan hệ với chủ hộ"
)
HOME: Final = '"thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi"'
ROWS: Final = (
    f"1,H1,Đinh Văn Vạc Xám,01/02/1980,Nam,051080000001,{HOME},Chủ hộ",
    f"2,H1,Đinh Thị Diệc Lửa,03/04/1985,Nữ,051185000002,{HOME},Vợ",
    f"3,H2,Hồ Văn Giả,32/13/1985,Nam,05118,{HOME},Chủ hộ",
    f"4,H3,Đinh Văn Vạc Xám,1980,Nam,,{HOME},Chủ hộ",
)
CANARIES: Final = (
    *("Vạc Xám", "Diệc Lửa", "051080000001", "051185000002", "1980-02-01", "01/02/1980"),
    *("1985-04-03", "03/04/1985", "Tà Vinh, xã"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    made = call("setup", "--commune", "21340", MAU03_DATA=str(folder))
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text("\n".join((HEAD, *ROWS)), "utf-8")
    return path


def said(data: Path, *words: str) -> str:
    done = call(*words, "--data", str(data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(listed: str) -> list[str]:
    return [line.split("\t")[0] for line in listed.splitlines() if not line.startswith("\t")]


def test_a_list_is_tried_out_first_and_every_bad_row_is_named(
    data: Path, file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.xlsx"

    tried = said(data, "import", "people", str(file), "--report", str(report))

    assert "Dòng 4, cột D" in tried and "--commit" in tried and "3 người mới" in tried
    assert said(data, "import", "list") == ""
    sheet = load_workbook(report)["Dòng cần sửa"]
    assert [row[1].value for row in sheet.iter_rows(min_row=2)] == [4, 4]


def test_a_list_is_imported_once_and_undone(data: Path, file: Path) -> None:
    said(data, "import", "people", str(file), "--commit")
    again = said(data, "import", "people", str(file), "--commit")
    later, first = numbers(said(data, "import", "list"))

    assert "0 người mới, 3 người đã có" in again
    undone = said(data, "import", "undo", first)
    assert "xóa 3 người" in undone
    twice = call("import", "undo", first, "--data", str(data))
    unknown = call("import", "undo", "7", "--data", str(data))
    assert (twice.returncode, unknown.returncode) == (1, 1)
    assert "Traceback" not in twice.stderr + unknown.stderr
    assert said(data, "import", "undo", later)


def test_doubles_are_found_decided_merged_and_taken_apart(data: Path, file: Path) -> None:
    said(data, "import", "people", str(file), "--commit")
    assert "1 cặp mới" in said(data, "doubles", "find")
    lines = said(data, "doubles", "list").splitlines()
    pair = lines[0].split("\t")[0]
    one, other = (line.split("\t")[1] for line in lines[1:])
    assert "••••••••0001" in lines[1] and "051080000001" not in "".join(lines)

    merged = said(data, "doubles", "merge", one, other)
    empty = call("doubles", "list", "--data", str(data))
    assert (empty.stdout, len(empty.stderr.splitlines())) == ("", 1)
    again = call("doubles", "merge", one, other, "--data", str(data))
    said(data, "doubles", "undo", merged.split()[-1])
    assert said(data, "doubles", "list").splitlines() == lines
    assert f"doubles merge {one} {other} " in said(data, "doubles", "decide", pair, "same")
    said(data, "doubles", "decide", pair, "different")
    assert said(data, "doubles", "list") == ""
    assert "0 cặp mới" in said(data, "doubles", "find")

    wrong = call("doubles", "decide", "7", "same", "--data", str(data))
    assert (again.returncode, wrong.returncode) == (1, 1)
    assert "Traceback" not in again.stderr + wrong.stderr


def test_columns_that_nobody_knows_are_named_once(data: Path, file: Path, tmp_path: Path) -> None:
    file.write_text("\n".join(("A1,B1,Người,Sanh,GT,Mã,Đâu,QH", *ROWS)), "utf-8")
    own = tmp_path / "map.toml"
    own.write_text('C = "q01_ho_ten"\nD = "q02_ngay_sinh"\nF = "q04_so_cccd"\nB = "household_code"')

    unknown = call("import", "people", str(file), "--data", str(data))
    named = said(data, "import", "people", str(file), "--map", str(own))
    later = said(data, "import", "people", str(file))

    assert unknown.returncode == 1 and "Traceback" not in unknown.stderr
    assert "3 người mới" in named and "3 người mới" in later
    own.write_text('C = "q77"\nD = "q02_ngay_sinh"')
    wrong = call("import", "people", str(file), "--map", str(own), "--data", str(data))
    assert wrong.returncode == 1 and "q77" in wrong.stderr and "Traceback" not in wrong.stderr


def test_who_may_not_is_refused_before_the_file_is_read(data: Path, file: Path) -> None:
    said(data, "account", "add", "thu", "--role", "enumerator", "--name", "Người Thử")

    done = call("import", "people", str(file), "--as", "thu", "--data", str(data))

    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "Dòng 4" not in done.stdout


def test_nothing_of_a_list_stands_readable_on_the_disk(data: Path, file: Path) -> None:
    """After import, search, merge, taking apart and undo: folded names only, as in any form."""
    said(data, "import", "people", str(file), "--commit")
    said(data, "doubles", "find")
    lines = said(data, "doubles", "list").splitlines()
    merged = said(data, "doubles", "merge", *(line.split("\t")[1] for line in lines[1:]))
    assert readable(data) == []
    said(data, "doubles", "undo", merged.split()[-1])
    assert readable(data) == []
    (batch,) = numbers(said(data, "import", "list"))

    kept = said(data, "import", "undo", batch)

    assert "Vạc Xám" in kept  # whom an officer has merged stays, and is named
    assert readable(data) == []
    raw = b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())
    assert b"dinh thi diec lua" not in raw  # who was deleted is in no page of the file any more


def readable(data: Path) -> list[str]:
    raw = b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())
    return [text for text in CANARIES if any(form in raw for form in spellings(text))]
