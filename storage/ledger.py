"""The turn's transaction: lock, dedupe, load, decide, write. Nothing is sent from here."""

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct, json
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.dialogs.messages import Incoming
from storage.apply import apologise, apply, received
from storage.database import bound_list, lock_chats, run_sql
from storage.desk import Chat, ChatLookup, Context, Desk, view
from storage.ids import milliseconds
from storage.outbox import Delivered, Queued
from storage.sealed import Keys
from storage.sealing import seal_chat, write_desk
from storage.statements import statements
from storage.turn import Decide

log = logging.getLogger(__name__)

INCOMING: Final = json.Decoder(Incoming)
"""How a dead letter keeps its message."""

GIVEN_WAY: Final = 2
"""How often a transaction that had to give way to another is begun anew."""
GIVES_WAY: Final = ("40P01", "40001")
"""SQLSTATE of a deadlock, and of transactions that could not both be."""


class Committed(Struct, frozen=True):
    """What a batch caused, known to be on the disk."""

    queued: Sequence[Sequence[Queued]]
    """For each message of the batch, in order: its bubbles. Empty for a duplicate."""
    erased: bool = False


def commit(
    connection: Connection,
    batch: Sequence[Incoming],
    decide: Decide,
    context: Context,
    *,
    delivered: Sequence[Delivered] = (),
) -> Committed:
    """Decide a batch of messages and write all it causes, in one transaction.

    Messages of one chat are decided in their order. One that cannot be decided becomes a dead
    letter. One that the database refuses is found by committing each message alone. Raises what
    the database raises when it is the database that fails: then nothing of the batch is kept.
    """
    try:
        return _whole(connection, batch, decide, context, delivered)
    except Exception as error:
        if not batch or not _message_caused(error):
            raise
    if delivered:
        commit(connection, (), decide, context, delivered=delivered)
    return _each_alone(connection, batch, decide, context)


def _whole(
    connection: Connection,
    batch: Sequence[Incoming],
    decide: Decide,
    context: Context,
    delivered: Sequence[Delivered],
) -> Committed:
    """Write a batch in one transaction, from the beginning again when it had to give way."""
    for _ in range(GIVEN_WAY):
        try:
            with connection.begin():
                return _batch(connection, batch, decide, context, delivered)
        except DBAPIError as error:
            if not _gave_way(error):
                raise
    with connection.begin():
        return _batch(connection, batch, decide, context, delivered)


def _gave_way(error: DBAPIError) -> bool:
    """Tell whether the database ended this transaction so that another could go on."""
    return getattr(error.orig, "sqlstate", None) in GIVES_WAY


def _message_caused(error: Exception) -> bool:
    """Tell a refused value from a failing database (full disk, lost connection, lock)."""
    if isinstance(error, DBAPIError):
        failed = isinstance(error, OperationalError) or error.connection_invalidated
        return not (failed or _gave_way(error))
    return isinstance(error, ValueError | TypeError | ArithmeticError)


def _each_alone(
    connection: Connection, batch: Sequence[Incoming], decide: Decide, context: Context
) -> Committed:
    alone = [_alone(connection, incoming, decide, context) for incoming in batch]
    queued = [bubbles for one in alone for bubbles in one.queued]
    return Committed(queued, any(one.erased for one in alone))


def _alone(
    connection: Connection, incoming: Incoming, decide: Decide, context: Context
) -> Committed:
    try:
        return _whole(connection, [incoming], decide, context, ())
    except Exception as error:
        if not _message_caused(error):
            raise
        refused = error
    with connection.begin():
        return _batch(connection, [incoming], decide, context, (), refused=refused)


def _batch(
    connection: Connection,
    batch: Sequence[Incoming],
    decide: Decide,
    context: Context,
    delivered: Sequence[Delivered],
    *,
    refused: Exception | None = None,
) -> Committed:
    _mark_sent(connection, delivered)
    tokens = [chat_token(context.keys, m.platform, m.account, m.chat) for m in batch]
    distinct = list(dict.fromkeys(tokens))
    lock_chats(connection, distinct)
    # The clock is read under the locks, so that the order of ids is the order of commits.
    desk = Desk(connection, context, milliseconds(context.now()))
    if not batch:
        return Committed([])
    desk.load(distinct)
    fresh = _arrive(desk, batch, tokens)
    queued: list[Sequence[Queued]] = [()] * len(batch)
    for number, message_id in fresh.items():
        message = (batch[number], message_id, tokens[number])
        queued[number] = _turn(desk, *message, decide, refused)
    _write(desk, dict(zip(tokens, batch, strict=True)))
    return Committed(queued, any(desk.submissions[i].key is None for i in desk.changed))


@lru_cache(maxsize=10_000)
def chat_token(keys: Keys, platform: str, account: str, chat: str) -> str:
    """Return the look-up token of a chat, whose own address stands nowhere in the clear."""
    return keys.token("chat", f"{platform}\0{account}\0{chat}")


def _mark_sent(connection: Connection, delivered: Sequence[Delivered]) -> None:
    """Forget what was delivered, and remember when the open prompt reached its chat."""
    if not delivered:
        return
    text = statements(connection.dialect)
    shown = [(milliseconds(bubble.at), bubble.chat_id, bubble.id) for bubble in delivered]
    run_sql(connection, text.prompt_sent, shown)
    run_sql(connection, text.sent, [(bubble.id,) for bubble in delivered])


def _arrive(desk: Desk, batch: Sequence[Incoming], tokens: Sequence[str]) -> dict[int, int]:
    """Put the messages into the inbox; return position -> row id of those never seen before."""
    rows = [
        received(incoming, desk.new_id(), desk.chats[token])
        for incoming, token in zip(batch, tokens, strict=True)
    ]
    done = run_sql(desk.connection, desk.sql.arrive, rows)
    if done.rowcount == len(rows):  # asyncpg does not count: -1
        return {position: row[3] for position, row in enumerate(rows)}
    keys = [sorted({row[column] for row in rows}) for column in range(3)]
    values = tuple(bound_list(key, desk.sql.dialect) for key in keys)
    ours = {row[0] for row in run_sql(desk.connection, desk.sql.arrived, values)}
    return {position: row[3] for position, row in enumerate(rows) if row[3] in ours}


def _turn(
    desk: Desk,
    incoming: Incoming,
    message_id: int,
    token: str,
    decide: Decide,
    refused: Exception | None,
) -> list[Queued]:
    """Decide one message, twice if need be; `refused` says that the database did not take it."""
    attempts = 0 if refused else 2
    for _ in range(attempts):
        chat = desk.chats[token]
        try:
            decision = decide(incoming, view(desk, chat, message_id), ChatLookup(desk, chat))
            return apply(desk, incoming, chat, decision)
        except DBAPIError:
            raise
        except Exception as error:
            refused = error
    return _set_aside(desk, incoming, desk.chats[token], refused)


def _set_aside(
    desk: Desk, incoming: Incoming, chat: Chat, refused: Exception | None
) -> list[Queued]:
    why = _reason(refused)
    log.error("message_set_aside", extra={"chat_id": chat.id, "why": why})
    return apologise(desk, incoming, chat, json.encode(incoming), why)


def _reason(error: BaseException | None) -> str:
    """Return kind and place of an error, not its words: they may quote what the person wrote."""
    trace = error.__traceback__ if error else None
    if trace is None:
        return type(error).__name__
    while trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_name}, line {trace.tb_lineno}"


def _write(desk: Desk, senders: Mapping[str, Incoming]) -> None:
    """Seal everything that changed, each chat and submission once, and write it."""
    for token, chat in desk.chats.items():
        if chat.changed:
            sender = senders[token]
            seal_chat(desk, chat, sender.platform, sender.account, sender.chat)
    write_desk(desk)
