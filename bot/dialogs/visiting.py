"""A visit to one person: the consent that is read aloud, or why there is no form of them."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from bot.dialogs.effects import (
    Agree,
    Ask,
    Create,
    Effect,
    Fill,
    Find,
    Found,
    Load,
    Mark,
    Meet,
    Met,
    Note,
    Tell,
)
from bot.dialogs.form import Question
from bot.dialogs.inheriting import offer
from bot.dialogs.people import Page, PersonCard, PersonLine, Search
from bot.dialogs.readers.characters import fold
from bot.dialogs.readers.dates import read_date
from bot.dialogs.readers.reading import Invalid, Value
from bot.dialogs.rounds import after, described, home, leave, lines, listed
from bot.dialogs.scene import Scene, Step, draft_of, onward, refuse
from bot.dialogs.state import NOTHING, Dialog, Draft

Handler = Callable[[Scene, Dialog, str], Step]

SINCE: Final = frozenset({"moved_away", "died"})
"""Outcomes of which the month is asked in which it happened."""
UNTIL: Final = frozenset({"away_season", "works_away"})
"""Outcomes of which the month is asked in which the person comes back."""
MONTH: Final = Question(
    id="outcome_month", item="", kind="date", label="", ask="", partial=("month",)
)
TAKEN: Final = frozenset({"draft", "busy", "done", "returned"})
"""Standings of somebody whose form nobody begins again; it may have come so at the door."""


def new(dialog: Dialog, household: int = 0, practice: bool = False) -> Step:
    """Meet somebody who is in no list."""
    dialog, gone = leave(dialog)
    visit = dialog.chat.visit.replace(person=0, household=household, practice=practice)
    dialog = dialog.replace(draft=None).chatted(visit=visit).open("visit")
    return dialog, [*gone, Note("visit_practice" if practice else "visit_new"), Ask()]


def met(scene: Scene, dialog: Dialog, event: Met) -> Step:
    """Open a person: what was begun goes on, what is done is said, else the visit begins."""
    card = event.card
    if card is None:
        return home(dialog, Note("person_unknown"))
    if event.why == LINK:
        return _linked(scene, dialog, card)
    if event.why and card.line.standing not in TAKEN:
        return _decided(scene, dialog, card, event.why)
    line = card.line
    visit = dialog.chat.visit.replace(person=line.id, household=line.household, practice=False)
    dialog, gone = leave(dialog)
    dialog = dialog.replace(draft=None).chatted(visit=visit)
    if mine := card.draft or (card.submission if card.mine else 0):
        return dialog, [*gone, Load((mine,), "open")]
    if line.standing in TAKEN:
        return home(dialog, *gone, _taken(card))
    facts = {"person": described(scene, line), "year": card.year}
    first = Note("visit_inherited" if card.year else "visit_person", facts)
    return dialog.open("visit"), [*gone, first, Ask()]


def _taken(card: PersonCard) -> Note:
    """Return why nobody begins a form of this person now."""
    key = "person_busy" if card.line.standing in {"busy", "draft"} else "person_done"
    if card.line.standing == "draft":
        key = "person_drafted"
    return Note(key, {"name": card.line.name, "by": card.busy_by})


def _decided(scene: Scene, dialog: Dialog, card: PersonCard, value: str) -> Step:
    """Do what was chosen at the door, now that the person was looked at once more."""
    if value == "outcome":
        return dialog.open("outcome"), [Ask()]
    if value == "no":
        return _refused(scene, dialog, Mark(card.line.id, "refused"))
    return begin(scene, dialog, card, value)


def visit(scene: Scene, dialog: Dialog, value: str) -> Step:
    """Take what is said at the door about the consent, or that there is nobody to say it."""
    at = dialog.chat.visit
    if value == "read":
        return dialog, [Tell("consent_full"), Ask()]
    if at.person:
        return dialog, [Meet(at.person, value)]
    if value == "outcome":
        return home(dialog, Note("not_recorded"))
    if value == "no":
        return _refused(scene, dialog)
    if at.household:
        return dialog, [Find(Search("all", household=at.household), value)]
    return begin(scene, dialog, None, value)


def _refused(scene: Scene, dialog: Dialog, *marks: Mark) -> Step:
    no = Agree("collect", "no", "prompt.visit.text", witness(scene))
    return after(dialog, no, *marks, Note("visit_refused"))


def witness(scene: Scene) -> dict[str, object]:
    """Return who heard what is agreed to; nothing in a citizen's own chat."""
    return {"witness": scene.account.id} if scene.account else {}


def begin_new(scene: Scene, dialog: Dialog, event: Found) -> Step:
    """Start the form of somebody in no list, in the household that is being visited."""
    page = event.page
    if not page.lines and not page.address:
        # No such household: the form before was of somebody who has one, or none, already.
        dialog = dialog.chatted(visit=dialog.chat.visit.replace(household=0))
    return begin(scene, dialog, None, event.why, page.address)


def begin(
    scene: Scene,
    dialog: Dialog,
    card: PersonCard | None,
    value: str,
    address: Mapping[str, str | None] = NOTHING,
) -> Step:
    """Start the form of who is visited; who heard the consent is kept with it."""
    assert scene.account is not None  # noqa: S101 - only somebody who collects has these menus
    at = dialog.chat.visit
    home_address = dict(card.address if card else address)
    known: dict[str, Value] = {"q06_thuong_tru": home_address} if home_address else {}
    offered = offer(scene, known | dict(card.answers) if card else known)
    draft = Draft(
        scene.new_id,
        scene.form.id,
        relation="self" if value == "yes" else "",
        consent="guardian" if value == "guardian" else "yes",
        collector=scene.account.id,
        person=card.line.id if card else 0,
        household=at.household,
        relation_to_head=card.line.relation if card else "",
        practice=at.practice,
        offered=offered,
        offered_of=card.year if card else "",
    )
    effects: list[Effect] = [Create(draft.id)]
    if not draft.practice:  # nobody has agreed to anything, and nobody is collected
        agreed = {**witness(scene), "as": value}
        effects.append(Fill(draft.person, draft.household, draft.relation_to_head))
        effects.append(Agree("collect", "yes", "prompt.visit.text", agreed))
    if not draft.person:  # in no list it can be found by nothing else
        dialog = dialog.chatted(submissions=(*dialog.chat.submissions, draft.id))
    dialog, said = onward(scene, dialog.replace(draft=draft))
    return dialog, [*effects, *said]


def relation_to_head(scene: Scene, dialog: Dialog, value: str) -> Step:
    """Note who the person is in their household, and go on."""
    draft = draft_of(dialog)
    dialog, said = onward(scene, dialog.drafted(relation_to_head=value))
    return dialog, [Fill(draft.person, draft.household, value), *said]


def outcome(scene: Scene, dialog: Dialog, value: str) -> Step:
    """Note why there is no form, with its month where it has one."""
    if value in SINCE | UNTIL:
        at = dialog.chat.visit.replace(outcome=value)
        return dialog.chatted(visit=at).open("outcome_month"), [Ask()]
    return _marked(scene, dialog, value)


def outcome_month(scene: Scene, dialog: Dialog, text: str) -> Step:
    """Take the month of an outcome, or that nobody knows it."""
    why = dialog.chat.visit.outcome
    if fold(text) in scene.known.texts.words("words.unknown_month"):
        return _marked(scene, dialog, why)
    month = _month(scene, text, coming=why in UNTIL)
    if not month:
        return refuse(dialog, "month_unclear", month=f"{scene.today:%m/%Y}")
    if why in SINCE and month > scene.today.isoformat()[:7]:
        return refuse(dialog, "month_in_future")
    if why in UNTIL and month < scene.today.isoformat()[:7]:
        return refuse(dialog, "month_in_past")
    return _marked(scene, dialog, why, month)


def _month(scene: Scene, text: str, *, coming: bool) -> str:
    """Return the month that is said, "" when it is not understood.

    A month without a year is the next one (`coming`), or the last one that has been.
    """
    if bare := BARE_MONTH.fullmatch(fold(text)):
        month, today = int(bare[1]), scene.today
        later, earlier = month < today.month, month > today.month
        year = today.year + later if coming else today.year - earlier
        return f"{year}-{month:02}" if 1 <= month <= 12 else ""
    try:
        return str(read_date(text, MONTH, scene.today, scene.known).value)[:7]
    except Invalid:
        return ""


BARE_MONTH: Final = re.compile(r"(?:thang )?([0-9]{1,2})", re.ASCII)


def _marked(scene: Scene, dialog: Dialog, why: str, month: str = "") -> Step:
    since, until = (month, "") if why in SINCE else ("", month)
    said = Note("outcome_noted", {"outcome": scene.known.texts(f"option.{why}")})
    return after(dialog, Mark(dialog.chat.visit.person, why, since, until), said)


def possible_doubles(scene: Scene, dialog: Dialog, event: Found) -> Step:
    """Ask whether the person is one of those the list has; go on when it has none."""
    draft = draft_of(dialog)
    found = tuple(line for line in event.page.lines if _may_be(line, draft, event.search))
    if not found:
        return onward(scene, dialog)
    dialog = listed(dialog, Page(found, len(found)), event.search, False).open("double")
    people = (described(scene, line) for line in found)
    return dialog, [Note("double_head"), *lines(people), Ask()]


def _may_be(line: PersonLine, draft: Draft, search: Search) -> bool:
    if line.id == draft.person:
        return False
    if search.words.isdigit():
        return True
    born = str(draft.answers.get("q02_ngay_sinh"))[:4]
    return fold(line.name) == search.words and str(line.birth_year) == born


def double(scene: Scene, dialog: Dialog, value: str) -> Step:
    """Take one of the list for the person, once more looked at, or somebody else."""
    if value == "other":
        return onward(scene, dialog)
    return dialog, [Meet(dialog.chat.visit.listed[int(value) - 1], LINK)]


LINK: Final = "link"
"""Why a person is looked at: the open form may be theirs."""


def _linked(scene: Scene, dialog: Dialog, card: PersonCard) -> Step:
    draft = draft_of(dialog)
    if card.line.standing in TAKEN:  # the choice stays open: it is somebody else, or to be dropped
        note = _taken(card)
        return dialog, [Tell(note.key, note.facts)]
    dialog = dialog.drafted(person=card.line.id).replace(chat=dialog.chat.without(draft.id))
    dialog, said = onward(scene, dialog)
    return dialog, [Fill(card.line.id, draft.household, draft.relation_to_head), *said]
