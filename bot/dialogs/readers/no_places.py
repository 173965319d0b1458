"""What people send instead of a place, told apart before an address is read."""

import re
from typing import Final

from bot.dialogs.readers.characters import has_link, is_latin, stacked_marks
from bot.dialogs.readers.reading import Invalid

LONGEST: Final = 250
"""Characters of a place."""

_UNREADABLE: Final = re.compile(r"[<>{}|\\`]|^=|([^\W\d_])\1{4}|[^\W\d_]{15}", re.IGNORECASE)
"""Markup, a formula, a key held down, a word longer than any Vietnamese one."""
_COORDINATES: Final = re.compile(r"[0-9]{1,3}\.[0-9]{3,}[^0-9]{1,6}[0-9]{1,3}\.[0-9]{3,}|[0-9]\s?°")
_PHONE: Final = re.compile(r"\+?[0-9][0-9 .\-]{7,14}")


def refuse_no_place(text: str) -> None:
    """Raise Invalid when `text` is no address at all; an address may still say too little."""
    if len(text) > LONGEST:
        raise Invalid("place_too_long", length=len(text), longest=LONGEST)
    if has_link(text):
        raise Invalid("place_link")
    if _COORDINATES.search(text):
        raise Invalid("place_coordinates")
    if _PHONE.fullmatch(text):
        raise Invalid("place_phone")
    if _UNREADABLE.search(text) or not is_latin(text) or stacked_marks(text):
        raise Invalid("place_unreadable")
    if not any(char.isalpha() for char in text):
        raise Invalid("place_too_short")
