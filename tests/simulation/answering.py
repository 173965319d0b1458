"""What somebody who knows the truth does when a bubble asks for it."""

import re
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from bot.content import form_of
from bot.dialogs.messages import Content, Outgoing, Press, Text
from tests.oracle import asked
from tests.simulation.model import Sitting

FORM: Final = form_of()
ITEM_SHOWN: Final = re.compile(r"^Mục (\d+)\.", re.MULTILINE)
TAGGABLE: Final = ("q05_ma_bhxh", "q08_uu_tien", "q09_gdpt", "q10_cmkt", "q11_hdkt")
"""Answers that may be sent at any time with their number before them."""
OTHERWISE: Final[Mapping[str, Any]] = {
    "q13_that_nghiep": "chua_bao_gio",
    "q13_1_thoi_gian": "tren_1_nam",
    "q11_ly_do": "khac",
}
"""What is said where a mistake leads to a question that the truth has no answer to."""
SKIP: Final = {"q04_so_cccd": "không nhớ"}


def value_of(sitting: Sitting, question: str) -> Any:
    if question in sitting.mistakes:
        return sitting.mistakes[question]
    if question == "h_thon":
        return sitting.human.village
    return sitting.truth.get(question, OTHERWISE.get(question))


def answer(chance: Random, bubble: Outgoing, sitting: Sitting) -> Content:
    """Return the answer to a question of the form: a button or words."""
    question = FORM[str(bubble.question)]
    value = value_of(sitting, question.id)
    values = [button.value for button in bubble.buttons]
    if isinstance(value, list):
        return Text(", ".join(str(values.index(code) + 1) for code in value))
    if value in values:
        number = values.index(value) + 1
        return Text(str(number)) if chance.random() < 0.5 else Press(value, bubble.prompt)
    return Text(_words(chance, question.id, value))


def _words(chance: Random, question: str, value: Any) -> str:
    if value is None:
        return SKIP.get(question, "bỏ qua")
    if question == "q02_ngay_sinh":
        year, month, day = str(value).split("-")
        return chance.choice((f"{day}/{month}/{year}", f"{int(day)}-{int(month)}-{year}"))
    return str(value)


def tags(chance: Random, sitting: Sitting) -> list[Content]:
    """Return some answers with their numbers: "9: 3", one in a message, in any order."""
    known = set(asked(sitting.truth)) & set(TAGGABLE)
    chosen = [key for key in TAGGABLE if key in known and chance.random() < 0.5]
    said: list[Content] = [Text(_tag(key, value_of(sitting, key))) for key in chosen]
    chance.shuffle(said)
    return said


def together(sitting: Sitting) -> Content:
    """Return all of them in one message."""
    parts = (_tag(key, value_of(sitting, key)) for key in TAGGABLE)
    return Text("; ".join(parts))


def _tag(key: str, value: Any) -> str:
    question = FORM[key]
    if value is None:
        return f"{question.item}: bỏ qua"
    if value == ["khong"]:
        return f"{question.item}: {len(question.options)}"
    codes = [choice.code for choice in question.options]
    wanted = value if isinstance(value, list) else [value]
    numbers = (str(codes.index(code) + 1) if code in codes else str(code) for code in wanted)
    return f"{question.item}: {', '.join(numbers)}"


def inherited(chance: Random, bubble: Outgoing, sitting: Sitting) -> Content:
    """Say whether what the office has is still right."""
    if wrong_items(bubble, sitting) is None or chance.random() < 0.1:
        return Press("ask", bubble.prompt)
    changed = bool(wrong_items(bubble, sitting))
    offers = any(button.value == "changed" for button in bubble.buttons)
    if changed:
        return Press("changed" if offers else "ask", bubble.prompt)
    return Press("same", bubble.prompt)


def wrong_items(bubble: Outgoing, sitting: Sitting) -> list[str] | None:
    """Return the items shown that are not right; None: not known, so all is asked."""
    row = sitting.given
    shown = dict.fromkeys(ITEM_SHOWN.findall(bubble.text))
    if row is None:
        return [] if set(shown) <= {"6"} else None
    return [item for item in shown if not _right(sitting, row.known, item)]


def _right(sitting: Sitting, known: Mapping[str, Any], item: str) -> bool:
    questions = [q.id for q in FORM.questions if q.item.split(".")[0] == item and q.id in known]
    mistaken = {k: value for k, value in sitting.mistakes.items() if k not in sitting.truth}
    expected = {**sitting.expected(), **mistaken}
    return all(known[key] == expected.get(key) for key in questions)
