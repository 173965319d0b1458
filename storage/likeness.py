"""May two people of a list be one? Rules over what is known of both; nothing is read here.

A wrong pair costs an officer a minute, a missed one a person counted twice. So a name and a year
alone are no reason: a commune has several Nguyen Thi Hoa of 1985.
"""

from typing import Final, Literal

from msgspec import Struct

Why = Literal[
    "id", "id_slip", "name_birth", "name_year", "name_date", "name_household", "near_name"
]
"""Same number; one digit of it differs; same name and birth date; same name, of one only the year
is known; same name, birth date nearly; same name and household; nearly the same name."""

Alike = Literal["same", "near", "open", "different"]
"""`open`: of one of them it is not known."""

FULL_DATE: Final = 10
"""Characters of "1985-03-24"; less is a year, or a month."""
SEXED: Final = {"van", "thi"}
"""Middle words that tell men from women."""


class Face(Struct):
    """What is compared of one person. `born` and `number` are "" until they are unsealed."""

    id: int
    village: str | None
    household_id: int | None
    birth_year: int | None
    folded_name: str
    sex: str | None
    born: str = ""
    number: str = ""
    opened: bool = False


def judge(one: Face, other: Face) -> Why | None:
    """Return why these may be the same person; None when nothing says so."""
    number = numbers_alike(one.number, other.number)
    if number == "same":
        return "id"
    if number != "near" and one.sex and other.sex and one.sex != other.sex:
        return None
    name = names_alike(one.folded_name, other.folded_name)
    if name == "same":
        return _of_one_name(one, other, number)
    return _of_near_names(one, other, number) if name == "near" else None


def _of_one_name(one: Face, other: Face, number: Alike) -> Why | None:
    born = births_alike(one.born, other.born)
    if number == "near":
        return "id_slip"
    if number == "different":
        return "name_birth" if born == "same" and _neighbours(one, other) else None
    if born == "same":
        return "name_birth"
    if born == "open" and not _apart(one, other):
        return "name_year"
    if born == "near" and (_neighbours(one, other) or _crossed_in_no_village(one, other)):
        return "name_date"
    return "name_household" if _one_home(one, other) else None


def _of_near_names(one: Face, other: Face, number: Alike) -> Why | None:
    born = births_alike(one.born, other.born)
    if number == "different" or born == "different":
        return None
    if number == "near":  # of twins too, but these are called differently
        return "id_slip" if _given_name(one) == _given_name(other) else None
    enough = _neighbours(one, other) if born == "same" else _one_home(one, other)
    return "near_name" if enough else None


def _given_name(face: Face) -> str:
    return face.folded_name.rpartition(" ")[2]


def _one_home(one: Face, other: Face) -> bool:
    return one.household_id is not None and one.household_id == other.household_id


def _neighbours(one: Face, other: Face) -> bool:
    """Say whether they are known to live in one household or one village."""
    return _one_home(one, other) or (one.village is not None and one.village == other.village)


def _crossed_in_no_village(one: Face, other: Face) -> bool:
    """Say whether day and month changed places, of people whose villages may be the same.

    One digit is too little there: of a whole commune too many are called and born like that.
    """
    return not _apart(one, other) and other.born == crossed(one.born)


def _apart(one: Face, other: Face) -> bool:
    """Say whether they are known to live in two villages."""
    return None not in {one.village, other.village} and one.village != other.village


def numbers_alike(one: str, other: str) -> Alike:
    """Compare identity numbers. An old one of nine digits says nothing about one of twelve."""
    if not one or not other or len(one) != len(other):
        return "open"
    if one == other:
        return "same"
    return "near" if slip(one, other) else "different"


def births_alike(one: str, other: str) -> Alike:
    """Compare birth dates. Near: one digit differs, or day and month stand in the wrong order."""
    if len(one) < FULL_DATE or len(other) < FULL_DATE:
        return "open" if one.startswith(other) or other.startswith(one) else "different"
    if one == other:
        return "same"
    return "near" if other == crossed(one) or slip(one, other) else "different"


def crossed(born: str) -> str:
    """Return a date with day and month in the wrong order."""
    return f"{born[:4]}-{born[8:]}-{born[5:7]}"


def names_alike(one: str, other: str) -> Alike:
    """Compare folded names word by word."""
    if one == other:
        return "same"
    if one.replace(" ", "") == other.replace(" ", ""):
        return "near"
    words, others = sorted((one.split(), other.split()), key=len)
    if len(words) < 2 or len(others) - len(words) > 1:  # one word is anybody's
        return "different"
    near = _one_differs(words, others) if len(words) == len(others) else _one_more(words, others)
    return "near" if near else "different"


def _one_more(words: list[str], others: list[str]) -> bool:
    """Say whether leaving out one word between the first and the last makes them the same."""
    return any(others[:at] + others[at + 1 :] == words for at in range(1, len(others) - 1))


def _one_differs(words: list[str], others: list[str]) -> bool:
    differing = [at for at, word in enumerate(words) if word != others[at]]
    if len(differing) != 1:
        return False
    (at,) = differing
    word, other = words[at], others[at]
    if 0 < at < len(words) - 1:  # people change and forget these
        return {word, other} != SEXED
    return slip(word, other)


def slip(one: str, other: str) -> bool:
    """Say whether one key was missed: a sign wrong, missing, too many, or two changed places."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    shorter, longer = sorted((one, other), key=len)
    at = next((i for i, sign in enumerate(shorter) if sign != longer[i]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    if shorter[at + 1 :] == longer[at + 1 :]:
        return True
    crossed = longer[at : at + 2][::-1]
    return shorter[at : at + 2] == crossed and shorter[at + 2 :] == longer[at + 2 :]
