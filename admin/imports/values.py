"""What comes out of a list: rows that are taken in, rows that are not, each with its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.dialogs.readers.reading import Value
from bot.dialogs.state import Answers, Manner

NO_ID: Final = "khong_cccd"
NO_NAME_OR_BIRTH: Final = "loai_1"
INACTIVE_WITH_WORK: Final = "loai_2"
UNEMPLOYED_WITH_WORK: Final = "loai_3"
NO_ACTIVITY: Final = "loai_4"
"""Classes of errors as provinces count them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one cell, or about its row. It never holds what stands there.

    `reason` names the sentence `import.reason.<reason>`; `facts` are counts and places.
    """

    sheet: str
    row: int
    column: str
    """Letters; empty when it is about the whole row."""
    title: str
    """What the column is for, in the form's words."""
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One person as the list has them. What the list does not say is not in `answers`."""

    sheet: str
    row: int
    answers: Answers
    """Question -> canonical value, as in a submission."""
    manners: Mapping[str, Manner]
    """Of answers that were not simply given: "unknown" with its reason, "skipped", "derived"."""
    parked: Mapping[str, Value]
    """What was read but does not apply, as other answers of the row have it."""
    warned: tuple[Problem, ...]
    """What somebody should look at; it does not stop the row."""
    missing: tuple[str, ...]
    """Questions that the form requires and the list does not answer."""
    household: str
    """The same for people of one household; empty when the list does not tell."""
    relation: str
    """Relation to its head: chu_ho, vo_chong, con ... (words.toml), or empty."""
    village: str
    """As written in the list."""
    flags: frozenset[str]
    """ho_ngheo, ho_can_ngheo, moi_thoat_ngheo: who comes first by Circular 11/2022, Article 2."""
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is not taken in, and why."""

    sheet: str
    row: int
    problems: tuple[Problem, ...]
    classes: frozenset[str]
