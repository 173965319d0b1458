"""Which processes of an installation live: each holds a file locked, the dead hold none.

On SQLite there is one process at a time; on PostgreSQL several, and what a dead one had claimed
would wait until its lease ran out.
"""

from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

FOLDER: Final = "workers"


def enter(data: Path, worker: str) -> tuple[FileLock, list[str]]:
    """Return our own lock, held until released or dead, and the workers found dead here."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    dead = [path.stem for path in sorted(folder.glob("*.lock")) if _is_dead(path)]
    lock = FileLock(folder / f"{worker}.lock")
    lock.acquire(timeout=0)
    return lock, dead


def _is_dead(path: Path) -> bool:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    path.unlink(missing_ok=True)
    lock.release()
    return True
