"""Commands for people who stand twice in the database: found, shown, decided, merged."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import As, Data, asking, explained, place_of, printed, with_house, write

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app import House
    from bot.dialogs.language import Texts
    from storage.doubles import Candidate, Counted, Decided, Side
    from storage.merging import Merged

doubles_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Person = Annotated[int, typer.Argument(help="Number of a person in `mau03 doubles list`.")]


class Decision(StrEnum):
    SAME = "same"
    DIFFERENT = "different"


@doubles_app.command("find")
def doubles_find(data: Data = None, asked_by: As = None) -> None:
    """Look through the people of the commune for possible doubles."""
    with explained():
        from bot.content import texts_of
        from storage.doubles import keep, search

        async def work(house: "House") -> "Counted":
            viewer, unit = await asking(house, asked_by), house.office.commune
            found = await house.read(lambda c: search(c, house.keys, viewer, unit))
            return await write(house, lambda c: keep(c, house.context, viewer, unit, found))

        counted = with_house(place_of(data), work)
        typer.echo(texts_of()("doubles.found", found=counted.found, new=counted.new))


@doubles_app.command("list")
def doubles_list(
    after: Annotated[int, typer.Option(help="Only pairs after this one.")] = 0,
    most: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    data: Data = None,
    asked_by: As = None,
) -> None:
    """List pairs nobody has decided about, each with its reason."""
    with explained():
        from bot.content import texts_of
        from storage.doubles import open_doubles

        async def work(house: "House") -> "Sequence[Candidate]":
            viewer = await asking(house, asked_by)
            page = {"after": after, "most": most}
            return await house.read(lambda c: open_doubles(c, house.keys, viewer, **page))

        texts = texts_of()
        found = with_house(place_of(data), work)
        printed(line for pair in found for line in _lines(pair, texts))


def _lines(pair: "Candidate", texts: "Texts") -> Iterator[tuple[object, ...]]:
    yield pair.id, texts(f"doubles.why.{pair.why}")
    for side in (pair.first, pair.second):
        yield _side(side, texts)


def _side(side: "Side", texts: "Texts") -> tuple[object, ...]:
    from bot.dialogs.record import mask

    answers = side.document.answers if side.document else {}
    number = answers.get("q04_so_cccd")
    hidden = mask(number) if isinstance(number, str) else ""
    who = (answers.get("q01_ho_ten") or "", answers.get("q02_ngay_sinh") or "")
    form = texts("doubles.has_form") if side.handed_in else ""
    return ("", side.id, *who, hidden, side.village or "", form)


@doubles_app.command("decide")
def doubles_decide(
    pair: Annotated[int, typer.Argument(help="Number of a pair in `mau03 doubles list`.")],
    decision: Annotated[Decision, typer.Argument(help="What they are.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Say that two are the same person or not; the pair never comes back."""
    with explained():
        from bot.content import texts_of
        from storage.doubles import decide

        async def work(house: "House") -> tuple[int, int]:
            viewer = await asking(house, asked_by)
            said: Decided = "same" if decision is Decision.SAME else "different"
            return await write(house, lambda c: decide(c, house.context, viewer, pair, said))

        one, other = with_house(place_of(data), work)
        facts = {"pair": pair, "one": one, "other": other}
        typer.echo(texts_of()(f"doubles.decided_{decision.value}", **facts))


@doubles_app.command("merge")
def doubles_merge(
    kept: Person,
    gone: Person,
    counts: Annotated[
        str | None, typer.Option(help="Receipt of the form that counts, when both have one.")
    ] = None,
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Make two people one: the first stays, the second goes into them."""
    with explained():
        from bot.content import texts_of
        from storage.merging import Two, merge, with_receipt

        async def work(house: "House") -> "Merged":
            viewer = await asking(house, asked_by)

            def change(connection: "Connection") -> "Merged":
                form = with_receipt(connection, viewer, counts) if counts else None
                return merge(connection, house.context, viewer, Two(kept, gone, form))

            return await write(house, change)

        merged = with_house(place_of(data), work)
        typer.echo(texts_of()("merge.done", kept=kept, gone=gone, merge=merged.merge_id))


@doubles_app.command("undo")
def doubles_undo(
    merge: Annotated[int, typer.Argument(help="Number that `mau03 doubles merge` printed.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Take a merge back: two people again, as they were."""
    with explained():
        from bot.content import texts_of
        from storage.unmerging import unmerge

        async def work(house: "House") -> tuple[int, int]:
            viewer = await asking(house, asked_by)
            undone = await write(house, lambda c: unmerge(c, house.context, viewer, merge))
            return undone.kept_id, undone.gone_id

        kept, gone = with_house(place_of(data), work)
        typer.echo(texts_of()("merge.undone", kept=kept, gone=gone))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    help = "People who may stand twice (find, list, decide, merge, undo)."
    app.add_typer(doubles_app, name="doubles", help=help)
