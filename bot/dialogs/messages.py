"""What comes in from a platform and what goes out to it, in words every platform shares."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as checked

NonText = Literal[
    "voice", "sticker", "photo", "document", "location", "contact", "edited", "unsupported"
]


@checked(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Text:
    """Typed words. `prompt` is set where the platform knows what was on the screen (web)."""

    text: str
    prompt: str = ""
    kind: Literal["text"] = "text"


@checked(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Press:
    """A button. `prompt` is the revision it was shown with; "" means the open one."""

    value: str
    prompt: str = ""
    kind: Literal["press"] = "press"


@checked(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Other:
    """Anything that is not words: explained, never kept. `text` only for an edited message."""

    what: NonText
    text: str = ""
    kind: Literal["other"] = "other"


Content = Text | Press | Other


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of one person. (platform, account, event_id) is its identity for ever."""

    platform: str
    account: str
    """Which of our bots or sites received it."""
    event_id: str
    chat: str
    content: Content
    sent_at: datetime
    """By the platform's clock, aware."""
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do. The conversation is the same; only decoration differs."""

    route: str
    """Key of the sentence in the consent that says through whose servers messages go."""
    scanner: bool = False
    """The card's QR code can be read on this platform."""
    codes: bool = False
    """A paused draft can be opened elsewhere with a continuation code."""
    deletes: bool = False
    """The bot can delete what the person sent."""
    max_text: int = 4096


OutgoingKind = Literal["ask", "confirm", "warn", "summary", "refuse", "info", "receipt"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One bubble. The last one of a turn names the open prompt in `question`, or None."""

    kind: OutgoingKind
    text: str
    question: str | None = None
    buttons: tuple[Button, ...] = ()
    selected: tuple[str, ...] = ()
    receipt: str | None = None
    code: str | None = None
    """Why an answer was refused."""
    about: str | None = None
    codes: tuple[str, ...] = ()
    """Which warnings, about which question."""
    prompt: str = ""
    """Revision of the open prompt; comes back in `Press.prompt`."""
    protect: bool = False
    """Personal summary: not to be forwarded where the platform can prevent it."""
