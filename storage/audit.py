"""Proof that no event was changed, lost or put in between: the chains, and a daily anchor."""

from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from msgspec import json
from sqlalchemy import ColumnElement, Connection, Row, Select, insert, select, true

from storage.desk import FIRST_HASH, chained
from storage.ids import milliseconds
from storage.tables import anchors, events, submissions

CHUNK: Final = 1000
"""Submissions read at a time."""

_FACTS: Final = ("submission_id", "seq", "kind", "at", "platform", "chat_id", "event_ref")


def broken_chains(connection: Connection, which: ColumnElement[bool] | None = None) -> list[int]:
    """Return those of `which` submissions (None: all) whose history does not verify.

    No key is needed, nothing is said but their numbers.
    """
    heads = select(submissions.c.id, submissions.c.event_count, submissions.c.head)
    heads = heads.where(true() if which is None else which)
    broken = []
    for chunk in _chunks(connection, heads):
        chains = _chains(connection, [row.id for row in chunk])
        broken += [row.id for row in chunk if not _verifies(row, chains.get(row.id, []))]
    return broken


def _verifies(submission: Row[Any], chain: list[Row[Any]]) -> bool:
    previous = FIRST_HASH
    for seq, event in enumerate(chain, 1):
        facts = json.encode([getattr(event, name) for name in _FACTS])
        previous = chained(previous, facts, event.sealed)
        if event.seq != seq or event.hash != previous:
            return False
    return len(chain) == submission.event_count and bool(previous == submission.head)


def _chains(connection: Connection, ids: list[int]) -> dict[int, list[Row[Any]]]:
    found = connection.execute(
        select(events)
        .where(events.c.submission_id.in_(ids))
        .order_by(events.c.submission_id, events.c.seq)
    )
    return {key: list(rows) for key, rows in groupby(found, attrgetter("submission_id"))}


def write_anchor(connection: Connection, day: date, until: datetime) -> bytes:
    """Keep one digest over all histories as they stood before `until`, and return it.

    `until` lies a few minutes back, so that no transaction with an earlier event is still open.
    Print the digest somewhere outside: it proves later that the whole history is still the same.
    """
    count, digest = _digest(connection, milliseconds(until))
    row = {"day": day.isoformat(), "until": milliseconds(until), "count": count, "digest": digest}
    connection.execute(insert(anchors).values(row))
    return digest


def anchor_holds(connection: Connection, day: date) -> bool | None:
    """Say whether the events before that day's anchor are still the same; None: no anchor."""
    columns = (anchors.c["count"], anchors.c.digest, anchors.c.until)
    found = select(*columns).where(anchors.c.day == day.isoformat())
    for count, digest, until in connection.execute(found):
        return (count, digest) == _digest(connection, until)
    return None


def _digest(connection: Connection, until: int) -> tuple[int, bytes]:
    """Return how many submissions there were before `until`, and the SHA-256 of their heads."""
    digest, count = sha256(), 0
    heads = select(submissions.c.id, submissions.c.head, submissions.c.updated_at)
    for chunk in _chunks(connection, heads.where(submissions.c.created_at < until)):
        # Those changed since are looked up in their history; the others still have their head.
        changed = [row.id for row in chunk if row.updated_at >= until]
        earlier = _heads_before(connection, changed, until) if changed else {}
        for row in chunk:
            head = earlier.get(row.id, FIRST_HASH) if row.updated_at >= until else row.head
            digest.update(row.id.to_bytes(8) + head)
        count += len(chunk)
    return count, digest.digest()


def _heads_before(connection: Connection, ids: list[int], until: int) -> dict[int, bytes]:
    found = connection.execute(
        select(events.c.submission_id, events.c.hash)
        .where(events.c.submission_id.in_(ids), events.c.at < until)
        .order_by(events.c.submission_id, events.c.seq)
    )
    return {row.submission_id: row.hash for row in found}


def _chunks(connection: Connection, query: Select[Any]) -> Iterator[list[Row[Any]]]:
    """Read submissions in the order of their ids, a thousand at a time."""
    after = -1
    while True:
        page = query.where(submissions.c.id > after).order_by(submissions.c.id).limit(CHUNK)
        rows = list(connection.execute(page))
        if not rows:
            return
        yield rows
        after = rows[-1].id
