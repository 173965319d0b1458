"""A row of a list as it is kept: who is to be visited where."""

from dataclasses import replace
from typing import Any

import pytest

from admin.imports.listed import listed_row
from admin.imports.values import Row
from bot.content import known_of
from bot.dialogs.state import Answers
from tests.talks import OFFICE

KNOWN = known_of(replace(OFFICE, villages=("Tà Vinh", "Nước Vương")))


def a_row(answers: Answers) -> Row:
    nothing: dict[str, Any] = {"manners": {}, "parked": {}, "warned": (), "missing": ()}
    who: dict[str, Any] = {"household": "1", "relation": "", "village": ""}
    return Row("Sheet1", 2, answers, **nothing, **who, flags=frozenset(), classes=frozenset())


@pytest.mark.parametrize(
    ("address", "village"),
    [
        ("thôn Tà Vinh, xã Sơn Tây, tỉnh Quảng Ngãi", "Tà Vinh"),
        ("xã Sơn Tây, tỉnh Quảng Ngãi", None),
        ("", None),
    ],
)
def test_the_village_is_read_off_the_address(address: str, village: str | None) -> None:
    row = a_row({"q06_thuong_tru": {"text": address, "commune": None}})

    assert listed_row(row, "2025", KNOWN).village == village


def test_what_the_list_says_itself_goes_first() -> None:
    row = a_row({"q06_thuong_tru": {"text": "thôn Tà Vinh"}, "h_thon": "Nước Vương"})

    assert listed_row(row, "2025", KNOWN).village == "Nước Vương"
