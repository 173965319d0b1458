"""Who is worth comparing in a unit: people in blocks, streamed in the order of an index.

Nothing is sorted and little is kept: one block at a time, or one village of clear columns.
Sealed values are opened only for people who share a name and a year, or nearly.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Final

from msgspec import Struct, json
from sqlalchemy import Connection, Row, Select, select

from storage.commune_tables import people
from storage.database import bound_list, is_one_of
from storage.likeness import Face, names_alike
from storage.sealed import Keys, place, unseal

WINDOW: Final = 200
"""In a longer block everybody is compared with so many that follow: no list makes us compare
everybody with everybody."""
CHUNK: Final = 1000

Pair = tuple[Face, Face]

_CLEAR: Final = ("id", "village", "household_id", "birth_year", "folded_name", "sex")


class _Answers(Struct, frozen=True, rename={"born": "q02_ngay_sinh", "number": "q04_so_cccd"}):
    born: str | None = None
    number: str | None = None


class _Document(Struct, frozen=True):
    """Of a person's document only what is compared."""

    answers: _Answers = _Answers()


_DOCUMENTS: Final = json.Decoder(_Document)


def same_number(connection: Connection, unit: str, most: int) -> list[tuple[int, int]]:
    """Return people with one identity number, at most so many pairs."""
    one, other = people.alias("one"), people.alias("other")
    # Of `other` the token alone is looked up: by unit SQLite would read all of it for each.
    query = (
        select(one.c.id, other.c.id)
        .join(other, (other.c.id_token == one.c.id_token) & (other.c.id > one.c.id))
        .where(one.c.unit == unit, one.c.merged_into.is_(None))
        .where(other.c.merged_into.is_(None), other.c.unit.concat("") == unit)
    )
    return [(row[0], row[1]) for row in connection.execute(query.limit(most))]


def same_name(connection: Connection, keys: Keys, unit: str) -> Iterator[Pair]:
    """Yield people with one name and one year of birth, unsealed."""
    names = (*_CLEAR, "data_key", "document")
    query = _living(unit, names).where(people.c.birth_year.is_not(None))
    query = query.order_by(people.c.folded_name, people.c.birth_year)
    rows = connection.execute(query.execution_options(yield_per=CHUNK))
    for _, block in groupby(rows, attrgetter("folded_name", "birth_year")):
        members = list(block)
        if len(members) > 1:
            yield from within_window([_opened(keys, row) for row in members])


def near_name(connection: Connection, keys: Keys, unit: str) -> Iterator[Pair]:
    """Yield people of one village with nearly one name, and of one home with one name, unsealed."""
    query = _living(unit, _CLEAR).order_by(people.c.village)
    rows = connection.execute(query.execution_options(yield_per=CHUNK))
    waiting = list[Pair]()
    for _, village in groupby(rows, attrgetter("village")):
        waiting += _near_in_village([Face(*row) for row in village])
        if len(waiting) >= CHUNK:
            yield from _open_all(connection, keys, waiting)
            waiting = []
    yield from _open_all(connection, keys, waiting)


def _living(unit: str, names: Sequence[str]) -> Select[Any]:
    here = (people.c.unit == unit, people.c.merged_into.is_(None))
    return select(*(people.c[name] for name in names)).where(*here, people.c.folded_name != "")


def _near_in_village(faces: Sequence[Face]) -> Iterator[Pair]:
    """Yield each pair once whose names are near, or the same in one home but for the year."""
    for block in _blocks(faces, _year_and_given_name):
        yield from (pair for pair in within_window(block) if _differ_a_little(*pair))
    for block in _blocks(faces, attrgetter("household_id")):
        for one, other in within_window(block):
            together = _year_and_given_name(one) == _year_and_given_name(other)
            if _near_at_home(one, other) and not (together and one.village is not None):
                yield one, other


def _year_and_given_name(face: Face) -> tuple[int, str] | None:
    """Return the block of a person in their village; None without a village or a year."""
    if face.village is None or face.birth_year is None:
        return None
    return face.birth_year, face.folded_name.rpartition(" ")[2]


def _differ_a_little(one: Face, other: Face) -> bool:
    return names_alike(one.folded_name, other.folded_name) == "near"


def _near_at_home(one: Face, other: Face) -> bool:
    if one.folded_name == other.folded_name:
        return one.birth_year != other.birth_year or one.birth_year is None
    return _differ_a_little(one, other)


def _blocks(faces: Iterable[Face], key: Callable[[Face], Any]) -> Iterator[list[Face]]:
    blocks: defaultdict[Any, list[Face]] = defaultdict(list)
    for face in faces:
        blocks[key(face)].append(face)
    blocks.pop(None, None)
    return (block for block in blocks.values() if len(block) > 1)


def within_window(block: Sequence[Face]) -> Iterator[Pair]:
    """Yield everybody with everybody who follows, in a long block with the next few hundred."""
    for at, one in enumerate(block):
        for other in islice(block, at + 1, at + 1 + WINDOW):
            yield one, other


def _opened(keys: Keys, row: Row[Any]) -> Face:
    face = Face(*row[: len(_CLEAR)])
    _open(keys, face, row.data_key, row.document)
    return face


def _open(keys: Keys, face: Face, data_key: bytes | None, document: bytes | None) -> None:
    face.opened = True
    if data_key is not None and document is not None:
        plain = unseal(
            keys.data_key(face.id, data_key), document, place("people", "document", face.id)
        )
        answers = _DOCUMENTS.decode(plain).answers
        face.born, face.number = answers.born or "", answers.number or ""


def _open_all(connection: Connection, keys: Keys, pairs: Sequence[Pair]) -> Sequence[Pair]:
    """Unseal everybody in these pairs and return them."""
    faces = {face.id: face for pair in pairs for face in pair if not face.opened}
    ids, dialect = sorted(faces), connection.dialect
    query = select(people.c.id, people.c.data_key, people.c.document)
    query = query.where(is_one_of(people.c.id, "ids", dialect))
    for start in range(0, len(ids), CHUNK):
        bound = {"ids": bound_list(ids[start : start + CHUNK], dialect)}
        for id, data_key, document in connection.execute(query, bound):
            _open(keys, faces[id], data_key, document)
    return pairs
