"""The vocabulary of the readers, from `data/words.toml`: around names, numbers, dates, "nothing".

It knows words, not questions; which of them a question allows is decided by the reader.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from bot.dialogs.readers.characters import spellings, tidy, tone_fold

Spellings = frozenset[str]
"""Phrases in every `tone_fold` under which they are recognised."""

DATE_ROLES: Final = frozenset(
    {
        "day",
        "month",
        "year",
        "only",
        "noise",
        "about",
        "part_of_year",
        "either",
        "today",
        "yesterday",
        "age",
        "lunar",
    }
)
"""What a word can be in a date; `dates.py` gives each its meaning."""

_AROUND: Final = ' .,!?;:()"\u2026'
_LONGEST_PHRASE: Final = 6
"""Words in the longest phrase looked for."""
_LONGEST_MESSAGE: Final = 100
"""Characters. A longer message is never one of these phrases alone."""


@dataclass(frozen=True, slots=True)
class Words:
    before: Spellings
    after: Spellings
    skip: Spellings
    none: Spellings
    unknown: Spellings
    reasons: Mapping[str, Spellings]
    """Code of a reason for not giving an identity number -> its words."""
    have: Spellings
    labels: Spellings
    introductions: Spellings
    talk: Spellings
    """Whole messages that answer nothing; also everything that says there is no answer."""
    never_first: Spellings
    never_last: Spellings
    never_inside: Spellings
    references: Spellings
    dates: Mapping[str, str]
    """Spelling -> role in a date, one of DATE_ROLES, or a month as "month 3"."""

    def core(self, text: str) -> str:
        """Return `text` as a `tone_fold` without the politeness and the objects around it.

        The last word always stays. An empty text gives "".
        """
        return self._core(tone_fold(tidy(text)).strip(_AROUND))

    def _core(self, whole: str) -> str:
        words = whole.replace(",", " ").split()
        while len(words) > 1 and (taken := _taken(words, self.before, from_end=False)):
            words = words[taken:]
        while len(words) > 1 and (taken := _taken(words, self.after, from_end=True)):
            words = words[:-taken]
        return " ".join(words)

    def said(self, text: str) -> frozenset[str]:
        """Return what a short message says, as it stands and without politeness."""
        if len(text) > _LONGEST_MESSAGE:
            return frozenset()
        whole = tone_fold(tidy(text)).strip(_AROUND)
        return frozenset({whole, self._core(whole)} if " " in whole else {whole})

    def means(self, text: str, phrases: Spellings) -> bool:
        """True when the whole of `text`, politeness aside, is one of `phrases`."""
        return not phrases.isdisjoint(self.said(text))

    def without_label(self, text: str) -> str:
        """Return a tidied `text` without "ID card:" before a number and politeness after it."""
        words = text.replace(":", " ").split()
        folded = [tone_fold(word) for word in words]
        start = 0
        while start < len(words) and (taken := _taken(folded[start:], self.labels, from_end=False)):
            start += taken
        end = len(words)
        while end > start + 1 and folded[end - 1].strip(_AROUND) in self.after:
            end -= 1
        return " ".join(words[start:end]) if start or end < len(words) else text


def load_words(text: str) -> Words:
    """Return the vocabulary written in the TOML `text`. Raises ValueError when it is not one."""
    raw = tomllib.loads(text)
    absence, names = raw["absence"], raw["names"]
    talk = [*raw["talk"]["whole"], *absence["skip"], *absence["none"], *absence["unknown"]]
    return Words(
        before=_every(raw["fillers"]["before"]),
        after=_every(raw["fillers"]["after"]),
        skip=_every(absence["skip"]),
        none=_every(absence["none"]),
        unknown=_every(absence["unknown"]),
        reasons={code: _reason(table, absence) for code, table in absence["reasons"].items()},
        have=_every(raw["numbers"]["have"]),
        labels=_every(raw["numbers"]["labels"]),
        introductions=_every(names["introductions"]),
        talk=_every(talk, _careful),
        never_first=_every(names["never_first"], _exact),
        never_last=_every(names["never_last"], _exact),
        never_inside=_every(names["never_inside"], _exact),
        references=_every(raw["texts"]["references"]),
        dates=_date_words(raw["dates"]),
    )


def phrase_at(words: list[str], phrases: Iterable[str] | Mapping[str, str], start: int) -> int:
    """Return how many of `words`, from `start`, make the longest known phrase; 0 when none does."""
    longest = min(_LONGEST_PHRASE, len(words) - start)
    return next(
        (n for n in range(longest, 0, -1) if " ".join(words[start : start + n]) in phrases), 0
    )


def _taken(words: list[str], phrases: Spellings, *, from_end: bool) -> int:
    """Return the length of the longest phrase at one end that leaves a word; 0 when none does."""
    for n in range(min(_LONGEST_PHRASE, len(words) - 1), 0, -1):
        if " ".join(words[-n:] if from_end else words[:n]) in phrases:
            return n
    return 0


def _every(
    phrases: Iterable[str], spelled: Callable[[str], frozenset[str]] = spellings
) -> Spellings:
    return frozenset(chain.from_iterable(map(spelled, phrases)))


def _exact(phrase: str) -> frozenset[str]:
    return frozenset({tone_fold(phrase)})


def _careful(phrase: str) -> frozenset[str]:
    """One word without its marks may be somebody's name; several are not."""
    return spellings(phrase) if " " in phrase else _exact(phrase)


def _reason(table: Mapping[str, Any], absence: Mapping[str, Any]) -> Spellings:
    shared = absence[table["like"]] if "like" in table else ()
    return _every([*table["words"], *shared])


def _date_words(table: Mapping[str, Any]) -> dict[str, str]:
    groups = [(role, table[role]) for role in sorted(DATE_ROLES)]
    groups += [(f"month {n}", names) for n, names in enumerate(table["months"], 1)]
    roles: dict[str, str] = {}
    for role, phrases in groups:
        for spelling in _every(phrases):
            if roles.setdefault(spelling, role) != role:
                raise ValueError(f"{spelling!r} is both {roles[spelling]} and {role}")
    return roles
