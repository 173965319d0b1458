"""What somebody who collects asks of storage: lists of their people, one person, how far they are.

Each question is narrowed to what this account may see; names are unsealed for one page only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, insert, or_, select

from bot.dialogs.people import REVISITED, Page, PersonCard, Progress, Search
from storage.access import grant
from storage.area import SEE, Worker, area, given_to, household_area
from storage.cards import address_of, card
from storage.commune_tables import accesses, households, people, person_marks
from storage.ids import MILLISECOND, VIETNAM, instant, milliseconds, year_begun
from storage.lines import LISTED, Drafts, counted, known_people, missing
from storage.people import FLAGS
from storage.sealed import Keys
from storage.statements import NO_LONGER_LIVE
from storage.tables import submissions

PAGE: Final = 8
"""Lines of a list that are shown at a time."""
DAY: Final = timedelta(hours=24)
"""How long one's own forms are listed to be looked at and corrected."""
ID_DIGITS: Final = (9, 12)
NOBODY: Final = 0
"""A row number nobody has: who is not there and who is not theirs is looked for alike."""


@dataclass(frozen=True, slots=True)
class Fieldwork:
    """The questions of one account in one chat at one moment."""

    connection: Connection
    keys: Keys
    at: int
    worker: Worker
    chat_id: int
    new_id: Callable[[], int]
    taken: Mapping[int, tuple[int, int]]
    """Person -> submission and account that took them up in this very batch."""

    def people(self, search: Search) -> Page:
        wanted = and_(LISTED, *self._wanted(search), *_narrowed(self.connection, self.keys, search))
        total = self.connection.scalar(select(func.count()).select_from(people).where(wanted)) or 0
        few = grant(self.worker.viewer, SEE).scope == "assigned"
        order = _most_urgent_first(self.keys, search, few=few)
        page = select(people.c.id).where(wanted).order_by(*order)
        ids = list(self.connection.scalars(page.offset(search.after).limit(PAGE)))
        found = known_people(self.connection, self.keys, self._drafts(), people.c.id.in_(ids))
        lines = {known.line.id: known.line for known in found}
        address = self._address(search.household) if search.household else {}
        return Page(tuple(lines[i] for i in ids), total, address)

    def _address(self, household: int) -> Mapping[str, str | None]:
        """Return where a household is, nothing outside the area."""
        mine = household_area(self.worker.viewer, household, SEE)
        if self.connection.execute(select(households.c.id).where(mine)).first() is None:
            return {}
        return address_of(self.connection, self.keys, household)

    def person(self, person_id: int) -> PersonCard | None:
        """Return one person; None for nobody and for somebody else's, found out alike."""
        mine, drafts = self._area(), self._drafts()
        theirs = or_(mine, self._begun(), self._returned())
        asked = (people.c.id == person_id, theirs, LISTED)
        for known in known_people(self.connection, self.keys, drafts, *asked):
            self._note(person_id, known.row.unit)
            about = (self.connection, self.keys, self.worker, self.chat_id, known)
            return card(*about, drafts=drafts, mine=mine, now=self._now())
        return None

    def progress(self) -> Progress:
        """Return counts: the people of the area in one query, this account's forms in two.

        Who has neither a form nor a reason that settles it is missing: the three add up.
        """
        done = counted(self._year())
        counts = (
            func.count(),
            _count(done),
            _count(and_(~done, people.c.outcome.not_in(sorted(REVISITED)))),
        )
        mine = select(*counts).select_from(people).where(self._area(), LISTED)
        total, handed_in, outcomes = self.connection.execute(mine).one()
        begun = select(func.count()).select_from(people).where(self._begun(), LISTED)
        drafts = self.connection.scalar(begun) or 0
        today, forms, returned = self._forms()
        given = given_to(self.connection, self.worker.id)
        return Progress(
            people=total,
            done=handed_in,
            outcomes=outcomes,
            today=today,
            mine=forms,
            returned=returned,
            drafts=drafts,
            target=given.target,
            due=given.due,
        )

    def _forms(self) -> tuple[int, int, int]:
        """Return how many forms this account handed in today, in all, and has back."""
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        today = _count(submissions.c.confirmed_at >= milliseconds(midnight))
        returned = _count(submissions.c.status == "returned")
        mine = select(today, func.count(), returned).where(
            submissions.c.enumerator == self.worker.id,
            submissions.c.confirmed_at.is_not(None),
            submissions.c.status.not_in(NO_LONGER_LIVE),
        )
        counts = self.connection.execute(mine).one()
        return counts[0], counts[1], counts[2]

    def _now(self) -> datetime:
        return instant(self.at).astimezone(VIETNAM)

    def _year(self) -> int:
        return year_begun(self.at)

    def _area(self) -> ColumnElement[bool]:
        return area(self.connection, self.worker.viewer, SEE)

    def _begun(self) -> ColumnElement[bool]:
        """Who is being asked by this account, whether or not they are still to be visited."""
        forms = select(submissions.c.person_id).where(
            submissions.c.enumerator == self.worker.id, submissions.c.status == "draft"
        )
        return and_(people.c.id.in_(forms), people.c.draft_by == self.worker.id)

    def _returned(self) -> ColumnElement[bool]:
        """Whose form this account has back, whether or not they are still to be visited."""
        forms = select(submissions.c.id).where(
            submissions.c.enumerator == self.worker.id, submissions.c.status == "returned"
        )
        return people.c.submission_id.in_(forms)

    def _drafts(self) -> Drafts:
        return Drafts(self.worker.id, self._year(), self.taken)

    def _wanted(self, search: Search) -> list[ColumnElement[bool]]:
        match search.wanted:
            case "returned":
                return [self._returned()]
            case "drafts":
                return [self._begun()]
            case _:
                return [self._area(), *self._of_area(search)]

    def _of_area(self, search: Search) -> list[ColumnElement[bool]]:
        match search.wanted:
            case "missing":
                return [missing(self._year())]
            case "done":
                return [counted(self._year())]
            case "mine":
                since = submissions.c.handed_in_at > self.at - DAY // MILLISECOND
                sent = (submissions.c.enumerator == self.worker.id, since)
                return [people.c.submission_id.in_(select(submissions.c.id).where(*sent))]
            case "revisit":
                until, month = people.c.outcome_until, f"{self._now():%Y-%m}"
                again = people.c.outcome.in_(sorted(REVISITED))
                come = or_(until.is_(None), until <= month)
                return [~counted(self._year()), again, come]
            case _:
                return []

    def _note(self, person_id: int, unit: str) -> None:
        viewer = self.worker.viewer
        row = {"id": self.new_id(), "at": self.at, "account_id": viewer.account, "by": viewer.by}
        look = {"unit": unit, "action": SEE, "person_id": person_id}
        self.connection.execute(insert(accesses).values(row | look))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _narrowed(connection: Connection, keys: Keys, search: Search) -> list[ColumnElement[bool]]:
    narrowed = []
    if search.village:
        narrowed.append(people.c.village == search.village)
    if search.household:
        narrowed.append(people.c.household_id == search.household)
    if search.born:
        narrowed.append(people.c.birth_year == search.born)
    digits = search.words.replace(" ", "")
    if digits.isdecimal() and len(digits) in ID_DIGITS:
        # Looked up first, or a planner takes the way through the whole unit.
        token = keys.token("id_number", digits)
        numbered = connection.scalars(select(people.c.id).where(people.c.id_token == token))
        return [*narrowed, people.c.id.in_(numbered.all() or [NOBODY])]
    name = people.c.folded_name
    return narrowed + [name.contains(word, autoescape=True) for word in search.words.split()]


def _most_urgent_first(keys: Keys, search: Search, *, few: bool) -> list[ColumnElement[Any]]:
    """Order: names in which every word begins one, poor households, then from door to door."""
    poor_first = case((_is_poor(keys, few=few), 0), else_=1)
    # NULL comes first in one database and last in the other.
    village, home = func.coalesce(people.c.village, ""), func.coalesce(people.c.household_id, 0)
    door_to_door = [poor_first, village, home, people.c.folded_name, people.c.id]
    words = (f" {word}" for word in search.words.split())
    begun = [(" " + people.c.folded_name).contains(word, autoescape=True) for word in words]
    return [case((and_(*begun), 0), else_=1), *door_to_door] if begun else door_to_door


def _is_poor(keys: Keys, *, few: bool) -> ColumnElement[bool]:
    """Somebody marked, or of a household where somebody is: asked of each of a few, or of all."""
    marked = person_marks.c.token.in_([keys.token("flag", flag) for flag in FLAGS])
    poor = people.alias("poor")
    if few:
        theirs = exists().where(person_marks.c.person_id == people.c.id, marked)
        home = exists().where(poor.c.household_id == people.c.household_id)
        return or_(theirs, home.where(person_marks.c.person_id == poor.c.id, marked))
    ids = select(person_marks.c.person_id).where(marked)
    homes = select(poor.c.household_id).where(poor.c.id.in_(ids), poor.c.household_id.is_not(None))
    return or_(people.c.id.in_(ids), people.c.household_id.in_(homes))
