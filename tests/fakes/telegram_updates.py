"""Updates as Telegram sends them, one file each, for whoever has to understand them. Invented."""

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).with_name("updates")
NAMES: Final = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
UNKNOWN: Final = ("unknown_fields", "unknown_message_kind", "unknown_update_kind")
"""These hold what no schema knows yet: Telegram adds fields without asking."""


def update(name: str) -> dict[str, Any]:
    """Return a new copy of one update."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found
