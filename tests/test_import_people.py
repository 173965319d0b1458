"""Whole lists in every layout, real files; the trial report; and nothing of a cell is repeated."""

import ast
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.exports import EXPORTS
from admin.exports.layout import layout_of, layout_table
from admin.exports.table import Exported
from admin.imports.people import read_people
from admin.imports.refusals import FileRefused, NotRecognised
from admin.imports.report import (
    MOST_SHOWN,
    lines_of,
    sentence,
    try_out,
    why_refused,
    write_workbook,
)
from admin.imports.values import Bad, Row
from bot.dialogs.readers.reading import Value
from bot.dialogs.route import relevant
from tests.lists import (
    ADDRESS,
    FORM,
    KNOWN,
    TODAY,
    Grid,
    book,
    line_a,
    opened,
    openpyxl_book,
    people,
    sheet_a,
    shown,
    text,
)
from tests.test_texts import ROOT, SOURCES, calls

TEXTS: Final = KNOWN.texts


def rows(file: Any) -> list[Row]:
    found = people(file)
    assert all(isinstance(row, Row) for row in found), found
    return [row for row in found if isinstance(row, Row)]


MAN: Final[Mapping[str, Value]] = {
    "q01_ho_ten": "Đinh Văn Chín",
    "q02_ngay_sinh": "1990-09-05",
    "q03_gioi_tinh": "nam",
    "q04_so_cccd": "051090001234",
    "q05_ma_bhxh": "5112345678",
    "q06_thuong_tru": {"text": ADDRESS, "commune": "21340", "province": "51"},
    "q07_khac_thuong_tru": "co",
    "q07_noi_o": {"text": "xã Sơn Hạ, tỉnh Quảng Ngãi", "commune": None, "province": None},
    "q08_uu_tien": ["ho_ngheo", "dan_toc_thieu_so"],
    "q08_dan_toc": "19",
    "q09_gdpt": "thcs",
    "q10_cmkt": "so_cap",
    "q10_1_nganh": "Lái xe",
    "q11_hdkt": "co_viec_lam",
    "q12_1_vi_the": "lam_cong",
    "q12_2_cong_viec": "lái xe tải",
    "q12_2a_bhxh": "co",
    "q12_2a_loai": "tu_nguyen",
    "q12_2b_hdld": "co",
    "q12_2b_loai": "khong_xac_dinh",
    "q12_3_noi_lam": "Công ty Hoa Sim",
    "q12_3a_loai_hinh": "doanh_nghiep",
    "q12_3a_loai_dn": "dn_fdi",
    "q12_3b_dia_chi": {"text": ADDRESS, "commune": "21340", "province": "51"},
}
WOMAN: Final[Mapping[str, Value]] = {
    "q01_ho_ten": "H'Hen Niê",
    "q02_ngay_sinh": "1958",
    "q03_gioi_tinh": "nu",
    "q06_thuong_tru": {"text": ADDRESS, "commune": "21340", "province": "51"},
    "q07_khac_thuong_tru": "khong",
    "q09_gdpt": "chua_xong_tieu_hoc",
    "q10_cmkt": "chua_dao_tao",
    "q11_hdkt": "khong_tham_gia",
    "q11_ly_do": "noi_tro",
}
SEEKER: Final[Mapping[str, Value]] = {
    "q01_ho_ten": "Hồ Thị Bé",
    "q02_ngay_sinh": "2004-01-31",
    "q03_gioi_tinh": "nu",
    "q04_so_cccd": "051304000001",
    "q09_gdpt": "thpt",
    "q10_cmkt": "cao_dang",
    "q10_1_nganh": "kế toán",
    "q11_hdkt": "that_nghiep",
    "q13_that_nghiep": "da_tung",
    "q13_1_thoi_gian": "tren_1_nam",
}
INVENTED: Final = (MAN, WOMAN, SEEKER)


def exported(path: Path, *records: Mapping[str, Value]) -> Path:
    """Write records as layout A with our own export."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    plain = [
        Exported(n, "482173056", "mau03_2022", "21340", None, "confirmed", at, values)
        for n, values in enumerate(records, 1)
    ]
    table = layout_table(layout_of("a"), FORM, KNOWN, TODAY)
    EXPORTS[path.suffix[1:]](path, table, plain)
    return path


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_layout_a_exports_comes_back(kind: str, tmp_path: Path) -> None:
    with exported(tmp_path / f"a.{kind}", *INVENTED).open("rb") as file:
        found = rows(file)

    for row, values in zip(found, INVENTED, strict=True):
        answers = {q: v for q, v in row.answers.items() if q != "h_thon"}
        wanted = dict(values)
        if isinstance(wanted.get("q07_noi_o"), dict):  # codes are worked out anew
            wanted["q07_noi_o"] = answers["q07_noi_o"]
        assert answers == wanted


def answered() -> st.SearchStrategy[dict[str, Value]]:
    """Records that a conversation could have made, as far as layout A has columns for them."""
    base = {
        "q01_ho_ten": st.sampled_from(["Đinh Văn Chín", "Y Bhăm Niê", "K'Brêu", "Lê Thị Ánh"]),
        "q02_ngay_sinh": st.dates(date(1930, 1, 1), date(2008, 1, 1)).map(str)
        | st.sampled_from(["1958", "1970"]),
        "q03_gioi_tinh": st.sampled_from(["nam", "nu"]),
        "q04_so_cccd": st.sampled_from(["051090001234", "001304000001", "212345678"]),
        "q05_ma_bhxh": st.sampled_from(["5112345678", "0112345678"]),
        "q06_thuong_tru": st.just(MAN["q06_thuong_tru"]),
        "q07_khac_thuong_tru": st.just("khong"),
        "q08_dan_toc": st.sampled_from(["19", "14", "12"]),
        "q10_1_nganh": st.sampled_from(["may công nghiệp", "=SUM(1)", "+ kế toán"]),
        "q12_2_cong_viec": st.sampled_from(["trồng keo", "@bán hàng", "-thợ xây"]),
        "q12_3_noi_lam": st.sampled_from(["Công ty Hoa Sim", "'Hoa' Sim"]),
        "q12_3b_dia_chi": st.just(MAN["q06_thuong_tru"]),
    }
    one = {
        q.id: st.sampled_from([c.code for c in q.choices])
        for q in FORM.questions
        if q.kind == "choice" and q.id not in base
    }
    several = st.lists(
        st.sampled_from(["khuyet_tat", "ho_ngheo", "thu_hoi_dat", "nguoi_co_cong", MINORITY]),
        min_size=1,
        unique=True,
    )
    every = {**base, **one, "q08_uu_tien": several}
    return st.fixed_dictionaries(every).map(_relevant)


MINORITY: Final = "dan_toc_thieu_so"


def _relevant(values: dict[str, Any]) -> dict[str, Value]:
    options = FORM["q08_uu_tien"].choices
    chosen = values["q08_uu_tien"]
    values["q08_uu_tien"] = [c.code for c in options if c.code in chosen]
    return {q.id: values[q.id] for q in relevant(FORM, values, KNOWN) if q.id in values}


@settings(deadline=None, max_examples=60)
@given(values=answered())
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_any_record_comes_back_from_layout_a(
    kind: str, tmp_path_factory: pytest.TempPathFactory, values: dict[str, Value]
) -> None:
    path = exported(tmp_path_factory.mktemp("a") / f"a.{kind}", values)
    with path.open("rb") as file:
        (row,) = rows(file)

    assert {q: v for q, v in row.answers.items() if q != "h_thon"} == values


def flat(*parts: Any) -> list[str]:
    return [cell for part in parts for cell in ([part] if isinstance(part, str) else part)]


B_HEAD: Final = flat(
    *("STT", "Họ và tên", "Ngày sinh", "Giới tính", "", "Số CCCD", "Nơi ĐK hộ khẩu thường trú"),
    *("Nơi hiện tại", "Đối tượng ưu tiên", [""] * 3, "Trình độ giáo dục phổ thông", [""] * 3),
    *("Trình độ chuyên môn kỹ thuật cao nhất", [""] * 7, "Chuyên ngành đào tạo"),
    *("Tình trạng tham gia HĐKT", "", "Không tham gia HĐKT", [""] * 4, "Vị thế việc làm", [""] * 3),
    *(
        "Công việc cụ thể",
        "Nơi làm việc",
        "Đã từng làm việc chưa",
        "",
        "Thời gian thất nghiệp",
        "",
        "",
    ),
)
B_OWN: Final = flat(
    *("", "", "", "Nam", "Nữ", "", "", "", "Người khuyết tật", "Thuộc hộ nghèo", "Hộ cận nghèo"),
    *("Dân tộc thiểu số", "Chưa học xong Tiểu học", "Tốt nghiệp Tiểu học", "Tốt nghiệp THCS"),
    *("Tốt nghiệp THPT", "Chưa qua đào tạo", "CNKT không có bằng", "Chứng chỉ nghề dưới 3 tháng"),
    *("Sơ cấp", "Trung cấp", "Cao đẳng", "Đại học", "Trên đại học", "", "Người có việc làm"),
    *("Người thất nghiệp", "Đi học", "Hưu trí", "Nội trợ", "Khuyết tật", "Khác", "Chủ cơ sở SXKD"),
    *("Tự làm", "Lao động gia đình", "Làm công ăn lương", "", "", "Chưa bao giờ làm việc"),
    *("Đã từng làm việc", "Dưới 3 tháng", "Từ 3 tháng đến 1 năm", "Trên 1 năm"),
)


def marked(**cells: str) -> list[str]:
    """Return a line of layout B: texts by column title, marks by option, "group: option"."""
    line = [""] * len(B_OWN)
    for at, (over, own) in enumerate(zip(B_HEAD, B_OWN, strict=True)):
        line[at] = cells.get(own, cells.get(over, "") if not own else "")
    return line


def test_layout_b_has_a_mark_for_every_choice() -> None:
    grid: Grid = [
        ["UBND XÃ SƠN TÂY"],
        [],
        ["THÔNG TIN VỀ CUNG LAO ĐỘNG"],
        B_HEAD,
        B_OWN,
        [str(n) for n in range(1, len(B_OWN) + 1)],
        marked(
            **{"STT": "1", "Họ và tên": "Đinh Văn Chín", "Ngày sinh": "05/09/1990", "Nam": "x"},
            **{"Số CCCD": "051090001234", "Nơi ĐK hộ khẩu thường trú": ADDRESS},
            **{"Thuộc hộ nghèo": "X", "Dân tộc thiểu số": "✓", "Tốt nghiệp THCS": "x"},
            **{"Sơ cấp": "x", "Chuyên ngành đào tạo": "Lái xe", "Người có việc làm": "x"},
            **{"Tự làm": "1", "Công việc cụ thể": "lái xe tải"},
        ),
        marked(
            **{"STT": "2", "Họ và tên": "Hồ Thị Bé", "Ngày sinh": "31/01/1970", "Nữ": "x"},
            **{"Tốt nghiệp THPT": "x", "Chưa qua đào tạo": "x", "Nội trợ": "x"},
        ),
        marked(
            **{"STT": "3", "Họ và tên": "Hồ Thị Hai", "Ngày sinh": "31/01/1971", "Nữ": "x"},
            **{"Người thất nghiệp": "x", "Đã từng làm việc": "x", "Trên 1 năm": "x"},
        ),
    ]
    merged = ["D4:E4", "I4:L4", "M4:P4", "Q4:X4", "Z4:AA4", "AB4:AF4", "B4:B5", "C4:C5"]

    file = openpyxl_book(grid, merged)

    ((_, found),) = opened(file).sheets
    assert (found.layout, found.headings.row, found.unknown) == ("b", 4, ())
    man, wife, seeker = rows(file)
    assert shown(man.answers) == {
        "q01_ho_ten": "Đinh Văn Chín",
        "q02_ngay_sinh": "1990-09-05",
        "q03_gioi_tinh": "nam",
        "q04_so_cccd": "051090001234",
        "q06_thuong_tru": ADDRESS,
        "q07_khac_thuong_tru": "khong",
        "h_thon": "Thôn Tà Vinh",
        "q08_uu_tien": ["ho_ngheo", "dan_toc_thieu_so"],
        "q09_gdpt": "thcs",
        "q10_cmkt": "so_cap",
        "q10_1_nganh": "Lái xe",
        "q11_hdkt": "co_viec_lam",
        "q12_1_vi_the": "tu_lam",
        "q12_2_cong_viec": "lái xe tải",
    }
    assert wife.answers["q11_hdkt"] == "khong_tham_gia" and wife.answers["q11_ly_do"] == "noi_tro"
    assert wife.classes == {"khong_cccd"} and "q08_uu_tien" not in wife.answers
    assert [seeker.answers[q] for q in ("q11_hdkt", "q13_that_nghiep", "q13_1_thoi_gian")] == [
        *("that_nghiep", "da_tung", "tren_1_nam"),
    ]


def test_two_marks_for_one_choice_are_refused() -> None:
    both = marked(
        **{"Họ và tên": "Đinh Văn Chín", "Ngày sinh": "05/09/1990", "Nam": "x", "Nữ": "x"}
    )
    (row,) = people(openpyxl_book([B_HEAD, B_OWN, both]))

    assert isinstance(row, Bad)
    assert [(p.column, p.reason) for p in row.problems] == [("E", "two_answers")]


C_LINE: Final = {
    "Dấu thời gian": "22/11/2025 08:30:00", "Họ, chữ đệm và tên khai sinh": "Đinh Văn Chín",
    "Ngày, tháng, năm sinh": "5/9/1990", "Giới tính": "Nam", "Số CCCD/CMND": "051090001234",
    "Mã số BHXH": "5112345678", "Số BHYT": "DN4515112345678", "Nơi đăng ký thường trú": ADDRESS,
    "Nơi ở hiện tại": "", "Đối tượng ưu tiên (nếu có)": "Thuộc hộ nghèo, Dân tộc thiểu số",
    "Dân tộc": "Hrê", "Trình độ giáo dục phổ thông cao nhất đã tốt nghiệp/đạt được": "THCS",
    "Trình độ chuyên môn kỹ thuật cao nhất đạt được": "Sơ cấp", "Chuyên ngành đào tạo": "Lái xe",
    "Tình trạng tham gia hoạt động kinh tế": "Người có việc làm",
    "Lý do không tham gia hoạt động kinh tế": "", "Vị thế việc làm": "Làm công ăn lương",
    "Công việc cụ thể đang làm": "lái xe tải", "Tham gia BHXH": "Có", "Loại BHXH": "Tự nguyện",
    "Hợp đồng lao động (HĐLĐ)": "Có", "Loại hợp đồng lao động": "HĐLĐ không xác định thời hạn.",
    "Thời gian bắt đầu thực hiện HĐLĐ (ngày/tháng/năm)": "01/03/2020",
    "Nơi làm việc": "Công ty Hoa Sim", "Loại hình nơi làm việc": "DN FDI",
    "Địa chỉ nơi làm việc": ADDRESS,
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_layout_c_has_words_for_codes(encoding: str) -> None:
    file = text([list(C_LINE), list(C_LINE.values())], encoding)

    ((_, found),) = opened(file).sheets
    assert (len(C_LINE), found.layout, found.unknown) == (26, "c", ())
    (row,) = rows(file)
    wanted = {**shown(MAN), "q07_khac_thuong_tru": "khong", "q12_2b_ngay": "2020-03-01"}
    assert {q: v for q, v in shown(row.answers).items() if q != "h_thon"} == {
        q: v for q, v in wanted.items() if q != "q07_noi_o"
    }
    assert row.warned == ()


D_LINE: Final = {
    "STT": "1", "Mã hộ": "H0017", "Họ tên chủ hộ": "Đinh Văn Chín", "Quan hệ với chủ hộ": "Chủ hộ",
    "Họ và tên": "Đinh Văn Chín", "Ngày sinh": date(1990, 9, 5), "Giới tính": "Nam",
    "Số CCCD": "051090001234", "Ngày cấp": date(2021, 4, 15), "Nơi cấp": "Cục CSQLHC",
    "Dân tộc": "Kinh", "Tôn giáo": "Không", "Số điện thoại": "0912345678",
    "Thôn": "Thôn Tà Vinh", "Hộ khẩu thường trú": ADDRESS, "Chỗ ở hiện nay": "",
    "Mã số BHXH": "5112345678", "Mã thẻ BHYT": "", "Đối tượng ưu tiên": "1",
    "Hộ nghèo": "", "Hộ cận nghèo": "x", "Hộ mới thoát nghèo": "",
    "Trình độ văn hóa": "9/12", "Trình độ CMKT": "Sơ cấp", "Văn bằng, chứng chỉ": "CC nghề",
    "Chuyên ngành đào tạo": "Lái xe", "Tình trạng HĐKT": "Có việc làm", "Lý do": "",
    "Vị thế việc làm": "Làm công ăn lương", "Công việc cụ thể đang làm": "lái xe tải",
    "Mã công việc": "833", "Tham gia BHXH": "BHXH tự nguyện", "Loại HĐLĐ": "Không thời hạn",
    "Nơi làm việc": "Công ty Hoa Sim", "Loại hình nơi làm việc": "Doanh nghiệp FDI",
    "Ngành kinh tế": "H49", "Địa chỉ nơi làm việc": ADDRESS, "Thời gian thất nghiệp": "",
    "Nhu cầu đào tạo": "", "Nhu cầu việc làm": "",
}  # fmt: skip


def test_layout_d_has_households_and_much_that_is_not_asked() -> None:
    file = book([["DANH SÁCH"], [], list(D_LINE), list(D_LINE.values())], "Thôn Tà Vinh")

    ((_, found),) = opened(file).sheets
    assert (len(D_LINE), found.layout, found.unknown) == (40, "d", ())
    (row,) = rows(file)
    assert (row.household, row.relation, row.village) == ("H0017", "chu_ho", "Thôn Tà Vinh")
    assert row.answers["q08_uu_tien"] == ["khuyet_tat", "ho_can_ngheo"]
    assert "q08_dan_toc" not in row.answers and row.answers["h_thon"] == "Thôn Tà Vinh"
    assert row.answers["q09_gdpt"] == "thcs" and row.flags == {"ho_can_ngheo"}
    assert (
        row.answers["q12_3a_loai_dn"] == "dn_fdi" and row.answers["q12_2b_loai"] == "khong_xac_dinh"
    )
    assert "0912345678" not in str(row)


E_LINE: Final = {
    "TT": "1", "HỌ VÀ TÊN": "Đinh Văn Chín", "NĂM SINH": 1990, "GIỚI": "nam",
    "SỐ ĐỊNH DANH": "051090001234", "MÃ BHXH": "", "ĐỊA CHỈ": ADDRESS, "TẠM TRÚ": "",
    "DIỆN ƯU TIÊN": "", "DÂN TỘC": "Hrê", "HỌC VẤN": "cấp 2", "CHUYÊN MÔN KỸ THUẬT": "sơ cấp",
    "TÌNH TRẠNG VIỆC LÀM": "đang đi làm", "VỊ THẾ": "làm công", "NGHỀ NGHIỆP": "lái xe tải",
    "NƠI LÀM VIỆC": "Công ty Hoa Sim", "GHI CHÚ": "mới về",
}  # fmt: skip


def test_layout_e_is_short() -> None:
    file = book([list(E_LINE), list(E_LINE.values())])

    ((_, found),) = opened(file).sheets
    assert (len(E_LINE), found.layout, found.unknown) == (17, "e", ())
    (row,) = rows(file)
    assert row.answers["q02_ngay_sinh"] == "1990" and row.answers["q08_dan_toc"] == "19"
    assert row.answers["q12_1_vi_the"] == "lam_cong" and row.answers["q11_hdkt"] == "co_viec_lam"
    assert [(p.column, p.reason) for p in row.warned] == [("C", "year_only")]


def test_several_sheets_are_one_list() -> None:
    file = book(
        sheet_a(line_a()),
        "Thôn 1",
        **{"Thôn 2": sheet_a(line_a()), "Danh mục": [["Mã", "Tên"], ["1", "Nam"]]},
    )

    found = opened(file)
    assert [sheet.name for sheet, _ in found.sheets] == ["Thôn 1", "Thôn 2"]
    assert found.skipped == ["Danh mục"]
    first, second = list(found)
    assert (first.sheet, second.sheet) == ("Thôn 1", "Thôn 2")
    assert isinstance(second, Row)
    assert {p.reason: p.facts for p in second.warned} == {
        "id_twice_elsewhere": {"row": 12, "where": "Thôn 1"}
    }


def test_a_hidden_sheet_is_not_read() -> None:
    workbook = openpyxl.load_workbook(book(sheet_a(line_a()), Cũ=sheet_a(line_a())))
    workbook["Cũ"].sheet_state = "hidden"
    file = BytesIO()
    workbook.save(file)

    found = opened(file)
    assert (len(list(found)), found.skipped) == (1, ["Cũ"])


def test_a_list_without_headings_is_not_guessed_at() -> None:
    with pytest.raises(NotRecognised) as raised:
        opened(book([line_a(), line_a()]))

    assert raised.value.reason == "not_recognised"
    with pytest.raises(FileRefused, match="empty"):
        opened(book([[]]))


def test_reading_is_a_stream(tmp_path: Path) -> None:
    grid = sheet_a(*[line_a(C=f"Đinh Văn {'ABCDEFGH'[n % 8]}n", F="") for n in range(3000)])
    rows_of = iter(opened(book(grid)))
    next(rows_of)
    tracemalloc.start()
    count = sum(1 for _ in rows_of)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 2999 and peak < 6_000_000


SECRETS: Final = {
    "C": "Tríệu Bí Mật 77", "D": "31/02/1977", "F": "77777777777", "G": "77x77", "H": "https://bi.mat",
    "J": "77", "K": "Bí Mật", "L": "bí mật", "Q": "http://bi-mat.vn", "U": "bí mật 77",
    "V": "77.123456, 77.123456", "Y": "bí mật",
}  # fmt: skip


def bad_sheet(lines: int = 1) -> Any:
    return book(sheet_a(*[line_a(**SECRETS)] * lines, line_a(), line_a(F="", J="2")))


def test_the_report_counts_and_names_places() -> None:
    found = opened(bad_sheet())
    report = try_out(found)

    assert (report.rows, report.good, report.warned, report.bad) == (3, 1, 1, 1)
    assert report.reasons.total() == len(SECRETS) == len(report.problems)
    assert {problem.column for problem in report.problems} == set(SECRETS)
    assert report.classes == {"khong_cccd": 1}
    said = list(lines_of(report, found, TEXTS))
    assert said[1] == 'Trang tính "Sheet1": tiêu đề ở dòng 10, mẫu A, 25 cột được đọc.'
    assert (
        'Trang tính "Sheet1", dòng 12, cột F (Số căn cước): có 11 chữ số: số 0 ở đầu đã mất vì ô '
        "là số, và chưa đủ căn cứ để thêm lại. Xin định dạng cột là Văn bản (Text) rồi gõ lại. "
        "Ví dụ: 051090001234." in said
    )


def test_nothing_of_a_cell_is_repeated(tmp_path: Path) -> None:
    found = opened(bad_sheet())
    report = try_out(found)
    write_workbook(tmp_path / "report.xlsx", report, found, TEXTS)
    workbook = openpyxl.load_workbook(tmp_path / "report.xlsx")
    cells = [str(c.value) for sheet in workbook for row in sheet.iter_rows() for c in row]

    everything = "\n".join([*lines_of(report, found, TEXTS), *cells, repr(report)])
    for secret in (*SECRETS.values(), "77", "Bí Mật", "bí mật", "bi-mat", "bi.mat"):
        assert secret not in everything, secret


def test_the_workbook_of_a_report_can_be_walked_through(tmp_path: Path) -> None:
    found = opened(bad_sheet(3))
    report = try_out(found)
    write_workbook(tmp_path / "report.xlsx", report, found, TEXTS)

    summary, listed = openpyxl.load_workbook(tmp_path / "report.xlsx").worksheets
    table = [[cell.value for cell in row] for row in listed.iter_rows()]
    assert table[0] == ["Trang tính", "Dòng", "Cột", "Mục", "Lý do"]
    assert len(table) == 1 + 3 * len(SECRETS)
    assert table[1][:4] == ["Sheet1", 12, "C", "Họ tên"]
    assert any(
        "Chưa nhận được: 3" in str(cell.value) for row in summary.iter_rows() for cell in row
    )


def test_a_terminal_is_not_flooded() -> None:
    found = opened(bad_sheet(20))
    said = list(lines_of(try_out(found), found, TEXTS))

    assert sum(line.startswith("Trang tính") for line in said) == MOST_SHOWN + 1
    assert said[-1].startswith(f"... và {20 * len(SECRETS) - MOST_SHOWN} lỗi nữa")


def test_a_text_has_no_name_of_a_sheet() -> None:
    (row,) = people(text(sheet_a(line_a(D="x"))))
    assert isinstance(row, Bad)

    assert sentence(row.problems[0], TEXTS) == (
        "Dòng 12, cột D (Ngày sinh: Nam): chưa hiểu ngày. Xin ghi ngày, tháng, năm. "
        "Ví dụ: 05/09/1990."
    )


def test_every_reason_has_its_sentence() -> None:
    """Of readers, of hard checks, of soft ones, and of lists themselves."""
    told = {code for code, _ in calls({"Invalid", "BadCell"}) if code not in ONLY_IN_CHATS}
    said_here = {
        str(node.args[1].value)
        for path, tree in SOURCES.items()
        if path.is_relative_to(ROOT / "admin/imports")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in {"problem", "problem_with", "warn", "about_answer"}
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    }
    soft = {c.id for q in FORM.questions for c in q.checks if c.severity == "soft"}
    hard = {c.id for q in FORM.questions for c in q.checks if c.severity == "hard"} - {"age_range"}

    for code in {*told, *said_here, *hard, *soft, "too_young", "too_old"}:
        assert f"import.reason.{code}" in TEXTS or f"import.warn.{code}" in TEXTS, code


ONLY_IN_CHATS: Final = frozenset({"not_text", "empty", "card_unreadable"})


def test_a_refused_file_says_what_to_do() -> None:
    reasons = {code for code, _ in calls({"FileRefused"})} | {"encrypted", "not_recognised"}

    assert len(reasons) > 10
    for reason in reasons:
        said = why_refused(FileRefused(reason, sheets="Thôn 1"), TEXTS)
        assert "xin" in said.lower() or "ví dụ" in said.lower(), said


def test_the_one_way_in() -> None:
    found: Iterator[Row | Bad] = read_people(book(sheet_a(line_a())), FORM, KNOWN, TODAY)

    assert [row.row for row in found] == [12]
    with pytest.raises(FileRefused):
        next(read_people(BytesIO(b"%PDF-1"), FORM, KNOWN, TODAY))


def test_another_day_makes_other_ages() -> None:
    file = book(sheet_a(line_a(D="23/11/2011")))
    (today,) = read_people(file, FORM, KNOWN, TODAY)
    (tomorrow,) = read_people(file, FORM, KNOWN, date(2026, 11, 23))

    assert isinstance(today, Bad) and isinstance(tomorrow, Row)
