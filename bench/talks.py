"""Whole conversations: people who type an answer to whatever they are asked, message by message."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from bench.village import Village
from bot.dialogs.known import Office
from bot.dialogs.messages import Outgoing
from bot.dialogs.readers.reading import Value
from storage.lists import Listed
from storage.people import PersonDocument

MOST: Final = 60
"""Messages after which somebody is stuck."""
NAME: Final = "q01_ho_ten"
BORN: Final = "q02_ngay_sinh"
AFTER_CARD: Final = "q05_ma_bhxh"


class Stuck(AssertionError):
    """A conversation did not get to its receipt: what was counted is not the job."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented, and what they type at each prompt."""

    title: str
    name: str
    says: Mapping[str, str]
    card: str
    relation: str = ""
    """To the head of the household, as the office's list has it."""
    several: str = ""
    """Several answers in one message, for the first question after the card."""

    def with_card(self) -> "Person":
        """Return them with the card's text where its first answer is asked for."""
        return replace(self, says={**self.says, NAME: self.card, "inherit": self.card})

    def with_several(self) -> "Person":
        return replace(self, says={**self.says, AFTER_CARD: self.several})

    def listed(self, **where: Any) -> Listed:
        """Return them as a list has them that knows name and birth date only."""
        day, month, year = self.says[BORN].split("/")
        answers: dict[str, Value] = {NAME: self.name, BORN: f"{year}-{month}-{day}"}
        return Listed(PersonDocument(answers, relation_to_head=self.relation), **where)


@dataclass(slots=True)
class Count:
    """What a conversation took."""

    messages: int = 0
    """Typed by the person."""
    bubbles: int = 0
    """Sent back."""
    longest: int = 0
    """Characters of the longest bubble."""

    def add(self, bubbles: Sequence[Outgoing]) -> None:
        self.messages += 1
        self.bubbles += len(bubbles)
        self.longest = max(self.longest, *(len(bubble.text) for bubble in bubbles))

    def __add__(self, other: "Count") -> "Count":
        longest = max(self.longest, other.longest)
        return Count(self.messages + other.messages, self.bubbles + other.bubbles, longest)


@dataclass(slots=True)
class Talker:
    """One chat, and what stands on its screen."""

    village: Village
    chat: str
    shown: Sequence[Outgoing] = ()

    def say(self, words: str) -> Sequence[Outgoing]:
        self.shown = self.village.say(self.chat, words)
        return self.shown

    def pick(self, person: Person) -> str:
        """Return the number of somebody in the list on the screen. Raises Stuck."""
        line = re.compile(rf"^(\d+)\. {re.escape(person.name)}", re.MULTILINE)
        for bubble in self.shown:
            if found := line.search(bubble.text):
                return found[1]
        raise Stuck(f"{person.title} is not listed")

    def fill_in(self, person: Person, first: str) -> Count:
        """Answer whatever is asked, from the first words to the receipt. Raises Stuck."""
        count, words = Count(), first
        while count.messages < MOST:
            count.add(self.say(words))
            if any(bubble.receipt for bubble in self.shown):
                return count
            asked, kinds = self.shown[-1].question or "", {bubble.kind for bubble in self.shown}
            if "refuse" in kinds or asked not in person.says:
                raise Stuck(f"{person.title}, message {count.messages}: {self.shown[-1]}")
            words = person.says[asked]
        raise Stuck(f"{person.title}: no receipt after {MOST} messages")


@cache
def _given() -> Mapping[str, Any]:
    return tomllib.loads(files("bench").joinpath("messages.toml").read_text("utf-8"))


def office() -> Office:
    given = _given()["office"]
    return Office(**given | {"villages": tuple(given["villages"])})


def address() -> dict[str, str | None]:
    """Return the answer that is the household's address."""
    return dict(_given()["address"])


def words(key: str) -> str:
    """Return what opens a conversation."""
    return str(_given()["words"][key])


def profiles() -> dict[str, Person]:
    return {key: _person(given) for key, given in _given()["profiles"].items()}


def household() -> list[Person]:
    return [_person(given) for given in _given()["household"]]


def _person(given: Mapping[str, str]) -> Person:
    like = _given()["profiles"].get(given.get("like"), {})
    says = {**_given()["everybody"], **_given()["usual"], **like, **given}
    about = {key: given.get(key, "") for key in ("title", "card", "relation", "several")}
    return Person(name=given[NAME], says=says, **about)
