"""Several answers in one message, each with its number on paper: "8: 7; 9: 4"."""

import re
from collections.abc import Sequence
from typing import Final

from bot.dialogs.effects import Effect, Note, Refuse, Tell
from bot.dialogs.form import Question
from bot.dialogs.giving import also_said, consider, understand
from bot.dialogs.readers.characters import same_words
from bot.dialogs.readers.reading import Invalid, Reading
from bot.dialogs.route import relevant
from bot.dialogs.scene import Scene, Step, draft_of, onward, refuse
from bot.dialogs.state import Dialog
from bot.dialogs.summary import shown


def read_back(scene: Scene, dialog: Dialog, question_ids: list[str]) -> Tell:
    """Return the bubble that repeats several answers at once."""
    lines = (shown(scene, draft_of(dialog), question_id) for question_id in question_ids)
    return Tell("read_back", {"lines": "\n".join(filter(None, lines))})


BEFORE_NUMBER: Final = re.compile(r"^\D{1,5}(?=\d)")
"""A word such as "item" before its number."""


def item_in(words: str) -> str:
    """Return the number or name of an item without a word before its number."""
    return BEFORE_NUMBER.sub("", words)


def question_to_edit(scene: Scene, dialog: Dialog, named: str) -> Question | None:
    """Return the question a person means who wants to edit `named`: one with an answer first."""
    found = questions_of(scene, dialog, named)
    answers = draft_of(dialog).answers
    return next((q for q in found if q.id in answers), found[0] if found else None)


def questions_of(scene: Scene, dialog: Dialog, named: str) -> list[Question]:
    """Return the questions that apply under a number on paper, or under a name in the summary."""
    asked = relevant(scene.form, draft_of(dialog).answers, scene.known)
    plain = named.replace(".", "")
    by_number = [question for question in asked if question.item.replace(".", "") == plain]
    return by_number or [q for q in asked if q.short and same_words(named, q.short)]


def _first_read(
    scene: Scene, dialog: Dialog, questions: Sequence[Question], text: str
) -> tuple[Question, Reading]:
    """Return the first question of an item that takes the words. Raises the first one's Invalid."""
    first: Invalid | None = None
    for question in questions:
        try:
            return question, understand(scene, dialog, question, text)
        except Invalid as refusal:
            first = first or refusal
    assert first is not None  # noqa: S101 - an item has a question
    raise first


def say_many(scene: Scene, dialog: Dialog, parts: list[tuple[str, str]]) -> Step:
    """Take "9: 4; 10: 1" one after another; stop at the first that needs the person."""
    effects: list[Effect] = []
    done: list[str] = []
    left = list(parts)
    said: list[Effect] = []
    stopped = False
    while left and not stopped:
        item, text = left.pop(0)
        dialog, said, stored = _take(scene, dialog, item, text)
        stopped = not stored
        if stored:
            effects += [effect for effect in said if not isinstance(effect, Note)]
            done += stored
    if dialog.draft is None:
        return dialog, [*effects, *said]
    if done:
        effects.append(read_back(scene, dialog, done))
    if left:
        effects.append(Tell("left_over", {"items": ", ".join(item for item, _ in left)}))
    refused = stopped and any(isinstance(effect, Refuse) for effect in said)
    if stopped and not (refused and done):
        return dialog, [*effects, *said]
    dialog, more = onward(scene, dialog)
    return dialog, [*effects, *(said if refused else ()), *more]


def _take(
    scene: Scene, dialog: Dialog, item: str, text: str
) -> tuple[Dialog, list[Effect], list[str]]:
    """Take one answer by its item; the last value are the questions it was stored for."""
    questions = questions_of(scene, dialog, item)
    if not questions:
        return (*refuse(dialog, "item_not_asked", item=item), [])
    try:
        question, reading = _first_read(scene, dialog, questions, text)
    except Invalid as refusal:
        return (*refuse(dialog, refusal.code, **refusal.facts), [])
    dialog, said, stored = consider(scene, dialog, question, reading)
    if not stored:
        return dialog, said, []
    before = draft_of(dialog).answers
    dialog, also = also_said(scene, dialog, question, text)
    new = [key for key, value in draft_of(dialog).answers.items() if before.get(key) != value]
    return dialog, [*said, *also], [question.id, *new]
