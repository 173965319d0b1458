"""What the engine is told (events) and what it asks for (effects). Values only.

Effects are done in this order by the shell: history and storage first, then what is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.dialogs.messages import NonText
from bot.dialogs.state import Draft

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    early: bool = False
    """Sent before the open prompt went out."""


@dataclass(frozen=True, slots=True)
class Pressed:
    value: str
    stale: bool = False
    """The button belonged to an earlier prompt."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that is not words."""

    what: NonText


@dataclass(frozen=True, slots=True)
class Loaded:
    """The answer to `Load`: the submissions that are still there."""

    why: str
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """The answer to `Submit`: the receipt storage has reserved."""

    receipt: str


Event = Said | Pressed | Sent | Loaded | Received


@dataclass(frozen=True, slots=True)
class Tell:
    """A bubble of its own."""

    key: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A line above the next prompt."""

    key: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """Show the open prompt."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Say why the reply was not taken; the prompt stays open."""

    code: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShowReceipt:
    receipt: str


@dataclass(frozen=True, slots=True)
class Record:
    """A line of history of the open submission."""

    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Create:
    id: int


@dataclass(frozen=True, slots=True)
class Erase:
    id: int


@dataclass(frozen=True, slots=True)
class Agree:
    """A decision about one purpose ("collect", "contact", "guardian") as it was worded in `key`."""

    purpose: str
    decision: Literal["yes", "no", "withdrawn"]
    key: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Need:
    """A task for a human."""

    kind: Literal["call", "visit", "request"]
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submit:
    """The submission is complete: reserve a receipt and answer with `Received`."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The submission is handed in under its receipt."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The confirmed submission no longer counts."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The person stops here; the platform may offer a way to go on elsewhere."""


@dataclass(frozen=True, slots=True)
class Load:
    """Bring submissions of this chat; answer with `Loaded`."""

    ids: tuple[int, ...]
    why: str


Effect = (
    Tell
    | Note
    | Ask
    | Refuse
    | ShowReceipt
    | Record
    | Create
    | Erase
    | Agree
    | Need
    | Submit
    | Confirm
    | Withdraw
    | Pause
    | Load
)
