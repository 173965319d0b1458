"""What every reader returns, or raises."""

from typing import Literal

from msgspec import Struct

Value = str | list[str] | dict[str, str | None] | None
"""A stored answer: ISO date or part of one ("1990", "1990-02"), choice code, codes in form order,
digits, two-digit ethnic group, {"text", "commune", "province"} for a place; None when not given."""


class Invalid(Exception):
    """The reply cannot be accepted. `code` names the sentence `refuse.<code>`; `facts` fill it."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Reading(Struct, frozen=True):
    """An accepted reply."""

    value: Value
    completed: bool = False
    """A place to which the reader added the commune or province: ask whether that is right."""
    how: Literal["given", "skipped", "unknown"] = "given"
    reason: str = ""
    """Why an identity number was not given: one of the question's `absent_reasons`."""
