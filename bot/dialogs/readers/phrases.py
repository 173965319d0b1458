"""Phrases and what they mean. A phrase counts only as the whole of what was said.

Nothing is searched inside a longer text: so "không phải nam" never contains "nam".
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.dialogs.readers.characters import ascii_dashes, fold, spellings, tidy, tone_fold

Meanings = frozenset[str]

_PUNCTUATION: Final = re.compile(r"[.,;:!?\"()\[\]“”…~*_]+|-(?! ?[0-9])|\u20e3")
"""A minus before a digit stays (-1 is not 1); the keycap around an emoji digit goes."""
_LETTER_THEN_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=[0-9])")


def plain(text: str) -> str:
    """Return the words of `text` without punctuation; "cap3" becomes two words."""
    spaced = _PUNCTUATION.sub(" ", ascii_dashes(tidy(text)))
    return " ".join(_LETTER_THEN_DIGIT.sub(" ", spaced).split())


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Meanings by phrase, for phrases as written and for phrases without diacritics."""

    marked: Mapping[str, Meanings]
    bare: Mapping[str, Meanings]

    def meanings(self, typed: str) -> Meanings:
        """Return what `typed` means; several when, without diacritics, it is several phrases.

        What is written exactly like a phrase means that phrase alone.
        """
        key = tone_fold(typed)
        return self.marked.get(key) or self.bare.get(key, frozenset())

    def possible(self, typed: str) -> Meanings:
        """Return all that `typed` may mean, where people may have left the diacritics out."""
        key = tone_fold(typed)
        return self.bare.get(key) or self.marked.get(key, frozenset())

    def near(self, typed: str) -> Meanings:
        """Return what `typed` could mean if its diacritics were wrong."""
        return self.bare.get(fold(typed), frozenset())


def phrasebook(entries: Iterable[tuple[str, str]]) -> Phrasebook:
    """Return the book of (phrase, meaning); phrases stand as they will be looked up."""
    marked: dict[str, set[str]] = defaultdict(set)
    bare: dict[str, set[str]] = defaultdict(set)
    for phrase, meaning in entries:
        marked[tone_fold(phrase)].add(meaning)
        bare[fold(phrase)].add(meaning)
    return Phrasebook(
        {key: frozenset(found) for key, found in marked.items()},
        {key: frozenset(found) for key, found in bare.items()},
    )


def all_spellings(phrases: Iterable[str]) -> frozenset[str]:
    """Return every spelling, see `spellings`, of every phrase."""
    return frozenset().union(*map(spellings, phrases))
