"""What stops a cell, and what stops a whole file: the sentence there is `import.file.<reason>`."""

from collections.abc import Sequence
from dataclasses import dataclass


class BadCell(Exception):
    """A cell says nothing that can be taken in. `reason` names the sentence `import.reason.<...>`.

    Facts are counts, never what stands in the cell.
    """

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


class FileRefused(Exception):
    """The file is not taken in. `reason` names the sentence, `facts` fill it."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above one column: its letter, the words, and the words as they are compared."""

    letter: str
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings of one sheet, and where they stand."""

    sheet: str
    row: int
    fingerprint: str
    columns: Sequence[Heading]


class NotRecognised(FileRefused):
    """No sheet has headings of a known layout; `found` is what seems to be their headings."""

    def __init__(self, found: Sequence[Headings]) -> None:
        super().__init__("not_recognised")
        self.found = found
