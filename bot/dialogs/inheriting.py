"""Last year's answers, block by block: still right, or only what has changed is asked.

Nothing is taken over silently: a block is shown, the person says yes, and every answer keeps how
it came about (Circular 11/2022, Art. 5: information is inherited).
"""

import re
from collections.abc import Iterator
from typing import Final

from bot.dialogs.answering import check_hard, warnings
from bot.dialogs.effects import Ask, Effect, Record
from bot.dialogs.form import Question
from bot.dialogs.giving import store
from bot.dialogs.readers.reading import Invalid, Value
from bot.dialogs.route import is_required, relevant
from bot.dialogs.scene import Scene, Step, draft_of, onward, refuse
from bot.dialogs.state import Answer, Answers, Dialog, Draft, How
from bot.dialogs.summary import line, shown_value

BLOCKS: Final = (range(8), range(8, 11), range(11, 14))
"""Items that are confirmed together: who and where, schooling and trade, work."""
ITEM: Final = re.compile(r"\d{1,2}(?:\.\d)?(?:\.?[ab])?")


def offer(scene: Scene, answers: Answers) -> dict[str, Value]:
    """Return those of last year's answers that could be given today; the others are asked."""
    taken: dict[str, Value] = {}
    draft = Draft(0, scene.form.id)
    for question in relevant(scene.form, answers, scene.known):
        if question.id not in answers or not _holds(scene, draft, question, answers[question.id]):
            continue
        value = answers[question.id]
        taken[question.id] = value
        draft = draft.replace(answers=taken)
    return taken


def _holds(scene: Scene, draft: Draft, question: Question, value: Value) -> bool:
    if value is None:  # left out; whoever had no identity number may have one by now
        return question.kind != "id_number" and not is_required(question, draft.answers)
    try:
        check_hard(question, draft.answers, value, scene.today, scene.known)
        return not warnings(scene.form, question, draft, value, scene.today, scene.known)
    except (Invalid, KeyError, TypeError, ValueError):
        return False  # a value of another version of the form


def _block(draft: Draft, asked: tuple[Question, ...]) -> Iterator[Question]:
    items: range | None = None
    for question in asked:
        if question.id in draft.answers or question.id not in draft.offered:
            continue
        number = _main_item(question)
        items = items or next(block for block in BLOCKS if number in block)
        if number in items:
            yield question


def offers_address(draft: Draft) -> bool:
    """True where nothing is known of a person but where their household is."""
    return draft.person == 0 and not draft.offered_of


def _main_item(question: Question) -> int:
    digits = re.match(r"\d+", question.item)
    return int(digits[0]) if digits else 0


def block(scene: Scene, draft: Draft) -> list[Question]:
    """Return what `inherit` asks about: as if everything offered were right."""
    supposed = {**draft.offered, **draft.answers}
    asked = relevant(scene.form, supposed, scene.known)
    return list(_block(draft, asked))


def block_lines(scene: Scene, draft: Draft) -> str:
    """Return the lines of the block: numbers masked, what is sensitive shown to be confirmed."""
    return "\n".join(
        line(scene, question, shown_value(scene, question, Answer(value, "skipped")))
        for question in block(scene, draft)
        for value in (draft.offered[question.id],)
    )


def inherit(scene: Scene, dialog: Dialog, value: str) -> Step:
    """Take the block over, or ask what has changed, or ask everything."""
    draft = draft_of(dialog)
    if value == "changed":
        return dialog.open("inherit_changed"), [Ask()]
    offered = block(scene, draft)
    if value == "ask":
        return onward(scene, dialog.replace(draft=without(draft, offered)))
    return _taken(scene, dialog, offered)


def changed(scene: Scene, dialog: Dialog, text: str) -> Step:
    """Ask the named items anew; the rest of the block stays as it was."""
    draft = draft_of(dialog)
    offered = block(scene, draft)
    named = {item.replace(".", "") for item in ITEM.findall(text)}
    again = [question for question in offered if _named(question, named)]
    if not again:
        items = ", ".join(dict.fromkeys(q.item for q in offered if q.item[:1].isdigit()))
        return refuse(dialog, "inherit_which", items=items)
    dialog = dialog.replace(draft=without(draft, again))
    return _taken(scene, dialog, [question for question in offered if question not in again])


def _named(question: Question, named: set[str]) -> bool:
    plain = question.item.replace(".", "")
    return plain in named or str(_main_item(question)) in named


def without(draft: Draft, questions: list[Question]) -> Draft:
    """Return the draft with these questions to be asked."""
    gone = {question.id for question in questions}
    return draft.replace(offered={k: v for k, v in draft.offered.items() if k not in gone})


def _taken(scene: Scene, dialog: Dialog, questions: list[Question]) -> Step:
    """Store what is still right; what depends on an item that is asked anew waits for it."""
    how: How = "household" if offers_address(draft_of(dialog)) else "inherited"
    effects: list[Effect] = []
    for question in questions:
        draft = draft_of(dialog)
        if question not in relevant(scene.form, draft.answers, scene.known):
            continue
        answer = Answer(draft.offered[question.id], how)
        dialog, said = store(scene, dialog, question.id, answer)
        effects += [effect for effect in said if isinstance(effect, Record)]
    dialog, more = onward(scene, dialog)
    return dialog, [*effects, *more]
