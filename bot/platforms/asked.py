"""A prompt of some chat that a sealed link is for: found while it is open, and answered."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.requests import Request

from bot.dialogs.messages import Incoming, Text
from bot.dialogs.state import Chat
from bot.platforms.web import Web
from storage.ids import new_name
from storage.links import Address, Link, address_of, read_link
from storage.outbox import Queued
from storage.standing import Standing, standing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt that is still open, and the chat it is open in."""

    link: Link
    address: Address
    found: Standing


async def asked_by(web: Web, request: Request) -> Asked | None:
    """Return the prompt that the link in an address is for; None once it is over."""
    context = web.context
    link = read_link(context.keys, request.path_params["link"], now=context.now())
    if link is None:
        return None

    def look(connection: Connection) -> Asked | None:
        address = address_of(connection, context.keys, link.chat_id)
        found = standing(connection, context, address.token) if address else None
        if address is None or found is None:
            return None
        prompt = Chat.from_document(found.view.document).prompt
        open_now = prompt is not None and str(prompt.rev) == link.prompt
        open_now = open_now and not found.view.cut_off
        return Asked(link, address, found) if open_now else None

    return await web.read(look)


async def answer(web: Web, asked: Asked, text: str) -> Sequence[Queued] | None:
    """Take words as if they had been typed in the chat; None when that was not possible."""
    address, now = asked.address, web.context.now()
    event = new_name(now, web.context.random)
    where = (address.platform, address.account, event, address.chat)
    try:
        return await web.ledger.submit(Incoming(*where, Text(text, asked.link.prompt), now, now))
    except Exception as error:
        log.error("not_taken", extra={"why": type(error).__name__})
        return None
