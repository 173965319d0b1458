"""The answers of one line together: what follows from them, what they break, what looks odd.

Ids and codes of the form may stand here, as in `bot/dialogs/rules.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

from admin.imports.values import (
    INACTIVE_WITH_WORK,
    NO_ACTIVITY,
    NO_ID,
    UNEMPLOYED_WITH_WORK,
)
from admin.imports.work import Work
from bot.dialogs.answering import check_hard, warnings
from bot.dialogs.form import Form, Question
from bot.dialogs.known import Known
from bot.dialogs.readers.characters import tone_fold
from bot.dialogs.readers.reading import Invalid, Value
from bot.dialogs.route import checks_reading, is_required
from bot.dialogs.state import Answers, Draft

NAME: Final = "q01_ho_ten"
BORN: Final = "q02_ngay_sinh"
SEX: Final = "q03_gioi_tinh"
ID: Final = "q04_so_cccd"
PERMANENT, ELSEWHERE, HOME = "q06_thuong_tru", "q07_khac_thuong_tru", "q07_noi_o"
PRIORITY, GROUP, MINORITY = "q08_uu_tien", "q08_dan_toc", "dan_toc_thieu_so"
MAJORITY_GROUP: Final = "01"
ACTIVITY, REASON = "q11_hdkt", "q11_ly_do"
INACTIVE, UNEMPLOYED = "khong_tham_gia", "that_nghiep"
WORK, SEARCH = "q12_", "q13_"
"""Beginnings of the questions about work and about being without it."""
TELLING: Final = ("q12_1_vi_the", "q13_that_nghiep", "q13_1_thoi_gian")
"""Questions of item 12 and 13 that are answered only by those whom item 11 puts there."""

CanSay = Callable[[str, str, int | None], bool]
"""(question, code, column) -> whether another column than this one could have said so."""


def implied(form: Form) -> tuple[tuple[str, str, str], ...]:
    """Return (question, another one, its code): whoever answers the first has said the second."""
    return tuple(
        (question.id, above, codes[0])
        for question in reversed(form.questions)
        if question.kind == "choice"
        for above, codes in question.when.items()
        if len(codes) == 1 and (form[above].item == question.item or question.id in TELLING)
    )


def settle(
    work: Work, implies: tuple[tuple[str, str, str], ...], can_say: CanSay, *, asks_home: bool
) -> None:
    """Add what the answers leave no choice about; take out what only lists say."""
    _settle_group(work)
    _settle_home(work, asks_home=asks_home)
    answers = work.answers
    for question, above, code in implies:
        if above in answers or answers.get(question) is None:
            continue
        if not can_say(above, code, work.columns.get(question)):
            work.derive(above, code)


def _settle_group(work: Work) -> None:
    """Lists have everybody's ethnic group, the form only that of minorities."""
    group = work.answers.get(GROUP)
    if group == MAJORITY_GROUP:
        work.drop(GROUP)
    elif group is not None:
        chosen = work.answers.get(PRIORITY)
        codes = set(chosen) if isinstance(chosen, list) else set()
        if MINORITY not in codes:
            if chosen:
                work.warn(work.columns[GROUP], "group_added")
            options = work.form[PRIORITY].choices
            work.derive(PRIORITY, [c.code for c in options if c.code in {*codes, MINORITY}])


def _settle_home(work: Work, *, asks_home: bool) -> None:
    """An empty place of living is the permanent one, as the form's item 7 has it."""
    home, permanent = work.answers.get(HOME), work.answers.get(PERMANENT)
    if isinstance(home, dict) and isinstance(permanent, dict) and _same(home, permanent):
        work.drop(HOME)
        home = None
    if ELSEWHERE not in work.answers and asks_home and (home or permanent):
        work.derive(ELSEWHERE, "co" if home else "khong")


def _same(one: dict[str, str | None], other: dict[str, str | None]) -> bool:
    return tone_fold(one["text"] or "") == tone_fold(other["text"] or "")


def with_hard_checks(form: Form) -> tuple[Question, ...]:
    return tuple(q for q in form.questions if any(c.severity == "hard" for c in q.checks))


def refuse_impossible(
    work: Work, questions: tuple[Question, ...], today: date, known: Known
) -> None:
    """Note what the hard checks of these questions refuse."""
    for question in questions:
        value = work.answers.get(question.id)
        if value is None:
            continue
        try:
            check_hard(question, work.answers, value, today, known)
        except Invalid as refusal:
            work.problem_with(question.id, refusal.code, refusal.facts)


def classes_of(answers: Answers) -> frozenset[str]:
    """Return the classes of errors, but for the one that keeps a line from being a person."""
    given = {question for question, value in answers.items() if value is not None}
    working = any(question.startswith(WORK) for question in given)
    searching = any(question.startswith(SEARCH) for question in given)
    found = {
        NO_ID: ID not in given,
        INACTIVE_WITH_WORK: answers.get(ACTIVITY) == INACTIVE and (working or searching),
        UNEMPLOYED_WITH_WORK: answers.get(ACTIVITY) == UNEMPLOYED and (working or REASON in given),
        NO_ACTIVITY: ACTIVITY not in given,
    }
    return frozenset(name for name, holds in found.items() if holds)


def split(
    answers: Answers, route: Sequence[Question]
) -> tuple[dict[str, Value], dict[str, Value], tuple[str, ...]]:
    """Return the answers that apply, in the form's order, those that do not, what is missing."""
    stay: dict[str, Value] = {}
    missing = []
    for question in route:
        if question.id in answers:
            stay[question.id] = answers[question.id]
        elif is_required(question, answers):
            missing.append(question.id)
    return stay, {q: v for q, v in answers.items() if q not in stay}, tuple(missing)


def with_soft_checks(form: Form) -> frozenset[str]:
    """Return the questions that have soft checks, or that those of others look at."""
    return frozenset(q.id for q in form.questions if q.checks or checks_reading(form, q.id))


def remarks_of(
    form: Form, answers: Answers, looked_at: frozenset[str], today: date, known: Known
) -> Iterator[tuple[str, str]]:
    """Yield (question, code) of the soft checks that fail, as the chat would come upon them."""
    earlier: dict[str, Value] = {}
    draft = Draft(0, form.id, answers=earlier)
    for question_id, value in answers.items():
        if question_id in looked_at:
            for warned in warnings(form, form[question_id], draft, value, today, known):
                yield question_id, warned.code
        earlier[question_id] = value
