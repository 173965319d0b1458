"""`mau03 setup` as the command line runs it: its options stand in bot/setup.py."""

from collections.abc import Sequence

import typer
from sqlalchemy import Connection

from bot.app import House
from bot.commands import now, place_of, with_house, write
from bot.content import read_data, texts_of
from bot.dialogs.known import Office
from bot.offices import save_office, saved_offices
from bot.setup import Desk, read_units, setup_command


def set_up(options: Sequence[str]) -> None:
    """Run the command with these options. Raises BadSettings, MissingKey, WrongKey."""
    command = typer.Typer(add_completion=False, rich_markup_mode=None)
    command.command()(setup_command(_desk))
    command(args=list(options), prog_name="mau03 setup")


def _desk() -> Desk:
    place = place_of(None)
    texts = texts_of()

    async def read(house: House) -> Sequence[Office]:
        if house.key_created:
            typer.echo(texts("command.key_created", file=place.key_file))
        return await house.read(saved_offices)

    offices = with_house(place, read, new=True)
    named = [office for office in offices if place.commune in {"", office.commune}]
    office = named[0] if named else None
    others = [other for other in offices if other is not office]

    def keep(saved: Office, instead_of: str) -> None:
        def put(connection: Connection) -> None:
            save_office(connection, saved, at=now(), instead_of=instead_of)

        async def kept(house: House) -> None:
            await write(house, put)

        with_house(place, kept, new=True)

    def save(saved: Office) -> None:
        replaced = office is not None and all(other.commune != saved.commune for other in others)
        keep(saved, office.commune if office and replaced else "")

    def add(saved: Office) -> None:
        keep(saved, "")

    return Desk(texts, read_units(read_data("data/places.csv")), office, save, add, others)
