"""Every table, in SQLAlchemy Core. Instants are milliseconds UTC, `sealed` columns ciphertext."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
)

from storage import commune_tables
from storage.metadata import ROW_ID, metadata

__all__ = ["commune_tables", "metadata"]  # so that whoever wants all tables has them all

meta: Final = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

inbox: Final = Table(
    "inbox",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("prompt", Text, nullable=False),  # revision open when the message arrived
    Column("outcome", Text, nullable=False),  # done | dead | replayed
    Column("submission_id", BigInteger),  # of a dead letter: whose data key seals it
    Column("raw", LargeBinary),  # sealed; only while the letter is dead
    Column("why", Text),
    Index(
        "ix_inbox_dead",
        "id",
        sqlite_where=text("outcome = 'dead'"),
        postgresql_where=text("outcome = 'dead'"),
    ),
    sqlite_with_rowid=False,
)

chats: Final = Table(
    "chats",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("token", Text, nullable=False, unique=True),  # keyed: platform, account, address
    Column("platform", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("address", LargeBinary, nullable=False),  # sealed: the platform's own chat id
    Column("document", LargeBinary),  # sealed
    Column("submission_id", BigInteger),  # the one that is open
    Column("prompt", Text, nullable=False),
    Column("prompt_outbox_id", BigInteger),  # the bubble that shows the open prompt
    Column("prompt_sent_at", BigInteger),
    Column("unreachable_at", BigInteger),
    Column("person", BigInteger),  # the same number in all chats known to be one person's
    Column("holder", BigInteger),  # the account of who works in this chat
    Index(None, "person"),
    Index(None, "holder"),
)

PROMOTED: Final = (
    "village",
    "sex",
    "birth_year",
    "folded_name",
    "item_9",
    "item_10",
    "item_11",
    "item_12_1",
    "item_12_2a",
    "item_12_2a_kind",
    "item_12_2b",
    "item_12_2b_kind",
    "item_12_3a",
    "item_12_3a_kind",
    "item_13",
    "item_13_1",
)
"""Columns of a confirmed submission that stand in the clear, for reports and search."""

TOKENS: Final = {
    "id_number": "id_token",
    "insurance_number": "insurance_token",
    "person": "person_token",
}
"""What is looked up by keyed token -> its column."""

submissions: Final = Table(
    "submissions",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, ForeignKey("chats.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("receipt", Text, unique=True),
    Column("data_key", LargeBinary),  # wrapped; NULL once erased
    Column("state", LargeBinary),  # sealed
    Column("record", LargeBinary),  # sealed
    Column("event_count", Integer, nullable=False),
    Column("head", LargeBinary, nullable=False),  # hash of the newest event
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("handed_in_at", BigInteger),  # at first, or first since it was returned
    Column("enumerator", BigInteger),  # account
    Column("person_id", BigInteger),
    Column("household_id", BigInteger),  # of somebody who was in no list when it began
    Column("relation", LargeBinary),  # sealed: theirs to the head of that household
    *(Column(name, Integer if name == "birth_year" else Text) for name in PROMOTED),
    *(Column(name, Text) for name in TOKENS.values()),
    Column("duplicate", Boolean, nullable=False, server_default=false()),
    Index(None, "chat_id"),
    Index(None, "unit", "status"),
    Index(None, "person_id"),
    Index(None, "enumerator"),
    *(Index(None, name) for name in TOKENS.values()),
)

submission_marks: Final = Table(
    "submission_marks",
    metadata,
    Column("submission_id", BigInteger, ForeignKey("submissions.id"), primary_key=True),
    Column("token", Text, primary_key=True),
    Index(None, "token"),
    sqlite_with_rowid=False,
)

events: Final = Table(
    "events",
    metadata,
    Column("submission_id", BigInteger, ForeignKey("submissions.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),  # from 1
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("platform", Text, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("event_ref", Text, nullable=False),  # the platform's event id that caused it
    Column("sealed", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

anchors: Final = Table(
    "anchors",
    metadata,
    Column("day", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),  # events before this instant are anchored
    Column("count", Integer, nullable=False),  # submissions
    Column("digest", LargeBinary, nullable=False),
)

consents: Final = Table(
    "consents",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, ForeignKey("chats.id"), nullable=False),
    Column("submission_id", BigInteger),
    Column("purpose", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("text_sha256", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("platform", Text, nullable=False),
    Column("event_ref", Text, nullable=False),
    Column("detail", LargeBinary, nullable=False),  # sealed
    Index(None, "chat_id"),
    Index(None, "submission_id"),
)

tasks: Final = Table(
    "tasks",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, ForeignKey("chats.id"), nullable=False),
    Column("submission_id", BigInteger),
    Column("unit", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("detail", LargeBinary, nullable=False),  # sealed
    Index(None, "unit", "done_at"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, ForeignKey("chats.id"), nullable=False),
    Column("submission_id", BigInteger),  # whose data key seals the payload
    Column("payload", LargeBinary, nullable=False),  # sealed
    Column("priority", Integer, nullable=False),  # lower goes first
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", Text),
    Column("claimed_until", BigInteger, nullable=False),
    Column("failed_at", BigInteger),
    Column("why", Text),
    Index(None, "chat_id", "id"),
)

codes: Final = Table(
    "codes",
    metadata,
    Column("token", Text, primary_key=True),  # keyed hash of a continuation code
    Column("chat_id", BigInteger, ForeignKey("chats.id"), nullable=False),
    Column("submission_id", BigInteger, ForeignKey("submissions.id"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Index(None, "submission_id"),
)

exports: Final = Table(
    "exports",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("filter", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("unit", Text),
    Column("second", Text),  # login of who approved it
)

attempts: Final = Table(
    "attempts",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),  # keyed hash of what is being limited
    Column("at", BigInteger, nullable=False),
    Index(None, "key", "at"),
)
