"""What everybody in a campaign shares: a chat, what it shows, the form they are at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bot.dialogs.messages import Content, Outgoing, Press, Text
from tests.simulation.answering import FORM, answer, inherited, tags, together, wrong_items
from tests.simulation.invented import Human, Town
from tests.simulation.model import Model, Sitting


@dataclass(eq=False, repr=False)
class Actor:
    """Somebody with a telephone."""

    town: Town
    chat: str
    model: Model
    chance: Random
    today: str = ""
    bubble: Outgoing | None = None
    """The last one that asked something."""
    sitting: Sitting | None = None
    waits: bool = False
    """An answer is still to come."""
    hasty: bool = False
    """What was said last looked as if it had been written before its question was shown."""
    silent: int = 0
    """Rounds without an answer."""
    told: list[Outgoing] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def hear(self, bubbles: Sequence[Outgoing]) -> None:
        for bubble in bubbles:
            self.waits = False
            self.told.append(bubble)
            if bubble.receipt and self.sitting is not None:
                self._sent(self.sitting, bubble.receipt)
            if bubble.question is not None or bubble.kind == "receipt":
                self.bubble = bubble

    def _sent(self, sitting: Sitting, receipt: str) -> None:
        self.model.sent(sitting, receipt, self.today)

    def act(self) -> list[Content]:
        """Return the next messages; none when there is nothing left to do."""
        raise NotImplementedError

    def about(self) -> Human | None:
        """Return about whom something is decided by the next message, if anybody."""
        asked = self.bubble.question if self.bubble else None
        return self.sitting.human if asked == "review" and self.sitting else None

    def fill_in(self, bubble: Outgoing, sitting: Sitting) -> list[Content] | None:
        """Return what answers a bubble about a form; None: it is about something else."""
        chance, asked = self.chance, str(bubble.question)
        if asked in FORM:
            if asked == sitting.correcting:
                sitting.mistakes.pop(asked, None)
            said: list[Content] = [answer(chance, bubble, sitting)]
            if asked == "q01_ho_ten":
                return said
            sitting.fresh = False
            if asked in ("q05_ma_bhxh", "q06_thuong_tru") and chance.random() < 0.4:
                return [together(sitting)]
            if not sitting.correcting and chance.random() < 0.06:
                said += tags(chance, sitting)
                chance.shuffle(said)
            return said
        if asked == "inherit":
            self.wrong = wrong_items(bubble, sitting) or []
            return [inherited(chance, bubble, sitting)]
        if asked == "inherit_changed":
            return [Text(", ".join(self.wrong) or "1, 9, 11")]
        if asked in {"warning", "address_confirm", "drop_confirm"}:
            return [Press("confirm", bubble.prompt)]
        if asked == "review":
            return [self._reviewed(bubble, sitting)]
        return None

    def _reviewed(self, bubble: Outgoing, sitting: Sitting) -> Content:
        if sitting.mistakes:
            sitting.correcting = next(iter(sitting.mistakes))
            return Press(f"edit:{sitting.correcting}", bubble.prompt)
        return Press("submit", bubble.prompt) if self.chance.random() < 0.7 else Text("1")


def mistakes(chance: Random) -> dict[str, str]:
    """Return what somebody gets wrong at first, mostly nothing."""
    number = chance.random()
    if number < 0.06:
        return {"q09_gdpt": "chua_xong_tieu_hoc"}
    return {"q11_hdkt": "that_nghiep"} if number < 0.1 else {}
