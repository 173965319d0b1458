"""What a platform is to the rest: it delivers, and says one of two things when it cannot."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from bot.dialogs.messages import Capabilities, Outgoing
from storage.backup import Place

T = TypeVar("T")

Clock = Callable[[], datetime]
"""Returns the present instant, aware, UTC."""
Entropy = Callable[[int], bytes]
"""n -> n bytes nobody can guess."""


class Unreachable(Exception):
    """The chat will not get this, however often it is tried (blocked, deleted)."""


class TryLater(Exception):
    """The platform is busy or away. Nothing is lost: try again after `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


class World(Protocol):
    """What a job is given: where things are kept, the time, and a way to change the database."""

    @property
    def place(self) -> Place: ...
    @property
    def now(self) -> Clock: ...
    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a change in a transaction of its own and return what it returns."""


class Platform(Protocol):
    """One way to talk to people. `pushes` is False where people fetch their bubbles (web)."""

    name: str
    capabilities: Capabilities
    pushes: bool

    async def deliver(self, account: str, chat: str, outgoing: Outgoing) -> datetime:
        """Deliver one bubble; return when, by its clock. Raises Unreachable, TryLater."""
