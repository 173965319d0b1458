"""The statements by which a turn finds people and changes them."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Dialect,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.commune_tables import (
    assignments,
    doubles,
    households,
    outcomes,
    people,
    returns,
)
from storage.database import is_one_of
from storage.tables import submissions
from storage.writes import Write, WriteOf, change, insertion


def _let_go() -> Write:
    """Nobody is filling in this person's form any more, if it was this submission and is it not.

    Looked up in the end: within a batch a form may have gone from one person to another and back.
    """
    still = exists().where(
        submissions.c.id == people.c.draft_id,
        submissions.c.person_id == people.c.id,
        submissions.c.status == literal_column("'draft'"),
    )
    draft = (people.c.id == bindparam("b_id"), people.c.draft_id == bindparam("b_draft"))
    clause = update(people).where(*draft, ~still).values(draft_id=null(), draft_by=null())
    return clause, ("b_id", "b_draft")


def _answered() -> Write:
    open_return = (returns.c.submission_id == bindparam("b_id"), returns.c.answered_at.is_(None))
    clause = update(returns).where(*open_return).values(answered_at=bindparam("b_at"))
    return clause, ("b_at", "b_id")


PERSON: Final = (
    *("id", "unit", "village", "household_id", "data_key", "document", "sex", "birth_year"),
    *("folded_name", "id_token", "person_token", "origin", "submission_id"),
    *("created_at", "updated_at"),
)
"""Columns of a person as a form leaves them, in the order of their values."""


def _person(dialect: Dialect) -> Write:
    """Somebody known and somebody new by the same statement: it does not tell which."""
    row = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(people)
    kept = {"id", "unit", "origin", "created_at"}
    newest: dict[str, Any] = {name: row.excluded[name] for name in PERSON if name not in kept}
    newest |= {"outcome": null(), "outcome_until": null()}
    for name in ("draft_id", "draft_by"):
        handed_in = people.c.draft_id == row.excluded.submission_id
        newest[name] = case((handed_in, null()), else_=people.c[name])
    return row.on_conflict_do_update(index_elements=["id"], set_=newest), PERSON


def _double(dialect: Dialect) -> Write:
    """Writes nothing where `b_real` is 0: a form causes the same statements, found or not."""
    kinds = {"id": BigInteger, "unit": Text, "first_id": BigInteger, "second_id": BigInteger}
    kinds |= {"why": Text, "found_at": BigInteger}
    values: Any = select(*(cast(bindparam(f"b_{n}"), kind) for n, kind in kinds.items()))
    found = values.where(cast(bindparam("b_real"), Integer) == literal_column("1"))
    row = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(doubles)
    undecided = and_(doubles.c.decided.is_(None), row.excluded.why == literal_column("'twice'"))
    clause = row.from_select(list(kinds), found).on_conflict_do_update(
        index_elements=["first_id", "second_id"], set_={"why": row.excluded.why}, where=undecided
    )
    return clause, (*(f"b_{name}" for name in kinds), "b_real")


PEOPLE_WRITES: Final[dict[str, Write | WriteOf]] = {
    "draft": change(people, "draft_id", "draft_by"),
    "no draft": _let_go(),
    "outcome": insertion(outcomes),
    "person outcome": change(people, "outcome", "outcome_until", "updated_at"),
    "answered": _answered(),
    "new household": insertion(
        households, "id", "unit", "village", "data_key", "document", "created_at"
    ),
    "person": _person,
    "double": _double,
    "assignment": insertion(
        assignments, "id", "unit", "account_id", "person_id", "created_at", "created_by"
    ),
}
"""Name -> statement and the order of its values, in the order they are written."""

CANDIDATE: Final = (
    *("id", "unit", "village", "household_id", "data_key", "document", "id_token", "person_token"),
    *("folded_name", "origin", "submission_id", "created_at", "merged_into"),
)


def candidates(dialect: Dialect) -> tuple[Select[Any], tuple[str, ...]]:
    """The people a form may be of, each with chat and form of the submission that counts."""
    counted = (submissions.c.chat_id, submissions.c.form, submissions.c.confirmed_at)
    found = select(*(people.c[name] for name in CANDIDATE), *counted).outerjoin(
        submissions, submissions.c.id == people.c.submission_id
    )
    by = {"ids": people.c.id, "numbers": people.c.id_token, "names": people.c.person_token}
    meant = or_(*(is_one_of(column, name, dialect) for name, column in by.items()))
    return found.where(meant), tuple(by)
