"""Which rows of a list are one household."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Households:
    """The households of one sheet, told apart by the row where each begins."""

    sheet: str
    village: str = ""
    current: str = ""
    headed: bool = False
    """The current household has had its head."""
    _known: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)

    def enter(self, row: int, number: str, code: str, *, head: bool) -> str:
        """Return the household of a row: its code, else a name that no other household has.

        A number that is empty is the one above it; a number counts within its village; a second
        head begins another household.
        """
        if code:
            return code
        slot = (self.village, number)
        if number and slot in self._known and not (head and self._known[slot][1]):
            self.current, self.headed = self._known[slot]
        elif number or (head and (self.headed or not self.current)):
            self.current, self.headed = f"{self.sheet}#{row}", False
        elif not self.current:
            return ""
        self.headed = self.headed or head
        if number:
            self._known[slot] = (self.current, self.headed)
        return self.current

    def go_to(self, village: str) -> None:
        """Begin another village."""
        self.village, self.current, self.headed = village, "", False
