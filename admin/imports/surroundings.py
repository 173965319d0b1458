"""What stands around the people of a list: numbering, villages as titles, sums, households."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from admin.imports.cells import Line
from admin.imports.households import Households
from admin.imports.people_words import HEAD, meaning, people_words
from admin.imports.recognise import Recognised
from admin.imports.work import Work
from bot.dialogs.known import Known
from bot.dialogs.readers.characters import tidy

MOST_IN_A_TITLE: Final = 3
"""Filled cells of a line that names a village, or sums up."""
MOST_BELOW_HEADINGS: Final = 3
"""Lines of numbers or hints between the headings and the first person."""

_NUMBER: Final = re.compile(r"[(\[]?(?:[0-9]{1,2}|[A-Z]{1,2})[)\]]?")
_NUMBERING: Final = re.compile(r"\s*(?:[IVXLC]+|[0-9]+|[A-Z])\s*[.)/:\-]\s*")
_VILLAGES: Final = frozenset({"village", "quarter"})
_IDENTIFYING: Final = frozenset({"q01_ho_ten", "q02_ngay_sinh", "q04_so_cccd"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person of the list belongs."""

    household: str = ""
    relation: str = ""
    village: str = ""


def _is_no_answer(cell: str) -> bool:
    """True for a column's number, and for what tells how it is filled in."""
    return _NUMBER.fullmatch(cell) is not None or people_words().is_hint(cell)


class Surroundings:
    """What has been seen of a sheet on the way down to the present line."""

    def __init__(self, sheet: str, found: Recognised, known: Known) -> None:
        self._words = known.places.words
        self._households = Households(sheet)
        self._about = {target.about: at for at, target in found.targets.items() if target.about}
        self._in_households = bool({"household", "household_code", "relation"} & set(self._about))
        self._before = found.first + MOST_BELOW_HEADINGS
        self._identifying = [
            (at, "q01_ho_ten" in target.questions)
            for at, target in found.targets.items()
            if _IDENTIFYING & set(target.questions)
        ]
        self._title = ""

    def is_other(self, line: Line, texts: Mapping[int, str]) -> bool:
        """True when nobody stands in this line; a title is remembered as the village below it."""
        if line.number >= self._before and len(texts) > MOST_IN_A_TITLE:
            return False
        said = [texts[at] for at, _ in self._identifying if at in texts]
        filled = [cell for cell in line.cells if cell]
        dated = (texts.get(at, "") for at, is_name in self._identifying if not is_name)
        sure = any(char.isdigit() for cell in dated for char in cell)
        if not sure and len(filled) <= MOST_IN_A_TITLE and any(map(self._is_around, filled)):
            return True
        return line.number < self._before and all(map(_is_no_answer, said))

    def _is_around(self, cell: str) -> bool:
        return self._is_title(cell) or people_words().is_other(cell)

    def _is_title(self, cell: str) -> bool:
        text = tidy(cell)
        numbering = _NUMBERING.match(text)
        name = text[numbering.end() :] if numbering else text
        if not self._words.words(name):
            return False
        part = self._words.part(name)
        if part.level not in _VILLAGES or not part.name:
            return False
        self._title = name
        return True

    def enter(self, row: int, texts: Mapping[int, str], work: Work) -> Place:
        """Return where the person of a line belongs."""
        village = self._text("village", texts) or self._title
        if village != self._households.village:
            self._households.go_to(village)
        relation = self._relation(texts, work)
        if not self._in_households:
            return Place("", relation, village)
        number, code = self._text("household", texts), self._text("household_code", texts)
        key = self._households.enter(row, number, code, head=relation == HEAD)
        return Place(key, relation, village)

    def _relation(self, texts: Mapping[int, str], work: Work) -> str:
        text = self._text("relation", texts)
        relation = meaning(people_words().relations, text) if text else ""
        if relation is None:
            work.warn(self._about["relation"], "relation_unknown")
        return relation or ""

    def _text(self, about: str, texts: Mapping[int, str]) -> str:
        text = texts.get(self._about.get(about, -1), "")
        return tidy(text) if text else ""
