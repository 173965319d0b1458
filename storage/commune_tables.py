"""The tables of a commune: its units, who works there, its people, who collects whom.

Instants are milliseconds UTC, days "2026-11-24", months "2026-11", `sealed` columns ciphertext.
What a form writes refers to no unit: it must settle also where nobody has entered the units.
"""

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
    UniqueConstraint,
    text,
)

from storage.metadata import ROW_ID, metadata

units: Final = Table(
    "units",
    metadata,
    Column("code", Text, primary_key=True),  # official; of a village "<commune>-<number>"
    Column("parent", Text, ForeignKey("units.code")),
    Column("level", Text, nullable=False),  # province | district | commune | village
    Column("kind", Text, nullable=False),  # key of its word: tinh, phuong, xa, thon ...
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("path", Text, nullable=False),  # "/51/21340/": codes from the root to itself
    Column("urban", Boolean),  # of communes and villages
    Column("position", Integer, nullable=False),  # among its siblings
    Column("closed_at", BigInteger),
    Index(None, "path"),
    Index(None, "parent", "position"),
)

accounts: Final = Table(
    "accounts",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("login", Text, nullable=False, unique=True),  # a short name in plain letters
    Column("name", LargeBinary, nullable=False),  # sealed, under the office's key
    Column("role", Text, nullable=False),
    Column("unit", Text, ForeignKey("units.code"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("disabled_at", BigInteger),
    Index(None, "unit", "role"),
)

invites: Final = Table(
    "invites",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("token", Text, nullable=False, unique=True),  # keyed hash of the code
    Column("role", Text, nullable=False),
    Column("unit", Text, ForeignKey("units.code"), nullable=False),
    Column("account_id", BigInteger, ForeignKey("accounts.id")),  # an account that has it already
    Column("name", LargeBinary),  # sealed: of who is invited, for a new account
    Column("uses_left", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("revoked_at", BigInteger),
)

account_events: Final = Table(
    "account_events",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("account_id", BigInteger, ForeignKey("accounts.id")),
    Column("unit", Text, nullable=False),
    Column("kind", Text, nullable=False),  # created | invited | joined | disabled | enabled ...
    Column("by", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON, nothing personal
    Index(None, "account_id"),
    Index(None, "unit", "at"),
)

accesses: Final = Table(
    "accesses",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("account_id", BigInteger),
    Column("by", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("person_id", BigInteger),
    Column("submission_id", BigInteger),
    Column("why", Text),
    Index(None, "submission_id"),
    Index(None, "person_id"),
    Index(None, "unit", "at"),
)

batches: Final = Table(
    "batches",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("unit", Text, ForeignKey("units.code"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("layout", Text, nullable=False),
    Column("good", Integer, nullable=False),
    Column("warned", Integer, nullable=False),
    Column("bad", Integer, nullable=False),
    Column("known", Integer, nullable=False),  # were there already
    Column("undone_at", BigInteger),
    Index(None, "unit", "at"),
)

column_maps: Final = Table(
    "column_maps",
    metadata,
    Column("unit", Text, ForeignKey("units.code"), primary_key=True),
    Column("fingerprint", Text, primary_key=True),  # of the headings
    Column("document", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

households: Final = Table(
    "households",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("unit", Text, nullable=False),
    Column("village", Text),
    Column("code_token", Text),  # keyed: the number the office gave it, else its place in a list
    Column("data_key", LargeBinary),  # wrapped; NULL once erased
    Column("document", LargeBinary),  # sealed: address, the office's number
    Column("batch_id", BigInteger, ForeignKey("batches.id")),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "unit", "village"),
    Index(None, "code_token"),
    Index(None, "batch_id"),
)

people: Final = Table(
    "people",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("unit", Text, nullable=False),
    Column("village", Text),
    Column("household_id", BigInteger, ForeignKey("households.id")),
    Column("data_key", LargeBinary),  # wrapped; NULL once erased
    Column("document", LargeBinary),  # sealed: what was known last, relation to the head
    Column("sex", Text),
    Column("birth_year", Integer),
    Column("folded_name", Text),
    Column("id_token", Text),
    Column("person_token", Text),  # keyed: folded name and birth date
    Column("origin", Text, nullable=False),  # import | chat
    Column("batch_id", BigInteger, ForeignKey("batches.id")),
    Column("submission_id", BigInteger),  # the one that counts, once handed in
    Column("draft_id", BigInteger),  # being filled in right now
    Column("draft_by", BigInteger),  # account; NULL: in a chat of their own
    Column("outcome", Text),  # why there is no form: absent, moved_away, died ...
    Column("outcome_until", Text),  # month in which to come back
    Column("merged_into", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index(  # in the order of a visit list, and all that lists and counts look at
        "ix_people_area",
        *("unit", "village", "household_id", "folded_name", "submission_id"),
        *("outcome", "outcome_until", "merged_into", "draft_by"),
    ),
    Index(None, "unit", "folded_name", "birth_year"),
    Index(None, "household_id"),
    Index(None, "id_token"),
    Index(None, "person_token"),
    Index(None, "batch_id"),
    Index(  # partial: without a form are most, and no index finds those
        "ix_people_submission_id",
        "submission_id",
        sqlite_where=text("submission_id IS NOT NULL"),
        postgresql_where=text("submission_id IS NOT NULL"),
    ),
)

renewals: Final = Table(
    "renewals",
    metadata,
    Column("batch_id", BigInteger, ForeignKey("batches.id"), primary_key=True),
    Column("person_id", BigInteger, ForeignKey("people.id"), primary_key=True),
    Column("document", LargeBinary, nullable=False),  # sealed: as it was before the batch
    Column("updated_at", BigInteger, nullable=False),  # as it was before the batch
    Index(None, "person_id"),
    sqlite_with_rowid=False,
)

person_marks: Final = Table(
    "person_marks",
    metadata,
    Column("person_id", BigInteger, ForeignKey("people.id"), primary_key=True),
    Column("token", Text, primary_key=True),  # keyed: a flag such as a poor household
    Index(None, "token"),
    sqlite_with_rowid=False,
)

assignments: Final = Table(
    "assignments",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("unit", Text, nullable=False),
    Column("account_id", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("village", Text),  # exactly one of these three
    Column("household_id", BigInteger, ForeignKey("households.id")),
    Column("person_id", BigInteger, ForeignKey("people.id")),
    Column("target", Integer),
    Column("due_on", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("ended_at", BigInteger),
    Index(None, "account_id", "ended_at"),
    Index(None, "person_id"),
    Index(None, "household_id"),
    Index(None, "unit", "village"),
)

outcomes: Final = Table(
    "outcomes",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("since", Text),  # month
    Column("until", Text),  # month
    Column("account_id", BigInteger, ForeignKey("accounts.id")),
    Column("by", Text, nullable=False),
    Index(None, "person_id"),
    Index(None, "unit", "at"),
)

doubles: Final = Table(
    "doubles",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("unit", Text, nullable=False),
    Column("first_id", BigInteger, ForeignKey("people.id"), nullable=False),  # the smaller number
    Column("second_id", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("why", Text, nullable=False),
    Column("found_at", BigInteger, nullable=False),
    Column("decided", Text),  # same | different
    Column("decided_at", BigInteger),
    Column("decided_by", Text),
    UniqueConstraint("first_id", "second_id"),
    Index(None, "second_id"),
    Index(
        "ix_doubles_open",
        "unit",
        sqlite_where=text("decided IS NULL"),
        postgresql_where=text("decided IS NULL"),
    ),
)

merges: Final = Table(
    "merges",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("unit", Text, nullable=False),
    Column("kept_id", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("gone_id", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("kept_form", BigInteger, ForeignKey("submissions.id")),  # what `before` may tell of
    Column("before", LargeBinary),  # sealed: both as they were; NULL once kept_form is erased
    Column("undone_at", BigInteger),
    Index(None, "kept_id"),
    Index(None, "gone_id"),
    Index(None, "kept_form"),
)

returns: Final = Table(
    "returns",
    metadata,
    Column("id", ROW_ID, primary_key=True, autoincrement=False),
    Column("submission_id", BigInteger, ForeignKey("submissions.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("comments", LargeBinary, nullable=False),  # sealed: question -> what is wrong
    Column("answered_at", BigInteger),
    Index(None, "submission_id"),
)
