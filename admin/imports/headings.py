"""Headings as people write them, made comparable: no numbering, one word for each abbreviation."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from itertools import pairwise
from typing import Final, NamedTuple

from admin.imports.fonts import TCVN3, UNICODE, VNI, convert
from bot.dialogs.readers.characters import fold, tidy, tone_fold

LONGEST: Final = 300
"""Characters of a heading; what is longer is none."""

_NUMBERING: Final = re.compile(
    r"\s*[(\[]?(?:[0-9]+(?:\.[0-9a-z]+)+\s|(?:[0-9]+(?:\.[0-9a-z]+)*|[a-zA-Z]|[IVX]+)[)\].:/]+)"
    r"(?=\s*\S)"
)
"""Before a heading: "12.2.a ", "(3)", "4.", "IV."."""
_BRACKETS: Final = re.compile(r"\([^)]*\)?|\[[^\]]*\]?")
_NO_WORD: Final = re.compile(r"[\W_]+")
_CONTAINED: Final = 0.55
_EXTRA: Final = 0.40
"""A phrase inside a longer heading is worth 0.55, and up to 0.40 more the more of it it is."""
ENOUGH: Final = 0.66
"""What a heading and a phrase have to be worth to be taken for the same."""
_PER_WORD: Final = 0.01
"""Of two phrases that fit, the longer one says more."""


class Word(NamedTuple):
    """A word without its diacritics, and as it is written."""

    bare: str
    marked: str


Phrase = tuple[Word, ...]


@cache
def vocabulary() -> Mapping[str, Sequence[str]]:
    """Return name of a target -> phrases that stand above such a column."""
    return {name: tuple(phrases) for name, phrases in _file()["headings"].items()}


def phrase_of(text: str) -> Phrase:
    """Return the words of a heading, without what is in brackets and numbers before it."""
    return _words(_BRACKETS.sub(" ", text)) or _words(text)


@lru_cache(20_000)
def phrases_of(text: str) -> tuple[Phrase, ...]:
    """Return what a heading says: without its brackets, and with them."""
    return tuple(dict.fromkeys(phrase for phrase in (phrase_of(text), _words(text)) if phrase))


def readings_of(text: str) -> Iterator[Phrase]:
    """Yield all that a heading may say, where it may be written for an old font."""
    texts = dict.fromkeys(convert(text[:LONGEST], font) for font in (UNICODE, TCVN3, VNI))
    yield from dict.fromkeys(phrase for text in texts for phrase in phrases_of(text))


def key_of(text: str) -> str:
    """Return a heading as it is remembered: small letters without diacritics and numbering."""
    return bare(phrase_of(text))


def fingerprint(keys: Sequence[str]) -> str:
    """Return what is the same for the same headings in any order."""
    return sha256("\n".join(sorted(keys)).encode()).hexdigest()


def parts_of(heading: Phrase) -> Iterator[tuple[str, Phrase]]:
    """Yield every run of words of a heading, as it is looked up and as it is written."""
    for start in range(len(heading)):
        for end in range(start + 1, len(heading) + 1):
            part = heading[start:end]
            yield bare(part), part


def bare(phrase: Phrase) -> str:
    """Return the words of a phrase as they are looked up."""
    return " ".join(word.bare for word in phrase)


def worth(heading: Phrase, part: Phrase, phrase: Phrase) -> float:
    """Return how much a heading is a phrase, when `part` of it has the same bare words.

    From ENOUGH on it is taken for it. A phrase of one word has to be all of the heading, with
    its very diacritics or none.
    """
    alone = len(part) == len(heading)
    if len(phrase) == 1 and not (alone and part[0].marked in {phrase[0].marked, part[0].bare}):
        return 0.0
    value = 1.0 if alone else _CONTAINED + _EXTRA * len(part) / len(heading)
    return value + _PER_WORD * len(phrase)


def _words(text: str) -> Phrase:
    text = tidy(text)
    numbering = _NUMBERING.match(text)
    plain = _NO_WORD.sub(" ", text[numbering.end() :] if numbering else text)
    words = [Word(fold(word), tone_fold(word)) for word in plain.split()]
    return tuple(_shortened(words))


def _shortened(words: list[Word]) -> Iterator[Word]:
    """Yield the words with each long form as its abbreviation."""
    shorts, longest = _shorts()
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            short = shorts.get(" ".join(word.bare for word in words[at : at + size]))
            if short is not None:
                yield from (Word(part, part) for part in short.split())
                at += size
                break
        else:
            yield words[at]
            at += 1


@cache
def _shorts() -> tuple[Mapping[str, str], int]:
    """Return every long form -> its abbreviation, and the words of the longest one."""
    table = _file()["short"]
    shorts = {fold(form): short for short, forms in table.items() for form in (short, *forms)}
    return shorts, max(len(form.split()) for form in shorts)


@cache
def _file() -> Mapping[str, Mapping[str, Sequence[str]]]:
    text = files("admin.imports").joinpath("headings.toml").read_text("utf-8")
    return tomllib.loads(text)


def paths(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return, column by column, the headings above each other; one over several is over each.

    A cell that is empty belongs to its left neighbour's when something stands below it.
    """
    width = max(map(len, rows), default=0)
    filled = [[*row, *[""] * (width - len(row))] for row in rows]
    for upper, lower in reversed(list(pairwise(range(len(filled))))):
        _spread(filled[upper], filled[lower:])
    return [
        tuple(
            text
            for text, above in zip(column, ("", *column), strict=False)
            if text and text != above
        )
        for column in zip(*filled, strict=True)
    ]


def _spread(row: list[str], below: Sequence[Sequence[str]]) -> None:
    for column in range(1, len(row)):
        if not row[column] and any(lower[column] for lower in below):
            row[column] = row[column - 1]
