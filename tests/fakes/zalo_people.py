"""The bots the fake Zalo knows, the people who write to them, and what both see."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from tests.fakes.zalo_faults import Quota
from tests.fakes.zalo_guesses import Guesses

AT_ONCE: Final = timedelta(0)
PATIENCE: Final = 20
"""Seconds a test waits for a message before it fails."""

ChatType = Literal["PRIVATE", "GROUP"]


def invented(*words: object) -> str:
    """Return an id that looks like theirs: twenty hexadecimal digits."""
    return hashlib.sha256(repr(words).encode()).hexdigest()[:20]


class Bell:
    """Rung whenever something happened. Take `next` first, then look, then wait."""

    def __init__(self) -> None:
        self.next = asyncio.Event()

    def ring(self) -> None:
        rung, self.next = self.next, asyncio.Event()
        rung.set()

    async def until(self, true: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something is true. TimeoutError after so many seconds of real time."""
        async with asyncio.timeout(seconds):
            while True:
                bell = self.next
                if true():
                    return
                await bell.wait()


async def rung(bell: asyncio.Event, seconds: float | None) -> None:
    """Wait until the bell rings, or so many seconds of real time; None is for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a chat, as the bot will hear of it."""

    name: str
    message: Mapping[str, Any] | None
    chat: str
    message_id: str

    def body(self, wrapped: bool) -> bytes:
        """Return the JSON of a webhook call."""
        update = self.update()
        return json.dumps({"ok": True, "result": update} if wrapped else update).encode()

    def update(self) -> dict[str, Any]:
        message = {} if self.message is None else {"message": dict(self.message)}
        return {"event_name": self.name, **message}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One webhook call. `status` is None when no answer came."""

    at: datetime
    status: int | None


@dataclass(slots=True, eq=False)
class Delivery:
    """An event on its way to a bot."""

    event: Event
    due: datetime
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person sees in the chat, from the bot."""

    kind: Literal["text", "photo", "sticker", "voice", "typing"]
    content: str
    message_id: str
    at: datetime
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented. The platform withholds what a protected person writes."""

    name: str
    protected: bool = False
    """A child, or somebody disabled or illiterate: the law keeps their words from bots."""


@dataclass(slots=True, eq=False)
class Bot:
    """One bot, its webhook, its chats, and what is on its way to it."""

    token: str
    now: Callable[[], datetime]
    guesses: Guesses
    bell: Bell
    wrapped: bool = True
    """Webhook bodies are {"ok", "result"}; both shapes were seen."""
    copies: int = 1
    """How often every event is delivered."""
    quota: Quota | None = None
    revoked: bool = False
    webhook: str = ""
    secret: str = ""
    webhook_changed: datetime | None = None
    polling: int = 0
    """getUpdates calls waiting now."""
    pending: list[Delivery] = field(default_factory=list)
    flying: int = 0
    """Webhook calls without an answer so far."""
    taken: list[Event] = field(default_factory=list)
    """What the bot has: handed out by getUpdates or acknowledged by the webhook."""
    lost: list[Event] = field(default_factory=list)
    """What it will never get."""
    history: list[Delivery] = field(default_factory=list)
    """Every delivery with its attempts."""
    chats: dict[str, "Chat"] = field(default_factory=dict)
    sends: list[datetime] = field(default_factory=list)
    _held: list[Event] | None = None
    _numbers: int = 0

    @property
    def id(self) -> str:
        return self.token.partition(":")[0]

    def new_message_id(self) -> str:
        """Two bots see the same ids: an id means something only together with its bot."""
        self._numbers += 1
        return invented("message", self._numbers)

    def chat(self, person: Person) -> "Chat":
        """Return the private chat of a person; its id is another one with every bot."""
        id = invented("person", self.token, person.name)
        return self.chats.setdefault(id, Chat(self, id, "PRIVATE", person))

    def group(self, name: str, owner: Person) -> "Chat":
        id = invented("group", self.token, name)
        return self.chats.setdefault(id, Chat(self, id, "GROUP", owner))

    def put(self, event: Event, late: timedelta = AT_ONCE) -> None:
        """Send an event on its way. Called again with the same event: a duplicate."""
        if self._held is not None:
            self._held.append(event)
            return
        if not (self.guesses.keeps_until_polled or self.webhook or self.polling):
            self.lost.append(event)
            return
        for _ in range(self.copies):
            delivery = Delivery(event, self.now() + late)
            self.pending.append(delivery)
            self.history.append(delivery)
        self.bell.ring()

    def hold(self) -> None:
        """Keep what people write from now on, until `release`."""
        self._held = []

    def release(self, order: Callable[[list[Event]], list[Event]] = list) -> None:
        """Send on what was held, in another order."""
        held, self._held = self._held or [], None
        for event in order(held):
            self.put(event)

    async def unpolled(self) -> None:
        """Wait until no getUpdates waits any more."""
        await self.bell.until(lambda: not self.polling)

    async def gets(self, count: int) -> list[Event]:
        """Wait until the bot has so many events; return all."""
        await self.bell.until(lambda: len(self.taken) >= count)
        return self.taken

    def due(self) -> list[Delivery]:
        """Return what may be delivered by now, the longest due first."""
        now = self.now()
        return sorted((each for each in self.pending if each.due <= now), key=lambda each: each.due)


@dataclass(slots=True, eq=False)
class Chat:
    """What a person does and sees in a chat with the bot, or in a group the bot is in."""

    bot: Bot
    id: str
    chat_type: ChatType
    owner: Person
    opened: bool = False
    """The person has written to the bot; before that it cannot write to them."""
    blocked: bool = False
    seen: list[Seen] = field(default_factory=list)

    def types(self, text: str, **how: Any) -> Event:
        return self._happens("text", {"text": text}, **how)

    def sends_image(self, caption: str | None = None, **how: Any) -> Event:
        words = {} if caption is None else {"caption": caption}
        image = {str(self.bot.guesses.photo_field): self.bot.guesses.image_url}
        return self._happens("image", image | words, **how)

    def sends_sticker(self, **how: Any) -> Event:
        return self._happens("sticker", self.bot.guesses.sticker, **how)

    def sends_voice(self, **how: Any) -> Event:
        return self._happens("voice", {"voice_url": self.bot.guesses.voice_url}, **how)

    def sends_unsupported(self, **how: Any) -> Event:
        return self._happens("unsupported", {}, **how)

    def _happens(
        self,
        kind: str,
        content: Mapping[str, Any],
        *,
        sender: Person | None = None,
        late: timedelta = AT_ONCE,
    ) -> Event:
        """`sender` is another member of the group; `late` is how long the event is under way."""
        sender = sender or self.owner
        if sender.protected:
            kind, content = "unsupported", {}
        self.opened = True
        message_id = self.bot.new_message_id()
        message = {
            "message_id": message_id,
            "date": milliseconds(self.bot.now()),
            "from": {"id": self._id_of(sender), "display_name": sender.name, "is_bot": False},
            "chat": {"id": self.id, "chat_type": self.chat_type},
            **content,
            **self.bot.guesses.extra,
        }
        known = kind != "unsupported" or self.bot.guesses.unsupported_has_message
        event = Event(f"message.{kind}.received", message if known else None, self.id, message_id)
        self.bot.put(event, late)
        return event

    def _id_of(self, person: Person) -> str:
        return self.bot.chat(person).id if self.chat_type == "GROUP" else self.id

    def follow(self) -> None:
        """The person wrote some time ago; nothing is under way."""
        self.opened = True

    def block(self) -> None:
        self.blocked = True

    def unblock(self) -> None:
        self.blocked = False

    @property
    def texts(self) -> list[str]:
        return [each.content for each in self.seen if each.kind == "text"]

    async def sees(self, count: int) -> list[str]:
        """Wait until the bot has written so many texts; return all."""
        await self.bot.bell.until(lambda: len(self.texts) >= count)
        return self.texts


def milliseconds(at: datetime) -> int:
    """Return the platform's way to write an instant."""
    return round(at.timestamp() * 1000)
