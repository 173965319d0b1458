"""A person as one line of a list: which rows are listed, where each stands, its name unsealed."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Row, and_, exists, not_, or_, select

from bot.dialogs.people import REVISITED, PersonLine, Standing
from storage.commune_tables import people
from storage.ids import new_id
from storage.people import PersonDocument, person_document
from storage.sealed import Keys
from storage.tables import submissions

LISTED: Final = and_(people.c.merged_into.is_(None), people.c.folded_name.is_not(None))
"""Neither merged into somebody nor erased."""
_UNSETTLED: Final = or_(people.c.outcome.is_(None), people.c.outcome.in_(sorted(REVISITED)))
"""Without a reason for which nobody goes there again."""

_PERSON: Final = (
    *("id", "unit", "village", "household_id", "data_key", "document", "birth_year"),
    *("submission_id", "outcome", "outcome_until", "draft_id", "draft_by"),
)


def counted(year: int) -> ColumnElement[bool]:
    """Return the condition for people with a form of the year that began at `year`.

    Those with one of an earlier year are asked again. A form begun since is of this year by its
    number alone, which an index has; only older ones are looked up.
    """
    since = submissions.c.confirmed_at >= year
    sent = exists().where(submissions.c.id == people.c.submission_id, since)
    begun = people.c.submission_id >= new_id(year, 0)
    return and_(people.c.submission_id.is_not(None), or_(begun, sent))


def missing(year: int) -> ColumnElement[bool]:
    """Return the condition for people without such a form or a reason that settles it."""
    return and_(not_(counted(year)), _UNSETTLED)


class Known(Struct, frozen=True):
    """One person: as a line, what is sealed of them, and the row with the form that counts."""

    line: PersonLine
    document: PersonDocument
    row: Row[Any]


class Drafts(Struct, frozen=True):
    """Whose drafts are "mine", the year that is asked for, what this very batch took up."""

    account: int | None
    year: int
    """When it began."""
    taken: Mapping[int, tuple[int, int]] = {}
    """Person -> submission, account."""

    def of(self, row: Row[Any]) -> tuple[int | None, int | None]:
        """Return the submission a person is being asked for, and the account that asks."""
        return self.taken.get(row.id, (row.draft_id, row.draft_by))

    def counted(self, row: Row[Any]) -> bool:
        """Tell what `counted` asks the database of a row that was read."""
        return row.confirmed_at is not None and row.confirmed_at >= self.year

    def standing(self, row: Row[Any]) -> Standing:
        submission, by = self.of(row)
        if submission is not None and by == self.account:
            return "draft"
        if row.submission_id is not None and row.status == "returned":
            return "returned"
        if self.counted(row):
            return "done"
        if submission is not None:
            return "busy"
        return "outcome" if row.outcome else "missing"


def known_people(
    connection: Connection, keys: Keys, drafts: Drafts, *conditions: ColumnElement[bool]
) -> list[Known]:
    """Return the people who fulfil the conditions, opened, in no order."""
    form, draft = submissions.alias("form"), submissions.alias("draft")
    found = (
        select(
            *(people.c[name] for name in _PERSON),
            *(form.c[name] for name in ("status", "enumerator", "confirmed_at")),
            *(form.c[name] for name in ("handed_in_at", "receipt")),
            form.c.data_key.label("form_key"),
            form.c.chat_id.label("form_chat"),
            draft.c.chat_id.label("draft_chat"),
        )
        .outerjoin(form, form.c.id == people.c.submission_id)
        .outerjoin(draft, draft.c.id == people.c.draft_id)
        .where(*conditions)
    )
    return [_known(keys, drafts, row) for row in connection.execute(found)]


def _known(keys: Keys, drafts: Drafts, row: Any) -> Known:
    document = person_document(keys, row) or PersonDocument()
    name = document.answers.get("q01_ho_ten")
    line = PersonLine(
        id=row.id,
        name=name if isinstance(name, str) else "",
        birth_year=row.birth_year,
        village=row.village or "",
        standing=drafts.standing(row),
        outcome=row.outcome or "",
        until=row.outcome_until or "",
        household=row.household_id or 0,
        relation=document.relation_to_head,
    )
    return Known(line, document, row)
