"""How the installation is doing: a few figures, and the limits they are judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, select

from storage.ids import instant
from storage.tables import chats, inbox, outbox

Status = Literal["ok", "yellow", "red"]


@dataclass(frozen=True, slots=True)
class Limit:
    """From which value on a figure is yellow, and from which it is red."""

    yellow: float | None = None
    red: float | None = None


LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "backlog": Limit(yellow=1_000),  # bubbles still to be sent
        "outbox_age": Limit(yellow=300, red=3_600),  # seconds
        "dead_letters": Limit(yellow=1),
        "backup_age": Limit(yellow=48),  # hours
    }
)
"""To watch another figure: a line here, and the figure in `figures` or in what is handed to
`judge`. Red is kept for what must wake somebody up; without a database everything is red."""


def figures(
    connection: Connection, *, unit: str, platforms: Sequence[str], now: datetime
) -> dict[str, float | None]:
    """Return backlog, age of the oldest unsent bubble (seconds) and the number of dead letters,
    of the chats of one unit.

    Bubbles count only where they are sent: a web page fetches its own, perhaps never.
    """
    waiting = (
        select(func.count(), func.min(outbox.c.not_before))
        .select_from(outbox.join(chats, chats.c.id == outbox.c.chat_id))
        .where(outbox.c.failed_at.is_(None), chats.c.platform.in_(platforms))
        .where(chats.c.unit == unit)
    )
    backlog, oldest = connection.execute(waiting).one()
    letters_here = inbox.join(chats, chats.c.id == inbox.c.chat_id)
    dead = select(func.count()).select_from(letters_here).where(inbox.c.outcome == "dead")
    age = None if oldest is None else max(0.0, (now - instant(oldest)).total_seconds())
    letters = connection.scalar(dead.where(chats.c.unit == unit)) or 0
    return {"backlog": backlog, "outbox_age": age, "dead_letters": letters}


def judge(
    found: Mapping[str, float | None] | None, troubles: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Return the figures with the status each has and the worst of them; None: no database.

    `troubles`: what keeps a bot from working, by its name. Only a person can mend a revoked token.
    """
    if found is None:
        return {"status": "red", "database": "red", "reasons": ["database"]}
    states: dict[str, Status] = {name: _state(LIMITS[name], value) for name, value in found.items()}
    states |= {bot: "red" if why == "revoked" else "yellow" for bot, why in troubles.items()}
    reasons = [name for name, state in states.items() if state != "ok"]
    worst = max(states.values(), key=("ok", "yellow", "red").index, default="ok")
    return {"status": worst, "database": "ok", **found, "bots": dict(troubles), "reasons": reasons}


def _state(limit: Limit, value: float | None) -> Status:
    if value is None:
        return "ok"
    if limit.red is not None and value >= limit.red:
        return "red"
    return "yellow" if limit.yellow is not None and value >= limit.yellow else "ok"
