"""Headings: found wherever they stand, whatever is done to them; and where nobody knows them."""

import json
from collections.abc import Sequence
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.exports.layout import BadLayout, layout_of
from admin.imports.cells import Line
from admin.imports.headings import fingerprint, key_of, paths, phrase_of
from admin.imports.layouts import layouts_of, load_layout, numbers_of
from admin.imports.recognise import ColumnMap, Recognised, recognise
from admin.imports.refusals import NotRecognised
from admin.imports.targets import BadTarget, target_of
from admin.imports.values import Row
from bot.dialogs.readers.characters import fold
from tests.lists import ADDRESS, FORM, TITLES_A, book, line_a, opened, people, shown, text
from tests.test_import_fonts import in_tcvn3, in_vni

LAYOUTS: Final = layouts_of(FORM)
TARGETS_A: Final = {
    "A": "household", "C": "q01_ho_ten", "D": "q02_ngay_sinh q03_gioi_tinh=nam",
    "E": "q02_ngay_sinh q03_gioi_tinh=nu", "F": "q04_so_cccd", "G": "q05_ma_bhxh",
    "H": "q06_thuong_tru", "I": "q07_noi_o", "J": "q08_uu_tien", "K": "q08_dan_toc",
    "L": "q09_gdpt", "M": "q10_cmkt", "N": "q10_1_nganh", "O": "q11_hdkt", "P": "q12_1_vi_the",
    "Q": "q12_2_cong_viec", "R": "q12_2a_loai q12_2a_bhxh", "S": "q12_2b_loai q12_2b_hdld",
    "T": "q12_3_noi_lam", "U": "q12_3a_loai_dn q12_3a_loai_hinh", "V": "q12_3b_dia_chi",
    "W": "q13_that_nghiep", "X": "q13_1_thoi_gian", "Y": "q11_ly_do", "Z": "relation",
}  # fmt: skip


def lines(*rows: Sequence[str], first: int = 1) -> list[Line]:
    return [Line(number, list(row)) for number, row in enumerate(rows, first) if any(row)]


def found(*rows: Sequence[str], first: int = 1) -> Recognised:
    known = recognise("DS", lines(*rows, first=first), LAYOUTS)
    assert known is not None
    return known


def by_letter(known: Recognised) -> dict[str, str]:
    return {chr(ord("A") + at): target.name for at, target in known.targets.items()}


AS_PRINTED: Final = {
    "TT hộ": "TT hộ", "TT": "TT", "Ngày tháng năm sinh - Nam": "Nam",
    "Ngày tháng năm sinh - Nữ": "Nữ", "Trình độ giáo dục phổ thông": "Trình độ GDPT",
    "Hợp đồng lao động": "HĐLĐ (1-3)", "Nơi làm việc": "Nơi làm việc (ghi rõ)",
    "Trình độ chuyên môn kỹ thuật": "Trình độ CMKT (1-8)", "Chuyên ngành đào tạo": "Chuyên ngành",
    "Tình trạng tham gia hoạt động kinh tế": "Tình trạng tham gia HĐKT (1-3)",
    "Không tham gia hoạt động kinh tế": "Không tham gia HĐKT (1-5)", "MQH": "MQH (CH = chủ hộ)",
}  # fmt: skip


def test_layout_a_as_the_export_writes_it() -> None:
    known = found([""], ["DANH SÁCH THÔNG TIN VỀ NGƯỜI LAO ĐỘNG"], TITLES_A, first=8)

    assert (known.layout, known.first, known.unknown) == ("a", 11, ())
    assert by_letter(known) == TARGETS_A


@pytest.mark.parametrize("first", [7, 10])
def test_layout_a_in_two_rows_with_numbers_below(first: int) -> None:
    """Row 9 or 12, the birth date merged over two columns, abbreviations."""
    lower = [AS_PRINTED.get(title, title) for title in TITLES_A]
    upper = ["" if text in {"Nam", "Nữ"} else text for text in lower]
    upper[3] = "Ngày tháng\nnăm sinh"
    lower = [text if text in {"Nam", "Nữ"} else "" for text in lower]
    numbers = [f"({number})" for number in range(1, 27)]

    known = found(upper, lower, numbers, line_a(), first=first)

    assert (known.layout, by_letter(known)) == ("a", TARGETS_A)
    assert known.first == first + 2


ALL: Final = sorted(
    {column.target.name for layout in LAYOUTS for column in layout.columns if column.phrases}
    - {"-"}
)


def test_no_heading_means_two_columns_of_one_layout() -> None:
    for layout in LAYOUTS:
        seen: dict[tuple[str, ...], str] = {}
        for column in layout.columns:
            for phrase in column.phrases:
                words = tuple(word.marked for word in phrase)
                if column.target.mark is None:
                    assert seen.setdefault(words, column.target.name) == column.target.name, words


DECORATIONS: Final = (
    str.upper,
    str.title,
    fold,
    lambda heading: f"  {heading}\n",
    lambda heading: heading.replace(" ", "\n"),
    lambda heading: heading.replace(" ", "   "),
    lambda heading: f"{heading} (*)",
    lambda heading: f"{heading}:",
    lambda heading: f"({heading})",
    lambda heading: f"12. {heading}",
    lambda heading: f"(3) {heading}",
    lambda heading: f"{heading} (ghi rõ)",
    lambda heading: in_tcvn3(heading.lower()),
    in_vni,
    str,
)
FIXED: Final = ["Họ và tên", "Ngày, tháng, năm sinh", "Giới tính", "Số CCCD/CMND"]
SINGLE: Final = {
    "q05_ma_bhxh": ["Mã số BHXH", "Mã BHXH/BHYT", "Mã số bảo hiểm xã hội"],
    "q06_thuong_tru": ["Nơi đăng ký thường trú", "HKTT", "Hộ khẩu thường trú"],
    "q07_noi_o": ["Nơi ở hiện nay", "Chỗ ở hiện tại"],
    "q08_uu_tien": ["Đối tượng ưu tiên", "Đối tượng ưu tiên (nếu có)"],
    "q08_dan_toc": ["Dân tộc", "Tên dân tộc thiểu số"],
    "q09_gdpt": ["Trình độ giáo dục phổ thông", "Trình độ văn hóa", "Trình độ GDPT"],
    "q10_cmkt": ["Trình độ chuyên môn kỹ thuật", "Trình độ CMKT cao nhất"],
    "q10_1_nganh": ["Chuyên ngành đào tạo", "Ngành nghề đào tạo"],
    "q11_hdkt": ["Tình trạng tham gia hoạt động kinh tế", "Tình trạng việc làm"],
    "q12_1_vi_the": ["Vị thế việc làm"],
    "q12_2_cong_viec": ["Công việc cụ thể đang làm", "Nghề nghiệp"],
    "q12_3b_dia_chi": ["Địa chỉ nơi làm việc"],
    "q13_1_thoi_gian": ["Thời gian thất nghiệp"],
    "household": ["TT hộ", "Số thứ tự hộ"],
    "relation": ["Quan hệ với chủ hộ", "MQH"],
    "village": ["Thôn", "Thôn/Tổ dân phố"],
    "newly_out_of_poverty": ["Hộ mới thoát nghèo"],
    "-": ["Ghi chú", "Số điện thoại", "Ngày cấp", "STT", "Họ tên chủ hộ"],
}  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_columns_shuffled_and_decorated_are_found(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(sorted(SINGLE)), unique=True, max_size=14))
    wanted = dict.fromkeys(FIXED, "")
    wanted |= dict(zip(FIXED, FORM.by_id, strict=False))
    wanted |= {data.draw(st.sampled_from(SINGLE[target])): target for target in chosen}
    headings = data.draw(st.permutations(sorted(wanted)))
    decorate = [data.draw(st.sampled_from(DECORATIONS)) for _ in headings]
    written = [change(text) for change, text in zip(decorate, headings, strict=True)]
    above = data.draw(st.integers(0, 20))
    title = ["ỦY BAN NHÂN DÂN XÃ SƠN TÂY", "", "DANH SÁCH LAO ĐỘNG"]

    known = found(title, *[[]] * above, written, ["1", "2", "3", "4"], ["Đinh Văn Chín"])

    assert [
        known.targets[at].name if at in known.targets else "-" for at in range(len(headings))
    ] == [wanted[heading] for heading in headings]
    assert known.headings.row == above + 2
    assert known.first == above + 3


def test_choices_side_by_side_are_told_apart_by_what_stands_over_them() -> None:
    over = ["", "", "", "Giới tính", "", "Đối tượng ưu tiên", "", "Trình độ giáo dục phổ thông"]
    over += ["", "", "", "Tham gia BHXH", "", "", "Hợp đồng lao động", "", "Lý do", "", "", "", ""]
    own = ["TT", "Họ tên", "Ngày sinh", "Nam", "Nữ", "Khuyết tật", "Hộ nghèo"]
    own += ["Chưa học xong tiểu học", "Tiểu học", "THCS", "THPT", "Bắt buộc", "Tự nguyện", "Không"]
    own += ["Có", "Không", "Đi học", "Hưu trí", "Nội trợ", "Khuyết tật", "Khác"]

    known = found(over, own)

    assert known.layout == "b"
    assert [target.name for at, target in known.targets.items() if at > 2] == [
        *("q03_gioi_tinh=nam", "q03_gioi_tinh=nu", "q08_uu_tien=khuyet_tat"),
        *("q08_uu_tien=ho_ngheo", "q09_gdpt=chua_xong_tieu_hoc", "q09_gdpt=tieu_hoc"),
        *("q09_gdpt=thcs", "q09_gdpt=thpt", "q12_2a_loai=bat_buoc", "q12_2a_loai=tu_nguyen"),
        *("q12_2a_bhxh=khong", "q12_2b_hdld=co", "q12_2b_hdld=khong", "q11_ly_do=di_hoc"),
        *("q11_ly_do=huu_tri", "q11_ly_do=noi_tro", "q11_ly_do=khuyet_tat", "q11_ly_do=khac"),
    ]


@pytest.mark.parametrize(
    ("heading", "target"),
    [
        ("Năm sinh", "q02_ngay_sinh"),
        ("Họ tên chủ hộ", "-"),
        ("Mã hộ", "household_code"),
        ("TT", "-"),
        ("Mã số định danh cá nhân", ""),
        ("Năm", ""),
        ("Dự án", ""),
    ],
)
def test_what_looks_alike_is_not_mistaken(heading: str, target: str) -> None:
    birth = [] if target == "q02_ngay_sinh" else ["Ngày sinh"]
    row = [
        "Họ và tên",
        "Giới tính",
        "Số CCCD",
        "Nơi thường trú",
        "Trình độ văn hóa",
        *birth,
        heading,
    ]
    known = found(row)

    at = len(row) - 1
    unknown = {h.letter for h in known.unknown}
    seen = known.targets[at].name if at in known.targets else "" if "G" in unknown else "-"
    assert seen == target


def test_a_heading_over_several_columns_is_over_each() -> None:
    rows = [["A", "", "", "B"], ["", "c", "", ""], ["", "d", "e", ""]]

    assert paths(rows) == [("A",), ("A", "c", "d"), ("A", "c", "e"), ("B",)]


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("12.2.a Tham gia  BHXH:", "tham gia bhxh"),
        ("Số CCCD/ CMND\n(12 số)", "so cccd cmnd"),
        ("(4) SỐ ĐỊNH DANH", "so dinh danh"),
        ("Trình độ chuyên môn kỹ thuật", "trinh do cmkt"),
        ("(Nam)", "nam"),
        ("IV. Ghi chú", "ghi chu"),
    ],
)
def test_a_heading_as_it_is_compared(heading: str, key: str) -> None:
    assert key_of(heading) == key


def test_phrases_are_whole_words() -> None:
    assert [word.bare for word in phrase_of("Họ và tên (ghi rõ)")] == ["ho", "va", "ten"]


OWN: Final = [
    ["Bảng theo dõi"],
    ["Số", "Danh tính NLĐ", "Chào đời", "Nam hay nữ", "Giấy tờ", "Chốn ở", "Bằng"],
    ["1", "Đinh Văn Chín", "05/09/1990", "nam", "051090001234", ADDRESS, "THCS"],
]


def test_the_office_names_unknown_columns_once() -> None:
    with pytest.raises(NotRecognised) as raised:
        opened(book(OWN))

    (headings,) = raised.value.found
    assert (headings.sheet, headings.row) == ("Sheet1", 2)
    assert [h.text for h in headings.columns] == OWN[1]
    own = ColumnMap.of(headings, MEANT)
    kept = msgspec.json.decode(msgspec.json.encode(own), type=ColumnMap)
    assert kept == own and "Chín" not in json.dumps(msgspec.to_builtins(own), ensure_ascii=False)

    shuffled = [["Năm nay"], [], [OWN[1][at] for at in ORDER], [OWN[2][at] for at in ORDER]]
    (row,) = people(text(shuffled, delimiter=";"), kept)
    assert isinstance(row, Row) and row.row == 4
    assert shown(row.answers) == {
        "q01_ho_ten": "Đinh Văn Chín",
        "q02_ngay_sinh": "1990-09-05",
        "q03_gioi_tinh": "nam",
        "q04_so_cccd": "051090001234",
        "q06_thuong_tru": ADDRESS,
        "q09_gdpt": "thcs",
    }


MEANT: Final = {
    "A": "-",
    "B": "q01_ho_ten",
    "C": "q02_ngay_sinh",
    "D": "q03_gioi_tinh",
    "E": "q04_so_cccd",
    "F": "q06_thuong_tru",
    "G": "q09_gdpt",
}
ORDER: Final = (3, 6, 0, 4, 1, 5, 2)


def test_a_map_is_for_its_own_headings() -> None:
    with pytest.raises(NotRecognised) as raised:
        opened(book(OWN))
    own = ColumnMap.of(raised.value.found[0], {"B": "q01_ho_ten", "C": "q02_ngay_sinh"})
    other = [OWN[0], [*OWN[1][:-1], "Khác"], OWN[2]]

    with pytest.raises(NotRecognised):
        opened(book(other), own)
    # A known layout needs no map, and another list's map does it no harm.
    assert opened(book([TITLES_A, line_a()]), own).sheets[0][1].layout == "a"


@pytest.mark.parametrize(
    "name", ["q99", "q03_gioi_tinh=x", "", "q01_ho_ten=", "a b", "household q01_ho_ten", "- -"]
)
def test_a_column_cannot_be_for_anything(name: str) -> None:
    with pytest.raises(BadTarget):
        target_of(name, FORM)


def test_a_map_that_names_nothing_is_refused() -> None:
    with pytest.raises(NotRecognised) as raised:
        opened(book(OWN))

    with pytest.raises(BadTarget):
        opened(book(OWN), ColumnMap.of(raised.value.found[0], {"B": "q99"}))


def test_a_fingerprint_does_not_know_the_order() -> None:
    assert fingerprint(["a", "b"]) == fingerprint(["b", "a"]) != fingerprint(["a", "c"])


def test_numbers_are_those_of_the_export() -> None:
    numbers = numbers_of(FORM)

    assert numbers["q12_2b_loai"] == {1: "xac_dinh", 2: "khong_xac_dinh"}
    assert numbers["q12_2b_hdld"] == {3: "khong"}
    assert numbers["q12_3a_loai_dn"] == {5: "dn_nha_nuoc", 6: "dn_ngoai_nha_nuoc", 7: "dn_fdi"}
    assert sorted(numbers["q08_uu_tien"]) == [1, 2, 3, 4, 5, 6]
    for column in layout_of("a").columns:
        if column.show == "code":
            assert all(question in numbers for question in column.questions)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ('id = "x"\ncolumns = ["q99"]', "q99"),
        ('id = "x"\nmarks = ["q99"]', "q99"),
        ("id = 1", "id"),
        ("id = ", "x.toml"),
        ('id = "a"\ntable = "a"\nabout = { "Không có" = "-" }', "Không có"),
    ],
)
def test_a_wrong_layout_is_refused_by_name(written: str, why: str) -> None:
    with pytest.raises(BadLayout, match=r"x\.toml") as refused:
        load_layout(written, "x.toml", FORM)

    assert why in str(refused.value)
