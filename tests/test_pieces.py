"""Cutting long texts: nothing lost, nothing too long, cut where a reader would pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.pieces import pieces
from tests.fakes.zalo_contract import is_text

WORDS = st.lists(st.text("aáàạ.?…1\U0001f600", min_size=1, max_size=15), max_size=400)
BLANKS = st.sampled_from([" ", "\n", "\n\n", "  ", "\u00a0"])


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(WORDS, BLANKS)
def test_words_stay_whole_and_in_order(words: list[str], blank: str) -> None:
    found = list(pieces(blank.join(words), 40))

    assert " ".join(found).split() == words
    assert all(units(piece) <= 40 for piece in found)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(2, 30))
def test_nothing_is_lost_but_blanks(text: str, longest: int) -> None:
    found = list(pieces(text, longest))

    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(piece.strip() and units(piece) <= longest for piece in found)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1900, max_size=4500))
def test_every_piece_is_a_text_the_platform_takes(text: str) -> None:
    assert all(is_text(piece) for piece in pieces(text, 2000))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("Một câu.", ["Một câu."]),
        ("Câu đầu tiên.\nCâu hai ở dòng sau.", ["Câu đầu tiên.", "Câu hai ở dòng sau."]),
        ("Đây là câu một. Còn đây câu hai.", ["Đây là câu một.", "Còn đây câu hai."]),
        ("Xin chọn: 1. Nam 2. Nữ 3. Khác", ["Xin chọn: 1. Nam 2.", "Nữ 3. Khác"]),
        ("a" * 45, ["a" * 20, "a" * 20, "a" * 5]),
        ("a\n" + "b" * 21, ["a", "b" * 20, "b"]),
        ("\U0001f600" * 11, ["\U0001f600" * 10, "\U0001f600"]),
    ],
)
def test_where_it_is_cut(text: str, expected: list[str]) -> None:
    assert list(pieces(text, 20)) == expected


def test_numbered_choices_are_cut_between_lines() -> None:
    text = "\n".join(f"{n}. Lựa chọn số {n}. Có hai câu." for n in range(1, 200))

    for piece in pieces(text, 2000):
        assert piece.split("\n")[0].partition(".")[0].isdigit()
        assert piece.endswith("Có hai câu.")
