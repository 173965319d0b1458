"""How much a bot may send: one message a second to a chat, twenty a minute to a group, thirty a
second to all. Telegram does not publish the bursts it lets through; three is a guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Final

from tests.fakes.telegram_refusals import too_many
from tests.fakes.telegram_state import Account, Room

COUNTED: Final = frozenset(
    {"sendMessage", "sendPhoto", "sendDocument", "editMessageText", "editMessageReplyMarkup"}
)


@dataclass(frozen=True, slots=True)
class Rate:
    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Give these to a fake to have them kept; without, everything goes out at once."""

    chat: Rate = Rate(1.0, 3)
    group: Rate = Rate(20 / 60, 20)
    overall: Rate = Rate(30.0, 30)


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    at: datetime
    left: float

    def fill(self, now: datetime) -> None:
        gained = (now - self.at).total_seconds() * self.rate.per_second
        self.left = min(self.rate.burst, self.left + gained)
        self.at = now

    def wait(self) -> float:
        """Return the seconds until one more goes through."""
        return max(0.0, (1 - self.left) / self.rate.per_second)


@dataclass(slots=True)
class Pace:
    """What has been sent lately, by all bots of one fake."""

    limits: Limits | None = None
    _buckets: dict[tuple[str, int], _Bucket] = field(default_factory=dict)

    def check(self, account: Account, room: Room, now: datetime) -> None:
        """Count a message. Raises Refused (429) when it comes too soon; then it is not counted."""
        if self.limits is None:
            return
        buckets = self._of(self.limits, account, room, now)
        for bucket in buckets:
            bucket.fill(now)
        # A thousandth of a message is forgiven: rates are not exact in binary.
        wait = max(bucket.wait() for bucket in buckets)
        if wait > 0.001:
            raise too_many(max(1, ceil(wait - 0.001)))
        for bucket in buckets:
            bucket.left -= 1

    def _of(self, limits: Limits, account: Account, room: Room, now: datetime) -> Sequence[_Bucket]:
        rates = {
            (f"chat of {account.id}", room.id): limits.chat,
            ("bot", account.id): limits.overall,
        }
        if room.type != "private":
            rates[f"group of {account.id}", room.id] = limits.group
        return [
            self._buckets.setdefault(key, _Bucket(rate, now, rate.burst))
            for key, rate in rates.items()
        ]
