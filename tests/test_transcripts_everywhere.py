"""Every transcript on every platform: what people do there becomes the same record.

The words of a transcript are turned into what the platform would send, read by its adapter, and
what the bot says into what the platform would show: a button is pressed only where there is one.
Terminal: `test_transcripts.py`. The adapters against strict servers: the contract suite.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from aiogram.types import InlineKeyboardMarkup, ReplyKeyboardMarkup

from bot.content import texts_of
from bot.dialogs.messages import Incoming, Outgoing, Press, Text
from bot.platforms import telegram_updates
from bot.platforms.telegram_bubbles import messages
from bot.platforms.zalo_updates import understood
from storage.outbox import Delivered
from tests.fakes.telegram_updates import update
from tests.talks import Stage
from tests.test_transcripts import TRANSCRIPTS, Player, Stages, written_down

BOT: Final = "100001"
SECOND: Final = timedelta(seconds=1)
TEXTS: Final = texts_of()


@dataclass(slots=True)
class Shown:
    """What one chat shows: the last bubble with a prompt, and the one before."""

    bubbles: list[Outgoing] = field(default_factory=list)
    picked: list[str] | None = None
    """Of several choices, where they can only be typed."""

    @property
    def open(self) -> Outgoing:
        return self.bubbles[-1]


class Telegram:
    """Typing; with `thumbs`, a number typed at a choice is tapped on the button instead."""

    name = "telegram"

    def __init__(self, thumbs: bool) -> None:
        self._thumbs = thumbs
        self._numbers = count(1)

    def sent(self, shown: Shown, mark: str, rest: str, at: datetime) -> dict[str, Any] | None:
        match mark:
            case ">":
                tapped = _numbered(shown, rest) if self._thumbs else None
                return self._tap(shown, tapped, at) if tapped else self._message("text", at, rest)
            case ">>":
                return self._message("text", at - SECOND, rest)
            case ">!":
                names = {"contact": "contact_own", "edited": "text", "unsupported": "dice"}
                return self._message(names.get(rest, rest), at, "", edited=rest == "edited")
            case ">*":
                return self._tap(shown, rest, at)
        return self._press(f"{shown.bubbles[-2].prompt}:{rest}")

    def _tap(self, shown: Shown, value: str, at: datetime) -> dict[str, Any]:
        """Press the button where it stands: above, in the message, or under the thumb."""
        markup = messages(1, shown.open, TEXTS)[-1].reply_markup
        data = f"{shown.open.prompt}:{value}"
        if isinstance(markup, ReplyKeyboardMarkup):
            labels = {button.value: button.label for button in shown.open.buttons}
            if value in labels:
                below = [button.text for row in markup.keyboard for button in row]
                assert labels[value] in below
                return self._message("text", at, labels[value])
        elif isinstance(markup, InlineKeyboardMarkup) and value in _values(shown):
            inline = [button.callback_data for row in markup.inline_keyboard for button in row]
            assert data in inline
        return self._press(data)

    def _message(self, name: str, at: datetime, text: str, edited: bool = False) -> dict[str, Any]:
        number = next(self._numbers)
        message = update(name)["message"] | {"message_id": number, "date": int(at.timestamp())}
        message["chat"] |= {"id": 1}
        message["from"] |= {"id": 1}
        if name == "text":
            message["text"] = text or "x"
        kind = "edited_message" if edited else "message"
        dates = {"edit_date": message["date"], "date": message["date"] - 3600} if edited else {}
        return {"update_id": number, kind: message | dates}

    def _press(self, data: str) -> dict[str, Any]:
        press = update("callback")["callback_query"] | {"data": data}
        press["message"]["chat"] |= {"id": 1}
        press["from"] |= {"id": 1}
        return {"update_id": next(self._numbers), "callback_query": press}

    def read(self, raw: dict[str, Any], now: datetime) -> Incoming | None:
        return telegram_updates.read(raw, BOT, now).incoming

    def shown_at(self, at: datetime) -> datetime:
        return telegram_updates.in_order(at, next(self._numbers))


class Zalo:
    """Typing only: a button is its label, several choices are their numbers."""

    name = "zalo"

    def __init__(self) -> None:
        self._numbers = count(1)

    def sent(self, shown: Shown, mark: str, rest: str, at: datetime) -> dict[str, Any] | None:
        kinds = {"photo": "image", "voice": "voice", "sticker": "sticker"}
        if mark == ">!":
            return self._event(kinds[rest], at, "") if rest in kinds else None
        if mark == ">~" or (mark == ">*" and rest not in _values(shown)):
            return None  # no buttons, so none that is old or made up
        if mark == ">*":
            typed = self._typed(shown, rest)
            return self._event("text", at, typed) if typed else None
        return self._event("text", at, rest)

    def _typed(self, shown: Shown, value: str) -> str:
        values = [button.value for button in shown.open.buttons]
        if "done" not in values:
            return next(one.label for one in shown.open.buttons if one.value == value)
        if value == "done":
            picked, shown.picked = shown.picked or [], None
            return ", ".join(str(values.index(one) + 1) for one in picked)
        shown.picked = _toggled(shown.picked or list(shown.open.selected), value)
        return ""

    def _event(self, kind: str, at: datetime, text: str) -> dict[str, Any]:
        message = {
            "message_id": f"m{next(self._numbers)}",
            "date": int(at.timestamp() * 1000),
            "chat": {"id": "1", "chat_type": "PRIVATE"},
            "from": {"id": "1", "display_name": "An"},
            "text": text,
        }
        return {"event_name": f"message.{kind}.received", "message": message}

    def read(self, raw: dict[str, Any], now: datetime) -> Incoming | None:
        found = understood(BOT, json.loads(json.dumps(raw)), now)
        assert isinstance(found, Incoming)
        return found

    def shown_at(self, at: datetime) -> datetime:
        return at


class Web:
    """The page says which prompt was on the screen; nothing but words and buttons can be sent."""

    name = "web"

    def __init__(self) -> None:
        self._numbers = count(1)

    def sent(self, shown: Shown, mark: str, rest: str, at: datetime) -> dict[str, Any] | None:
        now = shown.bubbles[-1].prompt if shown.bubbles else ""
        older = [one.prompt for one in shown.bubbles if one.prompt != now]
        before = older[-1] if older else "?"
        match mark:
            case ">":
                return {"content": Text(rest, now), "at": at}
            case ">>":
                return {"content": Text(rest, before or "?"), "at": at}
            case ">*":
                return {"content": Press(rest, now), "at": at}
            case ">~":
                return {"content": Press(rest, before), "at": at}
        return None

    def read(self, raw: dict[str, Any], now: datetime) -> Incoming | None:
        event = f"w{next(self._numbers)}"
        return Incoming(self.name, BOT, event, "1", raw["content"], raw["at"], now)

    def shown_at(self, at: datetime) -> datetime:
        return at


Voice = Telegram | Zalo | Web

VOICES: Final[dict[str, Callable[[], Voice]]] = {
    "telegram typed": lambda: Telegram(thumbs=False),
    "telegram tapped": lambda: Telegram(thumbs=True),
    "zalo": Zalo,
    "web": Web,
}


def _values(shown: Shown) -> list[str]:
    return [button.value for button in shown.open.buttons]


def _numbered(shown: Shown, typed: str) -> str | None:
    """Return the value of the numbered choice that was typed, where one can be tapped."""
    values = _values(shown) if shown.bubbles else []
    choices = [value for value in values if value not in OTHERS]
    if "done" in values or not typed.isdecimal() or not 0 < int(typed) <= len(choices):
        return None
    return choices[int(typed) - 1]


OTHERS: Final = frozenset({"done", "skip", "unknown", "back", "khong_nho"})


def _toggled(picked: list[str], value: str) -> list[str]:
    """As the engine does: nobody is of no group and of one."""
    if value in picked:
        return [one for one in picked if one != value]
    return [value] if value == "khong" else [*(one for one in picked if one != "khong"), value]


@dataclass(slots=True)
class Elsewhere(Player):
    """A player whose lines go through a platform."""

    voice: Voice = field(default_factory=Web)
    shown: dict[str, Shown] = field(default_factory=dict)

    def _send(self, mark: str, rest: str) -> list[Outgoing]:
        name = f"{self.name}/{self.chat}"
        shown = self.shown.setdefault(name, Shown())
        clock = self.stage.clock
        clock.at += timedelta() if mark == ">>" else SECOND
        raw = self.voice.sent(shown, mark, rest.replace("⏎", "\n"), clock.at)
        incoming = raw and self.voice.read(raw, clock.at)
        if not incoming:
            return []
        mine = f"{incoming.event_id} of {name}"
        queued = self.stage.submit(_of(incoming, name, mine))
        at = self.voice.shown_at(clock.at)
        for bubble in queued:
            self.stage.ledger.delivered(Delivered(bubble.id, bubble.chat_id, at))
        bubbles = [one.outgoing for one in queued if one.outgoing.kind != "delete"]
        shown.bubbles += [one for one in bubbles if one.question][-1:]
        return bubbles


def _of(incoming: Incoming, chat: str, event_id: str) -> Incoming:
    origin = (incoming.platform, incoming.account, event_id, chat, incoming.content)
    return Incoming(*origin, incoming.sent_at, incoming.received_at, incoming.ref)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    stages = Stages(tmp_path_factory.mktemp("everywhere"))
    yield stages
    for stage in stages.opened.values():
        stage.close()


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_the_record_is_the_same(path: Path, voice: str, stages: Stages) -> None:
    lines = path.read_text("utf-8").splitlines()

    kept = _played(f"{voice} {path.stem}", lines, stages, VOICES[voice]())

    assert kept == [line for line in lines if line.startswith("= ")]


def _played(name: str, lines: Sequence[str], stages: Stages, voice: Voice) -> list[str]:
    villages = next((line for line in lines if line.startswith("Thôn: ")), "")
    today = next(line for line in lines if line.startswith("Hôm nay: "))
    stage: Stage = stages.of(tuple(villages.removeprefix("Thôn: ").split(", ")) if villages else ())
    stage.begin(datetime.fromisoformat(today.removeprefix("Hôm nay: ")).date())
    player = Elsewhere(stage, name, voice=voice)
    for line in lines:
        if line.startswith("Sau: "):
            player.play_before(line.removeprefix("Sau: "))
        list(player.play(line))
    kept = []
    for chat in player.chats:
        kept += [f"= @ {chat or 'đầu'}"] if len(player.chats) > 1 else []
        kept += written_down(stage.kept(f"{name}/{chat}"))
    return kept
