"""What one bot's world consists of: its chats, the messages that stand in them, its settings."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, Literal

from tests.fakes.telegram_markup import Markup, inline
from tests.fakes.telegram_queue import Queue
from tests.fakes.telegram_refusals import Refused, bad_request, forbidden
from tests.fakes.telegram_schema import Upload, bot_api

DELETABLE: Final = timedelta(hours=48)
CALLBACK_TIME: Final = timedelta(seconds=15)
"""How long a press may wait for its answer. Undocumented; bots report fifteen seconds and more."""

ADMINISTRATOR_RIGHTS: Final = tuple(
    right.name
    for right in bot_api().types["ChatMemberAdministrator"].fields.values()
    if right.required and right.type == "Boolean"
)

Standing = Literal["never", "open", "blocked", "kicked", "left"]
"""What a chat is to the bot. `never`: it knows the person, who never wrote to it."""


@dataclass(slots=True)
class Message:
    """One message of a chat, as the bot sees it."""

    body: dict[str, Any]
    at: datetime
    outgoing: bool
    reply_markup: Markup | None = None
    """The keyboard it was sent with, of any kind."""
    deleted: bool = False
    pressed_before: list[Mapping[str, Any]] = field(default_factory=list)
    """Buttons it once had: a slow phone may still show them."""
    upload: Upload | None = None

    @property
    def id(self) -> int:
        return int(self.body["message_id"])

    @property
    def rows(self) -> list[list[dict[str, Any]]]:
        """Rows of inline buttons it has now."""
        rows: list[list[dict[str, Any]]] = self.body.get("reply_markup", {}).get(
            "inline_keyboard", []
        )
        return rows

    def rekeyed(self, markup: Markup | None) -> None:
        """Give it another inline keyboard, or none."""
        self.pressed_before += [button for row in self.rows for button in row]
        self.body.pop("reply_markup", None)
        if keyboard := inline(markup):
            self.body["reply_markup"] = keyboard


@dataclass(slots=True)
class Room:
    """One chat, as one bot knows it."""

    chat: dict[str, Any]
    standing: Standing = "open"
    messages: dict[int, Message] = field(default_factory=dict)
    keyboard: Markup | None = None
    """The reply keyboard people see below the chat."""
    folded: bool = False
    """A one-time keyboard that was used: still there, behind its icon."""
    actions: list[str] = field(default_factory=list)
    migrated_to: int | None = None
    admin: bool = False

    @property
    def id(self) -> int:
        return int(self.chat["id"])

    @property
    def type(self) -> str:
        return str(self.chat["type"])

    def standing_messages(self) -> list[Message]:
        """Return what stands in the chat now, oldest first."""
        return [one for _, one in sorted(self.messages.items()) if not one.deleted]

    def check_open(self) -> None:
        """Raise Refused when the bot cannot write here."""
        if self.migrated_to is not None:
            why = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, why, {"migrate_to_chat_id": self.migrated_to})
        match self.standing:
            case "never":
                raise forbidden("bot can't initiate conversation with a user")
            case "blocked":
                raise forbidden("bot was blocked by the user")
            case "kicked":
                raise forbidden(f"bot was kicked from the {self.type} chat")
            case "left":
                raise forbidden(f"bot is not a member of the {self.type} chat")
            case "open":
                pass


@dataclass(slots=True)
class Callback:
    """A press of an inline button that waits for its answer."""

    at: datetime
    user: int
    answered: bool = False


@dataclass(slots=True)
class Webhook:
    url: str
    secret: str | None
    max_connections: int
    last_error: tuple[datetime, str] | None = None


class Poll:
    """A getUpdates that waits. `look` lets it look again; `end` ends it with a conflict."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.ended: str | None = None
        self._news = asyncio.Event()

    def look(self) -> None:
        self._news.set()

    def end(self, why: str) -> None:
        self.ended = why
        self._news.set()

    async def news(self) -> None:
        await self._news.wait()
        self._news.clear()


@dataclass(slots=True)
class Account:
    """One bot. `user` is what getMe says of it."""

    token: str
    user: dict[str, Any]
    queue: Queue = field(default_factory=Queue)
    rooms: dict[int, Room] = field(default_factory=dict)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    webhook: Webhook | None = None
    poll: Poll | None = None
    revoked: bool = False
    commands: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    """By scope and language."""
    about: dict[tuple[str, str], str] = field(default_factory=dict)
    """Name and descriptions, by field and language."""
    menu_buttons: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By chat; 0 is the default."""
    files: dict[str, Upload] = field(default_factory=dict)
    sends_late: timedelta = timedelta()
    """How much later than it happens the bot is told."""
    message_ids: "count[int]" = field(default_factory=lambda: count(1))
    """Of private chats and small groups, which share them."""

    @property
    def id(self) -> int:
        return int(self.user["id"])

    @property
    def username(self) -> str:
        return str(self.user["username"])

    def user_in_messages(self) -> dict[str, Any]:
        """Return the bot as it stands in messages: without what only getMe tells."""
        return {name: self.user[name] for name in ("id", "is_bot", "first_name", "username")}

    def member(self, status: str) -> dict[str, Any]:
        """Return the bot as a ChatMember."""
        member = {"user": self.user_in_messages(), "status": status}
        if status == "kicked":
            return {**member, "until_date": 0}
        if status == "administrator":
            return {**member, **dict.fromkeys(ADMINISTRATOR_RIGHTS, False)}
        return member

    def write(
        self, room: Room, sender: Mapping[str, Any], now: datetime, content: Mapping[str, Any]
    ) -> Message:
        """Put a message into a chat and return it."""
        own = room.type in {"supergroup", "channel"}
        number = max(room.messages, default=0) + 1 if own else next(self.message_ids)
        author = "sender_chat" if room.type == "channel" else "from"
        head = {"message_id": number, author: dict(sender), "chat": dict(room.chat)}
        body = {**head, "date": int(now.timestamp()), **content}
        message = Message(body, now, sender["id"] == self.id)
        room.messages[number] = message
        return message

    def keep(self, upload: Upload) -> dict[str, Any]:
        """Store a file; return the fields every file has."""
        number = len(self.files) + 1
        file_id = f"INVENTED-FILE-{self.id}-{number}"
        self.files[file_id] = upload
        unique = f"unique{self.id}x{number}"
        return {"file_id": file_id, "file_unique_id": unique, "file_size": len(upload.content)}

    def room(self, chat_id: Any) -> Room:
        """Return the chat a request names. Raises Refused."""
        if isinstance(chat_id, str) and chat_id.startswith("@"):
            found = [one for one in self.rooms.values() if one.chat.get("username") == chat_id[1:]]
            found = [one for one in found if one.type != "private"]
            if found:
                return found[0]
        if chat_id in self.rooms:
            return self.rooms[chat_id]
        raise bad_request("chat not found")

    def hook(self, url: str, secret: str | None = None, connections: int = 40) -> None:
        """Bring updates to a webhook from now on."""
        self.webhook = Webhook(url, secret, connections)

    def look(self) -> None:
        """Let a waiting poll look for updates."""
        if self.poll is not None:
            self.poll.look()
