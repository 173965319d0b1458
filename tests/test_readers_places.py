"""What people type as places and villages: tables of addresses and decisions."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogs.form import load_form
from bot.dialogs.known import Office
from bot.dialogs.readers.characters import tidy
from bot.dialogs.readers.choice_words import ChoiceWords, load_choice_words
from bot.dialogs.readers.gazetteer import Places, load_places
from bot.dialogs.readers.places import (
    read_place,
    read_village,
    village_in,
)
from bot.dialogs.readers.reading import Invalid, Reading, Value

if TYPE_CHECKING:
    from bot.dialogs.known import Known

DIALOGS = Path(__file__).parents[1] / "bot" / "dialogs"
DATA = DIALOGS / "data"
TODAY = date(2026, 11, 22)
FORM = load_form((DIALOGS / "forms" / "mau03_2022.toml").read_text("utf-8"), "mau03_2022.toml")
PLACES = load_places(
    (DATA / "places.csv").read_text("utf-8"), (DATA / "place_words.toml").read_text("utf-8")
)
WORDS = load_choice_words((DATA / "choice_words.toml").read_text("utf-8"))


OFFICE = Office(
    commune="21340",
    commune_name="Xã Sơn Tây",
    province="51",
    province_name="Quảng Ngãi",
    name="UBND xã Sơn Tây",
    police_name="Công an xã Sơn Tây",
)


@dataclass(frozen=True)
class OnlyThis:
    """These readers look at nothing else of what is known."""

    office: Office
    places: Places
    choice_words: ChoiceWords


RURAL = OnlyThis(OFFICE, PLACES, WORDS)
URBAN = replace(RURAL, office=replace(OFFICE, commune="21025", commune_name="Phường Cẩm Thành"))
VILLAGES = ("Thôn Tà Vinh", "Thôn Ra Pân", "Thôn 3")
WITH_VILLAGES = replace(RURAL, office=replace(OFFICE, villages=VILLAGES))


def place(text: str, known: OnlyThis = RURAL, question: str = "q06_thuong_tru") -> Reading:
    return read_place(text, FORM[question], TODAY, cast("Known", known))


def codes(text: str, known: OnlyThis = RURAL) -> tuple[str | None, str | None]:
    value = place(text, known).value
    assert isinstance(value, dict)
    return value["commune"], value["province"]


def village(text: str) -> object:
    return read_village(text, FORM["h_thon"], TODAY, cast("Known", WITH_VILLAGES)).value


@pytest.mark.parametrize(
    ("text", "commune", "province"),
    [
        ("Thôn Đăk Pao, Sơn Màu", None, None),
        ('Thôn "Đoàn Kết", xã Sơn Màu', None, None),
        ("Son Mau, Son Tay, Quang Ngai", None, "51"),
        ("xã Ấm Hạ, huyện Hạ Hòa, Phú Thọ", None, "25"),
        ("Thôn Đoàn Kết, xã Sơn Tây, tỉnh Quảng Ngãi", "21340", "51"),
        ("thon Doan Ket xa Son Tay tinh Quang Ngai", "21340", "51"),
        ("Thôn Đoàn Kết - xã Sơn Tây - Quảng Ngãi", "21340", "51"),
        ("x. Sơn Tây, h. Sơn Tây, Quảng Ngãi", "21340", "51"),
        ("xã Sơn Tây, Hà Tĩnh", "18172", "42"),
        ("phường Sơn Tây", "09574", "01"),
        ("Sơn Tây, Hà Nội", "09574", "01"),
        ("xã Sơn Tây, Hà Nội", None, "01"),
        ("Hạ Hòa", "08053", "25"),
        ("thị trấn Hạ Hòa", None, None),
        ("xã Hạ Hòa Phú Thọ", "08053", "25"),
        ("Sóc Sơn, Hà Nội", "00376", "01"),
        ("P. Bến Nghé, Q.1, TP.HCM", None, "79"),
        ("Phường Vũng Tàu, Bà Rịa - Vũng Tàu", "26506", "79"),
        ("Xã Mang Bút, Kon Tum", None, "51"),
        ("Buôn Ea Na, xã Ea Na, Daklak", "24559", "66"),
        ("Phường Văn Miếu - Quốc Tử Giám, HN", "00196", "01"),
        ("Đội 4 thôn 2 xã Sơn Hạ huyện Sơn Hà tỉnh Quảng Ngãi", "21292", "51"),
        ("Sơn Tây Hạ, Sơn Tây, Quảng Ngãi", None, "51"),
        ("Trạm y tế xã Sơn Màu", None, None),
        ("Thôn 1, xã Tân An", None, None),
        ("thôn A, thị xã Phú Thọ", None, None),
    ],
)
def test_an_address_is_kept_as_written(
    text: str, commune: str | None, province: str | None
) -> None:
    assert place(text) == Reading({"text": text, "commune": commune, "province": province})


def test_lines_are_joined_by_commas() -> None:
    value = place("Xóm Đồi\r\n xã Ấm Hạ,\n\nHạ Hòa").value

    assert isinstance(value, dict)
    assert value["text"] == "Xóm Đồi, xã Ấm Hạ, Hạ Hòa"


@pytest.mark.parametrize(
    "text", ["thôn Tà Vinh", "thôn 3", "tôi ở thôn Tà Vinh", "Đường Lê Lợi", "xóm Đồi, thôn 2"]
)
def test_a_village_is_completed_with_the_commune_of_the_office(text: str) -> None:
    completed: Value = {
        "text": f"{text}, xã Sơn Tây, Quảng Ngãi",
        "commune": "21340",
        "province": "51",
    }

    assert place(text) == Reading(completed, completed=True)


@pytest.mark.parametrize("text", ["KP 3", "kp3", "TDP 5", "Tổ 5", "khu 3 tổ 4"])
def test_a_numbered_quarter_belongs_to_a_ward(text: str) -> None:
    assert place(text, URBAN).completed
    with pytest.raises(Invalid, match="place_too_short"):
        place(text, RURAL)


def test_a_village_of_the_office_needs_no_word_before_it() -> None:
    assert place("ta vinh", WITH_VILLAGES).completed
    with pytest.raises(Invalid, match="place_too_short"):
        place("ta vinh", RURAL)


@pytest.mark.parametrize("text", ["tại nhà", "Trong thôn ạ", "trong xã", "o nha"])
def test_at_home_is_enough_for_a_place_of_work_only(text: str) -> None:
    value: Value = {"text": text, "commune": "21340", "province": "51"}

    assert place(text, question="q12_3b_dia_chi") == Reading(value)
    for residence in ("q06_thuong_tru", "q07_noi_o"):
        with pytest.raises(Invalid, match="place_too_short"):
            place(text, question=residence)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "place_too_short"),
        ("xã", "place_too_short"),
        ("thôn", "place_too_short"),
        ("thôn tôi", "place_too_short"),
        ("huyện Sơn Tây", "place_too_short"),
        ("huyện Sơn Tây, Quảng Ngãi", "place_too_short"),
        ("thị xã Sơn Tây, Hà Nội", "place_too_short"),
        ("Quảng Ngãi", "place_too_short"),
        ("ở Quảng Ngãi", "place_too_short"),
        ("TP Quảng Ngãi", "place_too_short"),
        ("Thành phố Hồ Chí Minh", "place_too_short"),
        ("quận 1", "place_too_short"),
        ("Hà Giang, Tuyên Quang", "place_too_short"),
        ("Bà Rịa - Vũng Tàu", "place_too_short"),
        ("Việt Nam", "place_too_short"),
        ("số nhà 5", "place_too_short"),
        ("ok", "place_too_short"),
        ("không biết", "place_too_short"),
        ("quê tôi", "place_too_short"),
        ("asdf", "place_too_short"),
        ("📍", "place_too_short"),
        ("14.9876,108.3456", "place_coordinates"),
        ("14°59'N 108°20'E", "place_coordinates"),
        ("0912 345 678", "place_phone"),
        ("+84912345678", "place_phone"),
        ("https://maps.app.goo.gl/x", "place_link"),
        ("Q" * 200, "place_unreadable"),
        ("Q" * 500, "place_too_long"),
        ("a " * 100_000, "place_too_long"),
        ("=1+1, xã Sơn Tây", "place_unreadable"),
        ("<b>thôn</b>, xã Sơn Tây", "place_unreadable"),
        ("деревня, xã Sơn Tây", "place_unreadable"),
    ],
)
def test_what_names_no_place_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        place(text)

    assert refusal.value.code == code


def test_every_commune_is_found_by_its_full_name() -> None:
    rows = (DATA / "places.csv").read_text("utf-8").splitlines()
    units = [tuple(row.split(",")) for row in rows if row[:1].isdigit()]
    communes = [unit for unit in units if unit[2]]

    assert len(communes) == 3321
    for code, name, province in communes:
        text = f"Thôn Đồi, {name}, {PLACES.provinces[province]}"
        assert codes(text) == (code, province), text


def test_a_name_of_several_communes_is_certain_only_with_its_province() -> None:
    elsewhere = replace(
        RURAL,
        office=replace(
            OFFICE,
            commune="08053",
            commune_name="Xã Hạ Hòa",
            province="25",
            province_name="Phú Thọ",
        ),
    )

    assert codes("xã Sơn Tây", elsewhere) == (None, None)
    assert codes("Sơn Tây, Quảng Ngãi", elsewhere) == ("21340", "51")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = place(text).value
    except Invalid:
        return
    assert isinstance(value, dict)
    assert value["text"] == tidy(value["text"] or "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("thôn Tà Vinh, xã Sơn Tây", "Thôn Tà Vinh"),
        ("Tà Vinh, Sơn Tây", "Thôn Tà Vinh"),
        ("ta vinh", "Thôn Tà Vinh"),
        ("số 3 Tà Vinh", "Thôn Tà Vinh"),
        ("xóm 3 thôn Ra Pân", "Thôn Ra Pân"),
        ("thôn 3, Sơn Tây", "Thôn 3"),
        ("xóm 3", None),
        ("thôn 31", None),
        ("đường Tà Vinh", None),
        ("thôn Tà Vinh, thôn 3", None),
        ("xã Sơn Tây", None),
    ],
)
def test_an_address_tells_its_village(text: str, found: str | None) -> None:
    assert village_in(text, VILLAGES, PLACES) == found


def test_the_longer_of_two_villages_is_meant() -> None:
    villages = ("Thôn Tà Vinh", "Thôn Tà Vinh Hạ", "Thôn Sơn Tây")

    assert village_in("thôn Tà Vinh Hạ", villages, PLACES) == "Thôn Tà Vinh Hạ"
    assert village_in("thôn Tà Vinh", villages, PLACES) == "Thôn Tà Vinh"
    assert village_in("Sơn Tây, Quảng Ngãi", villages, PLACES) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1", "Thôn Tà Vinh"),
        ("tà vinh", "Thôn Tà Vinh"),
        ("ra pan", "Thôn Ra Pân"),
        ("3", "Thôn 3"),
        ("thôn 3", "Thôn 3"),
    ],
)
def test_a_village_is_chosen_by_number_or_name(text: str, found: str) -> None:
    assert village(text) == found


def test_a_number_that_is_also_a_name_is_asked_again() -> None:
    known = replace(RURAL, office=replace(OFFICE, villages=("Thôn 2", "Thôn 1")))

    with pytest.raises(Invalid) as refusal:
        read_village("1", FORM["h_thon"], TODAY, cast("Known", known))

    assert refusal.value.code == "village_number_unclear"
    assert refusal.value.facts == {"listed": "Thôn 2", "named": "Thôn 1"}


@pytest.mark.parametrize("text", ["xã Sơn Tây", "Thôn Tà Vinh, Sơn Tây"])
def test_of_two_communes_with_one_name_ours_is_proposed_never_taken(text: str) -> None:
    reading = place(text)

    assert reading.completed
    assert reading.value == {
        "text": f"{text}, Quảng Ngãi",
        "commune": "21340",
        "province": "51",
    }
