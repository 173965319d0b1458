"""Readers of choices: by number, by label, by other words for it. A guess is never made."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Choice, Question
from bot.dialogs.readers.characters import tidy, tone_fold
from bot.dialogs.readers.choice_words import ChoiceWords, without_courtesies
from bot.dialogs.readers.phrases import Meanings, Phrasebook, phrasebook, plain
from bot.dialogs.readers.reading import Invalid, Reading

if TYPE_CHECKING:
    from bot.dialogs.known import Known

Label = tuple[str, Sequence[str]]
"""A code and the phrases that mean it; labels stand in the order of their numbers."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]+")
_NUMBERS: Final = re.compile(r"[0-9]+(?: [0-9]+)+")
_NUMBER_AND_WORDS: Final = re.compile(r"([0-9]{1,3}) (.+)")
_LONGEST: Final = 200
"""Characters. No label with its gloss is longer; a longer text is no choice."""


def read_choice(text: str, question: Question, today: date, known: "Known") -> Reading:  # noqa: ARG001
    """Return the code of the one choice that `text` names. Raises Invalid, see `pick`."""
    if len(text) == 1 and "1" <= text <= "9" and int(text) <= len(question.options):
        return Reading(question.options[int(text) - 1].code)
    return Reading(pick(text, _labels(question.options), known.choice_words))


def pick(text: str, labels: Sequence[Label], words: ChoiceWords) -> str:
    """Return the code that `text` names by number, by phrase, or by both when they agree.

    Raises Invalid choice_unknown, choice_one_only or choice_out_of_range, with the first and
    the last number as facts.
    """
    options = _Options(labels, words)
    said = plain(text[: _LONGEST + 1])
    if len(said) > _LONGEST:
        raise options.refusal("choice_unknown")
    found = options.meanings(said) or options.pieces(text)
    if len(found) > 1:
        raise options.refusal("choice_one_only")
    if not found:
        raise options.refusal("choice_unknown")
    return next(iter(found))


def read_choices(text: str, question: Question, today: date, known: "Known") -> Reading:  # noqa: ARG001
    """Return the codes that `text` names, each once, in the order of the form.

    Raises Invalid zero_unclear, choices_unknown, choice_out_of_range, choices_none_with_others.
    """
    options = _Options(_labels(question.options), known.choice_words)
    if plain(text) == "0":
        raise Invalid("zero_unclear")
    codes = options.all_of(text)
    none = question.none_choice
    if none and none.code in codes and len(codes) > 1:
        raise Invalid("choices_none_with_others", number=len(question.options))
    return Reading([choice.code for choice in question.options if choice.code in codes])


class _Options:
    """The choices of one question, ready to be looked up."""

    def __init__(self, labels: Sequence[Label], words: ChoiceWords) -> None:
        self.codes = tuple(code for code, _ in labels)
        self.book = _book(tuple((code, tuple(phrases)) for code, phrases in labels))
        self.words = words

    def refusal(self, code: str) -> Invalid:
        return Invalid(code, first=1, last=len(self.codes))

    def meanings(self, said: str) -> Meanings:
        """Return the codes that the whole of `said` means. A number outside raises Invalid."""
        for shorter in without_courtesies(said, self.words):
            if _NUMBER.fullmatch(shorter):
                return frozenset({self._numbered(shorter)})
            if _NUMBERS.fullmatch(shorter):
                raise self.refusal("choice_one_only")
            if found := self.book.meanings(shorter):
                return found
            if number := self.words.numbers.get(tone_fold(shorter)):
                return frozenset({self._numbered(str(number))})
            if both := _NUMBER_AND_WORDS.fullmatch(shorter):
                return self._agreeing(both[1], both[2])
        return frozenset()

    def pieces(self, text: str) -> Meanings:
        """Return the codes of a text of several pieces; none when a piece means nothing."""
        pieces = map(plain, self.words.either.split(tidy(text)))
        found = [self.meanings(piece) for piece in pieces if piece]
        return frozenset().union(*found) if found and all(found) else frozenset()

    def all_of(self, text: str) -> Meanings:
        """Return the codes of a list of choices. Raises Invalid when a piece means nothing."""
        if len(text) > _LONGEST:
            raise self.refusal("choices_unknown")
        if len(whole := self.book.meanings(plain(text))) == 1:
            return whole
        pieces = [plain(piece) for piece in self.words.both.split(tidy(text)) if plain(piece)]
        found = [self._listed(piece) for piece in pieces]
        if not all(found) or not found:
            raise self.refusal("choices_unknown")
        return frozenset().union(*found)

    def _listed(self, piece: str) -> Meanings:
        if _NUMBERS.fullmatch(piece):
            return frozenset(map(self._numbered, piece.split()))
        found = self.meanings(piece)
        return found if len(found) == 1 else frozenset()

    def _numbered(self, digits: str) -> str:
        """Return the code with this number. A sign, or a number outside, is out of range."""
        if digits.isdecimal() and len(digits) <= 2 and 1 <= int(digits) <= len(self.codes):
            return self.codes[int(digits) - 1]
        raise self.refusal("choice_out_of_range")

    def _agreeing(self, digits: str, rest: str) -> Meanings:
        """Return what "3. label" means: both when they disagree, nothing when the label is none."""
        found = self.meanings(rest)
        return found | {self._numbered(digits)} if found else frozenset()


@lru_cache(maxsize=256)
def _labels(options: tuple[Choice, ...]) -> tuple[Label, ...]:
    return tuple((choice.code, tuple(_phrases(choice))) for choice in options)


def _phrases(choice: Choice) -> Iterator[str]:
    yield choice.label
    yield from choice.also
    if choice.gloss:
        yield choice.gloss
        yield f"{choice.label} {choice.gloss}"


@lru_cache(maxsize=256)
def _book(labels: tuple[tuple[str, tuple[str, ...]], ...]) -> Phrasebook:
    return phrasebook((plain(phrase), code) for code, phrases in labels for phrase in phrases)
