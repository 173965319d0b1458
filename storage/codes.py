"""Continuation codes: twelve characters and a check, kept as a keyed hash, and who tried how often.

The alphabet and the check character are Douglas Crockford's Base 32 (2002).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from storage.desk import Context
from storage.ids import Random, milliseconds
from storage.sealed import Keys
from storage.tables import attempts, codes

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS: Final = ALPHABET + "*~$=U"
"""Check characters, by the number modulo 37. A code whose check is a sign is never made."""
LENGTH: Final = 12
GROUP: Final = 4
LOOK_ALIKE: Final = str.maketrans("OIL", "011", " -.\u2013\u2014")
VALID: Final = timedelta(days=30)
MOST_TRIES: Final = 5
WINDOW: Final = timedelta(minutes=15)
"""Tries of one address, and of one code, are counted over this long."""


def new_code(random: Random) -> str:
    """Return a fresh code: 60 random bits as 12 characters, and the check character."""
    while True:
        code = "".join(ALPHABET[byte & 31] for byte in random(LENGTH))
        check = _check(code)
        if check in ALPHABET:
            return code + check


def written(code: str) -> str:
    """Return a code as people copy it: ABCD-EFGH-JKMN-P."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(text: str) -> str | None:
    """Return the code that was typed, or None when it is mistyped. O counts as 0, I and L as 1."""
    code = text.upper().translate(LOOK_ALIKE)
    whole = len(code) == LENGTH + 1 and all(character in ALPHABET for character in code)
    return code if whole and code[-1] == _check(code[:-1]) else None


def _check(code: str) -> str:
    number = 0
    for character in code:
        number = number * len(ALPHABET) + ALPHABET.index(character)
    return CHECKS[number % len(CHECKS)]


def token_of(keys: Keys, code: str) -> str:
    """Return what stands in the database instead of the code."""
    return keys.token("code", code)


def try_allowed(connection: Connection, context: Context, tried: Sequence[str]) -> bool:
    """Note one more try of everything in `tried`; False when one of them was tried too often.

    Only keyed hashes are kept, and no longer than they count. The caller commits in any case.
    """
    at = milliseconds(context.now())
    connection.execute(delete(attempts).where(attempts.c.at <= at - _milliseconds(WINDOW)))
    tokens = [context.keys.token("attempt", what) for what in tried]
    counts = [_count(connection, token) for token in tokens]
    if max(counts, default=0) >= MOST_TRIES:
        return False
    rows = [{"id": context.ids.next(at), "key": token, "at": at} for token in tokens]
    connection.execute(insert(attempts), rows)
    return True


def _count(connection: Connection, token: str) -> int:
    found = select(func.count()).select_from(attempts).where(attempts.c.key == token)
    return connection.scalar(found) or 0


def forget_expired(connection: Connection, now: datetime) -> None:
    """Delete the codes nobody can use any more."""
    connection.execute(delete(codes).where(codes.c.expires_at <= milliseconds(now)))


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
