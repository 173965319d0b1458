"""`mau03 try-answer`: one answer to one question, read and checked, without a conversation."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.dialogs.answering import check_hard, label_of, read, warnings
from bot.dialogs.form import Form
from bot.dialogs.known import Known
from bot.dialogs.readers.reading import Invalid, Value
from bot.dialogs.state import Draft
from storage.ids import VIETNAM

PLACEHOLDER = re.compile(r"\[[^\]]{1,40}\]")
"""Stands for an event that is not words: "[photo]"."""


class Trial(BaseModel):
    """One line: the question's id, what was typed, on which day, after which answers."""

    question: str
    input: str
    today: date | None = None
    answers: dict[str, Value] = {}


def try_line(line: str, form: Form, known: Known, now: datetime) -> dict[str, Any]:
    """Return what is read: "accepted", then "value", "label", "warnings", or "code", "message"."""
    try:
        trial = Trial.model_validate_json(line)
    except ValidationError:
        return refused("bad_line", {}, known)
    today = trial.today or now.astimezone(VIETNAM).date()
    if trial.question not in form:
        return refused("no_such_question", {"question": trial.question}, known)
    question = form[trial.question]
    answers = {key: value for key, value in trial.answers.items() if key in form}
    try:
        if PLACEHOLDER.match(trial.input.strip()):
            raise Invalid("not_text")
        if not trial.input.strip():
            raise Invalid("empty")
        reading = read(trial.input, question, answers, today, known)
        check_hard(question, answers, reading.value, today, known)
    except Invalid as refusal:
        example = question.example or known.texts("date_example")
        return refused(refusal.code, {"example": example, **refusal.facts}, known)
    found = warnings(
        form, question, Draft(0, form.id, answers=answers), reading.value, today, known
    )
    return {
        "accepted": True,
        "value": reading.value,
        "label": label_of(question, reading.value, known),
        "warnings": [warned.code for warned in found],
    }


def refused(code: str, facts: Mapping[str, object], known: Known) -> dict[str, Any]:
    message = known.texts(f"refuse.{code}", **facts)
    return {"accepted": False, "code": code, "message": message}
