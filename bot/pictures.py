"""A link or a code as a QR picture: a file, or characters in a terminal."""

import sys
from pathlib import Path

import segno

SCALE = 8
"""Pixels of one module in a PNG."""


def draw(text: str, where: str) -> None:
    """Write the picture to a file by its ending (.svg, .png), or to the terminal for "-"."""
    code = segno.make(text, error="m", micro=False)
    if where == "-":
        code.terminal(out=sys.stdout, compact=True)
    else:
        code.save(str(Path(where)), scale=SCALE)
