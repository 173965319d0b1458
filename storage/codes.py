"""Continuation codes: twelve characters and a check, or six digits; kept as a keyed hash.

The alphabet and the check character are Douglas Crockford's Base 32 (2002).
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete

from storage.ids import Random, milliseconds
from storage.sealed import Keys
from storage.tables import codes

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS: Final = ALPHABET + "*~$=U"
"""Check characters, by the number modulo 37. A code whose check is a sign is never made."""
LENGTH: Final = 12
GROUP: Final = 4
LOOK_ALIKE: Final = str.maketrans("OIL", "011", " -.\u2013\u2014")
VALID: Final = timedelta(days=30)
SHORT: Final = 6
"""Digits of a code that one person carries from one of their chats to another."""
SHORT_VALID: Final = timedelta(minutes=10)


def new_code(random: Random, length: int = LENGTH) -> str:
    """Return a fresh code: five random bits for each character, and the check character."""
    while True:
        code = "".join(ALPHABET[byte & 31] for byte in random(length))
        check = _check(code)
        if check in ALPHABET:
            return code + check


def new_short_code(random: Random) -> str:
    """Return six random digits."""
    return f"{int.from_bytes(random(8)) % 10**SHORT:0{SHORT}}"


def written(code: str) -> str:
    """Return a code as people copy it: ABCD-EFGH-JKMN-P."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(text: str, length: int = LENGTH) -> str | None:
    """Return the code that was typed, or None when it is mistyped. O counts as 0, I and L as 1."""
    code = text.upper().translate(LOOK_ALIKE)
    whole = len(code) == length + 1 and all(character in ALPHABET for character in code)
    return code if whole and code[-1] == _check(code[:-1]) else None


def _check(code: str) -> str:
    number = 0
    for character in code:
        number = number * len(ALPHABET) + ALPHABET.index(character)
    return CHECKS[number % len(CHECKS)]


def token_of(keys: Keys, code: str) -> str:
    """Return what stands in the database instead of the code."""
    return keys.token("code", code)


def forget_expired(connection: Connection, now: datetime) -> None:
    """Delete the codes nobody can use any more."""
    connection.execute(delete(codes).where(codes.c.expires_at <= milliseconds(now)))


_DAMM: Final = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip
"""Damm's quasigroup of order ten (H. M. Damm, 2004)."""


def check_digit(digits: str) -> str:
    """Return Damm's check digit: it shows every single wrong digit and every swap of two."""
    row = 0
    for digit in digits:
        row = int(_DAMM[row][int(digit)])
    return str(row)
