"""One line of a list: what it says, what is put right for certain, what is refused and why."""

from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.imports.households import Households
from admin.imports.values import Bad, Row
from bot.dialogs.state import Manner
from tests.lists import (
    ADDRESS,
    KNOWN,
    TITLES_A,
    book,
    line_a,
    opened,
    people,
    person,
    refused,
    remarks,
    sheet_a,
    shown,
    text,
)
from tests.test_import_fonts import in_tcvn3, in_vni


def test_a_farmer() -> None:
    row = person(line_a(J="2,6", K="Hrê", Z="CH", A="1", B="1"))

    assert (row.sheet, row.row, row.warned, row.missing) == ("Sheet1", 12, (), ())
    assert row.answers["q06_thuong_tru"] == {"text": ADDRESS, "commune": "21340", "province": "51"}
    assert shown(row.answers) == {
        "q01_ho_ten": "Đinh Văn Chín",
        "q02_ngay_sinh": "1990-09-05",
        "q03_gioi_tinh": "nam",
        "q04_so_cccd": "051090001234",
        "q06_thuong_tru": ADDRESS,
        "q07_khac_thuong_tru": "khong",
        "h_thon": "Thôn Tà Vinh",
        "q08_uu_tien": ["ho_ngheo", "dan_toc_thieu_so"],
        "q08_dan_toc": "19",
        "q09_gdpt": "thcs",
        "q10_cmkt": "chua_dao_tao",
        "q11_hdkt": "co_viec_lam",
        "q12_1_vi_the": "tu_lam",
        "q12_2_cong_viec": "trồng keo",
        "q12_2a_bhxh": "khong",
        "q12_2b_hdld": "khong",
        "q12_3a_loai_hinh": "ho_nong_lam_thuy_san",
    }
    assert row.manners == {"q07_khac_thuong_tru": DERIVED, "h_thon": DERIVED}
    assert (row.household, row.relation) == ("Sheet1#12", "chu_ho")
    assert row.flags == {"ho_ngheo"}
    assert (row.parked, row.classes) == ({}, frozenset())


DERIVED: Final = Manner("derived")


def answer(question: str, **cells: Any) -> Any:
    return shown(person(line_a(**cells)).answers).get(question)


@pytest.mark.parametrize(
    ("cell", "iso", "remark"),
    [
        (date(1990, 9, 5), "1990-09-05", ""),
        (33121, "1990-09-05", "date_serial"),
        ("33121", "1990-09-05", "date_serial"),
        ("5/9/1990", "1990-09-05", ""),
        ("05.09.1990", "1990-09-05", ""),
        ("05-09-1990", "1990-09-05", ""),
        ("1990-09-05 00:00:00", "1990-09-05", ""),
        ("'05/09/1990", "1990-09-05", ""),
        ("05091990", "1990-09-05", ""),
        (5091990, "1990-09-05", "zero_restored"),
        (25091990, "1990-09-25", ""),
        ("1990", "1990", "year_only"),
        (1990, "1990", "year_only"),
        ("00/00/1990", "1990", "year_only"),
        ("../../1990", "1990", "year_only"),
        (" /  /1990", "1990", "year_only"),
        ("ngày 5 tháng 9 năm 1990", "1990-09-05", ""),
    ],
)
def test_dates_are_read_day_first(cell: Any, iso: str, remark: str) -> None:
    row = person(line_a(D=cell))

    assert row.answers["q02_ngay_sinh"] == iso
    assert remarks(row).get("D", "") == remark


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("9/25/1990", "date_month"),
        ("30/02/1990", "date_day"),
        ("5/9/90", "date_year_two_digits"),
        ("05/1990", "date_month_only"),
        ("22/11/2011 ", "too_young_or_fifteen"),
        ("23/11/2011", "too_young"),
        ("01/01/1900", "too_old"),
        ("2011", "date_birth_year_uncertain"),
        ("hôm qua", "date_unreadable"),
        ("khoảng 1990", "date_about"),
        ("=A1", "formula"),
    ],
)
def test_dates_that_are_none(cell: str, reason: str) -> None:
    if reason == "too_young_or_fifteen":  # fifteen today
        assert answer("q02_ngay_sinh", D=cell) == "2011-11-22"
    else:
        assert refused(line_a(D=cell)) == {"D": reason}


@pytest.mark.parametrize(
    ("cell", "number", "remark"),
    [
        ("051090001234", "051090001234", ""),
        ("'051090001234", "051090001234", ""),
        ("051 090 001 234", "051090001234", ""),
        (51090001234, "051090001234", "zero_restored"),
        ("51090001234", "051090001234", "zero_restored"),
        ("1090001234", "001090001234", "zero_restored"),
        ("212345678", "212345678", "cmnd_expired"),
        (212345678, "212345678", "cmnd_expired"),
        ("051190001234", "051190001234", "cccd_gender"),
        ("051091001234", "051091001234", "cccd_birthyear"),
        ("999090001234", "999090001234", "cccd_prefix"),
    ],
)
def test_identity_numbers(cell: Any, number: str, remark: str) -> None:
    row = person(line_a(F=cell))

    assert row.answers["q04_so_cccd"] == number
    assert remarks(row).get("F", "") == remark


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (51190001234, "id_zero_lost"),
        (51091001234, "id_zero_lost"),
        ("99090001234", "id_zero_lost"),
        ("05109000123", "id_length"),
        ("0510900012345", "id_length"),
        ("5.1E+10", "number_rounded"),
        ("1,23E+11", "number_rounded"),
        (5.10900012341e15, "id_length"),
        ("051090001234.0", "id_decimal"),
        ("05109000123O", "id_characters"),
        ("0912345678", "id_phone"),
        ("111111111111", "repeated_digit"),
        ("=F11", "formula"),
    ],
)
def test_identity_numbers_that_cannot_be_right(cell: Any, reason: str) -> None:
    assert refused(line_a(F=cell)) == {"F": reason}


def test_zeros_are_put_back_only_where_sex_and_birth_prove_it() -> None:
    titles = ["Họ và tên", "Ngày sinh", "Số CCCD", "Trình độ văn hóa"]
    (row,) = people(book([titles, ["Đinh Văn Chín", "05/09/1990", 51090001234, "THCS"]]))

    assert isinstance(row, Bad)
    assert [p.reason for p in row.problems] == ["id_zero_lost"]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 999_999), st.dates(date(1930, 1, 1), date(2009, 1, 1)), st.booleans())
def test_a_lost_zero_comes_back_as_it_was(tail: int, born: date, woman: bool) -> None:
    digit = (2 if born.year >= 2000 else 0) + woman
    number = f"0{'51'}{digit}{born.year % 100:02}{tail:06}"
    cells = {"E" if woman else "D": born, "E" if not woman else "D": "", "F": int(number)}

    (row,) = people(book(sheet_a(line_a(**cells))))

    assert isinstance(row, Row) and row.answers["q04_so_cccd"] == number


@pytest.mark.parametrize(
    ("letter", "cell", "question", "value"),
    [
        ("L", "3", "q09_gdpt", "thcs"),
        ("L", 3, "q09_gdpt", "thcs"),
        ("L", "Tốt nghiệp THCS", "q09_gdpt", "thcs"),
        ("L", "9/12", "q09_gdpt", "thcs"),
        ("L", "3. Tốt nghiệp THCS", "q09_gdpt", "thcs"),
        ("L", "03", "q09_gdpt", "thcs"),
        ("J", "2,6", "q08_uu_tien", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("J", 2.6, "q08_uu_tien", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("J", "6; 2", "q08_uu_tien", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("J", "Hộ nghèo, DTTS", "q08_uu_tien", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("R", "1", "q12_2a_loai", "bat_buoc"),
        ("R", "3", "q12_2a_bhxh", "khong"),
        ("R", "Không tham gia", "q12_2a_bhxh", "khong"),
        ("S", "2", "q12_2b_loai", "khong_xac_dinh"),
        ("U", "7", "q12_3a_loai_dn", "dn_fdi"),
        ("U", "7", "q12_3a_loai_hinh", "doanh_nghiep"),
        ("U", "8", "q12_3a_loai_hinh", "khu_vuc_nha_nuoc"),
        ("U", "Doanh nghiệp FDI", "q12_3a_loai_dn", "dn_fdi"),
        ("U", "Nhà nước", "q12_3a_loai_hinh", "khu_vuc_nha_nuoc"),
        ("U", "6. DN ngoài Nhà nước", "q12_3a_loai_dn", "dn_ngoai_nha_nuoc"),
        ("K", "Ca Dong", "q08_dan_toc", "14"),
        ("K", "Kinh", "q08_dan_toc", None),
        ("G", "DN 4 01 5112345678", "q05_ma_bhxh", "5112345678"),
    ],
)
def test_choices_by_the_numbers_of_the_sheet_or_in_words(
    letter: str, cell: Any, question: str, value: Any
) -> None:
    assert answer(question, **{letter: cell}) == value


@pytest.mark.parametrize(
    ("letter", "cell", "reason"),
    [
        ("L", "5", "code_unknown"),
        ("L", "0", "code_unknown"),
        ("L", "2,3", "choice_one_only"),
        ("L", "2. Tốt nghiệp THCS", "choice_disagrees"),
        ("L", "cấp lớn", "choice_unknown"),
        ("J", "7", "code_unknown"),
        ("J", "2,3", "poor_and_near_poor"),
        ("U", "12", "code_unknown"),
        ("K", "Xá", "ethnic_ambiguous"),
        ("C", "123", "name_digits"),
        ("H", "https://a.vn", "place_link"),
        ("Q", "x" * 300, "text_long"),
    ],
)
def test_cells_that_say_nothing_of_use(letter: str, cell: str, reason: str) -> None:
    assert refused(line_a(**{letter: cell})) == {letter: reason}


def test_the_group_of_a_minority_is_item_8_too() -> None:
    silent, other = person(line_a(K="Hrê")), person(line_a(K="Hrê", J="2"))

    assert silent.answers["q08_uu_tien"] == ["dan_toc_thieu_so"]
    assert silent.manners["q08_uu_tien"] == DERIVED and silent.warned == ()
    assert other.answers["q08_uu_tien"] == ["ho_ngheo", "dan_toc_thieu_so"]
    assert remarks(other) == {"K": "group_added"}


def test_nothing_is_supposed() -> None:
    """Missing sex is no man, a missing reason is not "other", a missing duration not a year."""
    titles = ["Họ và tên", "Ngày sinh", "Tình trạng HĐKT", "Lý do", "Thời gian thất nghiệp"]
    grid = [
        titles,
        ["Đinh Văn Chín", "05/09/1990", "3", "", ""],
        ["Đinh Thị Lan", "05/09/1990", "2", "", ""],
    ]
    for row in people(book(grid)):
        assert isinstance(row, Row)
        assert {"q03_gioi_tinh", "q11_ly_do", "q13_1_thoi_gian"} & set(row.answers) == set()
        assert {"q03_gioi_tinh", "q04_so_cccd"} <= set(row.missing)
        assert {("", "not_given")} == {(p.column, p.reason) for p in row.warned}
        assert row.classes == {"khong_cccd"}


def test_both_birth_dates_are_two_sexes() -> None:
    assert refused(line_a(E="05/09/1990")) == {"E": "two_answers"}


@pytest.mark.parametrize("column", ["C", "D"])
def test_class_1_is_no_name_or_no_birth_date(column: str) -> None:
    (row,) = people(book(sheet_a(line_a(**{column: ""}), line_a())))[:1]

    assert isinstance(row, Bad) and row.classes == {"loai_1"}
    assert [(p.column, p.reason) for p in row.problems] == [("", "missing")]


def test_an_unreadable_birth_date_is_not_a_missing_one() -> None:
    (row,) = people(book(sheet_a(line_a(D="x"))))

    assert isinstance(row, Bad) and row.classes == frozenset()
    assert [p.reason for p in row.problems] == ["date_unreadable"]


NOTHING_12: Final = dict.fromkeys("PQRSU", "")


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        ({}, set()),
        ({"O": "3", "Y": "1"}, {"loai_2"}),
        ({"O": "3", "Y": "1", **NOTHING_12}, set()),
        ({"O": "3", "Y": "1", **NOTHING_12, "W": "1"}, {"loai_2"}),
        ({"O": "2", "W": "1", "X": "1"}, {"loai_3"}),
        ({"O": "2", "W": "1", "X": "1", **NOTHING_12}, set()),
        ({"O": "2", "W": "1", "X": "1", **NOTHING_12, "Y": "5"}, {"loai_3"}),
        ({"O": ""}, {"loai_4"}),
        ({"O": "", **NOTHING_12}, {"loai_4"}),
        ({"F": ""}, {"khong_cccd"}),
        ({"F": "chưa có"}, {"khong_cccd"}),
    ],
)
def test_classes_of_errors(cells: dict[str, str], classes: set[str]) -> None:
    assert person(line_a(**cells)).classes == classes


def test_what_does_not_apply_is_set_apart_and_said() -> None:
    row = person(line_a(O="3", Y="1"))

    assert row.answers["q11_hdkt"] == "khong_tham_gia"
    assert row.parked["q12_1_vi_the"] == "tu_lam" and "q12_1_vi_the" not in row.answers
    assert remarks(row)["P"] == "not_applicable"


def test_a_number_that_is_not_there_has_its_reason() -> None:
    row = person(line_a(F="chưa có"))

    assert row.answers["q04_so_cccd"] is None
    assert row.manners["q04_so_cccd"] == Manner("unknown", "chua_duoc_cap")


def test_a_place_of_living() -> None:
    same, other = person(line_a(I=ADDRESS.upper())), person(line_a(I="xã Sơn Tây Hạ, Quảng Ngãi"))

    assert shown(same.answers)["q07_khac_thuong_tru"] == "khong" and "q07_noi_o" not in same.answers
    assert other.answers["q07_khac_thuong_tru"] == "co"
    assert shown(other.answers)["q07_noi_o"] == "xã Sơn Tây Hạ, Quảng Ngãi"


@pytest.mark.parametrize("blank", [" ", "-", "--", "…", ".", "\u00a0", "/", "'", "–"])
def test_what_people_type_into_empty_cells(blank: str) -> None:
    row = person(line_a(**dict.fromkeys("GIJKNT", blank)))

    assert shown(row.answers) == shown(person(line_a()).answers)


def test_lines_where_nobody_stands() -> None:
    """Numbers below the headings, villages as titles, sums, signatures, prepared empty lines."""
    numbers = [str(n) for n in range(1, 27)]
    grid = sheet_a(
        numbers,
        ["I. Thôn Tà Vinh"],
        line_a(A="1"),
        ["", "", "II", "Thôn Mang Tà Bể"],
        line_a(A="1", F="051090004321"),
        ["3", "3"],
        [],
        ["", "", "Tổng cộng: 2 người"],
        ["", "", "Sơn Tây, ngày 22 tháng 11 năm 2026"],
        ["", "Người lập biểu", "", "", "", "", "TM. UBND XÃ"],
    )

    rows = [row for row in people(book(grid)) if isinstance(row, Row)]
    bad = [row for row in people(book(grid)) if isinstance(row, Bad)]

    assert [(row.row, row.village, row.household) for row in rows] == [
        (14, "Thôn Tà Vinh", "Sheet1#14"),
        (16, "Thôn Mang Tà Bể", "Sheet1#16"),
    ]
    # What could be a person is never left out without a word.
    assert [row.row for row in bad] == [20]


def test_a_person_with_nothing_but_a_name_is_not_left_out() -> None:
    (row,) = people(book(sheet_a(["", "1", "Đinh Văn Chín"])))

    assert isinstance(row, Bad)


@pytest.mark.parametrize(("store", "font"), [(in_tcvn3, "tcvn3"), (in_vni, "vni")])
def test_a_list_in_an_old_font(store: Any, font: str) -> None:
    names = ["Nguyễn Thị Hà", "Đinh Văn Chín", "Lê Hoàng Sáng", "Mai Tú"]
    lines = [line_a(C=store(n), H=store(ADDRESS), Q=store("trồng keo"), F="") for n in names]

    rows = people(book([list(map(store, TITLES_A)), *lines]))

    assert [row.answers["q01_ho_ten"] for row in rows if isinstance(row, Row)] == names
    for row in rows:
        assert isinstance(row, Row)
        assert shown(row.answers)["q06_thuong_tru"] == ADDRESS
        assert remarks(row)["H"] == "font_converted"


def test_a_cell_of_two_fonts_is_refused() -> None:
    assert refused(line_a(C="NguyÔn Văn Đạt")) == {"C": "font_unclear"}


def test_errors_of_formulas_are_refused() -> None:
    sheet = "<worksheet>" + "".join(
        f"<row r='{n}'>{''.join(cells)}</row>"
        for n, cells in enumerate(
            [
                [
                    f"<c t='str'><v>{title}</v></c>"
                    for title in ("Họ tên", "Ngày sinh", "CCCD", "HKTT")
                ],
                ["<c t='e'><v>#N/A</v></c>", "<c t='str'><v>05/09/1990</v></c>"],
            ],
            1,
        )
    )
    from tests.test_import_sheets import zipped

    (row,) = people(zipped(f"{sheet}</worksheet>"))

    assert isinstance(row, Bad)
    assert [(p.column, p.reason) for p in row.problems] == [("A", "cell_error")]


def test_the_same_number_twice_is_said() -> None:
    first, second = people(book(sheet_a(line_a(), line_a(C="Đinh Văn Mười"))))
    assert isinstance(first, Row) and isinstance(second, Row)

    assert first.warned == ()
    assert [(p.column, p.reason, p.facts["row"]) for p in second.warned] == [("F", "id_twice", 12)]


def test_households_of_a_sheet() -> None:
    lines = [
        line_a(A="1", Z="CH", F=""),
        line_a(A="", Z="vợ", F=""),
        line_a(A="2", Z="CH", F=""),
        line_a(A="1", Z="con", F=""),
        line_a(A="", Z="CH", F=""),
        line_a(A="", Z="họ hàng xa", F=""),
    ]
    rows = [row for row in people(book(sheet_a(*lines))) if isinstance(row, Row)]

    assert [row.household for row in rows] == [
        *("Sheet1#12", "Sheet1#12", "Sheet1#14", "Sheet1#12", "Sheet1#16", "Sheet1#16"),
    ]
    assert [row.relation for row in rows] == ["chu_ho", "vo_chong", "chu_ho", "con", "chu_ho", ""]
    assert remarks(rows[-1])["Z"] == "relation_unknown"


def test_numbers_of_households_begin_anew_in_every_village() -> None:
    households = Households("S")
    households.go_to("A")
    first = households.enter(1, "1", "", head=True)
    households.go_to("B")

    assert households.enter(2, "1", "", head=True) != first
    assert households.enter(3, "1", "", head=False) == "S#2"
    assert households.enter(4, "", "H01", head=False) == "H01"


def test_a_second_head_is_another_household() -> None:
    households = Households("S")

    assert [households.enter(n, "1", "", head=True) for n in (1, 2)] == ["S#1", "S#2"]


def test_columns_of_households_and_poverty() -> None:
    titles = [
        "Mã hộ",
        "Họ và tên",
        "Ngày sinh",
        "Giới tính",
        "Thôn",
        "Diện hộ",
        "Hộ mới thoát nghèo",
    ]
    person = ["Đinh Văn Chín", "05/09/1990", "Nam"]
    grid = [
        titles,
        ["H1", *person, "Tà Vinh", "Nghèo", ""],
        ["H1", *person, "Mang Tà Bể", "", "x"],
        ["H2", *person, "Thôn Lạ", "không", "không"],
        ["H2", *person, "2", "gì đó", "?"],
    ]
    rows = people(book(grid))

    one, two, three = (row for row in rows if isinstance(row, Row))
    assert one.household == "H1" and one.flags == {"ho_ngheo"}
    assert one.answers["q08_uu_tien"] == ["ho_ngheo"]
    assert (one.village, one.answers["h_thon"]) == ("Tà Vinh", "Thôn Tà Vinh")
    assert two.flags == {"moi_thoat_ngheo"} and "q08_uu_tien" not in two.answers
    assert (three.flags, "h_thon" in three.answers) == (frozenset(), False)
    assert remarks(three)["E"] == "village_unknown"
    assert isinstance(rows[3], Bad)
    assert {p.reason for p in rows[3].problems} == {"poverty_unknown", "mark_unclear"}


@pytest.mark.parametrize("said", ["Thôn Tà Vinh", "tà vinh", "Ta Vinh", "THON TA VINH"])
def test_a_village_may_be_called_with_or_without_its_kind(said: str) -> None:
    office = replace(KNOWN.office, villages=("Tà Vinh", "Mang"))
    titles = ["Họ và tên", "Ngày sinh", "Giới tính", "Thôn", "Số CCCD"]
    file = text([titles, ["Đinh Văn Chín", "05/09/1990", "Nam", said, "051090001234"]])
    (row,) = opened(file, known=replace(KNOWN, office=office))

    assert isinstance(row, Row) and (row.answers["h_thon"], row.warned) == ("Tà Vinh", ())


def test_a_position_in_the_list_of_villages_is_no_name() -> None:
    titles = ["Họ và tên", "Ngày sinh", "Giới tính", "Thôn", "Số CCCD"]
    (row,) = people(text([titles, ["Đinh Văn Chín", "05/09/1990", "Nam", "2", "051090001234"]]))

    assert isinstance(row, Row) and "h_thon" not in row.answers and row.village == "2"


def test_without_villages_of_the_office_the_text_is_kept() -> None:
    office = replace(KNOWN.office, villages=())
    titles = ["Họ và tên", "Ngày sinh", "Giới tính", "Thôn", "Số CCCD"]
    file = text([titles, ["Đinh Văn Chín", "05/09/1990", "Nam", "Tà Vinh", "051090001234"]])
    (row,) = opened(file, known=replace(KNOWN, office=office))

    assert isinstance(row, Row) and (row.village, row.warned) == ("Tà Vinh", ())


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20),
            st.sampled_from(
                ["1", "2,6", "x", "CH", "=1", "05/09/1990", "1990", "0", "Nam", ADDRESS]
            ),
            st.integers(0, 10**13),
            st.floats(0, 10**16, allow_nan=False),
        ),
        min_size=len(TITLES_A),
        max_size=len(TITLES_A),
    )
)
def test_any_line_is_a_person_or_has_reasons(cells: list[Any]) -> None:
    for row in people(book(sheet_a(cells))):
        if isinstance(row, Row):
            assert {"q01_ho_ten", "q02_ngay_sinh"} <= set(row.answers)
            assert not set(row.answers) & set(row.parked)
        else:
            assert row.problems
