"""How many messages a person types, played through the whole program: `bench messages`, asserted.

A change here is a change of what people have to do: fewer is good, more needs a reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import pytest

from bench.messages import (
    COUNTED,
    HOUSEHOLD,
    HOUSEHOLDS,
    WAYS,
    Counts,
    Fresh,
    citizen,
    goal_of,
    villages,
    whole_household,
)
from bench.talks import Stuck, profiles
from bot.app import CAPABILITIES

PROFILES: Final = ("wage_earner", "farmer", "housewife", "unemployed")
TYPED: Final[Mapping[str, tuple[int, ...]]] = {
    "citizen, typed": (27, 22, 17, 18),
    "citizen, card": (24, 19, 14, 15),
    "citizen, next year, unchanged": (6, 6, 6, 6),
    "enumerator, typed, on the list": (25, 20, 15, 16),
    "enumerator, typed, in no list": (26, 21, 16, 17),
    "enumerator, card": (23, 18, 13, 14),
    "enumerator, last year's visit, unchanged": (6, 6, 6, 6),
    "enumerator, last year's chat, unchanged": (6, 6, 6, 6),
    "second in the household, typed": (24, 19, 14, 15),
    "second in the household, card": (23, 18, 13, 14),
}
"""Way -> messages of each of PROFILES."""
BRANCHES: Final = {"minority": 23, "elsewhere": 28, "trained": 28, "in_words": 24}
"""Messages of the usual mix, typed by a citizen: one more for each branch, one less for each word
that answers two questions."""
WHOLE: Final = {"answered one by one": 53, "several answers in one message": 24}
MISSED: Final = {"answered one by one"}
"""Goals that are not met, and said not to be."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    yield villages(tmp_path_factory.mktemp("villages"))


@pytest.mark.parametrize("way", TYPED)
def test_so_many_messages_each_way(way: str, fresh: Fresh) -> None:
    people = profiles()

    counts = [WAYS[way](fresh, people[key]) for key in PROFILES]

    assert tuple(count.messages for count in counts) == TYPED[way]
    assert max(count.longest for count in counts) <= CAPABILITIES["zalo"].max_text


def test_so_many_messages_for_each_branch(fresh: Fresh) -> None:
    people = profiles()
    assert {key: citizen(fresh, people[key]).messages for key in BRANCHES} == BRANCHES


@pytest.mark.parametrize("manner", WHOLE)
def test_so_many_messages_for_a_household_of_four(manner: str, fresh: Fresh) -> None:
    assert whole_household(fresh, HOUSEHOLDS[manner]).messages == WHOLE[manner]


def test_every_way_is_in_the_table_and_the_goals_missed_are_known() -> None:
    missed = {
        way
        for way, counts in TYPED.items()
        if any(typed > goal_of(way, key) for key, typed in zip(PROFILES, counts, strict=True))
    }
    missed |= {manner for manner, typed in WHOLE.items() if typed > HOUSEHOLD}

    assert (*TYPED,) == (*WAYS,)
    assert (*WHOLE,) == (*HOUSEHOLDS,)
    assert {*profiles()} == {*PROFILES, *BRANCHES}
    assert missed == MISSED


def test_whoever_does_not_get_to_the_receipt_is_not_counted(fresh: Fresh) -> None:
    person = profiles()["farmer"]
    for without in ("q09_gdpt", "review"):
        said = {key: words for key, words in person.says.items() if key != without}
        with pytest.raises(Stuck, match="farmer"):
            citizen(fresh, replace(person, says=said))
    with pytest.raises(Stuck, match="farmer"):
        citizen(fresh, replace(person, says={**person.says, "q02_ngay_sinh": "31/02/1990"}))


def test_a_goal_that_is_missed_is_said_plainly() -> None:
    counts = Counts()
    for name, typed in (("short", 5), ("long", 7)):
        for what, value in zip(COUNTED, (typed, 9, 800), strict=True):
            counts.add(f"{name}: {what}", value, "", at_most=6 if what == "messages" else None)

    lines = [" ".join(line.split()) for line in counts.table().splitlines()]
    assert lines[1:] == ["short 5 9 800 <= 6 met", "long 7 9 800 <= 6 MISSED"]
