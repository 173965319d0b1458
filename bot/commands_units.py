"""Commands for the units of the installation: above all the villages of its commune."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.commands import As, Data, asking, explained, place_of, printed, with_house, write

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app import House
    from storage.access import Viewer
    from storage.units import Unit, Village

T = TypeVar("T")

unit_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Code = Annotated[str, typer.Argument(help="Code in `mau03 unit list`.")]
Commune = Annotated[str | None, typer.Option(help="Code of the commune; else this one.")]


def _changed(
    data: Path | None,
    login: str | None,
    change: "Callable[[Connection, House, Viewer], T]",
) -> T:
    async def work(house: "House") -> T:
        viewer = await asking(house, login)
        return await write(house, lambda connection: change(connection, house, viewer))

    return with_house(place_of(data), work)


@unit_app.command("list")
def unit_list(data: Data = None, asked_by: As = None) -> None:
    """List the commune and its villages."""
    with explained():
        from bot.content import texts_of
        from storage.units import list_units

        async def work(house: "House") -> "list[Unit]":
            viewer = await asking(house, asked_by)
            return await house.read(lambda connection: list_units(connection, viewer))

        texts = texts_of()
        closed = texts("unit.closed")
        printed(
            (x.code, texts(f"unit_kinds.{x.kind}"), x.name, closed if x.closed else "")
            for x in with_house(place_of(data), work)
        )


@unit_app.command("add")
def unit_add(
    name: Annotated[str, typer.Argument(help="Name of the village.")],
    kind: Annotated[str, typer.Option(help="thon, ban, to_dan_pho ...; else as it is named.")] = "",
    commune: Commune = None,
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Add a village, or open a closed one again."""
    with explained():
        from bot.content import texts_of
        from storage.units import Village, add_villages

        def change(connection: "Connection", house: "House", viewer: "Viewer") -> str:
            where = commune or house.office.commune
            wanted = [Village(name, kind)]
            return add_villages(connection, house.context, viewer, where, wanted)[0]

        code = _changed(data, asked_by, change)
        typer.echo(texts_of()("unit.added", name=name, code=code))


@unit_app.command("rename")
def unit_rename(
    code: Code,
    name: Annotated[str, typer.Argument(help="New name.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Give a village another name, wherever its people are listed."""
    with explained():
        from bot.content import texts_of
        from storage.units import rename_village

        def change(connection: "Connection", house: "House", viewer: "Viewer") -> None:
            rename_village(connection, house.context, viewer, code, name)

        _changed(data, asked_by, change)
        typer.echo(texts_of()("unit.renamed", name=name, code=code))


@unit_app.command("close")
def unit_close(code: Code, data: Data = None, asked_by: As = None) -> None:
    """Offer a village no longer; what is kept of it stays."""
    with explained():
        from bot.content import texts_of
        from storage.units import close_village

        def change(connection: "Connection", house: "House", viewer: "Viewer") -> None:
            close_village(connection, house.context, viewer, code)

        _changed(data, asked_by, change)
        typer.echo(texts_of()("unit.closed_now", code=code))


@unit_app.command("import")
def unit_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=".csv or .xlsx")],
    write_it: Annotated[bool, typer.Option("--write", help="Else only look at the file.")] = False,
    commune: Commune = None,
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Read a list of villages (name, kind, order); every bad row is named."""
    with explained():
        from admin.villages import read_villages
        from bot.content import texts_of
        from storage.units import add_villages, missing_villages

        texts = texts_of()
        good, bad = read_villages(file, texts)
        for problem in bad:
            typer.echo(texts(f"unit.row_{problem.code}", row=problem.row, given=problem.given))

        def change(connection: "Connection", house: "House", viewer: "Viewer") -> "list[Village]":
            where = commune or house.office.commune
            new = missing_villages(connection, viewer, where, good)
            if write_it and not bad:
                add_villages(connection, house.context, viewer, where, new)
            return new

        new = _changed(data, asked_by, change)
        key = "unit.imported" if write_it and not bad else "unit.would_import"
        typer.echo(texts(key, new=len(new), known=len(good) - len(new), bad=len(bad)))
    if bad:
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(unit_app, name="unit", help="Villages (list, add, rename, close, import FILE).")
