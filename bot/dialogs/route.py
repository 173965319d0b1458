"""Which questions apply, which comes next, what a change drops. All derived from the answers."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Check, Form, Question, holds
from bot.dialogs.readers.places import village_in
from bot.dialogs.readers.reading import Value
from bot.dialogs.rules import RULES, age_on
from bot.dialogs.state import Answers, Draft, Manner

if TYPE_CHECKING:
    from bot.dialogs.known import Known

GUARDED_AGE: Final = 16
"""Years. Below it a parent or guardian must agree (Law 91/2025/QH15, Art. 24)."""


def relevant(form: Form, answers: Answers, known: "Known") -> tuple[Question, ...]:
    """Return the questions that apply, in form order. Answers to others do not count."""
    village = form.village is not None and _village_applies(answers, known)
    steering = map(answers.get, form.steering)
    key = (village, *[tuple(code) if isinstance(code, list) else code for code in steering])
    route = form.routes.get(key)
    if route is None:
        route = form.routes[key] = tuple(_route(form, answers, village))
    return route


def _route(form: Form, answers: Answers, village: bool) -> Iterator[Question]:
    codes: dict[str, Value] = {}
    for question in form.questions:
        if question.when and not holds(question.when, codes):
            continue
        if question.kind == "village" and not village:
            continue
        codes[question.id] = answers.get(question.id)
        yield question


def unanswered(form: Form, answers: Answers, known: "Known") -> list[Question]:
    """Return the questions still to ask, in order; "skipped" and "unknown" are answers.

    What was skipped while it was optional is asked again once it is required.
    """
    asked = relevant(form, answers, known)
    return [q for q in asked if answers.get(q.id) is None and _open(q, answers)]


def still_to_come(form: Form, answers: Answers, known: "Known") -> int:
    """Return about how many questions are left: where the way parts, the usual one is counted."""
    supposed = {**form.usual, **answers}
    parting = len(supposed) - len(answers)
    return len(unanswered(form, supposed, known)) + parting


def _open(question: Question, answers: Answers) -> bool:
    """True for a question without a value that must still be asked."""
    if question.id not in answers:
        return True
    return not question.unknown and is_required(question, answers)


def steers(form: Form, question: Question) -> bool:
    """True when another question's relevance looks at this one."""
    return question.id in form.steering or question.kind == "place"


def dropped(form: Form, answers: Answers, known: "Known") -> list[str]:
    """Return the ids of answers whose question no longer applies."""
    stay = {question.id for question in relevant(form, answers, known)}
    return [question_id for question_id in answers if question_id not in stay]


def is_required(question: Question, answers: Answers) -> bool:
    if question.required:
        return True
    return bool(question.required_when) and holds(question.required_when, answers)


def home(answers: Answers) -> Mapping[str, str | None] | None:
    """Return the place where the person lives: item 7 where it differs from item 6."""
    elsewhere = answers.get("q07_khac_thuong_tru")
    if elsewhere is None:
        return None
    place = answers.get("q07_noi_o" if elsewhere == "co" else "q06_thuong_tru")
    return place if isinstance(place, dict) else None


def with_village(form: Form, draft: Draft, known: "Known") -> Draft:
    """Return the draft with the village its address tells for certain, or without a stale one."""
    village = form.village
    if village is None or not known.office.villages:
        return draft
    if village.id in draft.answers and draft.manner(village.id).how != "derived":
        return draft
    answers = {key: value for key, value in draft.answers.items() if key != village.id}
    manners = {key: manner for key, manner in draft.manners.items() if key != village.id}
    place = home(answers)
    certain = place and village_in(place["text"] or "", known.office.villages, known.places)
    if certain and _village_applies(answers, known):
        answers[village.id] = certain
        manners[village.id] = Manner("derived")
    return draft.replace(answers=answers, manners=manners)


def _village_applies(answers: Answers, known: "Known") -> bool:
    if not known.office.villages:
        return False
    place = home(answers)
    return place is None or place["commune"] in (None, known.office.commune)


def needs_guardian(answers: Answers, today: date) -> bool:
    """True when the birth date answered makes the person younger than GUARDED_AGE today."""
    born = answers.get("q02_ngay_sinh")
    if not isinstance(born, str) or today.year - int(born[:4]) > GUARDED_AGE:
        return False
    return age_on(born, today) < GUARDED_AGE


def checks_reading(form: Form, question_id: str) -> tuple[tuple[Question, Check], ...]:
    """Return the soft checks of other questions that look at this one."""
    if question_id not in form.watchers:
        form.watchers[question_id] = tuple(
            (question, check)
            for question, check in form.soft_checks
            if question_id in RULES[check.id].reads and question.id != question_id
        )
    return form.watchers[question_id]
