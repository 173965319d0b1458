"""What people type as names, dates, numbers and free text: tables of words and decisions."""

import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogs.form import Choice, Question
from bot.dialogs.readers.absence import read_absence
from bot.dialogs.readers.characters import (
    LONGEST,
    fold,
    same_words,
    stacked_marks,
    tidy,
    tidy_lines,
    tone_fold,
)
from bot.dialogs.readers.dates import read_birth_date, read_date
from bot.dialogs.readers.free_text import read_text
from bot.dialogs.readers.names import read_name
from bot.dialogs.readers.numbers import read_id_number, read_insurance_number
from bot.dialogs.readers.reading import Invalid, Reading, Value
from bot.dialogs.readers.words import Words, load_words

if TYPE_CHECKING:
    from bot.dialogs.known import Known

DATA = Path(__file__).parents[1] / "bot" / "dialogs" / "data"
TODAY = date(2026, 11, 22)
WORDS = load_words((DATA / "words.toml").read_text("utf-8"))

Reader = Callable[[str, Question, date, "Known"], Reading]


@dataclass(frozen=True)
class OnlyWords:
    """These readers look at nothing else of what is known."""

    words: Words


KNOWN = cast("Known", OnlyWords(WORDS))


def question(kind: str, **keys: Any) -> Question:
    return Question(id="q", item="1", kind=kind, label="", ask="", **keys)


NAME = question("name")
BIRTH = question("birth_date", partial=("year",))
DATE = question("date", partial=("month", "year"), required=False)
ID = question(
    "id_number",
    unknown=True,
    absent_reasons=("chua_duoc_cap", "mat_dang_lam_lai", "khong_nho", "khong_muon_ghi"),
)
INSURANCE = question("insurance_number", required=False, unknown=True)
TEXT = question("text", length=(2, 200))
PRIORITY = question(
    "choices",
    required=False,
    choices=(Choice(code="a", label="A"),),
    none_choice=Choice(code="khong", label="Không thuộc diện nào"),
)


def value(reader: Reader, text: str, asked: Question) -> Value:
    return reader(text, asked, TODAY, KNOWN).value


def refusal(reader: Reader, text: str, asked: Question) -> Invalid:
    with pytest.raises(Invalid) as caught:
        reader(text, asked, TODAY, KNOWN)
    return caught.value


# --- characters ---------------------------------------------------------------------------------

odd = st.text(
    st.one_of(
        st.characters(), st.sampled_from("đĐðÐọ̀ộaoeyu' 05\u200b\u0301\u0323\u1ffd\u0374＝\u0338")
    ),
    max_size=40,
)


@given(odd)
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(odd)
def test_composed_and_decomposed_text_tidy_to_the_same(text: str) -> None:
    composed, split = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))

    assert tidy(composed) == tidy(split)
    assert tone_fold(composed) == tone_fold(split)


@given(odd)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert tone_fold(tone_fold(text)) == tone_fold(text)


@pytest.mark.parametrize(
    ("typed", "tidied"),
    [
        ("  Nguyễn \t Văn\u00a0An ", "Nguyễn Văn An"),
        ("Nguyễn\u200b Văn\u200d An\ufeff", "Nguyễn Văn An"),
        ("\u202eabc\u202c", "abc"),
        ("０１／０２／１９９０", "01/02/1990"),
        ("K’Brêu", "K'Brêu"),
        ("Ðức ð", "Đức đ"),
        ("'051090001234", "051090001234"),
        ("''' 051", "051"),
        ("'An", "'An"),
        ("51\x0020\x7f", "5120"),
        ("²¹٣", "²¹٣"),
        ("một\r\nhai", "một hai"),
        ("", ""),
    ],
)
def test_tidy(typed: str, tidied: str) -> None:
    assert tidy(typed) == tidied


def test_a_very_long_text_is_cut() -> None:
    assert len(tidy("ệ" * 100_000)) == LONGEST


def test_lines_can_be_kept() -> None:
    assert tidy_lines(" Xóm  Đồi\r\n\n xã Ấm Hạ\u2028Hạ Hòa ") == ["Xóm Đồi", "xã Ấm Hạ", "Hạ Hòa"]


@pytest.mark.parametrize(
    ("typed", "phrase", "same"),
    [
        ("hoà", "hòa", True),
        ("Thuỷ", "thủy", True),
        ("KHOẺ", "khỏe", True),
        ("khong co", "không có", True),
        ("Không Có", "không có", True),
        ("dung", "đúng", True),
        ("đừng", "đúng", False),
        ("đứng", "đúng", False),
        ("dùng", "đúng", False),
        ("năm", "nam", False),
        ("nam", "năm", True),
        ("không co", "không có", False),
    ],
)
def test_same_words(typed: str, phrase: str, same: bool) -> None:
    assert same_words(typed, phrase) is same


def test_a_letter_under_many_marks_is_seen() -> None:
    assert stacked_marks("A" + "\u0301\u0302\u0303\u0304\u0305")
    assert not stacked_marks("Nguyễn Thị Huệ")


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Nguyễn Văn An", "Nguyễn Văn An"),
        (unicodedata.normalize("NFD", "Nguyễn Thị Hương"), "Nguyễn Thị Hương"),
        ("NGUYỄN THỊ HOA", "NGUYỄN THỊ HOA"),
        ("nguyen van an", "nguyen van an"),
        ("Lò Thị Ín", "Lò Thị Ín"),
        ("Y Bhăm Niê", "Y Bhăm Niê"),
        ("K'Brêu", "K'Brêu"),
        ("K‘ Brêu", "K' Brêu"),
        ("H’Hen Niê-Kđăm", "H'Hen Niê-Kđăm"),
        ("Niê – Kđăm".replace(" ", ""), "Niê-Kđăm"),
        ("Thu", "Thu"),
        ("Nam", "Nam"),
        ("Minh", "Minh"),
        ("Vi Văn Được", "Vi Văn Được"),
        ("Khong Minh Duc", "Khong Minh Duc"),
        ("Nguyễn Hoàng Bảo Ngọc Quỳnh Anh Công Chúa", "Nguyễn Hoàng Bảo Ngọc Quỳnh Anh Công Chúa"),
        ("'Nguyễn Văn An", "Nguyễn Văn An"),
        ("Nguyễn Văn An.", "Nguyễn Văn An"),
        ("tôi tên là Nguyễn Văn An", "Nguyễn Văn An"),
        ("Dạ em tên Lò Thị Ín", "Lò Thị Ín"),
        ("Họ và tên: Nguyễn Văn An", "Nguyễn Văn An"),
        ("toi la Nguyen Van An", "Nguyen Van An"),
        ("Nguyễn Văn Ðức", "Nguyễn Văn Đức"),
        ("Dạ tên tôi là Nguyễn Văn An ạ", "Nguyễn Văn An"),
        ("Bùi Văn A", "Bùi Văn A"),
    ],
)
def test_names(typed: str, name: str) -> None:
    assert value(read_name, typed, NAME) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "name_length"),
        ("A", "name_length"),
        ("An " * 40, "name_length"),
        ("tôi là " * 700, "name_not_a_name"),
        ("\u0301\u0302", "name_characters"),
        ("1", "name_digits"),
        ("0912345678", "name_digits"),
        ("Nguyễn Văn An 1990", "name_digits"),
        ("An ²", "name_digits"),
        ("=cmd|' /C calc'!A0", "name_digits"),
        ("=HYPERLINK(An)", "name_characters"),
        ("+Nguyễn Văn An", "name_characters"),
        ("@an", "name_characters"),
        ("Robert'); DROP TABLE people;--", "name_characters"),
        ("<b>An</b>", "name_characters"),
        ("Nguyễn Văn An 🙂", "name_characters"),
        ("🙏🙏", "name_characters"),
        ("...", "name_length"),
        ("- -", "name_characters"),
        ("https://example.com", "name_characters"),
        ("example.com", "name_characters"),
        ("Nguy\u0435n Van An", "name_characters"),
        ("Νguyen An", "name_characters"),
        ("阮文安", "name_characters"),
        ("An" + "\u0301\u0302\u0303\u0304\u0305\u0306", "name_characters"),
        ("ko", "name_not_a_name"),
        ("Không", "name_not_a_name"),
        ("không biết ạ", "name_not_a_name"),
        ("khong biet", "name_not_a_name"),
        ("không muốn cho biết tên", "name_not_a_name"),
        ("test", "name_not_a_name"),
        ("aaaaaa", "name_not_a_name"),
        ("asdfgh", "name_not_a_name"),
        ("xin chào", "name_not_a_name"),
        ("Nguyễn Văn An và Trần Thị Bình", "name_not_a_name"),
        ("một hai ba bốn năm sáu bảy tám chín mười thêm", "name_not_a_name"),
    ],
)
def test_what_is_no_name(typed: str, code: str) -> None:
    assert refusal(read_name, typed, NAME).code == code


# --- dates --------------------------------------------------------------------------------------

BOTH = [
    ("1/2/1990", "1990-02-01"),
    ("01-02-1990", "1990-02-01"),
    ("01.02.1990", "1990-02-01"),
    ("1 2 1990", "1990-02-01"),
    ("1,2,1990", "1990-02-01"),
    ("01 / 02 / 1990", "1990-02-01"),
    ("01–02–1990", "1990-02-01"),
    ("1/2-1990.", "1990-02-01"),
    ("05031990", "1990-03-05"),
    ("ngày 5 tháng 3 năm 1990", "1990-03-05"),
    ("Ngay 5 thang 3 nam 1990", "1990-03-05"),
    ("5 tháng 3 1990", "1990-03-05"),
    ("5 tháng 3, 1990", "1990-03-05"),
    ("5 tháng ba năm 1990", "1990-03-05"),
    ("ngày 5 tháng năm năm 1990", "1990-05-05"),
    ("5 tháng mười hai 1990", "1990-12-05"),
    ("ngày 5/3 năm 1990", "1990-03-05"),
    ("ngày 5/3/1990 (dương lịch)", "1990-03-05"),
    ("０１／０２／１９９０", "1990-02-01"),
    ("1990-02-01", "1990-02-01"),
    ("1990/2/1", "1990-02-01"),
    ("2020-03-01T00:00:00Z", "2020-03-01"),
    ("2020-03-01T23:30:00+07:00", "2020-03-01"),
    ("01/03/2020 00:00:00", "2020-03-01"),
    ("29/02/2000", "2000-02-29"),
    ("22/11/2026", "2026-11-22"),
]


@pytest.mark.parametrize(("typed", "iso"), BOTH)
def test_full_dates(typed: str, iso: str) -> None:
    assert value(read_birth_date, typed, BIRTH) == iso
    assert value(read_date, typed, DATE) == iso
    assert value(read_date, iso, DATE) == iso


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("sinh ngày 5/3/1990", "1990-03-05"),
        ("tôi sinh ngày 5 tháng 3 năm 1990 ạ", "1990-03-05"),
        ("ngày tháng năm sinh: 5/3/1990", "1990-03-05"),
        ("chỉ có năm 1958", "1958"),
        ("chi co nam 1958", "1958"),
        ("năm 1958", "1958"),
        ("sinh năm 1958", "1958"),
        ("SN 1958", "1958"),
        ("giấy tờ chỉ ghi năm 1958", "1958"),
        ("1958, không rõ ngày tháng", "1958"),
        ("không nhớ ngày tháng, chỉ nhớ năm 1958", "1958"),
        ("năm 2012", "2012"),
        ("năm 2009", "2009"),
    ],
)
def test_birth_dates(typed: str, iso: str) -> None:
    assert value(read_birth_date, typed, BIRTH) == iso


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("3-2020", "2020-03"),
        ("03/2020", "2020-03"),
        ("3 2020", "2020-03"),
        ("tháng 3 năm 2020", "2020-03"),
        ("tháng 3/2020", "2020-03"),
        ("T3/2020", "2020-03"),
        ("tháng tư 2020", "2020-04"),
        ("2020-03", "2020-03"),
        ("từ tháng 3 năm 2020 đến nay", "2020-03"),
        ("2020", "2020"),
        ("năm 2020", "2020"),
        ("khoảng năm 2020", "2020"),
        ("đầu năm 2020", "2020"),
        ("11/2026", "2026-11"),
        ("hôm nay", "2026-11-22"),
        ("hom qua", "2026-11-21"),
    ],
)
def test_dates_of_contracts(typed: str, iso: str) -> None:
    assert value(read_date, typed, DATE) == iso


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "date_unreadable"),
        ("không nhớ", "date_unreadable"),
        ("abc", "date_unreadable"),
        ("43891", "date_unreadable"),
        ("5031990", "date_unreadable"),
        ("٠١/٠٢/١٩٩٠", "date_unreadable"),
        ("01/02/-1990", "date_unreadable"),
        ("=DATE(1990,2,1)", "date_unreadable"),
        ("01 Feb 1990", "date_unreadable"),
        ("🎂", "date_unreadable"),
        ("1/2/1990 " * 30, "date_unreadable"),
        ("01/13/1985", "date_month"),
        ("0/2020", "date_month"),
        ("32/2020", "date_month"),
        ("19900201", "date_month"),
        ("30/02/1991", "date_day"),
        ("31/4/1990", "date_day"),
        ("0/4/1990", "date_day"),
        ("29/02/1990", "date_day"),
        ("05/03/90", "date_year_two_digits"),
        ("ngày 5 tháng 3 năm 90", "date_year_two_digits"),
        ("050390", "date_year_two_digits"),
        ("năm 58", "date_year_two_digits"),
        ("01/01/19900", "date_year_digits"),
        ("01/01/199", "date_year_digits"),
        ("01/01/0000", "date_year_digits"),
        ("5/3", "date_year_missing"),
        ("ngày 5 tháng 3", "date_year_missing"),
        ("01/02/1990 hoặc 02/01/1990", "date_more_than_one"),
        ("01/02/1990 02/01/1990", "date_more_than_one"),
        ("năm 1957 hay 1958", "date_more_than_one"),
        ("1957-1958", "date_more_than_one"),
        ("mồng 5 tháng 3 năm 1985", "date_lunar"),
        ("5/3/1985 âm lịch", "date_lunar"),
        ("tuổi Dần", "date_lunar"),
        ("Tết 1985", "date_lunar"),
        ("tháng giêng năm 1985", "date_lunar"),
        ("35 tuổi", "date_age"),
    ],
)
def test_what_is_no_date(typed: str, code: str) -> None:
    assert refusal(read_birth_date, typed, BIRTH).code == code
    assert refusal(read_date, typed, DATE).code == code


@pytest.mark.parametrize("typed", ["23/11/2026", "2027-01-01"])
def test_nobody_is_born_in_the_future_but_a_contract_may_begin_then(typed: str) -> None:
    assert refusal(read_birth_date, typed, BIRTH).code == "date_in_future"
    assert read_date(typed, DATE, TODAY, KNOWN).value


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("1990", "date_year_only"),
        ("sinh 1990", "date_year_only"),
        ("3/1990", "date_month_only"),
        ("khoảng năm 1958", "date_about"),
        ("năm 2011", "date_birth_year_uncertain"),
        ("chỉ có năm 2010", "date_birth_year_uncertain"),
        ("hôm nay", "date_unreadable"),
    ],
)
def test_births_that_are_not_precise_enough(typed: str, code: str) -> None:
    assert refusal(read_birth_date, typed, BIRTH).code == code


def test_a_date_that_does_not_exist_is_named() -> None:
    facts = refusal(read_birth_date, "30/2/1991", BIRTH).facts

    assert facts == {"day": 30, "month": 2, "year": 1991, "last": 28}


def test_precision_is_what_the_question_allows() -> None:
    exact = question("date")

    assert refusal(read_date, "2020", exact).code == "date_year_only"
    assert refusal(read_date, "3/2020", exact).code == "date_month_only"


def test_on_the_last_day_of_the_year_a_birth_year_settles_the_age() -> None:
    reading = read_birth_date("năm 2010", BIRTH, date(2026, 12, 31), KNOWN)

    assert reading.value == "2010"


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("051090001234", "051090001234"),
        ("'051090001234", "051090001234"),
        ("051 090 001 234", "051090001234"),
        ("051.090.001.234", "051090001234"),
        ("051-090-001-234", "051090001234"),
        ("０５１０９０００１２３４", "051090001234"),
        ("051090001234.", "051090001234"),
        ("CCCD: 051090001234", "051090001234"),
        ("012345678", "012345678"),
    ],
)
def test_id_numbers(typed: str, digits: str) -> None:
    assert value(read_id_number, typed, ID) == digits


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("05109000123", "id_length"),
        ("0510900012345", "id_length"),
        ("5109000123", "id_length"),
        ("051090001234 212345678", "id_length"),
        ("0912345678", "id_phone"),
        ("0912 345 678", "id_phone"),
        ("+84912345678", "id_phone"),
        ("84 912345678", "id_phone"),
        ("051090001234.0", "id_decimal"),
        ("05109000123.0", "id_decimal"),
        ("5.1090001234E+10", "id_characters"),
        ("05109000123O", "id_characters"),
        ("051090001234\u20e3", "id_characters"),
        ("-051090001234", "id_characters"),
        ("051090001234 / 212345678", "id_characters"),
        ("²¹²³⁴⁵⁶⁷⁸", "id_unreadable"),
        ("٠٥١٠٩٠٠٠١٢٣٤", "id_unreadable"),
        ("abc", "id_unreadable"),
        ("", "id_unreadable"),
        ("0", "zero_unclear"),
        ("có", "number_missing"),
        ("có rồi ạ", "number_missing"),
    ],
)
def test_what_is_no_id_number(typed: str, code: str) -> None:
    refused = refusal(read_id_number, typed, ID)

    assert refused.code == code
    assert all(len(str(fact)) <= 2 for fact in refused.facts.values())


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("5120345678", "5120345678"),
        ("51 2034 5678", "5120345678"),
        ("0912345678", "0912345678"),
        ("5120345678\x00", "5120345678"),
        ("051090001234", "051090001234"),
        ("DN4015120345678", "5120345678"),
        ("gd 4 01 5120345678", "5120345678"),
        ("GD-4-01-512.034.5678", "5120345678"),
        ("Mã số BHXH: 5120345678", "5120345678"),
        ("512034567", "512034567"),
        ("51203456789", "51203456789"),
    ],
)
def test_insurance_numbers(typed: str, digits: str) -> None:
    assert value(read_insurance_number, typed, INSURANCE) == digits


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("51203 4567O", "insurance_characters"),
        ("DN40151203456", "insurance_characters"),
        ("5120345678.0", "insurance_decimal"),
        ("5120345", "insurance_length"),
        ("512034567812345", "insurance_length"),
        ("🙏", "insurance_unreadable"),
        ("có", "number_missing"),
        ("0", "zero_unclear"),
    ],
)
def test_what_is_no_insurance_number(typed: str, code: str) -> None:
    assert refusal(read_insurance_number, typed, INSURANCE).code == code


def test_a_word_with_two_meanings_in_a_date_is_refused_when_loaded() -> None:
    text = (DATA / "words.toml").read_text("utf-8")

    with pytest.raises(ValueError, match="is both"):
        load_words(text.replace('age = ["tuổi"]', 'age = ["tuổi", "ngày"]'))


def test_the_table_of_prefixes_is_complete() -> None:
    prefixes = tomllib.loads((DATA / "id_prefixes.toml").read_text("utf-8"))

    assert len(prefixes) == 63
    assert all(len(code) == 3 and code.isdigit() for code in prefixes)


# --- free text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("thợ xây", "thợ xây"),
        ("@làm thuê", "@làm thuê"),
        ("=1+1 thợ", "=1+1 thợ"),
        ("\u202egnôn màl", "gnôn màl"),
        ("trồng keo,\nchăn bò", "trồng keo, chăn bò"),
        ('bán "tạp hóa"; sửa xe', 'bán "tạp hóa"; sửa xe'),
        ("thợ hồ 👷", "thợ hồ 👷"),
        ("bán hàng trên cho.vn", "bán hàng trên cho.vn"),
        ("không có việc ổn định, ai thuê gì làm nấy", "không có việc ổn định, ai thuê gì làm nấy"),
        ("AI", "AI"),
        ('=HYPERLINK("http://a.example","xem")', '=HYPERLINK("http://a.example","xem")'),
    ],
)
def test_free_text_stays_as_written(typed: str, text: str) -> None:
    assert value(read_text, typed, TEXT) == text


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "text_too_little"),
        ("?", "text_too_little"),
        ("a", "text_too_little"),
        ("123", "text_too_little"),
        ("...", "text_too_little"),
        ("👨‍👩‍👧‍👦" * 3, "text_too_little"),
        ("aaaa", "text_too_little"),
        ("ệ" * 4096, "text_long"),
        ("thợ xây " * 30, "text_long"),
        ("[ảnh chụp 20 MB]", "text_placeholder"),
        ("[edited_message] thợ xây", "text_placeholder"),
        ("https://phishing.example/form", "text_link"),
        ("www.example.com/a", "text_link"),
        ("như cũ", "text_reference"),
        ("không có việc làm", "text_missing"),
        ("giống năm ngoái ạ", "text_reference"),
        ("không biết", "text_missing"),
        ("ko", "text_missing"),
        ("bỏ qua", "text_missing"),
        ("test", "text_missing"),
    ],
)
def test_what_is_no_text(typed: str, code: str) -> None:
    assert refusal(read_text, typed, TEXT).code == code


# --- absence ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("không có", "chua_duoc_cap"),
        ("dạ chưa có ạ", "chua_duoc_cap"),
        ("chưa làm căn cước", "chua_duoc_cap"),
        ("mất rồi", "mat_dang_lam_lai"),
        ("bị mất, đang làm lại", "mat_dang_lam_lai"),
        ("không nhớ số", "khong_nho"),
        ("quen roi", "khong_nho"),
        ("không muốn ghi", "khong_muon_ghi"),
        ("bỏ qua", "khong_muon_ghi"),
        ("khong_nho", "khong_nho"),
    ],
)
def test_an_id_number_not_given_keeps_why(typed: str, reason: str) -> None:
    assert read_absence(typed, ID, WORDS) == Reading(None, how="unknown", reason=reason)


@pytest.mark.parametrize("asked", [INSURANCE, DATE, question("place", required=False)])
@pytest.mark.parametrize(
    ("typed", "how"),
    [
        ("bỏ qua", "skipped"),
        ("bo qua", "skipped"),
        ("-", "skipped"),
        ("không muốn ghi", "skipped"),
        ("ko", "skipped"),
        ("không", "skipped"),
        ("Chưa có.", "skipped"),
        ("quên rồi", "unknown"),
        ("k nhớ", "unknown"),
        ("tôi không biết ạ", "unknown"),
    ],
)
def test_an_optional_question_may_stay_empty(asked: Question, typed: str, how: str) -> None:
    reading = read_absence(typed, asked, WORDS)

    assert reading is not None
    assert (reading.value, reading.how, reading.reason) == (None, how, "")


@pytest.mark.parametrize("typed", ["tại nhà", "0", "có", "", "không phải nam", "thợ xây", "?"])
@pytest.mark.parametrize("asked", [INSURANCE, ID, TEXT])
def test_everything_else_is_left_to_the_reader(asked: Question, typed: str) -> None:
    assert read_absence(typed, asked, WORDS) is None


@pytest.mark.parametrize("typed", ["bỏ qua", "không", "không nhớ"])
def test_a_required_question_has_no_absence(typed: str) -> None:
    assert read_absence(typed, BIRTH, WORDS) is None


def test_none_is_an_answer_where_it_is_a_choice() -> None:
    skipped = read_absence("bỏ qua", PRIORITY, WORDS)

    assert read_absence("không có", PRIORITY, WORDS) is None
    assert skipped == Reading(None, how="skipped")


@given(st.one_of(odd, st.text(st.sampled_from("0123456789/-. ngàythámno"), max_size=30)))
def test_a_reader_reads_or_refuses_and_reads_its_own_value_again(text: str) -> None:
    asked = {
        read_name: NAME,
        read_birth_date: BIRTH,
        read_date: DATE,
        read_id_number: ID,
        read_insurance_number: INSURANCE,
        read_text: TEXT,
    }
    for reader, its_question in asked.items():
        try:
            read = value(reader, text, its_question)
        except Invalid:
            continue
        if reader is not read_birth_date:
            assert value(reader, str(read), its_question) == read
