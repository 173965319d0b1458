"""Groups, supergroups and channels, as far as a bot meets them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.telegram_person import Bubble, Impossible, Person, bubbles
from tests.fakes.telegram_state import Account, Room
from tests.fakes.telegram_text import trimmed

if TYPE_CHECKING:
    from tests.fakes.telegram import FakeTelegram


@dataclass(slots=True)
class Group:
    """One group and one bot, which at first is not in it."""

    server: "FakeTelegram"
    account: Account
    chat: dict[str, Any]

    @property
    def id(self) -> int:
        return int(self.chat["id"])

    @property
    def room(self) -> Room:
        if self.id not in self.account.rooms:
            raise Impossible("the bot was never in this group")
        return self.account.rooms[self.id]

    def brings_in_bot(self, person: Person, *, admin: bool = False) -> None:
        """Let a person add the bot. In a channel a bot is always an administrator."""
        room = self.account.rooms.setdefault(self.id, Room(self.chat, "left"))
        room.standing, room.admin = "open", admin or room.type == "channel"
        self._meet(person)
        self._member(person, "left", "administrator" if room.admin else "member")
        if room.type != "channel":
            self._service(person, {"new_chat_members": [self.account.user_in_messages()]})

    def removes_bot(self, person: Person) -> None:
        """Let a person throw the bot out."""
        self._member(person, "administrator" if self.room.admin else "member", "kicked")
        self.room.standing = "kicked"

    def types(self, person: Person, text: str, *, reply_to: int | None = None) -> int:
        """Let a person write into the group; return the message id.

        A bot that is no administrator hears only commands, its name and replies to itself.
        """
        self._meet(person)
        reply, mine = {}, False
        if reply_to is not None:
            original = self.room.messages[reply_to]
            reply, mine = {"reply_to_message": original.body}, original.outgoing
        content = {**reply, **trimmed(text).body("text", "entities")}
        message = self.account.write(self.room, person.user, self.server.now(), content)
        called = text.startswith("/") or f"@{self.account.username}" in text
        if self.room.standing == "open" and (self.room.admin or called or mine):
            self._tell("message", message.body)
        return message.id

    def posts(self, text: str) -> int:
        """Post into the channel, in its own name; return the message id."""
        content = trimmed(text).body("text", "entities")
        message = self.account.write(self.room, self.chat, self.server.now(), content)
        self._tell("channel_post", message.body)
        return message.id

    def upgrades(self, person: Person) -> "Group":
        """Make a supergroup of the group and return it; the group is no more."""
        bigger = self.server.group(self.chat["title"], self.account, "supergroup")
        room = self.account.rooms[bigger.id] = Room(bigger.chat, admin=self.room.admin)
        self._service(person, {"migrate_to_chat_id": bigger.id})
        self.room.migrated_to = room.id
        bigger._service(person, {"migrate_from_chat_id": self.id})
        return bigger

    def sees(self) -> list[Bubble]:
        """Return what stands in the group now, oldest first."""
        return list(bubbles(self.room))

    def _meet(self, person: Person) -> None:
        """The bot knows this person from now on, but may not write to them."""
        private = {"id": person.id, "type": "private", "first_name": person.user["first_name"]}
        self.account.rooms.setdefault(person.id, Room(private, "never"))

    def _service(self, person: Person, content: Mapping[str, Any]) -> None:
        message = self.account.write(self.room, person.user, self.server.now(), content)
        self._tell("message", message.body)

    def _member(self, person: Person, old: str, new: str) -> None:
        change = {
            "chat": self.chat,
            "from": person.user,
            "date": int(self.server.now().timestamp()),
            "old_chat_member": self.account.member(old),
            "new_chat_member": self.account.member(new),
        }
        self._tell("my_chat_member", change)

    def _tell(self, kind: str, body: dict[str, Any]) -> None:
        self.server.publish(self.account, kind, body, self.id)
