"""The table of readers: one line per kind of question."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Final

from bot.dialogs.form import Question
from bot.dialogs.readers.choices import read_choice, read_choices
from bot.dialogs.readers.dates import read_birth_date, read_date
from bot.dialogs.readers.ethnic import read_ethnic_group
from bot.dialogs.readers.free_text import read_text
from bot.dialogs.readers.names import read_name
from bot.dialogs.readers.numbers import read_id_number, read_insurance_number
from bot.dialogs.readers.places import read_place, read_village
from bot.dialogs.readers.reading import Reading

if TYPE_CHECKING:
    from bot.dialogs.known import Known

Reader = Callable[[str, Question, date, "Known"], Reading]

READERS: Final[dict[str, Reader]] = {
    "name": read_name,
    "birth_date": read_birth_date,
    "date": read_date,
    "id_number": read_id_number,
    "insurance_number": read_insurance_number,
    "place": read_place,
    "village": read_village,
    "choice": read_choice,
    "choices": read_choices,
    "ethnic_group": read_ethnic_group,
    "text": read_text,
}
"""To add a kind of answer: a reader, a line here, its kind in `form.KINDS`."""
