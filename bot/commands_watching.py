"""Commands that show what needs attention: dead letters, undelivered, tasks, the audit trail."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import Data, connected, explained, now, place_of, with_house, write
from storage.ids import VIETNAM

if TYPE_CHECKING:
    from bot.app import House

SETTLED = timedelta(minutes=5)
"""Events older than this are anchored: no transaction with an earlier one is still open."""

inbox_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
outbox_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@inbox_app.command("list")
def inbox_list(data: Data = None) -> None:
    """List messages that could not be processed; not what they say."""
    with explained():
        from storage.inbox import dead_letters

        async def work(house: "House") -> Sequence[Sequence[object]]:
            return [
                (x.id, _time(x.received_at), x.platform, x.chat_id, x.why)
                for x in await house.read(dead_letters)
            ]

        _print(with_house(place_of(data), work))


@inbox_app.command("replay")
def inbox_replay(
    letter: Annotated[int, typer.Argument(help="Number in `mau03 inbox list`.")],
    data: Data = None,
) -> None:
    """Process one of them again, if its question is still the open one."""
    with explained():
        from bot.content import texts_of
        from storage.replaying import Outcome, replay

        async def work(house: "House") -> Outcome:
            decide = house.conversation.decide
            return await connected(
                house, lambda connection: replay(connection, letter, decide, house.context)
            )

        outcome = with_house(place_of(data), work)
        typer.echo(texts_of()(f"command.replay_{outcome}", letter=letter))
    if outcome != "done":
        raise typer.Exit(1)


@outbox_app.command("list")
def outbox_list(data: Data = None) -> None:
    """List answers that reached nobody; not what they say."""
    with explained():
        from bot.content import texts_of
        from storage.outbox import undelivered

        texts = texts_of()

        async def work(house: "House") -> Sequence[Sequence[object]]:
            return [
                (
                    x.id,
                    _time(x.failed_at),
                    texts(f"platform_names.{x.platform}"),
                    x.chat_id,
                    texts(f"undelivered.{x.why}"),
                )
                for x in await house.read(undelivered)
            ]

        _print(with_house(place_of(data), work))


def tasks(data: Data = None) -> None:
    """List the calls and visits that people asked for."""
    with explained():
        from bot.content import texts_of
        from storage.tasks import OpenTask, open_tasks

        texts = texts_of()

        async def work(house: "House") -> Sequence[OpenTask]:
            return await house.read(lambda connection: open_tasks(connection, house.keys))

        found = with_house(place_of(data), work)
        _print(
            (
                x.id,
                _time(x.created_at),
                texts(f"task_kinds.{x.kind}"),
                texts(f"platform_names.{x.platform}"),
                x.chat_id,
                json.dumps(x.detail, ensure_ascii=False),
            )
            for x in found
        )


@audit_app.command("verify")
def audit_verify(data: Data = None) -> None:
    """Check that no event was changed, lost or put in between."""
    with explained():
        from bot.content import texts_of
        from storage.trail import Trail, verify_trail

        async def work(house: "House") -> Trail:
            return await house.read(verify_trail)

        trail = with_house(place_of(data), work)
        texts = texts_of()
        typer.echo(texts("command.audit", chains=trail.chains, anchors=trail.anchors))
        for submission_id in trail.broken:
            typer.echo(texts("command.audit_broken", id=submission_id), err=True)
        for day in trail.moved:
            typer.echo(texts("command.audit_moved", day=day), err=True)
    if not trail.whole:
        raise typer.Exit(1)


@audit_app.command("anchor")
def audit_anchor(data: Data = None) -> None:
    """Write today's digest of all histories, to be printed and kept."""
    with explained():
        from storage.trail import anchor_day

        at = now()
        day = at.astimezone(VIETNAM).date()

        async def work(house: "House") -> bytes:
            return await write(house, lambda connection: anchor_day(connection, day, at - SETTLED))

        typer.echo(f"{day:%Y-%m-%d}\t{with_house(place_of(data), work).hex()}")


def _time(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%Y-%m-%d %H:%M}"


def _print(rows: Iterable[Iterable[object]]) -> None:
    """Print one line per row, its parts set apart by tabs."""
    for row in rows:
        typer.echo("\t".join(map(str, row)))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(inbox_app, name="inbox", help="Messages not processed (list, replay ID).")
    app.add_typer(outbox_app, name="outbox", help="Answers that reached nobody (list).")
    app.command()(tasks)
    app.add_typer(audit_app, name="audit", help="Verify the history, or write its digest (anchor).")
