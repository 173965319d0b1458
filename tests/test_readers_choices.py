"""What people type at choices and ethnic groups: tables of words and decisions."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogs.form import load_form
from bot.dialogs.readers.choice_words import ChoiceWords, load_choice_words
from bot.dialogs.readers.choices import (
    pick,
    read_choice,
    read_choices,
)
from bot.dialogs.readers.ethnic import read_ethnic_group
from bot.dialogs.readers.ethnic_groups import EthnicGroups, load_ethnic_groups
from bot.dialogs.readers.phrases import plain
from bot.dialogs.readers.reading import Invalid

if TYPE_CHECKING:
    from bot.dialogs.known import Known

DIALOGS = Path(__file__).parents[1] / "bot" / "dialogs"
TODAY = date(2026, 11, 22)
FORM = load_form((DIALOGS / "forms" / "mau03_2022.toml").read_text("utf-8"), "mau03_2022.toml")
WORDS = load_choice_words((DIALOGS / "data" / "choice_words.toml").read_text("utf-8"))
GROUPS = load_ethnic_groups((DIALOGS / "data" / "ethnic_groups.toml").read_text("utf-8"))


@dataclass(frozen=True)
class OnlyThis:
    """These readers look at nothing else of what is known."""

    choice_words: ChoiceWords
    ethnic_groups: EthnicGroups


KNOWN = cast("Known", OnlyThis(WORDS, GROUPS))


def chosen(question: str, text: str) -> object:
    return read_choice(text, FORM[question], TODAY, KNOWN).value


def listed(text: str) -> object:
    return read_choices(text, FORM["q08_uu_tien"], TODAY, KNOWN).value


def group(text: str) -> object:
    return read_ethnic_group(text, FORM["q08_dan_toc"], TODAY, KNOWN).value


def why_not(question: str, text: str) -> str:
    with pytest.raises(Invalid) as refusal:
        chosen(question, text)
    return refusal.value.code


@pytest.mark.parametrize(
    ("question", "text", "code"),
    [
        ("q03_gioi_tinh", "1", "nam"),
        ("q03_gioi_tinh", "2.", "nu"),
        ("q03_gioi_tinh", "(2)", "nu"),
        ("q03_gioi_tinh", "１", "nam"),
        ("q03_gioi_tinh", "1️⃣", "nam"),
        ("q03_gioi_tinh", "số 2 ạ", "nu"),
        ("q03_gioi_tinh", "hai", "nu"),
        ("q03_gioi_tinh", "2. Nữ", "nu"),
        ("q03_gioi_tinh", "NAM", "nam"),
        ("q03_gioi_tinh", "nu", "nu"),
        ("q03_gioi_tinh", "Nữ", "nu"),
        ("q03_gioi_tinh", "dạ em là nữ ạ", "nu"),
        ("q03_gioi_tinh", "con trai", "nam"),
        ("q03_gioi_tinh", "đàn bà", "nu"),
        ("q07_khac_thuong_tru", "giống", "khong"),
        ("q07_khac_thuong_tru", "ở trọ", "co"),
        ("q09_gdpt", "cap3", "thpt"),
        ("q09_gdpt", "tot nghiep thpt", "thpt"),
        ("q09_gdpt", "10/10", "thpt"),
        ("q09_gdpt", "9/12", "thcs"),
        ("q09_gdpt", "7/10", "thcs"),
        ("q09_gdpt", "lớp 3", "chua_xong_tieu_hoc"),
        ("q09_gdpt", "đang học lớp 12", "thcs"),
        ("q09_gdpt", "3. Tốt nghiệp THCS (cấp 2)", "thcs"),
        ("q09_gdpt", "Chưa học xong Tiểu học", "chua_xong_tieu_hoc"),
        ("q09_gdpt", "mù chữ", "chua_xong_tieu_hoc"),
        ("q10_cmkt", "CNKT không có bằng", "cnkt_khong_bang"),
        ("q10_cmkt", "Chưa qua đào tạo", "chua_dao_tao"),
        ("q10_cmkt", "dai hoc", "dai_hoc"),
        ("q11_hdkt", "Không tham gia hoạt động kinh tế", "khong_tham_gia"),
        ("q11_hdkt", "lam ruong", "co_viec_lam"),
        ("q11_hdkt", "không có việc, đang tìm việc và đi làm được ngay", "that_nghiep"),
        ("q11_ly_do", "già yếu", "khac"),
        ("q11_ly_do", "sinh viên", "di_hoc"),
        ("q12_1_vi_the", "làm thuê theo ngày", "lam_cong"),
        ("q12_2a_bhxh", "ko", "khong"),
        ("q12_2a_bhxh", "co", "co"),
        ("q12_2a_loai", "tự nguyện", "tu_nguyen"),
        ("q12_2b_hdld", "chưa ký", "khong"),
        ("q12_2b_loai", "không xác định thời hạn", "khong_xac_dinh"),
        ("q12_2b_loai", "2 năm", "xac_dinh"),
        ("q12_3a_loai_hinh", "công ty nước ngoài", "doanh_nghiep"),
        ("q12_3a_loai_dn", "vốn nước ngoài", "dn_fdi"),
        ("q13_that_nghiep", "chưa bao giờ", "chua_bao_gio"),
        ("q13_1_thoi_gian", "6 tháng", "tu_3_thang_den_1_nam"),
        ("q13_1_thoi_gian", "hơn 1 năm", "tren_1_nam"),
    ],
)
def test_a_choice_is_understood(question: str, text: str, code: str) -> None:
    assert chosen(question, text) == code


@pytest.mark.parametrize(
    ("question", "text", "code"),
    [
        ("q03_gioi_tinh", "", "choice_unknown"),
        ("q03_gioi_tinh", "🙏", "choice_unknown"),
        ("q03_gioi_tinh", "không phải nam", "choice_unknown"),
        ("q03_gioi_tinh", "không phải nữ", "choice_unknown"),
        ("q03_gioi_tinh", "nữa", "choice_unknown"),
        ("q03_gioi_tinh", "nừ", "choice_unknown"),
        ("q03_gioi_tinh", "câu 2", "choice_unknown"),
        ("q03_gioi_tinh", "²", "choice_unknown"),
        ("q03_gioi_tinh", "٢", "choice_unknown"),
        ("q03_gioi_tinh", "năm", "choice_out_of_range"),
        ("q03_gioi_tinh", "0", "choice_out_of_range"),
        ("q03_gioi_tinh", "3", "choice_out_of_range"),
        ("q03_gioi_tinh", "-1", "choice_out_of_range"),
        ("q03_gioi_tinh", "9" * 500, "choice_unknown"),
        ("q03_gioi_tinh", "1.5", "choice_one_only"),
        ("q03_gioi_tinh", "nam/nữ", "choice_one_only"),
        ("q03_gioi_tinh", "1 nữ", "choice_one_only"),
        ("q09_gdpt", "3,4", "choice_one_only"),
        ("q09_gdpt", "1 2", "choice_one_only"),
        ("q09_gdpt", "cấp 2 hoặc cấp 3", "choice_one_only"),
        ("q09_gdpt", "4. Tốt nghiệp THCS", "choice_one_only"),
        ("q09_gdpt", "chưa tốt nghiệp THPT", "choice_unknown"),
        ("q09_gdpt", "lớp 7", "choice_unknown"),
        ("q09_gdpt", "cấp 4", "choice_unknown"),
        ("q10_cmkt", "không có bằng", "choice_unknown"),
        ("q11_hdkt", "không thất nghiệp", "choice_unknown"),
        ("q11_hdkt", "ở nhà", "choice_unknown"),
        ("q07_khac_thuong_tru", "đúng", "choice_unknown"),
        ("q12_2a_bhxh", "cố", "choice_unknown"),
        ("q12_2a_bhxh", "có không", "choice_unknown"),
    ],
)
def test_no_choice_is_guessed(question: str, text: str, code: str) -> None:
    assert why_not(question, text) == code


def test_a_refusal_names_the_numbers_there_are() -> None:
    with pytest.raises(Invalid) as refusal:
        chosen("q09_gdpt", "5")

    assert refusal.value.facts == {"first": 1, "last": 4}


CHOICES = [question for question in FORM.questions if question.kind == "choice"]


@pytest.mark.parametrize("question", [q.id for q in FORM.questions if q.options])
def test_no_phrase_means_two_choices(question: str) -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for choice in FORM[question].options:
        for phrase in filter(None, (choice.label, choice.gloss, *choice.also)):
            meanings[plain(phrase).casefold()].add(choice.code)

    assert [phrase for phrase, codes in meanings.items() if len(codes) > 1] == []


@pytest.mark.parametrize(
    ("question", "phrase", "code"),
    [
        (question.id, phrase, choice.code)
        for question in CHOICES
        for choice in question.options
        for phrase in filter(None, (choice.label, choice.gloss, *choice.also))
    ],
)
def test_every_phrase_of_the_form_is_understood(question: str, phrase: str, code: str) -> None:
    assert chosen(question, phrase) == code
    assert chosen(question, phrase.upper()) == code


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read, asked in ((read_choice, "q09_gdpt"), (read_choices, "q08_uu_tien")):
        try:
            value = read(text, FORM[asked], TODAY, KNOWN).value
        except Invalid:
            continue
        assert value


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("2, 6", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("6 2", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("2 và 6", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("2.6", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("2, 2", ["ho_ngheo"]),
        ("hộ nghèo, dân tộc thiểu số", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("ho ngheo va khuyet tat", ["khuyet_tat", "ho_ngheo"]),
        ("2. hộ nghèo; 6", ["ho_ngheo", "dan_toc_thieu_so"]),
        ("Thân nhân của người có công với cách mạng", ["nguoi_co_cong"]),
        ("Dân tộc thiểu số (ghi tên dân tộc):", ["dan_toc_thieu_so"]),
        ("7", ["khong"]),
        ("dạ không ạ", ["khong"]),
        ("ko có", ["khong"]),
        ("không thuộc diện nào", ["khong"]),
    ],
)
def test_several_choices_come_in_the_order_of_the_form(text: str, codes: list[str]) -> None:
    assert listed(text) == codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0", "zero_unclear"),
        ("26", "choice_out_of_range"),
        ("8", "choice_out_of_range"),
        ("-1", "choice_out_of_range"),
        ("2, 7", "choices_none_with_others"),
        ("không, hộ nghèo", "choices_none_with_others"),
        ("2-6", "choices_unknown"),
        ("hộ nghèo hoặc cận nghèo", "choices_unknown"),
        ("không phải hộ nghèo", "choices_unknown"),
        ("hộ nghèo, gì đó", "choices_unknown"),
        ("", "choices_unknown"),
        ("2," * 5000, "choices_unknown"),
    ],
)
def test_a_list_that_is_not_clear_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        listed(text)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("đúng", "confirm"),
        ("Oke", "confirm"),
        ("dong y", "confirm"),
        ("vâng ạ", "confirm"),
        ("👍", "confirm"),
        ("❌", "edit"),
        ("không đúng", "edit"),
        ("chưa đúng", "edit"),
        ("huỷ", "cancel"),
        ("đừng", "cancel"),
        ("xoá dữ liệu của tôi", "erase"),
    ],
)
def test_a_prompt_is_answered_by_words(text: str, meaning: str) -> None:
    labels = [(code, WORDS.prompts[code]) for code in ("confirm", "edit", "cancel", "erase")]

    assert pick(text, labels, WORDS) == meaning


@pytest.mark.parametrize("text", ["đứng", "dúng", "dung", "tùy", "không biết", "có hoặc không"])
def test_an_unclear_yes_is_no_yes(text: str) -> None:
    with pytest.raises(Invalid):
        pick(text, [("yes", WORDS.prompts["yes"]), ("no", WORDS.prompts["no"])], WORDS)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Kinh", "01"),
        ("Tày", "02"),
        ("tay", "02"),
        ("khmer", "05"),
        ("dân tộc H'Mông", "08"),
        ("HMONG", "08"),
        ("Jrai", "10"),
        ("Êđê", "12"),
        ("Rhade", "12"),
        ("Bahnar", "13"),
        ("Sedang", "14"),
        ("tôi là người Ca Dong", "14"),
        ("Xơ Đăng (Ca Dong)", "14"),
        ("Cao Lan", "15"),
        ("K'ho", "16"),
        ("Hre", "19"),
        ("x'tiêng", "22"),
        ("Bru - Vân Kiều", "23"),
        ("Thổ", "24"),
        ("Co", "30"),
        ("Cor", "30"),
        ("pa kô", "31"),
        ("Người nước ngoài", "55"),
    ],
)
def test_a_group_is_found_by_any_of_its_names(text: str, code: str) -> None:
    assert group(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Tây", "ethnic_ambiguous"),
        ("có", "ethnic_ambiguous"),
        ("xá", "ethnic_ambiguous"),
        ("Tày, Nùng", "ethnic_one_only"),
        ("Kinh và Tày", "ethnic_one_only"),
        ("14", "ethnic_unknown"),
        ("không", "ethnic_unknown"),
        ("dân tộc thiểu số", "ethnic_unknown"),
        ("không phải Tày", "ethnic_unknown"),
        ("", "ethnic_unknown"),
        ("😀", "ethnic_unknown"),
    ],
)
def test_a_group_is_never_guessed(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        group(text)

    assert refusal.value.code == code


def test_a_wrong_mark_is_answered_with_the_name_it_may_be() -> None:
    with pytest.raises(Invalid) as refusal:
        group("Tây")

    assert refusal.value.facts == {"names": "Tày"}


def test_there_are_fifty_five_groups_each_found_by_its_official_name() -> None:
    assert list(GROUPS.names) == [f"{code:02}" for code in range(1, 56)]
    assert [group(name) for name in GROUPS.names.values()] == list(GROUPS.names)
