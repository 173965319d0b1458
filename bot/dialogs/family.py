"""A phone on which several people declared: what was sent opens by the year of birth."""

import re
from typing import Final

from bot.dialogs.effects import Ask, Load, Loaded, Tell
from bot.dialogs.scene import Scene, Step, refuse
from bot.dialogs.state import Dialog, Draft, Prompt


def shut(dialog: Dialog) -> Draft | None:
    """Return the sent submission that is open here and may be somebody else's, if there is one.

    On a phone where several people declared it opens by the year of birth (`must_know_year`).
    """
    draft, chat = dialog.draft, dialog.chat
    if draft is None or not draft.confirmed or draft.change.kind or draft.collector:
        return None
    return draft if len(chat.submissions) > 1 and chat.unlocked != draft.id else None


def must_know_year(dialog: Dialog, event: Loaded) -> bool:
    """True when a submission that was sent is opened on a phone where several people declared."""
    if len(event.drafts) != 1 or len(dialog.chat.submissions) < 2:
        return False
    (draft,) = event.drafts
    if draft.collector:  # what opens on a round is decided by the area and the hour
        return False
    return draft.confirmed and event.year != str(draft.answers.get(BIRTH_DATE))[:4]


def ask_year(scene: Scene, dialog: Dialog, event: Loaded) -> Step:
    """Ask whose submission is to be opened for the year of birth; after some tries, a human."""
    prompt, today = dialog.chat.prompt, scene.today.isoformat()
    wrong = dialog.chat.wrong_years if dialog.chat.wrong_day == today else 0
    if event.year and prompt is not None:
        wrong += 1
        dialog = dialog.chatted(wrong_years=wrong, wrong_day=today)
    if wrong >= MOST_YEARS:
        return dialog.open(None), [Tell("birth_year_closed")]
    if event.year and prompt is not None:
        return refuse(dialog, "birth_year_wrong")
    asking = Prompt("birth_year", dialog.chat.rev + 1, about=event.drafts[0].id, why=event.why)
    return dialog.chatted(prompt=asking, rev=asking.rev), [Ask()]


def birth_year(_: Scene, dialog: Dialog, text: str) -> Step:
    prompt = dialog.chat.prompt
    assert prompt is not None  # noqa: S101 - the caller has looked
    year = YEAR.search(text)
    if year is None:
        return refuse(dialog, "birth_year_wrong")
    return dialog, [Load((prompt.about,), prompt.why, year[0])]


MOST_YEARS: Final = 5
"""Years of birth that a chat may try in a day."""
YEAR: Final = re.compile(r"(?<![0-9])[0-9]{4}$", re.ASCII)
"""At the end of what was typed: "1990", "nam 1990", "05/09/1990"."""
BIRTH_DATE: Final = "q02_ngay_sinh"
