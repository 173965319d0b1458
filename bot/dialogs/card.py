"""The text of an identity card's QR code -> answers to items 1, 2, 3, 4 and 6.

Seven fields by "|": number, old number, name, birth date, sex, place, date of issue. Newer cards
carry more, about other people: those are discarded unread (Circular 16/2024/TT-BCA, Art. 6).
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.answering import warnings
from bot.dialogs.form import Form
from bot.dialogs.readers.reading import Invalid
from bot.dialogs.readers.table import READERS
from bot.dialogs.state import Answer, Draft

if TYPE_CHECKING:
    from bot.dialogs.known import Known

FIELDS: Final = 7
FEWEST_BARS: Final = 1
"""Further bars that make a line of numbers and words a card, if a damaged one."""
QUESTION_OF_FIELD: Final[Mapping[int, str]] = {
    2: "q01_ho_ten",
    3: "q02_ngay_sinh",
    4: "q03_gioi_tinh",
    0: "q04_so_cccd",
    5: "q06_thuong_tru",
}


def looks_like_card(text: str) -> bool:
    """True for a line of fields by "|" that starts with a number: meant as a card, right or not."""
    first, _, rest = text.partition("|")
    return rest.count("|") >= FEWEST_BARS and first.strip().isascii() and first.strip().isdigit()


def first_fields(text: str) -> str:
    """Return what a card says about its holder; the rest is about other people and left out."""
    return "|".join(text.strip().split("|", FIELDS)[:FIELDS])


def read_card(text: str, form: Form, today: date, known: "Known") -> dict[str, Answer]:
    """Return the card's answers. Raises Invalid when a field does not validate."""
    fields = [field.strip() for field in first_fields(text).split("|")]
    if len(fields) < FIELDS or len(fields[0]) != 12 or not _is_day(fields[6]):
        raise Invalid("card_unreadable")
    answers: dict[str, Answer] = {}
    draft = Draft(0, form.id)
    for index, question_id in QUESTION_OF_FIELD.items():
        question = form[question_id]
        try:
            reading = READERS[question.kind](fields[index], question, today, known)
        except Invalid:
            raise Invalid("card_unreadable") from None
        found = warnings(form, question, draft, reading.value, today, known)
        kept = tuple(warned.code for warned in found)
        answers[question_id] = Answer(reading.value, "card", "", kept)
        draft = draft.with_answers(answers)
    return answers


def _is_day(field: str) -> bool:
    """True for ddmmyyyy; an empty date of issue does happen."""
    return field == "" or (len(field) == 8 and field.isascii() and field.isdigit())
