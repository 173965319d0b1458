"""The statements of a turn, built once per database, and the rows that wait for them."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.commune_tables import accounts, merges
from storage.database import is_one_of, run_sql, sql
from storage.people_statements import PEOPLE_WRITES, candidates
from storage.tables import (
    PROMOTED,
    TOKENS,
    chats,
    codes,
    consents,
    events,
    inbox,
    outbox,
    submission_marks,
    submissions,
    tasks,
)
from storage.writes import Write, WriteOf, change, insertion, removal

REPLY: Final = 0
"""Priority of answers; what is sent to many goes after them, with a higher number."""
DELETION: Final = 20
"""Priority of deletions: one that has to wait holds nothing else back."""

Row = tuple[Any, ...]

NO_LONGER_LIVE: Final = ("erased", "withdrawn", "superseded", "void")
"""Status of submissions that no other can be a double of."""


def _prompt_sent() -> Write:
    shown = (chats.c.id == bindparam("b_id"), chats.c.prompt_outbox_id == bindparam("b_bubble"))
    clause = update(chats).where(*shown).values(prompt_sent_at=bindparam("b_at"))
    return clause, ("b_at", "b_id", "b_bubble")


def _chat() -> Write:
    """A chat as its turn leaves it. That its prompt was shown may have been noted since it was
    loaded, by who sends: that stays, or every answer would be taken for an early one."""
    names = ("document", "submission_id", "prompt", "prompt_outbox_id", "person")
    values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
    same = chats.c.prompt_outbox_id == bindparam("b_shown_by", type_=BigInteger)
    ours = bindparam("b_prompt_sent_at", type_=BigInteger)
    values["prompt_sent_at"] = func.coalesce(ours, case((same, chats.c.prompt_sent_at)))
    clause = update(chats).where(chats.c.id == bindparam("b_id"))
    order = (*names[:4], "prompt_sent_at", "shown_by", "person", "id")
    return clause.values(**values, unreachable_at=null()), tuple(f"b_{name}" for name in order)


def _duplicate() -> Write:
    other = submissions.alias("other")
    double = exists().where(
        other.c.id_token == submissions.c.id_token,
        other.c.id != submissions.c.id,
        # Wrapped, or SQLite would look among all of the unit instead of by token.
        func.coalesce(other.c.unit, literal_column("''")) == submissions.c.unit,
        other.c.form == submissions.c.form,
        other.c.confirmed_at.is_not(None),
        other.c.status.not_in([literal_column(f"'{status}'") for status in NO_LONGER_LIVE]),
    )
    clause = update(submissions).where(submissions.c.id == bindparam("b_id"))
    return clause.values(duplicate=double), ("b_id",)


def _no_way_back() -> Write:
    """What merges remember of a form that is erased goes too: they cannot be undone any more."""
    clause = update(merges).where(merges.c.kept_form == bindparam("b_id"))
    return clause.values(before=null()), ("b_id",)


def _dead_letter() -> Write:
    key = ("platform", "account", "event_id")
    clause = update(inbox).where(*(inbox.c[name] == bindparam(f"b_{name}") for name in key))
    values: dict[str, Any] = {n: bindparam(f"b_{n}") for n in ("submission_id", "raw", "why")}
    names = (*values, *key)
    clause = clause.values(outcome=literal_column("'dead'"), **values)
    return clause, tuple(f"b_{name}" for name in names)


_ERASED: Final = (
    *(*PROMOTED, *TOKENS.values(), "data_key", "state", "record", "enumerator"),
    *("person_id", "household_id", "relation"),
)

WRITES: Final[dict[str, Write | WriteOf]] = {
    "new chat": insertion(
        chats,
        *("id", "token", "platform", "account", "unit", "address", "document"),
        *("submission_id", "prompt", "prompt_outbox_id", "prompt_sent_at", "person"),
    ),
    "chat": _chat(),
    "new submission": insertion(
        submissions,
        *("id", "chat_id", "unit", "form", "status", "data_key", "state"),
        *("event_count", "head", "created_at", "updated_at"),
    ),
    "submission": change(submissions, "status", "state", "event_count", "head", "updated_at"),
    "filling": change(submissions, "enumerator", "person_id", "household_id", "relation"),
    "confirmed": change(
        *(submissions, "receipt", "record", "confirmed_at", "handed_in_at", "person_id"),
        *(*PROMOTED, *TOKENS.values()),
    ),
    "erased": change(submissions, **dict.fromkeys(_ERASED, null())),
    "no marks": removal(submission_marks, "submission_id"),
    "mark": insertion(submission_marks),
    "duplicate": _duplicate(),
    "event": insertion(events),
    "consent": insertion(consents),
    "task": insertion(
        tasks, "id", "chat_id", "submission_id", "unit", "kind", "created_at", "detail"
    ),
    "older codes": removal(codes, "submission_id"),
    "code": insertion(codes),
    "no codes": removal(codes, "submission_id"),
    "no bubbles": removal(outbox, "submission_id"),
    "no way back": _no_way_back(),
    "bubble": insertion(
        outbox,
        *("id", "chat_id", "submission_id", "payload", "priority", "not_before"),
        *("attempts", "claimed_by", "claimed_until"),
    ),
    "dead letter": _dead_letter(),
    **PEOPLE_WRITES,
}
"""Name -> statement and the order of its values. Written in this order (foreign keys)."""

_SUBMISSION: Final = tuple(
    submissions.c[name]
    for name in (
        *("id", "chat_id", "data_key", "state", "status", "receipt", "event_count", "head"),
        *("enumerator", "person_id", "household_id", "relation", "handed_in_at", "form"),
    )
)


def _load_chats(dialect: Dialect) -> tuple[Select[Any], tuple[str, ...]]:
    elsewhere = exists().where(
        outbox.c.chat_id == chats.c.id,
        outbox.c.failed_at.is_(None),
        outbox.c.priority == literal_column(str(REPLY)),
        func.coalesce(outbox.c.claimed_by, literal_column("''")) != bindparam("worker"),
    )
    names = ("token", "id", "document", "prompt", "prompt_outbox_id", "prompt_sent_at", "person")
    columns = [*(chats.c[name] for name in names), elsewhere.label("elsewhere"), chats.c.holder]
    account = [accounts.c[name] for name in ("role", "login", "name", "unit", "disabled_at")]
    found = select(*columns, *account, *_SUBMISSION).select_from(
        chats.outerjoin(accounts, accounts.c.id == chats.c.holder).outerjoin(
            submissions, submissions.c.id == chats.c.submission_id
        )
    )
    return found.where(is_one_of(chats.c.token, "tokens", dialect)), ("worker", "tokens")


class Statements:
    """SQL text for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.writes = {
            name: sql(*(write(dialect) if callable(write) else write), dialect)
            for name, write in WRITES.items()
        }
        self.load_chats = sql(*_load_chats(dialect), dialect)
        found = select(*_SUBMISSION).where(is_one_of(submissions.c.id, "ids", dialect))
        self.load_submissions = sql(found, ("ids",), dialect)
        dialect_insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
        names = ("platform", "account", "event_id", "id", "chat_id", "received_at", "prompt")
        arrive = dialect_insert(inbox).on_conflict_do_nothing()
        self.arrive = sql(arrive, (*names, "outcome"), dialect)
        key = ("platform", "account", "event_id")
        same = (is_one_of(inbox.c[name], f"{name}s", dialect) for name in key)
        self.arrived = sql(select(inbox.c.id).where(*same), [f"{name}s" for name in key], dialect)
        used = select(submissions.c.id).where(submissions.c.receipt == bindparam("receipt"))
        self.receipt = sql(used, ("receipt",), dialect)
        self.candidates = sql(*candidates(dialect), dialect)
        self.sent = sql(*removal(outbox, "id"), dialect)
        self.prompt_sent = sql(*_prompt_sent(), dialect)


@cache
def statements(dialect: Dialect) -> Statements:
    return Statements(dialect)


class Rows:
    """Rows waiting to be written, by the name of their statement."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {name: [] for name in WRITES}

    def add(self, name: str, row: Row) -> None:
        self._rows[name].append(row)

    def write(self, connection: Connection, texts: dict[str, str]) -> None:
        """Write everything, one executemany for each statement that has rows."""
        for name, rows in self._waiting():
            run_sql(connection, texts[name], rows)

    def _waiting(self) -> Iterator[tuple[str, list[Row]]]:
        return ((name, rows) for name, rows in self._rows.items() if rows)
