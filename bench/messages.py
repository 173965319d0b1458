"""Messages a person types until the receipt, bubbles sent back, characters of the longest one.

A citizen's messages are counted from the first one in the chat; of somebody who collects, from the
one that opens the person's form, picking them from a list included.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from bench.figures import Figures, Scale, columns
from bench.homes import folder
from bench.talks import Count, Person, Talker, address, household, office, profiles, words
from bench.village import MORNING, Village, village
from storage.lists import Listed
from storage.people import PersonDocument

Fresh = Callable[[], AbstractContextManager[Village]]
"""Opens a village in which nothing has happened."""
Way = Callable[[Fresh, Person], Count]

CITIZEN: Final = "a citizen"
COLLECTOR: Final = "somebody who collects"
YEAR: Final = timedelta(days=365)


def citizen(fresh: Fresh, person: Person) -> Count:
    with fresh() as here:
        return Talker(here, CITIZEN).fill_in(person, words("greeting"))


def citizen_with_card(fresh: Fresh, person: Person) -> Count:
    return citizen(fresh, person.with_card())


def citizen_next_year(fresh: Fresh, person: Person) -> Count:
    with fresh() as here:
        talker = Talker(here, CITIZEN)
        talker.fill_in(person, words("greeting"))
        here.clock.at += YEAR
        return talker.fill_in(person, words("again"))


def listed(fresh: Fresh, person: Person) -> Count:
    with fresh() as here:
        return _visit(here, person, person.listed(village=_village()))


def listed_with_card(fresh: Fresh, person: Person) -> Count:
    return listed(fresh, person.with_card())


def unlisted(fresh: Fresh, person: Person) -> Count:
    with fresh() as here:
        here.employ(COLLECTOR)
        talker = Talker(here, COLLECTOR)
        talker.say(words("menu"))
        return talker.fill_in(person, words("new"))


def inherited(fresh: Fresh, person: Person) -> Count:
    """Visit somebody who was visited last year."""
    with fresh() as before:
        _visit(before, person, person.listed(village=_village()))
        known = before.known_of(person.name)
    return _inherited(fresh, person, known)


def inherited_from_chat(fresh: Fresh, person: Person) -> Count:
    """Visit somebody who declared by themselves last year: nobody said whose household it is."""
    with fresh() as before:
        Talker(before, CITIZEN).fill_in(person, words("greeting"))
        known = before.known_of(person.name)
    return _inherited(fresh, person, known)


def _inherited(fresh: Fresh, person: Person, known: PersonDocument) -> Count:
    last_year = replace(known, year=str(MORNING.year - 1), before=None)
    with fresh() as here:
        return _visit(here, person, Listed(last_year, village=_village()))


def second(fresh: Fresh, person: Person) -> Count:
    """Visit the second one of a household, right after its head."""
    head = household()[0]
    with fresh() as here:
        home = {"village": office().villages[-1], "household": "1", "address": address()}
        here.enlist([head.listed(**home), person.listed(**home)])
        talker = _collector(here)
        talker.fill_in(head.with_card(), talker.pick(head))
        return talker.fill_in(person, talker.pick(person))


def second_with_card(fresh: Fresh, person: Person) -> Count:
    return second(fresh, person.with_card())


def _village() -> str:
    return office().villages[0]


def _visit(here: Village, person: Person, row: Listed) -> Count:
    here.enlist([row])
    talker = _collector(here)
    return talker.fill_in(person, talker.pick(person))


def _collector(here: Village) -> Talker:
    """Return the chat of somebody who collects, the list of those without a form on its screen."""
    here.employ(COLLECTOR)
    talker = Talker(here, COLLECTOR)
    talker.say(words("menu"))
    talker.say(words("missing"))
    return talker


WAYS: Final[Mapping[str, Way]] = {
    "citizen, typed": citizen,
    "citizen, card": citizen_with_card,
    "citizen, next year, unchanged": citizen_next_year,
    "enumerator, typed, on the list": listed,
    "enumerator, typed, in no list": unlisted,
    "enumerator, card": listed_with_card,
    "enumerator, last year's visit, unchanged": inherited,
    "enumerator, last year's chat, unchanged": inherited_from_chat,
    "second in the household, typed": second,
    "second in the household, card": second_with_card,
}
"""To measure another way: a function and a line here, its goal below."""

UNCHANGED: Final = 6
TYPED: Final = 30
WITH_CARD: Final[Mapping[str, int]] = {
    "wage_earner": 26,
    "farmer": 20,
    "housewife": 15,
    "unemployed": 20,
    "minority": 20,
    "elsewhere": 26,
    "trained": 26,
    "in_words": 26,
}
"""Messages at most; the unemployed and the usual mix as the profile that is nearest."""
HOUSEHOLD: Final = 40


def goal_of(way: str, profile: str) -> int:
    if way.endswith("unchanged"):
        return UNCHANGED
    return WITH_CARD[profile] if way.endswith("card") else TYPED


HOUSEHOLDS: Final[Mapping[str, Callable[[Person], Person]]] = {
    "answered one by one": lambda person: person,
    "several answers in one message": Person.with_several,
}


def whole_household(fresh: Fresh, manner: Callable[[Person], Person]) -> Count:
    """Visit a household of four, every card scanned."""
    total = Count()
    with fresh() as here:
        home = {"village": office().villages[-1], "household": "1", "address": address()}
        here.enlist(person.listed(**home) for person in household())
        talker = _collector(here)
        for person in household():
            total += talker.fill_in(manner(person.with_card()), talker.pick(person))
    return total


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation that was counted."""

    way: str
    who: str
    count: Count
    goal: int


def talks(data: Path) -> Iterator[Talk]:
    """Yield every profile by every way, then the households."""
    fresh = villages(data)
    for way, play in WAYS.items():
        for key, person in profiles().items():
            yield Talk(way, person.title, play(fresh, person), goal_of(way, key))
    for manner, said in HOUSEHOLDS.items():
        whole = whole_household(fresh, said)
        yield Talk("household of four, cards", manner, whole, HOUSEHOLD)


def villages(data: Path) -> Fresh:
    """Return what opens a new village each time: a copy of one that was set up."""
    numbers, model = count(1), data / "model"
    with village(model, office()):
        pass

    @contextmanager
    def fresh() -> Iterator[Village]:
        copy = data / str(next(numbers))
        shutil.copytree(model, copy)
        with village(copy, office()) as here:
            yield here
        shutil.rmtree(copy)

    return fresh


COUNTED: Final = ("messages", "bubbles", "longest bubble")


class Counts(Figures):
    """What was counted of a conversation, side by side."""

    def table(self) -> str:
        rows: list[tuple[str, ...]] = [("", *COUNTED, "goal", "")]
        for name in dict.fromkeys(name.rsplit(": ", 1)[0] for name in self):
            figures = [self[f"{name}: {what}"] for what in COUNTED]
            typed, numbers = figures[0], [f"{figure.median:.0f}" for figure in figures]
            rows.append((name, *numbers, typed.goal, "met" if typed.met else "MISSED"))
        return columns(rows, right=range(1, 4))


def measure(_: Scale) -> Figures:
    """Return the counts of every conversation. They are the same in every round."""
    figures = Counts()
    with folder() as data:
        for talk in talks(data):
            name, counted = f"{talk.way}: {talk.who}", talk.count
            figures.add(f"{name}: messages", counted.messages, "messages", at_most=talk.goal)
            figures.add(f"{name}: bubbles", counted.bubbles, "bubbles")
            figures.add(f"{name}: longest bubble", counted.longest, "characters")
    return figures
