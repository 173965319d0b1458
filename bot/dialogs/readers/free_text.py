"""Free text: job, training, employer, kept as the person wrote it, on one line.

Characters a spreadsheet would run as a formula stay; exports disarm them.
"""

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.characters import stacked_marks, tidy
from bot.dialogs.readers.reading import Invalid, Reading

if TYPE_CHECKING:
    from bot.dialogs.known import Known

FEWEST_LETTERS: Final = 2

_PLACEHOLDER: Final = re.compile(r"\[[^\]]*\]")
"""What a messenger puts in place of a picture when messages are copied."""

_ONLY_LINK: Final = re.compile(
    r"(?:[a-z]+://|www\.).*|[\w.\-]+\.(?:com|vn|net|org|info|xyz)(?:/\S*)?", re.IGNORECASE
)
"""A page is no job; that somebody sells on one may be said."""


def read_text(text: str, question: Question, _today: date, known: "Known") -> Reading:
    """Return the text, tidied. Raises Invalid `text_...`."""
    written = tidy(text)
    shortest, longest = question.length
    if len(written) > longest:
        raise Invalid("text_long", longest=longest, length=len(written))
    if _PLACEHOLDER.match(written):
        raise Invalid("text_placeholder")
    letters = _letters(written)
    too_few = len(letters) < FEWEST_LETTERS or len(set(letters)) == 1
    if too_few or len(written) < shortest or stacked_marks(written):
        raise Invalid("text_too_little", shortest=shortest)
    if _ONLY_LINK.fullmatch(written):
        raise Invalid("text_link")
    _refuse_empty_words(written, known)
    return Reading(written)


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.casefold()))


def _refuse_empty_words(written: str, known: "Known") -> None:
    words = known.words
    said = words.said(written)
    if not said.isdisjoint(words.references):
        raise Invalid("text_reference")
    if not all(said.isdisjoint(group) for group in (words.talk, words.none, words.unknown)):
        raise Invalid("text_missing")
