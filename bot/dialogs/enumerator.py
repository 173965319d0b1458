"""The menus of somebody who collects: whom to visit, what came of it, who is next in the house."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from math import ceil
from typing import Final

from msgspec.structs import replace

from bot.dialogs.effects import (
    Agree,
    Ask,
    Count,
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
from bot.dialogs.people import Page, PersonCard, PersonLine, Progress, Search
from bot.dialogs.prompts import OPTIONS, chosen
from bot.dialogs.readers.characters import fold
from bot.dialogs.readers.dates import read_date
from bot.dialogs.readers.reading import Invalid, Value
from bot.dialogs.scene import Scene, Step, draft_of, onward, refuse
from bot.dialogs.state import NOTHING, Dialog, Draft, Visit

Handler = Callable[[Scene, Dialog, str], Step]

SINCE: Final = frozenset({"moved_away", "died"})
"""Outcomes of which the month is asked in which it happened."""
UNTIL: Final = frozenset({"away_season", "works_away"})
"""Outcomes of which the month is asked in which the person comes back."""
MONTH: Final = Question(
    id="outcome_month", item="", kind="date", label="", ask="", partial=("month",)
)
SEARCHED: Final = frozenset({"menu", "people", "household"})
"""Prompts at which a name, a number or a village is looked for."""
TAKEN: Final = frozenset({"busy", "done", "returned"})
"""Standings of somebody whose form no one else begins: it may be so since the door opened."""
PAGE: Final = 8
"""People of one list."""
MOST_WORDS: Final = 60
"""Characters of what is looked for."""


def home(_: Scene, dialog: Dialog, *said: Effect) -> Step:
    """Close what is open and show the menu; what was begun is found under unfinished forms."""
    if dialog.draft and not dialog.draft.confirmed:
        dialog = dialog.drafted(pending=None, card=NOTHING)
    return dialog, [*said, Count()]


def counted(scene: Scene, dialog: Dialog, progress: Progress) -> Step:
    """Open the menu with how far this account is."""
    menu = dialog.replace(draft=None).chatted(visit=Visit()).open("menu")
    return menu, [*_progress(scene, progress), Ask()]


def _progress(scene: Scene, progress: Progress) -> list[Effect]:
    if not progress.people and not progress.mine:
        return [Note("menu_empty")]
    target = progress.target or progress.people
    settled = progress.done + progress.outcomes
    facts: dict[str, object] = {
        "done": progress.done,
        "target": target,
        "percent": progress.done * 100 // target if target else 0,
        "outcomes": progress.outcomes,
        "today": progress.today,
        "returned": progress.returned,
    }
    lines: list[Effect] = [Note("menu_progress", facts)]
    if progress.outcomes:
        lines.append(Note("menu_outcomes", facts))
    if progress.due:
        due = date.fromisoformat(progress.due)
        days = (due - scene.today).days + 1
        left = max(target - settled, 0)
        key = "menu_due" if days > 0 else "menu_overdue"
        pace = ceil(left / days) if days > 0 else left
        day = f"{due:%d/%m/%Y}"
        lines.append(Note(key, {"due": day, "days": days, "pace": pace, "left": left}))
    if progress.returned:
        lines.append(Note("menu_returned", facts))
    return lines


def _menu(_: Scene, dialog: Dialog, value: str) -> Step:
    if value in {"new", "practice"}:
        return _new(dialog, practice=value == "practice")
    return dialog, [Find(LISTS[value])]


LISTS: Final[Mapping[str, Search]] = {
    "missing": Search("missing"),
    "returned": Search("returned"),
    "drafts": Search("drafts"),
    "revisit": Search("revisit"),
    "done": Search("done"),
}


def _new(dialog: Dialog, household: int = 0, practice: bool = False) -> Step:
    """Meet somebody who is in no list."""
    visit = dialog.chat.visit.replace(person=0, household=household, practice=practice)
    dialog = dialog.replace(draft=None).chatted(visit=visit).open("visit")
    return dialog, [Note("visit_practice" if practice else "visit_new"), Ask()]


def new(_: Scene, dialog: Dialog, __: str) -> Step:
    return _new(dialog, dialog.chat.visit.household)


def search(scene: Scene, dialog: Dialog, text: str) -> Step:
    """Look for a person by a part of the name or the whole number, or list a village."""
    option = chosen(text, "menu", OPTIONS["menu"], scene.known.texts)
    if option is not None and not text.isdigit():
        return _menu(scene, dialog, option)
    words = fold(text)[:MOST_WORDS].strip()
    for lead in scene.known.texts.words("words.search"):
        words = words.removeprefix(f"{lead} ")
    if not words or (text.isdigit() and len(text) < SHORTEST_NUMBER):
        return refuse(dialog, "search_unclear")
    for village in scene.known.office.villages:
        if words == fold(village):
            return dialog, [Find(Search(village=village))]
    return dialog, [Find(Search("all", words))]


SHORTEST_NUMBER: Final = 9
"""Digits of a document's number; fewer are an option that is not there."""


def found(scene: Scene, dialog: Dialog, event: Found) -> Step:
    """Show a list; or, while a form is being filled in, who the person may be."""
    if event.why == "household":
        return _next_in_household(scene, dialog, event)
    if event.why == "double":
        return _possible_doubles(scene, dialog, event)
    if event.why:
        if not event.page.lines and not event.page.address:
            # No such household: the form before was of somebody who has one, or none, already.
            dialog = dialog.chatted(visit=dialog.chat.visit.replace(household=0))
        return _begin(scene, dialog, None, event.why, event.page.address)
    page, search = event.page, event.search
    unlisted = event.unlisted if not search.after else ()
    total = page.total + len(event.unlisted)
    if not total:
        key = "found_none" if search.words else f"none_{search.wanted}"
        return (dialog, [Tell(key)]) if _is_searching(dialog) else home(scene, dialog, Note(key))
    more = page.total > search.after + len(page.lines)
    dialog = _listed(dialog.replace(draft=None), page, search, more, unlisted).open("people")
    key = "found_head" if search.words or search.village else f"head_{search.wanted}"
    first = Note(key, {"total": total, "village": search.village})
    people = [*(described(scene, line) for line in page.lines), *map(_named, unlisted)]
    return dialog, [first, *_lines(people), Ask()]


def _is_searching(dialog: Dialog) -> bool:
    prompt = dialog.chat.prompt
    return prompt is not None and prompt.question in SEARCHED


def _named(draft: Draft) -> str:
    """Return how a list shows an unfinished form of somebody in no list."""
    born = str(draft.answers.get("q02_ngay_sinh") or "")[:4]
    return " · ".join(filter(None, (str(draft.answers.get("q01_ho_ten") or "?"), born)))


def _listed(
    dialog: Dialog, page: Page, search: Search, more: bool, unlisted: tuple[Draft, ...] = ()
) -> Dialog:
    """Remember what is shown: people by their number, forms of unlisted people by minus theirs."""
    listed = (*(person.id for person in page.lines), *(-draft.id for draft in unlisted))
    visit = dialog.chat.visit.replace(search=search, listed=listed, more=more)
    return dialog.chatted(visit=visit)


def _lines(people: Iterable[str]) -> list[Effect]:
    return [
        Note("person_line", {"number": number, "person": person})
        for number, person in enumerate(people, 1)
    ]


def described(scene: Scene, person: PersonLine) -> str:
    """Return a person as a list shows one: name, year of birth, village, how it stands."""
    texts = scene.known.texts
    parts = [person.name, str(person.birth_year or ""), person.village]
    if person.relation:
        parts.append(texts(f"option.{person.relation}"))
    if person.standing == "outcome":
        parts.append(texts(f"option.{person.outcome}"))
        if person.until:
            parts.append(texts("until", month=_month(person.until)))
    elif person.standing != "missing":
        parts.append(texts(f"standing.{person.standing}"))
    return " · ".join(part for part in parts if part)


def _month(month: str) -> str:
    year, number = month.split("-")
    return f"{number}/{year}"


def _people(scene: Scene, dialog: Dialog, value: str) -> Step:
    visit = dialog.chat.visit
    if value == "more":
        after = visit.search.after + len(visit.listed)
        return dialog, [Find(replace(visit.search, after=after))]
    if value == "menu":
        return home(scene, dialog)
    return _open(dialog, value)


def _open(dialog: Dialog, value: str) -> Step:
    picked = dialog.chat.visit.listed[int(value) - 1]
    return dialog, [Load((-picked,), "open") if picked < 0 else Meet(picked)]


def met(scene: Scene, dialog: Dialog, event: Met) -> Step:
    """Open a person: what was begun goes on, what is done is said, else the visit begins."""
    card = event.card
    if card is None:
        return home(scene, dialog, Note("person_unknown"))
    line = card.line
    if event.why and line.standing not in TAKEN:
        return _begin(scene, dialog, card, event.why)
    visit = dialog.chat.visit.replace(person=line.id, household=line.household, practice=False)
    dialog = dialog.replace(draft=None).chatted(visit=visit)
    mine = card.draft or (card.submission if card.mine else 0)
    if mine:
        return dialog, [Load((mine,), "open")]
    if line.standing == "busy":
        return home(scene, dialog, Note("person_busy", {"name": line.name, "by": card.busy_by}))
    if line.standing in {"done", "returned"}:
        return home(scene, dialog, Note("person_done", {"name": line.name}))
    facts = {"person": described(scene, line), "year": card.year}
    first = Note("visit_inherited" if card.year else "visit_person", facts)
    return dialog.open("visit"), [first, Ask()]


def _visit(scene: Scene, dialog: Dialog, value: str) -> Step:
    visit, key = dialog.chat.visit, "prompt.visit.text"
    if value == "read":
        return dialog, [Tell("consent_full"), Ask()]
    if value == "outcome":
        if not visit.person:
            return home(scene, dialog, Note("not_recorded"))
        return dialog.open("outcome"), [Ask()]
    if value == "no":
        effects: list[Effect] = [Agree("collect", "no", key, _witness(scene))]
        if visit.person:
            effects.append(Mark(visit.person, "refused"))
        return _after(scene, dialog, *effects, Note("visit_refused"))
    if visit.person:
        return dialog, [Meet(visit.person, value)]
    if visit.household:
        return dialog, [Find(Search("all", household=visit.household), value)]
    return _begin(scene, dialog, None, value)


def _witness(scene: Scene) -> dict[str, object]:
    return {"witness": scene.account.id if scene.account else 0}


def _begin(
    scene: Scene,
    dialog: Dialog,
    card: PersonCard | None,
    value: str,
    address: Mapping[str, str | None] = NOTHING,
) -> Step:
    """Start the form of who is visited; who heard the consent is kept with it."""
    assert scene.account is not None  # noqa: S101 - only somebody who collects has these menus
    visit = dialog.chat.visit
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
        household=visit.household,
        relation_to_head=card.line.relation if card else "",
        practice=visit.practice,
        offered=offered,
        offered_of=card.year if card else "",
    )
    agreed = {**_witness(scene), "as": value}
    effects: list[Effect] = [Create(draft.id)]
    if not draft.practice:
        effects.append(Fill(draft.person, draft.household, draft.relation_to_head))
    effects.append(Agree("collect", "yes", "prompt.visit.text", agreed))
    if not draft.person:  # in no list it can be found by nothing else
        dialog = dialog.chatted(submissions=(*dialog.chat.submissions, draft.id))
    dialog, said = onward(scene, dialog.replace(draft=draft))
    return dialog, [*effects, *said]


def _relation_to_head(scene: Scene, dialog: Dialog, value: str) -> Step:
    draft = draft_of(dialog)
    dialog, said = onward(scene, dialog.drafted(relation_to_head=value))
    return dialog, [Fill(draft.person, draft.household, value), *said]


def _outcome(scene: Scene, dialog: Dialog, value: str) -> Step:
    if value in SINCE | UNTIL:
        visit = dialog.chat.visit.replace(outcome=value)
        return dialog.chatted(visit=visit).open("outcome_month"), [Ask()]
    return _marked(scene, dialog, value)


def _outcome_month(scene: Scene, dialog: Dialog, text: str) -> Step:
    outcome = dialog.chat.visit.outcome
    if fold(text) in scene.known.texts.words("words.unknown_month"):
        return _marked(scene, dialog, outcome)
    try:
        month = str(read_date(text, MONTH, scene.today, scene.known).value)[:7]
    except Invalid as refusal:
        return refuse(dialog, refusal.code, **refusal.facts, example=f"{scene.today:%m/%Y}")
    if outcome in SINCE and month > scene.today.isoformat()[:7]:
        return refuse(dialog, "month_in_future")
    if outcome in UNTIL and month < scene.today.isoformat()[:7]:
        return refuse(dialog, "month_in_past")
    return _marked(scene, dialog, outcome, month)


def _marked(scene: Scene, dialog: Dialog, outcome: str, month: str = "") -> Step:
    visit = dialog.chat.visit
    since, until = (month, "") if outcome in SINCE else ("", month)
    said = Note("outcome_noted", {"outcome": scene.known.texts(f"option.{outcome}")})
    return _after(scene, dialog, Mark(visit.person, outcome, since, until), said)


def _after(scene: Scene, dialog: Dialog, *said: Effect) -> Step:
    """Go on with the household that is being visited, else with the menu."""
    if household := dialog.chat.visit.household:
        return dialog, [*said, Find(Search("missing", household=household), "household")]
    return home(scene, dialog, *said)


def _next_in_household(scene: Scene, dialog: Dialog, event: Found) -> Step:
    visit, draft = dialog.chat.visit, dialog.draft
    gone = {visit.person, draft.person if draft else 0}
    left = tuple(line for line in event.page.lines if line.id not in gone)
    search = event.search
    dialog = dialog.replace(draft=None)
    visit = Visit(search=search, household=search.household)
    dialog = _listed(dialog.chatted(visit=visit), Page(left, len(left)), search, False)
    first = Note("household_left" if left else "household_none", {"count": len(left)})
    people = (described(scene, line) for line in left)
    return dialog.open("household"), [first, *_lines(people), Ask()]


def _household(scene: Scene, dialog: Dialog, value: str) -> Step:
    visit = dialog.chat.visit
    if value == "finish":
        return home(scene, dialog)
    if value == "add":
        return _new(dialog, visit.household)
    return _open(dialog, value)


def _possible_doubles(scene: Scene, dialog: Dialog, event: Found) -> Step:
    """Ask whether the person is one of those the list has; go on when it has none."""
    draft = draft_of(dialog)
    lines = tuple(line for line in event.page.lines if _may_be(line, draft, event.search))
    if not lines:
        return onward(scene, dialog)
    dialog = _listed(dialog, Page(lines, len(lines)), event.search, False).open("double")
    people = (described(scene, line) for line in lines)
    return dialog, [Note("double_head"), *_lines(people), Ask()]


def _may_be(line: PersonLine, draft: Draft, search: Search) -> bool:
    if search.words.isdigit():
        return True
    born = str(draft.answers.get("q02_ngay_sinh"))[:4]
    return fold(line.name) == search.words and str(line.birth_year) == born


def _double(scene: Scene, dialog: Dialog, value: str) -> Step:
    draft = draft_of(dialog)
    if value == "other":
        return onward(scene, dialog)
    person = dialog.chat.visit.listed[int(value) - 1]
    dialog = dialog.drafted(person=person).replace(chat=dialog.chat.without(draft.id))
    dialog, said = onward(scene, dialog)
    return dialog, [Fill(person, draft.household, draft.relation_to_head), *said]


MENUS: Final[Mapping[str, Handler]] = {
    "menu": _menu,
    "people": _people,
    "visit": _visit,
    "outcome": _outcome,
    "outcome_month": _outcome_month,
    "relation_to_head": _relation_to_head,
    "household": _household,
    "double": _double,
}
"""What to do with a value of each menu; its options stand in `prompts.OPTIONS`."""
