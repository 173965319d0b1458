"""What must be true, worked out without the program: forms, whose they are, what came of visits.

It shares with the program only the ids and codes of the form, through `tests.oracle`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.dialogs.readers.characters import fold
from tests.oracle import asked
from tests.simulation.invented import Home, Human, Row, Town, Truth

SETTLED: Final = {"moved_away", "died", "not_of_age", "not_at_address", "refused"}
ETHNIC: Final = {"Hrê": "19"}
PLACES: Final = {"q06_thuong_tru", "q12_3b_dia_chi"}


@dataclass(eq=False, repr=False)
class Sitting:
    """One form, from the first question until it is sent, as who fills it in knows it."""

    town: Town
    human: Human
    chat: str
    truth: Truth
    collector: "str | None" = None
    """Login, of an enumerator."""
    given: Row | None = None
    """Whom of the list it was begun for."""
    home: Home | None = None
    mistakes: Truth = field(default_factory=dict)
    """What is said at first and put right at the review."""
    correcting: str = ""
    fresh: bool = True
    """Nothing that must not be guessed at has been asked yet."""
    receipt: str = ""
    answers: Mapping[str, Any] | None = None
    """What was sent last."""
    sent_on: str = ""
    status: str = "draft"
    row: Row | None = None
    made: Row | None = None
    """Somebody the office knows from this form alone."""

    @property
    def open(self) -> bool:
        return self.status in {"draft", "returned"}

    def expected(self) -> Mapping[str, Any]:
        """Return question id -> value, as the office must have it."""
        kept: dict[str, Any] = {key: _kept(self, key) for key in asked(self.truth)}
        return {**kept, "h_thon": self.human.village}


def _kept(sitting: Sitting, question: str) -> Any:
    value = sitting.truth.get(question)
    if question == "q06_thuong_tru":
        return sitting.human.house.address
    return ETHNIC.get(str(value), value) if question == "q08_dan_toc" else value


@dataclass(eq=False, repr=False)
class Model:
    """Everything people believe to have done."""

    sittings: list[Sitting] = field(default_factory=list)
    outcomes: dict[int, str] = field(default_factory=dict)
    """id() of a row -> what the last visit came to."""
    counted: dict[int, Sitting] = field(default_factory=dict)
    """id() of a row -> the form that counts."""
    rows: dict[int, list[Row]] = field(default_factory=dict)
    """Number of a town -> everybody its office knows."""

    def open_town(self, town: Town) -> None:
        self.rows[town.number] = list(town.rows)

    def sent(self, sitting: Sitting, receipt: str, day: str) -> None:
        """Note a receipt; work out whose form it is by now."""
        again = sitting.row is not None
        sitting.receipt, sitting.sent_on, sitting.status = receipt, day, "confirmed"
        sitting.answers = sitting.expected()
        row = sitting.row if again and sitting.row else self._choose(sitting)
        before = self.counted.get(id(row))
        if before is not None and before is not sitting:
            before.status = "superseded"
        self.counted[id(row)] = sitting
        self.outcomes.pop(id(row), None)
        sitting.row = row
        row.known = {**row.known, **_told(sitting, row)}

    def _choose(self, sitting: Sitting) -> Row:
        if sitting.given is not None:
            if self._free(sitting, sitting.given):
                return sitting.given
            return self._newcomer(sitting, sitting.given.village, sitting.given.home)
        found = [row for row in self.rows[sitting.town.number] if _same(sitting, row)]
        number = sitting.truth["q04_so_cccd"]
        found.sort(key=lambda row: row.known.get("q04_so_cccd") != number)
        free = [row for row in found if self._free(sitting, row)]
        return free[0] if free else self._newcomer(sitting, sitting.human.village, sitting.home)

    def _free(self, sitting: Sitting, row: Row) -> bool:
        counted = self.counted.get(id(row))
        return counted is None or counted is sitting or counted.chat == sitting.chat

    def _newcomer(self, sitting: Sitting, village: str, home: Home | None) -> Row:
        if home is None and sitting.collector:
            home = Home(village, {})
        row = sitting.made = Row(sitting.human, village, home, {}, listed=False)
        self.rows[sitting.town.number].append(row)
        return row

    def withdrawn(self, sitting: Sitting) -> None:
        """The office knows again what its list said, of others nothing."""
        sitting.status = "withdrawn"
        row = sitting.row
        assert row is not None
        self.counted.pop(id(row), None)
        if not row.listed:
            self.rows[sitting.town.number].remove(row)

    def standing(self, row: Row) -> str:
        if id(row) in self.counted:
            return "form"
        outcome = self.outcomes.get(id(row), "")
        return "settled" if outcome in SETTLED else "revisit" if outcome else "untouched"

    def forms(self, town: Town) -> list[Sitting]:
        """Return the forms that count."""
        live = {"confirmed", "returned"}
        return [one for one in self.sittings if one.town is town and one.status in live]


def _told(sitting: Sitting, row: Row) -> Truth:
    names = ("q01_ho_ten", "q02_ngay_sinh", "q04_so_cccd")
    said = {name: sitting.truth[name] for name in names}
    said["q04_so_cccd"] = said["q04_so_cccd"] or row.known.get("q04_so_cccd")
    return said


def _same(sitting: Sitting, row: Row) -> bool:
    """The same number with name or birth date; or name and birth date in the same house."""
    truth, known = sitting.truth, row.known
    named = fold(str(truth["q01_ho_ten"])) == fold(str(known["q01_ho_ten"]))
    born = truth["q02_ngay_sinh"] == known["q02_ngay_sinh"]
    number, theirs = truth["q04_so_cccd"], known.get("q04_so_cccd")
    if number and number == theirs:
        return named or born
    if not (named and born) or (number and theirs):
        return False
    return sitting.home is not None and sitting.home is row.home
