"""A list of people made ready to be written: every row sealed before the transaction begins.

The people who write meanwhile wait for the writing only, not for a file to be read.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, field, msgpack

from storage.desk import Context
from storage.ids import milliseconds
from storage.people import (
    HouseholdDocument,
    PersonDocument,
    found_by,
    household_token,
    mark_tokens,
    sealed_household,
    sealed_person,
)

CHUNK: Final = 1000
"""Rows sealed, matched and written at a time."""


class Listed(Struct, frozen=True):
    """One row of a list that was read and found good."""

    document: PersonDocument
    village: str | None = None
    household: str = ""
    """Rows of one list with the same word live together; "" is not known. Where they began in a
    list without numbers; it is the same word when the same list comes again."""
    number: str = ""
    """Of the household, as the office gave it; households of two lists are matched by it."""
    address: dict[str, str | None] = {}
    warned: bool = False


class Row(Struct, frozen=True, array_like=True):
    """A person as they will be written. Nothing in it is readable that is not a clear column."""

    id: int
    household: str
    village: str | None
    data_key: bytes
    document: bytes
    sex: str | None
    birth_year: int | None
    folded_name: str | None
    id_token: str | None
    person_token: str | None
    year: str
    marks: tuple[str, ...]


class Household(Struct, frozen=True):
    """A household as it will be written, unless it is there already."""

    id: int
    village: str | None
    code_token: str | None
    """Of the office's number, else of the word in the list."""
    data_key: bytes
    document: bytes
    numbered: bool
    """By the office. Else it is one of the same token only where its people are known too."""


_ROWS: Final = msgpack.Decoder(list[Row])


class Prepared(Struct):
    """A whole list: packed, about a kilobyte a person."""

    unit: str
    count: int = 0
    warned: int = 0
    households: dict[str, Household] = field(default_factory=dict)
    _chunks: list[bytes] = field(default_factory=list)

    def add(self, rows: list[Row]) -> None:
        self._chunks.append(msgpack.encode(rows))
        self.count += len(rows)

    def chunks(self) -> Iterator[list[Row]]:
        """Yield the rows in their order, a thousand at a time."""
        return map(_ROWS.decode, self._chunks)


def prepare(context: Context, unit: str, rows: Iterable[Listed]) -> Prepared:
    """Return the list sealed: each person and each household under a key of its own."""
    prepared, waiting = Prepared(unit), list[Row]()
    at = milliseconds(context.now())
    for listed in rows:
        _settle_household(context, at, prepared, listed)
        waiting.append(_row(context, at, listed))
        prepared.warned += listed.warned
        if len(waiting) == CHUNK:
            prepared.add(waiting)
            waiting = []
    prepared.add(waiting)
    return prepared


def _settle_household(context: Context, at: int, prepared: Prepared, listed: Listed) -> None:
    """Make the household of a row, when it is the first of it."""
    if not listed.household or listed.household in prepared.households:
        return
    id = context.ids.next(at)
    code = listed.number or listed.household
    token = household_token(context.keys, prepared.unit, listed.village, code)
    document = HouseholdDocument(listed.address, listed.number)
    sealed = sealed_household(context.keys, context.random, id, document)
    home = Household(id, listed.village, token, **sealed, numbered=bool(listed.number))
    prepared.households[listed.household] = home


def _row(context: Context, at: int, listed: Listed) -> Row:
    keys, document = context.keys, listed.document
    id = context.ids.next(at)
    return Row(
        id=id,
        household=listed.household,
        village=listed.village,
        year=document.year,
        marks=tuple(mark_tokens(keys, document)),
        **sealed_person(keys, context.random, id, document),
        **found_by(keys, document),
    )
