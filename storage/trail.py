"""The whole audit trail at a glance: every chain, every anchor (`audit.py` knows one of them)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from storage.access import Viewer, within
from storage.audit import anchor_holds, broken_chains, write_anchor
from storage.tables import anchors, submissions


@dataclass(frozen=True, slots=True)
class Trail:
    """How much was verified, and what did not hold."""

    chains: int
    anchors: int
    broken: Sequence[int]
    """Submissions whose chain is broken."""
    moved: Sequence[str]
    """Days whose anchor no longer holds."""

    @property
    def whole(self) -> bool:
        return not (self.broken or self.moved)


def verify_trail(connection: Connection, viewer: Viewer) -> Trail:
    """Verify the chains this viewer may look at, and every anchor: those are over all chains.

    No key is needed. Raises Denied.
    """
    seen = within(viewer, "verify_history", submissions)
    count = select(func.count()).select_from(submissions).where(seen)
    chains = connection.scalar(count) or 0
    days = list(connection.scalars(select(anchors.c.day).order_by(anchors.c.day)))
    moved = [day for day in days if not anchor_holds(connection, date.fromisoformat(day))]
    return Trail(chains, len(days), broken_chains(connection, seen), moved)


def anchor_day(connection: Connection, day: date, until: datetime) -> bytes:
    """Return the digest anchored for a day, written now unless it was before."""
    found = select(anchors.c.digest).where(anchors.c.day == day.isoformat())
    return connection.scalar(found) or write_anchor(connection, day, until)
