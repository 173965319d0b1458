"""Each check across answers, on both sides of its border."""

from datetime import date
from typing import Any, Final

import pytest

from bot.content import form_of, known_of
from bot.dialogs.answering import office_flags, warnings
from bot.dialogs.rules import RULES, age_on
from bot.dialogs.state import Draft
from tests.talks import OFFICE

TODAY: Final = date(2026, 11, 22)
FORM: Final = form_of()
KNOWN: Final = known_of(OFFICE)
HERE: Final = {"text": "thôn Tà Vinh, xã Sơn Tây", "commune": "21340", "province": "51"}
THERE: Final = {"text": "phường Nghĩa Lộ", "commune": "21025", "province": "51"}
NOWHERE: Final = {"text": "xã Hoa Sen Trắng", "commune": None, "province": None}


def params(rule: str, question: str | None = None) -> Any:
    return next(
        check.params
        for asked in FORM.questions
        for check in asked.checks
        if check.id == rule and question in (None, asked.id)
    )


def fails(rule: str, question: str | None = None, **answers: Any) -> bool:
    return RULES[rule].test(answers, params(rule, question), TODAY, KNOWN) is not None


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        ("q01_ho_ten", {"q01_ho_ten": "Pơ"}, {"q01_ho_ten": "K'Brêu"}),
        ("q01_ho_ten", {"q01_ho_ten": "Hoa"}, {"q01_ho_ten": "Y Bhăm Niê"}),
        ("age_range", {"q02_ngay_sinh": "2011-11-23"}, {"q02_ngay_sinh": "2011-11-22"}),
        ("age_range", {"q02_ngay_sinh": "1905-11-22"}, {"q02_ngay_sinh": "1905-11-23"}),
        (
            "cccd_gender",
            {"q03_gioi_tinh": "nam", "q04_so_cccd": "051190001234"},
            {"q03_gioi_tinh": "nam", "q04_so_cccd": "051090001234"},
        ),
        (
            "q03_gioi_tinh",
            {"q03_gioi_tinh": "nu", "q04_so_cccd": "051210001234"},
            {"q03_gioi_tinh": "nu", "q04_so_cccd": "051310001234"},
        ),
        (
            "cccd_birthyear",
            {"q02_ngay_sinh": "1990", "q04_so_cccd": "051091001234"},
            {"q02_ngay_sinh": "2009-01-01", "q04_so_cccd": "051209001234"},
        ),
        ("cccd_prefix", {"q04_so_cccd": "999090001234"}, {"q04_so_cccd": "051090001234"}),
        ("cmnd_expired", {"q04_so_cccd": "212345678"}, {"q04_so_cccd": "051090001234"}),
        ("repeated_digit", {"q04_so_cccd": "000000000000"}, {"q04_so_cccd": "000000000001"}),
        ("repeated_digit", {"q04_so_cccd": "111111111"}, {"q04_so_cccd": None}),
        ("q05_ma_bhxh", {"q05_ma_bhxh": "012345678"}, {"q05_ma_bhxh": "0123456789"}),
        ("commune_unknown", {"q06_thuong_tru": NOWHERE}, {"q06_thuong_tru": HERE}),
        ("residence_outside", {"q07_noi_o": THERE}, {"q07_noi_o": HERE}),
        ("residence_outside", {"q07_noi_o": THERE}, {"q07_noi_o": NOWHERE}),
        (
            "poor_and_near_poor",
            {"q08_uu_tien": ["ho_ngheo", "ho_can_ngheo"]},
            {"q08_uu_tien": ["ho_ngheo", "khuyet_tat"]},
        ),
        ("majority_group", {"q08_dan_toc": "01"}, {"q08_dan_toc": "19"}),
        (
            "q09_gdpt",
            {"q02_ngay_sinh": "2009-11-23", "q09_gdpt": "thpt"},
            {"q02_ngay_sinh": "2009-11-22", "q09_gdpt": "thpt"},
        ),
        (
            "q10_cmkt",
            {"q09_gdpt": "tieu_hoc", "q10_cmkt": "cao_dang"},
            {"q09_gdpt": "thcs", "q10_cmkt": "cao_dang"},
        ),
        (
            "unemployed_over_60",
            {"q02_ngay_sinh": "1966-11-22", "q11_hdkt": "that_nghiep"},
            {"q02_ngay_sinh": "1966-11-23", "q11_hdkt": "that_nghiep"},
        ),
        (
            "q11_ly_do",
            {"q08_uu_tien": ["khong"], "q11_ly_do": "khuyet_tat"},
            {"q08_uu_tien": ["khuyet_tat"], "q11_ly_do": "khuyet_tat"},
        ),
        (
            "q12_2b_hdld",
            {"q12_1_vi_the": "tu_lam", "q12_2b_hdld": "co"},
            {"q12_1_vi_the": "lam_cong", "q12_2b_hdld": "co"},
        ),
        ("q12_2b_ngay", {"q12_2b_ngay": "2026-12"}, {"q12_2b_ngay": "2026-11"}),
        ("q12_2b_ngay", {"q12_2b_ngay": "2027"}, {"q12_2b_ngay": "2026-11-22"}),
        (
            "q12_2b_ngay",
            {"q02_ngay_sinh": "1990-09-05", "q12_2b_ngay": "2003-08"},
            {"q02_ngay_sinh": "1990-09-05", "q12_2b_ngay": "2003-09"},
        ),
        (
            "q12_3a_loai_hinh",
            {"q12_1_vi_the": "xa_vien_htx", "q12_3a_loai_hinh": "doanh_nghiep"},
            {"q12_1_vi_the": "xa_vien_htx", "q12_3a_loai_hinh": "hop_tac_xa"},
        ),
    ],
)
def test_a_check_fails_on_one_side_only(
    rule: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    assert fails(rule, **bad)
    assert not fails(rule, **good)


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"q01_ho_ten"}))
def test_no_check_fails_on_nothing(rule: str) -> None:
    assert not fails(rule)
    assert not fails(rule, **dict.fromkeys(FORM.by_id))


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("2011-11-22", 15),
        ("2011-11-23", 14),
        ("2008-02-29", 18),
        ("1990-11", 36),
        ("1990-12", 35),
        ("1990", 36),
    ],
)
def test_age_in_full_years_the_highest_it_can_be(born: str, age: int) -> None:
    assert age_on(born, TODAY) == age


def test_born_on_29_february_a_year_older_on_1_march() -> None:
    assert age_on("2012-02-29", date(2027, 2, 28)) == 14
    assert age_on("2012-02-29", date(2027, 3, 1)) == 15


def codes(question: str, value: Any, **answers: Any) -> set[str]:
    found = warnings(FORM, FORM[question], draft(answers), value, TODAY, KNOWN)
    return {warned.code for warned in found}


def draft(answers: dict[str, Any]) -> Draft:
    return Draft(1, FORM.id, answers=answers)


def test_an_answer_that_contradicts_an_earlier_one_is_asked_about() -> None:
    man = {"q02_ngay_sinh": "1990-09-05", "q03_gioi_tinh": "nam", "q04_so_cccd": "051090001234"}

    assert codes("q03_gioi_tinh", "nu", **man) == {"q03_gioi_tinh"}
    assert codes("q02_ngay_sinh", "1991-09-05", **man) == {"cccd_birthyear"}
    assert codes("q04_so_cccd", "051190001234", **man) == {"cccd_gender"}
    assert codes("q04_so_cccd", "051090001234", **man) == set()


def test_a_double_is_never_told_here() -> None:
    assert "duplicate" not in codes("q04_so_cccd", "051090001234")


def test_an_undeclared_disability_is_for_the_office_alone() -> None:
    answers: dict[str, Any] = {
        "q08_uu_tien": ["khong"],
        "q11_hdkt": "khong_tham_gia",
        "q11_ly_do": "khuyet_tat",
    }

    assert codes("q11_ly_do", "khuyet_tat", **answers) == set()
    assert office_flags(FORM, answers, TODAY, KNOWN) == ["q11_ly_do"]
