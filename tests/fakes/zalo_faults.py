"""Things that go wrong between a bot and the Zalo Bot Platform, to be ordered by a test."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tests.fakes.zalo_guesses import Refusal

ANY: Final = "*"
"""A fault for whatever method is called next."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing is done; the answer is ok:false with this code."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class TooMany:
    """Nothing is done: 429. `wait` is the hint how long to stay away, if there is one."""

    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Nothing is done; a web page comes instead of JSON, as from a proxy."""

    status: int = 502
    body: str = "<html><body><h1>Bad Gateway</h1></body></html>"
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is torn down; `after` what was asked has been done, or before."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """What was asked is done, the answer never comes."""


Fault = Refuse | TooMany | Page | Reset | Silence


@dataclass(slots=True)
class Order:
    """A fault for `left` more calls of a method; None is for ever."""

    fault: Fault
    method: str
    left: int | None


class Orders:
    """The faults ordered so far, oldest first."""

    def __init__(self) -> None:
        self._orders: list[Order] = []

    def add(self, fault: Fault, method: str, times: int | None) -> None:
        self._orders.append(Order(fault, method, times))

    def clear(self) -> None:
        self._orders.clear()

    def take(self, method: str) -> Fault | None:
        """Return the fault for this call, if one was ordered, and count it."""
        for order in self._orders:
            if order.method in (ANY, method):
                if order.left is not None:
                    order.left -= 1
                    self._orders = [each for each in self._orders if each.left != 0]
                return order.fault
        return None


@dataclass(frozen=True, slots=True)
class Quota:
    """So many messages in so long a time, by the fake's clock."""

    messages: int
    per: timedelta
    hint: bool = False
