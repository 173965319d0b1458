"""An enumerator with a paper list: who goes from door to door and types what is said there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.dialogs.messages import Content, Outgoing, Press, Text
from bot.dialogs.readers.characters import fold
from tests.simulation.actors import Actor, mistakes
from tests.simulation.invented import Home, Human, Row
from tests.simulation.model import Sitting

LINE: Final = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
NOTED: Final = "Đã ghi: "
DONE, BUSY, DRAFT, RETURNED = "đã có phiếu", "có người đang khai", "đang dở", "bị trả lại"
MONTHS: Final = {"away_season": "12/2026", "works_away": "không rõ"}
SINCE: Final = {"moved_away": "9/2026", "died": "không rõ"}
RELATIONS: Final = ("chu_ho", "vo_chong", "con", "cha_me")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list, as it is read on the screen."""

    number: str
    shown: tuple[str, str, str]
    rest: str


def lines_of(bubble: Outgoing) -> list[Line]:
    """Return the lines of a list, options among them; nobody has the name of an option."""
    found = []
    for number, text in LINE.findall(bubble.text):
        parts = text.split(" · ")
        name, year, village = (*parts, "", "")[:3]
        found.append(Line(number, (name, year, village), " · ".join(parts[2:])))
    return found


@dataclass(eq=False, repr=False)
class Collector(Actor):
    """An enumerator. The account goes from telephone to telephone, the list stays in hand."""

    login: str = ""
    villages: list[str] = field(default_factory=list)
    target: int = 0
    alive: bool = True
    visited: set[int] = field(default_factory=set)
    """id() of the rows that were tried today."""
    strangers: list[Human] = field(default_factory=list)
    """Who lives here and is on no list."""
    row: Row | None = None
    """At whose door they stand."""
    stranger: Human | None = None
    before: Row | None = None
    """Who had their form just now: the household is theirs."""
    household: Home | None = None
    """Where that was, as far as the office has it as a household."""
    marking: str = ""
    """What is being noted instead of a form."""
    beginning: bool = False
    adding: bool = False
    """The stranger lives with who was before."""
    looking: int = 0
    paused: bool = False
    foreign: list[str] = field(default_factory=list)
    """Names and numbers of people of another commune, to try whether they can be opened."""

    def todo(self) -> list[Row]:
        """Return whose door is still to be tried today."""
        rows = self.model.rows[self.town.number]
        return [
            row
            for row in rows
            if row.listed
            and row.village in self.villages
            and id(row) not in self.visited
            and self.model.standing(row) in {"untouched", "revisit"}
        ]

    def open_sittings(self) -> list[Sitting]:
        return [one for one in self.model.sittings if one.collector == self.login and one.open]

    def finished(self) -> bool:
        """True when nothing is left for today and the menu is on the screen."""
        at_menu = self.bubble is not None and self.bubble.question == "menu"
        return at_menu and not (self.todo() or self.strangers or self.open_sittings())

    def hear(self, bubbles: Sequence[Outgoing]) -> None:
        super().hear(bubbles)
        for bubble in bubbles:
            if self.marking and self.row and NOTED in bubble.text:
                self.model.outcomes[id(self.row)] = self.marking
                self.row.human.visits += 1
                self.before, self.household = self.row, self.row.home
                self.marking = ""
            if self.beginning and self.sitting and bubble.question:
                self.beginning = False
                if bubble.question == "menu":  # somebody else was quicker
                    self.sitting.status, self.sitting = "never begun", None

    def _sent(self, sitting: Sitting, receipt: str) -> None:
        super()._sent(sitting, receipt)
        self.before, self.sitting = sitting.row, None
        self.household = sitting.made.home if sitting.made else sitting.home

    def about(self) -> Human | None:
        asked = self.bubble.question if self.bubble else None
        if self.row and (asked in {"outcome", "outcome_month"} or self._step() == "no"):
            return self.row.human
        return super().about()

    def act(self) -> list[Content]:
        bubble = self.bubble
        if bubble is None:
            return [Text("menu")]
        if self.foreign and bubble.question in {"menu", "people"} and self.chance.random() < 0.2:
            guess = self.foreign.pop()
            return [Press(guess, bubble.prompt) if self.chance.random() < 0.3 else Text(guess)]
        if self.sitting is not None and bubble.question not in {"menu", "people", "household"}:
            said = self.fill_in(bubble, self.sitting)
            if said is not None:
                return self._perhaps_later(bubble, said)
        match bubble.question:
            case "menu" | None:
                return self._from_menu(bubble)
            case "people":
                return self._from_list(bubble)
            case "household":
                return self._from_household(bubble)
            case "visit":
                return self._at_the_door(bubble)
            case "outcome":
                step = self._step()  # somebody else may have been there meanwhile
                self.marking = "absent" if step in {"form", "no"} else step
                return [Press(self.marking, bubble.prompt)]
            case "outcome_month":
                return [Text((MONTHS | SINCE)[self.marking])]
            case "double":
                return self._one_person(bubble)
            case "relation_to_head":
                return [Press(self.chance.choice(RELATIONS), bubble.prompt)]
            case "relationship":
                return [Press("vo_chong", bubble.prompt)]
            case "change_kind":
                return [Press("mistake", bubble.prompt)]
        return [Text("menu")]

    def _perhaps_later(self, bubble: Outgoing, said: list[Content]) -> list[Content]:
        """Now and then leave a form for later, once it has a name by which it is found."""
        sitting = self.sitting
        named = sitting is not None and not (sitting.fresh or sitting.correcting or self.paused)
        if named and self.chance.random() < 0.01:
            self.paused = True
            self._leave()
            return [Text("tạm dừng")]
        return said

    def _leave(self) -> None:
        self.sitting, self.row, self.stranger, self.marking = None, None, None, ""

    def _from_menu(self, bubble: Outgoing) -> list[Content]:
        self._leave()
        self.looking = 0
        returned = [one for one in self.open_sittings() if one.status == "returned"]
        drafts = [one for one in self.open_sittings() if one.status == "draft"]
        todo, number = self.todo(), self.chance.random()
        if returned and number < 0.7:
            return [Press("returned", bubble.prompt)]
        if drafts and (number < 0.3 or not todo):
            return [Press("drafts", bubble.prompt)]
        if (self.strangers and number > 0.93) or (not todo and self.strangers):
            self.stranger, self.adding = self.strangers.pop(), False
            return [Press("new", bubble.prompt)]
        if not todo:
            return [Press("missing", bubble.prompt)] if self.open_sittings() else []
        return self._look_for(self.chance.choice(todo), bubble)

    def _look_for(self, row: Row, bubble: Outgoing) -> list[Content]:
        """By name, by number, by village, or in the list of those who are missing."""
        number, name = self.chance.random(), str(row.known["q01_ho_ten"])
        if number < 0.2:
            return [Press("missing", bubble.prompt)]
        if number < 0.25:
            return [Text(row.village)]
        if number < 0.35 and row.known.get("q04_so_cccd"):
            return [Text(str(row.known["q04_so_cccd"]))]
        if number < 0.4:
            return [Press("revisit", bubble.prompt)]
        return [Text(fold(name) if self.chance.random() < 0.5 else name)]

    def _from_list(self, bubble: Outgoing) -> list[Content]:
        """Open somebody of the list who is still to be visited, or turn the page."""
        for line in lines_of(bubble):
            if self._opens(line):
                return [Press(line.number, bubble.prompt)]
        self.looking += 1
        if self.looking < 4 and any(button.value == "more" for button in bubble.buttons):
            return [Press("more", bubble.prompt)]
        return [Press("menu", bubble.prompt)]

    def _opens(self, line: Line) -> bool:
        if line.rest.endswith((DRAFT, RETURNED)) or not line.shown[2]:
            self.sitting = self._resumed(line)
            return self.sitting is not None
        if line.rest.endswith(DONE):
            return False
        for row in self.todo():
            if row.shown() == line.shown:
                self.visited.add(id(row))
                if line.rest.endswith(BUSY) and self.chance.random() < 0.5:
                    return False
                self.row = row
                return True
        return False

    def _resumed(self, line: Line) -> Sitting | None:
        """Return the form of this line that goes on."""
        status = "returned" if line.rest.endswith(RETURNED) else "draft"
        for one in self.open_sittings():
            name, year = str(one.truth["q01_ho_ten"]), str(one.truth["q02_ngay_sinh"])[:4]
            row = one.row or one.given
            names = [(name, year, ""), (name, "", "")] + [("?", "", "")] * one.fresh
            if row:
                names = [(name, year, row.village), row.shown()]
            if one.status == status and line.shown in names:
                return one
        return None

    def _from_household(self, bubble: Outgoing) -> list[Content]:
        house = self.before.human.house if self.before else None
        self._leave()
        for line in lines_of(bubble):
            if self._opens(line):
                return [Press(line.number, bubble.prompt)]
        here = [one for one in self.strangers if one.house is house]
        if here and self.chance.random() < 0.6:
            self.stranger = here[0]
            self.strangers.remove(here[0])
            self.adding = True
            return [Press("add", bubble.prompt)]
        return [Press("finish", bubble.prompt)]

    def _at_the_door(self, bubble: Outgoing) -> list[Content]:
        human = self.row.human if self.row else self.stranger
        if human is None:
            return [Text("menu")]
        step = self._step()
        if step == "no":
            self.marking = "refused"
            return [Press("no", bubble.prompt)]
        if step != "form":
            return [Press("outcome", bubble.prompt)]
        self._begin(human)
        how = self.chance.choices(("yes", "proxy", "guardian"), (8, 2, 1))[0]
        return [Press(how, bubble.prompt)]

    def _begin(self, human: Human) -> None:
        self.beginning = True
        self.sitting = Sitting(
            self.town, human, self.chat, dict(human.truth), collector=self.login, given=self.row
        )
        self.sitting.home = self.row.home if self.row else self.household if self.adding else None
        self.sitting.mistakes = dict(mistakes(self.chance))
        self.model.sittings.append(self.sitting)

    def _step(self) -> str:
        """Return what this visit comes to."""
        if self.row is None:
            return "form"
        human = self.row.human
        return human.destiny[min(human.visits, len(human.destiny) - 1)]

    def _one_person(self, bubble: Outgoing) -> list[Content]:
        """Say whether somebody of the list is who stands here."""
        assert self.sitting is not None
        for line in lines_of(bubble):
            for row in self.model.rows[self.town.number]:
                same = row.human is self.sitting.human and row.shown() == line.shown
                if same and not line.rest.endswith((DONE, BUSY, RETURNED, DRAFT)):
                    self.sitting.given = row
                    return [Press(line.number, bubble.prompt)]
        return [Press("other", bubble.prompt)]
