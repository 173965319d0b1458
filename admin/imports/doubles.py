"""The same identity number twice in one file."""


class Doubles:
    """The identity numbers seen so far, and where each stood first. Nothing of it is kept."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[str, int]] = {}

    def earlier(self, number: str, sheet: str, row: int) -> tuple[str, int] | None:
        """Return the sheet and row where the number stood before, None when it is new."""
        first = self._first.setdefault(number, (sheet, row))
        return None if first == (sheet, row) else first
