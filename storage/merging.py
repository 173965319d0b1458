"""Two rows that are one person made one: a human said so. Nothing is thrown away.

What was the other's goes to the one who stays; the other's row stays as it was and points there.
Where both have a form that counts, the officer says which; the other form gets an event that says
so. `unmerging` takes all of it back.
"""

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from storage.access import Viewer, within
from storage.batches import write_document
from storage.commune_tables import doubles, people
from storage.database import lock_chats
from storage.desk import Context
from storage.ids import milliseconds
from storage.managing import ACTION, may_manage
from storage.merges import (
    BEGINNING,
    FOLLOWING,
    Before,
    Merge,
    Pair,
    columns_of,
    locked_people,
    rows_of,
    write_merge,
)
from storage.people import PersonDocument, person_document, resealed_person
from storage.restating import Cause, chat_tokens, look_for_duplicate, restate
from storage.statements import NO_LONGER_LIVE
from storage.tables import submissions


class MergeRefused(Exception):
    """These cannot be merged, or not be taken apart. `code` names the sentence, `facts` fill it."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did."""

    merge_id: int
    superseded: int | None
    """The form that no longer counts."""


@dataclass(frozen=True, slots=True)
class Two:
    """Who stays and who goes, and which form counts (None: there is at most one)."""

    kept: int
    gone: int
    counts: int | None = None


def lock_both(connection: Connection, context: Context, unit: str, ids: tuple[int, int]) -> Any:
    """Hold the unit, the chats of all forms of two people, and both; return the two rows.

    Chats come before people, as in a turn: nobody waits for each other.
    """
    mine = select(submissions.c.id).where(submissions.c.person_id.in_(ids))
    tokens = chat_tokens(connection, connection.scalars(mine))
    lock_chats(connection, [context.keys.token("unit", unit), *tokens])
    found = locked_people(connection, ids)
    return found[ids[0]], found[ids[1]]


def merge(connection: Connection, context: Context, viewer: Viewer, two: Two) -> Merged:
    """Make two people one. The caller commits. Raises MergeRefused or Denied."""
    unit = _unit(connection, viewer, two)
    kept, gone = lock_both(connection, context, unit, (two.kept, two.gone))
    winner, loser = _forms(connection, kept, gone, two.counts)
    at = milliseconds(context.now())
    merge_id = context.ids.next(at)
    moved, before = rows_of(connection, gone.id), columns_of(kept)
    sealed = _write_kept(connection, context, kept, gone, winner, at)
    for name, table in FOLLOWING.items():
        theirs = update(table).where(table.c.id.in_(moved[name]))
        connection.execute(theirs.values(person_id=kept.id))
    connection.execute(update(people).where(people.c.id == gone.id).values(merged_into=kept.id))
    superseded = _supersede(connection, context, viewer, loser, merge_id, at)
    marked = look_for_duplicate(connection, winner) if winner and superseded else None
    pair = _decide(connection, viewer, kept.id, gone.id, at)
    after = columns_of(locked_people(connection, [kept.id])[kept.id])
    start = sealed[:BEGINNING]
    remembered = Before(before, kept.document, after, start, moved, superseded, marked, pair)
    row = Merge(merge_id, unit, kept.id, gone.id, at, None, b"")
    write_merge(connection, context, row, remembered, viewer.by)
    return Merged(merge_id, loser)


def _unit(connection: Connection, viewer: Viewer, two: Two) -> str:
    """Return the unit of both. Raises MergeRefused when this viewer cannot merge them."""
    ids = (two.kept, two.gone)
    query = select(people.c.unit, people.c.merged_into, people.c.data_key)
    found = connection.execute(
        query.where(people.c.id.in_(ids), within(viewer, ACTION, people))
    ).all()
    if two.kept == two.gone:
        raise MergeRefused("one_person")
    if len(found) < 2:
        raise MergeRefused("unknown")
    if any(row.merged_into is not None for row in found):
        raise MergeRefused("merged_before")
    if any(row.data_key is None for row in found):
        raise MergeRefused("erased")
    if found[0].unit != found[1].unit:
        raise MergeRefused("two_units")
    may_manage(connection, viewer, found[0].unit)
    return str(found[0].unit)


def _forms(
    connection: Connection, kept: Any, gone: Any, counts: int | None
) -> tuple[int | None, int | None]:
    """Return the form that will count and the one that will not. Raises MergeRefused."""
    if kept.merged_into is not None or gone.merged_into is not None:
        raise MergeRefused("merged_before")
    if kept.draft_id and gone.draft_id:
        raise MergeRefused("both_being_filled")
    forms = [row.submission_id for row in (kept, gone) if row.submission_id is not None]
    receipts = _receipts(connection, forms)
    if counts is not None and counts not in forms:
        raise MergeRefused("which_counts", receipts=", ".join(receipts.values()))
    if len(forms) < 2:
        return (forms[0] if forms else None), None
    if counts is None:
        raise MergeRefused("which_counts", receipts=", ".join(receipts.values()))
    (loser,) = (form for form in forms if form != counts)
    return counts, loser


def _receipts(connection: Connection, forms: list[int]) -> dict[int, str]:
    query = select(submissions.c.id, submissions.c.receipt).where(submissions.c.id.in_(forms))
    return {row.id: row.receipt or "" for row in connection.execute(query)}


def _write_kept(
    connection: Connection, context: Context, kept: Any, gone: Any, winner: int | None, at: int
) -> bytes:
    """Let the one who stays have what both had; return their document as it is sealed now."""
    mine, theirs = person_document(context.keys, kept), person_document(context.keys, gone)
    assert mine is not None and theirs is not None  # noqa: S101 - both have their keys
    document = joined(_Half(kept, mine), _Half(gone, theirs), winner)
    key = context.keys.data_key(kept.id, kept.data_key)
    sealed = resealed_person(key, context.random, kept.id, document)
    write_document(connection, context, kept.id, document, sealed, at)
    draft = kept if kept.draft_id else gone
    outcome = kept if kept.outcome or winner else gone
    values = {
        "village": kept.village or gone.village,
        "household_id": kept.household_id or gone.household_id,
        "submission_id": winner,
        "draft_id": draft.draft_id,
        "draft_by": draft.draft_by,
        "outcome": outcome.outcome,
        "outcome_until": outcome.outcome_until,
    }
    connection.execute(update(people).where(people.c.id == kept.id).values(values))
    return sealed


@dataclass(frozen=True, slots=True)
class _Half:
    row: Any
    document: PersonDocument

    @property
    def listed(self) -> PersonDocument | None:
        """What a list said of them; None of somebody known from a form alone."""
        by_list = self.row.origin == "import" and self.row.submission_id is None
        return self.document if by_list else self.document.before


def joined(kept: _Half, gone: _Half, winner: int | None) -> PersonDocument:
    """Return the document of the form that counts, behind it what lists said; else the lists.

    What a form said that does not count is not carried over: it is in that form's history.
    """
    listed = _filled(kept.listed, gone.listed)
    flags = tuple(dict.fromkeys((*kept.document.flags, *gone.document.flags)))
    relation = kept.document.relation_to_head or gone.document.relation_to_head
    if winner is None and listed is not None:
        return replace(listed, flags=flags, relation_to_head=relation)
    base = gone if winner is not None and winner == gone.row.submission_id else kept
    return replace(base.document, flags=flags, relation_to_head=relation, before=listed)


def _filled(one: PersonDocument | None, other: PersonDocument | None) -> PersonDocument | None:
    """Return the later of two lists' records, with what only the earlier one says."""
    if one is None or other is None:
        return one or other
    earlier, later = (one, other) if one.year < other.year else (other, one)
    said = {name: value for name, value in later.answers.items() if value is not None}
    return replace(later, answers={**earlier.answers, **said}, before=None)


def _supersede(
    connection: Connection,
    context: Context,
    viewer: Viewer,
    form: int | None,
    merge_id: int,
    at: int,
) -> tuple[int, str] | None:
    """Let a form count no longer; return it with its status of before."""
    if form is None:
        return None
    status = connection.scalar(select(submissions.c.status).where(submissions.c.id == form))
    if status is None or status in NO_LONGER_LIVE:
        return None
    facts = {"by": viewer.by, "merge": merge_id}
    cause = Cause("superseded", at, f"merge {merge_id}", facts)
    restate(connection, context, form, "superseded", cause)
    return form, status


def _decide(connection: Connection, viewer: Viewer, kept: int, gone: int, at: int) -> Pair | None:
    """Note on the list of possible doubles that these are one; return what was said before."""
    first, second = sorted((kept, gone))
    mine = (doubles.c.first_id == first, doubles.c.second_id == second)
    names = ("id", "decided", "decided_at", "decided_by")
    found = connection.execute(select(*(doubles.c[name] for name in names)).where(*mine)).first()
    said = {"decided": "same", "decided_at": at, "decided_by": viewer.by}
    connection.execute(update(doubles).where(*mine).values(said))
    return Pair(*found) if found else None


def with_receipt(connection: Connection, viewer: Viewer, receipt: str) -> int:
    """Return the form with this receipt. Raises MergeRefused or Denied."""
    digits = "".join(filter(str.isdigit, receipt))
    mine = (submissions.c.receipt == digits, within(viewer, ACTION, submissions))
    found = connection.scalar(select(submissions.c.id).where(*mine))
    if found is None:
        raise MergeRefused("no_receipt", receipt=receipt)
    return int(found)
