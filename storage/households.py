"""Which households of a list are there already: by the office's number, else by who is in them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from storage.commune_tables import households
from storage.database import bound_list, is_one_of
from storage.lists import Household, Prepared, Row
from storage.presence import Found

ENOUGH: Final = 2
"""Signs that make two households one: an identity number is both, a name with its birth date one,
and so is the place in a list where both begin."""


@dataclass(slots=True)
class Homes:
    """The households of one list, by their words in it."""

    list: Mapping[str, Household]
    there: dict[str, int] = field(default_factory=dict)
    """Word -> row of a household that is in the database."""
    recognised: dict[str, int] = field(default_factory=dict)
    """Word -> household where its people were found, though it may have another number now."""
    _likely: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Word -> households that began at the same place of a list before."""

    def of(self, row: Row) -> int | None:
        """Return the household where a row is looked for, also one that is not written yet."""
        word = row.household
        if not word:
            return None
        return self.there.get(word) or self.recognised.get(word) or self.list[word].id

    def recognise(self, found: Found, rows: Iterable[Row]) -> None:
        """Find the households of these rows by the people who are known of them.

        One that has a number of the office which nobody knew is made all the same.
        """
        signs: dict[str, dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        for row in rows:
            if row.household and row.household not in self.there:
                for home, sign, weight in _signs(found, row):
                    signs[row.household][home][sign] = weight
        for word, homes in signs.items():
            weights = {home: self._weight(word, home, seen) for home, seen in homes.items()}
            best = max(weights, key=lambda home: (weights[home], -home))
            if weights[best] >= ENOUGH:
                self.recognised[word] = best
                if not self.list[word].numbered:
                    self.there[word] = best

    def _weight(self, word: str, home: int, seen: Mapping[str, int]) -> int:
        return sum(seen.values()) + (home in self._likely[word])

    def note(self, word: str, id: int) -> None:
        """Take a household that has the same token as one of the list."""
        if self.list[word].numbered:
            self.there[word] = id
        else:
            self._likely[word].add(id)


def _signs(found: Found, row: Row) -> Iterator[tuple[int, str, int]]:
    """Yield household, sign and its weight for everybody who may be this row."""
    for known in found.same_number(row):
        if known.household_id is not None:
            yield known.household_id, known.id_token or "", ENOUGH
    for known in found.same_person(row):
        if known.household_id is not None and not (known.id_token and row.id_token):
            yield known.household_id, known.person_token or "", 1


def homes_of(connection: Connection, prepared: Prepared) -> Homes:
    """Return the households of a list, with those of the unit that have the same token."""
    homes, words = Homes(prepared.households), defaultdict[str, list[str]](list)
    for word, household in prepared.households.items():
        if household.code_token:
            words[household.code_token].append(word)
    query = select(households.c.code_token, households.c.id, households.c.unit)
    query = query.where(is_one_of(households.c.code_token, "tokens", connection.dialect))
    bound: Sequence[str] = sorted(words)
    tokens = {"tokens": bound_list(bound, connection.dialect)}
    for token, id, unit in connection.execute(query, tokens):
        if unit == prepared.unit:
            for word in words[token]:
                homes.note(word, id)
    return homes
