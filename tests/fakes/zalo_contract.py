"""What the vendor's pages say a bot may send to the Zalo Bot Platform. Guesses stand elsewhere."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from tests.fakes.zalo_guesses import SECRET_SIGNS, Refusal, counted

SECRET_HEADER: Final = "X-Bot-Api-Secret-Token"
TEXT_LENGTH: Final = range(1, 2001)
SECRET_LENGTH: Final = range(8, 257)
POLL_SECONDS: Final = 30
"""How long getUpdates waits when it is not told."""

BAD_REQUEST: Final = Refusal(400, "Bad request")
"""Also a wrong path and a method that does not exist."""
UNAUTHORIZED: Final = Refusal(401, "Unauthorized")
INTERNAL: Final = Refusal(403, "Internal server error")
"""The table of codes really says so: 403 is trouble at their end, not a forbidden chat."""
NOT_FOUND: Final = Refusal(404, "Not found")
TIMEOUT: Final = Refusal(408, "Request timeout")
"""A long poll that brought nothing. Not an error."""
QUOTA: Final = Refusal(429, "Quota exceeded")

Check = Callable[[object], bool]
"""value -> whether the platform takes it."""


@dataclass(frozen=True, slots=True)
class Field:
    check: Check
    required: bool = True


def is_id(value: object) -> bool:
    return isinstance(value, str) and value != ""


def is_text(value: object) -> bool:
    return isinstance(value, str) and counted(value) in TEXT_LENGTH


def is_secret(value: object) -> bool:
    if not isinstance(value, str) or SECRET_SIGNS.fullmatch(value) is None:
        return False
    return len(value) in SECRET_LENGTH


def is_seconds(value: object) -> bool:
    """The table says a string, the example beside it shows a number."""
    if isinstance(value, str):
        return value.isascii() and value.isdigit()
    return type(value) is int and value >= 0


def is_url(value: object) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme == "https" and bool(host(value))


def is_voice(value: object) -> bool:
    return is_url(value) and urlsplit(str(value)).path.endswith(".aac")


def is_public_url(value: object) -> bool:
    """HTTPS, and not an address inside somebody's house."""
    if not is_url(value):
        return False
    name = host(str(value))
    try:
        return ipaddress.ip_address(name).is_global
    except ValueError:
        return name != "localhost" and "." in name


def host(url: str) -> str:
    return urlsplit(url).hostname or ""


def one_of(*words: str) -> Check:
    return lambda value: value in words


def is_styles(value: object) -> bool:
    return isinstance(value, list) and all(_is_style(run) for run in value)


def _is_style(run: object) -> bool:
    return (
        isinstance(run, dict)
        and run.keys() == {"start", "len", "st"}
        and type(run["start"]) is int
        and type(run["len"]) is int
        and isinstance(run["st"], list)
    )


CHAT: Final = Field(is_id)
METHODS: Final[Mapping[str, Mapping[str, Field]]] = {
    "getMe": {},
    "getUpdates": {"timeout": Field(is_seconds, required=False)},
    "setWebhook": {"url": Field(is_public_url), "secret_token": Field(is_secret)},
    "deleteWebhook": {},
    "getWebhookInfo": {},
    "sendMessage": {
        "chat_id": CHAT,
        "text": Field(is_text),
        "parse_mode": Field(one_of("markdown", "html"), required=False),
        "text_styles": Field(is_styles, required=False),
    },
    "sendPhoto": {
        "chat_id": CHAT,
        "photo": Field(is_url),
        "caption": Field(is_text, required=False),
    },
    "sendSticker": {"chat_id": CHAT, "sticker": Field(is_id)},
    "sendVoice": {"chat_id": CHAT, "voice_url": Field(is_voice)},
    # "upload_photo" is announced, not there.
    "sendChatAction": {"chat_id": CHAT, "action": Field(one_of("typing"))},
}


def problems(method: str, fields: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a call; nothing when the platform must take it."""
    known = METHODS.get(method)
    if known is None:
        return [f"{method}: no such method"]
    missing = [name for name, field in known.items() if field.required and name not in fields]
    unknown = [name for name in fields if name not in known]
    wrong = [name for name in fields if name in known and not known[name].check(fields[name])]
    return [
        *(f"{method}: {name} is missing" for name in missing),
        *(f"{method}: {name} is not a field" for name in unknown),
        *(f"{method}: {name} cannot be {fields[name]!r:.80}" for name in wrong),
    ]
