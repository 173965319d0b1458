"""Commands that show what needs attention: dead letters, undelivered, tasks, the audit trail."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
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
    from bot.app import House
    from bot.dialogs.known import Known
    from bot.dialogs.language import Texts

SETTLED = timedelta(minutes=5)
"""Events older than this are anchored: no transaction with an earlier one is still open."""

inbox_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
outbox_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@inbox_app.command("list")
def inbox_list(data: Data = None, login: As = None) -> None:
    """List messages that could not be processed; not what they say."""
    with explained():
        from storage.inbox import dead_letters

        async def work(house: "House") -> Sequence[Sequence[object]]:
            seen = partial(dead_letters, viewer=await asking(house, login))
            return [
                (x.id, shown_time(x.received_at), x.platform, x.chat_id, x.why)
                for x in await house.read(seen)
            ]

        printed(with_house(place_of(data), work))


@inbox_app.command("replay")
def inbox_replay(
    letter: Annotated[int, typer.Argument(help="Number in `mau03 inbox list`.")],
    data: Data = None,
    login: As = None,
) -> None:
    """Process one of them again, if its question is still the open one."""
    with explained():
        from bot.content import texts_of
        from storage.replaying import Outcome, replay

        async def work(house: "House") -> Outcome:
            viewer, decide = await asking(house, login), house.conversation.decide
            return await connected(
                house, lambda connection: replay(connection, viewer, letter, decide, house.context)
            )

        outcome = with_house(place_of(data), work)
        typer.echo(texts_of()(f"command.replay_{outcome}", letter=letter))
    if outcome != "done":
        raise typer.Exit(1)


@outbox_app.command("list")
def outbox_list(data: Data = None, login: As = None) -> None:
    """List answers that reached nobody; not what they say."""
    with explained():
        from bot.content import texts_of
        from storage.outbox import undelivered

        texts = texts_of()

        async def work(house: "House") -> Sequence[Sequence[object]]:
            seen = partial(undelivered, viewer=await asking(house, login))
            return [
                (
                    x.id,
                    shown_time(x.failed_at),
                    texts(f"platform_names.{x.platform}"),
                    x.chat_id,
                    texts(f"undelivered.{x.why}"),
                )
                for x in await house.read(seen)
            ]

        printed(with_house(place_of(data), work))


def tasks(data: Data = None, login: As = None) -> None:
    """List the calls and visits that people asked for."""
    with explained():
        from bot.content import texts_of
        from storage.tasks import OpenTask, open_tasks

        texts = texts_of()

        async def work(house: "House") -> Sequence[OpenTask]:
            viewer = await asking(house, login)
            return await house.read(lambda connection: open_tasks(connection, house.keys, viewer))

        found = with_house(place_of(data), work)
        printed(
            (
                x.id,
                shown_time(x.created_at),
                texts(f"task_kinds.{x.kind}"),
                texts(f"platform_names.{x.platform}"),
                x.chat_id,
                told_in_words(x.detail or {}, texts),
            )
            for x in found
        )


def told_in_words(detail: Mapping[str, object], texts: "Texts") -> str:
    """Return in words why somebody is to be called: reasons, who it is, the open question."""
    from bot.content import form_of

    form = form_of()
    parts = []
    for name, said in ((name, str(value or "")) for name, value in detail.items()):
        if name == "at":
            asked = [form[said]] if said in form else []
            parts += [texts("task_reasons.at", item=q.item, title=q.title) for q in asked]
        elif said:
            keys = (f"task_reasons.{said}", f"option.{said}")
            parts.append(next((texts(key) for key in keys if key in texts), said))
    return "; ".join(parts)


def record(
    receipt: Annotated[str, typer.Argument(help="Nine digits, spaces do not matter.")],
    why: Annotated[str, typer.Option(help="Show numbers in full; the reason is kept.")] = "",
    data: Data = None,
    login: As = None,
) -> None:
    """Show one form; that somebody looked is kept."""
    with explained():
        from admin.exports.table import label_lines
        from bot.content import form_of, texts_of
        from storage.records import open_record
        from storage.submissions import Record

        number = "".join(receipt.split())

        async def work(house: "House") -> "tuple[Record | None, Known]":
            viewer = await asking(house, login)
            opened = partial(open_record, context=house.context, viewer=viewer, receipt=number)
            return await write(house, partial(opened, why=why, now=now())), house.known

        found, known = with_house(place_of(data), work)
        if found is None:
            typer.echo(texts_of()("command.no_record"), err=True)
        else:
            printed(label_lines(found, form_of(found.form), known))
    if found is None:
        raise typer.Exit(1)


@audit_app.command("verify")
def audit_verify(data: Data = None, login: As = None) -> None:
    """Check that no event was changed, lost or put in between."""
    with explained():
        from bot.content import texts_of
        from storage.trail import Trail, verify_trail

        async def work(house: "House") -> Trail:
            return await house.read(partial(verify_trail, viewer=await asking(house, login)))

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


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(inbox_app, name="inbox", help="Messages not processed (list, replay ID).")
    app.add_typer(outbox_app, name="outbox", help="Answers that reached nobody (list).")
    app.command()(tasks)
    app.command()(record)
    app.add_typer(audit_app, name="audit", help="Verify the history, or write its digest (anchor).")
