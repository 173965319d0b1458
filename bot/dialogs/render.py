"""Effects -> bubbles. The words come from the texts and the form; nothing is decided here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from bot.dialogs.answering import said_of, warnings
from bot.dialogs.effects import Ask, Effect, Note, Refuse, ShowReceipt, Tell
from bot.dialogs.elsewhere import offers_scan, private_page, scan_address
from bot.dialogs.form import Question
from bot.dialogs.giving import losing
from bot.dialogs.inheriting import block_lines
from bot.dialogs.messages import Button, Capabilities, Outgoing
from bot.dialogs.people import OUTCOMES
from bot.dialogs.prompts import (
    KINDS,
    LISTS,
    button_values,
    label,
    option_key,
    option_values,
    question_values,
    wording,
)
from bot.dialogs.route import is_required, still_to_come
from bot.dialogs.scene import Scene, draft_of
from bot.dialogs.state import Dialog, Draft, Pending
from bot.dialogs.summary import card_lines, shown_value, summary
from bot.dialogs.talking import short_name, spaced
from bot.dialogs.visiting import SINCE

OFFER_AFTER: Final = 2
"""Refusals in a row after which an officer is offered."""
FOOTNOTE_NUMBER: Final = re.compile(r"\((\d+)\)(?:, \(\d+\))* ")
PERSONAL: Final = frozenset({"answers", "read_back", "item_8"})
"""What is told that repeats answers: not to be forwarded where the platform can prevent it."""
OFFERS_ALREADY: Final = frozenset({"voice", "unsupported"})


def render(
    scene: Scene, dialog: Dialog, effects: Sequence[Effect], able: Capabilities
) -> list[Outgoing]:
    """Return the bubbles of a turn. The last one names the open prompt and carries its buttons."""
    bubbles: list[Outgoing] = []
    notes: list[str] = []
    people: dict[str, str] = {}
    last = next((effect for effect in reversed(effects) if isinstance(effect, SAID)), None)
    for effect in effects:
        named = effect is last or isinstance(effect, Refuse)
        shown = _open_prompt(scene, dialog, people) if named else {}
        match effect:
            case Tell("scan_page"):
                url = scan_address(scene, dialog)
                text = scene.known.texts("scan_page", url=url)
                bubbles.append(Outgoing("info", text, scan=url, **shown))
            case Tell(key, facts):
                text = _told(scene, key, facts, able)
                bubbles.append(Outgoing("info", text, protect=key in PERSONAL, **shown))
            case Note(key, facts):
                notes.append(scene.known.texts(key, **facts))
                if key == "person_line":
                    people[str(facts["number"])] = notes[-1]
            case Refuse(code, facts):
                text = _refusal(scene, dialog, code, facts, able)
                bubbles.append(Outgoing("refuse", text, code=code, **shown))
            case ShowReceipt(receipt):
                text = _receipt(scene, dialog, receipt)
                bubbles.append(Outgoing("receipt", text, receipt=receipt, **shown))
            case Ask():
                bubbles.append(_asked(scene, dialog, able, notes, shown))
                notes = []
            case _:
                pass
    return bubbles


SAID: Final = (Tell, Refuse, ShowReceipt, Ask)
"""Effects that become a bubble."""


def _asked(
    scene: Scene,
    dialog: Dialog,
    able: Capabilities,
    notes: Sequence[str],
    shown: Mapping[str, Any],
) -> Outgoing:
    """Return the bubble of the open prompt."""
    prompt = dialog.chat.prompt
    assert prompt is not None  # noqa: S101 - Ask without a prompt is a bug
    kind = KINDS.get(prompt.question, "ask")
    question = scene.form.by_id.get(prompt.question)
    if question:
        lines = _question_lines(scene, dialog, question)
        notes = [*notes, *private_page(scene, dialog, question, able)]
        if draft_of(dialog).comments.get(question.id):
            comment = draft_of(dialog).comments[question.id]
            notes = [*notes, scene.known.texts("comment", text=comment)]
        if offers_scan(scene, dialog):
            shown = {**shown, "scan": scan_address(scene, dialog)}
            notes = [*notes, scene.known.texts("scan_offer", url=shown["scan"])]
    else:
        lines = _prompt_lines(scene, dialog, prompt_facts(scene, dialog, able))
    text = "\n".join([*notes, *lines])
    if kind == "warn":
        pending = draft_of(dialog).pending
        assert pending is not None  # noqa: S101 - a warning is about an answer
        return Outgoing(kind, text, about=pending.question, codes=pending.codes, **shown)
    protect = kind == "summary" or prompt.question == "card_confirm"
    return Outgoing(kind, text, protect=protect, **shown)


def prompt_text(scene: Scene, dialog: Dialog, able: Capabilities, key: str) -> str:
    """Return the sentence under `key` filled in for this dialog: what a consent was given to."""
    return scene.known.texts(key, **prompt_facts(scene, dialog, able))


def prompt_facts(scene: Scene, dialog: Dialog, able: Capabilities) -> Mapping[str, object]:
    facts = {**office_facts(scene, able), "name": "?", **_visit_facts(scene, dialog)}
    draft = dialog.draft
    if draft is None:
        return facts
    facts["name"] = short_name(draft.answers)
    facts["full_name"] = draft.answers.get("q01_ho_ten") or "?"
    facts["relation"] = _relation(scene, draft)
    question = dialog.chat.prompt.question if dialog.chat.prompt else ""
    if question == "review":
        facts["lines"] = summary(scene, draft)
    elif question == "card_confirm":
        facts["lines"] = card_lines(scene, draft)
    elif question in {"inherit", "inherit_changed"}:
        facts["lines"] = block_lines(scene, draft)
        facts["year"] = draft.offered_of
    elif draft.pending:
        facts |= _pending_facts(scene, draft, draft.pending)
    return facts


def _visit_facts(scene: Scene, dialog: Dialog) -> dict[str, object]:
    prompt = dialog.chat.prompt
    if prompt is None or prompt.question != "outcome_month":
        return {}
    outcome = dialog.chat.visit.outcome or OUTCOMES[0]
    texts, when = scene.known.texts, "since" if outcome in SINCE else "until"
    what, month = texts(f"prompt.outcome_month.{when}"), f"{scene.today:%m/%Y}"
    return {"outcome": texts(f"option.{outcome}"), "what": what, "month": month}


def office_facts(scene: Scene, able: Capabilities) -> dict[str, object]:
    office, texts = scene.known.office, scene.known.texts
    return {
        "office": office.name,
        "police": office.police_name,
        "officer": office.officer or texts("officer_unnamed"),
        "phone": office.phone or texts("phone_unknown"),
        "legal_basis": office.legal_basis or scene.form.source.split(",")[0],
        "retention": office.retention or texts("retention_unknown"),
        "route": texts(f"route.{able.route}"),
        "site": scene.known.site,
    }


def _told(scene: Scene, key: str, facts: Mapping[str, object], able: Capabilities) -> str:
    texts = scene.known.texts
    if key == "help_question":
        parts = [facts["hint"], facts["example"] and texts("example", example=facts["example"])]
        note = FOOTNOTE_NUMBER.sub("", str(facts["note"])).rstrip(";")
        parts.append(note and texts("official_note", note=note))
        return "\n".join(str(part) for part in parts if part) or texts("help_idle")
    return texts(key, **office_facts(scene, able) | dict(facts))


def _refusal(
    scene: Scene, dialog: Dialog, code: str, facts: Mapping[str, object], able: Capabilities
) -> str:
    prompt = dialog.chat.prompt
    example = _example(scene, prompt.question if prompt else "")
    known = office_facts(scene, able) | {"example": example}
    key = f"refuse.{code}"
    if able.stays and f"{key}_stays" in scene.known.texts:
        key = f"{key}_stays"
    text = scene.known.texts(key, **known | dict(facts))
    if prompt and prompt.refusals >= OFFER_AFTER and code not in OFFERS_ALREADY:
        text = f"{text}\n{scene.known.texts('offer_officer')}"
    return text


def _example(scene: Scene, question_id: str) -> str:
    """Return the example of the open question, else that of a date."""
    question = scene.form.by_id.get(question_id)
    own = question.example if question else ""
    return own or scene.known.texts("date_example")


def _receipt(scene: Scene, dialog: Dialog, receipt: str) -> str:
    texts, office = scene.known.texts, scene.known.office
    if dialog.draft is None or dialog.draft.collector:  # a round goes on: no more than is needed
        return texts("receipt_round", receipt=spaced(receipt))
    return texts("receipt", receipt=spaced(receipt), police=office.police_name)


def _open_prompt(scene: Scene, dialog: Dialog, people: Mapping[str, str]) -> dict[str, Any]:
    """Return what the last bubble says about the open prompt.

    `people`: number in a list -> the line that is shown with it.
    """
    prompt = dialog.chat.prompt
    if prompt is None:
        return {}
    shown = {"question": prompt.question, "prompt": str(prompt.rev)}
    question = scene.form.by_id.get(prompt.question)
    if question is None:
        return {**shown, "buttons": tuple(_prompt_buttons(scene, dialog, people))}
    draft = draft_of(dialog)
    buttons = _sheet(scene, draft, question, prompt.keep).buttons
    return {**shown, "buttons": buttons, "selected": draft.selected}


def _prompt_buttons(scene: Scene, dialog: Dialog, people: Mapping[str, str]) -> Iterator[Button]:
    """Yield the buttons of an open prompt that is not a question.

    Nobody is opened by a bare number under the thumb: without their line people have no button.
    """
    texts = scene.known.texts
    for value in button_values(scene.form, dialog, scene.known):
        if value.startswith("edit:"):
            item = _item_name(scene.form[value.removeprefix("edit:")])
            yield Button(texts("option.edit", item=item), value)
        elif value.isdigit() and wording(dialog) == "my_forms":
            yield Button(value, value)
        elif value.isdigit():
            if value in people:
                yield Button(people[value], value)
        else:
            yield Button(_option_label(scene, dialog, value), value)


class Sheet(NamedTuple):
    """What stands below the wording of a question: the same for everybody who gets there."""

    head: str
    lines: tuple[str, ...]
    buttons: tuple[Button, ...]


def _sheet(scene: Scene, draft: Draft, question: Question, keep: bool) -> Sheet:
    """Return the sheet of a question, laid out once for each way it can look."""
    known, required = scene.known, is_required(question, draft.answers)
    key = (known.texts, known.office.villages, question.id, keep, required, draft.selected)
    sheet = scene.form.sheets.get(key)
    if sheet is None:
        values = question_values(question, required, keep, known)
        head = question.ask
        if question.item[0].isdigit():
            head = known.texts("ask.item", item=question.item, ask=question.ask)
        sheet = Sheet(
            head,
            tuple(_below(scene, draft, question, required)),
            tuple(Button(_value_label(scene, question, value), value) for value in values),
        )
        scene.form.sheets[key] = sheet
    return sheet


def _value_label(scene: Scene, question: Question, value: str) -> str:
    if value in question.labels:
        return question.said[value]
    if value in scene.known.office.villages:
        return value
    return scene.known.texts("option.keep" if value == "confirm" else f"option.{value}")


def _item_name(question: Question) -> str:
    """Return the number on paper; for what has none of its own, its short name."""
    numbered = question.item[0].isdigit() and not question.undo
    return question.item if numbered else (question.short or question.label).lower()


def _option_label(scene: Scene, dialog: Dialog, value: str) -> str:
    texts = scene.known.texts
    return label(texts, option_key(dialog, texts), value)


def _question_lines(scene: Scene, dialog: Dialog, question: Question) -> Iterator[str]:
    texts, draft, prompt = scene.known.texts, draft_of(dialog), dialog.chat.prompt
    keep = prompt is not None and prompt.keep and question.id in draft.answers
    sheet = _sheet(scene, draft, question, keep)
    if keep:
        yield sheet.head
        value = shown_value(scene, question, draft.answer(question.id))
        yield texts("ask.keep", value=value)
    else:
        left = still_to_come(scene.form, draft.answers, scene.known)
        yield f"{sheet.head} · {texts('ask.left', left=left)}"
    yield from sheet.lines


def _below(scene: Scene, draft: Draft, question: Question, required: bool) -> Iterator[str]:
    """Yield the numbered choices, an example, and the ways not to answer."""
    texts = scene.known.texts
    for choice, line in zip(question.options, question.lines, strict=True):
        yield line + texts("ask.chosen") if choice.code in draft.selected else line
    if question.kind == "village":
        yield from (f"{n}. {name}" for n, name in enumerate(scene.known.office.villages, 1))
    if question.example:
        yield texts("example", example=question.example)
    if question.absent_reasons:
        yield texts("ask.absent")
    elif not required:
        yield texts("ask.skip_only" if question.none_choice else "ask.skip")
    numbered = question.kind in {"choice", "village"}
    yield texts("ask.foot_choice" if numbered else "ask.foot")


def _prompt_lines(scene: Scene, dialog: Dialog, facts: Mapping[str, object]) -> Iterator[str]:
    texts, words = scene.known.texts, wording(dialog)
    if words not in LISTS:  # there it stands below: the list comes first
        yield texts(f"prompt.{words}.text", **facts)
    for number, value in enumerate(option_values(dialog), 1):
        if not value.isdigit():
            yield f"{number}. {_option_label(scene, dialog, value)}"
    if words in LISTS:
        yield texts(f"prompt.{words}.text", **facts)
    foot = f"prompt.{words}.foot"
    if foot in texts:
        yield texts(foot)


def _relation(scene: Scene, draft: Draft) -> str:
    """Return who the guardian is to the person: as declared, else a parent or the guardian."""
    declared = draft.guardian.relation or ("parent" if draft.relation == "con" else "giam_ho")
    return label(scene.known.texts, "guardian_relation", declared).lower()


def _pending_facts(scene: Scene, draft: Draft, pending: Pending) -> dict[str, object]:
    question, answer = scene.form[pending.question], pending.answer
    facts: dict[str, object] = {
        "item": question.item,
        "value": said_of(question, answer.value, scene.known),
    }
    if pending.stage == "drop":
        gone = losing(scene, draft, pending)
        facts["count"] = len(gone)
        facts["items"] = ", ".join(_main_items(question, [scene.form[key] for key in gone]))
    if pending.stage == "warning":
        found = warnings(scene.form, question, draft, answer.value, scene.today, scene.known)
        texts = scene.known.texts
        facts["lines"] = "\n".join(texts(f"warn.{w.code}", **w.facts) for w in found)
    return facts


def _main_items(changed: Question, gone: list[Question]) -> list[str]:
    """Return the numbers of what is dropped: main items, or exact ones inside the same item."""
    main = changed.item.split(".")[0]
    items = (question.item for question in gone)
    return list(
        dict.fromkeys(item if item.split(".")[0] == main else item.split(".")[0] for item in items)
    )
