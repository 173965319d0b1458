"""A continuation code and a birth date, typed in another browser."""

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

from sqlalchemy import Connection

from bot.conversation import Conversation
from bot.dialogs.answering import read
from bot.dialogs.family import BIRTH_DATE
from bot.dialogs.messages import Incoming
from bot.dialogs.readers.reading import Invalid, Value
from bot.dialogs.state import Draft
from storage.codes import read_code
from storage.desk import Context
from storage.exchange import Bearer, exchange
from storage.ids import VIETNAM
from storage.tries import try_allowed
from storage.turn import State

Outcome = Literal["opened", "code_wrong", "code_tries"]
BARE_YEAR: Final = re.compile("[0-9]{4}")
LONGEST: Final = 100
"""Characters of either field."""
NO_CODE: Final = ""
"""Looked for like any other when the code is mistyped: the answer takes as long."""


def asked_to_continue(
    conversation: Conversation,
    context: Context,
    incoming: Incoming,
    address: str,
    fields: Mapping[str, str],
) -> Callable[[Connection], Outcome]:
    """Return the work that opens the draft in the chat of `incoming`, for a transaction.

    `address` is where the request came from: its tries are counted, and those of each code.
    """
    code = read_code(fields.get("code", "")[:LONGEST]) or NO_CODE
    born = _born(conversation, incoming, fields.get("birth", "")[:LONGEST])

    def knows(document: State) -> bool:
        return born is not None and Draft.from_document(0, document).answers.get(BIRTH_DATE) == born

    def work(connection: Connection) -> Outcome:
        tried = [f"address {address}", *([f"code {code}"] if code else [])]
        if not try_allowed(connection, context, tried):
            return "code_tries"
        opened = exchange(connection, context, conversation, Bearer(incoming, code, knows))
        return "opened" if opened else "code_wrong"

    return work


def _born(conversation: Conversation, incoming: Incoming, text: str) -> Value | None:
    form = conversation.form_of(conversation.current_form)
    today = incoming.received_at.astimezone(VIETNAM).date()
    if BARE_YEAR.fullmatch(text.strip()):
        return text.strip()
    try:
        return read(text, form[BIRTH_DATE], {}, today, conversation.known).value
    except Invalid:
        return None
