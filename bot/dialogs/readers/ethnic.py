"""Reader of ethnic groups: any name people use -> the two-digit code of the statistics office.

It does not judge whether the question should have been asked; the majority group is a rule's.
"""

from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.phrases import plain
from bot.dialogs.readers.reading import Invalid, Reading

if TYPE_CHECKING:
    from bot.dialogs.known import Known

_LONGEST: Final = 100
"""Characters. No name of a group is longer."""


def read_ethnic_group(text: str, question: Question, today: date, known: "Known") -> Reading:  # noqa: ARG001
    """Return the code of the one group that `text` names.

    Raises Invalid ethnic_unknown, ethnic_one_only, or ethnic_ambiguous with the names it may be.
    """
    groups = known.ethnic_groups
    text = text[:_LONGEST]
    found = groups.find(text)
    if not found:
        pieces = [groups.find(piece) for piece in groups.between.split(text) if plain(piece)]
        if pieces and all(len(codes) == 1 for codes in pieces):
            found = frozenset().union(*pieces)
            if len(found) > 1:
                raise Invalid("ethnic_one_only")
    if len(found) > 1:
        raise Invalid("ethnic_ambiguous", names=", ".join(groups.names[c] for c in sorted(found)))
    if not found:
        names = ", ".join(groups.near(text))
        raise Invalid("ethnic_ambiguous", names=names) if names else Invalid("ethnic_unknown")
    return Reading(next(iter(found)))
