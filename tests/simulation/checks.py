"""What must hold when a campaign is over. Each check returns what is wrong, in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from admin.exports import EXPORTS
from admin.exports.table import form_table, plain
from bot.content import form_of
from bot.dialogs.readers.characters import fold
from storage.audit import broken_chains
from storage.commune_tables import accounts, doubles, people
from storage.doubles import keep, search
from storage.sealed import Keys, place, unseal_document
from storage.submissions import confirmed
from storage.tables import inbox, submissions
from tests.simulation.campaign import Campaign
from tests.simulation.invented import Town
from tests.simulation.model import SETTLED, Sitting

LIVE = ("confirmed", "returned")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds of one commune at the end."""

    people: Sequence[Any]
    forms: Sequence[Any]
    doubles: frozenset[tuple[int, int]]
    keys: Keys

    def answers(self, form: Any) -> dict[str, Any]:
        key = self.keys.data_key(form.id, form.data_key)
        record = unseal_document(key, form.record, place("submissions", "record", form.id))
        return {question: answer["value"] for question, answer in record["answers"].items()}

    def by_receipt(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for form in self.forms:
            if form.receipt:
                found.setdefault(form.receipt, []).append(form)
        return found


async def kept(campaign: Campaign, town: Town) -> Kept:
    """Return what there is, once the officer has looked for doubles."""
    house = campaign.program.first(town).house
    unit, viewer = town.office.commune, campaign.officer(town)

    def look(connection: Connection) -> Kept:
        found = search(connection, house.keys, viewer, unit)
        keep(connection, house.context, viewer, unit, found)
        pairs = select(doubles.c.first_id, doubles.c.second_id).where(doubles.c.unit == unit)
        return Kept(
            connection.execute(select(people).where(people.c.unit == unit)).all(),
            connection.execute(select(submissions).where(submissions.c.unit == unit)).all(),
            frozenset((row[0], row[1]) for row in connection.execute(pairs)),
            house.keys,
        )

    return await campaign.program.write(town, look)


def lost_forms(campaign: Campaign, town: Town, found: Kept) -> list[str]:
    """Every form somebody believes they sent is there, once, with just these answers."""
    wrong, held = [], found.by_receipt()
    sent = [one for one in campaign.model.sittings if one.town is town and one.receipt]
    for one in sent:
        forms = held.pop(one.receipt, [])
        if len(forms) != 1:
            wrong.append(f"receipt {one.receipt} belongs to {len(forms)} forms")
        elif forms[0].status != one.status:
            wrong.append(f"receipt {one.receipt} is {forms[0].status}, not {one.status}")
        elif found.answers(forms[0]) != one.answers:
            wrong.append(f"receipt {one.receipt}: {_differences(found.answers(forms[0]), one)}")
    return wrong + [f"nobody was shown receipt {receipt}" for receipt in held]


def _differences(there: dict[str, Any], one: Sitting) -> str:
    said = one.answers or {}
    keys = [key for key in {**there, **said} if there.get(key, "-") != said.get(key, "-")]
    return "; ".join(f"{key} {there.get(key, '-')} not {said.get(key, '-')}" for key in keys)


def counts(campaign: Campaign, town: Town, found: Kept) -> list[str]:
    """People with a form, with a reason, to be visited again: they add up to all, and to ours."""
    listed = [one for one in found.people if one.merged_into is None and one.folded_name]
    there = Counter(_standing(one) for one in listed)
    ours = Counter(map(campaign.model.standing, campaign.model.rows[town.number]))
    live = sum(form.status in LIVE for form in found.forms)
    wrong = [] if there == ours else [f"people stand {dict(there)}, not {dict(ours)}"]
    if there["form"] != live:
        wrong.append(f"{live} forms count, {there['form']} people have one")
    ids = {form.id for form in found.forms if form.status in LIVE}
    return wrong + [
        f"person {one.id} has a form that does not count"
        for one in listed
        if one.submission_id is not None and one.submission_id not in ids
    ]


def _standing(one: Any) -> str:
    if one.submission_id is not None:
        return "form"
    return "settled" if one.outcome in SETTLED else "revisit" if one.outcome else "untouched"


def visits(campaign: Campaign, town: Town, found: Kept) -> list[str]:
    """Everybody of the list stands as the last visit left them, and nobody was passed over."""
    model, there = campaign.model, {one.id: one for one in found.people}
    wrong = []
    for row in town.rows:
        one, last = there[row.id], model.outcomes.get(id(row), "")
        if (one.outcome or "") != last:
            wrong.append(f"person {row.id} is left as {one.outcome}, not {last or 'nothing'}")
        withdrawn = any(s.row is row and s.status == "withdrawn" for s in model.sittings)
        if model.standing(row) == "untouched" and not withdrawn:
            wrong.append(f"nobody ever came to person {row.id}")
    return wrong


def mixed_up(campaign: Campaign, town: Town, found: Kept) -> list[str]:
    """Every form counts for whose it is."""
    owner = {one.receipt: one for one in campaign.model.sittings if one.town is town}
    forms = {form.id: form for form in found.forms}
    listed = {row.id: row for row in town.rows}
    wrong = []
    for one in found.people:
        form = forms.get(one.submission_id)
        sitting = owner.get(form.receipt) if form else None
        row = listed.get(one.id)
        if sitting and row and row.human is not sitting.human:
            wrong.append(f"person {one.id} has a form of somebody else")
        if sitting and sitting.row and sitting.row.id and sitting.row.id != one.id:
            wrong.append(f"the form of person {sitting.row.id} counts for {one.id}")
    return wrong


def doubles_left(campaign: Campaign, town: Town, found: Kept) -> list[str]:
    """Whoever the office has twice stands on the list of doubles; nobody was merged."""
    owner = {one.receipt: one.human for one in campaign.model.sittings if one.town is town}
    forms = {form.id: form for form in found.forms}
    whose: dict[int, set[int]] = {}
    humans = {row.id: row.human for row in town.rows}
    for one in found.people:
        form = forms.get(one.submission_id)
        human = humans.get(one.id) or (owner.get(form.receipt) if form else None)
        if human is not None and one.folded_name and one.merged_into is None:
            whose.setdefault(id(human), set()).add(one.id)
    wrong = [f"person {one.id} was merged" for one in found.people if one.merged_into is not None]
    for ids in whose.values():
        if not _joined(ids, found.doubles):
            wrong.append(f"{sorted(ids)} are one human, and not on the list of doubles")
    return wrong


def _joined(ids: set[int], pairs: frozenset[tuple[int, int]]) -> bool:
    """True when the pairs lead from each of them to all the others."""
    reached = {min(ids)}
    for _ in ids:
        reached |= {b for a, b in pairs if a in reached} | {a for a, b in pairs if b in reached}
    return ids <= reached


def dead_drafts(connection: Connection) -> list[str]:
    """No person waits for a draft that is gone, or for an account that is cut off."""
    held = (
        select(people.c.id, submissions.c.status, accounts.c.disabled_at)
        .outerjoin(submissions, submissions.c.id == people.c.draft_id)
        .outerjoin(accounts, accounts.c.id == people.c.draft_by)
        .where(people.c.draft_id.is_not(None))
    )
    wrong = []
    for row in connection.execute(held):
        if row.status != "draft":
            wrong.append(f"person {row.id} is held by a form that is {row.status}")
        if row.disabled_at is not None:
            wrong.append(f"person {row.id} is held by an account that is cut off")
    return wrong


def set_aside(connection: Connection) -> list[str]:
    dead = select(inbox.c.id).where(inbox.c.outcome != "done")
    return [f"message {number} was set aside" for number in connection.scalars(dead)]


async def histories(campaign: Campaign) -> list[int]:
    return await campaign.program.write(campaign.towns[0], broken_chains)


async def exported(campaign: Campaign, town: Town, folder: Path) -> list[str]:
    """Return what an export of this commune says of another, or does not say of its own."""
    house, path = campaign.program.first(town).house, folder / f"{town.number}.csv"
    table = form_table(form_of(), house.known, codes=False)

    def write(connection: Connection) -> int:
        records = plain(confirmed(connection, house.keys, campaign.officer(town)))
        return EXPORTS["csv"](path, table, records)

    count = await campaign.program.write(town, write)
    text = fold(path.read_text("utf-8"))
    ours = len(campaign.model.forms(town))
    wrong = [] if count == ours else [f"{count} forms exported, not {ours}"]
    others = (other for other in campaign.towns if other is not town)
    return wrong + [f"it names {o.syllable}" for o in others if o.syllable in text]


def lost_phones(campaign: Campaign) -> list[str]:
    """A telephone that was cut off is told that, and nothing else, not even afterwards."""
    wrong = []
    for chat, told in campaign.cut.items():
        texts = campaign.program.first(campaign.lost[chat].town).house.known.texts
        wrong += [f"{chat}: {text[:100]}" for text in told if text != texts("cut_off")]
    for chat, told in campaign.later.items():
        names = [human.name for human in campaign.lost[chat].town.people]
        wrong += [f"{chat} later: {text[:100]}" for text in told if any(n in text for n in names)]
    return wrong
