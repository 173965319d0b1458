"""Checks across answers: one table, id -> pure function of (answers, parameters, today, known).

A rule returns None when all is well, else the facts of its sentence; "as" names another
sentence than `refuse.<id>`. Ids and codes of the form may
stand here. To add one: a function, a line in RULES, its sentence `refuse.<id>` or `warn.<id>`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from bot.dialogs.readers.reading import Value

if TYPE_CHECKING:
    from bot.dialogs.known import Known

Answers = Mapping[str, Value]
Facts = Mapping[str, object]
Params = Mapping[str, Any]
Test = Callable[[Answers, Params, date, "Known"], Facts | None]

SEX_OF_DIGIT: Final = ("nam", "nu")
"""Fourth digit of a 12-digit ID number, modulo 2 (Decree 137/2015, Art. 7)."""
FIRST_CENTURY: Final = 1900
LOW_SCHOOLING: Final = ("chua_xong_tieu_hoc", "tieu_hoc")
HIGH_SKILL: Final = ("cao_dang", "dai_hoc", "tren_dai_hoc")
HIRED: Final = ("lam_cong", "xa_vien_htx")


@dataclass(frozen=True, slots=True)
class Rule:
    test: Test
    reads: tuple[str, ...]
    """Questions it looks at: a change of one of them can make it fail."""
    params: Mapping[str, type] = field(default_factory=dict)
    """Parameters that a form must give, and what each is."""


def age_on(born: str, on: date) -> int:
    """Age in full years; of a year alone, the highest it can be."""
    if len(born) == 4:
        return on.year - int(born)
    year, month, day = (*map(int, born.split("-")), 1)[:3]
    return on.year - year - ((on.month, on.day) < (month, day))


def _text(answers: Answers, question_id: str) -> str:
    value = answers.get(question_id)
    return value if isinstance(value, str) else ""


def _full_name(answers: Answers, params: Params, _: date, __: "Known") -> Facts | None:
    words = _text(answers, "q01_ho_ten").replace("'", " ").split()
    return {} if len(words) < params["words"] else None


def _age_range(answers: Answers, params: Params, today: date, _: "Known") -> Facts | None:
    born = _text(answers, "q02_ngay_sinh")
    if not born:
        return None
    age = age_on(born, today)
    if age < params["minimum"]:
        return {"as": "too_young", "minimum": params["minimum"]}
    if age > params["maximum"]:
        return {"as": "too_old", "maximum": params["maximum"]}
    return None


def _id_sex(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    number, sex = _text(answers, "q04_so_cccd"), _text(answers, "q03_gioi_tinh")
    if len(number) != 12 or not sex or SEX_OF_DIGIT[int(number[3]) % 2] == sex:
        return None
    return {"tail": number[-4:]}


def _id_birth_year(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    number, born = _text(answers, "q04_so_cccd"), _text(answers, "q02_ngay_sinh")
    if len(number) != 12 or not born:
        return None
    year = FIRST_CENTURY + int(number[3]) // 2 * 100 + int(number[4:6])
    return None if year == int(born[:4]) else {"tail": number[-4:]}


def _id_prefix(answers: Answers, _: Params, __: date, known: "Known") -> Facts | None:
    number = _text(answers, "q04_so_cccd")
    if len(number) != 12 or number[:3] in known.id_prefixes:
        return None
    return {"tail": number[-4:]}


def _old_id(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    number = _text(answers, "q04_so_cccd")
    return {"tail": number[-4:]} if len(number) == 9 else None


def _repeated_digit(answers: Answers, params: Params, _: date, __: "Known") -> Facts | None:
    number = _text(answers, params["of"])
    return {} if number and len(set(number)) == 1 else None


def _insurance_length(answers: Answers, params: Params, _: date, __: "Known") -> Facts | None:
    number = _text(answers, "q05_ma_bhxh")
    return {"digits": len(number)} if number and len(number) not in params["lengths"] else None


def _commune_of(answers: Answers, question_id: str) -> tuple[bool, str | None]:
    """(a place was given, its commune code or None)."""
    value = answers.get(question_id)
    return (True, value["commune"]) if isinstance(value, dict) else (False, None)


def _commune_unknown(answers: Answers, params: Params, _: date, __: "Known") -> Facts | None:
    given, commune = _commune_of(answers, params["of"])
    return {} if given and commune is None else None


def _residence_outside(answers: Answers, _: Params, __: date, known: "Known") -> Facts | None:
    given, commune = _commune_of(answers, "q07_noi_o")
    if not given or commune is None or commune == known.office.commune:
        return None
    return {"commune": known.office.commune_said}


def _poor_twice(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    chosen = answers.get("q08_uu_tien") or ()
    return {} if "ho_ngheo" in chosen and "ho_can_ngheo" in chosen else None


def _majority(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    return {} if answers.get("q08_dan_toc") == "01" else None


def _young_graduate(answers: Answers, params: Params, today: date, _: "Known") -> Facts | None:
    born = _text(answers, "q02_ngay_sinh")
    if answers.get("q09_gdpt") != "thpt" or not born:
        return None
    age = age_on(born, today)
    return {"age": age} if age < params["age"] else None


def _skill_without_school(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    low = answers.get("q09_gdpt") in LOW_SCHOOLING
    return {} if low and answers.get("q10_cmkt") in HIGH_SKILL else None


def _old_and_seeking(answers: Answers, params: Params, today: date, _: "Known") -> Facts | None:
    born = _text(answers, "q02_ngay_sinh")
    if answers.get("q11_hdkt") != "that_nghiep" or not born:
        return None
    return {} if age_on(born, today) >= params["age"] else None


def _disability_not_declared(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    declared = answers.get("q08_uu_tien") or ()
    return {} if answers.get("q11_ly_do") == "khuyet_tat" and "khuyet_tat" not in declared else None


def _contract_without_employer(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    if answers.get("q12_2b_hdld") != "co" or "q12_1_vi_the" not in answers:
        return None
    return None if answers["q12_1_vi_the"] in HIRED else {}


def _contract_date(answers: Answers, params: Params, today: date, _: "Known") -> Facts | None:
    since, born = _text(answers, "q12_2b_ngay"), _text(answers, "q02_ngay_sinh")
    if not since:
        return None
    if since > today.isoformat()[: len(since)]:
        return {}
    earliest = f"{int(born[:4]) + params['age']}{born[4:]}" if born else ""
    length = min(len(since), len(earliest))
    return {} if since[:length] < earliest[:length] else None


def _cooperative(answers: Answers, _: Params, __: date, ___: "Known") -> Facts | None:
    if answers.get("q12_1_vi_the") != "xa_vien_htx" or "q12_3a_loai_hinh" not in answers:
        return None
    return None if answers["q12_3a_loai_hinh"] == "hop_tac_xa" else {}


def _set_by_storage(_: Answers, __: Params, ___: date, ____: "Known") -> Facts | None:
    """Doubles are found after commit, for the office alone: a stranger must not learn of them."""
    return None


RULES: Final[Mapping[str, Rule]] = {
    "q01_ho_ten": Rule(_full_name, ("q01_ho_ten",), {"words": int}),
    "age_range": Rule(_age_range, ("q02_ngay_sinh",), {"minimum": int, "maximum": int}),
    "q03_gioi_tinh": Rule(_id_sex, ("q03_gioi_tinh", "q04_so_cccd")),
    "repeated_digit": Rule(_repeated_digit, ("q04_so_cccd", "q05_ma_bhxh"), {"of": str}),
    "cccd_prefix": Rule(_id_prefix, ("q04_so_cccd",)),
    "cccd_gender": Rule(_id_sex, ("q03_gioi_tinh", "q04_so_cccd")),
    "cccd_birthyear": Rule(_id_birth_year, ("q02_ngay_sinh", "q04_so_cccd")),
    "cmnd_expired": Rule(_old_id, ("q04_so_cccd",)),
    "duplicate": Rule(_set_by_storage, ()),
    "q05_ma_bhxh": Rule(_insurance_length, ("q05_ma_bhxh",), {"lengths": list}),
    "commune_unknown": Rule(_commune_unknown, ("q06_thuong_tru", "q07_noi_o"), {"of": str}),
    "residence_outside": Rule(_residence_outside, ("q07_noi_o",)),
    "poor_and_near_poor": Rule(_poor_twice, ("q08_uu_tien",)),
    "majority_group": Rule(_majority, ("q08_dan_toc",)),
    "q09_gdpt": Rule(_young_graduate, ("q02_ngay_sinh", "q09_gdpt"), {"age": int}),
    "q10_cmkt": Rule(_skill_without_school, ("q09_gdpt", "q10_cmkt")),
    "unemployed_over_60": Rule(_old_and_seeking, ("q02_ngay_sinh", "q11_hdkt"), {"age": int}),
    "q11_ly_do": Rule(_disability_not_declared, ("q08_uu_tien", "q11_ly_do")),
    "q12_2b_hdld": Rule(_contract_without_employer, ("q12_1_vi_the", "q12_2b_hdld")),
    "q12_2b_ngay": Rule(_contract_date, ("q02_ngay_sinh", "q12_2b_ngay"), {"age": int}),
    "q12_3a_loai_hinh": Rule(_cooperative, ("q12_1_vi_the", "q12_3a_loai_hinh")),
}
"""To add a check across answers: a function above, a line here, its sentence in `texts/vi.toml`."""

PARAMETERS: Final[Mapping[str, Mapping[str, type]]] = {
    id: rule.params for id, rule in RULES.items()
}
"""What the loader of forms has to know about the rules."""
