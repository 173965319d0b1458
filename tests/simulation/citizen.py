"""Citizens who declare by themselves: alone on their telephone, or for others of the house."""

from dataclasses import dataclass, field

from bot.dialogs.messages import Content, Outgoing, Press, Text
from tests.simulation.actors import Actor, mistakes
from tests.simulation.invented import Human
from tests.simulation.model import Sitting


@dataclass(eq=False, repr=False)
class Citizen(Actor):
    """One telephone. What is to be done with it stands in `plan`."""

    plan: list[tuple[str, Human]] = field(default_factory=list)
    """What and about whom: "self", "proxy", "declines", "withdraw"."""
    step: str = ""
    fixing: Sitting | None = None

    def act(self) -> list[Content]:
        """Return the next messages; none when there is nothing left to do."""
        bubble = self.bubble
        if self.sitting is not None and bubble is not None and bubble.question:
            return self._asked(bubble, self.sitting)
        if self.fixing is not None:
            self.sitting, self.fixing, self.step = self.fixing, None, "fix"
            return [Text("sửa")]
        if not self.plan:
            return []
        self.step, human = self.plan.pop(0)
        if self.step == "withdraw":
            return self._withdraw(human)
        self.sitting = Sitting(self.town, human, self.chat, dict(human.truth))
        self.sitting.mistakes = dict(mistakes(self.chance))
        self.model.sittings.append(self.sitting)
        return [Text("/start" if self.bubble is None else "khai cho người khác")]

    def _withdraw(self, human: Human) -> list[Content]:
        mine = [one for one in self.model.sittings if one.chat == self.chat and one.row]
        live = [one for one in mine if one.human is human and one.status == "confirmed"]
        if not live:
            return self.act()
        self.sitting = live[-1]
        return [Text("rút phiếu")]

    def _asked(self, bubble: Outgoing, sitting: Sitting) -> list[Content]:
        said = self.fill_in(bubble, sitting)
        if said is not None:
            return said
        match bubble.question:
            case "for_whom":
                value = "self" if self.step in {"self", "declines"} else "household"
            case "relationship":
                value = "vo_chong"
            case "consent_collect" if self.step == "declines":
                value = "refused" if len(bubble.buttons) > 4 else "no"
                self._over(sitting, "declined")
            case "birth_year":
                return [Text(str(sitting.truth["q02_ngay_sinh"])[:4])]
            case "withdraw_confirm":
                value = "confirm"
                self.model.withdrawn(sitting)
                self._over(sitting, "withdrawn")
            case "change_kind":
                value = "mistake"
            case "my_forms":
                value = "1"
            case _:
                value = "yes"
        return [Press(value, bubble.prompt)]

    def _over(self, sitting: Sitting, status: str) -> None:
        sitting.status, self.sitting, self.bubble = status, None, self.bubble

    def _sent(self, sitting: Sitting, receipt: str) -> None:
        super()._sent(sitting, receipt)
        self.sitting = None
        self.bubble = Outgoing("info", "")

    def about(self) -> Human | None:
        asked = self.bubble.question if self.bubble else None
        if asked == "withdraw_confirm" and self.sitting:
            return self.sitting.human
        return super().about()
