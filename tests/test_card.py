"""The text of an identity card's QR code."""

from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import form_of, known_of
from bot.dialogs.card import QUESTION_OF_FIELD, first_fields, looks_like_card, read_card
from bot.dialogs.readers.reading import Invalid
from bot.dialogs.state import Answer
from tests.talks import OFFICE

TODAY: Final = date(2026, 11, 22)
KNOWN: Final = known_of(OFFICE)
CARD: Final = (
    "051090001234|212345678|Nguyễn Văn An|05091990|Nam|Thôn Tà Vinh, Sơn Tây, Quảng Ngãi|01052021"
)


def read(text: str) -> dict[str, Answer]:
    return read_card(text, form_of(), TODAY, KNOWN)


def test_seven_fields_fill_five_items() -> None:
    found = {key: answer.value for key, answer in read(CARD).items()}

    place = found.pop("q06_thuong_tru")
    assert found == {
        "q01_ho_ten": "Nguyễn Văn An",
        "q02_ngay_sinh": "1990-09-05",
        "q03_gioi_tinh": "nam",
        "q04_so_cccd": "051090001234",
    }
    assert isinstance(place, dict)
    assert (place["commune"], place["province"]) == ("21340", "51")
    assert {answer.how for answer in read(CARD).values()} == {"card"}


@pytest.mark.parametrize("more", ["|", "|Nguyễn Văn Cha|Trần Thị Mẹ|", "|x" * 20])
def test_of_a_longer_card_the_rest_is_discarded(more: str) -> None:
    assert read(CARD + more) == read(CARD)


@pytest.mark.parametrize("more", ["", "|", "|Nguyễn Văn Cha|Trần Thị Mẹ|"])
def test_the_first_fields_are_all_that_is_looked_at(more: str) -> None:
    assert first_fields(f" {CARD}{more}\n") == CARD


@pytest.mark.parametrize("old", ["212345678", ""])
def test_the_old_number_is_not_needed(old: str) -> None:
    assert read(CARD.replace("212345678", old)) == read(CARD)


def test_without_a_date_of_issue_it_is_a_card() -> None:
    assert read(CARD.replace("01052021", "")) == read(CARD)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        (0, "05109000123"),
        (0, "O51090001234"),
        (0, ""),
        (2, ""),
        (2, "Nguyễn Văn 5"),
        (3, "05131990"),
        (3, "30021990"),
        (3, ""),
        (4, "Nữa"),
        (4, ""),
        (5, ""),
        (6, "hôm qua"),
    ],
)
def test_a_field_that_does_not_validate_refuses_the_card(field: int, wrong: str) -> None:
    fields = CARD.split("|")
    fields[field] = wrong

    with pytest.raises(Invalid) as refused:
        read("|".join(fields))

    assert refused.value.code == "card_unreadable"


@pytest.mark.parametrize("fields", range(1, 7))
def test_a_shorter_line_is_no_card(fields: int) -> None:
    with pytest.raises(Invalid):
        read("|".join(CARD.split("|")[:fields]))


@pytest.mark.parametrize("text", ["", "Nguyễn Văn An", "8: 7; 9: 4", "051090001234", "a|b|c|d|e|f"])
def test_other_words_do_not_look_like_a_card(text: str) -> None:
    assert not looks_like_card(text)


def test_a_damaged_card_still_looks_like_one() -> None:
    assert looks_like_card(CARD)
    assert looks_like_card("051090001234||Nguyễn Văn An|05091990")


@given(st.lists(st.text(max_size=12), min_size=1, max_size=12).map("|".join))
def test_any_line_is_read_or_refused(text: str) -> None:
    looks_like_card(text)
    try:
        found = read(text)
    except Invalid:
        return
    assert set(found) == set(QUESTION_OF_FIELD.values())
