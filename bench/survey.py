"""One whole form as a person types it, up to the receipt."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files


@cache
def _lines() -> Sequence[str]:
    given = tomllib.loads(files("bench").joinpath("survey.toml").read_text("utf-8"))
    return tuple(given["lines"])


def survey_lines(number: int) -> list[str]:
    """Return what person `number` types; everybody has an identity number of their own."""
    return [line.format(number=number % 10**6) for line in _lines()]
