"""A finished set of answers as the office keeps it: promoted columns, look-ups, sensitive marks."""

from collections.abc import Mapping
from typing import Any, Final

from bot.dialogs.readers.characters import fold
from bot.dialogs.state import Answers, Draft

COLUMNS: Final[Mapping[str, str]] = {
    "sex": "q03_gioi_tinh",
    "item_9": "q09_gdpt",
    "item_10": "q10_cmkt",
    "item_11": "q11_hdkt",
    "item_12_1": "q12_1_vi_the",
    "item_12_2a": "q12_2a_bhxh",
    "item_12_2a_kind": "q12_2a_loai",
    "item_12_2b": "q12_2b_hdld",
    "item_12_2b_kind": "q12_2b_loai",
    "item_12_3a": "q12_3a_loai_hinh",
    "item_12_3a_kind": "q12_3a_loai_dn",
    "item_13": "q13_that_nghiep",
    "item_13_1": "q13_1_thoi_gian",
    "village": "h_thon",
}
"""Columns that stand in the clear for reports -> the question whose code they hold."""
NUMBERS: Final[Mapping[str, str]] = {
    "id_number": "q04_so_cccd",
    "insurance_number": "q05_ma_bhxh",
}
"""Numbers a person is found by, masked wherever they need not be read -> their question."""
SHOWN_DIGITS: Final = 4
SENSITIVE: Final = ("q08_uu_tien", "q08_dan_toc", "q11_ly_do")
"""Counted through keyed marks only (Decree 356/2025, Art. 4)."""


def columns(answers: Answers) -> dict[str, Any]:
    """Return the promoted columns; None where the question was not asked or not answered."""
    values: dict[str, Any] = {column: answers.get(question) for column, question in COLUMNS.items()}
    values["folded_name"] = folded_name(answers)
    born = _text(answers, "q02_ngay_sinh")
    values["birth_year"] = int(born[:4]) if born else None
    return values


def tokens(answers: Answers) -> dict[str, str]:
    """Return what a person is found by, to be hashed with a key: never stored as it is."""
    found = {
        **{name: _text(answers, question) for name, question in NUMBERS.items()},
        "person": f"{folded_name(answers)}|{_text(answers, 'q02_ngay_sinh')}",
    }
    return {name: text for name, text in found.items() if text}


def marks(answers: Answers) -> list[str]:
    """Return "question:code" for every sensitive code."""
    found = []
    for question in SENSITIVE:
        value = answers.get(question)
        codes = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        found += [f"{question}:{code}" for code in codes]
    return found


def folded_name(answers: Answers) -> str:
    return fold(_text(answers, "q01_ho_ten"))


def mask(number: str) -> str:
    """Return the number with all but its last digits hidden."""
    return "•" * (len(number) - SHOWN_DIGITS) + number[-SHOWN_DIGITS:]


def masked(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record, as `kept` made it, with its numbers masked."""
    numbers = {question: record[question] for question in NUMBERS.values() if question in record}
    hidden = {
        question: {**answer, "value": mask(answer["value"])}
        for question, answer in numbers.items()
        if isinstance(answer["value"], str)
    }
    return {**record, **hidden}


def _text(answers: Answers, question: str) -> str:
    value = answers.get(question)
    return value if isinstance(value, str) else ""


def kept(draft: Draft) -> dict[str, dict[str, Any]]:
    """Return the answers as the record keeps them: question -> value and how it was given."""
    return {question: answer.fields() for question, answer in draft.all_answers().items()}
