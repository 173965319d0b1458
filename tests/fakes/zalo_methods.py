"""What the fake Zalo does when a bot calls one of its methods rightly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tests.fakes.zalo_contract import POLL_SECONDS, QUOTA, TIMEOUT
from tests.fakes.zalo_guesses import Guesses, Refusal
from tests.fakes.zalo_people import Bell, Bot, Chat, Event, Seen, milliseconds, rung

SHOWN: Final[Mapping[str, tuple[Any, str]]] = {
    "sendMessage": ("text", "text"),
    "sendPhoto": ("photo", "photo"),
    "sendSticker": ("sticker", "sticker"),
    "sendVoice": ("voice", "voice_url"),
    "sendChatAction": ("typing", "action"),
}
"""Method -> what the person sees, and the field it is in."""


@dataclass(frozen=True, slots=True)
class Done:
    """An answer with ok:true; `result` is None where the platform gives none."""

    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer with ok:false; `wait` is the hint how long to stay away."""

    refusal: Refusal
    wait: timedelta | None = None


def identity(bot: Bot) -> Mapping[str, Any]:
    return {
        "id": bot.id,
        "account_name": f"bot.{bot.id}",
        "account_type": "BASIC",
        "can_join_groups": False,
    }


def hooked(bot: Bot) -> Done:
    changed = bot.webhook_changed
    return Done({"url": bot.webhook, "updated_at": milliseconds(changed) if changed else 0})


class Methods:
    def __init__(
        self,
        now: Callable[[], datetime],
        guesses: Guesses,
        bell: Bell,
        violations: list[str],
        background: bool,
    ) -> None:
        self._now = now
        self._guesses = guesses
        self._bell = bell
        self._violations = violations
        self._background = background

    async def do(self, bot: Bot, method: str, fields: Mapping[str, Any]) -> Done | Refused:
        """Do what was asked in a call that is right; return the answer."""
        match method:
            case "getMe":
                return Done(identity(bot))
            case "getUpdates":
                return await self._get_updates(bot, fields)
            case "setWebhook":
                return self._hook(bot, fields["url"], fields["secret_token"])
            case "deleteWebhook":
                return self._hook(bot, "", "")
            case "getWebhookInfo":
                return hooked(bot)
        return self._send(bot, method, fields)

    def _hook(self, bot: Bot, url: str, secret: str) -> Done:
        bot.webhook, bot.secret, bot.webhook_changed = url, secret, self._now()
        self._bell.ring()
        return hooked(bot)

    async def _get_updates(self, bot: Bot, fields: Mapping[str, Any]) -> Done | Refused:
        if bot.webhook:
            return Refused(self._guesses.polling_with_webhook)
        if bot.polling:
            self._violations.append("getUpdates: two at a time take updates from each other")
        seconds = int(fields.get("timeout", POLL_SECONDS))
        for_ever = seconds == 0 and self._guesses.zero_waits_for_ever
        bot.polling += 1
        try:
            event = await self._next_event(
                bot, None if for_ever else self._now() + timedelta(seconds=seconds)
            )
        finally:
            bot.polling -= 1
            self._bell.ring()
        return Refused(TIMEOUT) if event is None else Done(self._polled(event))

    async def _next_event(self, bot: Bot, deadline: datetime | None) -> Event | None:
        """Take one event away: if the answer is lost, so is the event."""
        while True:
            bell = self._bell.next
            if due := bot.due():
                bot.pending.remove(due[0])
                bot.taken.append(due[0].event)
                return due[0].event
            now = self._now()
            if bot.webhook or (deadline is not None and now >= deadline):
                return None
            ends = [each.due for each in bot.pending] + ([deadline] if deadline else [])
            seconds = (min(ends) - now).total_seconds() if self._background and ends else None
            await rung(bell, seconds)

    def _polled(self, event: Event) -> dict[str, Any]:
        update = event.update()
        if not self._guesses.polled_has_name:
            del update["event_name"]
        return update

    def _send(self, bot: Bot, method: str, fields: Mapping[str, Any]) -> Done | Refused:
        counts = method in self._guesses.quota_counts
        over = self._over_quota(bot) if counts else None
        if over is not None:
            return over
        chat = bot.chats.get(fields["chat_id"])
        if chat is None or not chat.opened:
            return Refused(self._guesses.unknown_chat)
        if chat.blocked:
            return Refused(self._guesses.blocked)
        return self._show(chat, method, fields)

    def _over_quota(self, bot: Bot) -> Refused | None:
        if bot.quota is None:
            return None
        now, quota = self._now(), bot.quota
        bot.sends = [at for at in bot.sends if at > now - quota.per]
        if len(bot.sends) < quota.messages:
            bot.sends.append(now)
            return None
        return Refused(QUOTA, bot.sends[0] + quota.per - now if quota.hint else None)

    def _show(self, chat: Chat, method: str, fields: Mapping[str, Any]) -> Done:
        kind, name = SHOWN[method]
        now, message_id = self._now(), chat.bot.new_message_id()
        # A page says so: a voice message to a group is answered with success and never arrives.
        if not (kind == "voice" and chat.chat_type == "GROUP"):
            caption = fields.get("caption", "")
            chat.seen.append(Seen(kind, fields[name], message_id, now, caption))
        self._bell.ring()
        if kind == "typing":
            return Done()
        return Done({"message_id": message_id, "date": milliseconds(now)})
