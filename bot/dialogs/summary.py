"""How answers are shown back to the person: numbers masked, what is sensitive hidden."""

from typing import Final

from bot.dialogs.answering import said_of
from bot.dialogs.form import Question
from bot.dialogs.prompts import editable
from bot.dialogs.record import mask
from bot.dialogs.scene import Scene
from bot.dialogs.state import Answer, Draft

ITEM_8: Final = ("q08_uu_tien", "q08_dan_toc")
"""Sensitive by law (Decree 356/2025, Art. 4): hidden in the summary until asked for."""
MASKED: Final = frozenset({"id_number", "insurance_number"})


def shown_value(scene: Scene, question: Question, answer: Answer) -> str:
    """Return an answer as the person may see it on the screen."""
    texts = scene.known.texts
    if answer.value is None:
        if answer.reason:
            return texts(f"option.{answer.reason}")
        return texts(f"how.{answer.how}")
    if question.kind in MASKED and isinstance(answer.value, str):
        return mask(answer.value)
    return said_of(question, answer.value, scene.known)


def shown(scene: Scene, draft: Draft, question_id: str) -> str:
    """Return the line of one question, or "" when it has no answer."""
    if question_id not in draft.answers:
        return ""
    question = scene.form[question_id]
    return line(scene, question, shown_value(scene, question, draft.answer(question_id)))


def line(scene: Scene, question: Question, value: str) -> str:
    label = question.short or question.title
    if not question.item[0].isdigit():
        return f"{label}: {value}"
    return scene.known.texts("summary_line", item=question.item, label=label, value=value)


def summary(scene: Scene, draft: Draft) -> str:
    """Return the lines of all answers, in form order."""
    lines = []
    for question_id in editable(scene.form, draft, scene.known):
        question = scene.form[question_id]
        if question_id == "q08_uu_tien":
            lines.append(line(scene, question, scene.known.texts("hidden")))
        elif question.sensitive and question_id not in ITEM_8:
            lines.append(line(scene, question, scene.known.texts("hidden_reason")))
        elif question_id not in ITEM_8:
            lines.append(shown(scene, draft, question_id))
    return "\n".join(lines)


def card_lines(scene: Scene, draft: Draft) -> str:
    """Return what the card says, and below it where that differs from what was typed."""
    texts = scene.known.texts
    lines = []
    for question_id, answer in draft.card.items():
        question = scene.form[question_id]
        lines.append(line(scene, question, shown_value(scene, question, answer)))
        before = draft.answers.get(question_id, draft.offered.get(question_id))
        if before is not None and not _same(before, answer.value):
            was = shown_value(scene, question, Answer(before))
            lines.append(texts("card_differs", value=was))
    facts = {"tail": str(draft.card["q04_so_cccd"].value)[-4:]}
    for code in dict.fromkeys(code for answer in draft.card.values() for code in answer.kept):
        lines.append(texts(f"warn.{code}", **facts))
    return "\n".join(lines)


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    if isinstance(one, dict) and isinstance(other, dict):
        return str(one["text"]).casefold() == str(other["text"]).casefold()
    return one == other
