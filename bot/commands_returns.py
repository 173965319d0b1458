"""Command for the office: a form is given back to whoever handed it in."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import As, Data, done, explained

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.app import House
    from storage.access import Viewer


def give_back(
    receipt: Annotated[str, typer.Argument(help="Nine digits.")],
    comment: Annotated[list[str], typer.Option(help="Item and what is wrong: '9: ...'.")],
    data: Data = None,
    asked_by: As = None,
) -> None:
    """Give a confirmed form back, with what is to be corrected."""
    with explained():
        from bot.content import texts_of
        from storage.returns import give_back as give

        comments = _comments(comment)
        digits = "".join(filter(str.isdecimal, receipt))

        def work(connection: "Connection", house: "House", viewer: "Viewer") -> int:
            clerk = house.conversation
            return give(connection, house.context, clerk, viewer, digits, comments)

        done(data, asked_by, work)
        typer.echo(texts_of()("return.done", receipt=receipt))


def _comments(lines: list[str]) -> dict[str, str]:
    """Return question -> what is wrong. Raises ReturnRefused for an item the form does not have."""
    from bot.content import form_of
    from storage.returns import ReturnRefused

    questions: dict[str, str] = {}
    for question in form_of().questions:
        questions.setdefault(question.item.casefold(), question.id)
    comments = {}
    for line in lines:
        item, _, words = (part.strip() for part in line.partition(":"))
        if item.casefold() not in questions or not words:
            raise ReturnRefused("no_item", item=item[:20])
        comments[questions[item.casefold()]] = words
    return comments


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("return")(give_back)
