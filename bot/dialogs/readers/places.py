"""Readers of places: an address, kept as it was written, and the official codes it is certain of.

Units are those since 1 July 2025. Where two communes have one name, none is chosen.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.characters import fold, same_words, tidy, tidy_lines, tone_fold
from bot.dialogs.readers.choices import pick, without_courtesies
from bot.dialogs.readers.no_places import refuse_no_place
from bot.dialogs.readers.phrases import Meanings, Phrasebook, phrasebook, plain
from bot.dialogs.readers.place_words import LOW, Part, PlaceWords, load_place_words, name_key, only
from bot.dialogs.readers.reading import Invalid, Reading

if TYPE_CHECKING:
    from bot.dialogs.known import Known

_RESIDENCES: Final = frozenset({"6", "7"})
"""Items that ask where a person lives; elsewhere "at home" says enough."""
_RURAL: Final = "xa"
"""Kind of commune whose parts are villages; wards are cut into numbered quarters."""
_MOST_WORDS: Final = 5
"""Words of the name of a place; more without a comma are a sentence."""


@dataclass(frozen=True, slots=True)
class Commune:
    code: str
    name: str
    """Without its kind: "Sơn Tây"."""
    kind: str
    """Without diacritics: xa, phuong, dac khu."""
    province: str


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address by what they name, each in the order it was written."""

    low: tuple[Part, ...]
    communes: tuple[Part, ...]
    bare: tuple[Part, ...]
    """Names without a unit word that are no province."""
    district: bool
    province: str | None
    unmarked: bool
    """Written without any diacritics: each name may be several."""

    @property
    def only_low(self) -> bool:
        return not (self.communes or self.bare or self.district or self.province)


@dataclass(frozen=True, slots=True)
class Places:
    provinces: Mapping[str, str]
    """Code -> name as in the official list."""
    cities: frozenset[str]
    """Codes of the provinces that are cities."""
    communes: Mapping[str, Commune]
    by_name: Phrasebook
    """Names of communes -> codes."""
    words: PlaceWords

    def named(self, name: str) -> Meanings:
        """Return the codes of the communes with this name, of any kind, in any province."""
        return self.by_name.meanings(name_key(name))

    def address(self, text: str, villages: Sequence[str] = ()) -> Address:
        """Return what `text` names; a name without a unit word may be one of `villages`."""
        parts = [self._judged(part, villages) for part in self._with_province(text)]
        provinces = [code for code in map(self._province, parts) if code]
        province = provinces[-1] if provinces else None
        return Address(
            low=tuple(part for part in parts if part.level in LOW and self._has_name(part)),
            communes=tuple(p for p in parts if p.level == "commune" and self._has_name(p)),
            bare=tuple(p for p in parts if p.level == "bare" and not self._above(p, province)),
            district=any(map(self._is_district, parts)),
            province=province,
            unmarked=fold(text) == text.casefold(),
        )

    def possible(self, address: Address) -> frozenset[str]:
        """Return the codes of the communes that `address` may mean; one is beyond doubt."""
        part = self._commune_part(address)
        if part is None:
            return frozenset()
        names = self.by_name.possible if address.unmarked else self.by_name.meanings
        units = [self.communes[code] for code in names(name_key(part.name))]
        units = [unit for unit in units if part.unit in {"", unit.kind}]
        if address.province:
            units = [unit for unit in units if unit.province == address.province]
        return frozenset(unit.code for unit in units)

    def _commune_part(self, address: Address) -> Part | None:
        """Return the part that names the commune.

        Of two names without unit words the first may be a village, the second an abolished
        district: the first is taken only when it is a commune and no other one is.
        """
        if address.communes:
            return address.communes[0]
        if not address.bare:
            return None
        first, *rest = address.bare
        if address.low or address.district or not rest:
            return first
        alone = self.named(first.name) and not any(self.named(part.name) for part in rest)
        return first if alone else None

    def _with_province(self, text: str) -> list[Part]:
        """Return the parts of `text`; a province written behind the last name is its own part."""
        parts = self.words.parts(text)
        if not parts or self.named(parts[-1].name) or self._province(parts[-1]):
            return parts
        words = parts[-1].name.split()
        for start in range(1, len(words)):
            tail = " ".join(words[start:])
            if self.words.province(tail):
                head = replace(parts[-1], name=" ".join(words[:start]))
                return [*parts[:-1], head, Part("bare", tail, tail)]
        return parts

    def _judged(self, part: Part, villages: Sequence[str]) -> Part:
        """Return `part` as what its whole name is known to be: Sóc Sơn is no sóc."""
        province = part.level in LOW and self.words.province(part.whole)
        if part.unit and (province or self.named(part.whole)):
            return Part("bare", part.whole, part.whole)
        if part.level == "bare" and villages and not self.named(part.name):
            names = [
                name for village in villages for name in (village, self.words.part(village).name)
            ]
            if any(same_words(part.name, name) for name in names):
                return replace(part, level="village")
        return part

    def _province(self, part: Part) -> str | None:
        """Return the code of the province that `part` names, or whose capital it is."""
        if part.level in {"province", "bare", "city"}:
            return self.words.province(part.name)
        return None

    def _above(self, part: Part, province: str | None) -> bool:
        """True when `part` names a province and no commune of `province`, another one."""
        code = self._province(part)
        inside = {self.communes[commune].province for commune in self.named(part.name)}
        return code is not None and (code == province or province not in inside)

    def _is_district(self, part: Part) -> bool:
        if part.level == "city":
            return not self.words.present_provinces.meanings(name_key(part.name)) & self.cities
        return part.level == "district"

    def _has_name(self, part: Part) -> bool:
        return bool(part.name) and tone_fold(part.name) not in self.words.nameless


def load_places(csv_text: str, words_text: str) -> Places:
    """Return the index of a list (code, name, province or nothing) and the TOML of its words."""
    lines = (line for line in csv_text.splitlines() if not line.startswith("#"))
    rows = list(csv.DictReader(lines))
    provinces = {row["code"]: row["name"] for row in rows if not row["province"]}
    words = load_place_words(words_text, provinces)
    communes = [
        Commune(row["code"], part.name, part.unit, row["province"])
        for row in rows
        if row["province"]
        for part in (words.part(tidy(row["name"])),)
    ]
    return Places(
        provinces=provinces,
        cities=frozenset(code for code, name in provinces.items() if words.part(name).unit),
        communes={commune.code: commune for commune in communes},
        by_name=phrasebook((name_key(commune.name), commune.code) for commune in communes),
        words=words,
    )


def read_place(text: str, question: Question, today: date, known: "Known") -> Reading:  # noqa: ARG001
    """Return {"text", "commune", "province"}: the words as written, codes where certain, else None.

    A village with nothing above it is completed with the office's commune and province. Raises
    Invalid place_too_short, place_too_long, place_link, place_coordinates, place_phone,
    place_unreadable.
    """
    written = ", ".join(line.strip(" ,;") for line in tidy_lines(text))
    refuse_no_place(written)
    office, places = known.office, known.places
    if _is_home(written, known):
        if question.item in _RESIDENCES:
            raise Invalid("place_too_short")
        return _reading(written, office.commune, office.province)
    address = places.address(written, office.villages)
    if address.low and address.only_low and _completes(address, known):
        above = f"{office.commune_said}, {office.province_name}"
        return _reading(f"{written}, {above}", office.commune, office.province, completed=True)
    if not _is_enough(address, places):
        raise Invalid("place_too_short")
    possible = places.possible(address)
    if len(possible) > 1 and not address.province and office.commune in possible:
        # Of several communes of this name ours is the likely one: the person is asked.
        return _reading(
            f"{written}, {office.province_name}", office.commune, office.province, completed=True
        )
    commune = only(possible)
    province = places.communes[commune].province if commune else address.province
    return _reading(written, commune, province)


def read_village(text: str, question: Question, today: date, known: "Known") -> Reading:  # noqa: ARG001
    """Return the name of the office's village that `text` names by number or name.

    Raises Invalid as `pick` does, and village_number_unclear when a number is both the place of
    one village in the list and the name of another.
    """
    villages, words = known.office.villages, known.places.words
    labels = [(village, (village, words.part(village).name)) for village in villages]
    village = pick(text, [(name, _unnumbered(names)) for name, names in labels], known.choice_words)
    for other, (_, name) in labels:
        if name == plain(text) and other != village:
            raise Invalid("village_number_unclear", listed=village, named=other)
    return Reading(village)


def village_in(text: str, villages: Sequence[str], places: Places) -> str | None:
    """Return the one village of the list that the address names, None when none or several do."""
    parts = [p for p in places.words.parts(text) if p.level in LOW or p.level == "bare"]
    parts = [p for p in parts if not places.named(p.whole)]
    whole = [v for v in villages if any(_holds(p.whole, v, places) for p in parts)]
    named = [
        village
        for village in villages
        for own in (places.words.part(village),)
        if not places.words.numbered(own)
        and any(p.level != "street" and _holds(p.name, own.name, places) for p in parts)
    ]
    found = whole or named
    longest = [v for v in found if not any(v != w and _holds(w, v, places) for w in found)]
    return longest[0] if len(longest) == 1 else None


def _holds(words: str, name: str, places: Places) -> bool:
    """True when `name` stands in `words`, bounded by words."""
    wanted, given = places.words.words(name), places.words.words(words)
    size = len(wanted)
    return any(
        same_words(" ".join(given[at : at + size]), " ".join(wanted))
        for at in range(len(given) - size + 1)
    )


def _unnumbered(names: tuple[str, str]) -> tuple[str, ...]:
    """Return the names by which a village may be called; "3" alone is a place in the list."""
    return tuple(name for name in names if not name.isdecimal())


def _reading(
    text: str, commune: str | None, province: str | None, *, completed: bool = False
) -> Reading:
    return Reading({"text": text, "commune": commune, "province": province}, completed=completed)


def _is_home(text: str, known: "Known") -> bool:
    """True when the whole of `text` says "at home" or "in the village" without a name."""
    phrases = known.places.words.phrases
    said = without_courtesies(plain(text), known.choice_words)
    return any("home" in phrases.meanings(shorter) for shorter in said)


def _completes(address: Address, known: "Known") -> bool:
    """True when a part can only be meant inside the office's commune.

    A quarter with nothing but a number is a part of a ward: in a rural commune it says too little.
    """
    own = known.places.communes.get(known.office.commune)
    rural = own is None or own.kind == _RURAL
    words = known.places.words
    for part in address.low:
        if part.level == "village" or (part.level == "street" and not words.numbered(part)):
            return True
        listed = any(same_words(part.whole, village) for village in known.office.villages)
        if part.level == "quarter" and (listed or not rural or not words.numbered(part)):
            return True
    return False


def _is_enough(address: Address, places: Places) -> bool:
    """True when something at the level of a commune, or below it, is named."""
    if address.communes or (address.low and not address.only_low):
        return True
    names = [part for part in address.bare if len(part.name.split()) <= _MOST_WORDS]
    if len(names) == 1 and len(address.bare) == 1:
        return bool(address.province or address.district or places.named(names[0].name))
    plausible = [p for p in names if places.named(p.name) or len(p.name.split()) > 1]
    return len(plausible) == len(address.bare) > 1
