"""An answer on its way into the submission: refused, or warned about, or confirmed, then stored.

The stages come in this order, each may stop and ask: place, warning, drop, stored.
"""

from collections.abc import Mapping
from typing import Final

from bot.dialogs.answering import check_hard, read, said_of, warnings
from bot.dialogs.effects import Agree, Ask, Effect, Note, Record, Tell
from bot.dialogs.form import Question
from bot.dialogs.readers.reading import Invalid, Reading, Value
from bot.dialogs.readers.table import READERS
from bot.dialogs.route import dropped, relevant, steers, unanswered, with_village
from bot.dialogs.scene import Scene, Step, draft_of, forget, onward, refuse, reopen
from bot.dialogs.state import NOTHING, PLAIN, Answer, Answers, Dialog, Draft, Pending

STAGES: Final = ("place", "warning", "drop", "store")
STAGE_OF: Final[Mapping[str, str]] = {
    "address_confirm": "place",
    "warning": "warning",
    "drop_confirm": "drop",
}


def say(scene: Scene, dialog: Dialog, question: Question, text: str) -> Step:
    """Take typed words as the answer to the question."""
    try:
        reading = understand(scene, dialog, question, text)
    except Invalid as refusal:
        return refuse(dialog, refusal.code, **refusal.facts)
    dialog, effects, stored = consider(scene, dialog, question, reading)
    if not stored:
        return dialog, effects
    dialog, also = also_said(scene, dialog, question, text)
    dialog, more = onward(scene, dialog)
    return dialog, [*effects, *also, *more]


def understand(scene: Scene, dialog: Dialog, question: Question, text: str) -> Reading:
    """Return what the words say: an answer to this question, or to the one that it opens.

    "Compulsory", asked whether insurance is paid, says that it is. Raises Invalid.
    """
    answers = draft_of(dialog).answers
    try:
        return read(text, question, answers, scene.today, scene.known)
    except Invalid:
        implied = _implied(scene, question, text, answers)
        if implied is None:
            raise
        return Reading(implied)


def _implied(scene: Scene, question: Question, text: str, answers: Answers) -> str | None:
    """Return the one choice that opens a question of this item which takes the words."""
    if question.kind != "choice" or text.isdigit() or _begins_otherwise(scene, question, text):
        return None
    for other in scene.form.questions:
        codes = other.when.get(question.id, ())
        if other.item != question.item or len(codes) != 1 or not other.choices or other.sensitive:
            continue
        try:
            read(text, other, answers, scene.today, scene.known)
        except Invalid:
            continue
        return codes[0]
    return None


def _begins_otherwise(scene: Scene, question: Question, text: str) -> bool:
    """True for words whose first alone is an answer: "no ...", asked whether there is one."""
    first, _, rest = text.partition(" ")
    try:
        READERS[question.kind](first, question, scene.today, scene.known)
    except Invalid:
        return False
    return bool(rest)


def also_said(scene: Scene, dialog: Dialog, question: Question, text: str) -> Step:
    """Store what the same words say about the reason or kind: "housewife" answers item 11 twice."""
    if text.isdigit():
        return dialog, []
    answers = draft_of(dialog).answers
    for other in relevant(scene.form, answers, scene.known):
        if other.item != question.item or question.id not in other.when or not other.choices:
            continue
        try:
            reading = read(text, other, answers, scene.today, scene.known)
        except Invalid:
            continue
        if answers.get(other.id) != reading.value:
            changed, effects, stored = consider(scene, dialog, other, reading)
            said = said_of(other, reading.value, scene.known)
            return (
                (changed, [*effects, Note("note.also", {"value": said})])
                if stored
                else (dialog, [])
            )
    return dialog, []


def undo(scene: Scene, dialog: Dialog, question: Question) -> Step:
    """Take back the choice that opened this question; without another one, ask it again."""
    chosen = draft_of(dialog).answers[question.undo]
    rest = [code for code in chosen or () if code not in question.when[question.undo]]
    if not rest:
        return dialog.open(question.undo), [Ask()]
    return give(scene, dialog, scene.form[question.undo], Reading(rest))


def keep(scene: Scene, dialog: Dialog, question: Question) -> Step:
    """Leave an answer as it is, unless it was skipped and is needed now."""
    draft = draft_of(dialog)
    if question in unanswered(scene.form, draft.answers, scene.known):
        return refuse(dialog, "required")
    return onward(scene, dialog.replace(draft=_settled(draft, question.id)))


def press(scene: Scene, dialog: Dialog, question: Question, value: str) -> Step:
    """Take a button of the question: a choice, a toggle, or a way not to answer."""
    if value == "confirm":
        return keep(scene, dialog, question)
    if question.kind == "choices" and value in question.labels:
        return _toggle(dialog, question, value)
    if value == "done":
        chosen = draft_of(dialog).selected
        if not chosen:
            return refuse(dialog, "nothing_selected")
        in_order: Value = [choice.code for choice in question.options if choice.code in chosen]
        return give(scene, dialog, question, Reading(in_order))
    return give(scene, dialog, question, pressed_reading(question, value))


def pressed_reading(question: Question, value: str) -> Reading:
    """Return what a choice button or a way-out button means."""
    if value == "skip":
        return Reading(None, how="skipped")
    if value == "unknown":
        known_reasons = question.absent_reasons
        return Reading(None, how="unknown", reason="khong_nho" if known_reasons else "")
    if value in question.absent_reasons:
        return Reading(None, how="unknown", reason=value)
    return Reading(value)


def _toggle(dialog: Dialog, question: Question, value: str) -> Step:
    none = question.none_choice.code if question.none_choice else ""
    selected = draft_of(dialog).selected
    if value in selected:
        selected = tuple(code for code in selected if code != value)
    elif value == none:
        selected = (none,)
    else:
        selected = (*(code for code in selected if code != none), value)
    return dialog.drafted(selected=selected), [Ask()]


def give(scene: Scene, dialog: Dialog, question: Question, reading: Reading) -> Step:
    """Take a read answer through all stages; go on when it was stored."""
    dialog, effects, stored = consider(scene, dialog, question, reading)
    if not stored:
        return dialog, effects
    dialog, more = onward(scene, dialog)
    return dialog, [*effects, *more]


def consider(
    scene: Scene, dialog: Dialog, question: Question, reading: Reading
) -> tuple[Dialog, list[Effect], bool]:
    """Check the reading and start its stages. The last value says whether it was stored."""
    refused = _refused(scene, dialog, question, reading.value)
    if refused:
        return (*refused, False)
    answer = Answer(reading.value, reading.how, reading.reason)
    first = "place" if reading.completed else "warning"
    return _stages(scene, dialog, Pending(question.id, answer, first))


def _refused(scene: Scene, dialog: Dialog, question: Question, value: Value) -> Step | None:
    """Return the refusal of a hard check, if any; who is under age is forgotten at once."""
    draft = draft_of(dialog)
    try:
        check_hard(question, draft.answers, value, scene.today, scene.known)
    except Invalid as refusal:
        # Who has answered before has mistyped a year, or says so again by withdrawing.
        if refusal.code == "too_young" and question.id not in draft.answers:
            gone, effects = forget(dialog)
            none_kept = Agree("collect", "no", "prompt.consent_collect.text", {"why": "age"})
            return gone, [*effects, none_kept, Tell("too_young", refusal.facts)]
        return refuse(dialog, refusal.code, **refusal.facts)
    return None


def give_card(scene: Scene, dialog: Dialog, card: Mapping[str, Answer]) -> Step:
    """Store what the card says; the person has seen it and what it contradicts."""
    dialog = dialog.drafted(card=NOTHING)
    effects: list[Effect] = []
    for question_id, answer in card.items():
        refused = _refused(scene, dialog, scene.form[question_id], answer.value)
        if refused:
            return refused
        dialog, said = store(scene, dialog, question_id, answer)
        effects += [effect for effect in said if isinstance(effect, Record)]
    dialog, more = onward(scene, dialog)
    return dialog, [*effects, *more]


def go_on(scene: Scene, dialog: Dialog) -> Step:
    """The person said yes at a stage: on to the next one."""
    pending = draft_of(dialog).pending
    assert pending is not None  # noqa: S101 - a confirm prompt always has one
    answer = pending.answer
    if pending.stage == "warning":
        answer = answer.replace(kept=pending.codes)
    following = STAGES[STAGES.index(pending.stage) + 1]
    dialog, effects, stored = _stages(
        scene, dialog, pending.replace(answer=answer, stage=following)
    )
    if not stored:
        return dialog, effects
    dialog, more = onward(scene, dialog)
    return dialog, [*effects, *more]


def ask_again(_: Scene, dialog: Dialog) -> Step:
    """The person wants to write it again: nothing is stored, the question is open again."""
    pending = draft_of(dialog).pending
    assert pending is not None  # noqa: S101 - a confirm prompt always has one
    return reopen(dialog.drafted(pending=None), pending.question)


def leave(scene: Scene, dialog: Dialog) -> Step:
    """The change is called off: everything stays as it was."""
    return onward(scene, dialog.drafted(pending=None))


def _stages(scene: Scene, dialog: Dialog, pending: Pending) -> tuple[Dialog, list[Effect], bool]:
    draft = draft_of(dialog)
    form = scene.form
    question, value = form[pending.question], pending.answer.value
    if pending.stage == "place":
        return (*_stop(dialog, pending, "address_confirm"), False)
    if pending.stage == "warning":
        found = warnings(form, question, draft, value, scene.today, scene.known)
        if found:
            codes = tuple(warned.code for warned in found)
            return (*_stop(dialog, pending.replace(codes=codes), "warning"), False)
        pending = pending.replace(stage="drop")
    if pending.stage == "drop" and losing(scene, draft, pending):
        return (*_stop(dialog, pending, "drop_confirm"), False)
    dialog, effects = store(scene, dialog, pending.question, pending.answer)
    return dialog, effects, True


def _stop(dialog: Dialog, pending: Pending, prompt: str) -> Step:
    return dialog.drafted(pending=pending).open(prompt), [Ask()]


def losing(scene: Scene, draft: Draft, pending: Pending) -> list[str]:
    """Return the ids of answers that would be dropped by the pending one."""
    answers = draft.answers
    if pending.question not in answers or not steers(scene.form, scene.form[pending.question]):
        return []
    changed = {**answers, pending.question: pending.answer.value}
    gone = dropped(scene.form, changed, scene.known)
    return [question for question in gone if draft.manner(question).how != "derived"]


def store(scene: Scene, dialog: Dialog, question_id: str, answer: Answer) -> Step:
    """Put the answer in; park what no longer applies, bring back what applies again."""
    draft = draft_of(dialog)
    question = scene.form[question_id]
    effects: list[Effect] = [Record("answered", _fact(question_id, answer, draft))]
    draft = _settled(_with(draft, question_id, answer), question_id)
    if steers(scene.form, question):
        draft, more = _park(scene, with_village(scene.form, draft, scene.known))
        effects += more
    if question.kind == "id_number" and isinstance(answer.value, str):
        effects.append(Note("note.id_number", {"tail": answer.value[-4:]}))
    return dialog.replace(draft=draft.replace(pending=None)), effects


def _settled(draft: Draft, question_id: str) -> Draft:
    """Return the draft with nothing offered for a question, and no comment of the officer left."""
    if question_id not in draft.offered and question_id not in draft.comments:
        return draft
    return draft.replace(
        offered={key: value for key, value in draft.offered.items() if key != question_id},
        comments={key: value for key, value in draft.comments.items() if key != question_id},
    )


def _with(draft: Draft, question_id: str, answer: Answer) -> Draft:
    manners = draft.manners
    if answer.manner != PLAIN:
        manners = {**manners, question_id: answer.manner}
    elif question_id in manners:
        manners = {key: manner for key, manner in manners.items() if key != question_id}
    return draft.replace(answers={**draft.answers, question_id: answer.value}, manners=manners)


def _park(scene: Scene, draft: Draft) -> tuple[Draft, list[Effect]]:
    gone = dropped(scene.form, draft.answers, scene.known)
    if not gone and not draft.parked:
        return draft, []
    stay = draft.all_answers()
    waiting = {**draft.parked, **{key: stay.pop(key) for key in gone}}
    effects: list[Effect] = [Record("dropped", {"question": key}) for key in gone]
    back = 0
    values = {key: answer.value for key, answer in {**waiting, **stay}.items()}
    for question in relevant(scene.form, values, scene.known):
        if question.id in waiting and question.id not in stay:
            stay[question.id] = waiting.pop(question.id)
            effects.append(Record("restored", _fact(question.id, stay[question.id], None)))
            back += 1
    if back:
        effects.append(Note("note.restored", {"count": back}))
    return draft.replace(parked=waiting).with_answers(stay), effects


def _fact(question_id: str, answer: Answer, before: Draft | None) -> dict[str, object]:
    fact: dict[str, object] = {"question": question_id, "value": answer.value}
    if answer.manner != PLAIN:
        fact |= {"how": answer.how, "reason": answer.reason, "kept": answer.kept}
    if before is not None and question_id in before.answers:
        fact["old"] = before.answers[question_id]
    return fact
