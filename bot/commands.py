"""What the commands share: where the installation is, opening it, and clear words when it fails."""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from storage.ids import VIETNAM

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app import House, Place
    from bot.dialogs.language import Texts
    from storage.access import Viewer

T = TypeVar("T")

As = Annotated[
    str | None, typer.Option("--as", help="Login of who asks; else the officer of this machine.")
]

Data = Annotated[
    Path | None, typer.Option("--data", file_okay=False, help="Data folder, not MAU03_DATA.")
]


def operating_system_user() -> str:
    """Return who runs this, by the system's own list where it has one (variables can be set)."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


async def asking(house: "House", login: str | None, role: str = "officer") -> "Viewer":
    """Return who asks: an account, or whoever has this machine and its key, in this role.

    Raises AccountRefused for an account that is disabled or not there.
    """
    from storage.access import Viewer
    from storage.accounts import viewer_of

    if login is None:
        return Viewer(role, house.office.commune, None, by=f"cli:{operating_system_user()}")
    return await house.read(lambda connection: viewer_of(connection, login))


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what stops the program into clear sentences and exit status 1; bugs stay bugs."""
    try:
        yield
    except Exception as error:
        sentence = _explanation(error)
        if sentence is None:
            raise
        typer.echo(sentence, err=True)
        raise typer.Exit(1) from None


def _explanation(error: Exception) -> str | None:
    """Return what to tell the administrator, in Vietnamese and English; None for a bug."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    from admin.exports.layout import BadLayout, NoLayout
    from admin.exports.xlsx import TooManyRows
    from bot.content import texts_of
    from bot.dialogs.form import BadForm
    from bot.settings import BadSettings
    from storage.backup import BackupRefused
    from storage.database import AlreadyRunning
    from storage.sealed import KeyRefused

    texts = texts_of()
    refused = _refusal(error, texts) or _about_people(error, texts)
    if refused is not None:
        return refused
    match error:
        case BadSettings():
            return error.explained(texts)
        case AlreadyRunning():
            return f"{texts('command.already_running')}\n{error}"
        case KeyRefused():
            return f"{texts(f'command.{error.code}')}\n{error}"
        case BackupRefused():
            return f"{texts(f'backup.{error.code}')}\n{error.__doc__} ({error})"
        case NoLayout():
            known = ", ".join(error.known)
            return texts("export.no_layout", name=error.name, known=known)
        case TooManyRows():
            return f"{texts('export.too_many_rows')}\n{error.__doc__}"
        case BadForm() | BadLayout():
            return str(error)
        case BrokenPipeError():
            return None  # whoever reads what we print has enough of it: no fault of the database
        case OperationalError() | InterfaceError() | ConnectionError():
            # The driver's own words: SQLAlchemy's would show the values too.
            why = getattr(error, "orig", error)
            return f"{texts('command.database')}\n{why}"
        case OSError() if error.filename is not None:
            return f"{texts('command.file', file=error.filename)}\n{error}"
    return None


def _refusal(error: Exception, texts: "Texts") -> str | None:
    """Return why somebody may not do what they asked for; None when it is something else."""
    from bot.offices import OfficeUnclear
    from storage.access import Denied, OnlyCounts
    from storage.accounts import AccountRefused
    from storage.assignments import AssignRefused
    from storage.returns import ReturnRefused
    from storage.units import UnitRefused

    match error:
        case OfficeUnclear():
            key = "commune_unknown" if error.given else "commune_missing"
            facts = {"given": error.given, "known": ", ".join(error.known) or "0"}
            return texts(f"command.{key}", **facts)
        case Denied():
            key = "only_counts" if isinstance(error, OnlyCounts) else "denied"
            action = str(error).partition(":")[0]
            return texts(f"access.{key}", action=texts(f"actions.{action}"))
        case AccountRefused():
            return texts(f"account.{error.code}", **error.facts)
        case UnitRefused():
            return texts(f"unit.{error.code}", **error.facts)
        case AssignRefused():
            return texts(f"assign.{error.code}", **error.facts)
        case ReturnRefused():
            return texts(f"return.{error.code}", **error.facts)
    return None


def _about_people(error: Exception, texts: "Texts") -> str | None:
    """Return what to say about a list of people, or people who stand twice; None for the rest."""
    from admin.imports.refusals import FileRefused
    from admin.imports.targets import BadTarget
    from storage.doubles import NoSuchPair
    from storage.merging import MergeRefused
    from storage.undoing import AlreadyUndone, NoSuchBatch

    match error:
        case FileRefused():
            return texts(f"import.file.{error.reason}", **error.facts)
        case BadTarget():
            return texts("import.bad_target", given=error)
        case MergeRefused():
            return texts(f"merge.{error.code}", **error.facts)
        case NoSuchPair():
            return texts("doubles.no_pair", pair=error)
        case NoSuchBatch():
            return texts("import.no_batch", batch=error)
        case AlreadyUndone():
            return texts("import.undone_before", batch=error)
    return None


def place_of(data: Path | None) -> "Place":
    """Return the place that the settings name, or everything in the folder `data`.

    A folder without a key file is opened with the key of the settings. Raises BadSettings.
    """
    from bot.app import Place
    from bot.settings import read_settings

    settings = read_settings()
    if data is None:
        key = settings.key_text
        where = (settings.data, settings.database, settings.key_file, key)
        return Place(*where, site=settings.public_url, commune=settings.commune)
    place = Place.of(data)
    key = None if place.key_file.exists() else settings.key_text
    where = (data, place.database_url, place.key_file, key)
    return Place(*where, site=settings.public_url, commune=settings.commune)


async def _opened(place: "Place", work: "Callable[[House], Awaitable[T]]", new: bool) -> T:
    from bot.app import open_house_async

    house = await open_house_async(place, now=now, random=os.urandom, any_commune=new)
    try:
        return await work(house)
    finally:
        await house.database.close()


def with_house(place: "Place", work: "Callable[[House], Awaitable[T]]", *, new: bool = False) -> T:
    """Open an installation, work with it and close it again; a server may be running.

    `new` allows that there is none yet, or none of the commune named. Raises NoDatabase,
    MissingKey, WrongKey, OfficeUnclear.
    """
    from sqlalchemy import make_url

    from storage.backup import NoDatabase, database_file

    if not new and make_url(place.database_url).get_backend_name() == "sqlite":
        file = database_file(place.database_url)
        if not file.is_file():
            raise NoDatabase(str(file))
    return asyncio.run(_opened(place, work, new))


def look(place: "Place", work: "Callable[[House], T]") -> T:
    """Return something an opened installation knows without asking its database."""

    async def known(house: "House") -> T:
        return work(house)

    return with_house(place, known)


async def write(house: "House", work: "Callable[[Connection], T]") -> T:
    """Run a small change in a transaction of its own; it waits for a server's turn to end."""
    if house.database.writer is None:
        return await house.read(work)
    with house.database.writer.begin() as connection:
        return work(connection)


def done(
    data: Path | None, login: str | None, work: "Callable[[Connection, House, Viewer], T]"
) -> T:
    """Return what work in a transaction of its own comes to."""

    async def run(house: "House") -> T:
        viewer = await asking(house, login)
        return await write(house, lambda connection: work(connection, house, viewer))

    return with_house(place_of(data), run)


async def connected(house: "House", work: "Callable[[Connection], T]") -> T:
    """Run work that opens its own transactions."""
    if house.database.writer is None:
        async with house.database.engine.connect() as connection:
            return await connection.run_sync(work)
    with house.database.writer.connect() as connection:
        return work(connection)


def shown_time(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%Y-%m-%d %H:%M}"


def printed(rows: Iterable[Iterable[object]]) -> None:
    """Print one line per row, its parts set apart by tabs; say so where there is none."""
    from bot.content import texts_of

    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - counted below
        typer.echo("\t".join(map(str, row)))
    if not count:
        typer.echo(texts_of()("command.nothing_listed"), err=True)
