"""What a column is for, in a few words that layouts and the office's own column maps share.

q01_ho_ten                         the answer to a question
q12_2a_loai q12_2a_bhxh            an answer to the first of several that takes it
q02_ngay_sinh q03_gioi_tinh=nam    an answer; that there is one says something else besides
q09_gdpt=thcs                      a mark for one choice
household, village ...             about the person, not on the form: see ABOUT
-                                  known, and not needed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.dialogs.form import Form

ABOUT: Final = (
    "household",
    "household_code",
    "relation",
    "village",
    "poverty",
    "newly_out_of_poverty",
)
"""Running number of the household, its code, relation to its head, village, kind of household,
a mark for households that have just left poverty."""
NOT_NEEDED: Final = "-"


class BadTarget(Exception):
    """The words name nothing that a column can be for."""


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    questions: tuple[str, ...] = ()
    """The first that takes the cell is answered."""
    says: Mapping[str, str] = field(default_factory=dict)
    """Question -> code that a filled cell gives besides."""
    mark: tuple[str, str] | None = None
    """The question and the code that a marked cell gives."""
    about: str = ""

    @property
    def needed(self) -> bool:
        return self.name != NOT_NEEDED

    @property
    def answered(self) -> tuple[str, ...]:
        """Every question that this column can answer."""
        marked = self.mark[:1] if self.mark else ()
        return (*self.questions, *self.says, *marked)


def target_of(name: str, form: Form) -> Target:
    """Return the target that `name` describes. Raises BadTarget."""
    words = name.split()
    name = " ".join(words)
    if words == [NOT_NEEDED]:
        return Target(NOT_NEEDED)
    if len(words) == 1 and words[0] in ABOUT:
        return Target(name, about=name)
    questions = tuple(word for word in words if "=" not in word)
    codes = [(word.partition("=")[0], word.partition("=")[2]) for word in words if "=" in word]
    for question in questions:
        if question not in form:
            raise BadTarget(name)
    for question, code in codes:
        if question not in form or code not in form[question].labels:
            raise BadTarget(name)
    if questions:
        return Target(name, questions, dict(codes))
    if len(codes) != 1:
        raise BadTarget(name)
    ((question, code),) = codes
    return Target(name, mark=(question, code))
