"""What every step of a round shares: the menu, lists of people, how a person is named in one."""

from collections.abc import Iterable
from datetime import date
from math import ceil

from msgspec.structs import replace

from bot.dialogs.effects import Ask, Count, Effect, Erase, Find, Note
from bot.dialogs.people import Page, PersonLine, Progress, Search
from bot.dialogs.scene import Scene, Step
from bot.dialogs.state import NOTHING, Dialog, Draft, Visit


def home(dialog: Dialog, *said: Effect) -> Step:
    """Close what is open and show the menu; what was begun is found under unfinished forms."""
    dialog, gone = leave(dialog)
    return dialog, [*gone, *said, Count()]


def leave(dialog: Dialog) -> Step:
    """Let go of the form that is open; one for practice is destroyed."""
    draft = dialog.draft
    if draft is None or draft.confirmed:
        return dialog.replace(draft=None), []
    if draft.practice:
        return Dialog(dialog.chat.without(draft.id)).open(None), [Erase(draft.id)]
    # Written as it is left: nothing waits for a yes any more.
    return dialog.drafted(pending=None, card=NOTHING), []


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


def after(dialog: Dialog, *said: Effect) -> Step:
    """Go on with the household that is being visited, else with the menu."""
    if household := dialog.chat.visit.household:
        return dialog, [*said, Find(Search("missing", household=household), "household")]
    return home(dialog, *said)


def listed(
    dialog: Dialog, page: Page, search: Search, more: bool, unlisted: tuple[Draft, ...] = ()
) -> Dialog:
    """Remember what is shown: people by their number, forms of unlisted people by minus theirs."""
    shown = (*(person.id for person in page.lines), *(-draft.id for draft in unlisted))
    # Words that were looked for may be a name or a number: kept only for the pages to come.
    search = search if more else replace(search, words="")
    visit = dialog.chat.visit.replace(search=search, listed=shown, more=more)
    return dialog.chatted(visit=visit)


def lines(people: Iterable[str]) -> list[Effect]:
    """Return the lines of a list, numbered."""
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
