"""An empty installation's database, migrated once and then copied: a migration takes its time."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.migrate import migrate


def put_fresh_database(file: Path) -> None:
    """Put a SQLite database with all tables and no rows where there is none yet."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as elsewhere:
        file = Path(folder) / "mau03.db"
        # Whoever asks first may be inside an event loop.
        elsewhere.submit(migrate, f"sqlite:///{file.as_posix()}").result()
        return file.read_bytes()
