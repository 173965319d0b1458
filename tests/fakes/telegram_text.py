"""Text as Telegram's server reads it: the HTML it understands, and what it marks by itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final

from tests.fakes.telegram_refusals import Refused, bad_request
from tests.fakes.telegram_schema import utf16

LONGEST_TEXT: Final = 4096
LONGEST_CAPTION: Final = 1024
Entity = dict[str, Any]

_TAGS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
_PIECE: Final = re.compile(
    r"<(/?)([a-zA-Z][\w-]*)([^<>]*)>|&(?:lt|gt|amp|quot|#\d+|#x[\da-f]+);", re.I
)
_HREF: Final = re.compile(r"""\s*href\s*=\s*["']([^"']*)["']\s*""")
_MARKED: Final = (
    ("bot_command", re.compile(r"(?<![\w/])/[a-zA-Z0-9_]{1,32}(?:@\w{5,32})?(?!\w)")),
    ("url", re.compile(r"https?://[^\s<>]+[^\s<>.,!?)]")),
    ("email", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
    ("mention", re.compile(r"(?<![\w@])@\w{5,32}\b")),
    ("hashtag", re.compile(r"(?<!\w)#\w*[^\W\d_]\w*")),
)


@dataclass(frozen=True, slots=True)
class Formatted:
    text: str
    entities: list[Entity]

    def body(self, text_field: str, entities_field: str) -> dict[str, Any]:
        """Return the fields of a Message that hold it."""
        entities = {entities_field: self.entities} if self.entities else {}
        return {text_field: self.text, **entities} if self.text else {}


def formatted(params: Mapping[str, Any], name: str, entities_name: str) -> Formatted:
    """Return a text of a request, trimmed and with its entities. Raises Refused."""
    text, entities = str(params.get(name, "")), list(params.get(entities_name, []))
    match params.get("parse_mode", "").lower():
        case "html":
            text, entities = html(text)
        case "":
            _within(text, entities)
        case "markdown" | "markdownv2":
            raise Refused(400, "Bad Request: this fake does not read Markdown")
        case _:
            raise bad_request("unsupported parse_mode")
    return trimmed(text, entities)


def trimmed(text: str, entities: Sequence[Entity] = ()) -> Formatted:
    """Return the text without outer whitespace, marked as the server would."""
    cut = utf16(text) - utf16(text.lstrip())
    text = text.strip()
    moved = [{**one, "offset": max(0, one["offset"] - cut)} for one in entities]
    given = [one for one in moved if one["offset"] < utf16(text)]
    for one in given:
        one["length"] = min(one["length"], utf16(text) - one["offset"])
    found = [one for one in marks(text) if not any(_touch(one, other) for other in given)]
    return Formatted(text, sorted(given + found, key=lambda one: (one["offset"], -one["length"])))


def marks(text: str) -> Iterator[Entity]:
    """Yield what Telegram finds by itself: commands, links, addresses, hashtags."""
    taken: list[Entity] = []
    for kind, pattern in _MARKED:
        for found in pattern.finditer(text):
            one = {
                "type": kind,
                "offset": utf16(text[: found.start()]),
                "length": utf16(found[0]),
            }
            if not any(_touch(one, other) for other in taken):
                taken.append(one)
                yield one


def _touch(one: Entity, other: Entity) -> bool:
    return bool(
        one["offset"] < other["offset"] + other["length"]
        and other["offset"] < one["offset"] + one["length"]
    )


def _within(text: str, entities: Sequence[Entity]) -> None:
    for one in entities:
        if one["offset"] < 0 or one["length"] <= 0 or one["offset"] + one["length"] > utf16(text):
            raise bad_request("entity beyond the text")


@dataclass(slots=True)
class _Reading:
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    stack: list[tuple[str, Entity]] = field(default_factory=list)

    def opened(self, tag: str, rest: str) -> None:
        entity: Entity = {"type": _TAGS[tag], "offset": utf16(self.text)}
        if tag == "a" and (href := _HREF.fullmatch(rest)):
            entity["url"] = unescape(href[1])
        self.stack.append((tag, entity))

    def closed(self, tag: str) -> None:
        if not self.stack or self.stack[-1][0] != tag:
            raise bad_request(f'can\'t parse entities: Unexpected end tag "{tag}"')
        entity = self.stack.pop()[1]
        entity["length"] = utf16(self.text) - entity["offset"]
        if entity["length"] and not (entity["type"] == "text_link" and "url" not in entity):
            self.entities.append(entity)


def html(source: str) -> tuple[str, list[Entity]]:
    """Return the plain text and its entities. Raises Refused for HTML Telegram does not take."""
    reading, at = _Reading(), 0
    for piece in _PIECE.finditer(source):
        reading.text += _plain(source[at : piece.start()])
        at = piece.end()
        tag = (piece[2] or "").lower()
        if not tag:
            reading.text += unescape(piece[0])
        elif tag not in _TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}"')
        elif piece[1]:
            reading.closed(tag)
        else:
            reading.opened(tag, piece[3])
    reading.text += _plain(source[at:])
    if reading.stack:
        missing = reading.stack[-1][0]
        raise bad_request(f"can't parse entities: Can't find end tag of \"{missing}\"")
    return reading.text, reading.entities


def _plain(text: str) -> str:
    if "<" in text:
        raise bad_request("can't parse entities: Unsupported start tag")
    return text
