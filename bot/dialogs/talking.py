"""The prompts around the form: for whom, consents, guardian, review, change, lists."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.dialogs.effects import (
    Agree,
    Ask,
    Confirm,
    Count,
    Effect,
    Find,
    Load,
    Loaded,
    Need,
    Note,
    Received,
    Record,
    ShowReceipt,
    Submit,
    Tell,
    Withdraw,
)
from bot.dialogs.family import birth_year
from bot.dialogs.form import Question
from bot.dialogs.giving import ask_again, give_card, go_on, leave
from bot.dialogs.inheriting import offer
from bot.dialogs.people import Search
from bot.dialogs.readers.characters import fold
from bot.dialogs.readers.dates import read_date
from bot.dialogs.readers.names import read_name
from bot.dialogs.readers.reading import Invalid
from bot.dialogs.scene import Scene, Step, begin, draft_of, forget, onward, refuse, reopen
from bot.dialogs.several import item_in, question_to_edit
from bot.dialogs.state import NOTHING, Answers, Change, Dialog, Draft
from bot.dialogs.summary import summary
from bot.dialogs.visiting import witness

Handler = Callable[[Scene, Dialog, str], Step]

NAME: Final = Question(id="guardian_name", item="", kind="name", label="", ask="")
SINCE: Final = Question(
    id="change_since", item="", kind="date", label="", ask="", partial=("month",)
)


def _for_whom(scene: Scene, dialog: Dialog, value: str) -> Step:
    if value == "self" and dialog.chat.own:  # one person has one form
        return dialog, [Load((dialog.chat.own,), "self")]
    return begin(scene, dialog.replace(draft=None), "self" if value == "self" else "")


def _relationship(scene: Scene, dialog: Dialog, value: str) -> Step:
    return onward(scene, dialog.drafted(relation=value))


def _consent_collect(scene: Scene, dialog: Dialog, value: str) -> Step:
    draft = draft_of(dialog)
    proxy = draft.relation != "self"
    key = "prompt.consent_proxy.text" if proxy else "prompt.consent_collect.text"
    who = {"relation": draft.relation}
    if value == "read":
        return dialog, [Tell("consent_full"), Ask()]
    if value in {"no", "refused"}:
        gone, effects = forget(dialog)
        if proxy and value == "no":
            visit = Need("visit", {"why": "proxy_not_asked", **who})
            return gone, [*effects, visit, Tell("proxy_not_asked")]
        return gone, [*effects, Agree("collect", "no", key), Tell("refused")]
    agreed = "guardian" if value == "guardian" else "yes"
    dialog, said = onward(scene, dialog.drafted(consent=agreed))
    return dialog, [Agree("collect", "yes", key, {**who, "as": agreed}), *said]


def _consent_contact(scene: Scene, dialog: Dialog, value: str) -> Step:
    decision: Final = "yes" if value == "yes" else "no"
    dialog, said = onward(scene, dialog.chatted(contact=decision))
    return dialog, [Agree("contact", decision, "prompt.consent_contact.text"), *said]


def _guardian_name(scene: Scene, dialog: Dialog, text: str) -> Step:
    try:
        name = read_name(text, NAME, scene.today, scene.known).value
    except Invalid as refusal:
        return refuse(dialog, refusal.code, **refusal.facts)
    guardian = draft_of(dialog).guardian.replace(name=str(name))
    return onward(scene, dialog.drafted(guardian=guardian))


def _proxy_name(scene: Scene, dialog: Dialog, text: str) -> Step:
    """Who answers at a visit in the person's stead is named, unless they would rather not be."""
    if fold(text) in scene.known.texts.words("words.unnamed"):
        return onward(scene, dialog.drafted(proxy_name=UNNAMED))
    try:
        name = str(read_name(text, NAME, scene.today, scene.known).value)
    except Invalid as refusal:
        return refuse(dialog, refusal.code, **refusal.facts)
    named = {"name": name, "relation": draft_of(dialog).relation}
    dialog, said = onward(scene, dialog.drafted(proxy_name=name))
    return dialog, [Record("proxy", named), *said]


UNNAMED: Final = "-"


def _guardian_relation(scene: Scene, dialog: Dialog, value: str) -> Step:
    guardian = draft_of(dialog).guardian.replace(relation=value)
    return onward(scene, dialog.drafted(guardian=guardian))


def _guardian_consent(scene: Scene, dialog: Dialog, value: str) -> Step:
    draft = draft_of(dialog)
    key = "prompt.guardian_consent.text"
    guardian = draft.guardian
    if not guardian.relation:
        as_who = "parent" if draft.relation == "con" else "giam_ho"
        guardian = guardian.replace(relation=as_who)
    if value == "no":
        gone, effects = forget(dialog)
        return gone, [*effects, Agree("guardian", "no", key), Tell("refused")]
    guardian = guardian.replace(consent=True)
    dialog, said = onward(scene, dialog.drafted(guardian=guardian))
    detail = guardian.fields()
    return dialog, [
        Record("guardian", detail),
        Agree("guardian", "yes", key, detail),
        *said,
    ]


def _which_item(scene: Scene, dialog: Dialog, text: str) -> Step:
    question = question_to_edit(scene, dialog, item_in(text))
    if question is None:
        return refuse(dialog, "item_not_asked", item=text)
    return reopen(dialog, question.id)


def _review(_: Scene, dialog: Dialog, value: str) -> Step:
    if value.startswith("edit:"):
        return reopen(dialog, value.removeprefix("edit:"))
    draft = draft_of(dialog)
    if draft.status not in {"draft", *OPEN_STATUSES}:
        return dialog.open(None), [Tell("not_editable")]
    if draft.practice:
        gone, effects = forget(dialog)
        return gone, [*effects, Note("practice_done"), Count()]
    return dialog, [Submit()]


def received(scene: Scene, dialog: Dialog, receipt: str) -> Step:
    """The submission is handed in: its receipt is known, nothing is parked any more.

    Who collects goes on with the household.
    """
    draft = draft_of(dialog)
    why = draft.change.fields()
    dialog = (
        dialog.chatted(unlocked=0)
        .drafted(
            status="confirmed",
            receipt=receipt,
            parked=NOTHING,
            change=Change(),
            card=NOTHING,
            edit="",
            sent_on=scene.today.isoformat(),
            offered=NOTHING,
            comments=NOTHING,
        )
        .open(None)
    )
    effects: list[Effect] = [
        Record("confirmed", {"receipt": receipt, "change": why}),
        Confirm(),
        ShowReceipt(receipt),
    ]
    if draft.previous:
        dialog = dialog.replace(chat=dialog.chat.without(draft.previous))
    if draft.collector:
        dialog = dialog.replace(chat=dialog.chat.without(draft.id))
        household = draft.household or draft.id
        effects.append(Find(Search("missing", household=household), "household"))
    return dialog, effects


def _change_kind(scene: Scene, dialog: Dialog, value: str) -> Step:
    if value == "change":
        return dialog.open("change_since"), [Ask()]
    return _edit_confirmed(scene, dialog, Change("mistake"))


def _change_since(scene: Scene, dialog: Dialog, text: str) -> Step:
    try:
        since = str(read_date(text, SINCE, scene.today, scene.known).value)
    except Invalid as refusal:
        return refuse(dialog, refusal.code, **refusal.facts)
    if since > scene.today.isoformat()[: len(since)]:
        return refuse(dialog, "date_in_future")
    return _edit_confirmed(scene, dialog, Change("change", since[:7]))


def _edit_confirmed(scene: Scene, dialog: Dialog, change: Change) -> Step:
    target = draft_of(dialog).edit
    dialog = dialog.drafted(change=change, edit="")
    record = Record("change", change.fields())
    if target:
        dialog, said = reopen(dialog, target)
    else:
        dialog, said = onward(scene, dialog)
    return dialog, [record, *said]


def _card(scene: Scene, dialog: Dialog, value: str) -> Step:
    draft = draft_of(dialog)
    if value == "cancel":
        return onward(scene, dialog.drafted(card=NOTHING))
    return give_card(scene, dialog, draft.card)


def _go_on_or(other: Callable[[Scene, Dialog], Step]) -> Handler:
    def handler(scene: Scene, dialog: Dialog, value: str) -> Step:
        return go_on(scene, dialog) if value == "confirm" else other(scene, dialog)

    return handler


def _withdraw(scene: Scene, dialog: Dialog, value: str) -> Step:
    draft = draft_of(dialog)
    if value == "cancel":
        if draft.confirmed and not draft.change.kind:
            return dialog.open(None), [Tell("not_withdrawn")]
        return onward(scene, dialog)
    if not draft.confirmed:
        gone, effects = forget(dialog)
        withdrawn = Agree("collect", "withdrawn", "prompt.withdraw_confirm.text", witness(scene))
        return gone, [withdrawn, *effects, Tell("draft_erased")]
    own = 0 if dialog.chat.own == draft.id else dialog.chat.own
    heard = witness(scene)
    over = {"status": "withdrawn", "change": Change(), "parked": NOTHING, "pending": None}
    dialog = dialog.drafted(**over).chatted(own=own).open(None)
    return dialog, [
        Record("withdrawn", {}),
        Withdraw(),
        Agree("collect", "withdrawn", "prompt.withdraw_confirmed.text", heard),
        Tell("withdrawn"),
    ]


def _my_forms(_: Scene, dialog: Dialog, value: str) -> Step:
    return dialog, [Load((dialog.chat.listed[int(value) - 1],), "open")]


def loaded(scene: Scene, dialog: Dialog, event: Loaded) -> Step:
    """Show the submissions of this chat, or go on with the one that was picked."""
    drafts = event.drafts
    if not drafts:
        return dialog.open(None), [Tell("no_forms")]
    if event.why == "self" and is_of_last_year(scene, drafts[0]):
        return renew(scene, dialog, drafts[0])
    if event.why == "open" or len(drafts) == 1:
        return _switch(scene, dialog, drafts[0])
    lines = "\n".join(_line(scene, number, draft) for number, draft in enumerate(drafts, 1))
    dialog = dialog.chatted(listed=tuple(draft.id for draft in drafts)).open("my_forms")
    return dialog, [Tell("forms_list", {"lines": lines}), Ask()]


def _switch(scene: Scene, dialog: Dialog, draft: Draft) -> Step:
    dialog = dialog.replace(draft=draft)
    if draft.comments:
        return fix(scene, dialog)
    if draft.confirmed and not draft.change.kind:
        key = "status" if draft.status in OPEN_STATUSES else "status_closed"
        answers = Tell("answers", {"lines": summary(scene, draft)})
        return dialog.open(None), [answers, Tell(key, status_facts(scene, draft))]
    dialog, said = onward(scene, dialog)
    return dialog, [welcome_back(draft), *said]


def fix(scene: Scene, dialog: Dialog) -> Step:
    """Ask what the officer sent back, and nothing else."""
    return onward(scene, dialog.drafted(change=Change("mistake"), edit="", pending=None))


def is_of_last_year(scene: Scene, draft: Draft) -> bool:
    """True for a form that counted in an earlier year: this year's begins with its answers."""
    counted = draft.status not in {"draft", "withdrawn", "erased", "void"}
    return counted and bool(draft.sent_on) and int(draft.sent_on[:4]) < scene.today.year


def renew(scene: Scene, dialog: Dialog, last: Draft) -> Step:
    """Begin this year's form of a person from last year's: consent anew, then block by block."""
    dialog, said = begin(scene, dialog.replace(draft=None), "self")
    year = last.sent_on[:4]
    offered = offer(scene, last.answers)
    dialog = dialog.drafted(offered=offered, offered_of=year, previous=last.id)
    return dialog, [Note("renewing", {"year": year}), *said]


OPEN_STATUSES: Final = frozenset({"confirmed", "returned"})
"""Statuses in which the person may still change a submission by themselves."""


def welcome_back(draft: Draft) -> Tell | Note:
    """Return the greeting of somebody who goes on."""
    if draft.collector:
        name = draft.answers.get("q01_ho_ten")
        return Note("resumed", {"name": name}) if name else Note("resumed_nameless")
    if "q01_ho_ten" not in draft.answers:
        return Tell("welcome_back_unnamed")
    return Tell("welcome_back", {"name": short_name(draft.answers)})


def _line(scene: Scene, number: int, draft: Draft) -> str:
    facts = {"number": number, **status_facts(scene, draft)}
    key = "forms_line" if draft.receipt else "forms_line_draft"
    return scene.known.texts(key, **facts)


def status_facts(scene: Scene, draft: Draft) -> dict[str, object]:
    return {
        "name": short_name(draft.answers),
        "status": scene.known.texts(f"status_of.{draft.status}"),
        "receipt": spaced(draft.receipt),
    }


def short_name(answers: Answers) -> str:
    """Return the initials of the person, "?" while there is no name."""
    name = answers.get("q01_ho_ten")
    words = str(name).split() if name else []
    return "".join(f"{word[0].upper()}." for word in words) or "?"


def spaced(receipt: str) -> str:
    """Return the receipt as people read it aloud: in threes."""
    return " ".join(receipt[start : start + 3] for start in range(0, len(receipt), 3))


TALK: Final[Mapping[str, Handler]] = {
    "for_whom": _for_whom,
    "relationship": _relationship,
    "consent_collect": _consent_collect,
    "consent_contact": _consent_contact,
    "guardian_name": _guardian_name,
    "proxy_name": _proxy_name,
    "guardian_relation": _guardian_relation,
    "guardian_consent": _guardian_consent,
    "change_kind": _change_kind,
    "change_since": _change_since,
    "review": _review,
    "which_item": _which_item,
    "card_confirm": _card,
    "address_confirm": _go_on_or(ask_again),
    "warning": _go_on_or(ask_again),
    "drop_confirm": _go_on_or(leave),
    "withdraw_confirm": _withdraw,
    "my_forms": _my_forms,
    "birth_year": birth_year,
}
"""What to do with a value of each prompt. To add a prompt: a line here, in `prompts.OPTIONS`,
its sentences under `prompt.<id>`."""

FREE_TEXT: Final = frozenset(
    {
        "guardian_name",
        "proxy_name",
        "change_since",
        "which_item",
        "birth_year",
        "outcome_month",
        "inherit_changed",
    }
)
"""Prompts that take words instead of one of their options."""

__all__ = ["FREE_TEXT", "TALK", "Received", "loaded", "received", "short_name", "spaced"]
