"""Several answers in one message, each with its number on paper: "8: 7; 9: 4"."""

from collections.abc import Sequence

from bot.dialogs.answering import read, said_of
from bot.dialogs.effects import Effect, Note, Refuse, Tell
from bot.dialogs.form import Question
from bot.dialogs.giving import consider
from bot.dialogs.readers.characters import same_words
from bot.dialogs.readers.reading import Invalid, Reading
from bot.dialogs.route import relevant
from bot.dialogs.scene import Scene, Step, draft_of, onward, refuse
from bot.dialogs.state import Dialog


def read_back(scene: Scene, dialog: Dialog, question_ids: list[str]) -> Tell:
    """Return the bubble that repeats several answers at once."""
    answers = draft_of(dialog).answers
    lines = []
    for question_id in question_ids:
        question = scene.form[question_id]
        if question_id in answers:
            shown = said_of(question, answers[question_id], scene.known)
            lines.append(f"{question.item}. {shown or '-'}")
    return Tell("read_back", {"lines": "\n".join(lines)})


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
    answers = draft_of(dialog).answers
    first: Invalid | None = None
    for question in questions:
        try:
            return question, read(text, question, answers, scene.today, scene.known)
        except Invalid as refusal:
            first = first or refusal
    assert first is not None  # noqa: S101 - an item has a question
    raise first


def say_many(scene: Scene, dialog: Dialog, parts: list[tuple[str, str]]) -> Step:
    """Take "9: 4; 10: 1" one after another; stop at the first that needs the person."""
    effects: list[Effect] = []
    done: list[str] = []
    for item, text in parts:
        questions = questions_of(scene, dialog, item)
        if not questions:
            dialog, said = onward(scene, dialog)
            said = [Refuse("item_not_asked", {"item": item}), *said]
            break
        question = questions[0]
        try:
            question, reading = _first_read(scene, dialog, questions, text)
        except Invalid as refusal:
            dialog = dialog.open(question.id, keep=question.id in draft_of(dialog).answers)
            dialog, said = refuse(dialog, refusal.code, **refusal.facts)
            break
        dialog, said, stored = consider(scene, dialog, question, reading)
        if not stored:
            break
        effects += [effect for effect in said if not isinstance(effect, Note)]
        done.append(question.id)
    else:
        dialog, said = onward(scene, dialog)
    if done and dialog.draft is not None:
        effects.append(read_back(scene, dialog, done))
    return dialog, [*effects, *said]
