"""Lists of people for the office: who lives where and how far each is; who has no number, and why.

Read a few hundred at a time, in the order of a walk from door to door. Numbers are shortened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, func, select

from bot.dialogs import record
from bot.dialogs.readers.reading import Value
from storage.access import OnlyCounts, Viewer, grant
from storage.area import SEE, area
from storage.commune_tables import people
from storage.lines import LISTED, MISSING, Drafts, Known, known_people
from storage.sealed import Keys, place, unseal_document
from storage.tables import submissions

CHUNK: Final = 500
NUMBER: Final = "q04_so_cccd"
Which = Literal["all", "missing", "done", "outcomes"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of a list. `number` is masked."""

    id: int
    household: int
    name: str
    born: str
    number: str
    village: str
    standing: str
    outcome: str
    until: str
    sex: str = ""
    address: str = ""
    reason: str = ""
    """Why there is no number: a code of the form, "" when nobody has asked yet."""


def listed(
    connection: Connection, keys: Keys, viewer: Viewer, *, which: Which = "all", village: str = ""
) -> Iterator[Listed]:
    """Yield the people this viewer may see, by village, household, name. Raises Denied."""
    done = people.c.submission_id.is_not(None)
    wanted: dict[Which, list[ColumnElement[bool]]] = {
        "all": [],
        "missing": [MISSING],
        "done": [done],
        "outcomes": [~done, ~MISSING],
    }
    conditions = wanted[which]
    if village:
        conditions.append(people.c.village == village)
    for known in _opened(connection, keys, viewer, *conditions):
        yield _listed(known)


def without_number(
    connection: Connection, keys: Keys, viewer: Viewer, *, village: str = ""
) -> Iterator[Listed]:
    """Yield who has no identity number, with the reason given in the form that counts, if any.

    For the police, who issue numbers. Raises Denied.
    """
    conditions: list[ColumnElement[bool]] = [people.c.id_token.is_(None)]
    if village:
        conditions.append(people.c.village == village)
    for known in _opened(connection, keys, viewer, *conditions):
        yield _listed(known, _reason(connection, keys, known))


def _opened(
    connection: Connection, keys: Keys, viewer: Viewer, *conditions: ColumnElement[bool]
) -> Iterator[Known]:
    if grant(viewer, SEE).form == "aggregate":
        raise OnlyCounts(SEE)
    mine = and_(area(connection, viewer), LISTED, *conditions)
    village, home = func.coalesce(people.c.village, ""), func.coalesce(people.c.household_id, 0)
    order = (village, home, people.c.folded_name, people.c.id)
    ids = list(connection.scalars(select(people.c.id).where(mine).order_by(*order)))
    nobodys = Drafts(viewer.account)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = known_people(connection, keys, nobodys, people.c.id.in_(chunk))
        by_id = {known.line.id: known for known in found}
        yield from (by_id[one] for one in chunk if one in by_id)


def _listed(known: Known, reason: str = "") -> Listed:
    line, answers = known.line, known.document.answers
    number = answers.get(NUMBER)
    return Listed(
        id=line.id,
        household=line.household,
        name=line.name,
        born=_text(answers.get("q02_ngay_sinh")),
        number=record.mask(number) if isinstance(number, str) else "",
        village=line.village,
        standing=line.standing,
        outcome=line.outcome,
        until=line.until,
        sex=_text(answers.get("q03_gioi_tinh")),
        address=_text(answers.get("q07_noi_o")) or _text(answers.get("q06_thuong_tru")),
        reason=reason,
    )


def _text(value: Value) -> str:
    if isinstance(value, dict):
        return value.get("text") or ""
    return value if isinstance(value, str) else ""


def _reason(connection: Connection, keys: Keys, known: Known) -> str:
    """Return why the form that counts has no number."""
    form: Any = connection.execute(
        select(submissions.c.id, submissions.c.data_key, submissions.c.record).where(
            submissions.c.id == known.row.submission_id
        )
    ).one_or_none()
    if form is None or form.data_key is None or form.record is None:
        return ""
    key = keys.data_key(form.id, form.data_key)
    kept = unseal_document(key, form.record, place("submissions", "record", form.id))
    return str(kept.get("answers", {}).get(NUMBER, {}).get("reason") or "")
