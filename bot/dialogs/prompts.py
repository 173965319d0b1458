"""The prompts that are not questions of the form, and the buttons of every prompt."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from bot.dialogs.form import Form, Question
from bot.dialogs.known import Known
from bot.dialogs.language import Texts
from bot.dialogs.messages import OutgoingKind
from bot.dialogs.people import OUTCOMES
from bot.dialogs.readers.characters import spellings, tone_fold
from bot.dialogs.route import is_required, relevant
from bot.dialogs.state import Dialog, Draft

KINDS: Final[Mapping[str, OutgoingKind]] = {
    "card_confirm": "confirm",
    "drop_confirm": "confirm",
    "address_confirm": "confirm",
    "withdraw_confirm": "confirm",
    "warning": "warn",
    "review": "summary",
}
"""Kind of the bubble of a prompt; all others are "ask"."""

RELATIONS: Final = (
    "vo_chong",
    "con",
    "cha_me",
    "ong_ba",
    "anh",
    "chi",
    "em",
    "chau_ruot",
    "khac",
)

LISTS: Final = frozenset({"my_forms", "people", "household", "double"})
"""Prompts whose first options are what was listed, by number."""

WITHOUT_FORM: Final = frozenset(
    {
        *("for_whom", "my_forms", "birth_year"),
        *("menu", "people", "visit", "outcome", "outcome_month", "household"),
    }
)
"""Prompts that are open while no form is; all others ask about one."""

OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "for_whom": ("self", "household"),
    "relationship": RELATIONS,
    "relationship_visit": RELATIONS,
    "consent_collect": ("yes", "no", "read"),
    "consent_proxy": ("yes", "no", "guardian", "read", "refused"),
    "consent_contact": ("yes", "no"),
    "guardian_name": (),
    "proxy_name": (),
    "guardian_relation": ("cha", "me", "ong_ba", "anh_chi", "giam_ho"),
    "guardian_consent": ("yes", "no"),
    "change_kind": ("mistake", "change"),
    "change_since": (),
    "card_confirm": ("confirm", "cancel"),
    "drop_confirm": ("confirm", "cancel"),
    "address_confirm": ("confirm", "cancel"),
    "withdraw_confirm": ("confirm", "cancel"),
    "withdraw_confirmed": ("confirm", "cancel"),
    "warning": ("confirm", "correct"),
    "review": ("submit",),
    "which_item": (),
    "my_forms": (),
    "birth_year": (),
    "menu": ("missing", "returned", "drafts", "revisit", "mine", "counted", "new", "practice"),
    "people": ("more", "menu"),
    "visit": ("yes", "proxy", "guardian", "no", "outcome", "read"),
    "outcome": OUTCOMES,
    "outcome_month": (),
    "relation_to_head": ("chu_ho", *RELATIONS),
    "household": ("add", "finish"),
    "double": ("other",),
    "inherit": ("same", "changed", "ask"),
    "inherit_list": ("same", "changed", "ask"),
    "inherit_household": ("same", "ask"),
    "inherit_changed": (),
}
"""Values of the numbered options of each prompt. Labels: `prompt.<id>.<value>`."""

BESIDES: Final = ("confirm", "done", "skip", "unknown", "back")
"""Buttons a question may have besides its choices."""


def wording(dialog: Dialog) -> str:
    """Return the key under which the open prompt's sentences stand."""
    assert dialog.chat.prompt is not None  # noqa: S101
    question = dialog.chat.prompt.question
    draft = dialog.draft
    if question == "consent_collect" and draft is not None and draft.relation != "self":
        return "consent_proxy"
    if question == "relationship" and draft is not None and draft.collector:
        return "relationship_visit"
    if question == "inherit" and draft is not None and not draft.offered_of:
        return "inherit_list" if draft.person else "inherit_household"
    if question == "withdraw_confirm" and draft is not None and draft.confirmed:
        return "withdraw_confirmed"
    return question


def option_key(dialog: Dialog, texts: Texts) -> str:
    """Return the key of the open prompt's options: a lone warning may have words of its own."""
    key, draft = wording(dialog), dialog.draft
    if key == "warning" and draft and draft.pending and len(draft.pending.codes) == 1:
        own = draft.pending.codes[0]
        return own if f"prompt.{own}.confirm" in texts else key
    return key


def option_values(dialog: Dialog) -> tuple[str, ...]:
    """Return the values of the open prompt's numbered options, if it is not a question."""
    words, visit = wording(dialog), dialog.chat.visit
    if words not in LISTS:
        return OPTIONS[words]
    listed = dialog.chat.listed if words == "my_forms" else visit.listed
    fixed = (value for value in OPTIONS[words] if value != "more" or visit.more)
    return (*(str(number) for number, _ in enumerate(listed, 1)), *fixed)


def button_values(form: Form, dialog: Dialog, known: Known) -> list[str]:
    """Return every value that a button of the open prompt may send, in order."""
    prompt = dialog.chat.prompt
    if prompt is None:
        return []
    if prompt.question not in form:
        values = list(option_values(dialog))
        if prompt.question == "review" and dialog.draft:
            values += [f"edit:{question}" for question in editable(form, dialog.draft, known)]
        return values
    question = form[prompt.question]
    required = is_required(question, dialog.draft.answers if dialog.draft else {})
    return question_values(question, required, prompt.keep, known)


def question_values(question: Question, required: bool, keep: bool, known: Known) -> list[str]:
    """Return the values of a question's buttons: its choices, then the ways out."""
    values = [choice.code for choice in question.options]
    if question.kind == "village":
        values = list(known.office.villages)
    if question.kind == "choices":
        values.append("done")
    if keep:
        values.append("confirm")
    if not required:
        values.append("skip")
    if question.unknown:
        values.append("unknown")
    values += [reason for reason in question.absent_reasons if reason != "khong_nho"]
    return [*values, "back"]


def editable(form: Form, draft: Draft, known: Known) -> list[str]:
    """Ids of the answered questions, in form order."""
    asked = relevant(form, draft.answers, known)
    return [question.id for question in asked if question.id in draft.answers]


def label(texts: Texts, prompt: str, value: str) -> str:
    """Return the label of an option; the prompt's own, else the one all prompts share."""
    own = f"prompt.{prompt}.{value}"
    return texts(own) if own in texts else texts(f"option.{value}")


def chosen(text: str, prompt: str, values: Sequence[str], texts: Texts) -> str | None:
    """Return the value that typed words pick: its number, its label or a word for it."""
    typed = text.strip().rstrip(".)").strip()
    if line := LISTED_LINE.match(typed):
        typed = line[1] if line[1] in values else typed
    if typed.isascii() and typed.isdigit():
        number = int(typed) if len(typed) < 3 else 0
        return values[number - 1] if 1 <= number <= len(values) else None
    return _meanings(prompt, tuple(values), texts).get(tone_fold(typed))


LISTED_LINE: Final = re.compile(r"([0-9]{1,2})\. ")
"""A line of a list as it stands there, under a thumb for instance: "3. Somebody"."""


@lru_cache(maxsize=256)
def _meanings(prompt: str, values: tuple[str, ...], texts: Texts) -> Mapping[str, str]:
    """Return what typed words pick: every spelling of the options' labels and other words."""
    found: dict[str, str] = {}
    for value in values:
        words = texts.words(f"also.{prompt}.{value}") or texts.words(f"also.{value}")
        named = () if value.isdigit() else (label(texts, prompt, value),)
        for phrase in (*words, *named):
            for spelling in spellings(phrase.rstrip(".)")):
                found.setdefault(spelling, value)
    return found
