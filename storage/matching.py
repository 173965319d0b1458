"""Is this form that person's? Rules over values; nothing is read or written here."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

Why = Literal["id", "name_birth", "twice"]
"""Why two may be one person: the same number, the same name and birth date, two forms."""
Verdict = Literal["same", "id", "name_birth"]


class Form(Struct, frozen=True):
    """What a form says about its person."""

    submission_id: int
    chat_id: int
    form: str
    id_token: str | None
    person_token: str | None
    """Of name and birth date; None unless both are known."""
    folded_name: str | None
    born: str
    village: str | None = None
    household_id: int | None = None
    year: int = 0
    """In which it is handed in."""
    given: int | None = None
    """The person that whoever fills it in has chosen from the list."""


class Known(Struct):
    """One person, as far as a form is compared with them; changed when a form settles."""

    id: int
    unit: str
    household_id: int | None
    id_token: str | None
    person_token: str | None
    folded_name: str | None
    born: str
    counted: int | None = None
    """The submission that counts."""
    counted_chat: int | None = None
    counted_form: str | None = None
    counted_year: int = 0


def verdict(form: Form, known: Known) -> Verdict | None:
    """Return whether this is the form's person, or why it might be; None: somebody else."""
    if form.id_token and form.id_token == known.id_token:
        named = form.folded_name is not None and form.folded_name == known.folded_name
        return "same" if named or _same_day(form.born, known.born) else "id"
    if form.person_token is None or form.person_token != known.person_token:
        return None
    numbers = form.id_token and known.id_token
    home = form.household_id is not None and form.household_id == known.household_id
    return "same" if home and not numbers else "name_birth"


def _same_day(one: str, other: str) -> bool:
    """True when two birth dates agree as far as both are known: lists often have the year only."""
    shorter, longer = sorted((one, other), key=len)
    return bool(shorter) and longer.startswith(shorter)


def is_free(form: Form, known: Known) -> bool:
    """True when no other form counts for this person, or one that this one takes the place of:
    of another version, of an earlier year, or from the same chat."""
    if known.counted is None or known.counted == form.submission_id:
        return True
    if known.counted_form != form.form or known.counted_year < form.year:
        return True
    return known.counted_chat == form.chat_id


def choose(form: Form, people: Iterable[Known]) -> Known | None:
    """Return the person a form is of; None: somebody new."""
    ordered = sorted(people, key=lambda known: known.id)
    if form.given is not None:
        chosen = [known for known in ordered if known.id == form.given]
    else:
        chosen = [known for known in ordered if verdict(form, known) == "same"]
        # A number says more than a household.
        chosen.sort(key=lambda known: known.id_token != form.id_token)
    return next((known for known in chosen if is_free(form, known)), None)


def doubles_of(form: Form, person: int, people: Iterable[Known]) -> Sequence[tuple[int, Why]]:
    """Return everybody else who may be the same person as the one the form settled with."""
    found: list[tuple[int, Why]] = []
    for known in people:
        judged = verdict(form, known)
        if known.id == person or (judged is None and known.id != form.given):
            continue
        if judged in {"same", None} and not is_free(form, known):
            found.append((known.id, "twice"))
        elif judged is not None:
            by_number = form.id_token is not None and form.id_token == known.id_token
            found.append((known.id, "id" if by_number else "name_birth"))
    return found
