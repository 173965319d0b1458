"""One answer to one question: read it, check it. No conversation: the same for chat and imports."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct

from bot.dialogs.form import Form, Question
from bot.dialogs.readers.absence import read_absence
from bot.dialogs.readers.reading import Invalid, Reading, Value
from bot.dialogs.readers.table import READERS
from bot.dialogs.route import checks_reading, is_required
from bot.dialogs.rules import RULES, Facts
from bot.dialogs.state import Answers, Draft

if TYPE_CHECKING:
    from bot.dialogs.known import Known


class Warned(Struct, frozen=True):
    """A soft check that failed: its code, and the facts of its sentence."""

    code: str
    facts: Facts


def read(text: str, question: Question, answers: Answers, today: date, known: "Known") -> Reading:
    """Return what `text` says as an answer to `question`. Raises Invalid."""
    absent = read_absence(text, question, known.words)
    if absent is None:
        return READERS[question.kind](text, question, today, known)
    if is_required(question, answers) and not question.unknown:
        raise Invalid("required")
    return absent


def check_hard(
    question: Question, answers: Answers, value: Value, today: date, known: "Known"
) -> None:
    """Raise Invalid when a hard check of the question refuses the value."""
    for check in question.checks:
        if check.severity == "hard":
            values = {**answers, question.id: value}
            facts = RULES[check.id].test(values, check.params, today, known)
            if facts is not None:
                raise Invalid(str(facts.get("as", check.id)), **{**facts, "as": ""})


def warnings(
    form: Form, question: Question, draft: Draft, value: Value, today: date, known: "Known"
) -> list[Warned]:
    """Return the soft checks that fail: the question's own, then those of answers it contradicts.

    What the person already kept is not asked twice.
    """
    watchers = checks_reading(form, question.id)
    if not question.checks and not watchers:
        return []
    values = {**draft.answers, question.id: value}
    found: dict[str, Warned] = {}
    tested = set()
    for check in question.checks:
        if check.severity == "soft":
            tested.add(RULES[check.id].test)
            facts = RULES[check.id].test(values, check.params, today, known)
            if facts is not None:
                found[check.id] = Warned(check.id, facts)
    for other, check in watchers:
        rule = RULES[check.id]
        if other.id not in draft.answers or rule.test in tested:
            continue
        facts = rule.test(values, check.params, today, known)
        if facts is not None and check.id not in draft.manner(other.id).kept:
            found[check.id] = Warned(check.id, facts)
    return list(found.values())


def office_flags(form: Form, answers: Answers, today: date, known: "Known") -> list[str]:
    """Return the codes of office checks that fail: for the officer's page only."""
    return [
        check.id
        for question in form.questions
        if question.id in answers
        for check in question.checks
        if check.severity == "office"
        and RULES[check.id].test(answers, check.params, today, known) is not None
    ]


def label_of(question: Question, value: Value, known: "Known") -> str:
    """Return the value as it is printed: labels, dd/mm/yyyy, verbatim text."""
    return _shown(question, value, known, question.labels)


def said_of(question: Question, value: Value, known: "Known") -> str:
    """Return the value as the chat says it."""
    return _shown(question, value, known, question.said)


def _shown(question: Question, value: Value, known: "Known", labels: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(labels[code] for code in value)
    if isinstance(value, dict):
        return value["text"] or ""
    if question.kind == "ethnic_group":
        return known.ethnic_groups.name(value)
    if question.kind in {"date", "birth_date"}:
        return "/".join(reversed(value.split("-")))
    return labels.get(value, value)
