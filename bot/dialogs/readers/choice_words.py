"""Small words around a choice: politeness, number words, "and", "or"."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.dialogs.readers.characters import tone_fold
from bot.dialogs.readers.phrases import all_spellings


@dataclass(frozen=True, slots=True)
class ChoiceWords:
    """Small words around a choice, and the phrases of prompts that are not questions."""

    courtesies_before: frozenset[str]
    courtesies_after: frozenset[str]
    numbers: Mapping[str, int]
    """Number words with their diacritics: without them "năm" is "nam"."""
    both: re.Pattern[str]
    """What stands between choices that are all meant: commas, "và"."""
    either: re.Pattern[str]
    """What stands between choices of which one must be meant as well: "hoặc", "hay"."""
    prompts: Mapping[str, tuple[str, ...]]
    """Phrases by what they mean: yes, no, confirm, edit, cancel, erase."""


def load_choice_words(text: str) -> ChoiceWords:
    """Return the words written in the TOML `text`."""
    raw = tomllib.loads(text)
    both = "|".join(map(re.escape, sorted(all_spellings(raw["both"]))))
    either = "|".join(map(re.escape, sorted(all_spellings(raw["either"]))))
    return ChoiceWords(
        courtesies_before=all_spellings(raw["courtesies_before"]),
        courtesies_after=all_spellings(raw["courtesies_after"]),
        numbers={word: number for number, word in enumerate(raw["numbers"], 1)},
        both=re.compile(rf"[,;+&\n]|(?<!\w)(?:{both})(?!\w)", re.IGNORECASE),
        either=re.compile(rf"[,;+&/()\n]|(?<!\w)(?:{both}|{either})(?!\w)", re.IGNORECASE),
        prompts={meaning: tuple(phrases) for meaning, phrases in raw["prompts"].items()},
    )


def without_courtesies(said: str, words: ChoiceWords) -> Iterator[str]:
    """Yield `said`, then ever shorter without "dạ", "tôi là" before it and "ạ", "rồi" after it."""
    left = said.split()
    while left:
        yield " ".join(left)
        if tone_fold(left[-1]) in words.courtesies_after:
            left = left[:-1]
        elif tone_fold(left[0]) in words.courtesies_before:
            left = left[1:]
        else:
            return
