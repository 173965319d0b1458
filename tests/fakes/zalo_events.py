"""Webhook bodies of the Zalo Bot Platform, one of each kind, to be read by others' tests.

The updates stand in `zalo_events.json`, escaped so that no editor composes their letters.
`GOOD` must be understood, `ODD` and `RAW` must do no harm. All people and ids are invented.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Sample:
    """One update. Each has a message_id of its own, where it has one."""

    name: str
    update: Mapping[str, Any]

    def raw(self, *, wrapped: bool) -> bytes:
        """Return the body of the webhook call, in either of the two shapes that were seen."""
        return json.dumps({"ok": True, "result": self.update} if wrapped else self.update).encode()


def _read(part: str) -> dict[str, Sample]:
    file = Path(__file__).with_name("zalo_events.json")
    updates = json.loads(file.read_text("utf-8"))[part]
    return {name: Sample(name, update) for name, update in updates.items()}


def _long(characters: int) -> Sample:
    """A text longer than any a bot may send; what people may type is not known."""
    text = _read("good")["text"].update
    message = {**text["message"], "message_id": f"{characters:020x}", "text": "a" * characters}
    return Sample(f"text_of_{characters}", {**text, "message": message})


GOOD: Final[Mapping[str, Sample]] = _read("good") | {
    sample.name: sample for sample in (_long(2000), _long(2001), _long(100_000))
}
ODD: Final[Mapping[str, Sample]] = _read("odd")
RAW: Final[Mapping[str, bytes]] = {
    "nothing": b"",
    "not_json": b"hello",
    "cut_short": GOOD["text"].raw(wrapped=True)[:-9],
    "not_utf8": b'{"event_name": "message.text.received", "message": {"text": "\xff"}}',
    "null": b"null",
    "number": b"7",
    "not_a_number": b'{"event_name": NaN}',
    "list": b"[]",
    "batch": b"[" + GOOD["text"].raw(wrapped=False) + b"]",
    "not_ok": b'{"ok": false, "error_code": 408, "description": "Request timeout"}',
    "wrapped_nothing": b'{"ok": true}',
    "wrapped_null": b'{"ok": true, "result": null}',
    "wrapped_list": b'{"ok": true, "result": []}',
    "deep": b"[" * 100_000,
}
"""Bodies that are no update at all."""
