"""What a bubble looks like: under the thumb, in the message, or cut in pieces."""

from typing import Any, Final

import pytest
from aiogram.types import (
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogs.messages import Button, Outgoing
from bot.platforms.telegram_bubbles import LONGEST_TEXT, keyboard, messages
from tests.telegram_line import TEXTS


def bubble(
    *values: str, kind: Any = "ask", question: str | None = "q03_gioi_tinh", **more: Any
) -> Outgoing:
    buttons = tuple(Button(value, value) for value in values)
    text = more.pop("text", "Câu hỏi\nGõ số để chọn.")
    return Outgoing(kind, text, question, buttons, prompt="12", **more)


def below(outgoing: Outgoing) -> list[list[str]]:
    markup = keyboard(outgoing, TEXTS)
    assert isinstance(markup, ReplyKeyboardMarkup)
    assert markup.resize_keyboard and markup.one_time_keyboard
    return [[button.text for button in row] for row in markup.keyboard]


def above(outgoing: Outgoing) -> list[list[tuple[str, str | None]]]:
    markup = keyboard(outgoing, TEXTS)
    assert isinstance(markup, InlineKeyboardMarkup)
    return [[(one.text, one.callback_data) for one in row] for row in markup.inline_keyboard]


LONG: Final = "Không, ở đúng nơi thường trú"


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        (("Nam", "Nữ", "back"), [["Nam", "Nữ"], ["back"]]),
        (("1", "2", "3", "4"), [["1", "2", "3"], ["4"]]),
        (("Bắt buộc", "Tự nguyện học"), [["Bắt buộc", "Tự nguyện học"]]),
        ((LONG, "Có", "back"), [[LONG], ["Có"], ["back"]]),
        (("confirm", "skip", "unknown", "back"), [["confirm", "skip", "unknown", "back"]]),
        (("unknown", "Chưa được cấp", "back"), [["Chưa được cấp"], ["unknown", "back"]]),
    ],
)
def test_large_buttons_in_the_order_given(values: tuple[str, ...], rows: list[list[str]]) -> None:
    assert below(bubble(*values)) == rows
    assert below(bubble(*values, kind="refuse")) == rows


def test_an_example_stands_in_the_empty_field() -> None:
    text = "Mục 2. Ngày sinh\nVí dụ cách ghi: 05/09/1990\n? = giải thích"

    (message,) = messages(7, bubble("back", text=text), TEXTS)

    assert isinstance(message.reply_markup, ReplyKeyboardMarkup)
    assert message.reply_markup.input_field_placeholder == "Ví dụ cách ghi: 05/09/1990"


def test_an_example_that_is_too_long_does_not() -> None:
    markup = keyboard(bubble("back", text=f"Ví dụ cách ghi: {'a' * 60}"), TEXTS)

    assert isinstance(markup, ReplyKeyboardMarkup)
    assert markup.input_field_placeholder is None


@pytest.mark.parametrize("question", ["warning", "drop_confirm", "review", "card_confirm"])
@pytest.mark.parametrize("kind", ["confirm", "refuse"])
def test_what_is_confirmed_is_pressed_in_the_message(question: str, kind: str) -> None:
    shown = above(bubble("confirm", "cancel", question=question, kind=kind))

    assert shown == [[("confirm", "12:confirm"), ("cancel", "12:cancel")]]


def test_several_choices_are_marked_in_the_message() -> None:
    outgoing = bubble("ho_ngheo", "khuyet_tat", "done", "back", selected=("ho_ngheo",))

    assert above(outgoing) == [
        [("✓ ho_ngheo", "12:ho_ngheo"), ("khuyet_tat", "12:khuyet_tat")],
        [("done", "12:done"), ("back", "12:back")],
    ]


def test_what_does_not_fit_into_a_button_is_typed() -> None:
    outgoing = bubble("ă" * 31, "ă" * 30, "done")

    assert above(outgoing) == [[("ă" * 30, "12:" + "ă" * 30)], [("done", "12:done")]]


def test_what_stands_below_the_chat_goes_before_buttons_in_a_message() -> None:
    first, last = messages(7, bubble("confirm", "cancel", question="warning"), TEXTS)

    assert (first.text, last.text) == ("Câu hỏi", "Gõ số để chọn.")
    assert isinstance(first.reply_markup, ReplyKeyboardRemove)
    assert isinstance(last.reply_markup, InlineKeyboardMarkup)


@pytest.mark.parametrize(
    ("outgoing", "removed"),
    [
        (bubble(question="guardian_name"), True),
        (bubble(question=None, kind="receipt"), True),
        (bubble(question=None, kind="info"), False),
    ],
)
def test_a_question_without_buttons_takes_the_keyboard_away(
    outgoing: Outgoing, removed: bool
) -> None:
    (message,) = messages(7, outgoing, TEXTS)

    assert isinstance(message.reply_markup, ReplyKeyboardRemove) == removed


def test_nothing_anybody_typed_becomes_markup_or_a_preview() -> None:
    sent = messages(7, bubble(question=None, kind="info", text="<b> *x* https://x.test"), TEXTS)

    assert [(one.parse_mode, one.text) for one in sent] == [(None, "<b> *x* https://x.test")]
    assert [one.link_preview_options for one in sent] == [LinkPreviewOptions(is_disabled=True)]


def test_what_is_protected_is_protected_in_every_piece() -> None:
    outgoing = bubble("submit", question="review", kind="summary", protect=True)

    assert [one.protect_content for one in messages(7, outgoing, TEXTS)] == [True, True]


def test_a_long_text_is_cut_at_the_end_of_a_line() -> None:
    lines = [f"Mục {number}. {'dài ' * 20}".strip() for number in range(120)]

    sent = messages(7, bubble("Nam", "back", text="\n".join(lines)), TEXTS)

    assert len(sent) > 2
    assert "\n".join(one.text for one in sent) == "\n".join(lines)
    assert isinstance(sent[-1].reply_markup, ReplyKeyboardMarkup)
    assert all(isinstance(one.reply_markup, ReplyKeyboardRemove) for one in sent[:-1])


@given(
    st.text(st.sampled_from("ab. \n\N{THUMBS UP SIGN}ệ"), min_size=1, max_size=30),
    st.integers(1, 900),
)
def test_every_piece_is_one_telegram_takes(text: str, times: int) -> None:
    whole = "x" + text * times

    sent = [one.text for one in messages(7, bubble(question=None, kind="info", text=whole), TEXTS)]

    assert all(0 < len(one.encode("utf-16-le")) // 2 <= LONGEST_TEXT for one in sent)
    assert "".join("".join(sent).split()) == "".join(whole.split())
