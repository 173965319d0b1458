"""The places of Vietnam, and what an address names among them.

Units are those since 1 July 2025. Where two communes have one name, none is chosen.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.dialogs.readers.characters import fold, same_words, tidy, tone_fold
from bot.dialogs.readers.phrases import Meanings, Phrasebook, phrasebook
from bot.dialogs.readers.place_words import LOW, Part, PlaceWords, load_place_words, name_key


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
