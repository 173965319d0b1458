"""A conversation in a terminal: for people, and as JSON lines for scripts (docs/simulator.md)."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, get_args

from bot.dialogs.messages import Content, Incoming, NonText, Other, Outgoing, Press, Text
from bot.ports import Clock, Entropy
from storage.ids import new_name
from storage.outbox import Delivered, Queued

PLATFORM = "terminal"
ACCOUNT = "terminal"

Submit = Callable[[Incoming], Sequence[Queued]]


@dataclass(slots=True)
class Line:
    """One message typed: words or a button, perhaps of another chat or with an id of its own."""

    content: Content
    chat: str = ""
    event_id: str = ""


@dataclass(slots=True)
class Terminal:
    """Feeds lines to the ledger one at a time and gives the bubbles back. Always in order."""

    submit: Submit
    delivered: Callable[[Delivered], None]
    now: Clock
    random: Entropy
    chat: str
    _last: datetime | None = field(default=None)

    def turn(self, line: Line) -> list[Outgoing]:
        """Return the bubbles of one message, marked as delivered."""
        at = self._tick()
        incoming = Incoming(
            PLATFORM,
            ACCOUNT,
            line.event_id or new_name(at, self.random),
            line.chat or self.chat,
            line.content,
            sent_at=at,
            received_at=at,
        )
        return self.show(self.submit(incoming))

    def show(self, queued: Iterable[Queued]) -> list[Outgoing]:
        """Return the bubbles, noted as shown now."""
        shown = []
        for bubble in queued:
            self.delivered(Delivered(bubble.id, bubble.chat_id, self._tick()))
            shown.append(bubble.outgoing)
        return shown

    def _tick(self) -> datetime:
        """Return the present instant, each later than the one before, as the lines are."""
        now = self.now()
        now -= timedelta(microseconds=now.microsecond % 1000)  # the ledger keeps milliseconds
        if self._last is not None:
            now = max(now, self._last + timedelta(milliseconds=1))
        self._last = now
        return now


def read_line(line: str) -> Line:
    """Return the message of a JSON line; a line that is not a JSON object is plain words."""
    try:
        given = json.loads(line)
    except ValueError:
        return Line(Text(line))
    if not isinstance(given, dict):
        return Line(Text(line))
    return Line(_content(given), str(given.get("chat", "")), str(given.get("id", "")))


def _content(given: dict[str, Any]) -> Content:
    if "press" in given:
        return Press(str(given["press"]))
    if "text" in given:
        return Text(str(given["text"]))
    if given.get("send") in get_args(NonText):
        return Other(given["send"])
    return Other("unsupported")


def written(outgoing: Outgoing) -> str:
    """Return a bubble as one JSON line."""
    bubble: dict[str, Any] = {
        "kind": outgoing.kind,
        "question": outgoing.question,
        "text": outgoing.text,
        "buttons": [{"label": b.label, "value": b.value} for b in outgoing.buttons],
        "receipt": outgoing.receipt,
    }
    if outgoing.code is not None:
        bubble["code"] = outgoing.code
    if outgoing.kind == "warn":
        bubble |= {"about": outgoing.about, "codes": list(outgoing.codes)}
    if outgoing.selected or any(button.value == "done" for button in outgoing.buttons):
        bubble["selected"] = list(outgoing.selected)
    return json.dumps(bubble, ensure_ascii=False)


def converse(terminal: Terminal, lines: Iterable[str]) -> Iterator[str]:
    """Yield the JSON lines that answer `lines`, each turn closed by end_of_turn."""
    for line in lines:
        yield from map(written, terminal.turn(read_line(line.rstrip("\r\n"))))
        yield json.dumps({"end_of_turn": True})
