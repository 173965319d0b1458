"""What the engine is told (events) and what it asks for (effects). Values only.

Effects are done in this order by the shell: history and storage first, then what is said.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from bot.dialogs.messages import NonText
from bot.dialogs.people import Page, PersonCard, Progress, Search
from bot.dialogs.state import Draft

Facts = Mapping[str, object]


class Said(Struct, frozen=True):
    text: str
    early: bool = False
    """Sent before the open prompt went out."""


class Pressed(Struct, frozen=True):
    value: str
    stale: bool = False
    """The button belonged to an earlier prompt."""


class Sent(Struct, frozen=True):
    """Something that is not words."""

    what: NonText


class Loaded(Struct, frozen=True):
    """The answer to `Load`: the submissions that are still there."""

    why: str
    drafts: tuple[Draft, ...]
    year: str = ""
    """Year of birth the person gave to open a submission that was sent."""


class Received(Struct, frozen=True):
    """The answer to `Submit`: the receipt storage has reserved."""

    receipt: str


class Found(Struct, frozen=True):
    """The answer to `Find`."""

    page: Page
    search: Search
    why: str = ""
    unlisted: tuple[Draft, ...] = ()
    """Of unfinished forms: those of people in no list."""


class Met(Struct, frozen=True):
    """The answer to `Meet`; None: nobody this account may see."""

    card: PersonCard | None
    why: str = ""


class Counted(Struct, frozen=True):
    """The answer to `Count`."""

    progress: Progress


Event = Said | Pressed | Sent | Loaded | Received | Found | Met | Counted


class Tell(Struct, frozen=True):
    """A bubble of its own."""

    key: str
    facts: Facts = {}


class Note(Struct, frozen=True):
    """A line above the next prompt."""

    key: str
    facts: Facts = {}


class Ask(Struct, frozen=True):
    """Show the open prompt."""


class Refuse(Struct, frozen=True):
    """Say why the reply was not taken; the prompt stays open."""

    code: str
    facts: Facts = {}


class ShowReceipt(Struct, frozen=True):
    receipt: str


class Record(Struct, frozen=True):
    """A line of history of the open submission."""

    kind: str
    payload: Mapping[str, Any]


class Create(Struct, frozen=True):
    id: int


class Erase(Struct, frozen=True):
    id: int


class Agree(Struct, frozen=True):
    """A decision about one purpose ("collect", "contact", "guardian") as it was worded in `key`."""

    purpose: str
    decision: Literal["yes", "no", "withdrawn"]
    key: str
    detail: Mapping[str, Any] = {}


class Need(Struct, frozen=True):
    """A task for a human."""

    kind: Literal["call", "visit", "request"]
    detail: Mapping[str, Any] = {}


class Submit(Struct, frozen=True):
    """The submission is complete: reserve a receipt and answer with `Received`."""


class Confirm(Struct, frozen=True):
    """The submission is handed in under its receipt."""


class Withdraw(Struct, frozen=True):
    """The confirmed submission no longer counts."""


class Pause(Struct, frozen=True):
    """The person stops here; the platform may offer a way to go on elsewhere."""


class Link(Struct, frozen=True):
    """Make a code with which the person goes on in another chat of theirs."""


class Linked(Struct, frozen=True):
    """Tell on which platforms this person is known."""


class Unlink(Struct, frozen=True):
    """Forget that this chat and others are one person's."""


class Load(Struct, frozen=True):
    """Bring submissions of this chat; answer with `Loaded`."""

    ids: tuple[int, ...]
    why: str
    year: str = ""


class Find(Struct, frozen=True):
    """List people of this account's area; answer with `Found`."""

    search: Search
    why: str = ""


class Meet(Struct, frozen=True):
    """Open one person; answer with `Met`."""

    person: int
    why: str = ""
    """"": to look at; else the value of `visit` with which their form begins."""


class Count(Struct, frozen=True):
    """Say how far this account is; answer with `Counted`."""


class Fill(Struct, frozen=True):
    """The open submission is this person's, of this household."""

    person: int
    household: int
    relation_to_head: str


class Mark(Struct, frozen=True):
    """There is no form of a person, and why. Months "2026-11"."""

    person: int
    outcome: str
    since: str = ""
    until: str = ""


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
    | Link
    | Linked
    | Unlink
    | Load
    | Find
    | Meet
    | Count
    | Fill
    | Mark
)
