"""Slots: never faster than the limit, in order, and a short burst for one chat."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.dialogs.messages import Capabilities
from bot.pacing import AT_ONCE, Pace

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
LONG = timedelta(hours=1)


def second(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_without_limits_nothing_waits() -> None:
    pace = Pace(Capabilities("web"))

    assert [pace.book(1, START, patience=LONG) for _ in range(500)] == [timedelta()] * 500


def test_one_chat_gets_a_few_at_once_and_then_one_a_second() -> None:
    pace = Pace(Capabilities("telegram", per_chat=1))

    waits = [pace.book(1, START, patience=LONG) for _ in range(6)]

    assert waits == [timedelta()] * AT_ONCE + [second(1), second(2), second(3)]
    assert pace.book(2, START, patience=LONG) == timedelta()


def test_what_is_too_long_is_not_booked() -> None:
    pace = Pace(Capabilities("telegram", per_second=1))
    pace.book(1, START, patience=LONG)

    assert pace.book(2, START, patience=second(0.5)) == second(1)
    assert pace.book(3, START, patience=second(1)) == second(1)


steps = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 1500)),
    min_size=1,
    max_size=120,
)


@given(steps)
def test_no_limit_is_ever_broken(steps: list[tuple[int, int]]) -> None:
    able = Capabilities("telegram", per_second=5, per_chat=1)
    pace, now = Pace(able), START
    sent: dict[int, list[datetime]] = {}
    for chat, gap in steps:
        now += timedelta(milliseconds=gap)
        sent.setdefault(chat, []).append(now + pace.book(chat, now, patience=LONG))

    everything = sorted(at for times in sent.values() for at in times)
    assert all(later - earlier >= second(0.2) for earlier, later in pairwise(everything))
    for times in sent.values():
        windows = zip(times, times[AT_ONCE + 1 :], strict=False)
        assert all(last - first >= second(2) for first, last in windows)
        assert times == sorted(times)
