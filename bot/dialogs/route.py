"""Which questions apply, which comes next, what a change drops. All derived from the answers."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from bot.dialogs.form import Form, Question, holds
from bot.dialogs.readers.places import village_in
from bot.dialogs.readers.reading import Value
from bot.dialogs.rules import RULES, age_on
from bot.dialogs.state import Answer, Answers

if TYPE_CHECKING:
    from bot.dialogs.known import Known

GUARDED_AGE = 16
"""Years. Below it a parent or guardian must agree (Law 91/2025/QH15, Art. 24)."""


def relevant(form: Form, answers: Answers, known: "Known") -> Iterator[Question]:
    """Yield the questions that apply, in form order. Answers to others do not count."""
    codes: dict[str, Value] = {}
    for question in form.questions:
        if question.when and not holds(question.when, codes):
            continue
        if question.kind == "village" and not _village_applies(answers, known):
            continue
        answer = answers.get(question.id)
        if answer is not None:
            codes[question.id] = answer.value
        yield question


def unanswered(form: Form, answers: Answers, known: "Known") -> list[Question]:
    """The questions still to ask, in order; an answer "skipped" or "unknown" is an answer."""
    return [question for question in relevant(form, answers, known) if question.id not in answers]


def steers(form: Form, question: Question) -> bool:
    """True when another question's relevance looks at this one."""
    return question.id in form.steering or question.kind == "place"


def dropped(form: Form, answers: Answers, known: "Known") -> list[str]:
    """Ids of answers whose question no longer applies."""
    stay = {question.id for question in relevant(form, answers, known)}
    return [question_id for question_id in answers if question_id not in stay]


def is_required(question: Question, answers: Answers) -> bool:
    if question.required:
        return True
    codes = {key: answer.value for key, answer in answers.items()}
    return bool(question.required_when) and holds(question.required_when, codes)


def home(answers: Answers) -> Mapping[str, str | None] | None:
    """The place where the person lives: item 7 where it differs from item 6."""
    elsewhere = answers.get("q07_khac_thuong_tru")
    if elsewhere is None:
        return None
    asked = "q07_noi_o" if elsewhere.value == "co" else "q06_thuong_tru"
    answer = answers.get(asked)
    return answer.value if answer and isinstance(answer.value, dict) else None


def with_village(form: Form, answers: Answers, known: "Known") -> Answers:
    """Return the answers with the village the address tells for certain, or without a stale one."""
    village = next((q for q in form.questions if q.kind == "village"), None)
    if village is None or not known.office.villages:
        return answers
    given = answers.get(village.id)
    if given and given.how != "derived":
        return answers
    place = home(answers)
    certain = place and village_in(place["text"] or "", known.office.villages, known.places)
    rest = {key: answer for key, answer in answers.items() if key != village.id}
    if not certain or not _village_applies(answers, known):
        return rest
    return {**rest, village.id: Answer(certain, "derived")}


def _village_applies(answers: Answers, known: "Known") -> bool:
    place = home(answers)
    return bool(known.office.villages) and (
        place is None or place["commune"] in (None, known.office.commune)
    )


def needs_guardian(answers: Answers, today: date) -> bool:
    """True when the birth date answered makes the person younger than GUARDED_AGE today."""
    born = answers.get("q02_ngay_sinh")
    if born is None or not isinstance(born.value, str):
        return False
    return age_on(born.value, today) < GUARDED_AGE


def checks_reading(form: Form, question_id: str) -> list[tuple[Question, str]]:
    """(question, check id) of soft checks on other questions that look at this one."""
    return [
        (question, check.id)
        for question in form.questions
        if question.id != question_id
        for check in question.checks
        if check.severity == "soft" and question_id in RULES[check.id].reads
    ]
