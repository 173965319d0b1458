"""Files that appear whole or not at all, readable by their owner only."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

HIDDEN: Final = ".mau03-"
OWNER_ONLY: Final = 0o600


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """Yield a path to write to; when the block ends well its content is on the disk as `out`.

    The path lies in a hidden folder (0700) beside `out`, so that other temporary files can lie
    there too: nothing personal reaches the machine's shared temporary folder. After an exception
    `out` is as it was before. Raises FileNotFoundError when there is no such folder.
    """
    if not out.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(out.parent))
    with TemporaryDirectory(prefix=HIDDEN, dir=out.parent) as folder:
        part = Path(folder, out.name)
        part.touch(OWNER_ONLY)
        yield part
        part.chmod(OWNER_ONLY)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(out)
        _sync_folder(out.parent)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk too. Windows does that by itself and opens no folders."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits."""
    digest = sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
