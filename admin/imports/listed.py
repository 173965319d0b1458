"""A row of a list as the storage of people takes it."""

from collections.abc import Iterable, Iterator

from admin.imports.report import Report
from admin.imports.values import Bad, Row
from bot.dialogs.known import Known
from bot.dialogs.readers.places import village_in
from storage.lists import Listed
from storage.people import PersonDocument

ADDRESSES = ("q07_noi_o", "q06_thuong_tru")
"""Where a household is: where they live, else where they are registered."""
NO_NUMBER = "#"
"""In a household's word when the list has no number of the office for it (see `households`)."""


def listed(rows: Iterable[Row | Bad], report: Report, year: str, known: Known) -> Iterator[Listed]:
    """Yield the good rows as what was known in `year`; all of them are counted in the report."""
    for row in rows:
        report.add(row)
        if isinstance(row, Row):
            yield listed_row(row, year, known)


def listed_row(row: Row, year: str, known: Known) -> Listed:
    """Return a row as it is kept. Who is to be visited where is read off the address if need be:
    a list that gives one address only means that people live there."""
    answers = dict(row.answers)
    address = next((a for a in map(answers.get, ADDRESSES) if isinstance(a, dict)), {})
    there = village_in(address.get("text") or "", known.office.villages, known.places)
    village = answers.get("h_thon") or row.village or there
    return Listed(
        PersonDocument(answers, year, row.relation, tuple(sorted(row.flags))),
        village=village if isinstance(village, str) and village else None,
        household=row.household,
        number="" if NO_NUMBER in row.household else row.household,
        address=address,
        warned=bool(row.warned),
    )
