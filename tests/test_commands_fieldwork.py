"""The office's commands about visits, from a form typed in a chat to the sheet for the police."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.filled import FARMER, START, STUDENT, call, fill, in_chat


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A farmer with a number and a student without one have handed in."""
    folder = tmp_path_factory.mktemp("fieldwork")
    fill(folder, [*in_chat("a", START + FARMER), *in_chat("b", START + STUDENT)])
    added = ("account", "add", "hoa", "--role", "enumerator", "--name", "Hoa Hoa")
    assert call(*added, "--data", str(folder)).returncode == 0
    yield folder


def lines(*arguments: str, data: Path) -> list[list[str]]:
    done = call(*arguments, "--data", str(data))
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def refused(*arguments: str, data: Path) -> str:
    done = call(*arguments, "--data", str(data))
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_people_are_listed_with_shortened_numbers(data: Path) -> None:
    found = lines("people", "list", data=data)

    assert {line[2] for line in found} == {"Đinh Văn Chín", "Hồ Thị Bé"}
    assert {line[4] for line in found} == {"••••••••1234", ""}
    assert {line[6] for line in found} == {"đã có phiếu"}
    assert lines("people", "list", "--which", "missing", data=data) == []


def test_who_has_no_number_and_why_is_written_for_the_police(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "no-id.xlsx"
    ((told,), _) = lines("people", "no-id", "--out", str(out), data=data)
    assert told.startswith("Đã xuất 1 người vào ")

    rows = list(load_workbook(out).worksheets[0].iter_rows(values_only=True))
    assert rows[0][:3] == ("STT", "Họ và tên", "Ngày sinh")
    (row,) = rows[1:]
    assert (row[1], row[2], row[6]) == ("Hồ Thị Bé", "01/01/2004", "Chưa được cấp")


def test_people_are_assigned_moved_and_taken_back(data: Path, tmp_path: Path) -> None:
    call(*("account", "add", "mai", "--role", "enumerator", "--name", "Mai"), "--data", str(data))
    numbers = [line[0] for line in lines("people", "list", data=data)]
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(numbers), "utf-8")

    lines(*("assign", "hoa", "--list", str(ids), "--target", "9", "--due", "2026-12-30"), data=data)
    given = lines("assign", "list", data=data)
    assert [line[1] for line in given] == ["hoa", "hoa"]
    assert given[0][3:5] == ["9", "2026-12-30"]
    lines("assign", "move", given[0][0], "--to", "mai", data=data)
    lines("assign", "end", given[1][0], data=data)
    assert [line[1] for line in lines("assign", "list", data=data)] == ["mai"]
    assert len(lines("assign", "list", "--ended", data=data)) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("assign", "nobody", "--village", "x"),
        ("assign", "hoa", "--village", "Không Có"),
        ("assign", "hoa", "--household", "5"),
        ("people", "list", "--village", "Không Có"),
        ("people", "no-id", "--out", "x.xlsx", "--village", "Không Có"),
        ("assign", "end", "5"),
        ("assign", "release", "5"),
        ("assign", "list", "--as", "hoa"),
        ("people", "list", "--as", "nobody"),
        ("return", "000000000", "--comment", "9: sai"),
        ("return", "000000000", "--comment", "99: sai"),
        ("return", "000000000", "--comment", "không có số"),
    ],
)
def test_what_cannot_be_done_is_explained(data: Path, arguments: tuple[str, ...]) -> None:
    assert refused(*arguments, data=data).strip()


def test_a_form_is_given_back_and_corrected(tmp_path: Path) -> None:
    bubbles = fill(tmp_path, START + FARMER)
    receipt = next(b["receipt"] for b in bubbles if b["kind"] == "receipt")

    lines("return", receipt, "--comment", "9: ghi nhầm cấp học", data=tmp_path)
    told = fill(tmp_path, ["sửa"])

    assert "ghi nhầm cấp học" in "\n".join(bubble["text"] for bubble in told)
    assert refused("return", receipt, "--comment", "9: lại", data=tmp_path).strip()
