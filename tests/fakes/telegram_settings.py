"""The methods about the bot itself: who it is, its commands, its menu, its webhook, its chats."""

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from tests.fakes.telegram_methods import Call, Method
from tests.fakes.telegram_refusals import bad_request

COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
MOST_COMMANDS: Final = 100
PORTS: Final = frozenset({None, 80, 88, 443, 8443})
MOST_CONNECTIONS: Final = 100
USUAL_CONNECTIONS: Final = 40


def get_me(call: Call) -> Any:
    return call.account.user


def get_chat(call: Call) -> Any:
    room = call.room
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription")
    accepted = dict.fromkeys((*gifts, "gifts_from_channels"), False)
    full = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": accepted}
    return {**room.chat, **full}


def leave_chat(call: Call) -> Any:
    room = call.room
    if room.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    room.check_open()
    room.standing = "left"
    return True


def set_my_commands(call: Call) -> Any:
    commands = call.params["commands"]
    if len(commands) > MOST_COMMANDS:
        raise bad_request("too many commands specified")
    if not all(COMMAND.fullmatch(one["command"].removeprefix("/")) for one in commands):
        raise bad_request("BOT_COMMAND_INVALID")
    call.account.commands[_scope(call)] = [
        {**one, "command": one["command"].removeprefix("/")} for one in commands
    ]
    return True


def get_my_commands(call: Call) -> Any:
    return call.account.commands.get(_scope(call), [])


def delete_my_commands(call: Call) -> Any:
    call.account.commands.pop(_scope(call), None)
    return True


def _scope(call: Call) -> tuple[str, str]:
    scope = call.params.get("scope", {"type": "default"})
    if "chat_id" in scope:
        call.account.room(scope["chat_id"])
    return json.dumps(scope, sort_keys=True), call.params.get("language_code", "")


def set_about(field: str, call: Call) -> Any:
    call.account.about[field, call.params.get("language_code", "")] = call.params.get(field, "")
    return True


def get_about(field: str, call: Call) -> Any:
    language = call.params.get("language_code", "")
    about = call.account.about
    usual = call.account.user["first_name"] if field == "name" else ""
    return {field: about.get((field, language)) or about.get((field, "")) or usual}


def set_chat_menu_button(call: Call) -> Any:
    chat = call.params.get("chat_id", 0)
    if chat and call.account.room(chat).type != "private":
        raise bad_request("chat not found")
    call.account.menu_buttons[chat] = call.params.get("menu_button", {"type": "default"})
    return True


def get_chat_menu_button(call: Call) -> Any:
    buttons = call.account.menu_buttons
    usual = buttons.get(0, {"type": "commands"})
    return buttons.get(call.params.get("chat_id", 0), usual)


def set_webhook(call: Call) -> Any:
    if not call.params["url"]:
        return delete_webhook(call)
    account, params = call.account, call.params
    url = params["url"]
    _check_url(call, url)
    secret = params.get("secret_token")
    if secret is not None and not SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    connections = params.get("max_connections", USUAL_CONNECTIONS)
    if not 1 <= connections <= MOST_CONNECTIONS:
        raise bad_request("max_connections must be 1 to 100")
    if account.poll is not None:
        account.poll.end("terminated by setWebhook request")
    _take_updates(call)
    account.hook(url, secret, connections)
    return True


def _check_url(call: Call, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if parts.port not in PORTS:
        why = "Webhook can be set up only on ports 80, 88, 443 or 8443"
        raise bad_request(f"bad webhook: {why}")
    if call.server.route(url) is None:
        raise bad_request("bad webhook: Failed to resolve host: Name or service not known")


def delete_webhook(call: Call) -> Any:
    call.account.webhook = None
    _take_updates(call)
    return True


def _take_updates(call: Call) -> None:
    if call.params.get("drop_pending_updates"):
        call.account.queue.clear()
    allow(call)


def allow(call: Call) -> None:
    """Remember which kinds of updates the bot asked for, if it said so now."""
    if "allowed_updates" in call.params:
        call.account.queue.allowed = frozenset(call.params["allowed_updates"])


def get_webhook_info(call: Call) -> Any:
    account = call.account
    account.queue.look(call.now)
    info: dict[str, Any] = {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": len(account.queue.waiting()),
    }
    if account.queue.allowed:
        info["allowed_updates"] = sorted(account.queue.allowed)
    if (hook := account.webhook) is not None:
        info |= {"url": hook.url, "max_connections": hook.max_connections}
        if hook.last_error is not None:
            at, why = hook.last_error
            info |= {"last_error_date": int(at.timestamp()), "last_error_message": why}
    return info


SETTINGS: Final[Mapping[str, Method]] = {
    "getMe": get_me,
    "getChat": get_chat,
    "leaveChat": leave_chat,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": partial(set_about, "name"),
    "getMyName": partial(get_about, "name"),
    "setMyDescription": partial(set_about, "description"),
    "getMyDescription": partial(get_about, "description"),
    "setMyShortDescription": partial(set_about, "short_description"),
    "getMyShortDescription": partial(get_about, "short_description"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
