"""Words for "nothing to write": skip, have none, do not know, wherever a question allows them.

It reads whole messages only; a longer sentence is left to the question's own reader.
"""

from bot.dialogs.form import Question
from bot.dialogs.readers.reading import Reading
from bot.dialogs.readers.words import Spellings, Words


def read_absence(text: str, question: Question, words: Words) -> Reading | None:
    """Return a Reading without a value when `text` says that there is none; None: read it as usual.

    A question with `absent_reasons` keeps the reason. A required question without `unknown` has
    no absence; whether an optional one is required at the moment is for the caller to see.
    """
    if question.required and not question.unknown:
        return None
    said = words.said(text)
    if question.absent_reasons:
        reason = _reason(said, question, words)
        return Reading(None, how="unknown", reason=reason) if reason else None
    if not said.isdisjoint(words.unknown):
        return Reading(None, how="unknown")
    if not question.required and _skips(said, question, words):
        return Reading(None, how="skipped")
    return None


def _reason(said: Spellings, question: Question, words: Words) -> str:
    """Return the first of the question's reasons that is named, by its words or its code."""
    for reason in question.absent_reasons:
        if reason in said or not said.isdisjoint(words.reasons.get(reason, frozenset())):
            return reason
    return ""


def _skips(said: Spellings, question: Question, words: Words) -> bool:
    """True for "skip"; also for "have none", unless that is a choice of the question itself."""
    own_none = question.none_choice is not None
    return not said.isdisjoint(words.skip if own_none else words.skip | words.none)
