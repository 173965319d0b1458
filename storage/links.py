"""Addresses of a page that answers one prompt of one chat. They hold nothing readable.

Nothing is stored: an address is sealed with the office's key and dies with the prompt it is for.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from msgspec import DecodeError, Struct, json
from sqlalchemy import Connection, select

from storage.ids import Random, milliseconds
from storage.sealed import Keys, place, seal, unseal
from storage.tables import chats

VALID: Final = timedelta(hours=24)
LONGEST: Final = 300
"""Characters of a link; a longer one is not looked at."""
_PLACE: Final = place("links", "prompt", "")


class Link(Struct, frozen=True, array_like=True):
    """One prompt of one chat, until a moment (milliseconds UTC)."""

    chat_id: int
    prompt: str
    until: int


def new_link(keys: Keys, chat_id: int, prompt: str, *, now: datetime, random: Random) -> str:
    """Return the last part of an address: letters, digits, - and _."""
    link = Link(chat_id, prompt, milliseconds(now + VALID))
    sealed = seal(keys.office, json.encode(link), _PLACE, random)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_link(keys: Keys, text: str, *, now: datetime) -> Link | None:
    """Return what a link is for; None when it was not made here or is over."""
    try:
        sealed = base64.b64decode(text[:LONGEST] + "==", altchars=b"-_", validate=True)
        link = json.decode(unseal(keys.office, sealed, _PLACE), type=Link)
    except (InvalidTag, DecodeError, ValueError, binascii.Error):
        return None
    return link if milliseconds(now) < link.until else None


class Address(Struct, frozen=True):
    """Where a chat is: its platform's own words for it, and its look-up token."""

    platform: str
    account: str
    chat: str
    token: str


def address_of(connection: Connection, keys: Keys, chat_id: int) -> Address | None:
    """Return where a chat is, None when there is none with this number."""
    row = connection.execute(select(chats).where(chats.c.id == chat_id)).one_or_none()
    if row is None:
        return None
    chat = unseal(keys.office, row.address, place("chats", "address", row.id)).decode()
    return Address(row.platform, row.account, chat, row.token)
