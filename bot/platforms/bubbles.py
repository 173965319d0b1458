"""Bubbles as a page shows them: numbered lines become buttons, typing instructions fall away."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.dialogs.language import Texts
from bot.dialogs.messages import Button, Outgoing

BEFORE_PROGRESS: Final = " · "
NUMBERED: Final = re.compile(r"(\d{1,2})\. (.+)")
ITEM: Final = re.compile(r"(?:\w+ (\d[\d.]*[ab]?)\. )?([^:]+): (.*)")
"""A line of the summary: number on paper, label, value."""
CODE: Final = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}-[0-9A-Z]\b")
PROMPTS: Final = frozenset({"ask", "confirm", "warn", "summary"})
"""Kinds of bubbles that show the open prompt in full."""
MAIN: Final = frozenset({"done", "submit"})
NOT_BUTTONS: Final = frozenset({"back"})
"""The page has a button of its own for this, at every prompt."""
FALL_AWAY: Final = ("ask.foot", "ask.skip", "ask.absent")
"""What the keys of sentences begin with that say how to type what the page has a button for."""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    gloss: str = ""
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the summary."""

    item: str
    label: str
    value: str
    edit: str = ""
    """Value of the button that edits it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A bubble that is only read."""

    kind: str
    lines: Sequence[str]
    code: str = ""
    """A continuation code in it, to be shown large."""


@dataclass(slots=True)
class View:
    """All that a page of the chat shows."""

    said: list[Said] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Lines above the question: what was just written down."""
    kind: str = ""
    """Kind of the open prompt, "" when nothing is open."""
    head: str = ""
    progress: str = ""
    lines: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    main: list[Option] = field(default_factory=list)
    others: list[Option] = field(default_factory=list)
    many: bool = False
    """Several options may be chosen."""
    prompt: str = ""
    """Revision that comes back with the answer."""
    receipt: str = ""
    refused: bool = False
    scan: str = ""
    """Address of the page that reads a card's QR code, where it is offered."""


def view_of(bubbles: Sequence[Outgoing], standing: Sequence[Outgoing], texts: Texts) -> View:
    """Return the page for the bubbles of the last turn and what `Conversation.show` says."""
    shown = standing[-1] if standing else None
    current = _current(bubbles, shown)
    offers = (bubble.scan for bubble in (shown, *reversed(current)) if bubble)
    view = View(scan=next(filter(None, offers), ""))
    for bubble in current:
        if bubble.kind in PROMPTS:
            continue
        view.receipt = bubble.receipt or view.receipt
        view.refused = view.refused or bubble.kind == "refuse"
        view.said.append(_said(bubble))
    full = [bubble for bubble in current if bubble.kind in PROMPTS and bubble.question]
    prompt = full[-1] if full else shown
    if prompt is not None and prompt.question is not None:
        _open(view, prompt, [line for b in current for line in b.text.split("\n")], texts)
    elif prompt is not None and not view.said:
        view.said.append(_said(prompt))
    return view


def _current(bubbles: Sequence[Outgoing], shown: Outgoing | None) -> list[Outgoing]:
    """Leave out the bubbles that asked what is no longer open."""
    rev = shown.prompt if shown else ""
    return [b for b in bubbles if not b.prompt or b.prompt == rev]


def _said(bubble: Outgoing) -> Said:
    code = CODE.search(bubble.text)
    return Said(bubble.kind, _lines(bubble), code[0] if code else "")


def _lines(bubble: Outgoing) -> list[str]:
    """Return the lines of a bubble without an address the page has a button for."""
    lines = bubble.text.strip().split("\n")
    return [line for line in lines if not bubble.scan or bubble.scan not in line]


def _open(view: View, prompt: Outgoing, read: Sequence[str], texts: Texts) -> None:
    view.kind, view.prompt = prompt.kind, prompt.prompt
    view.many = any(button.value == "done" for button in prompt.buttons)
    buttons = [button for button in prompt.buttons if button.value not in NOT_BUTTONS]
    lines = _without_instructions(_lines(prompt), texts)
    if prompt.kind == "summary":
        lines, buttons = _summary(view, lines, buttons, texts)
    numbered = read if prompt.question == "my_forms" else ()
    _sort_buttons(view, buttons, [*lines, *numbered], prompt.selected)
    lines = [line for line in lines if not _is_button(line, buttons)]
    head, progress = _head_of(lines, texts), _before_progress(texts)
    asked, found, left = lines[head].partition(progress)
    view.progress = (found + left).removeprefix(BEFORE_PROGRESS)
    view.head, explained = _first_sentence(asked)
    view.notes, view.lines = lines[:head], [*explained, *lines[head + 1 :]]


def _without_instructions(lines: Iterable[str], texts: Texts) -> list[str]:
    keys = (key for key in texts.keys if key.startswith(FALL_AWAY) or key.endswith(".foot"))
    gone = {texts(key) for key in keys}
    return [line for line in lines if line and line not in gone]


def _before_progress(texts: Texts) -> str:
    """Return what stands between a question and how many are left."""
    return BEFORE_PROGRESS + texts("ask.left", left="\0").partition("\0")[0]


def _head_of(lines: Sequence[str], texts: Texts) -> int:
    """Return which line is the question; what stands above it are notes."""
    start = texts("ask.item", item="\0", ask="").partition("\0")[0]
    for number, line in enumerate(lines):
        if line.startswith(start) or _before_progress(texts) in line:
            return number
    return 0


def _first_sentence(asked: str) -> tuple[str, list[str]]:
    """Return the question itself, and what explains it as a line of its own."""
    question, mark, rest = asked.partition("? ")
    return (question + mark.strip(), [rest]) if mark else (asked, [])


def _is_button(line: str, buttons: Sequence[Button]) -> bool:
    found = NUMBERED.fullmatch(line)
    number = int(found[1]) if found else 0
    if found is None or not 1 <= number <= len(buttons):
        return False
    label = buttons[number - 1].label
    return found[2].startswith(label) or line == label


def _sort_buttons(
    view: View, buttons: Sequence[Button], lines: Sequence[str], selected: Sequence[str]
) -> None:
    """Put each button where it belongs: an option with its line, the main one, or the others."""
    numbered = {int(m[1]): m[2] for line in lines if (m := NUMBERED.fullmatch(line))}
    for number, button in enumerate(buttons, 1):
        line = numbered.get(number, "")
        if button.value in MAIN:
            view.main.append(Option(button.value, button.label))
        elif line.startswith(button.label) or button.value == str(number):
            gloss = line.removeprefix(button.label)
            label = button.label if line.startswith(button.label) else line
            view.options.append(_option(button.value, label, gloss, selected))
        else:
            view.others.append(Option(button.value, button.label))


def _option(value: str, label: str, gloss: str, selected: Sequence[str]) -> Option:
    found = re.match(r" \((.*?)\)(?: \u2713.*)?$", gloss)
    return Option(value, label, found[1] if found else "", value in selected)


def _summary(
    view: View, lines: Sequence[str], buttons: Sequence[Button], texts: Texts
) -> tuple[list[str], list[Button]]:
    """Make rows of the lines, each with its button; return the lines and buttons left over."""
    left, unused = [], list(buttons)
    for line in lines:
        found = ITEM.fullmatch(line)
        if found is None:
            left.append(line)
            continue
        label = texts("option.edit", item=found[1] or found[2].lower())
        mine = next((button for button in unused if button.label == label), None)
        if mine is not None:
            unused.remove(mine)
        view.rows.append(Row(found[1] or "", found[2], found[3], mine.value if mine else ""))
    return left, unused
