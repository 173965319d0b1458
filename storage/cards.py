"""One person, opened for somebody who collects: what they may see of it, and no more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from bot.dialogs.people import Comment, PersonCard, PersonLine
from storage.access import Viewer, grant
from storage.area import SEE, Worker, name_of
from storage.commune_tables import accounts, households, people, returns
from storage.ids import instant
from storage.lines import LISTED, Drafts, Known, known_people
from storage.people import HEAD, household_document
from storage.sealed import Keys, place, unseal_document

Part = dict[str, Any]


def card(
    connection: Connection,
    keys: Keys,
    worker: Worker,
    chat_id: int,
    known: Known,
    *,
    drafts: Drafts,
    mine: ColumnElement[bool],
    now: datetime,
) -> PersonCard:
    """Return a card of somebody within `mine`, the people this account may see."""
    others = (people.c.household_id == known.row.household_id, people.c.id != known.row.id)
    members = [] if known.row.household_id is None else [*others, mine, LISTED]
    housemates = known_people(connection, keys, drafts, *members) if members else []
    return PersonCard(
        known.line,
        members=_head_first([one.line for one in housemates]),
        address=address_of(connection, keys, known.row.household_id),
        **_answers(connection, keys, worker, known, drafts, now),
        **_draft(connection, keys, chat_id, known, drafts),
    )


def is_fresh(viewer: Viewer, row: Any, now: datetime) -> bool:
    """Tell whether the form that counts is this account's own, and may still be looked at."""
    made = None if row.handed_in_at is None else instant(row.handed_in_at)
    mine = row.submission_id is not None and row.enumerator == viewer.account
    return mine and grant(viewer, "correct_record").form_at(made, now) == "full"


def _answers(
    connection: Connection,
    keys: Keys,
    worker: Worker,
    known: Known,
    drafts: Drafts,
    now: datetime,
) -> Part:
    """Return what may be looked at: of last year, before a form; one's own form, for a day."""
    row, viewer = known.row, worker.viewer
    mine = row.submission_id is not None and row.enumerator == worker.id
    back = mine and row.status == "returned"
    fresh = is_fresh(viewer, row, now)
    last_year = not drafts.counted(row) and row.status != "returned"
    open_to_me = last_year or fresh or back
    part: Part = {"mine": fresh, "receipt": (row.receipt or "") if mine else ""}
    if grant(viewer, SEE).form == "full" and known.line.standing != "busy" and open_to_me:
        part |= {"answers": known.document.answers, "year": known.document.year}
    if fresh:
        part["submission"] = row.submission_id
    if back:
        part["comments"] = comments_of(connection, keys, row.submission_id, row.form_key)
    return part


def _draft(connection: Connection, keys: Keys, chat_id: int, known: Known, drafts: Drafts) -> Part:
    """Return the submission that goes on in this chat, or who else is at it."""
    row, (submission, by) = known.row, drafts.of(known.row)
    if submission is not None:
        here = row.draft_chat == chat_id or row.id in drafts.taken
        if by == drafts.account and here:
            return {"draft": submission}
        sealed = connection.scalar(select(accounts.c.name).where(accounts.c.id == by))
        return {"busy_by": name_of(keys, by, sealed) if by and sealed else ""}
    back = row.status == "returned" and row.enumerator == drafts.account
    return {"draft": row.submission_id} if back and row.form_chat == chat_id else {}


def comments_of(
    connection: Connection, keys: Keys, submission_id: int, wrapped: bytes | None
) -> tuple[Comment, ...]:
    """Return what the officer wrote when this submission was returned, if it still is."""
    mine = (returns.c.submission_id == submission_id, returns.c.answered_at.is_(None))
    newest = select(returns.c.id, returns.c.comments).where(*mine).order_by(returns.c.id.desc())
    found = connection.execute(newest.limit(1)).one_or_none()
    if found is None or wrapped is None:
        return ()
    key = keys.data_key(submission_id, wrapped)
    said = unseal_document(key, found.comments, place("returns", "comments", found.id))
    return tuple(Comment(question, text) for question, text in said.items())


def _head_first(lines: Sequence[PersonLine]) -> tuple[PersonLine, ...]:
    return tuple(sorted(lines, key=lambda line: (line.relation != HEAD, line.name, line.id)))


def address_of(
    connection: Connection, keys: Keys, household_id: int | None
) -> Mapping[str, str | None]:
    if household_id is None:
        return {}
    sealed = select(households.c.id, households.c.data_key, households.c.document)
    row = connection.execute(sealed.where(households.c.id == household_id)).one()
    document = household_document(keys, row)
    return document.address if document else {}
