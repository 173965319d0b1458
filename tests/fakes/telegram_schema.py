"""What the Bot API says of itself, and what of that a value breaks.

Read from the schema that aiogram ships with its source. Knows nothing of chats: whether a message
exists is the server's business.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

SCHEMA: Final = Path(__file__).parents[1] / "vendor/bot-api-schema/schema.json.gz"
_VARIANT: Final = re.compile(r"^ - (\w+)", re.MULTILINE)
_LITERAL: Final = re.compile(r"(?:must be|always) ['\"]?(\w+)['\"]?$")
_CHOICE: Final = re.compile(r"[Mm]ust be one of ([^.]+)")
_LENGTH: Final = re.compile(r"\b(\d+)-(\d+) (characters|bytes)\b(?! after)")
_LIST: Final = re.compile(r", | or | and ")
_TELLING: Final = frozenset({"type", "source", "status", "style"})
"""Fields whose description says literally which values there are."""
_OPEN: Final = frozenset({"RichText", "RichBlock", "InputRichBlock", "InputMessageContent"})
"""Types whose text form the schema does not spell out; any value is taken."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in a multipart body."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    required: bool
    description: str


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Kind:
    """One type: its fields, or the types it can be."""

    fields: Fields
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    version: str
    methods: Mapping[str, Fields]
    types: Mapping[str, Kind]

    def problems(self, method: str, params: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with the arguments of a method; empty when nothing is."""
        return list(_object(self, self.methods[method], params, method))

    def breaches(self, type_: str, value: Any) -> list[str]:
        """Return what is wrong with a value that should be of a type such as `Update`."""
        return list(_value(self, type_, value, type_))


@cache
def bot_api() -> Schema:
    """Return the schema, read once."""
    raw = json.loads(gzip.decompress(SCHEMA.read_bytes()))
    entries = [child for item in raw["items"] for child in item["children"]]
    return Schema(
        raw["api"]["version"],
        {one["name"]: _fields(one) for one in entries if one["category"] == "methods"},
        {one["name"]: _kind(one) for one in entries if one["category"] == "types"},
    )


def _kind(entry: Mapping[str, Any]) -> Kind:
    fields = _fields(entry)
    return Kind(fields, () if fields else tuple(_VARIANT.findall(entry["description"])))


def _fields(entry: Mapping[str, Any]) -> Fields:
    return {
        one["name"]: Field(one["name"], one["type"], one["required"], one["description"])
        for one in entry["annotations"]
    }


def _object(schema: Schema, fields: Fields, value: Mapping[str, Any], at: str) -> Iterator[str]:
    for name, field in fields.items():
        if name in value:
            yield from _value(schema, field.type, value[name], f"{at}.{name}")
            yield from _length(field, value[name], f"{at}.{name}")
            yield from _literal(field, value[name], f"{at}.{name}")
        elif field.required:
            yield f"{at}.{name} is missing"
    for name in value.keys() - fields.keys():
        yield f"{at}.{name} is unknown"


def _value(schema: Schema, type_: str, value: Any, at: str) -> Iterator[str]:
    if type_.startswith("Array of "):
        yield from _array(schema, type_.removeprefix("Array of "), value, at)
    elif len(options := _LIST.split(type_)) > 1:
        yield from _closest(schema, options, value, at)
    elif type_ in _SIMPLE:
        if not _SIMPLE[type_](value):
            yield f"{at} is not {type_}"
    elif type_ == "KeyboardButton" and isinstance(value, str):
        pass
    elif type_ not in _OPEN:
        yield from _named(schema, type_, value, at)


def _array(schema: Schema, type_: str, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at} is not an array"
        return
    for number, item in enumerate(value):
        yield from _value(schema, type_, item, f"{at}[{number}]")


def _named(schema: Schema, type_: str, value: Any, at: str) -> Iterator[str]:
    kind = schema.types[type_]
    if kind.variants:
        yield from _closest(schema, kind.variants, value, at)
    elif not isinstance(value, Mapping):
        yield f"{at} is not {type_}"
    else:
        yield from _object(schema, kind.fields, value, at)


def _closest(schema: Schema, options: Any, value: Any, at: str) -> Iterator[str]:
    """Yield the complaints of the option that has the fewest."""
    yield from min((list(_value(schema, one, value, at)) for one in options), key=len)


def _length(field: Field, value: Any, at: str) -> Iterator[str]:
    found = _LENGTH.search(field.description)
    if found and isinstance(value, str):
        least, most, unit = int(found[1]), int(found[2]), found[3]
        length = len(value.encode()) if unit == "bytes" else utf16(value)
        if not least <= length <= most:
            yield f"{at} has {length} {unit}, not {least} to {most}"


def _literal(field: Field, value: Any, at: str) -> Iterator[str]:
    if field.name not in _TELLING:
        return
    choice = _CHOICE.search(field.description)
    literal = _LITERAL.search(field.description)
    allowed = re.findall(r"'(\w+)'", choice[1]) if choice else [literal[1]] if literal else [value]
    if value not in allowed:
        yield f"{at} is not {' or '.join(allowed)}"


def utf16(text: str) -> int:
    """Return the length in UTF-16 units, in which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_SIMPLE: Final[Mapping[str, Callable[[Any], bool]]] = {
    "String": lambda value: isinstance(value, str),
    "Integer": _is_integer,
    "Float": lambda value: _is_integer(value) or isinstance(value, float),
    "Boolean": lambda value: isinstance(value, bool),
    "True": lambda value: value is True,
    "InputFile": lambda value: isinstance(value, Upload),
}
