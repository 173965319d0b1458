"""Bubbles waiting to be sent: claimed by one worker at a time, in order for each chat."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct, json
from sqlalchemy import Connection, Row, Select, and_, case, or_, select, update

from bot.dialogs.messages import Outgoing
from storage.access import Viewer, within
from storage.ids import instant, milliseconds
from storage.sealed import Keys, place, unseal
from storage.statements import REPLY
from storage.tables import chats, outbox, submissions

LEASE: Final = timedelta(minutes=1)
"""How long a worker may keep a bubble unsent before another takes it over."""
DELETABLE: Final = timedelta(hours=48)
"""How long a bot may delete what a person sent (Telegram's limit)."""

_ENCODER: Final = json.Encoder()
_DECODER: Final = json.Decoder(Outgoing)


def payload_of(outgoing: Outgoing) -> bytes:
    """Return a bubble as it is sealed: JSON."""
    return _ENCODER.encode(outgoing)


class Queued(Struct, frozen=True):
    """One bubble and where it goes. `chat` is the platform's own chat id."""

    id: int
    chat_id: int
    platform: str
    account: str
    chat: str
    outgoing: Outgoing
    attempts: int = 0
    priority: int = REPLY
    claimed: bool = True
    """False: it waits behind another worker's bubble and is found by `pending` later."""


class Delivered(Struct, frozen=True):
    """A bubble the platform took."""

    id: int
    chat_id: int
    at: datetime


class Undelivered(Struct, frozen=True):
    """A bubble no more tried: nobody got it. For the office's list, without its content."""

    id: int
    chat_id: int
    submission_id: int | None
    platform: str
    failed_at: datetime
    why: str


def pending(
    connection: Connection,
    keys: Keys,
    *,
    worker: str,
    now: datetime,
    limit: int = 100,
    platforms: Sequence[str] | None = None,
    unit: str | None = None,
) -> list[Queued]:
    """Claim bubbles that are due for `worker` and return them, answers first, oldest first.

    Only those of `platforms`, if given: a web page fetches its own; only to chats of `unit`, if
    given: the processes of other communes send theirs. A bubble waits while an
    earlier one of its chat is claimed by another worker or not yet due. The caller commits
    before sending.
    """
    at = milliseconds(now)
    due = _due(worker, at, limit)
    if platforms is not None:
        due = due.where(chats.c.platform.in_(platforms))
    if unit is not None:
        due = due.where(chats.c.unit == unit)
    found = connection.execute(due).all()
    claim = {"claimed_by": worker, "claimed_until": at + LEASE // timedelta(milliseconds=1)}
    if found:
        claimed = outbox.c.id.in_([row.id for row in found])
        connection.execute(update(outbox).where(claimed).values(claim))
    return [_opened(keys, row) for row in found]


def _due(worker: str, at: int, limit: int) -> Any:
    """The bubbles nobody holds, except those that something before them holds back."""
    earlier = outbox.alias("earlier")
    held = and_(earlier.c.claimed_until > at, earlier.c.claimed_by != worker)
    held_back = (
        select(earlier.c.id)
        .where(earlier.c.chat_id == outbox.c.chat_id, earlier.c.id < outbox.c.id)
        .where(earlier.c.priority <= outbox.c.priority, earlier.c.failed_at.is_(None))
        .where(or_(held, earlier.c.not_before > at))
    )
    return (
        _bubbles()
        .where(outbox.c.not_before <= at, outbox.c.claimed_until <= at, ~held_back.exists())
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(limit)
        .with_for_update(of=outbox, skip_locked=True)
    )


def _bubbles() -> Select[Any]:
    bubble = (
        *(outbox.c.id, outbox.c.chat_id, outbox.c.payload, outbox.c.attempts, outbox.c.priority),
    )
    address = (chats.c.platform, chats.c.account, chats.c.address)
    return (
        select(*bubble, *address, outbox.c.submission_id, submissions.c.data_key)
        .join(chats, chats.c.id == outbox.c.chat_id)
        .outerjoin(submissions, submissions.c.id == outbox.c.submission_id)
        .where(outbox.c.failed_at.is_(None))
    )


def _opened(keys: Keys, row: Row[Any]) -> Queued:
    key = keys.data_key(row.submission_id, row.data_key) if row.data_key else keys.office
    payload = unseal(key, row.payload, place("outbox", "payload", row.id))
    address = unseal(keys.office, row.address, place("chats", "address", row.chat_id)).decode()
    outgoing = _DECODER.decode(payload)
    origin = (row.platform, row.account, address)
    return Queued(row.id, row.chat_id, *origin, outgoing, row.attempts, row.priority)


def waiting_for(connection: Connection, keys: Keys, chat_id: int) -> list[Queued]:
    """Return all that a chat has not seen yet, oldest first, whoever has claimed it."""
    mine = _bubbles().where(outbox.c.chat_id == chat_id).order_by(outbox.c.id)
    return [_opened(keys, row) for row in connection.execute(mine)]


def give_back(connection: Connection, ids: Sequence[int]) -> None:
    """Give up the claim on these bubbles: whoever looks next takes them."""
    free = update(outbox).values(claimed_by=None, claimed_until=0)
    connection.execute(free.where(outbox.c.id.in_(ids)))


def release(connection: Connection, *, worker: str | None = None) -> None:
    """Give back what `worker` holds, or what anybody holds (when nobody else can be running)."""
    free = update(outbox).values(claimed_by=None, claimed_until=0)
    connection.execute(free.where(outbox.c.claimed_by == worker) if worker else free)


def retry_later(
    connection: Connection, outbox_id: int, *, not_before: datetime, tried: bool = True
) -> None:
    """Put a bubble back until `not_before`; those behind it in its chat wait too."""
    later = {"not_before": milliseconds(not_before), "claimed_by": None, "claimed_until": 0}
    attempts = outbox.c.attempts + int(tried)
    change = update(outbox).where(outbox.c.id == outbox_id)
    connection.execute(change.values(**later, attempts=attempts))


def give_up(
    connection: Connection, outbox_id: int, *, why: str, at: datetime, chat_lost: bool = True
) -> None:
    """Note that a bubble cannot be delivered, and that its chat is out of reach.

    The open prompt is no longer waiting for this bubble: the next one that shows it counts.
    """
    failed = milliseconds(at)
    lost = failed if chat_lost else chats.c.unreachable_at
    chat_id = select(outbox.c.chat_id).where(outbox.c.id == outbox_id).scalar_subquery()
    connection.execute(
        update(outbox)
        .where(outbox.c.id == outbox_id)
        .values(failed_at=failed, why=why, claimed_by=None, claimed_until=0)
    )
    shown_by = case((chats.c.prompt_outbox_id != outbox_id, chats.c.prompt_outbox_id))
    connection.execute(
        update(chats)
        .where(chats.c.id == chat_id)
        .values(unreachable_at=lost, prompt_outbox_id=shown_by)
    )


def undelivered(connection: Connection, viewer: Viewer) -> Sequence[Undelivered]:
    """Return what was given up, oldest first. Raises Denied."""
    columns = (outbox.c.id, outbox.c.chat_id, outbox.c.submission_id, chats.c.platform)
    found = connection.execute(
        select(*columns, outbox.c.failed_at, outbox.c.why)
        .join(chats, chats.c.id == outbox.c.chat_id)
        .where(outbox.c.failed_at.is_not(None), within(viewer, "see_deliveries", outbox))
        .order_by(outbox.c.id)
    )
    return [Undelivered(*row[:4], instant(row.failed_at), row.why or "") for row in found]


def abandon(
    connection: Connection, platform: str, accounts: Sequence[str], *, unit: str, at: datetime
) -> None:
    """Give up what waits for a unit's bots that are no longer in the settings: listed."""
    here = (chats.c.unit == unit, chats.c.platform == platform)
    gone = select(chats.c.id).where(*here, chats.c.account.not_in(accounts))
    waiting = (outbox.c.chat_id.in_(gone), outbox.c.failed_at.is_(None))
    failed = {"failed_at": milliseconds(at), "why": "bot_removed", "claimed_by": None}
    connection.execute(update(outbox).where(*waiting).values(**failed, claimed_until=0))


def reachable(connection: Connection, token: str, *, at: datetime | None) -> None:
    """Note that a person has blocked the bot (`at`), or has let it in again (None)."""
    since = None if at is None else milliseconds(at)
    connection.execute(update(chats).where(chats.c.token == token).values(unreachable_at=since))
