"""Old fonts: recognised by their syllables, converted, and never seen where there is none."""

import csv
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.imports.fonts import TCVN3, UNICODE, VNI, Fonts, Unclear, convert, judge
from admin.imports.syllables import is_syllable
from bot.content import read_data
from bot.dialogs.readers.characters import fold

SURNAMES: Final = (
    *("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ"),
    *("Hồ", "Ngô", "Dương", "Lý", "Đinh", "Đoàn", "Lâm", "Trịnh", "Mai", "Tạ", "Hà", "Tô", "Cao"),
    *("Chu", "La", "Quách", "Vi", "Lò", "Cầm", "Giàng", "Sùng", "Vàng", "Ksor", "Rơ", "Siu"),
    *("Kpă", "Rmah", "Nay", "Ayun", "Êban", "Niê"),
)
MIDDLE: Final = (
    *("Văn", "Thị", "Minh", "Ngọc", "Thanh", "Hữu", "Đức", "Quốc", "Xuân", "A", "Y", "H", "Thu"),
    *("Kim", "Bá"),
)
GIVEN: Final = (
    *("An", "Ánh", "Bình", "Chín", "Cường", "Dũng", "Đạt", "Giang", "Hà", "Hạnh", "Hiếu", "Hoà"),
    *("Hòa", "Hùng", "Khánh", "Khoẻ", "Lan", "Lợi", "Lựu", "Mẫn", "Mỹ", "Nghĩa", "Nhàn", "Oanh"),
    *("Phúc", "Phượng", "Quyên", "Quý", "Sáng", "Sương", "Tâm", "Thảo", "Thắng", "Thuý", "Thủy"),
    *("Tiến", "Toàn", "Trí", "Tú", "Tuấn", "Tuyết", "Ước", "Vinh", "Xoan", "Yến", "Ý", "Bưởi"),
    *("Ổn", "Ẩm"),
)
MINORITY: Final = (
    *("Y Bhăm Niê", "K'Brêu", "H'Hen Niê Kđăm", "Y Ñun Niê", "Ñă Ñô", "Rơ Châm H'Phik", "Êê"),
    *("Kpă Klơng", "Siu Black", "Ksor Hnhao", "Rmah H'Bé Nét", "Đinh Núp", "A Blóc", "Y Blũ"),
    *("A Gioâl", "Bríu Liếc", "Zơrâm Cai", "Coor Tranh", "Alăng Bảy", "Pơloong Plênh", "Bhnong"),
    *("Hồ Văn Krưa", "Hồ Thị Pỉnh", "Giàng A Pháo", "Vàng Thị Mỷ", "Thào Mí Sính", "Lầu Bá Chò"),
    *("Sùng Thị Dí", "Chảo Láo Sử", "Tẩn Mẩy Dao", "Phàn Sành Phà", "Chớ A Nủ", "Lò Văn Pọm"),
    *("Quàng Thị Ín", "Cầm Bá Thước", "Vi Văn Sỹ", "Lường Văn Ỏm", "Cà Thị Ẻn", "Lô Thị Xoong"),
    *("Thạch Sâm Bô", "Sơn Ngọc Sô Phia", "Kim Sa Mach", "Danh Út", "Châu Sóc Kha", "Mang Tê"),
    *("Thị Kim Sâu Rây", "Bá Trung Phụ", "Quảng Đại Hồng", "Dụng Thị Kiều", "Kiều Maily"),
    *("Chamaléa Thị Vi", "Katơr Lượm", "Pi Năng Thị Hốn", "Cil Múp Ha Kriêng", "Ma Đông"),
    *("Bon Niêng K'Glòng", "Liêng Jrang Ha Cera", "Ndu Ha Biên", "Bơ Nahria Ya Duck", "Ia Glai"),
    *("Păng Tiêng Sin", "Rơ Ông Ha Xuyên", "Điểu Krứ", "Điểu Thị Xia", "Thị Brum", "Chư Pưh"),
    *("Dương Thị Ôsin", "Đinh Hrôch", "Đinh Văn Brôl", "Đinh Thị Hnhớt", "A Lưới", "Jơ Noh"),
    *("Tơ Ngôl Long", "Hơ Moong", "Đăk Tơ Pang", "Mường Lống", "Prêu Xênh", "Mlô Duôn Du"),
    *("Buôn Krông Tuyết Nhung", "Hwing Niê", "Êban Y Phu", "Čil Yam", "Ƀuôn Ya", "Kră Jăn Mẫn"),
    *("Lơ Mu Ha Kar", "Dêê", "Knuếc", "Nuôl", "Tẻh", "Rốk"),
)


@cache
def official_names() -> tuple[str, ...]:
    lines = [line for line in read_data("data/places.csv").splitlines() if not line.startswith("#")]
    names = [row["name"] for row in csv.DictReader(lines)]
    groups = tomllib.loads(read_data("data/ethnic_groups.toml"))["group"]
    names += [name for group in groups for name in (group["name"], *group["also"])]
    return tuple(unicodedata.normalize("NFC", name) for name in names)


@cache
def people() -> tuple[str, ...]:
    return tuple(f"{a} {b} {c}" for a in SURNAMES for b in MIDDLE for c in GIVEN)


@cache
def stored_in_tcvn3() -> dict[str, str]:
    text = files("admin.imports").joinpath("fonts.toml").read_text("utf-8")
    return {shown: code for code, shown in tomllib.loads(text)[TCVN3].items()}


def in_tcvn3(text: str) -> str:
    """Return a text as somebody typed it in an ABC font; capitals with tones were not to be had."""
    stored = stored_in_tcvn3()
    return "".join(stored.get(c) or stored.get(c.lower(), c) for c in text)


VNI_MARKS: Final = {
    "\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï", "\u0306": "ê",
    "\u0306\u0301": "é", "\u0306\u0300": "è", "\u0306\u0309": "ú", "\u0306\u0303": "ü",
    "\u0323\u0306": "ë", "\u0302": "â", "\u0302\u0301": "á", "\u0302\u0300": "à",
    "\u0302\u0309": "å", "\u0302\u0303": "ã", "\u0323\u0302": "ä",
}  # fmt: skip
VNI_LETTERS: Final = {"đ": "ñ", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}
HORNS: Final = {"ơ": "ô", "ư": "ö"}


def in_vni(text: str) -> str:
    """Return a text as it was stored for VNI fonts, by the description of VNI: base, then mark."""
    return "".join(map(_vni, text))


def _vni(char: str) -> str:
    small = char.lower()
    if small in VNI_LETTERS:
        stored = VNI_LETTERS[small]
    else:
        base, *marks = list(unicodedata.normalize("NFD", small))
        if "\u031b" in marks:
            marks.remove("\u031b")
            base = HORNS[unicodedata.normalize("NFC", base + "\u031b")]
        stored = base + (VNI_MARKS["".join(marks)] if marks else "")
    return stored if char == small else stored.upper()


VIETNAMESE: Final = tuple(name for name in people() if all(map(is_syllable, name.split())))


def test_nothing_correct_is_taken_for_an_old_font() -> None:
    taken = [
        text
        for text in (*official_names(), *people(), *MINORITY)
        for written in (text, text.upper(), text.lower(), fold(text))
        if judge(written).votes - {UNICODE}
    ]

    assert len(official_names()) > 3_800 and len(people()) > 30_000
    assert taken == []


def test_a_list_of_correct_names_stays_as_it_is() -> None:
    fonts = Fonts()
    for text in (*MINORITY, *official_names(), *people()[::7]):
        row = fonts.learn([(0, text)])
        assert fonts.font(0, text, row) == UNICODE


ONSETS: Final = (
    *(
        "b",
        "bl",
        "br",
        "č",
        "d",
        "dl",
        "dr",
        "đ",
        "đr",
        "g",
        "gr",
        "h",
        "hl",
        "hm",
        "hn",
        "hr",
        "j",
    ),
    *("k", "kb", "kđ", "kh", "kl", "kn", "kp", "kr", "l", "m", "mđ", "ml", "mn", "n", "ng", "nh"),
    *("ñ", "p", "pl", "pr", "r", "rm", "s", "sr", "t", "tl", "tr", "w", "y"),
)
VOWELS: Final = (
    *("a", "ă", "â", "e", "ĕ", "ê", "i", "ĭ", "o", "ŏ", "ô", "ơ", "u", "ŭ", "ư", "ia", "iê", "ua"),
    *("uê", "uô", "oa", "oe", "ai", "ao", "âo", "êo", "ưa", "iêo"),
)
CODAS: Final = ("", "k", "l", "m", "n", "ng", "nh", "p", "r", "t", "h", "č", "ñ", "i", "o")
MINORITY_SYLLABLES: Final = st.builds(
    "{}{}{}".format, st.sampled_from(ONSETS), st.sampled_from(VOWELS), st.sampled_from(CODAS)
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(MINORITY_SYLLABLES, min_size=1, max_size=4).map(" ".join))
def test_no_name_in_the_highlands_is_taken_for_an_old_font(name: str) -> None:
    for written in (name, name.title(), name.upper()):
        assert not judge(written).votes - {UNICODE}


@pytest.mark.parametrize("font", [TCVN3, VNI])
def test_what_was_stored_comes_back(font: str) -> None:
    store = in_tcvn3 if font == TCVN3 else in_vni
    lost = [
        (name, stored, convert(stored, font))
        for name in (*VIETNAMESE[::3], *official_names())
        for stored in (store(name.lower()),)
        if convert(stored, font) != name.lower()
    ]

    assert len(VIETNAMESE) > 10_000
    assert lost == []


def test_capitals_come_back() -> None:
    names = list(VIETNAMESE[::31])

    assert [convert(in_vni(name), VNI) for name in names] == names
    assert [convert(in_vni(name.upper()), VNI) for name in names] == [n.upper() for n in names]
    # The capitals of ABC fonts are small letters in another font; of two letters nothing is said.
    names = [name for name in names if sum(c.isascii() and c.isalpha() for c in in_tcvn3(name)) > 2]
    assert [convert(in_tcvn3(n.upper()), TCVN3) for n in names] == [n.upper() for n in names]


@pytest.mark.parametrize("font", [TCVN3, VNI])
def test_a_column_of_an_old_font_comes_back_whole(font: str) -> None:
    """Also names that could be Unicode as they stand, such as one meant for another syllable."""
    store, fonts = (in_tcvn3 if font == TCVN3 else in_vni), Fonts()
    names = [name.lower() for name in VIETNAMESE[::17]]
    lines = [(name, store(name), fonts.learn([(0, store(name))])) for name in names]

    wrong = [
        name for name, stored, row in lines if convert(stored, fonts.font(0, stored, row)) != name
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("stored", "font", "text"),
    [
        ("NguyÔn ThÞ Hµ, th«n Tµ Vinh", TCVN3, "Nguyễn Thị Hà, thôn Tà Vinh"),
        ("L­¬ng §øc ¢n", TCVN3, "Lương Đức Ân"),
        ("Nguyeãn Thò Haø, thoân Taø Vinh", VNI, "Nguyễn Thị Hà, thôn Tà Vinh"),
        ("ÑAËNG HÖÕU PHÖÔÙC", VNI, "ĐẶNG HỮU PHƯỚC"),
        ("Traàn Ñöùc Nghóa, tænh Quaûng Ngaõi", VNI, "Trần Đức Nghĩa, tỉnh Quảng Ngãi"),
    ],
)  # fmt: skip
def test_known_texts(stored: str, font: str, text: str) -> None:
    assert judge(stored).votes == {font}
    assert convert(stored, font) == text


def test_where_a_sheet_is_mixed_the_row_decides() -> None:
    fonts = Fonts()
    fonts.learn([(0, "Nguyễn Văn Đạt")])
    old = fonts.learn([(0, "Mai Tó"), (1, "th«n Tµ Vinh")])
    new = fonts.learn([(0, "Mai Tó"), (1, "thôn Đoàn Kết")])
    fonts.learn([(0, "NguyÔn ThÞ Hµ")])

    assert fonts.font(0, "Mai Tó", old) == TCVN3
    assert fonts.font(0, "Mai Tó", new) == UNICODE
    with pytest.raises(Unclear):
        fonts.font(0, "Mai Tó", frozenset())


def test_two_fonts_in_one_cell_are_unclear() -> None:
    with pytest.raises(Unclear):
        Fonts().font(0, "NguyÔn Văn Đạt", frozenset())


def test_a_minority_name_follows_its_column() -> None:
    fonts = Fonts()
    fonts.learn([(0, "§inh V¨n ChÝn")])

    assert convert("Y Bh¨m Niª", fonts.font(0, "Y Bh¨m Niª", frozenset())) == "Y Bhăm Niê"


@given(st.text(max_size=60))
def test_any_text_can_be_judged_and_converted(text: str) -> None:
    assert judge(text).possible
    for font in (UNICODE, TCVN3, VNI):
        convert(text, font)
    assert convert(text, UNICODE) == text
