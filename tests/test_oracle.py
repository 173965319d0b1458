"""The form as the program reads it, against the form as it was typed over by hand."""

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.content import form_of, known_of
from bot.dialogs.route import dropped, is_required, relevant, unanswered
from tests import oracle
from tests.talks import OFFICE

FORM = form_of()
KNOWN = known_of(OFFICE)
PLAIN = {
    key: "x"
    for key in oracle.APPLIES
    if key not in oracle.STEERING and FORM[key].kind not in {"place", "birth_date", "date"}
}
PLACE = {"text": "xa Son Tay", "commune": "21340", "province": "51"}
FULL: dict[str, Any] = {
    **PLAIN,
    **{key: PLACE for key in oracle.APPLIES if FORM[key].kind == "place"},
    **{key: "1990-01-01" for key in oracle.APPLIES if "date" in FORM[key].kind},
}


def ids(questions: Any) -> list[str]:
    return [question.id for question in questions]


def agrees(answers: dict[str, Any]) -> None:
    assert ids(relevant(FORM, answers, KNOWN)) == oracle.asked(answers)
    assert set(dropped(FORM, answers, KNOWN)) == set(answers) - set(oracle.still_counts(answers))
    counting = oracle.still_counts(answers)
    assert ids(unanswered(FORM, counting, KNOWN)) == oracle.missing(counting)
    for key in oracle.asked(answers):
        assert is_required(FORM[key], counting) != oracle.may_be_left_out(key, counting), key


def test_every_combination_of_the_steering_answers() -> None:
    for values in product(*oracle.STEERING.values()):
        agrees(dict(zip(oracle.STEERING, values, strict=True)))


def test_every_single_choice_of_every_question_steers_alike() -> None:
    for question in FORM.questions:
        for code in question.labels:
            value = [code] if question.kind == "choices" else code
            agrees({**FULL, "q11_hdkt": "co_viec_lam", question.id: value})


partial = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.sampled_from(values) for key, values in oracle.STEERING.items()},
        **{key: st.sampled_from([value, None]) for key, value in FULL.items()},
    },
)


@given(partial)
def test_any_set_of_answers(answers: dict[str, Any]) -> None:
    agrees(answers)


def test_the_oracle_knows_every_question_but_the_village() -> None:
    assert [q.id for q in FORM.questions if q.kind != "village"] == list(oracle.APPLIES)
    assert set(FORM.steering) == set(oracle.STEERING)
