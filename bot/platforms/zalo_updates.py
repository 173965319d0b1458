"""What Zalo sends -> `Incoming`. Nothing is kept of who sent it: no name, no picture."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.dialogs.messages import Content, Incoming, NonText, Other, Text
from storage.ids import EPOCH

PLATFORM: Final = "zalo"
MOST_CHARACTERS: Final = 4_000
"""Of one message. What is too long for a question, the conversation says by itself."""
NAME: Final = re.compile(r"message\.(\w+)\.received")
ID: Final = re.compile(r"[!-~]{1,100}")
PLAUSIBLE: Final = timedelta(days=400)
"""A date further from now than this is no date."""

NON_TEXT: Final[Mapping[str, NonText]] = {
    "image": "photo",
    "sticker": "sticker",
    "voice": "voice",
    "unsupported": "withheld",
}
FIELDS: Final[Mapping[str, str]] = {
    "photo": "image",
    "photo_url": "image",
    "sticker": "sticker",
    "voice_url": "voice",
    "text": "text",
}
"""What tells the kind of an update that does not name it, as was seen in polls."""


@dataclass(frozen=True, slots=True)
class Group:
    """Something was said where others can read it."""

    chat: str


def unwrapped(body: bytes) -> Mapping[str, Any]:
    """Return the update of a webhook call; both shapes were seen. Empty when there is none in it.

    Raises ValueError for what is no update at all.
    """
    try:
        given = json.loads(body)
    except RecursionError:
        raise ValueError from None
    update = given.get("result", given) if isinstance(given, dict) else given
    if isinstance(given, dict) and not update:
        return {}
    if not isinstance(update, dict):
        raise ValueError
    return update


def understood(account: str, update: Mapping[str, Any], now: datetime) -> Incoming | Group | None:
    """Return the message of an update, the group it was said in, or None: nobody to answer."""
    message = _inner(update, "message")
    chat, event = _id(_inner(message, "chat").get("id")), _id(message.get("message_id"))
    content = _content(update.get("event_name"), message)
    if not chat or not event or content is None or _inner(message, "from").get("is_bot") is True:
        return None
    if not _private(message, chat):
        return Group(chat)
    sent_at = instant_of(message.get("date"), now)
    return Incoming(PLATFORM, account, event, chat, content, sent_at, now)


def instant_of(date: object, now: datetime) -> datetime:
    """Return an instant given in milliseconds; the present one when it is none."""
    if isinstance(date, str) and date.isascii() and date.isdigit() and len(date) < 20:
        date = int(date)
    if type(date) is not int:
        return now
    try:
        instant = EPOCH + timedelta(milliseconds=date)
    except OverflowError:
        return now
    return instant if abs(instant - now) <= PLAUSIBLE else now


def _content(name: object, message: Mapping[str, Any]) -> Content | None:
    """Return what was sent, None for an event that is no message."""
    if isinstance(name, str):
        named = NAME.fullmatch(name)
        if named is None:
            return None
        kind = named[1]
    else:
        kind = next((FIELDS[name] for name in FIELDS if name in message), "unsupported")
    text = message.get("text")
    if kind == "text" and isinstance(text, str):
        return Text(_whole(text)[:MOST_CHARACTERS])
    return Other(NON_TEXT.get(kind, "unsupported"))


def _private(message: Mapping[str, Any], chat: str) -> bool:
    """True when nobody else reads along. Where that is not said, the chat is the sender's own."""
    kind = _inner(message, "chat").get("chat_type")
    if kind is None:
        return _id(_inner(message, "from").get("id")) in ("", chat)
    return bool(kind == "PRIVATE")


def _inner(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = given.get(name)
    return inner if isinstance(inner, dict) else {}


def _id(value: object) -> str:
    """Return an identifier as text, "" when it is none."""
    text = str(value) if type(value) in (str, int) else ""
    return text if ID.fullmatch(text) else ""


def _whole(text: str) -> str:
    """Return the text without halves of characters, which nothing can write."""
    return text.encode("utf-8", "replace").decode()
