"""The conversation as a pure function: (scene, dialog, event) -> (dialog, effects). Total.

It knows no clock, no database and no platform; what it asks for is done by the shell.
"""

import re
from typing import Final

from bot.dialogs.asides import ASIDES
from bot.dialogs.card import looks_like_card, read_card
from bot.dialogs.effects import (
    Ask,
    Counted,
    Event,
    Found,
    Loaded,
    Met,
    Need,
    Pressed,
    Received,
    Refuse,
    Said,
    Sent,
    Tell,
)
from bot.dialogs.enumerator import MENUS, SEARCHED, counted, found, met, search
from bot.dialogs.family import ask_year, must_know_year
from bot.dialogs.giving import STAGE_OF, keep, press, say, undo
from bot.dialogs.inheriting import changed, inherit
from bot.dialogs.language import LONGEST_BARE_NUMBER, Texts, is_bare
from bot.dialogs.prompts import button_values, chosen, option_key, option_values
from bot.dialogs.readers.characters import tidy, tidy_lines, tone_fold
from bot.dialogs.readers.reading import Invalid
from bot.dialogs.scene import Scene, Step, onward, refuse
from bot.dialogs.several import item_in, questions_of, say_many
from bot.dialogs.state import NOTHING, Dialog
from bot.dialogs.talking import FREE_TEXT, TALK, loaded, received

HANDLERS: Final = {**TALK, **MENUS, "inherit": inherit, "inherit_changed": changed}
"""What to do with a value of every prompt that is not a question."""

BETWEEN: Final = re.compile(r";|,(?= ?\d{1,2}(?:\.\d)?(?:\.?[ab])? ?[:=])")
"""What stands between tagged answers; a comma only where another number follows."""
NAMED: Final = re.compile(r"(\D{2,20}?) ?(?:[:=] ?(?=\S)| (?=\d))(.+)")
"""An answer with its name: "cccd 0510...", "tên: ..."; without a colon only before a number."""
TAGGED: Final = re.compile(r"(\d{1,2}(?:\.\d)?(?:\.?[ab])?) ?[:=] ?(\S.*)")
"""An answer with its number on paper: "9: 4", "12.2.a: 1"."""


def advance(scene: Scene, dialog: Dialog, event: Event) -> Step:
    """Return the dialog after `event`, and what to do about it. It never raises."""
    match event:
        case Loaded() if scene.account is None and must_know_year(dialog, event):
            return ask_year(scene, dialog, event)
        case Loaded():
            return _loaded(scene, dialog, event)
        case Received(receipt):
            return received(scene, dialog, receipt)
        case Found():
            return found(scene, dialog, event)
        case Met():
            return met(scene, dialog, event)
        case Counted(progress):
            return counted(scene, dialog, progress)
        case Sent(what):
            return _sent(scene, dialog, what)
        case Pressed() | Said() if scene.account and _still_a_citizen(dialog):
            return ASIDES["menu"](scene, dialog.chatted(started=True), "")
        case Pressed():
            return _pressed(scene, dialog, event)
        case Said():
            return _said(scene, dialog, event)


def _still_a_citizen(dialog: Dialog) -> bool:
    """True where a chat was asked for whom to declare before it became that of a collector."""
    prompt = dialog.chat.prompt
    return prompt is not None and prompt.question == "for_whom"


def _loaded(scene: Scene, dialog: Dialog, event: Loaded) -> Step:
    if len(event.drafts) == 1:
        dialog = dialog.chatted(unlocked=event.drafts[0].id)
    if event.why in RESUMED and event.drafts:
        return ASIDES[event.why](scene, dialog.replace(draft=event.drafts[0]), "")
    return loaded(scene, dialog, event)


def _sent(scene: Scene, dialog: Dialog, what: str) -> Step:
    if what == "withheld":
        return _withheld(scene, dialog)
    if dialog.chat.prompt is None:
        dialog, effects = _nothing_open(scene, dialog)
        return dialog, [Tell(f"sent.{what}"), *effects]
    return refuse(dialog, what)


def _withheld(scene: Scene, dialog: Dialog) -> Step:
    """Nobody may read what this person wrote: say once where to go, and have a human call."""
    if dialog.chat.withheld:
        return dialog, []
    key = "withheld" if scene.known.site else "withheld_no_site"
    return dialog.chatted(withheld=True), [Need("call", {"why": "withheld"}), Tell(key)]


def _pressed(scene: Scene, dialog: Dialog, event: Pressed) -> Step:
    prompt = dialog.chat.prompt
    if prompt is None:
        dialog, effects = _nothing_open(scene, dialog)
        return dialog, [Refuse("stale"), *effects]
    if event.stale or event.value not in button_values(scene.form, dialog, scene.known):
        return dialog, [Refuse("stale")]
    if event.value == "back":
        return ASIDES["back"](scene, dialog, "")
    if prompt.question in HANDLERS:
        return HANDLERS[prompt.question](scene, dialog, event.value)
    return press(scene, dialog, scene.form[prompt.question], event.value)


def _said(scene: Scene, dialog: Dialog, event: Said) -> Step:
    text = tidy(event.text)
    aside, rest = _aside(scene, dialog, text)
    prompt = dialog.chat.prompt
    if prompt is None:
        if aside:
            return ASIDES[aside](scene, dialog, rest)
        return _nothing_open(scene, dialog)
    bare = is_bare(text, scene.known.texts.words("words.bare"))
    if event.early and bare:
        return (dialog, []) if text == dialog.chat.last else (dialog, [Ask()])
    if event.early and (_given_before(dialog, text) or _may_be_another(scene, dialog, event.text)):
        return dialog, [Ask()]
    if not text:
        return refuse(dialog, "empty")
    if aside:
        return ASIDES[aside](scene, dialog, rest)
    last = text if bare and _says_nothing(text) else ""
    if last != dialog.chat.last:
        dialog = dialog.chatted(last=last)
    return _answered(scene, dialog, event.text, text)


def _given_before(dialog: Dialog, text: str) -> bool:
    """True for a document's number that is an answer already: sent twice, not meant for another."""
    digits = "".join(character for character in text if character.isdigit())
    known = dialog.draft.answers.values() if dialog.draft else ()
    return len(digits) > LONGEST_BARE_NUMBER and digits in known


def _may_be_another(scene: Scene, dialog: Dialog, text: str) -> bool:
    """True for words of a burst that would fit any question for words: none is guessed.

    Somebody who collects writes on where there is no network; a date, a number or the name of a
    choice fits its own question only, and tagged answers say which they are for.
    """
    prompt = dialog.chat.prompt
    question = scene.form.by_id.get(prompt.question) if prompt else None
    if scene.account is None or question is None or question.kind not in {"name", "text", "place"}:
        return False
    return not looks_like_card(text) and tagged(text, scene.known.texts) is None


def _says_nothing(text: str) -> bool:
    """True for a yes, a no or a short number: what a chat may remember about a person."""
    if any(character.isdigit() for character in text):
        return text.isdigit() and len(text) <= LONGEST_KEPT
    return True


LONGEST_KEPT: Final = 2
"""Digits. What is kept to recognise a repeat must not be part of anybody's data."""


def _answered(scene: Scene, dialog: Dialog, raw: str, text: str) -> Step:
    prompt = dialog.chat.prompt
    assert prompt is not None  # noqa: S101 - the caller has looked
    if looks_like_card(text):
        return _card(scene, dialog, text)
    texts = scene.known.texts
    parts = tagged(raw, texts) if dialog.draft and dialog.draft.consent else None
    if parts and prompt.question not in FREE_TEXT:
        return say_many(scene, dialog.drafted(pending=None, card=NOTHING), parts)
    if prompt.question in FREE_TEXT:
        return HANDLERS[prompt.question](scene, dialog, text)
    if prompt.question in HANDLERS:
        return _talked(scene, dialog, text)
    question, said = scene.form[prompt.question], tone_fold(text)
    words = scene.known.texts.words
    if question.undo and prompt.refusals and said in words("words.undo"):
        return undo(scene, dialog, question)
    if question.kind == "choices" and said in words("words.done"):
        return press(scene, dialog, question, "done")
    if prompt.keep and said in words("words.keep"):
        return keep(scene, dialog, question)
    return say(scene, dialog, question, raw if question.kind == "place" else text)


def _talked(scene: Scene, dialog: Dialog, text: str) -> Step:
    """Typed words at a prompt with options: one of them, or (waiting for a yes) a better answer."""
    prompt = dialog.chat.prompt
    assert prompt is not None  # noqa: S101 - the caller has looked
    values = option_values(dialog)
    value = chosen(text, option_key(dialog, scene.known.texts), values, scene.known.texts)
    if value is not None:
        return HANDLERS[prompt.question](scene, dialog, value)
    if prompt.question in SEARCHED:
        return search(scene, dialog, text)
    draft = dialog.draft
    if prompt.question in STAGE_OF and draft and draft.pending and len(text) > 1:
        question = scene.form[draft.pending.question]
        again = say(scene, dialog.drafted(pending=None), question, text)
        if not any(isinstance(effect, Refuse) for effect in again[1]):
            return again
    if prompt.question == "review":
        return _reviewed(scene, dialog, text)
    return refuse(dialog, "option_unclear", last=len(values))


def _reviewed(scene: Scene, dialog: Dialog, text: str) -> Step:
    """Words at the summary that do not hand it in: an item to edit, or a wish to edit."""
    if ITEM.fullmatch(text) and text != "2":
        return ASIDES["edit"](scene, dialog, text)
    if text == "2" or chosen(text, "warning", ("correct",), scene.known.texts):
        return ASIDES["edit"](scene, dialog, "")
    return refuse(dialog, "review_unclear")


def _card(scene: Scene, dialog: Dialog, text: str) -> Step:
    if dialog.draft is None or not dialog.draft.consent:
        return refuse(dialog, "card_too_early")
    try:
        answers = read_card(text, scene.form, scene.today, scene.known)
    except Invalid as refusal:
        return refuse(dialog, refusal.code, **refusal.facts)
    return dialog.drafted(card=answers, pending=None).open("card_confirm"), [Ask()]


def tagged(raw: str, texts: Texts) -> list[tuple[str, str]] | None:
    """Return (item, words) for every part when the whole message is tagged answers, else None."""
    if not any(character.isdigit() or character in ":=" for character in raw):
        return None
    parts = [part.strip() for line in tidy_lines(raw) for part in BETWEEN.split(line)]
    found = [_tag(part, texts) for part in parts if part]
    if not found or not all(found):
        return None
    return [tag for tag in found if tag]


def _tag(part: str, texts: Texts) -> tuple[str, str] | None:
    """Return item and words of "9: 4", "cccd: 0510..." or "cccd 0510...", None for other words."""
    match = TAGGED.fullmatch(part)
    if match:
        return match[1], match[2]
    match = NAMED.fullmatch(part)
    item = texts.tags.get(tone_fold(match[1])) if match else None
    return (item, match[2]) if match and item else None


def _aside(scene: Scene, dialog: Dialog, text: str) -> tuple[str, str]:
    """Return (command, rest) when the whole message is a command, else ("", "")."""
    texts = scene.known.texts
    name = texts.command(text)
    if name:
        return _in_place(scene, dialog, name, text), ""
    first, _, rest = text.partition(" ")
    if rest and len(rest) <= LONGEST_ITEM and texts.command(first) == "edit":
        item = item_in(rest)
        if ITEM.fullmatch(item) or (dialog.draft and questions_of(scene, dialog, item)):
            return "edit", item
    if first == "/start":
        return "start", rest
    return "", ""


def _in_place(scene: Scene, dialog: Dialog, name: str, text: str) -> str:
    """Return the command that a name means where the conversation stands, "" for none."""
    prompt = dialog.chat.prompt
    if name == "zero":
        return "back" if _zero_is_back(scene, dialog) else ""
    if name in STARTERS and prompt is not None and prompt.question in scene.form:
        a_name = scene.form[prompt.question].kind == "name" and not text.startswith("/")
        return "" if a_name else "still_open"
    return name


ITEM: Final = re.compile(r"\d[\d.]*[ab]?")
LONGEST_ITEM: Final = 24
"""Characters of an item, or its name, after "edit"."""
RESUMED: Final = frozenset({"edit", "withdraw", "erase", "item_8"})
"""Commands about a submission that had to be brought first."""
STARTERS: Final = frozenset({"begin", "resume"})
"""Single words that would be an odd thing to say while a question is open."""


def _zero_is_back(scene: Scene, dialog: Dialog) -> bool:
    """0 goes back only where single numbered choices are shown."""
    prompt = dialog.chat.prompt
    if prompt is None:
        return False
    if prompt.question in scene.form:
        return scene.form[prompt.question].kind in {"choice", "village"}
    return prompt.question not in FREE_TEXT


def _nothing_open(scene: Scene, dialog: Dialog) -> Step:
    """Any message starts the conversation, or takes it up where it was left."""
    if scene.account:
        return ASIDES["menu"](scene, dialog.chatted(started=True), "")
    if not dialog.chat.started:
        dialog, said = onward(scene, dialog.chatted(started=True))
        return dialog, [Tell("start"), *said]
    draft = dialog.draft
    if draft is None:
        return dialog, [Tell("idle" if dialog.chat.submissions else "idle_empty")]
    if draft.confirmed and not draft.change.kind:
        return dialog, [Tell("idle_confirmed")]
    return ASIDES["resume"](scene, dialog, "")
