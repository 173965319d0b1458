"""A link or a code as a QR picture: a file, or characters in a terminal."""

import sys
from pathlib import Path

import segno

SCALE = 8
"""Pixels of one module in a PNG."""


KINDS = frozenset({".svg", ".png"})


def can_draw(where: str) -> bool:
    """Say whether a picture may be written there, before what it shows is made."""
    file = Path(where)
    return where == "-" or (file.suffix.lower() in KINDS and file.absolute().parent.is_dir())


def draw(text: str, where: str) -> None:
    """Write the picture to a file by its ending (.svg, .png), or to the terminal for "-"."""
    code = segno.make(text, error="m", micro=False)
    if where == "-":
        code.terminal(out=sys.stdout, compact=True)
    else:
        code.save(str(Path(where)), scale=SCALE)
