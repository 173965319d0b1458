"""A second, independent reading of the form: which questions apply, typed over from the circular.

It shares nothing with the program but the ids and codes. Values are codes, lists of codes, or
anything else for a question that steers nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Given = Mapping[str, Any]


def working(a: Given) -> bool:
    return bool(a.get("q11_hdkt") == "co_viec_lam")


def unemployed(a: Given) -> bool:
    return bool(a.get("q11_hdkt") == "that_nghiep")


def insured(a: Given) -> bool:
    return working(a) and a.get("q12_2a_bhxh") == "co"


def under_contract(a: Given) -> bool:
    return working(a) and a.get("q12_2b_hdld") == "co"


def always(_: Given) -> bool:
    return True


APPLIES: Final[Mapping[str, Callable[[Given], bool]]] = {
    "q01_ho_ten": always,
    "q02_ngay_sinh": always,
    "q03_gioi_tinh": always,
    "q04_so_cccd": always,
    "q05_ma_bhxh": always,
    "q06_thuong_tru": always,
    "q07_khac_thuong_tru": always,
    "q07_noi_o": lambda a: a.get("q07_khac_thuong_tru") == "co",
    "q08_uu_tien": always,
    "q08_dan_toc": lambda a: "dan_toc_thieu_so" in (a.get("q08_uu_tien") or []),
    "q09_gdpt": always,
    "q10_cmkt": always,
    # Nothing is known about the training before item 10 is answered.
    "q10_1_nganh": lambda a: a.get("q10_cmkt") not in (None, "chua_dao_tao"),
    "q11_hdkt": always,
    "q11_ly_do": lambda a: a.get("q11_hdkt") == "khong_tham_gia",
    "q12_1_vi_the": working,
    "q12_2_cong_viec": working,
    "q12_2a_bhxh": working,
    "q12_2a_loai": insured,
    "q12_2b_hdld": working,
    "q12_2b_loai": under_contract,
    "q12_2b_ngay": under_contract,
    "q12_3_noi_lam": lambda a: working(a) and a.get("q12_1_vi_the") not in (None, "tu_lam"),
    "q12_3a_loai_hinh": working,
    "q12_3a_loai_dn": lambda a: working(a) and a.get("q12_3a_loai_hinh") == "doanh_nghiep",
    "q12_3b_dia_chi": working,
    "q13_that_nghiep": unemployed,
    "q13_1_thoi_gian": unemployed,
}
"""Question -> when it applies, in the order of the paper; the village is the program's own."""

MAY_BE_LEFT_OUT: Final[Mapping[str, Callable[[Given], bool]]] = {
    "q05_ma_bhxh": always,
    "q08_uu_tien": always,
    "q10_1_nganh": lambda a: a.get("q10_cmkt") in ("cnkt_khong_bang", "chung_chi_duoi_3_thang"),
    "q12_2b_ngay": always,
    "q12_3_noi_lam": lambda a: a.get("q12_1_vi_the") in ("chu_co_so", "lao_dong_gia_dinh"),
    "q12_3b_dia_chi": always,
}
"""Question -> when the person may leave it out."""

MAY_BE_UNKNOWN: Final = ("q04_so_cccd", "q05_ma_bhxh")
"""The person may not know or have it."""

STEERING: Final[Mapping[str, tuple[Any, ...]]] = {
    "q07_khac_thuong_tru": ("khong", "co"),
    "q08_uu_tien": (
        None,
        ["khong"],
        ["ho_ngheo"],
        ["dan_toc_thieu_so"],
        ["khuyet_tat", "dan_toc_thieu_so"],
    ),
    "q10_cmkt": ("chua_dao_tao", "cnkt_khong_bang", "so_cap", "tren_dai_hoc"),
    "q11_hdkt": ("co_viec_lam", "that_nghiep", "khong_tham_gia"),
    "q12_1_vi_the": ("chu_co_so", "tu_lam", "lao_dong_gia_dinh", "lam_cong", "xa_vien_htx"),
    "q12_2a_bhxh": ("co", "khong"),
    "q12_2b_hdld": ("co", "khong"),
    "q12_3a_loai_hinh": ("ho_nong_lam_thuy_san", "doanh_nghiep", "khu_vuc_nha_nuoc"),
}
"""The answers that decide about others, with values that make a difference."""


def still_counts(given: Given) -> dict[str, Any]:
    """Return the answers whose question applies. What does not apply decides about nothing."""
    left = dict(given)
    while True:
        stay = {key: value for key, value in left.items() if APPLIES[key](left)}
        if stay == left:
            return stay
        left = stay


def asked(given: Given) -> list[str]:
    """Return the questions that apply, in order."""
    counting = still_counts(given)
    return [key for key, applies in APPLIES.items() if applies(counting)]


def may_be_left_out(key: str, given: Given) -> bool:
    return key in MAY_BE_LEFT_OUT and MAY_BE_LEFT_OUT[key](given)


def answered(key: str, given: Given) -> bool:
    """Return whether a question is done with: without a value only where it may be."""
    if given.get(key) is not None:
        return True
    return key in given and (key in MAY_BE_UNKNOWN or may_be_left_out(key, given))


def missing(given: Given) -> list[str]:
    """Return the questions still to ask, in order."""
    return [key for key in asked(given) if not answered(key, given)]
