"""How a request comes in: JSON, form, multipart or query string, all to the same arguments.

In a form everything is text, so text is read as the type the schema gives the field. In JSON types
are kept as they are: a number in quotes is a mistake of ours, and stays one.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from aiohttp.multipart import BodyPartReader

from tests.fakes.telegram_schema import Fields, Upload

ATTACHED: Final = "attach://"
_INTEGER: Final = re.compile(r"-?\d+")
_FLOAT: Final = re.compile(r"-?\d+(\.\d+)?")
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}


@dataclass(slots=True)
class Arguments:
    """What was sent: typed values (JSON), texts (form, query) and files."""

    typed: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)


async def read(request: web.Request) -> Arguments:
    """Return the arguments as sent. Raises ValueError for a body that is none of the four."""
    sent = Arguments(texts=dict(request.query))
    if request.content_type == "application/json":
        typed = await request.json() if request.can_read_body else {}
        if not isinstance(typed, dict):
            raise ValueError("the JSON body is not an object")
        sent.typed = typed
    elif request.content_type == "multipart/form-data":
        await _multipart(request, sent)
    elif request.content_type == "application/x-www-form-urlencoded":
        form = await request.post()
        sent.texts |= {name: str(value) for name, value in form.items()}
    elif request.can_read_body:
        raise ValueError(f"a body of type {request.content_type}")
    return sent


async def _multipart(request: web.Request, sent: Arguments) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise ValueError("a part without a name")
        content = bytes(await part.read())
        if part.filename is None:
            sent.texts[part.name] = content.decode()
        else:
            sent.files[part.name] = Upload(part.filename, content)


def arguments(sent: Arguments, fields: Fields) -> tuple[dict[str, Any], list[str]]:
    """Return the arguments with their types, and what is wrong with them as a request."""
    params: dict[str, Any] = dict(sent.typed)
    problems = [f"{name} came twice" for name in sent.typed.keys() & sent.texts.keys()]
    for name, text in sent.texts.items():
        type_ = fields[name].type if name in fields else "String"
        params[name] = _typed(type_, text)
    problems += _attach(params, sent.files)
    return params, problems


def _attach(params: dict[str, Any], files: Mapping[str, Upload]) -> list[str]:
    """Put each file where its name or an `attach://` points; complain of what is left."""
    left = set(files)
    for name, value in list(params.items()):
        attached = value.removeprefix(ATTACHED) if isinstance(value, str) else value
        if attached != value and attached in files:
            params[name] = files[attached]
            left.discard(attached)
    for name in sorted(left - params.keys()):
        params[name] = files[name]
        left.discard(name)
    return [f"the file {name} is not used" for name in sorted(left)]


def _typed(type_: str, text: str) -> Any:
    """Return what the text of a form means; the text itself when it does not mean that type."""
    if type_ in {"String", "InputFile", "InputFile or String"}:
        return text
    if type_ in {"Integer", "Integer or String"}:
        return int(text) if _INTEGER.fullmatch(text) else text
    if type_ == "Float":
        return float(text) if _FLOAT.fullmatch(text) else text
    if type_ in {"Boolean", "True"}:
        return _BOOLEANS.get(text.lower(), text)
    try:
        return json.loads(text)
    except ValueError:
        return text
