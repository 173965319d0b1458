"""A button under the thumb sends its label: typed, it must say what the button says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest
from msgspec import structs

from bot.content import form_of, known_of
from bot.dialogs.effects import Ask, Effect, Note, Pressed, Said
from bot.dialogs.engine import advance
from bot.dialogs.enumerator import MENUS
from bot.dialogs.form import Question
from bot.dialogs.messages import Button, Capabilities, Outgoing
from bot.dialogs.people import Account
from bot.dialogs.prompts import OPTIONS
from bot.dialogs.render import render
from bot.dialogs.scene import Scene
from bot.dialogs.state import Answer, Chat, Dialog, Draft, Pending, Visit
from tests.talks import OFFICE

FORM: Final = form_of()
VILLAGES: Final = ("Thôn Đoàn Kết", "Thôn 2", "Tổ dân phố 3", "Bãi Mía")
SCENE: Final = Scene(FORM, known_of(replace(OFFICE, villages=VILLAGES)), date(2026, 11, 22), 9)
COLLECTING: Final = structs.replace(SCENE, account=Account(1, "enumerator", "chị Hoa", "21340"))
ABLE: Final = Capabilities("telegram", deletes=True)
GIVEN: Final = {
    "q01_ho_ten": "Nguyễn Văn An",
    "q02_ngay_sinh": "1990-09-05",
    "q03_gioi_tinh": "nam",
    "q06_thuong_tru": {"text": "Thôn 2, xã Sơn Tây", "commune": "21340"},
    "q09_gdpt": "thpt",
}
"""So that no rule has anything against an answer."""


def answers_for(question: Question) -> dict[str, Any]:
    """Return answers with which the question applies."""
    found = dict(GIVEN)
    for other, codes in question.when.items():
        several = FORM[other].kind == "choices"
        found |= answers_for(FORM[other]) | {other: [codes[0]] if several else codes[0]}
    return found


def asked(question: Question, keep: bool) -> Dialog:
    answers = answers_for(question)
    answers.pop(question.id, None)
    if keep:
        answers[question.id] = None
        if question.options:
            answers[question.id] = question.options[-1].code
        if question.kind == "choices":
            answers[question.id] = [question.options[0].code]
    return dialog(answers=answers).open(question.id, keep=keep)


def dialog(**draft: Any) -> Dialog:
    chat = Chat(True, (7,), 7, "yes")
    return Dialog(chat, Draft(7, FORM.id, relation="self", consent="yes", **draft))


def around(prompt: str) -> Dialog:
    """Return a dialog at one of the prompts around the form."""
    stage = {"address_confirm": "place", "warning": "warning", "drop_confirm": "drop"}.get(prompt)
    pending = Pending("q03_gioi_tinh", Answer("nu"), stage) if stage else None
    if prompt == "withdraw_confirmed":
        return dialog(status="confirmed", answers=GIVEN).open("withdraw_confirm")
    if prompt == "consent_proxy":
        return Dialog(Chat(True), Draft(7, FORM.id, relation="con")).open("consent_collect")
    if prompt in {"inherit_list", "inherit_household"}:
        person = 5 if prompt == "inherit_list" else 0
        return dialog(answers={}, offered=GIVEN, person=person, collector=1).open("inherit")
    if prompt == "relationship_visit":
        return dialog(answers={}, collector=1).open("relationship")
    if prompt in MENUS:
        chat = Chat(True, visit=Visit(listed=(5, 6), more=True))
        draft = dialog(answers=GIVEN).draft if prompt in {"relation_to_head", "double"} else None
        return Dialog(chat, draft).open(prompt)
    if prompt == "my_forms":
        opened = dialog(answers=GIVEN).open(prompt)
        return opened.chatted(listed=(7, 8))
    card = {"q04_so_cccd": Answer("051090001234")} if prompt == "card_confirm" else {}
    return dialog(answers=GIVEN, pending=pending, card=card).open(prompt)


def shown(standing: Dialog) -> Outgoing:
    (bubble,) = render(SCENE, standing, [Ask()], ABLE)
    return bubble


def tapped() -> Iterator[Any]:
    """Yield a dialog and a button of its open prompt, for all there are."""
    for question in FORM.questions:
        for keep in (False, True):
            standing = asked(question, keep)
            for button in shown(standing).buttons:
                if question.kind != "choices" or button.value not in question.labels:
                    yield pytest.param(standing, button, id=f"{question.id} {button.value} {keep}")
    for prompt in OPTIONS:
        standing = around(prompt)
        for button in shown(standing).buttons:
            if not button.value.startswith("edit:"):
                yield pytest.param(standing, button, id=f"{prompt} {button.value}")


def outcome(standing: Dialog, event: Said | Pressed) -> tuple[Dialog, list[Effect]]:
    prompt = standing.chat.prompt
    collects = prompt is not None and prompt.question in MENUS
    after, effects = advance(COLLECTING if collects else SCENE, standing, event)
    # A chat remembers the last bare word typed, and a number typed is read back.
    return after.chatted(last=""), [one for one in effects if not isinstance(one, Note)]


@pytest.mark.parametrize(("standing", "button"), list(tapped()))
def test_a_label_that_is_typed_says_what_its_button_says(standing: Dialog, button: Button) -> None:
    assert outcome(standing, Said(button.label)) == outcome(standing, Pressed(button.value))


@pytest.mark.parametrize("item", ["1", "9"])
def test_an_item_that_is_to_be_edited_can_be_typed(item: str) -> None:
    standing = around("review")
    label = next(b for b in shown(standing).buttons if b.label == f"Sửa mục {item}")

    assert outcome(standing, Said(f"sửa {item}")) == outcome(standing, Pressed(label.value))
