"""What a Vietnamese syllable looks like, so that other things can be told from one."""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")
_STOPPED_TONES: Final = frozenset("\u0301\u0323")
"""Tones of syllables that end in c, ch, p or t."""
_WORD: Final = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f])+")
_WORDS: Final = 20_000
"""Words remembered: the vocabulary of a list of people is small."""


@cache
def _toneless() -> tuple[frozenset[str], frozenset[str]]:
    """Return the syllables without their tone: all, and those that end in a stop."""
    path = files("admin.imports").joinpath("syllables.toml")
    table = tomllib.loads(path.read_text("utf-8"))
    syllables = {onset + rhyme for onset in table["onsets"] for rhyme in table["rhymes"]}
    return frozenset(syllables), frozenset(
        s for s in syllables if s.endswith(("c", "ch", "p", "t"))
    )


@lru_cache(_WORDS)
def is_syllable(word: str) -> bool:
    """True when `word` can be a Vietnamese syllable, whatever letter its tone stands on."""
    marks = unicodedata.normalize("NFD", word.lower())
    tones = [char for char in marks if char in _TONES]
    bare = "".join(char for char in marks if char not in _TONES)
    syllables, stopped = _toneless()
    bare = unicodedata.normalize("NFC", bare)
    if bare not in syllables or len(tones) > 1:
        return False
    return not tones or bare not in stopped or tones[0] in _STOPPED_TONES


def vietnamese_share(text: str) -> float:
    """Return how many of the words with letters beyond ASCII are syllables, from 0 to 1."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    return sum(map(is_syllable, words)) / len(words) if words else 0.0
