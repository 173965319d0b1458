"""`mau03 setup` as the command line runs it: its options stand in bot/setup.py."""

from collections.abc import Sequence

import typer
from sqlalchemy import Connection

from bot.app import House, save_office, saved_office
from bot.commands import place_of, with_house, write
from bot.content import read_data, texts_of
from bot.dialogs.known import Office
from bot.setup import Desk, read_units, setup_command


def set_up(options: Sequence[str]) -> None:
    """Run the command with these options. Raises BadSettings, MissingKey, WrongKey."""
    command = typer.Typer(add_completion=False, rich_markup_mode=None)
    command.command()(setup_command(_desk))
    command(args=list(options), prog_name="mau03 setup")


def _desk() -> Desk:
    place = place_of(None)
    texts = texts_of()

    async def read(house: House) -> Office | None:
        if house.key_created:
            typer.echo(texts("command.key_created", file=place.key_file))
        return await house.read(saved_office)

    def save(office: Office) -> None:
        def put(connection: Connection) -> None:
            save_office(connection, office)

        async def keep(house: House) -> None:
            await write(house, put)

        with_house(place, keep)

    office = with_house(place, read, new=True)
    return Desk(texts, read_units(read_data("data/places.csv")), office, save)
