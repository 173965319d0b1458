"""A person with a phone: what they can do to a bot, and what they see of it.

They do only what a phone lets them: a button that is not there cannot be pressed.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.fakes import telegram_markup as markup
from tests.fakes.telegram_schema import Upload
from tests.fakes.telegram_state import Account, Callback, Message, Room
from tests.fakes.telegram_text import LONGEST_TEXT, trimmed

if TYPE_CHECKING:
    from tests.fakes.telegram import FakeTelegram

PAYLOAD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
INVENTED_PHONE: Final = "+84000000001"


class NoSuchButton(LookupError):
    """The person does not see this button."""


class Impossible(RuntimeError):
    """No phone would let the person do this."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as it stands in the chat now."""

    id: int
    text: str
    """Its text or caption; empty when it has neither."""
    from_bot: bool
    buttons: list[list[str]] = field(default_factory=list)
    protected: bool = False
    body: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class Person:
    """One person and one bot. `at` gives the same person at another bot."""

    server: "FakeTelegram"
    account: Account
    user: dict[str, Any]

    @property
    def id(self) -> int:
        return int(self.user["id"])

    @property
    def room(self) -> Room:
        """The chat with the bot. Raises Impossible before the person wrote to it."""
        if self.id not in self.account.rooms:
            raise Impossible("the person never wrote to this bot")
        return self.account.rooms[self.id]

    def at(self, account: Account) -> "Person":
        return Person(self.server, account, self.user)

    # --- writing --------------------------------------------------------------------------

    def starts(self, payload: str | None = None) -> int:
        """Press Start, perhaps behind a link t.me/bot?start=payload; return the message id."""
        if payload is not None and not PAYLOAD.fullmatch(payload):
            raise Impossible("a payload is 1-64 letters, digits, _ and -")
        if self.id in self.account.rooms and self.room.standing == "blocked":
            self.unblocks()
        return self.types("/start" if payload is None else f"/start {payload}")

    def types(self, text: str, *, reply_to: int | None = None) -> int:
        """Send a text; return the id of the message, the last when it takes several."""
        pieces = [text[at : at + LONGEST_TEXT] for at in range(0, len(text), LONGEST_TEXT)]
        reply = {} if reply_to is None else {"reply_to_message": self._standing(reply_to).body}
        sent = [self.sends({**reply, **_text(piece)}).id for piece in pieces]
        return sent[-1]

    def sends(self, content: Mapping[str, Any]) -> Message:
        """Send a message with this content, as it stands in the Bot API; return it."""
        if self.id not in self.account.rooms or self.room.standing == "never":
            chat = {name: self.user[name] for name in _NAMES if name in self.user}
            chat = {"id": self.id, "type": "private", **chat}
            self.account.rooms.setdefault(self.id, Room(chat)).standing = "open"
        if self.room.standing == "blocked":
            raise Impossible("the person has blocked the bot")
        message = self.account.write(self.room, self.user, self.server.now(), deepcopy(content))
        self._tell("message", message.body)
        return message

    def edits(self, message_id: int, text: str) -> None:
        """Change a text of one's own."""
        message = self._standing(message_id)
        if message.outgoing or "text" not in message.body:
            raise Impossible("only texts of one's own can be edited")
        message.body.pop("entities", None)
        edited = {"edit_date": int(self.server.now().timestamp())}
        message.body |= {**_text(text), **edited}
        self._tell("edited_message", message.body)

    def forwards(self, text: str, origin: Mapping[str, Any]) -> int:
        """Forward a text of somebody (a User) who lets it be seen; return the message id."""
        told = {"type": "user", "sender_user": dict(origin), "date": self._unix() - 3600}
        return self.sends({"forward_origin": told, **_text(text)}).id

    def shares_contact(self, phone: str = INVENTED_PHONE) -> int:
        """Share one's own number; return the message id."""
        return self._contact({"phone_number": phone, "user_id": self.id, **self._name()})

    def shares_other_contact(self, phone: str, first_name: str, **more: Any) -> int:
        """Share somebody else's number; without `user_id` they are not on Telegram."""
        return self._contact({"phone_number": phone, "first_name": first_name, **more})

    def sends_photo(self, caption: str = "") -> int:
        file = self._file("photo.jpg")
        sizes = [{**file, "width": 90, "height": 67}, {**file, "width": 1280, "height": 960}]
        return self._media("photo", sizes, caption)

    def sends_document(self, name: str = "paper.pdf", content: bytes = b"%PDF-1.4") -> int:
        document = {**self._file(name, content), "file_name": name, "mime_type": "application/pdf"}
        return self._media("document", document)

    def sends_voice(self, seconds: int = 3) -> int:
        return self._media(
            "voice", {**self._file("voice.ogg"), "duration": seconds, "mime_type": "audio/ogg"}
        )

    def sends_sticker(self) -> int:
        sticker = {"type": "regular", "width": 512, "height": 512}
        looks = {"is_animated": False, "is_video": False, "emoji": "\N{THUMBS UP SIGN}"}
        return self._media("sticker", {**self._file("sticker.webp"), **sticker, **looks})

    def sends_video_note(self, seconds: int = 5) -> int:
        return self._media(
            "video_note", {**self._file("note.mp4"), "duration": seconds, "length": 240}
        )

    def sends_location(self, latitude: float = 15.0, longitude: float = 108.5) -> int:
        return self._media("location", {"latitude": latitude, "longitude": longitude})

    # --- pressing -------------------------------------------------------------------------

    def presses(self, label: str, message_id: int | None = None) -> str:
        """Press the inline button with this label; return the id of the press.

        Without a message it is the newest one that has such a button. Raises NoSuchButton.
        """
        newest = reversed(self.room.standing_messages())
        there = [self._standing(message_id)] if message_id is not None else newest
        for message in there:
            for button in markup.buttons(message.rows):
                if button["text"] == label and "callback_data" in button:
                    return self._press(message, button)
        raise NoSuchButton(label)

    def presses_late(self, label: str, message_id: int) -> str:
        """Press a button that was there when the phone last looked; return the id of the press."""
        message = self.room.messages[message_id]
        for button in [*message.pressed_before, *markup.buttons(message.rows)]:
            if button["text"] == label and "callback_data" in button:
                return self._press(message, button)
        raise NoSuchButton(label)

    def taps(self, label: str) -> int:
        """Tap a button of the keyboard below the chat; return the id of what is sent by it."""
        keyboard = self.room.keyboard
        for button in markup.buttons(keyboard["keyboard"] if keyboard else []):
            if button["text"] == label:
                self.room.folded = bool(keyboard and keyboard.get("one_time_keyboard"))
                return self.shares_contact() if button.get("request_contact") else self.types(label)
        raise NoSuchButton(label)

    # --- leaving --------------------------------------------------------------------------

    def blocks(self) -> None:
        """Block the bot, which is told so."""
        self._member("member", "kicked")
        self.room.standing = "blocked"

    def unblocks(self) -> None:
        self.room.standing = "open"
        self._member("kicked", "member")

    # --- seeing ---------------------------------------------------------------------------

    def sees(self) -> list[Bubble]:
        """Return what stands in the chat now, oldest first."""
        return [bubble(one) for one in self.room.standing_messages()]

    def hears(self) -> list[str]:
        """Return the texts of the bot that stand in the chat now, oldest first."""
        return [one.text for one in self.sees() if one.from_bot]

    @property
    def keyboard(self) -> list[list[str]]:
        """Labels of the keyboard below the chat; empty when there is none."""
        keyboard = self.room.keyboard
        return markup.labels(keyboard["keyboard"]) if keyboard else []

    @property
    def notices(self) -> list[str]:
        """What the bot answered to presses, oldest first."""
        return [text for person, text in self.server.notices if person == self.id]

    # --- how ------------------------------------------------------------------------------

    def _press(self, message: Message, button: Mapping[str, Any]) -> str:
        number = f"{self.id}{len(self.account.callbacks) + 1:06}"
        self.account.callbacks[number] = Callback(self.server.now(), self.id)
        gone = {"chat": message.body["chat"], "message_id": message.id, "date": 0}
        press = {
            "id": number,
            "from": self.user,
            "message": gone if message.deleted else message.body,
            "chat_instance": str(self.id),
            "data": button["callback_data"],
        }
        self._tell("callback_query", press)
        return number

    def _member(self, old: str, new: str) -> None:
        change = {
            "chat": self.room.chat,
            "from": self.user,
            "date": self._unix(),
            "old_chat_member": self.account.member(old),
            "new_chat_member": self.account.member(new),
        }
        self._tell("my_chat_member", change)

    def _contact(self, contact: Mapping[str, Any]) -> int:
        return self.sends({"contact": contact}).id

    def _media(self, name: str, media: Any, caption: str = "") -> int:
        return self.sends({name: media, **trimmed(caption).body("caption", "caption_entities")}).id

    def _file(self, name: str, content: bytes = b"invented") -> dict[str, Any]:
        return self.account.keep(Upload(name, content))

    def _name(self) -> dict[str, Any]:
        return {name: self.user[name] for name in _NAMES[:2] if name in self.user}

    def _standing(self, message_id: int) -> Message:
        message = self.room.messages.get(message_id)
        if message is None or message.deleted:
            raise Impossible("no such message stands in the chat")
        return message

    def _tell(self, kind: str, body: dict[str, Any]) -> None:
        self.server.publish(self.account, kind, body, self.id)

    def _unix(self) -> int:
        return int(self.server.now().timestamp())


_NAMES: Final[tuple[str, ...]] = ("first_name", "last_name", "username")


def _text(text: str) -> dict[str, Any]:
    content = trimmed(text).body("text", "entities")
    if not content:
        raise Impossible("an empty text cannot be sent")
    return content


def bubble(message: Message) -> Bubble:
    """Return a message as it is seen."""
    body = message.body
    text = body.get("text", body.get("caption", ""))
    protected = body.get("has_protected_content", False)
    return Bubble(message.id, text, message.outgoing, _rows(message), protected, body)


def _rows(message: Message) -> list[list[str]]:
    return markup.labels(message.rows)


def bubbles(room: Room) -> Iterator[Bubble]:
    """Yield what stands in a chat now, oldest first."""
    return (bubble(one) for one in room.standing_messages())
