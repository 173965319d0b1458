"""Everything about the Zalo Bot Platform that is GUESSED. Nothing here was seen in a live call.

The vendor's pages do not say these things. A client that needs one of these values to be as it is
here is wrong: its tests should pass in every one of `WORLDS`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
STICKER: Final[Mapping[str, str]] = MappingProxyType(
    {"sticker": "0e078a2fb66a5f34067b", "url": "https://stickers.example.vn/invented.png"}
)


SECRET_SIGNS: Final = re.compile(r"[A-Za-z0-9_-]*")
"""A page gives only the length of a secret. A header can carry these for certain."""


def counted(text: str) -> int:
    """Return the length of a text as its limit is meant, perhaps: in UTF-16 units.

    That is the strictest way to read "characters". Blank text counts as empty.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 if text.strip() else 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer with ok:false."""

    code: int
    description: str


@dataclass(frozen=True, slots=True)
class Guesses:
    """One way the platform may turn out to be. The defaults are the least surprising ones."""

    blocked: Refusal = Refusal(404, "Not found")
    """The vendor's table of codes has no line for this; 403 means something else there."""
    unknown_chat: Refusal = Refusal(404, "Not found")
    """Also a chat whose person never wrote to the bot."""
    polling_with_webhook: Refusal = Refusal(400, "Bad request")
    revoked: Literal["envelope", "page"] = "envelope"
    """"page": a person saw an answer that was not JSON for a wrong token."""
    status_is_code: bool = False
    """Errors carry their code as HTTP status too, instead of 200."""
    hint: Literal["header", "parameters"] = "header"
    """Where a 429 would say how long to wait, if it ever does: Retry-After or {retry_after}."""
    photo_field: Literal["photo", "photo_url"] = "photo"
    """The vendor's page has the first, people who looked at real calls have the second."""
    image_url: str = "https://photo.example.vn/invented.jpg"
    voice_url: str = "https://voice.example.vn/invented.aac"
    sticker: Mapping[str, str] = field(default_factory=lambda: STICKER)
    unsupported_has_message: bool = True
    """Without it such an event says nothing about who sent it."""
    polled_has_name: bool = True
    """getUpdates says event_name; an old example on the vendor's page does not have it."""
    extra: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """Fields no page mentions, put into every message and every result."""
    keeps_until_polled: bool = True
    """False: what is written while nobody polls never comes (one person saw this)."""
    one_at_a_time: bool = True
    """In the background, events of one chat never overlap; a refused one is overtaken all the same.
    False: all at once."""
    quota_counts: frozenset[str] = frozenset(
        {"sendMessage", "sendPhoto", "sendSticker", "sendVoice"}
    )
    """Methods that use up the quota."""
    zero_waits_for_ever: bool = True
    """getUpdates with timeout 0 never gives up (one person measured this)."""
    webhook_retries: tuple[timedelta, ...] = (
        timedelta(seconds=30),
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(minutes=30),
        timedelta(hours=1),
    )
    """Pauses between attempts; borrowed from official accounts. Then the event is dropped."""
    webhook_patience: timedelta = timedelta(seconds=2)
    """How long a webhook may think, in real time; borrowed from official accounts."""


WORLDS: Final[Mapping[str, Guesses]] = MappingProxyType(
    {
        "least surprising": Guesses(),
        "telegram's codes": Guesses(
            blocked=Refusal(403, "Forbidden: bot was blocked by the user"),
            unknown_chat=Refusal(400, "Bad request: chat not found"),
            polling_with_webhook=Refusal(409, "Conflict"),
            status_is_code=True,
            hint="parameters",
        ),
        "as seen by others": Guesses(
            blocked=Refusal(400, "Bad request"),
            unknown_chat=Refusal(400, "Bad request"),
            revoked="page",
            photo_field="photo_url",
            unsupported_has_message=False,
            polled_has_name=False,
            keeps_until_polled=False,
        ),
        "newer": Guesses(one_at_a_time=False, extra={"invented_field": {"nested": [1, None, "x"]}}),
    }
)
