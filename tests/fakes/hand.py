"""A clock that a test moves by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Hand:
    """Call it for the instant it shows; it moves only by `forward`."""

    at: datetime = datetime(2026, 9, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **much: float) -> None:
        """Move on, said as for `timedelta`: `forward(hours=25)`."""
        self.at += timedelta(**much)
