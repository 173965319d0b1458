"""Commands that take records out of the house or keep them safe: export, backup, restore, key."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import As, Data, asking, explained, now, place_of, with_house, write
from storage.ids import VIETNAM

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from admin.exports.table import Table
    from bot.app import House
    from storage.access import Viewer


key_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Out = Annotated[Path, typer.Option("--out", dir_okay=False, help="File to write.")]


class Format(StrEnum):
    """The keys of admin.exports.EXPORTS, written out so that --help needs no import."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export."""

    format: Format
    codes: bool
    since: datetime | None
    layout: str | None

    @property
    def filter(self) -> str:
        """As the log keeps it."""
        day = self.since.date().isoformat() if self.since else None
        return json.dumps({"since": day, "codes": self.codes, "layout": self.layout})


def export(
    out: Out,
    format: Annotated[Format, typer.Option(help="Kind of file.")],
    data: Data = None,
    codes: Annotated[bool, typer.Option("--codes", help="Codes instead of labels.")] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Confirmed on this day or later.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="Prescribed sheet instead of the form's own columns: a.")
    ] = None,
    login: As = None,
    second: Annotated[
        str | None, typer.Option(help="Login of who approves an export of many records.")
    ] = None,
) -> None:
    """Write the confirmed submissions to a file, and log that."""
    if layout and format is Format.JSON:
        raise typer.BadParameter("a layout is for csv and xlsx", param_hint="--layout")
    day = since.replace(tzinfo=VIETNAM) if since else None
    wanted = Wanted(format, codes, day, layout)
    with explained():

        async def work(house: "House") -> tuple[int, str]:
            return await exported(house, wanted, out, await asking(house, login), second)

        from bot.content import texts_of

        count, digest = with_house(place_of(data), work)
        typer.echo(texts_of()("export.done", count=count, file=out, sha256=digest))


async def exported(
    house: "House", wanted: Wanted, out: Path, viewer: "Viewer", second: str | None = None
) -> tuple[int, str]:
    """Write and log one export; return the number of records and the SHA-256 of the file.

    The entry in the log is committed before the file appears: no entry, no file. Raises Denied,
    AccountRefused: `second` is missing where another person must approve.
    """
    from admin.exports import EXPORTS
    from admin.exports.layout import layout_of, needs_homes
    from admin.exports.table import plain
    from storage.exporting import ExportEntry, log_export, read_sparingly
    from storage.files import sha256_of, whole_file
    from storage.ids import milliseconds
    from storage.submissions import check_second, confirmed

    table = _table(house, wanted)
    homes = wanted.layout is not None and needs_homes(layout_of(wanted.layout))
    with whole_file(out) as part:

        def read(connection: "Connection") -> int:
            read_sparingly(connection)
            check_second(connection, viewer, second, since=wanted.since)
            records = confirmed(connection, house.keys, viewer, since=wanted.since, homes=homes)
            return EXPORTS[wanted.format](part, table, plain(records))

        count = await house.read(read)
        digest = sha256_of(part)
        at = now()
        entry_id = house.context.ids.next(milliseconds(at))
        about = (viewer.by, wanted.format, wanted.filter)
        entry = ExportEntry(entry_id, at, *about, count, digest, viewer.unit, second)
        await write(house, lambda connection: log_export(connection, entry))
    return count, digest


def _table(house: "House", wanted: Wanted) -> "Table":
    from admin.exports.layout import layout_of, layout_table
    from admin.exports.table import form_table
    from bot.content import CURRENT_FORM, form_of

    form = form_of(CURRENT_FORM)
    if wanted.layout is None:
        return form_table(form, house.known, codes=wanted.codes)
    today = now().astimezone(VIETNAM).date()
    return layout_table(layout_of(wanted.layout), form, house.known, today)


def backup(out: Out, data: Data = None) -> None:
    """Copy the database while it runs; the key is not in the copy."""
    with explained():
        from bot.content import texts_of
        from storage.backup import backup as back_up
        from storage.files import sha256_of

        place = place_of(data)
        back_up(place, out)
        texts = texts_of()
        typer.echo(texts("backup.done", file=out, sha256=sha256_of(out)))
        typer.echo(texts("backup.key_apart", file=place.key_file))


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `mau03 backup` wrote.")],
    data: Data = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move an existing database aside.")
    ] = False,
) -> None:
    """Put a backup in the place of the database."""
    with explained():
        from bot.content import texts_of
        from storage.backup import restore as put_back

        texts = texts_of()
        moved = put_back(place_of(data), file, datetime.now(UTC), replace=replace)
        typer.echo(texts("backup.restored", file=file))
        if moved:
            typer.echo(texts("backup.moved_aside", file=moved))


@key_app.command("show")
def key_show(data: Data = None) -> None:
    """Print the office's key, to be written down and kept apart."""
    with explained():
        from storage.backup import key_of
        from storage.sealed import key_text

        typer.echo(key_text(key_of(place_of(data))))


@key_app.command("verify")
def key_verify(data: Data = None) -> None:
    """Check that the key here is the one the database is sealed with."""
    with explained():
        from bot.content import texts_of

        async def opened(_: "House") -> None:
            """Opening is the check."""

        with_house(place_of(data), opened)
        typer.echo(texts_of()("command.key_fits"))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (export, backup, restore):
        app.command()(command)
    app.add_typer(key_app, name="key", help="Print the office's key (show), or check it (verify).")
