"""What comes in from a platform and what goes out to it, in words every platform shares."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

NonText = Literal[
    "voice",
    "sticker",
    "photo",
    "document",
    "location",
    "contact",
    "edited",
    "withheld",
    "code_wrong",
    "code_tries",
    "invite_wrong",
    "invite_taken",
    "unsupported",
]
"""`withheld`: the platform keeps what people it protects by law have written to itself. `code_*`: a
linking code was typed that opens nothing, or too many were tried; `invite_*`: an invitation that
is none, or one for a chat in which somebody else works."""


class Text(Struct, frozen=True, tag_field="kind", tag="text"):
    """Typed words. `prompt` is set where the platform knows what was on the screen (web)."""

    text: str
    prompt: str = ""


class Press(Struct, frozen=True, tag_field="kind", tag="press"):
    """A button. `prompt` is the revision it was shown with; "" means the open one."""

    value: str
    prompt: str = ""


class Other(Struct, frozen=True, tag_field="kind", tag="other"):
    """Anything that is not words: explained, never kept. `text` only for an edited message."""

    what: NonText
    text: str = ""


Content = Text | Press | Other


class Incoming(Struct, frozen=True):
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
    ref: str = ""
    """The platform's name of the message itself, where a bot can delete it."""


class Button(Struct, frozen=True, omit_defaults=True):
    label: str
    value: str


class Capabilities(Struct, frozen=True):
    """What a platform can do. The conversation is the same; only decoration differs."""

    route: str
    """Key of the sentence in the consent that says through whose servers messages go."""
    scanner: Literal["", "here", "site"] = ""
    """Where the page that reads a card's QR code is: on the same pages, on our public site, or
    nowhere."""
    codes: bool = False
    """A paused draft can be opened elsewhere with a continuation code."""
    deletes: bool = False
    """The bot can delete what the person sent."""
    stays: bool = False
    """What the person sends stays in the chat for good: private answers are better typed on a page
    of our own."""
    relayed: bool = False
    """Messages pass through a company's servers: a draft from elsewhere needs a new consent."""
    max_text: int = 4096
    per_second: float = 0
    """Bubbles one bot may send in a second, 0: any number."""
    per_chat: float = 0
    """Bubbles one chat may get in a second in the long run, 0: any number."""


OutgoingKind = Literal["ask", "confirm", "warn", "summary", "refuse", "info", "receipt", "delete"]
"""`delete` is no bubble: a message of the person, named by `ref`, is to be deleted."""


class Outgoing(Struct, frozen=True, omit_defaults=True):
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
    scan: str = ""
    """Address of the page that reads a card's QR code, also in the text: a link, or a button."""
    ref: str = ""
