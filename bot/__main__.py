"""The command line: one command per job, nothing else.

What a command needs is imported when it runs: `mau03 --help` and a chat start at once.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import (
    commands_accounts,
    commands_doubles,
    commands_fieldwork,
    commands_imports,
    commands_keeping,
    commands_returns,
    commands_units,
    commands_watching,
)
from bot.commands import Data, explained, look, now, place_of
from storage.ids import VIETNAM

if TYPE_CHECKING:
    from bot.dialogs.known import Office

DEFAULT_FORM = "mau03_2022"

app = typer.Typer(
    help="Collect the labour form Mau so 03 of Circular 11/2022 by chat; keep and export it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
form_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def run() -> None:
    """Start the web chat and every configured messenger."""
    with explained():
        from bot.serving import run_forever
        from bot.settings import read_settings

        run_forever(read_settings(), now=now, random=os.urandom)


@app.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
def setup(
    options: Annotated[list[str] | None, typer.Argument(metavar="[OPTIONS]")] = None,
) -> None:
    """Say which commune office this is; asks when given no options."""
    with explained():
        from bot.commands_setup import set_up

        set_up(options or [])


@app.command()
def chat(
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines in and out.")] = False,
    data: Data = None,
    chat: Annotated[str, typer.Option(help="Name of the conversation.")] = "local",
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Pretend it is this day.")
    ] = None,
) -> None:
    """Talk to the assistant here; without --data nothing is kept."""
    with explained(), tempfile.TemporaryDirectory(prefix="mau03-") as scratch:
        from bot.simulator import simulate

        clock = _shifted(today) if today else now
        simulate(data or Path(scratch), chat, as_json=as_json, now=clock)


def _shifted(day: datetime) -> Callable[[], datetime]:
    """Return a clock that shows the present time of day on another day of Vietnam."""
    today = datetime.now(VIETNAM).date()
    ahead = timedelta(days=(day.date() - today).days)
    return lambda: datetime.now(UTC) + ahead


@app.command("try-answer")
def try_answer(data: Data = None) -> None:
    """Read and check single answers: JSON lines in, JSON lines out."""
    with explained():
        from bot.content import form_of, known_of, trial_office
        from bot.trying import try_line

        known = known_of(_office_of(data) if data else trial_office())
        for line in sys.stdin:
            if line.strip():
                result = try_line(line, form_of(), known, now())
                typer.echo(json.dumps(result, ensure_ascii=False))


def _office_of(data: Path) -> "Office":
    return look(place_of(data), lambda house: house.office)


@form_app.command("show")
def form_show(
    form: Annotated[str, typer.Argument(help="Version of the form.")] = DEFAULT_FORM,
) -> None:
    """Print a form as a tree: questions, choices, when each applies."""
    with explained():
        from bot.content import form_of
        from bot.dialogs.outline import outline

        typer.echo("\n".join(outline(form_of(form))))


@form_app.command("check")
def form_check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Check a form file; a wrong one is refused by file, line, id and key."""
    with explained():
        from bot.dialogs.form import BadForm, load_form
        from bot.dialogs.rules import PARAMETERS

        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise BadForm(f"{file}: not UTF-8 ({error.reason})") from None
        form = load_form(text, str(file), PARAMETERS)
        typer.echo(f"{file}: {form.id}, {len(form.questions)} questions")


app.add_typer(form_app, name="form", help="Print a form (show), or check a form file (check).")
commands_keeping.add_to(app)
commands_watching.add_to(app)
commands_accounts.add_to(app)
commands_units.add_to(app)
commands_fieldwork.add_to(app)
commands_returns.add_to(app)
commands_imports.add_to(app)
commands_doubles.add_to(app)


def main() -> None:
    """Entry point of the command `mau03`."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace")
    app(prog_name="mau03")


if __name__ == "__main__":
    main()
