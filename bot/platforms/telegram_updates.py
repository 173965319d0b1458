"""Telegram's updates -> what they are to us. Of a group nothing gets further than its number."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, Update
from msgspec import Struct
from pydantic import ValidationError

from bot.dialogs.messages import Content, Incoming, NonText, Other, Press, Text

log = logging.getLogger(__name__)

PLATFORM: Final = "telegram"
ALLOWED: Final = ("message", "edited_message", "callback_query", "my_chat_member", "channel_post")
"""Kinds of updates we ask for."""
STRANGE: Final = "?"
"""Revision of a button that is not ours: it is never the open one."""

WHAT: Final[Mapping[str, NonText]] = {
    "voice": "voice",
    "video_note": "voice",
    "sticker": "sticker",
    "photo": "photo",
    "document": "document",
    "video": "document",
    "location": "location",
    "contact": "contact",
}
"""Field of a message -> what it is to the conversation; anything else is "unsupported"."""
NOT_SAID: Final = frozenset(
    {
        "pinned_message",
        "message_auto_delete_timer_changed",
        "write_access_allowed",
        "chat_background_set",
    }
)
"""What Telegram notes in a private chat by itself: nobody waits for an answer."""


class Membership(Struct, frozen=True):
    """A person has blocked the bot, or let it in again (None)."""

    chat: str
    blocked_at: datetime | None


class Seen(Struct, frozen=True):
    """What one update is to us: nothing, one thing, or (a press) two."""

    incoming: Incoming | None = None
    press: str = ""
    """Name under which Telegram waits for an answer to a press."""
    membership: Membership | None = None
    group: int | None = None
    """Number of a group or channel the bot is in, where it has no business."""


def read(raw: Mapping[str, Any], account: str, now: datetime) -> Seen:
    """Return what an update is to us. What cannot be read of it is left out, never raised."""
    for given in (raw, _least(raw)):
        try:
            return seen(Update.model_validate(given), account, now)
        except ValidationError as error:
            log.warning("update_not_understood", extra={"why": type(error).__name__})
    return Seen()


def seen(update: Update, account: str, now: datetime) -> Seen:
    if update.callback_query is not None:
        return _pressed(update.callback_query, update.update_id, account, now)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member)
    message = update.message or update.edited_message or update.channel_post
    if message is None:
        return Seen()
    if message.chat.type != "private":
        return Seen(group=message.chat.id)
    content = _edited(message) if update.edited_message else _said(message)
    if content is None:
        return Seen()
    return Seen(
        Incoming(
            PLATFORM,
            account,
            event_id=str(update.update_id),
            chat=str(message.chat.id),
            content=content,
            sent_at=in_order(message.date, message.message_id),
            received_at=now,
            ref=str(message.message_id),
        )
    )


def in_order(date: datetime, message_id: int) -> datetime:
    """Return when a message was sent, so that of two in one chat the later one is later.

    Telegram's clock has whole seconds; within one, the numbers of its messages tell the order.
    """
    return date + timedelta(milliseconds=message_id % 1000)


def _pressed(press: CallbackQuery, update_id: int, account: str, now: datetime) -> Seen:
    chat = press.message.chat if press.message else None
    if press.data is None or (chat and chat.type != "private"):
        return Seen(press=press.id)
    shown, mark, value = press.data.partition(":")
    content = Press(value, shown) if mark and shown else Press(press.data, STRANGE)
    person = str(chat.id if chat else press.from_user.id)
    return Seen(Incoming(PLATFORM, account, str(update_id), person, content, now, now), press.id)


def _membership(change: ChatMemberUpdated) -> Seen:
    status = change.new_chat_member.status
    if change.chat.type != "private":
        return Seen() if status in {"left", "kicked"} else Seen(group=change.chat.id)
    blocked_at = change.date if status == "kicked" else None
    return Seen(membership=Membership(str(change.chat.id), blocked_at))


def _said(message: Message) -> Content | None:
    if message.text is not None:
        return Text(message.text)
    if message.content_type in NOT_SAID:
        return None
    found = (what for name, what in WHAT.items() if getattr(message, name) is not None)
    return Other(next(found, "unsupported"))


def _edited(message: Message) -> Content | None:
    """A shared position is edited with every step of the person: that is no correction."""
    return None if message.location else Other("edited", message.text or "")


def _least(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return of an update what we cannot do without; Telegram changes the rest without asking."""
    found: dict[str, Any] = {"update_id": raw.get("update_id")}
    for kind in ("message", "edited_message", "channel_post"):
        if isinstance(body := raw.get(kind), dict):
            found[kind] = {name: body[name] for name in MESSAGE if name in body}
            found[kind]["chat"] = _some(body.get("chat"), ("id", "type"))
    if isinstance(press := raw.get("callback_query"), dict):
        found["callback_query"] = _some(press, ("id", "chat_instance", "data"))
        found["callback_query"]["from"] = _some(press.get("from"), PERSON)
    return found


MESSAGE: Final = ("message_id", "date", "text")
PERSON: Final = ("id", "is_bot", "first_name")


def _some(given: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given} if isinstance(given, dict) else {}
