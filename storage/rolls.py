"""Lists of people for the office: who lives where and how far each is; who has no number, and why.

Read a few hundred at a time, in the order of a walk from door to door. Numbers are shortened.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, func, select

from bot.dialogs import record
from bot.dialogs.readers.reading import Value
from storage.access import OnlyCounts, Viewer, grant
from storage.area import SEE, area
from storage.cards import is_fresh
from storage.commune_tables import people
from storage.ids import milliseconds, year_begun
from storage.lines import LISTED, Drafts, Known, counted, known_people, missing
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


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a list, and when: what is done is done in this year."""

    viewer: Viewer
    keys: Keys
    now: datetime

    @property
    def year(self) -> int:
        return year_begun(milliseconds(self.now))


def listed(
    connection: Connection, asking: Asking, *, which: Which = "all", village: str = ""
) -> Iterator[Listed]:
    """Yield the people this viewer may see, by village, household, name. Raises Denied."""
    done, missed = counted(asking.year), missing(asking.year)
    wanted: dict[Which, list[ColumnElement[bool]]] = {
        "all": [],
        "missing": [missed],
        "done": [done],
        "outcomes": [~done, ~missed],
    }
    conditions = wanted[which]
    if village:
        conditions.append(people.c.village == village)
    for known in _opened(connection, asking, *conditions):
        yield _listed(asking, known)


def without_number(
    connection: Connection, asking: Asking, *, village: str = ""
) -> Iterator[Listed]:
    """Yield who has no identity number, with the reason given in the form that counts, if any.

    For the police, who issue numbers. Raises Denied.
    """
    conditions: list[ColumnElement[bool]] = [people.c.id_token.is_(None)]
    if village:
        conditions.append(people.c.village == village)
    for known in _opened(connection, asking, *conditions):
        mine = _answers(asking, known) is known.document.answers
        yield _listed(asking, known, _reason(connection, asking.keys, known) if mine else "")


def _opened(
    connection: Connection, asking: Asking, *conditions: ColumnElement[bool]
) -> Iterator[Known]:
    viewer = asking.viewer
    if grant(viewer, SEE).form == "aggregate":
        raise OnlyCounts(SEE)
    mine = and_(area(connection, viewer), LISTED, *conditions)
    village, home = func.coalesce(people.c.village, ""), func.coalesce(people.c.household_id, 0)
    order = (village, home, people.c.folded_name, people.c.id)
    ids = list(connection.scalars(select(people.c.id).where(mine).order_by(*order)))
    drafts = Drafts(viewer.account, asking.year)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = known_people(connection, asking.keys, drafts, people.c.id.in_(chunk))
        by_id = {known.line.id: known for known in found}
        yield from (by_id[one] for one in chunk if one in by_id)


def _answers(asking: Asking, known: Known) -> Mapping[str, Value]:
    """Return what this viewer may read of somebody: who visits, nothing of others' forms."""
    document, row = known.document, known.row
    visits = grant(asking.viewer, SEE).scope == "assigned"
    if not visits or row.submission_id is None or is_fresh(asking.viewer, row, asking.now):
        return document.answers
    return document.before.answers if document.before else {}


def _listed(asking: Asking, known: Known, reason: str = "") -> Listed:
    line, answers = known.line, _answers(asking, known)
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
