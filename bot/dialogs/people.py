"""What a conversation of somebody who collects knows about people: values only.

Storage fills them in, already narrowed to what this account may see.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from bot.dialogs.readers.reading import Value

Wanted = Literal["missing", "done", "mine", "returned", "drafts", "revisit", "all"]
"""Which people of an area: without a form, handed in, handed in by this account within a day,
returned by the officer, being filled in, to be visited again."""
Standing = Literal["missing", "draft", "busy", "returned", "done", "outcome"]
"""Where a person stands. `busy`: somebody else is filling in their form at this moment."""

OUTCOMES = (
    "absent",
    "away_season",
    "works_away",
    "ill",
    "moved_away",
    "died",
    "not_of_age",
    "not_at_address",
    "refused",
)
"""Why there is no form of a person (vắng nhà, tạm vắng mùa vụ, làm ăn xa, ốm nặng, đã chuyển đi,
đã mất, không thuộc đối tượng, không còn ở địa chỉ, từ chối)."""
REVISITED = frozenset({"absent", "away_season", "works_away", "ill"})
"""Outcomes after which somebody goes there again."""


COLLECTORS = frozenset({"enumerator", "officer"})
"""Roles that fill in forms with people."""


class Account(Struct, frozen=True):
    """Who works in this chat, while the account is not disabled."""

    id: int
    role: str
    name: str
    unit: str


class Search(Struct, frozen=True, array_like=True):
    """Which people to list."""

    wanted: Wanted = "missing"
    words: str = ""
    """Folded: a part of a name, or a whole identity number."""
    village: str = ""
    household: int = 0
    after: int = 0
    """How many to leave out: the pages before."""
    born: int = 0
    """Year of birth, 0: any."""


class PersonLine(Struct, frozen=True):
    """One line of a list."""

    id: int
    name: str
    birth_year: int | None
    village: str
    standing: Standing
    outcome: str = ""
    until: str = ""
    """Month ("2026-12") in which to come back."""
    household: int = 0
    relation: str = ""
    """To the head of the household."""


class Page(Struct, frozen=True):
    """A few lines of a list, the most urgent first, and how many there are in all."""

    lines: tuple[PersonLine, ...]
    total: int
    address: Mapping[str, str | None] = {}
    """Of the household that was asked for, as the value of an address; empty when unknown."""


class Comment(Struct, frozen=True):
    """What the officer wrote about one answer of a returned form."""

    question: str
    text: str


class PersonCard(Struct, frozen=True):
    """One person, opened."""

    line: PersonLine
    answers: Mapping[str, Value] = {}
    """Last year's record, or what a list said: to be confirmed, never counted."""
    year: str = ""
    """Year of that record."""
    members: tuple[PersonLine, ...] = ()
    """The others of the household."""
    address: Mapping[str, str | None] = {}
    """Of the household, as the value of an address; empty when unknown."""
    draft: int = 0
    """Submission that is being filled in, or was returned, in this chat."""
    busy_by: str = ""
    """Name of who else is filling it in."""
    receipt: str = ""
    mine: bool = False
    """Handed in by this account within the last 24 hours: may still be looked at and changed."""
    submission: int = 0
    """The one handed in, where `mine`."""
    comments: tuple[Comment, ...] = ()


class Progress(Struct, frozen=True):
    """How far this account is."""

    people: int
    """Of its area."""
    done: int
    """With a form."""
    outcomes: int
    """With a reason instead."""
    today: int
    """Forms handed in today."""
    mine: int
    """Forms it handed in itself, in all."""
    returned: int
    drafts: int
    target: int | None = None
    due: str = ""
    """Day ("2026-12-30")."""
