"""Commands for who works here: accounts, and the invitations that open a chat to them."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

import typer

from bot.commands import As, Data, asking, explained, now, place_of, printed, shown_time, with_house
from bot.commands import write as write_in

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app import House
    from storage.access import Viewer

T = TypeVar("T")

account_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
invite_app = typer.Typer(rich_markup_mode=None)

KEEPER = "administrator"
"""As whom the command line of this machine looks after accounts."""


class Role(StrEnum):
    """The roles of roles.toml an account may have, written out so that --help needs no import."""

    ENUMERATOR = "enumerator"
    OFFICER = "officer"
    POLICE = "police"
    CHAIRMAN = "chairman"
    ANNOUNCER = "announcer"
    VIEWER = "viewer"
    ADMINISTRATOR = "administrator"


Login = Annotated[str, typer.Argument(help="Short name in plain letters, such as hoa.")]
Unit = Annotated[str | None, typer.Option(help="Code of the unit; else this commune.")]


def _changed(
    data: Path | None,
    login: str | None,
    change: "Callable[[Connection, House, Viewer], T]",
) -> T:
    """Return what a change comes to, made by who asks in a transaction of its own."""

    async def work(house: "House") -> T:
        viewer = await asking(house, login, KEEPER)
        return await write_in(house, lambda connection: change(connection, house, viewer))

    return with_house(place_of(data), work)


@account_app.command("add")
def account_add(
    login: Login,
    role: Annotated[Role, typer.Option(help="What it may do: docs/roles.md.")],
    name: Annotated[str, typer.Option(help="Name of the person; kept sealed.")],
    unit: Unit = None,
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Make an account."""
    with explained():
        from bot.content import texts_of
        from storage.accounts import add_account

        def change(connection: "Connection", house: "House", viewer: "Viewer") -> None:
            where = unit or house.office.commune
            add_account(connection, house.context, viewer, login, name, role.value, where)

        _changed(data, asked_by, change)
        texts = texts_of()
        typer.echo(texts("account.added", login=login, role=texts(f"role_names.{role.value}")))


@account_app.command("list")
def account_list(data: Data = None, asked_by: As = None) -> None:
    """List the accounts, without what is done with them."""
    with explained():
        from bot.content import texts_of
        from storage.accounts import AccountLine, list_accounts

        async def work(house: "House") -> "list[AccountLine]":
            viewer = await asking(house, asked_by, KEEPER)
            return list(await house.read(lambda c: list_accounts(c, house.keys, viewer)))

        texts = texts_of()
        states = {True: texts("account.state_disabled"), False: texts("account.state_active")}
        printed(
            (x.login, x.name, texts(f"role_names.{x.role}"), x.unit, states[x.disabled], x.chats)
            for x in with_house(place_of(data), work)
        )


@account_app.command("disable")
def account_disable(login: Login, data: Data = None, asked_by: As = None) -> None:
    """Cut an account off, from its next message on."""
    with explained():
        from bot.content import texts_of
        from storage.accounts import disable

        _changed(data, asked_by, lambda c, house, viewer: disable(c, house.context, viewer, login))
        typer.echo(texts_of()("account.disabled_now", login=login))


@account_app.command("enable")
def account_enable(login: Login, data: Data = None, asked_by: As = None) -> None:
    """Let an account in again, in the chats it had."""
    with explained():
        from bot.content import texts_of
        from storage.accounts import enable

        _changed(data, asked_by, lambda c, house, viewer: enable(c, house.context, viewer, login))
        typer.echo(texts_of()("account.enabled_now", login=login))


@account_app.command("reassign")
def account_reassign(
    giver: Annotated[str, typer.Argument(help="Login that gives.")],
    taker: Annotated[str, typer.Argument(help="Login that takes.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Give what one account has to do, and its unfinished forms, to another."""
    with explained():
        from bot.content import texts_of
        from storage.joining import reassign

        def change(connection: "Connection", house: "House", viewer: "Viewer") -> int:
            host = house.conversation
            return reassign(connection, house.context, host, viewer, giver, taker)

        count = _changed(data, asked_by, change)
        typer.echo(texts_of()("account.reassigned", giver=giver, taker=taker, count=count))


@account_app.command("log")
def account_log(data: Data = None, asked_by: As = None) -> None:
    """Show what was done to accounts, invitations and units."""
    with explained():
        from bot.content import texts_of
        from storage.notes import Note, notes

        async def work(house: "House") -> "list[Note]":
            viewer = await asking(house, asked_by, KEEPER)
            return await house.read(lambda connection: notes(connection, viewer))

        texts = texts_of()
        printed(
            (
                shown_time(x.at),
                texts(f"noted.{x.kind}"),
                x.login or x.unit,
                x.by,
                json.dumps(x.detail, ensure_ascii=False),
            )
            for x in with_house(place_of(data), work)
        )


class Made(NamedTuple):
    """An invitation, ready to be handed over."""

    code: str
    site: str
    bots: Mapping[str, str]

    @property
    def links(self) -> dict[str, str]:
        """Platform -> address that opens the chat; on Telegram it brings the code along."""
        found = {"web": f"{self.site}/"} if self.site else {}
        for platform, address in self.bots.items():
            carries = platform == "telegram"
            found[platform] = f"{address}?start=m-{self.code}" if carries else address
        return found


@invite_app.callback(invoke_without_command=True)
def invite(
    context: typer.Context,
    role: Annotated[Role | None, typer.Option(help="Of a new account.")] = None,
    unit: Unit = None,
    account: Annotated[
        str | None, typer.Option(help="Login that gets a new phone; its old chats lose it.")
    ] = None,
    name: Annotated[str, typer.Option(help="Of whom is invited; kept sealed.")] = "",
    uses: Annotated[int, typer.Option(min=1, help="How many people may use it.")] = 1,
    days: Annotated[int, typer.Option(min=1, help="How long it can be used.")] = 7,
    qr: Annotated[
        str, typer.Option(help="Picture of the link: a file .svg or .png, - to show it here.")
    ] = "",
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Write an invitation: its code is shown once."""
    if context.invoked_subcommand:
        return
    if (role is None) == (account is None):
        raise typer.BadParameter("give --role or --account")
    with explained():
        _check_picture(qr)
        from bot.offices import saved_bots
        from storage import invites

        def change(connection: "Connection", house: "House", viewer: "Viewer") -> Made:
            chosen = role.value if role else ""
            about = (chosen, unit or house.office.commune, account or "", name)
            wanted = invites.Wanted(*about, uses, timedelta(days=days))
            code = invites.invite(connection, house.context, viewer, wanted)
            bots = saved_bots(connection, house.office.commune)
            return Made(code, house.place.site, bots)

        _show(_changed(data, asked_by, change), uses, days, qr)


def _check_picture(qr: str) -> None:
    """Raises typer.Exit, with the reason told, where no picture could be drawn."""
    from bot.content import texts_of
    from bot.pictures import can_draw

    if qr and not can_draw(qr):
        typer.echo(texts_of()("invite.bad_picture", file=qr), err=True)
        raise typer.Exit(1)


def _show(made: Made, uses: int, days: int, qr: str) -> None:
    from bot.content import texts_of
    from storage.codes import written

    texts = texts_of()
    typer.echo(texts("invite.made", code=written(made.code), uses=uses, days=days))
    for platform, url in made.links.items():
        typer.echo(texts("invite.link", name=texts(f"platform_names.{platform}"), url=url))
    if qr:
        from bot.pictures import draw

        draw(made.links.get("telegram") or written(made.code), qr)
        typer.echo(texts("invite.picture", file=qr) if qr != "-" else "")


@invite_app.command("list")
def invite_list(data: Data = None, asked_by: As = None) -> None:
    """List invitations, never their codes."""
    with explained():
        from bot.content import texts_of
        from storage.invites import InviteLine, list_invites

        async def work(house: "House") -> "list[InviteLine]":
            viewer = await asking(house, asked_by, KEEPER)
            return list(await house.read(lambda c: list_invites(c, viewer, now=now())))

        texts = texts_of()
        printed(
            (
                x.id,
                texts(f"role_names.{x.role}"),
                x.unit,
                x.login or "",
                texts(f"invite.state_{x.state}"),
                x.uses_left,
                shown_time(x.expires_at),
                x.by,
            )
            for x in with_house(place_of(data), work)
        )


@invite_app.command("revoke")
def invite_revoke(
    number: Annotated[int, typer.Argument(help="Number in `mau03 invite list`.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Let an invitation open nothing any more."""
    with explained():
        from bot.content import texts_of
        from storage.invites import revoke

        _changed(data, asked_by, lambda c, house, viewer: revoke(c, house.context, viewer, number))
        typer.echo(texts_of()("invite.revoked", number=number))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    who = "Who works here (add, list, disable, enable, reassign, log)."
    app.add_typer(account_app, name="account", help=who)
    app.add_typer(invite_app, name="invite", help="Invite somebody (or: list, revoke NUMBER).")
