"""Bubbles -> what Telegram is asked to do. Large buttons under the thumb, or in the message."""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final

from aiogram.methods import SendMessage
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.dialogs.language import Texts
from bot.dialogs.messages import Button, Outgoing
from bot.dialogs.prompts import BESIDES, KINDS
from bot.platforms.pieces import pieces

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove

LONGEST_TEXT: Final = 4096
"""UTF-16 units."""
LONGEST_DATA: Final = 64
"""Bytes a button may send back."""
LONGEST_PLACEHOLDER: Final = 64
WIDEST: Final = {2: 18, 3: 10}
"""Buttons in a row -> characters of the longest label."""


def messages(chat: int, outgoing: Outgoing, texts: Texts) -> Sequence[SendMessage]:
    """Return the messages of a bubble, mostly one. The last one has its buttons.

    A message holds one kind of keyboard only. Where buttons come in the message, its last line is
    sent by itself with them, and what comes before takes away the keyboard under the thumb: it
    belongs to the question before.
    """
    markup = keyboard(outgoing, texts)
    *before, last = _parts(outgoing.text, apart=isinstance(markup, InlineKeyboardMarkup))
    gone = ReplyKeyboardRemove() if markup and before else None
    return [
        *(_message(chat, outgoing, text, gone) for text in before),
        _message(chat, outgoing, last, markup),
    ]


def keyboard(outgoing: Outgoing, texts: Texts) -> Markup | None:
    """Return the keyboard of a bubble; None leaves the one there is, for nothing new is open."""
    if outgoing.question is None:
        return ReplyKeyboardRemove() if outgoing.kind == "receipt" else None
    if in_message(outgoing):
        rows = list(_rows(_sendable(outgoing, texts), last=_ways_out(outgoing)))
        inline = [[_inline(outgoing, button) for button in row] for row in rows]
        return InlineKeyboardMarkup(inline_keyboard=inline) if rows else ReplyKeyboardRemove()
    if not outgoing.buttons:
        return ReplyKeyboardRemove()
    return ReplyKeyboardMarkup(
        keyboard=[
            [KeyboardButton(text=button.label) for button in row]
            for row in _rows(outgoing.buttons, last=_ways_out(outgoing))
        ],
        resize_keyboard=True,
        one_time_keyboard=True,
        input_field_placeholder=_placeholder(outgoing.text, texts),
    )


def in_message(outgoing: Outgoing) -> bool:
    """True where the buttons stand in the message: to confirm, to edit, to choose several."""
    return KINDS.get(outgoing.question or "", "ask") != "ask" or several(outgoing)


def several(outgoing: Outgoing) -> bool:
    """True for a question that takes more than one of its choices."""
    return any(button.value == "done" for button in outgoing.buttons)


def _ways_out(outgoing: Outgoing) -> Container[str]:
    """Values of the buttons that stand in the last row; at a prompt of its own all are answers."""
    return () if outgoing.question in KINDS else BESIDES


def _sendable(outgoing: Outgoing, texts: Texts) -> Iterator[Button]:
    """Yield the buttons that fit, with a sign on what is selected. What does not fit is typed."""
    for button in outgoing.buttons:
        if len(_data(outgoing, button).encode()) > LONGEST_DATA:
            continue
        if button.value in outgoing.selected:
            yield Button(texts("platform.selected", label=button.label), button.value)
        else:
            yield button


def _inline(outgoing: Outgoing, button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=button.label, callback_data=_data(outgoing, button))


def _data(outgoing: Outgoing, button: Button) -> str:
    return f"{outgoing.prompt}:{button.value}"


def _rows(buttons: Iterable[Button], *, last: Container[str]) -> Iterator[list[Button]]:
    """Yield the buttons in rows of one to three, as wide as their labels allow."""
    row: list[Button] = []
    out: list[Button] = []
    for button in buttons:
        if button.value in last:
            out.append(button)
        elif _fits([*row, button]):
            row.append(button)
        else:
            yield row
            row = [button]
    yield from filter(None, (row, out))


def _fits(row: Sequence[Button]) -> bool:
    width = max(len(button.label) for button in row)
    return len(row) == 1 or width <= WIDEST.get(len(row), 0)


def _placeholder(text: str, texts: Texts) -> str | None:
    """Return the example in a question, for the empty input field; None without a short one."""
    start = texts("example", example="")
    _, found, example = text.partition(start)
    line = start + example.split("\n")[0]
    return line if found and len(line) <= LONGEST_PLACEHOLDER else None


def _message(chat: int, outgoing: Outgoing, text: str, markup: Markup | None) -> SendMessage:
    return SendMessage(
        chat_id=chat,
        text=text,
        parse_mode=None,
        protect_content=outgoing.protect or None,
        reply_markup=markup,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )


def _parts(text: str, *, apart: bool) -> list[str]:
    """Return the texts of the messages of a bubble; `apart`: its last line by itself."""
    text = text.strip()
    parts = list(pieces(text, LONGEST_TEXT))
    if apart and len(parts) == 1 and "\n" in text:
        head, _, foot = text.rpartition("\n")
        return [head.strip(), foot]
    return parts
