"""The vocabulary of `words.toml`: marks, relations, kinds of household, rows that are no people."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bot.dialogs.readers.characters import fold
from bot.dialogs.readers.phrases import Phrasebook, phrasebook, plain

HEAD = "chu_ho"
NO_KIND = "khong"


@dataclass(frozen=True, slots=True)
class PeopleWords:
    marks: Mapping[str, bool]
    """What stands in a column of marks, in small letters -> whether it marks."""
    poverty: Phrasebook
    relations: Phrasebook
    not_people: tuple[str, ...]
    hints: tuple[str, ...]
    year_only: str

    def is_other(self, text: str) -> bool:
        """True when a row that begins with `text` is a sum or a signature."""
        return _beginning(text).startswith(self.not_people)

    def is_hint(self, text: str) -> bool:
        """True when `text` says how a column is filled in."""
        return text.startswith(("(", "[")) or _beginning(text).startswith(self.hints)


@cache
def people_words() -> PeopleWords:
    raw = tomllib.loads(files("admin.imports").joinpath("words.toml").read_text("utf-8"))
    marks = {word.lower(): True for word in raw["marks"]["yes"]}
    marks |= {word.lower(): False for word in raw["marks"]["no"]}
    return PeopleWords(
        marks=marks,
        poverty=phrasebook(_entries(raw["poverty"])),
        relations=phrasebook(_entries(raw["relations"])),
        not_people=tuple(map(_beginning, raw["not_people"])),
        hints=tuple(map(_beginning, raw["hints"])),
        year_only=raw["year_only"],
    )


def meaning(book: Phrasebook, text: str) -> str | None:
    """Return the one thing that `text` means, None when it means nothing or several things."""
    found = book.meanings(plain(text))
    return next(iter(found)) if len(found) == 1 else None


def _beginning(text: str) -> str:
    return " ".join(fold(text).replace(".", " ").split())


def _entries(table: Mapping[str, Iterable[str]]) -> Iterable[tuple[str, str]]:
    return ((plain(phrase), code) for code, phrases in table.items() for phrase in phrases)
