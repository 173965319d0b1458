"""The ethnic groups of Vietnam and every name people use for them."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.dialogs.readers.characters import tone_fold
from bot.dialogs.readers.phrases import Meanings, Phrasebook, all_spellings, phrasebook, plain

_BETWEEN: Final = re.compile(r"[,;/()+&]")
_SILENT: Final = re.compile(r"[\s'\-]+")


@dataclass(frozen=True, slots=True)
class EthnicGroups:
    names: Mapping[str, str]
    """Code -> official name, in the order of the codes (Decision 121-TCTK/PPCĐ 1979)."""
    book: Phrasebook
    before: frozenset[str]
    """Words that may stand before a name: "người", "dân tộc"."""
    between: re.Pattern[str]

    def name(self, code: str) -> str:
        """Return the official name of the group with this code."""
        return self.names[code]

    def find(self, text: str) -> Meanings:
        """Return the codes that the whole of `text` may name: one, several, or none."""
        words = plain(text).split()
        while words:
            if found := self.book.meanings(_joined(" ".join(words))):
                return found
            if tone_fold(words[0]) not in self.before:
                break
            words = words[1:]
        return frozenset()

    def near(self, text: str) -> Iterator[str]:
        """Yield the names that `text` would be with other diacritics."""
        for code in sorted(self.book.near(_joined(plain(text)))):
            yield self.names[code]


def load_ethnic_groups(toml_text: str) -> EthnicGroups:
    """Return the groups written in `toml_text`: their rows, words and ambiguous names."""
    raw = tomllib.loads(toml_text)
    entries = [
        (_joined(plain(name)), group["code"])
        for group in raw["group"]
        for name in (group["name"], *group["also"])
    ]
    entries += [
        (_joined(plain(name)), code) for name, codes in raw["ambiguous"].items() for code in codes
    ]
    conjunctions = "|".join(map(re.escape, sorted(all_spellings(raw["between"]))))
    return EthnicGroups(
        names={group["code"]: group["name"] for group in raw["group"]},
        book=phrasebook(entries),
        before=all_spellings(raw["before"]),
        between=re.compile(rf"{_BETWEEN.pattern}|(?<!\w)(?:{conjunctions})(?!\w)", re.IGNORECASE),
    )


def _joined(name: str) -> str:
    """Return `name` in one piece: "Ê-đê", "ê đê" and "êđê" are one name."""
    return _SILENT.sub("", name)
