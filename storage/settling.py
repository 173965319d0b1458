"""Whose form is it? Each submission handed in finds its person, in the turn's own transaction.

A citizen's form takes the same path whether its number is known or not: one look for people, one
row of a person, one of a double that may be empty. What decides is in `matching`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from bot.dialogs.readers.reading import Value
from storage.database import bound_list, lock_tokens, run_sql
from storage.desk import Desk, Submission, append_event
from storage.freeing import free
from storage.homes import Home, assign_newcomer, home_of, relation_of
from storage.ids import VIETNAM, instant
from storage.matching import Form, Known, choose, doubles_of
from storage.people import (
    PersonDocument,
    found_by,
    person_document,
    resealed_person,
    sealed_person,
)
from storage.people_statements import PERSON
from storage.sealed import place, seal_document
from storage.statements import NO_LONGER_LIVE
from storage.tables import PROMOTED, TOKENS

CARRIED: Final = ("q04_so_cccd", "q05_ma_bhxh")
"""Numbers that stay known when a form leaves them out."""
NO_DOUBLE: Final = (0, "", 0, 0, "", 0, 0)


class Candidate(Struct):
    """Somebody a form may be of, as the database has them."""

    id: int
    unit: str
    village: str | None
    household_id: int | None
    data_key: bytes | None
    document: bytes | None
    id_token: str | None
    person_token: str | None
    folded_name: str | None
    origin: str
    submission_id: int | None
    created_at: int
    merged_into: int | None
    counted_chat: int | None
    counted_form: str | None
    counted_at: int | None


class Person(Struct):
    """The same on the desk: as the rules see them, and what was known of them."""

    known: Known
    village: str | None
    origin: str
    created_at: int
    document: PersonDocument | None = None
    data_key: bytes | None = None


def settle(desk: Desk) -> None:
    """Let every submission of the batch that was handed in have its person, and no other."""
    changed = [desk.submissions[i] for i in sorted(desk.changed)]
    for submission in changed:
        if not _counts(submission) and submission.person_id is not None:
            free(desk, submission.id, submission.person_id)
    handed_in = [s for s in changed if _counts(s) and s.confirmed is not None]
    if handed_in:
        found = _candidates(desk, handed_in)
        for submission in handed_in:
            _settle(desk, submission, found)


def _counts(submission: Submission) -> bool:
    return submission.key is not None and submission.status not in NO_LONGER_LIVE


def _candidates(desk: Desk, handed_in: Sequence[Submission]) -> dict[int, Person]:
    """Return who shares a number, or name and birth date, with a form, or was chosen for it."""
    forms = [_form(submission) for submission in handed_in]
    ids = sorted({i for s in handed_in for i in (s.person_id, s.renewed) if i is not None})
    numbers = sorted({form.id_token for form in forms if form.id_token})
    names = sorted({form.person_token for form in forms if form.person_token})
    # Or two workers would both find that a person has no form yet.
    lock_tokens(desk.connection, [*numbers, *names, *(f"{one:016x}" for one in ids)])
    found = {row.id: row for row in _read(desk, ids, numbers, names)}
    for submission in handed_in:
        while (row := found.get(submission.person_id or 0)) and row.merged_into is not None:
            found |= {kept.id: kept for kept in _read(desk, [row.merged_into])}
            submission.person_id = row.merged_into
    return {row.id: _person(desk, row) for row in found.values() if row.merged_into is None}


def _read(
    desk: Desk, ids: Sequence[int], numbers: Sequence[str] = (), names: Sequence[str] = ()
) -> list[Candidate]:
    values = tuple(bound_list(value, desk.sql.dialect) for value in (ids, numbers, names))
    rows = run_sql(desk.connection, desk.sql.candidates, values).fetchall()
    return [Candidate(*row) for row in rows]


def _person(desk: Desk, row: Candidate) -> Person:
    document = person_document(desk.context.keys, row)
    known = Known(
        id=row.id,
        unit=row.unit,
        household_id=row.household_id,
        id_token=row.id_token,
        person_token=row.person_token,
        folded_name=row.folded_name,
        born=_born(document.answers) if document else "",
        counted=row.submission_id,
        counted_chat=row.counted_chat,
        counted_form=row.counted_form,
        counted_year=0 if row.counted_at is None else _year(row.counted_at),
    )
    return Person(known, row.village, row.origin, row.created_at, document, row.data_key)


def _born(answers: Mapping[str, Value]) -> str:
    born = answers.get("q02_ngay_sinh")
    return born if isinstance(born, str) else ""


def _form(submission: Submission) -> Form:
    assert submission.confirmed is not None  # noqa: S101 - only these are settled
    columns = dict(zip((*PROMOTED, *TOKENS.values()), submission.confirmed[2:], strict=True))
    return Form(
        submission_id=submission.id,
        chat_id=submission.chat_id,
        form=submission.form,
        id_token=columns["id_token"],
        # A name alone is nobody's.
        person_token=columns["person_token"] if columns["birth_year"] else None,
        folded_name=columns["folded_name"],
        born=_born(submission.answers),
        household_id=submission.household_id,
        given=submission.renewed if submission.enumerator is None else submission.person_id,
        village=columns["village"],
        year=_year(submission.confirmed[1]),
    )


def _settle(desk: Desk, submission: Submission, found: dict[int, Person]) -> None:
    form, before = _form(submission), submission.person_id
    held = found.get(before or 0)
    people = {i: person.known for i, person in found.items() if person.known.unit == _unit(desk)}
    if held is not None and held.known.counted == submission.id:
        form, people[held.known.id] = _corrected(desk, form, held)
    chosen = choose(form, people.values())
    person = found[chosen.id] if chosen else _newcomer(desk, submission, form, held)
    if before is not None and before != person.known.id:
        free(desk, submission.id, before)
    _hand_in(desk, submission, form, person)
    doubles = doubles_of(form, person.known.id, people.values())
    for other, why in doubles:
        pair = sorted((person.known.id, other))
        desk.rows.add("double", (desk.new_id(), _unit(desk), *pair, why, desk.at, 1))
    if not doubles:
        desk.rows.add("double", NO_DOUBLE)
    found[person.known.id] = person


def _unit(desk: Desk) -> str:
    return desk.context.unit


def _corrected(desk: Desk, form: Form, held: Person) -> tuple[Form, Known]:
    """Return what a form that has its person already is compared with, once it is corrected.

    Who came from a form stays with it. Who came from a list must still be the one the list meant.
    """
    if form.given is None and held.origin == "chat":
        return replace(form, given=held.known.id), held.known
    listed = held.document.before if held.document else None
    if listed is None:
        return form, held.known
    columns = found_by(desk.context.keys, listed)
    tokens = {name: columns[name] for name in ("id_token", "person_token", "folded_name")}
    return form, replace(held.known, **tokens, born=_born(listed.answers))


def _newcomer(desk: Desk, submission: Submission, form: Form, given: Person | None) -> Person:
    """Return somebody new, living where the form says, or where the one it was begun for lives."""
    begun_for = given if given is not None and form.given == given.known.id else None
    if begun_for is not None and begun_for.known.household_id is not None:
        home = Home(begun_for.known.household_id, begun_for.village)
    else:
        home = home_of(desk, submission, begun_for.village if begun_for else form.village)
    known = Known(
        id=desk.new_id(),
        unit=_unit(desk),
        household_id=home.household_id,
        id_token=None,
        person_token=None,
        folded_name=None,
        born="",
    )
    person = Person(known, home.village, "chat", desk.at)
    if submission.enumerator is not None:
        assign_newcomer(desk, submission.enumerator, known.id, home)
    return person


def _year(at: int) -> int:
    """Return the year in Vietnam."""
    return instant(at).astimezone(VIETNAM).year


def _supersede(desk: Desk, known: Known, by: Submission) -> None:
    """Let the form that counted until now count no more: this one has taken its place."""
    if known.counted in {None, by.id} or known.counted_form != by.form:
        return
    old = desk.any_chats(known.counted or 0)
    if old is None or old.key is None or old.status in NO_LONGER_LIVE:
        return
    where = place("events", "sealed", f"{old.id}:{old.event_count + 1}")
    sealed = seal_document(old.key, {"by": by.id}, where, desk.context.random)
    row = append_event(old, "superseded", desk.at, ("", old.chat_id, ""), sealed)
    old.status = "superseded"
    desk.rows.add("event", row)
    desk.changed.add(old.id)


def _hand_in(desk: Desk, submission: Submission, form: Form, person: Person) -> None:
    """Let the form count for this person, who is from now on known as it says."""
    context, known = desk.context, person.known
    _supersede(desk, known, submission)
    if known.household_id is None and submission.enumerator is not None:
        # The conversation goes on with the household of whoever was visited.
        home = home_of(desk, submission, person.village or form.village)
        known.household_id, person.village = home.household_id, person.village or home.village
    document = _newest(desk, submission, person)
    columns = found_by(context.keys, document)
    columns["folded_name"] = columns["folded_name"] or None
    person.village = person.village or form.village
    row = {
        "id": known.id,
        "unit": known.unit,
        "village": person.village,
        "household_id": known.household_id,
        "origin": person.origin,
        "submission_id": submission.id,
        "created_at": person.created_at,
        "updated_at": desk.at,
        **columns,
        **_sealed(desk, person, document),
    }
    person.data_key = row["data_key"]
    desk.rows.add("person", tuple(row[name] for name in PERSON))
    submission.person_id, submission.household_id = known.id, known.household_id
    person.document = document
    person.known = Known(
        **{name: columns[name] for name in ("id_token", "person_token", "folded_name")},
        id=known.id,
        unit=known.unit,
        household_id=known.household_id,
        born=_born(document.answers),
        counted=submission.id,
        counted_chat=submission.chat_id,
        counted_form=submission.form,
        counted_year=_year(desk.at),
    )


def _sealed(desk: Desk, person: Person, document: PersonDocument) -> dict[str, bytes]:
    """Return the document sealed with the key this person has, or with a first one."""
    keys, random, person_id = desk.context.keys, desk.context.random, person.known.id
    if person.data_key is None:
        return sealed_person(keys, random, person_id, document)
    key = keys.data_key(person_id, person.data_key)
    sealed = resealed_person(key, random, person_id, document)
    return {"data_key": person.data_key, "document": sealed}


def _newest(desk: Desk, submission: Submission, person: Person) -> PersonDocument:
    """Return what is known last, and behind it what a list said before any form."""
    old = person.document or PersonDocument()
    listed = old.before or (old if person.origin == "import" else None)
    carried = {question: old.answers.get(question) for question in CARRIED}
    known = {question: value for question, value in carried.items() if value}
    answers = {key: value for key, value in submission.answers.items() if value or key not in known}
    return PersonDocument(
        answers={**known, **answers},
        year=str(_year(desk.at)),
        relation_to_head=old.relation_to_head or relation_of(submission),
        flags=old.flags,
        before=listed,
    )
