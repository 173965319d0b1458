"""The command line: one command per job, nothing else."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.content import CURRENT_FORM, form_of, known_of, texts_of, trial_office

app = typer.Typer(
    help="Collect Mẫu số 03 of Circular 11/2022 by chat; review, export, hand over.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
form_app = typer.Typer(help="Look at a form, or check a form file.", no_args_is_help=True)
app.add_typer(form_app, name="form")

Data = Annotated[Path | None, typer.Option("--data", help="Data folder instead of MAU03_DATA.")]


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what stops the program into one clear sentence and exit status 1."""
    from bot.settings import BadSettings
    from storage.database import AlreadyRunning
    from storage.sealed import KeyRefused

    texts = texts_of()
    try:
        yield
    except BadSettings as error:
        typer.echo(error.explained(texts), err=True)
    except AlreadyRunning as error:
        typer.echo(f"{texts('command.already_running')}\n{error}", err=True)
    except KeyRefused as error:
        typer.echo(f"{texts(f'command.{error.code}')}\n{error}", err=True)
    else:
        return
    raise typer.Exit(1)


@app.command()
def run() -> None:
    """Start the web chat (and every configured messenger) on this machine."""
    with explained():
        from bot.serving import run_forever
        from bot.settings import read_settings

        run_forever(read_settings(), now=now, random=os.urandom)


@app.command()
def chat(
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines in and out.")] = False,
    data: Data = None,
    chat: Annotated[str, typer.Option(help="Name of the conversation.")] = "local",
    today: Annotated[str | None, typer.Option(help="Pretend it is this day, YYYY-MM-DD.")] = None,
) -> None:
    """Talk to the assistant in this terminal; without --data nothing is kept."""
    with explained(), tempfile.TemporaryDirectory(prefix="mau03-") as scratch:
        from bot.simulator import simulate

        clock = _shifted(date.fromisoformat(today)) if today else now
        simulate(data or Path(scratch), chat, as_json=as_json, now=clock)


@app.command("try-answer")
def try_answer(
    data: Data = None,
) -> None:
    """Read and check single answers: JSON lines in, JSON lines out."""
    with explained():
        from bot.trying import try_line

        known = known_of(_office(data))
        for line in sys.stdin:
            if line.strip():
                typer.echo(json.dumps(try_line(line, form_of(), known, now()), ensure_ascii=False))


@form_app.command("show")
def form_show(form: Annotated[str, typer.Argument(help="Version of the form.")] = CURRENT_FORM) -> None:
    """Print a form as a tree: questions, choices, when each applies."""
    from bot.dialogs.outline import outline

    typer.echo("\n".join(outline(form_of(form))))


@form_app.command("check")
def form_check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Check a form file; a wrong one is refused by file, line, id and key."""
    from bot.dialogs.form import BadForm, load_form
    from bot.dialogs.rules import RULES

    try:
        form = load_form(file.read_text("utf-8"), str(file), frozenset(RULES))
    except BadForm as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{file}: {form.id}, {len(form.questions)} questions")


def _shifted(day: date) -> "type[None] | object":
    """Return a clock that shows the present time of day on another day."""
    ahead = timedelta(days=(day - datetime.now(UTC).date()).days)
    return lambda: datetime.now(UTC) + ahead


def main() -> None:
    """Entry point of the command `mau03`."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8")
    app()


def _office(data: Path | None) -> "object":
    return trial_office()


if __name__ == "__main__":
    main()
