"""An address cut into its parts: what kind of unit each names, and how it is called.

It knows words, not places: whether a commune exists is `places.py`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile
from typing import Final, Literal

from bot.dialogs.readers.characters import ascii_dashes, fold, spellings, tone_fold
from bot.dialogs.readers.phrases import Meanings, Phrasebook, all_spellings, phrasebook

Level = Literal[
    "province", "city", "district", "commune", "village", "quarter", "street", "house", "bare"
]
LOW: Final = frozenset({"village", "quarter", "street", "house"})
"""Levels below the commune."""
UPPER: Final = frozenset({"province", "city", "district", "commune"})

_QUOTES_AND_DOTS: Final = re.compile(r"[.:\"()“”?!*_]+")
_LETTER_THEN_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=[0-9])")
_DASH: Final = re.compile(r"\s+-\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """One unit of an address: "thôn Tà Vinh" is a village with the unit word thôn."""

    level: Level
    name: str
    whole: str
    """The name with the unit word before it."""
    unit: str = ""
    """The unit word without diacritics, empty when there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaceWords:
    units: Mapping[str, Level]
    """Every spelling of a unit word -> what it names."""
    marked_units: Mapping[str, Level]
    """The same with diacritics only: among marked words "quan" is no quận."""
    unit_beginnings: frozenset[str]
    """First words of unit words, without diacritics."""
    abbreviations: re.Pattern[str]
    full: Mapping[str, str]
    leads: frozenset[str]
    """Words before an address, with their diacritics: "minh" begins many names, "mình" none."""
    nameless: frozenset[str]
    """No names of a unit, with their diacritics: "tôi", "này"."""
    phrases: Phrasebook
    """Whole answers and names -> country, home, nothing."""
    provinces: Phrasebook
    """Names of provinces, other and former ones included -> code."""
    present_provinces: Phrasebook
    """Names of provinces that still are some -> code."""

    def parts(self, text: str) -> list[Part]:
        """Return the units that `text` names, in its order; the country is left out."""
        coarse = re.split(r"[,;\n]", ascii_dashes(text))
        if len(coarse) == 1:
            coarse = self._at_dashes(coarse[0])
        parts = [part for piece in coarse for part in _units_of(self, piece)]
        return [
            part for part in parts if not self.phrases.meanings(part.name) & {"country", "nothing"}
        ]

    def words(self, text: str) -> list[str]:
        """Return the words of `text`: abbreviations written out, no punctuation but ' and /."""
        long = self.abbreviations.sub(lambda m: f"{self.full[tone_fold(m[1])]} ", text)
        loose = _LETTER_THEN_DIGIT.sub(" ", _QUOTES_AND_DOTS.sub(" ", long))
        return loose.replace("-", " ").split()

    def part(self, text: str) -> Part:
        """Return the whole of `text`, which has a word at least, as one part."""
        return self._part(self.words(text))

    def province(self, name: str) -> str | None:
        """Return the code of the province of this name, which may be a former one."""
        return only(self.provinces.meanings(name_key(name)))

    def numbered(self, part: Part) -> bool:
        """True when nothing but numbers, letters and unit words name it: "tổ 3", "khu 2 tổ 4"."""
        words = part.name.split()
        return all(len(w) == 1 or not w.isalpha() or tone_fold(w) in self.units for w in words)

    def _units_of(self, piece: str) -> Iterator[Part]:
        words = list(dropwhile(lambda word: tone_fold(word) in self.leads, self.words(piece)))
        starts = [0, *self._upper_starts(words)]
        for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
            if start < end:
                yield self._part(words[start:end])

    def _upper_starts(self, words: list[str]) -> Iterator[int]:
        """Yield where, after the first word, a commune or something above it begins."""
        if not words:
            return
        units = [self._unit_at(words, at) for at in range(len(words))]
        at = units[0][0]
        # "trạm y tế xã ..." has no name of its own; "xã Xã ..." is a name.
        name_begins = at - 1 if units[0][1] in {"street", "house"} else at
        while at < len(words):
            size, level = units[at]
            upper = level in UPPER and at + size < len(words)
            if upper and at > name_begins and units[at + size][1] not in UPPER:
                yield at
                name_begins = at + size
            at += size if upper else 1

    def _unit_at(self, words: list[str], at: int) -> tuple[int, Level]:
        """Return how many words from `at` are a unit word, and its level; (0, "bare") if none."""
        if fold(words[at]) in self.unit_beginnings:
            units = self.units if all(fold(w) == w.casefold() for w in words) else self.marked_units
            for count in range(min(3, len(words) - at), 0, -1):
                if level := units.get(tone_fold(" ".join(words[at : at + count]))):
                    return count, level
        return 0, "bare"

    def _part(self, words: list[str]) -> Part:
        count, level = self._unit_at(words, 0)
        if not count and words[0][0].isdigit() and len(words) > 1:
            level = "house"
        name, unit = " ".join(words[count:]), fold(" ".join(words[:count]))
        return Part(level, name, " ".join(words), unit)

    def _at_dashes(self, text: str) -> list[str]:
        """Cut "A - B - C"; a province of two names stays whole."""
        pieces = _DASH.split(text)
        if len(pieces) > 1 and self.provinces.meanings(name_key(" ".join(pieces[-2:]))):
            pieces[-2:] = [" ".join(pieces[-2:])]
        return pieces


@lru_cache(4096)
def _units_of(words: PlaceWords, piece: str) -> tuple[Part, ...]:
    """Return the units that a piece between commas names: the same ones come again and again."""
    return tuple(words._units_of(piece))


def name_key(name: str) -> str:
    """Return a name as it is looked up: no hyphens, apostrophes or dots, single spaces."""
    return " ".join(ascii_dashes(name).replace("'", "").replace("-", " ").replace(".", " ").split())


def load_place_words(text: str, provinces: Mapping[str, str]) -> PlaceWords:
    """Return the words written in the TOML `text`; `provinces` are code -> official name."""
    raw = tomllib.loads(text)
    short = raw["abbreviations"]
    kinds = tuple(f"{word} " for word in raw["units"]["city"])
    marks = "|".join(sorted(map(re.escape, all_spellings(short)), key=len, reverse=True))
    present = [(name, code) for code, name in provinces.items()]
    present += [(_without(name, kinds), code) for code, name in provinces.items()]
    present += [(name, code) for code, names in raw["provinces"].items() for name in names]
    former = [(name, code) for code, names in raw["former_provinces"].items() for name in names]
    return PlaceWords(
        marked_units={tone_fold(w): level for level, words in raw["units"].items() for w in words},
        units={
            s: level for level, words in raw["units"].items() for w in words for s in spellings(w)
        },
        unit_beginnings=frozenset(
            fold(word).split()[0] for words in raw["units"].values() for word in words
        ),
        abbreviations=re.compile(rf"(?<![\w'])({marks})(?:\.\s*|\s*(?=[0-9]))", re.IGNORECASE),
        full={s: whole for mark, whole in short.items() for s in spellings(mark)},
        leads=frozenset(map(tone_fold, raw["lead"])),
        nameless=frozenset(map(tone_fold, raw["nameless"])),
        phrases=phrasebook((w, meaning) for meaning, words in raw["words"].items() for w in words),
        provinces=phrasebook((name_key(name), code) for name, code in present + former),
        present_provinces=phrasebook((name_key(name), code) for name, code in present),
    )


def _without(name: str, kinds: tuple[str, ...]) -> str:
    """Return `name` without the one of `kinds` it begins with."""
    kind = next((kind for kind in kinds if tone_fold(name).startswith(tone_fold(kind))), "")
    return name[len(kind) :]


def only(meanings: Meanings) -> str | None:
    """Return the one meaning, None when there is none or there are several."""
    return next(iter(meanings)) if len(meanings) == 1 else None
