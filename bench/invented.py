"""An invented commune: people with names as frequent as in Vietnam. Nobody of them exists."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from storage.lists import Listed
from storage.people import PersonDocument

_NAMES: Final = tomllib.loads(Path(__file__).with_name("invented.toml").read_text("utf-8"))
SURNAMES: Final[dict[str, int]] = _NAMES["surnames"]
PER_HOUSEHOLD: Final = 4
PER_VILLAGE: Final = 900


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented person."""

    number: int
    name: str
    born: str
    sex: str
    id_number: str
    village: str
    household: str

    def but(self, **changes: Any) -> "Invented":
        return replace(self, **changes)

    def document(self, year: str = "2025") -> PersonDocument:
        answers = {
            "q01_ho_ten": self.name,
            "q02_ngay_sinh": self.born,
            "q03_gioi_tinh": self.sex,
            "h_thon": self.village,
        }
        if self.id_number:
            answers["q04_so_cccd"] = self.id_number
        return PersonDocument(dict(answers), year)

    def listed(self, year: str = "2025") -> Listed:
        document = self.document(year)
        return Listed(document, self.village, self.household, number=self.household)


def commune(count: int, seed: int = 1, *, without_id: float = 0.15) -> Iterator[Invented]:
    """Yield so many people, household by household, village by village."""
    random = Random(seed)
    for number in range(count):
        yield person(random, number, without_id)


def person(random: Random, number: int, without_id: float) -> Invented:
    sex = random.choice(("nu", "nam"))
    names = _NAMES["women" if sex == "nu" else "men"]
    year = min(2010, max(1930, int(random.gauss(1978, 17))))
    born = f"{year}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    if year < 1960 and random.random() < 0.2:  # many of the old know the year alone
        born = born[:4]
    name = f"{_surname(random)} {random.choice(names['middle'])} {_given(random, names['given'])}"
    digit = (0 if sex == "nam" else 1) + (2 if year >= 2000 else 0)
    identity = f"051{digit}{year % 100:02}{random.randrange(1_000_000):06}"
    number_or_none = "" if random.random() < without_id else identity
    village = _NAMES["village"].format(number=number // PER_VILLAGE + 1)
    household = f"H{number // PER_HOUSEHOLD + 1}"
    return Invented(number, name, born, sex, number_or_none, village, household)


def _surname(random: Random) -> str:
    return random.choices(tuple(SURNAMES), tuple(SURNAMES.values()))[0]


def _given(random: Random, names: Sequence[str]) -> str:
    """Return a given name, the first ones far more often, one in six with a second word."""
    at = min(int(random.expovariate(1 / 10)), len(names) - 1)
    second = f"{random.choice(names)} " if random.random() < 1 / 6 else ""
    return second + names[at]
