"""Keyboards: what the server refuses of them beyond their types, and what a person sees of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.fakes.telegram_refusals import bad_request

Markup = Mapping[str, Any]
Button = Mapping[str, Any]

MOST_INLINE_BUTTONS: Final = 100
MOST_REPLY_BUTTONS: Final = 300
_LOOKS: Final = frozenset({"text", "style", "icon_custom_emoji_id"})
"""Fields of a button that do not say what it does."""
_PRIVATE: Final = {
    "request_contact": "phone number can be requested in private chats only",
    "request_location": "location can be requested in private chats only",
    "web_app": "BUTTON_TYPE_INVALID",
}
_KINDS: Final = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")


def check(markup: Markup, chat_type: str) -> None:
    """Raise Refused for a keyboard that Telegram does not take in such a chat."""
    kinds = [kind for kind in _KINDS[:3] if kind in markup]
    if len(kinds) > 1:
        raise bad_request(f"reply markup is {' and '.join(kinds)} at once")
    if "inline_keyboard" in markup:
        _check_inline(markup["inline_keyboard"])
    elif "keyboard" in markup:
        _check_reply(markup["keyboard"], chat_type)


def _check_inline(rows: Sequence[Sequence[Button]]) -> None:
    _check_size(rows, MOST_INLINE_BUTTONS)
    for button in buttons(rows):
        does = button.keys() - _LOOKS
        if not does:
            raise bad_request(
                "can't parse inline keyboard button: "
                "Text buttons are unallowed in the inline keyboard"
            )
        if len(does) > 1:
            raise bad_request(f"a button does {' and '.join(sorted(does))} at once")
        if not 1 <= len(button.get("callback_data", "-").encode()) <= 64:
            raise bad_request("BUTTON_DATA_INVALID")


def _check_reply(rows: Sequence[Sequence[Button | str]], chat_type: str) -> None:
    _check_size(rows, MOST_REPLY_BUTTONS)
    if not rows:
        raise bad_request("a keyboard without buttons")
    for button in buttons(rows):
        does = button.keys() - _LOOKS
        if len(does) > 1:
            raise bad_request(f"a button does {' and '.join(sorted(does))} at once")
        for name in does & _PRIVATE.keys():
            if chat_type != "private":
                raise bad_request(_PRIVATE[name])


def _check_size(rows: Sequence[Sequence[Button | str]], most: int) -> None:
    if not all(rows):
        raise bad_request("a row without buttons")
    if sum(len(row) for row in rows) > most:
        raise bad_request("reply markup is too long")
    if not all(button["text"].strip() for button in buttons(rows)):
        raise bad_request("a button without a text")


def buttons(rows: Sequence[Sequence[Button | str]]) -> Iterator[Button]:
    """Yield the buttons from the first row to the last."""
    for row in rows:
        for button in row:
            yield {"text": button} if isinstance(button, str) else button


def labels(rows: Sequence[Sequence[Button | str]]) -> list[list[str]]:
    """Return what is written on the buttons, row by row."""
    return [[button["text"] for button in buttons([row])] for row in rows]


def inline(markup: Markup | None) -> dict[str, Any] | None:
    """Return the inline keyboard as it stands in a message; None when there is none."""
    rows = (markup or {}).get("inline_keyboard")
    return {"inline_keyboard": rows} if rows else None
