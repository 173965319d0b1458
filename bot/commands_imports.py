"""Commands that bring lists of people into the database and take them back."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import (
    As,
    Data,
    asking,
    connected,
    explained,
    now,
    place_of,
    printed,
    shown_time,
    with_house,
    write,
)
from storage.ids import VIETNAM

if TYPE_CHECKING:
    from typing import BinaryIO

    from sqlalchemy import Connection

    from admin.imports.people import People
    from admin.imports.recognise import ColumnMap
    from admin.imports.refusals import Headings
    from admin.imports.report import Report
    from bot.app import House
    from storage.access import Viewer
    from storage.batches import Batch, Written
    from storage.undoing import Undone

import_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to import, and how."""

    file: Path
    sheet: str | None
    layout: str | None
    map: Path | None
    year: str
    commit: bool
    report: Path | None


@import_app.command("people")
def import_people(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=".xlsx or .csv")],
    sheet: Annotated[str | None, typer.Option(help="Only this sheet.")] = None,
    layout: Annotated[str | None, typer.Option(help="Only sheets of this layout: a to e.")] = None,
    map: Annotated[
        Path | None, typer.Option(exists=True, help="TOML: column letter = what it is for.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Year of the list; else last year.")] = None,
    commit: Annotated[bool, typer.Option("--commit", help="Else only try it out.")] = False,
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write what is wrong to this .xlsx.")
    ] = None,
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Read a list of people and show what would be imported; --commit imports it."""
    from bot.content import texts_of

    of_year = str(year or now().astimezone(VIETNAM).year - 1)
    wanted = Wanted(file, sheet, layout, map, of_year, commit, report)
    with explained():

        async def work(house: "House") -> "Written":
            return await _import(house, await asking(house, asked_by), wanted)

        written = with_house(place_of(data), work)
        key = "import.written" if commit else "import.would_write"
        facts = {name: getattr(written, name) for name in ("new", "known", "renewed", "households")}
        texts = texts_of()
        typer.echo(texts(key, **facts, batch=written.batch_id))
        if written.conflicts:
            typer.echo(texts("import.conflicts", count=written.conflicts))


async def _import(house: "House", viewer: "Viewer", wanted: Wanted) -> "Written":
    """Read the whole list, show what is in it, and write it, or take all of it back at once."""
    from admin.imports.listed import listed
    from admin.imports.report import Report
    from storage.batches import Source, write_batch
    from storage.crossing import note_crossed
    from storage.files import sha256_of
    from storage.lists import prepare
    from storage.managing import may_manage

    unit = house.office.commune
    await house.read(lambda connection: may_manage(connection, viewer, unit))
    with wanted.file.open("rb") as file:
        people = await _people(house, viewer, wanted, file)
        found = Report()
        prepared = prepare(house.context, unit, listed(people, found, wanted.year, house.known))
    _show(found, people, wanted)
    layouts = ",".join(sorted({known.layout or "map" for _, known in people.sheets}))
    source = Source(sha256_of(wanted.file), layouts, found.bad)

    def work(connection: "Connection") -> "Written":
        with connection.begin() as transaction:
            written = write_batch(connection, house.context, viewer, prepared, source)
            if not wanted.commit:
                transaction.rollback()
        if wanted.commit:
            note_crossed(connection, house.context, unit, written)
        return written

    return await connected(house, work)


def _show(found: "Report", people: "People", wanted: Wanted) -> None:
    from admin.imports.report import lines_of, write_workbook
    from bot.content import texts_of

    texts = texts_of()
    for line in lines_of(found, people, texts):
        typer.echo(line)
    if wanted.report is not None:
        write_workbook(wanted.report, found, people, texts)
        typer.echo(texts("import.report_written", file=wanted.report))


async def _people(house: "House", viewer: "Viewer", wanted: Wanted, file: "BinaryIO") -> "People":
    """Return the list with its columns known: by layout, by a map saved before, or by asking."""
    from admin.imports.people import open_people
    from admin.imports.refusals import FileRefused, NotRecognised
    from bot.content import form_of

    about = (form_of(), house.known, now().astimezone(VIETNAM).date())
    try:
        people = open_people(file, *about)
        if wanted.map is not None:
            headings = people.sheets[0][1].headings
            own = await _own_map(house, viewer, wanted, headings)
            people = open_people(file, *about, own)
    except NotRecognised as unknown:
        own = await _own_map(house, viewer, wanted, unknown.found[0])
        people = open_people(file, *about, own)
    chosen = [
        (sheet, known)
        for sheet, known in people.sheets
        if wanted.sheet in {None, sheet.name} and wanted.layout in {None, known.layout}
    ]
    if not chosen:
        raise FileRefused("no_such_sheet", sheets=", ".join(s.name for s, _ in people.sheets))
    return replace(people, sheets=chosen)


async def _own_map(
    house: "House", viewer: "Viewer", wanted: Wanted, headings: "Headings"
) -> "ColumnMap":
    """Return the office's map for these headings, asked for when there is none; it is kept."""
    from msgspec import json

    from admin.imports.recognise import ColumnMap
    from storage.column_maps import save_map, saved_map

    unit, print_ = house.office.commune, headings.fingerprint
    saved = await house.read(lambda c: saved_map(c, viewer, unit, print_))
    if saved is not None and wanted.map is None:
        return json.decode(saved, type=ColumnMap)
    targets = _from_file(wanted.map) if wanted.map else _ask(headings)
    own = ColumnMap.of(headings, targets)
    document = json.encode(own).decode()
    await write(house, lambda c: save_map(c, house.context, viewer, unit, print_, document))
    return own


def _from_file(file: Path) -> dict[str, str]:
    """Return column letter -> target. Raises BadTarget later, for a target that is none."""
    import tomllib

    from admin.imports.refusals import FileRefused

    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise FileRefused("bad_map") from None
    return {letter.upper(): str(target) for letter, target in found.items()}


def _ask(headings: "Headings") -> dict[str, str]:
    """Ask what each column is for; Enter leaves it out. Raises FileRefused without a terminal."""
    from admin.imports.refusals import FileRefused
    from admin.imports.targets import ABOUT, target_of
    from admin.imports.titles import title_of
    from bot.content import form_of, texts_of

    texts, form = texts_of(), form_of()
    if not sys.stdin.isatty():
        raise FileRefused("not_recognised")
    names = [*ABOUT, *(question.id for question in form.questions)]
    typer.echo(texts("import.ask_first"))
    for number, name in enumerate(names, 1):
        typer.echo(f"{number:3}. {title_of(target_of(name, form), form, texts)}")
    targets = {}
    for heading in headings.columns:
        said = texts("import.ask_column", letter=heading.letter, text=heading.text)
        number = -1
        while not 0 <= number <= len(names):
            number = typer.prompt(said, default=0, type=int, show_default=False)
        if number:
            targets[heading.letter] = names[number - 1]
    return targets


@import_app.command("list")
def import_list(data: Data = None, asked_by: As = None) -> None:
    """List the batches that were imported, newest first."""
    with explained():
        from bot.content import texts_of
        from storage.batches import batches_of

        async def work(house: "House") -> "Sequence[Batch]":
            viewer = await asking(house, asked_by)
            return await house.read(lambda connection: batches_of(connection, viewer))

        undone = texts_of()("import.undone")
        printed(
            (x.id, shown_time(x.at), x.by, x.layout, x.new, x.known, x.bad)
            + ((undone,) if x.undone_at else ())
            for x in with_house(place_of(data), work)
        )


@import_app.command("undo")
def import_undo(
    batch: Annotated[int, typer.Argument(help="Number in `mau03 import list`.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Take a batch back; whoever has a form, an outcome or an assignment by now stays."""
    with explained():
        from bot.content import texts_of
        from storage.undoing import named, undo_batch

        async def work(house: "House") -> "tuple[Undone, list[tuple[int, str]]]":
            viewer = await asking(house, asked_by)
            undone = await write(house, lambda c: undo_batch(c, house.context, viewer, batch))
            kept = await house.read(lambda c: named(c, house.keys, viewer, undone.kept))
            await _emptied(house)
            return undone, kept

        undone, kept = with_house(place_of(data), work)
        facts = {"deleted": undone.deleted, "restored": undone.restored, "kept": len(kept)}
        typer.echo(texts_of()("import.undone_now", batch=batch, **facts))
        if kept:
            printed(kept)


async def _emptied(house: "House") -> None:
    """Let nothing that was deleted stand in SQLite's log any more."""
    if house.database.writer is not None:
        from storage.group import empty_log

        await connected(house, empty_log)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    help = "Lists of people (people FILE, list, undo BATCH)."
    app.add_typer(import_app, name="import", help=help)
