"""What a platform is to the rest: it delivers, and says one of two things when it cannot."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from starlette.routing import Route

from bot.dialogs.messages import Capabilities, Incoming, Outgoing
from storage.backup import Place
from storage.outbox import Queued

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


class Revoked(Exception):
    """The platform does not let this bot in any more: its token was revoked or is wrong."""


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
        """Deliver one bubble, or delete what it names; return when, by the platform's clock.

        Raises Unreachable, TryLater, Revoked.
        """


class Intake(Protocol):
    """Where a platform hands in what it received. What has come back is on the disk."""

    async def submit(self, incoming: Incoming) -> Sequence[Queued]: ...

    async def write(self, work: Callable[[Connection], T]) -> T: ...


class Messenger(Platform, Protocol):
    """A platform that comes to us by itself: it polls, or is called on its webhooks."""

    @property
    def routes(self) -> Sequence[Route]:
        """What it wants to be called on; empty while it polls."""

    @property
    def accounts(self) -> Sequence[str]: ...

    async def start(self, intake: Intake) -> None:
        """Begin to receive; returns at once. What fails is tried again by itself."""

    async def stop(self) -> None:
        """Receive no more. What was received is handed in before this returns."""

    @property
    def troubles(self) -> Mapping[str, str]:
        """Account -> what keeps it from working: "revoked", "conflict", "no_answer"."""
