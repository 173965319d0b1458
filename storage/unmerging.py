"""A merge taken back: both as they were, and what came since with the one it belongs to.

Where that cannot be told, or somebody was erased since, the merge stays, with a reason.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from storage.access import Viewer, within
from storage.batches import write_document
from storage.commune_tables import doubles, merges, people
from storage.desk import Context
from storage.ids import milliseconds
from storage.managing import ACTION, may_manage
from storage.merges import COLUMNS, FOLLOWING, Before, Merge, columns_of, read_before
from storage.merging import MergeRefused, lock_both
from storage.people import person_document
from storage.restating import Cause, restate
from storage.statements import NO_LONGER_LIVE
from storage.tables import submissions


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A person's row as it was, for the document in it."""

    id: int
    data_key: bytes
    document: bytes


@dataclass(frozen=True, slots=True)
class _Work:
    """One merge being undone."""

    connection: Connection
    context: Context
    viewer: Viewer
    merge: Merge
    before: Before
    kept: Any
    gone: Any
    at: int


def unmerge(connection: Connection, context: Context, viewer: Viewer, merge_id: int) -> Merge:
    """Take a merge back and return it. The caller commits. Raises MergeRefused or Denied."""
    found = _merge(connection, viewer, merge_id)
    may_manage(connection, viewer, found.unit)
    kept, gone = lock_both(connection, context, found.unit, (found.kept_id, found.gone_id))
    _refuse_what_came_later(connection, _merge(connection, viewer, merge_id), kept, gone)
    at = milliseconds(context.now())
    before = read_before(context.keys, _merge(connection, viewer, merge_id))
    if before is None:
        raise MergeRefused("erased")
    work = _Work(connection, context, viewer, found, before, kept, gone, at)
    mine, theirs = _forms(work)
    _restore_document(work, theirs)
    _restore_people(work, mine, theirs)
    for name, table in FOLLOWING.items():
        back = table.c.id.in_(before.moved[name]), table.c.person_id == kept.id
        connection.execute(update(table).where(*back).values(person_id=gone.id))
    if before.pair is not None:
        names = ("decided", "decided_at", "decided_by")
        said = {name: getattr(before.pair, name) for name in names}
        connection.execute(update(doubles).where(doubles.c.id == before.pair.id).values(said))
    connection.execute(update(merges).where(merges.c.id == merge_id).values(undone_at=at))
    return found


def _merge(connection: Connection, viewer: Viewer, merge_id: int) -> Merge:
    names = ("id", "unit", "kept_id", "gone_id", "at", "undone_at", "before")
    query = select(*(merges.c[name] for name in names)).where(merges.c.id == merge_id)
    found = connection.execute(query.where(within(viewer, ACTION, merges))).one_or_none()
    if found is None:
        raise MergeRefused("no_merge")
    return Merge(*found)


def _refuse_what_came_later(connection: Connection, merge: Merge, kept: Any, gone: Any) -> None:
    if merge.undone_at is not None:
        raise MergeRefused("undone_before")
    if kept.data_key is None or gone.data_key is None:
        raise MergeRefused("erased")
    later = select(merges.c.id).where(merges.c.undone_at.is_(None), merges.c.id > merge.id)
    ids = (kept.id, gone.id)
    touching = later.where(merges.c.kept_id.in_(ids) | merges.c.gone_id.in_(ids))
    other = connection.scalar(touching.order_by(merges.c.id.desc()).limit(1))
    if other is not None:
        raise MergeRefused("later_first", merge=other)


def _forms(work: _Work) -> tuple[int | None, int | None]:
    """Return the form that counts for each of them from now on.

    The one that counted for both goes to whom it came from; one that came since stays.
    """
    now, before = work.kept.submission_id, work.before
    _refuse_what_gave_way(work)
    mine, theirs = now, work.gone.submission_id
    if now is not None and now in {theirs, *before.moved["submissions"]}:
        mine, theirs = before.columns["submission_id"], now
    elif now is None and before.after["submission_id"] != before.columns["submission_id"]:
        mine = before.columns["submission_id"]  # what counted for both was taken back since
    if before.superseded is not None and before.superseded[0] in {mine, theirs}:
        _reinstate(work, *before.superseded)
    return _live(work, mine), _live(work, theirs)


def _refuse_what_gave_way(work: _Work) -> None:
    """Raises MergeRefused when a form of one of them has made room for one that came since:
    whose that one is, nobody can tell."""
    ours = work.before.superseded[0] if work.before.superseded else None
    counted = {work.before.columns["submission_id"], work.gone.submission_id} - {None, ours}
    gave_way = (submissions.c.id.in_(counted), submissions.c.status == "superseded")
    if work.connection.execute(select(submissions.c.id).where(*gave_way)).first() is not None:
        raise MergeRefused("changed_since")


def _reinstate(work: _Work, form: int, status: str) -> None:
    """Let a form count again, unless something else has happened with it."""
    superseded = (submissions.c.id == form, submissions.c.status == "superseded")
    query = select(submissions.c.id).where(*superseded, submissions.c.data_key.is_not(None))
    if work.connection.execute(query).first() is None:
        return
    facts = {"by": work.viewer.by, "merge": work.merge.id}
    cause = Cause("restored", work.at, f"unmerge {work.merge.id}", facts)
    restate(work.connection, work.context, form, status, cause)
    other = submissions.c.id == work.before.after["submission_id"]
    marked = update(submissions).where(other).values(duplicate=work.before.duplicate)
    work.connection.execute(marked)


def _live(work: _Work, form: int | None) -> int | None:
    status = work.connection.scalar(select(submissions.c.status).where(submissions.c.id == form))
    return None if status in NO_LONGER_LIVE else form


def _restore_document(work: _Work, theirs: int | None) -> None:
    """Put back what was known of the one who stayed; what was written since is left alone.

    Raises MergeRefused when what was written since is of the other one's form.
    """
    kept, before = work.kept, work.before
    if not bytes(kept.document).startswith(before.document_after):
        if theirs is not None and theirs == kept.submission_id:
            raise MergeRefused("changed_since")
        return
    found = person_document(work.context.keys, _Sealed(kept.id, kept.data_key, before.document))
    assert found is not None  # noqa: S101 - their key was looked at
    about = (work.connection, work.context, kept.id)
    write_document(*about, found, before.document, work.at)


def _restore_people(work: _Work, mine: int | None, theirs: int | None) -> None:
    kept, gone, before = work.kept, work.gone, work.before
    now = columns_of(kept) | {"updated_at": work.at}
    untouched = {name for name in COLUMNS if before.after[name] == getattr(kept, name)}
    values = now | {name: before.columns[name] for name in untouched}
    draft = {"draft_id": kept.draft_id, "draft_by": kept.draft_by}
    nobody = dict.fromkeys(draft)
    of_gone = kept.draft_id in {gone.draft_id, *before.moved["submissions"]}
    own, other = (nobody, draft) if of_gone else (draft, nobody)
    for id, row in (
        (kept.id, values | own | {"submission_id": mine}),
        (gone.id, other | {"submission_id": theirs, "merged_into": None}),
    ):
        work.connection.execute(update(people).where(people.c.id == id).values(row))
