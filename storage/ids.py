"""Identifiers and instants as the database keeps them: integers, in order of time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

Now = Callable[[], datetime]
Random = Callable[[int], bytes]
"""n -> n bytes nobody can guess."""

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MILLISECOND: Final = 1_577_836_800_000
"""2020-01-01 UTC. Counting from here keeps identifiers within 63 bits until 2089."""
RANDOM_BITS: Final = 22
MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(instant: datetime) -> int:
    """Return an aware instant as whole milliseconds since 1970 UTC."""
    return (instant - EPOCH) // MILLISECOND


def instant(milliseconds_utc: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds_utc)


def year_begun(at: int) -> int:
    """Return the millisecond in which the year of `at` began in Vietnam."""
    first = instant(at).astimezone(VIETNAM).replace(month=1, day=1, hour=0, minute=0)
    return milliseconds(first.replace(second=0, microsecond=0))


def new_id(at: int, random_bits: int) -> int:
    """Return a 63-bit identifier: the millisecond `at`, then 22 bits of `random_bits`."""
    return (at - FIRST_MILLISECOND << RANDOM_BITS) | (random_bits & (1 << RANDOM_BITS) - 1)


def made_at(row_id: int) -> datetime:
    """Return when an identifier was made."""
    return instant((row_id >> RANDOM_BITS) + FIRST_MILLISECOND)


def new_name(at: datetime, random: Random) -> str:
    """Return 32 hexadecimal digits nobody can guess, in order of time: neighbours in an index."""
    return f"{milliseconds(at):012x}{random(10).hex()}"


class Ids:
    """Identifiers of one process. Each is greater than the one before, also when the clock is not.

    Two processes may meet in the same millisecond: a primary key decides, and the loser's
    messages are decided again under other numbers.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._last = 0

    def next(self, at: int) -> int:
        """Return the next identifier for the millisecond `at`."""
        # The highest random bit stays free, so that counting on cannot overflow the 22 bits.
        start = new_id(at, int.from_bytes(self._random(3)) >> 3) if at != self._last_at() else 0
        self._last = max(self._last + 1, start)
        return self._last

    def _last_at(self) -> int:
        return (self._last >> RANDOM_BITS) + FIRST_MILLISECOND
