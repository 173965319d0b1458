"""The floor of the engine: a survey of 25 questions that does the least a survey can do.

Table-driven and pure, with one reader per kind; no corrections, warnings, languages or buttons.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

Answers = Mapping[str, Any]

_DAY: Final = re.compile(r"\D*(\d{1,2})\D+(\d{1,2})\D+(\d{4})\s*")
_NAME: Final = re.compile(r"[^\W\d_]+(?:[ '\-][^\W\d_]+)+")
_PHONE: Final = re.compile(r"(?:\+?84|0)(\d{9})")


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    kind: str
    ask: str
    sample: str
    """An answer that is accepted."""
    when: str = ""
    most: int = 0


@dataclass(frozen=True, slots=True)
class Survey:
    questions: Sequence[Question]
    yes: frozenset[str]
    no: frozenset[str]
    thanks: str
    wrong: str


@cache
def survey() -> Survey:
    """Return the survey of minimal.toml."""
    given = tomllib.loads(files("bench").joinpath("minimal.toml").read_text("utf-8"))
    words = given["words"]
    questions = [Question(**question) for question in given["question"]]
    yes, no = frozenset(words["yes"]), frozenset(words["no"])
    return Survey(questions, yes, no, words["thanks"], words["wrong"])


def read(survey: Survey, question: Question, text: str) -> Any:
    """Return the value of an answer, None when it cannot be read."""
    if question.kind == "yes_no":
        word = text.strip().lower()
        return True if word in survey.yes else False if word in survey.no else None
    return _READERS[question.kind](text, question.most)


def _read_name(text: str, _: int) -> str | None:
    name = " ".join(unicodedata.normalize("NFC", text).split()).title()
    return name if _NAME.fullmatch(name) else None


def _read_date(text: str, _: int) -> str | None:
    found = _DAY.fullmatch(text)
    if not found:
        return None
    day, month, year = map(int, found.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _read_text(text: str, _: int) -> str | None:
    words = " ".join(unicodedata.normalize("NFC", text).split())
    return words if 1 < len(words) < 200 else None


def _read_digits(text: str, _: int) -> str | None:
    digits = text.replace(" ", "")
    return digits if digits.isdecimal() and len(digits) in (9, 12) else None


def _read_phone(text: str, _: int) -> str | None:
    found = _PHONE.fullmatch(re.sub(r"[ .\-]", "", text))
    return f"0{found[1]}" if found else None


def _read_number(text: str, most: int) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isdecimal() and int(digits) <= most else None


_READERS: Final[Mapping[str, Callable[[str, int], Any]]] = {
    "name": _read_name,
    "date": _read_date,
    "text": _read_text,
    "digits": _read_digits,
    "phone": _read_phone,
    "number": _read_number,
    "choice": _read_number,
}


def following(survey: Survey, position: int, answers: Answers) -> int:
    """Return the position of the next question that applies; their number when there is none."""
    questions = survey.questions
    position += 1
    while position < len(questions):
        when = questions[position].when
        if not when or answers.get(when):
            break
        position += 1
    return position


def advance(survey: Survey, position: int, answers: Answers, text: str) -> tuple[int, Answers, str]:
    """Return the next position, the answers with one more, and what is said."""
    question = survey.questions[position]
    value = read(survey, question, text)
    if value is None:
        return position, answers, survey.wrong
    answers = {**answers, question.id: value}
    position = following(survey, position, answers)
    done = position == len(survey.questions)
    return position, answers, survey.thanks if done else survey.questions[position].ask


def samples(survey: Survey) -> list[Question]:
    """Return the questions that come up when every one is answered with its sample."""
    asked = []
    position, answers = 0, dict[str, Any]()
    while position < len(survey.questions):
        asked.append(survey.questions[position])
        position, given, _ = advance(survey, position, answers, asked[-1].sample)
        answers = dict(given)
    return asked
