"""The menus of somebody who collects: whom to visit, and who is next in the house."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from bot.dialogs.effects import Ask, Find, Found, Load, Meet, Note, Tell
from bot.dialogs.people import Page, Search
from bot.dialogs.prompts import OPTIONS, chosen
from bot.dialogs.readers.characters import fold
from bot.dialogs.rounds import described, home, leave, lines, listed
from bot.dialogs.scene import Scene, Step, refuse
from bot.dialogs.state import Dialog, Draft, Visit
from bot.dialogs.visiting import (
    Handler,
    begin_new,
    double,
    new,
    outcome,
    outcome_month,
    possible_doubles,
    relation_to_head,
    visit,
)

SEARCHED: Final = frozenset({"menu", "people", "household"})
"""Prompts at which a name, a number or a village is looked for."""
MOST_WORDS: Final = 60
"""Characters of what is looked for."""
SHORTEST_NUMBER: Final = 9
"""Digits of a document's number; fewer are an option that is not there."""
LISTS: Final[Mapping[str, Search]] = {
    "missing": Search("missing"),
    "returned": Search("returned"),
    "drafts": Search("drafts"),
    "revisit": Search("revisit"),
    "mine": Search("mine"),
    "counted": Search("done"),
}
"""Option of the menu -> what it lists."""


def _menu(_: Scene, dialog: Dialog, value: str) -> Step:
    if value in {"new", "practice"}:
        return new(dialog, practice=value == "practice")
    return dialog, [Find(LISTS[value])]


def meet_new(_: Scene, dialog: Dialog, __: str) -> Step:
    """Meet somebody who is in no list, in the household that is being visited."""
    return new(dialog, dialog.chat.visit.household)


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


def found(scene: Scene, dialog: Dialog, event: Found) -> Step:
    """Show a list; or, while a form is being filled in, who the person may be."""
    if event.why == "household":
        return _next_in_household(scene, dialog, event)
    if event.why == "double":
        return possible_doubles(scene, dialog, event)
    if event.why:
        return begin_new(scene, dialog, event)
    page, search = event.page, event.search
    unlisted = event.unlisted if not search.after else ()
    total = page.total + len(event.unlisted)
    if not total:
        key = "found_none" if search.words else f"none_{search.wanted}"
        return (dialog, [Tell(key)]) if _is_searching(dialog) else home(dialog, Note(key))
    more = page.total > search.after + len(page.lines)
    dialog, gone = leave(dialog)
    dialog = listed(dialog.replace(draft=None), page, search, more, unlisted).open("people")
    key = "found_head" if search.words or search.village else f"head_{search.wanted}"
    first = Note(key, {"total": total, "village": search.village})
    people = [
        *(described(scene, line) for line in page.lines),
        *(_named(scene, draft) for draft in unlisted),
    ]
    return dialog, [*gone, first, *lines(people), Ask()]


def _is_searching(dialog: Dialog) -> bool:
    prompt = dialog.chat.prompt
    return prompt is not None and prompt.question in SEARCHED


def _named(scene: Scene, draft: Draft) -> str:
    """Return how a list shows an unfinished form of somebody in no list."""
    born = str(draft.answers.get("q02_ngay_sinh") or "")[:4]
    name = str(draft.answers.get("q01_ho_ten") or scene.known.texts("nameless"))
    return " · ".join(filter(None, (name, born)))


def _people(_: Scene, dialog: Dialog, value: str) -> Step:
    at = dialog.chat.visit
    if value == "more":
        after = at.search.after + len(at.listed)
        return dialog, [Find(replace(at.search, after=after))]
    if value == "menu":
        return home(dialog)
    return _open(dialog, value)


def _open(dialog: Dialog, value: str) -> Step:
    picked = dialog.chat.visit.listed[int(value) - 1]
    return dialog, [Load((-picked,), "open") if picked < 0 else Meet(picked)]


def _next_in_household(scene: Scene, dialog: Dialog, event: Found) -> Step:
    at, draft = dialog.chat.visit, dialog.draft
    gone = {at.person, draft.person if draft else 0}
    left = tuple(line for line in event.page.lines if line.id not in gone)
    search = event.search
    dialog = dialog.replace(draft=None)
    at = Visit(search=search, household=search.household)
    dialog = listed(dialog.chatted(visit=at), Page(left, len(left)), search, False)
    first = Note("household_left" if left else "household_none", {"count": len(left)})
    people = (described(scene, line) for line in left)
    return dialog.open("household"), [first, *lines(people), Ask()]


def _household(_: Scene, dialog: Dialog, value: str) -> Step:
    if value == "finish":
        return home(dialog)
    if value == "add":
        return new(dialog, dialog.chat.visit.household)
    return _open(dialog, value)


MENUS: Final[Mapping[str, Handler]] = {
    "menu": _menu,
    "people": _people,
    "visit": visit,
    "outcome": outcome,
    "outcome_month": outcome_month,
    "relation_to_head": relation_to_head,
    "household": _household,
    "double": double,
}
"""What to do with a value of each menu; its options stand in `prompts.OPTIONS`."""
