"""Identity cards nobody has, and what a phone's camera sees of their QR codes. Plain Python."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path
from random import Random
from typing import Final

import segno

CARD: Final = (
    "051190001236|212345679|Đặng Thị Ngọc Quỳnh|05091990|Nữ|"
    "Thôn Tà Vinh, Sơn Tây, Quảng Ngãi|01052021"
)
"""Invented."""
OTHERS: Final = "|Đặng Văn Chỉnh|Hồ Thị Yểng|212999888|"
"""What a newer card says about other people. Invented too."""
WIDTH: Final = 1280
HEIGHT: Final = 720
QUIET: Final = 4
"""Modules of white around a QR code."""
LUMA: Final = bytes(16 + grey * 219 // 255 for grey in range(256))
"""Grey -> brightness as films store it."""

Rows = list[bytearray]


@dataclass(frozen=True, slots=True)
class Shot:
    """How a card is held before the camera, and in what light."""

    module: float = 6.0
    """Pixels of one module."""
    turned: float = 0.0
    """Degrees."""
    leaning: float = 0.0
    """How much larger the lower edge is than the upper one."""
    black: int = 35
    white: int = 215
    blur: int = 0
    """Pixels to each side that run together, twice."""
    noise: int = 0
    """Grey levels up and down."""

    @property
    def table(self) -> int:
        """Grey of what lies around the card, in the same light."""
        return (self.black + self.white) // 2


def film(path: Path, text: str, shot: Shot) -> Path:
    """Write a film of one picture that a browser takes for its camera, and return its path."""
    chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
    frame = b"FRAME\n" + b"".join(_picture(text, shot)).translate(LUMA) + chroma
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n"
    path.write_bytes(header.encode() + 2 * frame)
    return path


def photo(path: Path, text: str, shot: Shot) -> Path:
    """Write the same picture as a PNG, and return its path."""
    size = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in _picture(text, shot)))
    chunks = (_chunk(b"IHDR", size), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def _picture(text: str, shot: Shot) -> Rows:
    """Return the brightness of every pixel."""
    rows = [bytearray([shot.table]) * WIDTH for _ in range(HEIGHT)]
    code = segno.make_qr(text, error="m", boost_error=False)
    matrix = [bytes(row) for row in code.matrix_iter(border=QUIET)]
    half = min(int(len(matrix) * shot.module * 0.8), HEIGHT // 2 - 1)
    seen = list(_seen(matrix, half, shot))
    for _ in range(2 if shot.blur else 0):
        seen = _blurred(_turned(_blurred(_turned(seen), shot.blur)), shot.blur)
    if shot.noise:
        seen = list(_grainy(seen, shot.noise))
    left, top = WIDTH // 2 - half, HEIGHT // 2 - half
    for number, row in enumerate(seen):
        rows[top + number][left : left + len(row)] = row
    return rows


def _seen(matrix: Sequence[bytes], half: int, shot: Shot) -> Iterator[bytearray]:
    """Yield the rows of a square around the middle: for each pixel the module it falls on."""
    size, shades = len(matrix), (shot.white, shot.black)
    across, along = cos(radians(shot.turned)) / shot.module, sin(radians(shot.turned)) / shot.module
    for y in range(-half, half):
        row = bytearray([shot.table]) * (2 * half)
        for x in range(-half, half):
            right, down = x * across + y * along, y * across - x * along
            depth = 1 + shot.leaning * down / size
            column, line = right / depth + size / 2, down / depth + size / 2
            if 0 <= column < size and 0 <= line < size:
                row[x + half] = shades[matrix[int(line)][int(column)]]
        yield row


def _turned(rows: Rows) -> Rows:
    return [bytearray(column) for column in zip(*rows, strict=True)]


def _blurred(rows: Rows, radius: int) -> Rows:
    """Return every pixel as the mean of its neighbours in the row."""
    wide = 2 * radius + 1
    found = []
    for row in rows:
        padded = bytes([row[0]]) * (radius + 1) + row + bytes([row[-1]]) * radius
        total, means = sum(padded[:wide]), bytearray(len(row))
        for at in range(len(row)):
            total += padded[at + wide] - padded[at]
            means[at] = total // wide
        found.append(means)
    return found


def _grainy(rows: Rows, noise: int) -> Iterator[bytearray]:
    random = Random(1)
    for row in rows:
        grain = random.randbytes(len(row))
        yield bytearray(
            min(255, max(0, shade + (grey - 128) * noise // 128))
            for shade, grey in zip(row, grain, strict=True)
        )
