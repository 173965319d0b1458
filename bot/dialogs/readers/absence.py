"""Words for "nothing to write": skip, have none, do not know, wherever a question allows them.

It reads whole messages only; a longer sentence is left to the question's own reader.
"""

from bot.dialogs.form import Question
from bot.dialogs.readers.characters import tidy
from bot.dialogs.readers.reading import Reading
from bot.dialogs.readers.words import Words


def read_absence(text: str, question: Question, words: Words) -> Reading | None:
    """Return a Reading without a value when `text` says that there is none; None: read it as usual.

    A question with `absent_reasons` keeps the reason. A required question without `unknown` has
    no absence; whether an optional one is required at the moment is for the caller to see.
    """
    if question.absent_reasons:
        reason = _reason(text, question, words)
        return Reading(None, how="unknown", reason=reason) if reason else None
    if words.means(text, words.unknown) and (question.unknown or not question.required):
        return Reading(None, how="unknown")
    if not question.required and _skips(text, question, words):
        return Reading(None, how="skipped")
    return None


def _reason(text: str, question: Question, words: Words) -> str:
    """Return the first of the question's reasons that `text` names, by its words or its code."""
    code = tidy(text)
    return next(
        (
            reason
            for reason in question.absent_reasons
            if code == reason or words.means(text, words.reasons.get(reason, frozenset()))
        ),
        "",
    )


def _skips(text: str, question: Question, words: Words) -> bool:
    """True for "skip"; also for "have none", unless that is a choice of the question itself."""
    own_none = question.none_choice is not None
    return words.means(text, words.skip) or (not own_none and words.means(text, words.none))
