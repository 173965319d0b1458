"""Reader of ethnic groups: any name people use -> the two-digit code of the statistics office.

It does not judge whether the question should have been asked; the majority group is a rule's.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.characters import tone_fold
from bot.dialogs.readers.phrases import Meanings, Phrasebook, all_spellings, phrasebook, plain
from bot.dialogs.readers.reading import Invalid, Reading

if TYPE_CHECKING:
    from bot.dialogs.known import Known

_BETWEEN: Final = re.compile(r"[,;/()+&]")
_SILENT: Final = re.compile(r"[\s'\-]+")
_LONGEST: Final = 100
"""Characters. No name of a group is longer."""


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


def read_ethnic_group(text: str, question: Question, today: date, known: "Known") -> Reading:  # noqa: ARG001
    """Return the code of the one group that `text` names.

    Raises Invalid ethnic_unknown, ethnic_one_only, or ethnic_ambiguous with the names it may be.
    """
    groups = known.ethnic_groups
    text = text[:_LONGEST]
    found = groups.find(text)
    if not found:
        pieces = [groups.find(piece) for piece in groups.between.split(text) if plain(piece)]
        if pieces and all(len(codes) == 1 for codes in pieces):
            found = frozenset().union(*pieces)
            if len(found) > 1:
                raise Invalid("ethnic_one_only")
    if len(found) > 1:
        raise Invalid("ethnic_ambiguous", names=", ".join(groups.names[c] for c in sorted(found)))
    if not found:
        names = ", ".join(groups.near(text))
        raise Invalid("ethnic_ambiguous", names=names) if names else Invalid("ethnic_unknown")
    return Reading(next(iter(found)))


def _joined(name: str) -> str:
    """Return `name` in one piece: "Ê-đê", "ê đê" and "êđê" are one name."""
    return _SILENT.sub("", name)
