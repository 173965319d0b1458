"""Encryption of personal data: AES-256-GCM bound to its place, keyed tokens, the office's key.

It does not decide what is personal; it never writes a key anywhere but into the key file.
"""

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import json
from sqlalchemy import Connection, insert, select

from storage.ids import Random
from storage.tables import meta

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
FORMAT: Final = b"\x01"
"""First byte of every sealed value: AES-256-GCM, 12-byte nonce, first office key."""
TOKEN_BYTES: Final = 16
"""128 bits of HMAC-SHA256: no two of a country's people meet by chance."""

UNWRAPPED: Final = 5_000
"""Data keys that stay unwrapped in memory. All are forgotten when a submission is erased."""

Key = AESGCM


class KeyRefused(Exception):
    """The program must not start. `code` names the text that explains the way out."""

    code = "key_refused"


class MissingKey(KeyRefused):
    """The database was sealed with a key that is not here: put the saved key file back."""

    code = "key_missing"


class WrongKey(KeyRefused):
    """This is not the key the database was sealed with: put the right key file back."""

    code = "key_wrong"


class DamagedKey(KeyRefused):
    """The key text is incomplete or mistyped: its checksum does not fit."""

    code = "key_damaged"


class Keys:
    """What is derived from the 32 bytes of the office's key (HKDF-SHA256), one key per purpose."""

    def __init__(self, office_key: bytes) -> None:
        if len(office_key) != KEY_BYTES:
            raise DamagedKey(f"a key has {KEY_BYTES} bytes, this one {len(office_key)}")
        self.office: Final = AESGCM(_derived(office_key, "office"))
        self._wrap = AESGCM(_derived(office_key, "wrap"))
        self._index = _derived(office_key, "index")
        self.data_key: Final = lru_cache(maxsize=UNWRAPPED)(self._data_key)

    def token(self, domain: str, text: str) -> str:
        """Return the keyed look-up token of `text`: 32 hexadecimal digits, HMAC-SHA256."""
        message = f"{domain}|{text}".encode()
        return hmac.digest(self._index, message, "sha256")[:TOKEN_BYTES].hex()

    def new_data_key(self, submission_id: int, random: Random) -> tuple[Key, bytes]:
        """Return a submission's own key, and the same wrapped for the database."""
        data_key = random(KEY_BYTES)
        wrapped = seal(self._wrap, data_key, _key_place(submission_id), random)
        return AESGCM(data_key), wrapped

    def _data_key(self, submission_id: int, wrapped: bytes) -> Key:
        """Raises cryptography's InvalidTag when `wrapped` is not this submission's key."""
        return AESGCM(unseal(self._wrap, wrapped, _key_place(submission_id)))


def _derived(office_key: bytes, purpose: str) -> bytes:
    derivation = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"mau03/1/{purpose}".encode())
    return derivation.derive(office_key)


def _key_place(submission_id: int) -> str:
    return place("submissions", "data_key", submission_id)


def place(table: str, column: str, row: object) -> str:
    """Return the name of one cell. What was sealed for it cannot be unsealed anywhere else."""
    return f"{table}.{column}:{row}"


def seal(key: Key, plain: bytes, where: str, random: Random) -> bytes:
    nonce = random(NONCE_BYTES)
    return FORMAT + nonce + key.encrypt(nonce, plain, where.encode())


def unseal(key: Key, sealed: bytes, where: str) -> bytes:
    """Return the plain bytes. Raises cryptography's InvalidTag: wrong key, place or content."""
    if sealed[:1] != FORMAT:
        raise InvalidTag
    nonce = sealed[1 : 1 + NONCE_BYTES]
    return key.decrypt(nonce, sealed[1 + NONCE_BYTES :], where.encode())


def seal_document(key: Key, document: Any, where: str, random: Random) -> bytes:
    return seal(key, json.encode(document), where, random)


def unseal_document(key: Key, sealed: bytes, where: str) -> Any:
    return json.decode(unseal(key, sealed, where))


def key_text(office_key: bytes) -> str:
    """Return the key as one line: base64, a full stop, eight digits that show a slip of the pen."""
    return f"{base64.urlsafe_b64encode(office_key).decode()}.{_checksum(office_key)}"


def read_key(text: str) -> bytes:
    """Return the 32 bytes written by `key_text`. Raises DamagedKey."""
    encoded, _, checksum = text.strip().partition(".")
    try:
        office_key = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise DamagedKey("the key is not base64") from None
    if len(office_key) != KEY_BYTES or checksum != _checksum(office_key):
        raise DamagedKey("the key is incomplete or mistyped")
    return office_key


def _checksum(office_key: bytes) -> str:
    return hashlib.sha256(b"mau03/1/checksum" + office_key).hexdigest()[:8]


def load_or_create_key(path: Path, random: Random) -> tuple[bytes, bool]:
    """Return the office's key and whether it was made just now. Raises DamagedKey."""
    if path.exists():
        return read_key(path.read_text("ascii", errors="replace")), False
    office_key = random(KEY_BYTES)
    _write_once(path, key_text(office_key) + "\n")
    return office_key, True


def _write_once(path: Path, text: str) -> None:
    """Write a file only its owner can read, and have it on the disk before anything is sealed."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def open_keys(
    connection: Connection, path: Path, random: Random, *, given: str | None = None
) -> tuple[Keys, bool]:
    """Return the keys of this database, and whether the key file was made just now.

    `given` is the key from the settings; then no file is read or made. A database that was
    sealed before accepts only its own key. Raises MissingKey, WrongKey or DamagedKey.
    The caller commits.
    """
    known = connection.scalar(select(meta.c.value).where(meta.c.name == "key_check"))
    if known is not None and given is None and not path.exists():
        raise MissingKey(f"{path} is gone: put the saved key file back in its place")
    office_key, created = (read_key(given), False) if given else load_or_create_key(path, random)
    keys = Keys(office_key)
    check = keys.token("key_check", "")
    if known is None:
        connection.execute(insert(meta).values(name="key_check", value=check))
    elif not hmac.compare_digest(known, check):
        raise WrongKey(f"{path} holds another key than the one this database was sealed with")
    return keys, created
