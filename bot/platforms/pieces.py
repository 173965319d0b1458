"""A long text in pieces no longer than a platform takes. Nothing is lost but blanks at the cuts."""

import re
from collections.abc import Iterator
from typing import Final

ENDS: Final = (
    re.compile(r"\n"),
    # Not "1. Nam": a number stays with its choice.
    re.compile(r"(?<=[^\d\s][.!?…;])\s"),
    re.compile(r"\s"),
)
"""Where to cut, best first: the end of a line, of a sentence, of a word."""


def pieces(text: str, longest: int) -> Iterator[str]:
    """Yield a text in pieces of at most `longest` UTF-16 units, as platforms count; none if blank.

    A piece is at least half full before a better end is preferred to a worse one.
    """
    rest = text.strip()
    while (fitting := _fitting(rest, longest)) < len(rest):
        cut = _cut(rest, fitting)
        yield rest[:cut].rstrip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest


def _fitting(text: str, longest: int) -> int:
    """Return how many characters of a text fit."""
    units = 0
    for position, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > longest:
            return position
    return len(text)


def _cut(text: str, fitting: int) -> int:
    """Return where to cut: at a blank up to `fitting`, or there when a word is as long as that."""
    for least in (fitting // 2, 1):
        for end in ENDS:
            found = [each.start() for each in end.finditer(text, 0, fitting + 1)]
            if found and found[-1] >= least:
                return found[-1]
    return fitting
