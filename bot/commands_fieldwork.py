"""Commands for the office about visits: who collects whom, lists of people."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from bot.commands import (
    As,
    Data,
    asking,
    done,
    explained,
    now,
    place_of,
    printed,
    shown_time,
    with_house,
)
from bot.commands import write as write_in

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app import House
    from storage.access import Viewer
    from storage.assignments import Assignment


class ToFirst(TyperGroup):
    """`mau03 assign hoa ...` is short for `mau03 assign to hoa ...`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = bool(args) and (args[0] in self.commands or args[0].startswith("-"))
        return super().resolve_command(ctx, args if known else ["to", *args])


assign_app = typer.Typer(cls=ToFirst, no_args_is_help=True, rich_markup_mode=None)
people_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Village = Annotated[str, typer.Option(help="Name of a village.")]
Numbers = Annotated[list[int], typer.Argument(help="Numbers in `mau03 assign list`.")]


class Which(StrEnum):
    """Which people to list."""

    ALL = "all"
    MISSING = "missing"
    DONE = "done"
    OUTCOMES = "outcomes"


class Sheet(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


@assign_app.command("to")
def assign_to(
    login: Annotated[str, typer.Argument(help="Login of the enumerator.")],
    village: Village = "",
    household: Annotated[int, typer.Option(help="Number of a household.")] = 0,
    file: Annotated[
        Path | None, typer.Option("--list", help="File with one number of a person a line.")
    ] = None,
    target: Annotated[int | None, typer.Option(min=1, help="How many forms.")] = None,
    due: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Until when.")] = None,
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Give an enumerator a village, a household or a list of people to visit."""
    if sum(map(bool, (village, household, file))) != 1:
        raise typer.BadParameter("one of --village, --household, --list")
    with explained():
        from bot.content import texts_of
        from storage.assignments import Area, assign

        area = Area(village, household, _numbers(file) if file else ())
        day = due.date() if due else None

        def work(connection: "Connection", house: "House", viewer: "Viewer") -> int:
            return assign(connection, house.context, viewer, login, area, target=target, due=day)

        count = done(data, asked_by, work)
        typer.echo(texts_of()("assign.done", login=login, count=count))


def _numbers(file: Path) -> tuple[int, ...]:
    """Raises AssignRefused for a line that is not a number."""
    from storage.assignments import AssignRefused

    lines = [line.split("\t")[0].strip() for line in file.read_text("utf-8-sig").splitlines()]
    if bad := [number for number, line in enumerate(lines, 1) if line and not line.isdecimal()]:
        raise AssignRefused("bad_line", line=bad[0], file=file.name)
    return tuple(int(line) for line in lines if line)


@assign_app.command("list")
def assign_list(
    login: Annotated[str, typer.Option(help="Only of this enumerator.")] = "",
    ended: Annotated[bool, typer.Option("--ended", help="What was taken back, too.")] = False,
    data: Data = None,
    asked_by: As = None,
) -> None:
    """List who collects whom."""
    with explained():
        from storage.assignments import assigned

        found = done(
            data, asked_by, lambda c, _, viewer: assigned(c, viewer, login=login, ended=ended)
        )
        printed(_assignment(one) for one in found)


def _assignment(one: "Assignment") -> Iterable[object]:
    from bot.content import texts_of

    texts = texts_of()
    what = one.village or (
        texts("assign.household", number=one.household_id)
        if one.household_id
        else texts("assign.person", number=one.person_id)
    )
    until = shown_time(one.ended_at) if one.ended_at else ""
    about = (one.target or "", one.due_on or "", shown_time(one.created_at), one.created_by)
    return (one.id, one.login, what, *about, until)


@assign_app.command("end")
def assign_end(numbers: Numbers, data: Data = None, asked_by: As = None) -> None:
    """Take assignments back, from now on."""
    with explained():
        from bot.content import texts_of
        from storage.assignments import end

        count = done(
            data, asked_by, lambda c, house, viewer: end(c, house.context, viewer, numbers)
        )
        typer.echo(texts_of()("assign.ended", count=count))


@assign_app.command("move")
def assign_move(
    numbers: Numbers,
    to: Annotated[str, typer.Option(help="Login of who takes them over.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Give assignments to another enumerator."""
    with explained():
        from bot.content import texts_of
        from storage.assignments import move

        count = done(
            data, asked_by, lambda c, house, viewer: move(c, house.context, viewer, numbers, to)
        )
        typer.echo(texts_of()("assign.moved", count=count, login=to))


@assign_app.command("release")
def assign_release(
    numbers: Annotated[list[int], typer.Argument(help="Numbers in `mau03 people list`.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Let people whose form somebody has begun and not finished be asked by others."""
    with explained():
        from bot.content import texts_of
        from storage.assignments import release

        done(data, asked_by, lambda c, house, viewer: release(c, house.context, viewer, numbers))
        printed((number, texts_of()("standing.missing")) for number in numbers)


@people_app.command("list")
def people_list(
    which: Annotated[Which, typer.Option(help="With a form, without one, or why.")] = Which.ALL,
    village: Village = "",
    data: Data = None,
    asked_by: As = None,
) -> None:
    """List people: number, name, birth date, shortened identity number, where each stands."""
    with explained():
        from admin.exports.rolls import day
        from bot.content import texts_of
        from storage.assignments import named_village
        from storage.rolls import Asking, Listed, listed

        def work(connection: "Connection", house: "House", viewer: "Viewer") -> list[Listed]:
            _note(connection, house, viewer, f"list {which.value}")
            where = village and named_village(connection, house.office.commune, village)
            by = Asking(viewer, house.keys, now())
            return list(listed(connection, by, which=which.value, village=where))

        texts = texts_of()
        printed(
            (
                *(x.id, x.household or "", x.name, day(x.born), x.number, x.village),
                texts(f"option.{x.outcome}") if x.outcome else texts(f"standing.{x.standing}"),
                x.until,
            )
            for x in done(data, asked_by, work)
        )


def _note(connection: "Connection", house: "House", viewer: "Viewer", why: str) -> None:
    from storage.area import SEE
    from storage.notes import note_access

    note_access(connection, house.context, viewer, SEE, unit=viewer.unit, why=why)


@people_app.command("no-id")
def people_no_id(
    out: Annotated[Path, typer.Option(dir_okay=False, help="File to write.")],
    sheet: Annotated[Sheet, typer.Option("--format")] = Sheet.XLSX,
    village: Village = "",
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Write who has no identity number and why, for the police; log that."""
    with explained():
        from bot.content import texts_of

        async def run(house: "House") -> tuple[int, str]:
            viewer = await asking(house, asked_by)
            return await _no_id(house, viewer, out, sheet.value, village)

        count, digest = with_house(place_of(data), run)
        typer.echo(texts_of()("rolls.done", count=count, file=out, sha256=digest))


async def _no_id(
    house: "House", viewer: "Viewer", out: Path, sheet: str, village: str
) -> tuple[int, str]:
    from admin.exports import EXPORTS
    from admin.exports.rolls import as_exported, no_number_table
    from storage.assignments import named_village
    from storage.exporting import ExportEntry, log_export, read_sparingly
    from storage.files import sha256_of, whole_file
    from storage.ids import milliseconds
    from storage.rolls import Asking, without_number

    texts, at = house.known.texts, now()
    with whole_file(out) as part:

        def read(connection: "Connection") -> int:
            read_sparingly(connection)
            where = village and named_village(connection, house.office.commune, village)
            found = without_number(connection, Asking(viewer, house.keys, at), village=where)
            return EXPORTS[sheet](part, no_number_table(texts), as_exported(texts, found, at))

        count = await house.read(read)
        digest = sha256_of(part)
        entry = ExportEntry(
            house.context.ids.next(milliseconds(at)), at,
            *(viewer.by, sheet, "no-id", count, digest, viewer.unit),
        )  # fmt: skip
        await write_in(house, lambda connection: log_export(connection, entry))
    return count, digest


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(
        assign_app, name="assign", help="Who collects whom (to, list, end, move, release)."
    )
    app.add_typer(people_app, name="people", help="Lists of people (list), or without ID (no-id).")
