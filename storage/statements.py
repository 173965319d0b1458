"""The statements of a turn, built once per database, and the rows that wait for them."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Integer,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.commune_tables import (
    accounts,
    assignments,
    doubles,
    households,
    outcomes,
    people,
    returns,
)
from storage.database import is_one_of, run_sql, sql
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

REPLY: Final = 0
"""Priority of answers; what is sent to many goes after them, with a higher number."""
DELETION: Final = 20
"""Priority of deletions: one that has to wait holds nothing else back."""

Row = tuple[Any, ...]
Write = tuple[Insert | Update | Delete, tuple[str, ...]]

NO_LONGER_LIVE: Final = ("erased", "withdrawn", "superseded", "void")
"""Status of submissions that no other can be a double of."""


def _insert(table: Table, *names: str) -> Write:
    return insert(table), names or tuple(table.columns.keys())


def _update(table: Table, *names: str, **constants: ColumnElement[Any]) -> Write:
    """Set the columns `names` (in the table's order) and `constants` of the row with this id."""
    values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
    clause = update(table).where(table.c.id == bindparam("b_id")).values(**values, **constants)
    return clause, (*(f"b_{name}" for name in names), "b_id")


def _delete(table: Table, name: str) -> Write:
    return delete(table).where(table.c[name] == bindparam("b_id")), ("b_id",)


def _prompt_sent() -> Write:
    shown = (chats.c.id == bindparam("b_id"), chats.c.prompt_outbox_id == bindparam("b_bubble"))
    clause = update(chats).where(*shown).values(prompt_sent_at=bindparam("b_at"))
    return clause, ("b_at", "b_id", "b_bubble")


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


def _dead_letter() -> Write:
    key = ("platform", "account", "event_id")
    clause = update(inbox).where(*(inbox.c[name] == bindparam(f"b_{name}") for name in key))
    values: dict[str, Any] = {n: bindparam(f"b_{n}") for n in ("submission_id", "raw", "why")}
    names = (*values, *key)
    clause = clause.values(outcome=literal_column("'dead'"), **values)
    return clause, tuple(f"b_{name}" for name in names)


def _let_go() -> Write:
    """Nobody is filling in this person's form any more, if it was this submission."""
    draft = (people.c.id == bindparam("b_id"), people.c.draft_id == bindparam("b_draft"))
    clause = update(people).where(*draft).values(draft_id=null(), draft_by=null())
    return clause, ("b_id", "b_draft")


def _answered() -> Write:
    open_return = (returns.c.submission_id == bindparam("b_id"), returns.c.answered_at.is_(None))
    clause = update(returns).where(*open_return).values(answered_at=bindparam("b_at"))
    return clause, ("b_at", "b_id")


PERSON: Final = (
    *("id", "unit", "village", "household_id", "data_key", "document", "sex", "birth_year"),
    *("folded_name", "id_token", "person_token", "origin", "submission_id"),
    *("created_at", "updated_at"),
)
"""Columns of a person as a form leaves them, in the order of their values."""


def _person(dialect: Dialect) -> Write:
    """Somebody known and somebody new by the same statement: it does not tell which."""
    row = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(people)
    kept = {"id", "unit", "origin", "created_at"}
    newest: dict[str, Any] = {name: row.excluded[name] for name in PERSON if name not in kept}
    newest |= {"outcome": null(), "outcome_until": null()}
    for name in ("draft_id", "draft_by"):
        handed_in = people.c.draft_id == row.excluded.submission_id
        newest[name] = case((handed_in, null()), else_=people.c[name])
    return row.on_conflict_do_update(index_elements=["id"], set_=newest), PERSON


def _double(dialect: Dialect) -> Write:
    """Writes nothing where `b_real` is 0: a form causes the same statements, found or not."""
    kinds = {"id": BigInteger, "unit": Text, "first_id": BigInteger, "second_id": BigInteger}
    kinds |= {"why": Text, "found_at": BigInteger}
    values: Any = select(*(cast(bindparam(f"b_{n}"), kind) for n, kind in kinds.items()))
    found = values.where(cast(bindparam("b_real"), Integer) == literal_column("1"))
    row = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(doubles)
    clause = row.from_select(list(kinds), found).on_conflict_do_nothing()
    return clause, (*(f"b_{name}" for name in kinds), "b_real")


_ERASED: Final = (
    *(*PROMOTED, *TOKENS.values(), "data_key", "state", "record", "enumerator"),
    *("person_id", "household_id", "relation"),
)

WRITES: Final[dict[str, Write | Callable[[Dialect], Write]]] = {
    "new chat": _insert(
        chats,
        *("id", "token", "platform", "account", "unit", "address", "document"),
        *("submission_id", "prompt", "prompt_outbox_id", "prompt_sent_at", "person"),
    ),
    "chat": _update(
        chats,
        *("document", "submission_id", "prompt", "prompt_outbox_id", "prompt_sent_at", "person"),
        unreachable_at=null(),
    ),
    "new submission": _insert(
        submissions,
        *("id", "chat_id", "unit", "form", "status", "data_key", "state"),
        *("event_count", "head", "created_at", "updated_at"),
    ),
    "submission": _update(submissions, "status", "state", "event_count", "head", "updated_at"),
    "filling": _update(submissions, "enumerator", "person_id", "household_id", "relation"),
    "confirmed": _update(
        *(submissions, "receipt", "record", "confirmed_at", "person_id"),
        *(*PROMOTED, *TOKENS.values()),
    ),
    "erased": _update(submissions, **dict.fromkeys(_ERASED, null())),
    "no marks": _delete(submission_marks, "submission_id"),
    "mark": _insert(submission_marks),
    "duplicate": _duplicate(),
    "event": _insert(events),
    "consent": _insert(consents),
    "task": _insert(
        tasks, "id", "chat_id", "submission_id", "unit", "kind", "created_at", "detail"
    ),
    "older codes": _delete(codes, "submission_id"),
    "code": _insert(codes),
    "no codes": _delete(codes, "submission_id"),
    "no bubbles": _delete(outbox, "submission_id"),
    "bubble": _insert(
        outbox,
        *("id", "chat_id", "submission_id", "payload", "priority", "not_before"),
        *("attempts", "claimed_by", "claimed_until"),
    ),
    "dead letter": _dead_letter(),
    "no draft": _let_go(),
    "draft": _update(people, "draft_id", "draft_by"),
    "outcome": _insert(outcomes),
    "person outcome": _update(people, "outcome", "outcome_until", "updated_at"),
    "answered": _answered(),
    "new household": _insert(
        households, "id", "unit", "village", "data_key", "document", "created_at"
    ),
    "person": _person,
    "double": _double,
    "assignment": _insert(
        assignments, "id", "unit", "account_id", "person_id", "created_at", "created_by"
    ),
}
"""Name -> statement and the order of its values. Written in this order (foreign keys)."""

_SUBMISSION: Final = tuple(
    submissions.c[name]
    for name in (
        *("id", "chat_id", "data_key", "state", "status", "receipt", "event_count", "head"),
        *("enumerator", "person_id", "household_id", "relation", "confirmed_at", "form"),
    )
)


CANDIDATE: Final = (
    *("id", "unit", "village", "household_id", "data_key", "document", "id_token", "person_token"),
    *("folded_name", "origin", "submission_id", "created_at", "merged_into"),
)


def _candidates(dialect: Dialect) -> tuple[Select[Any], tuple[str, ...]]:
    """The people a form may be of, each with chat and form of the submission that counts."""
    counted = (submissions.c.chat_id, submissions.c.form)
    found = select(*(people.c[name] for name in CANDIDATE), *counted).outerjoin(
        submissions, submissions.c.id == people.c.submission_id
    )
    by = {"ids": people.c.id, "numbers": people.c.id_token, "names": people.c.person_token}
    meant = or_(*(is_one_of(column, name, dialect) for name, column in by.items()))
    return found.where(meant), tuple(by)


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
        self.candidates = sql(*_candidates(dialect), dialect)
        self.sent = sql(*_delete(outbox, "id"), dialect)
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
