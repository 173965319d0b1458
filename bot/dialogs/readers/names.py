"""Names of people: kept as typed, refused when they cannot be a name.

One word, apostrophes and hyphens are names (Y Bhăm Niê, K'Brêu).
A name of few words is a warning, in `rules.py`.
"""

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.characters import (
    ascii_dashes,
    bare_letters,
    has_link,
    is_latin,
    stacked_marks,
    tidy,
    tone_fold,
)
from bot.dialogs.readers.reading import Invalid, Reading
from bot.dialogs.readers.words import Words, phrase_at

if TYPE_CHECKING:
    from bot.dialogs.known import Known

SHORTEST, LONGEST = 2, 100
"""Characters of a name."""
LONGEST_MESSAGE: Final = 200
"""Characters looked at: a name and the words that introduce it."""
MOST_WORDS: Final = 10
"""More is a sentence. Long royal and double names have 8."""
MOST_WORDS_BEFORE_INTRODUCTION: Final = 3

_WORD: Final = re.compile(r"'?[^\W\d_]+(?:[.'\-][^\W\d_]+)*[.'\-]?")
_MASHED: Final = re.compile(r"([^\W\d_])\1\1", re.IGNORECASE)


def read_name(text: str, _question: Question, _today: date, known: "Known") -> Reading:
    """Return the name as typed, on one line. Raises Invalid `name_...`, first what is plainest."""
    typed = ascii_dashes(tidy(text))[:LONGEST_MESSAGE]
    name = _introduced(typed, known.words).strip(" ,;:!.").lstrip("'")
    if any(char.isnumeric() for char in name):
        raise Invalid("name_digits")
    if not SHORTEST <= len(name) <= LONGEST:
        raise Invalid("name_length", shortest=SHORTEST, longest=LONGEST)
    letters = bare_letters(name)
    if has_link(name) or not letters or not all(map(_WORD.fullmatch, letters.split())):
        raise Invalid("name_characters")
    if not is_latin(name) or stacked_marks(name):
        raise Invalid("name_characters")
    if _MASHED.search(letters) or _is_talk(name, known.words):
        raise Invalid("name_not_a_name")
    return Reading(name)


def _introduced(text: str, words: Words) -> str:
    """Return what follows "my name is" near the beginning of `text`, without a polite last word."""
    typed = text.replace(":", " : ").split()
    folded = [tone_fold(word) for word in typed]
    for start in range(min(MOST_WORDS_BEFORE_INTRODUCTION + 1, len(folded))):
        taken = phrase_at(folded, words.introductions, start)
        if taken and start + taken < len(folded):
            return _introduced(" ".join(typed[start + taken :]), words)
    polite = len(folded) > 1 and folded[-1] in words.never_last
    return " ".join(typed[:-1]) if polite else text


def _is_talk(name: str, words: Words) -> bool:
    """True for an answer such as "do not know", a sentence, or two people."""
    folded = tone_fold(name).split()
    return (
        len(folded) > MOST_WORDS
        or words.means(name, words.talk)
        or folded[0] in words.never_first
        or any(word in words.never_inside for word in folded[: -1 if len(folded) > 2 else None])
    )
