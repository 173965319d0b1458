"""The loader refuses what is no form by file, line, id and key; the real form is the circular's."""

from collections.abc import Mapping
from typing import Final

import pytest

from bot.content import form_of, known_of, read_data, trial_office
from bot.dialogs.form import KINDS, BadForm, Form, load_form
from bot.dialogs.outline import outline
from bot.dialogs.readers.table import READERS
from bot.dialogs.route import still_to_come
from bot.dialogs.rules import PARAMETERS, RULES

KNOWN: Final = known_of(trial_office())
RULE_IDS: Final = PARAMETERS
HEAD: Final = """\
id = "small"
official_id = "small"
version = "1"
title = "Phiếu nhỏ"
source = "Thử"
"""
WORK: Final = """
[[question]]
id = "work"
item = "1"
kind = "choice"
label = "Việc làm"
ask = "Có việc làm không?"
choices = [{ code = "yes", label = "Có" }, { code = "no", label = "Không" }]
"""
JOB: Final = """
[[question]]
id = "job"
item = "2"
kind = "text"
label = "Công việc"
ask = "Làm gì?"
"""
JOB_LINE: Final = (HEAD + WORK).count("\n") + 2


def load(text: str) -> Form:
    return load_form(text, "small.toml", RULE_IDS)


def test_a_small_form_is_a_form() -> None:
    form = load(HEAD + WORK + JOB + 'when = { work = ["yes"] }\n')

    assert [question.id for question in form.questions] == ["work", "job"]
    assert list(form.steering) == ["work"]


def test_where_the_way_parts_the_usual_one_is_counted() -> None:
    usual = WORK.replace('label = "Việc làm"', 'label = "Việc làm"\nusual = "yes"')
    form = load(HEAD + usual + JOB + 'when = { work = ["yes"] }\n')

    assert [
        still_to_come(form, answers, KNOWN)
        for answers in ({}, {"work": "yes"}, {"work": "no"}, {"work": "yes", "job": "keo"})
    ] == [2, 1, 0, 0]


WRONG: Final = {
    "forward": ('when = { later = ["yes"] }', "when"),
    "itself": ('when = { job = ["yes"] }', "when"),
    "no such code": ('when = { work = ["maybe"] }', "when"),
    "required_when forward": ('required = false\nrequired_when = { x = ["y"] }', "required_when"),
    "required twice": ('required_when = { work = ["yes"] }', "required_when"),
    "no such code required": (
        'required = false\nrequired_when = { work = ["maybe"] }',
        "required_when",
    ),
    "choices of a text": ('choices = [{ code = "a", label = "A" }]', "choices"),
    "none choice of a text": ('none_choice = { code = "a", label = "A" }', "none_choice"),
    "upside down": ("length = [9, 2]", "length"),
    "a date's key": ('partial = ["year"]', "partial"),
    "no such part": ('partial = ["week"]', "partial"),
    "no such rule": ('checks = [{ id = "no_such", severity = "soft" }]', "checks"),
    "a check without its parameter": (
        'checks = [{ id = "age_range", severity = "hard", minimum = 15 }]',
        "checks",
    ),
    "no such severity": ('checks = [{ id = "q10_cmkt", severity = "loud" }]', "checks.0.severity"),
    "a check without severity": ('checks = [{ id = "q10_cmkt" }]', "checks.0.severity"),
    "undo what did not open it": ('undo = "work"', "undo"),
    "usual of a text": ('usual = "yes"', "usual"),
    "no such key": ('hnit = "x"', "hnit"),
    "wrong type": ('required = "perhaps"', "required"),
    "one code alone": ('when = { work = "yes" }', "when"),
    "length of one": ("length = [2]", "length"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_question_is_refused_by_file_line_id_and_key(name: str) -> None:
    line, key = WRONG[name]

    with pytest.raises(BadForm) as refused:
        load(HEAD + WORK + JOB + line + "\n")

    message = str(refused.value)
    assert message.startswith(f"small.toml:{JOB_LINE}: question job: {key}"), message


REPLACED: Final = {
    "kind": ('kind = "text"', 'kind = "poem"', "job: kind"),
    "missing kind": ('kind = "text"', "", "job: kind"),
    "missing ask": ('ask = "Làm gì?"', "", "job: ask"),
    "missing id": ('id = "job"', "", "id"),
    "id twice": ('id = "job"', 'id = "work"', "work: id"),
    "id not an id": ('id = "job"', 'id = "Công việc"', "id"),
    "choice without choices": ('kind = "text"', 'kind = "choice"', "job: choices"),
    "choices without choices": ('kind = "text"', 'kind = "choices"', "job: choices"),
}


@pytest.mark.parametrize("name", REPLACED)
def test_a_question_that_lacks_something_is_refused(name: str) -> None:
    old, new, where = REPLACED[name]

    with pytest.raises(BadForm) as refused:
        load(HEAD + WORK + JOB.replace(old, new, 1))

    message = str(refused.value)
    assert message.startswith(f"small.toml:{JOB_LINE}: question"), message
    assert where in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id = ",
        HEAD,
        HEAD + "question = []\n",
        HEAD + 'question = "none"\n',
        HEAD + "question = [1]\n",
        HEAD + 'question = [{ id = "job", item = "1", kind = "poem", label = "x", ask = "x" }]\n',
        HEAD + 'question = [{ id = "job" }]\n',
        HEAD.replace('version = "1"', "") + WORK,
        HEAD + 'extra = "x"\n' + WORK,
        HEAD + '[[header]]\nid = "h"\n' + WORK,
    ],
)
def test_what_is_no_form_at_all_is_refused(text: str) -> None:
    with pytest.raises(BadForm) as refused:
        load(text)

    assert str(refused.value).startswith("small.toml:")


@pytest.mark.parametrize(
    "choices",
    [
        '[{ code = "a", label = "A" }, { code = "a", label = "B" }]',
        '[{ code = "A b", label = "A" }]',
        '[{ label = "A" }]',
        '[{ code = "a" }]',
        '[{ code = "a", label = "A", colour = "red" }]',
    ],
)
def test_wrong_choices_are_refused(choices: str) -> None:
    question = JOB.replace('"text"', '"choice"') + f"choices = {choices}\n"

    with pytest.raises(BadForm) as refused:
        load(HEAD + WORK + question)

    assert str(refused.value).startswith(f"small.toml:{JOB_LINE}: question job: choices")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadForm) as refused:
        load(HEAD + WORK + JOB + 'length = [9, 2]\npartial = ["year"]\n')

    assert len(str(refused.value).splitlines()) == 2


# --- the real form -------------------------------------------------------------------------

PRINTED: Final[Mapping[str, tuple[str, str]]] = {
    "q01_ho_ten": ("1", ""),
    "q02_ngay_sinh": ("2", ""),
    "q03_gioi_tinh": ("3", "nam nu"),
    "q04_so_cccd": ("4", ""),
    "q05_ma_bhxh": ("5", ""),
    "q06_thuong_tru": ("6", ""),
    "q07_khac_thuong_tru": ("7-helper", "khong co"),
    "q07_noi_o": ("7", ""),
    "q08_uu_tien": (
        "8",
        "khuyet_tat ho_ngheo ho_can_ngheo thu_hoi_dat nguoi_co_cong dan_toc_thieu_so khong",
    ),
    "q08_dan_toc": ("8 (dòng ghi)", ""),
    "q09_gdpt": ("9", "chua_xong_tieu_hoc tieu_hoc thcs thpt"),
    "q10_cmkt": (
        "10",
        "chua_dao_tao cnkt_khong_bang chung_chi_duoi_3_thang so_cap "
        "trung_cap cao_dang dai_hoc tren_dai_hoc",
    ),
    "q10_1_nganh": ("10.1", ""),
    "q11_hdkt": ("11", "co_viec_lam that_nghiep khong_tham_gia"),
    "q11_ly_do": ("11 (lý do)", "di_hoc huu_tri noi_tro khuyet_tat khac"),
    "q12_1_vi_the": ("12.1", "chu_co_so tu_lam lao_dong_gia_dinh lam_cong xa_vien_htx"),
    "q12_2_cong_viec": ("12.2", ""),
    "q12_2a_bhxh": ("12.2.a", "co khong"),
    "q12_2a_loai": ("12.2.a (Loại)", "bat_buoc tu_nguyen"),
    "q12_2b_hdld": ("12.2.b", "co khong"),
    "q12_2b_loai": ("12.2.b (Loại)", "xac_dinh khong_xac_dinh"),
    "q12_2b_ngay": ("12.2.b (ngày)", ""),
    "q12_3_noi_lam": ("12.3", ""),
    "q12_3a_loai_hinh": (
        "12.3.a",
        "ho_nong_lam_thuy_san ca_nhan_tu_do co_so_ca_the hop_tac_xa "
        "doanh_nghiep khu_vuc_nha_nuoc dvsn_ngoai_nn khu_vuc_nuoc_ngoai to_chuc_doan_the_khac",
    ),
    "q12_3a_loai_dn": ("12.3.a (Doanh nghiệp)", "dn_nha_nuoc dn_ngoai_nha_nuoc dn_fdi"),
    "q12_3b_dia_chi": ("12.3.b", ""),
    "q13_that_nghiep": ("13", "chua_bao_gio da_tung"),
    "q13_1_thoi_gian": ("13.1", "duoi_3_thang tu_3_thang_den_1_nam tren_1_nam"),
}
"""Question -> number on paper, codes in printed order (facts of the circular's appendix)."""


def test_ids_numbers_and_codes_are_those_of_the_circular() -> None:
    found = {
        question.id: (
            question.printed_item or question.item,
            " ".join(choice.code for choice in question.options),
        )
        for question in form_of().questions
        if question.kind != "village"
    }

    assert found == PRINTED
    assert list(found) == list(PRINTED)


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("q01_ho_ten", "Họ, chữ đệm và tên khai sinh:"),
        ("q04_so_cccd", "Số CCCD/CMND"),
        ("q07_noi_o", "Nơi ở hiện tại (Chỉ thu thập nếu khác nơi đăng ký thường trú):"),
        ("q08_uu_tien", "Đối tượng ưu tiên (nếu có):"),
        ("q09_gdpt", "Trình độ giáo dục phổ thông cao nhất đã tốt nghiệp/đạt được:"),
        ("q10_cmkt", "Trình độ chuyên môn kỹ thuật cao nhất đạt được:"),
        ("q12_2b_ngay", "Thời gian bắt đầu thực hiện HĐLĐ (ngày/tháng/năm):"),
        ("q13_1_thoi_gian", "Thời gian thất nghiệp:"),
    ],
)
def test_printed_wording_is_verbatim(question: str, label: str) -> None:
    assert form_of()[question].label == label


def test_the_misprinted_skips_are_kept_for_print_alone() -> None:
    choices = {choice.code: choice for choice in form_of()["q11_hdkt"].choices}

    assert choices["co_viec_lam"].printed_skip == "→ Chuyển câu 11"
    assert choices["that_nghiep"].printed_skip == "→ Chuyển câu 12"
    assert choices["khong_tham_gia"].label == "Không tham gia hoạt động kinh tế, lý do:"


def test_the_chat_never_shows_a_note() -> None:
    """Notes are for developers; what people see behind "?" is the hint."""
    for question in form_of().questions:
        assert question.hint != question.note or not question.note or question.hint, question.id


def test_what_is_sensitive_by_law_is_marked() -> None:
    marked = {question.id for question in form_of().questions if question.sensitive}

    assert {"q08_uu_tien", "q08_dan_toc", "q11_ly_do"} <= marked


def test_every_kind_has_its_reader_and_is_used() -> None:
    assert set(READERS) == KINDS
    assert {question.kind for question in form_of().questions} == KINDS


def test_every_rule_is_used_and_reads_questions_that_exist() -> None:
    form = form_of()
    used = {check.id for question in form.questions for check in question.checks}

    assert used == set(RULES)
    for name, rule in RULES.items():
        assert set(rule.reads) <= set(form.by_id), name


def test_the_outline_names_every_question_and_code() -> None:
    tree = "\n".join(outline(form_of()))

    for question in form_of().questions:
        assert question.id in tree
        assert all(f"[{code}]" in tree for code in question.labels)


def test_the_file_loads_under_its_own_name() -> None:
    text = read_data("forms/mau03_2022.toml")

    assert load_form(text, "mau03_2022.toml", RULE_IDS).id == "mau03_2022"
