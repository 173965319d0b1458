"""Units, accounts, people: who lives and who works in a commune."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "20261124_commune"
down_revision: Final = "20261122_person"


def upgrade() -> None:
    op.create_table(
        "accesses",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
    )
    op.create_index(op.f("ix_accesses_person_id"), "accesses", ["person_id"], unique=False)
    op.create_index(op.f("ix_accesses_submission_id"), "accesses", ["submission_id"], unique=False)
    op.create_index(op.f("ix_accesses_unit_at"), "accesses", ["unit", "at"], unique=False)
    op.create_table(
        "units",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("urban", sa.Boolean(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["units.code"], name=op.f("fk_units_parent_units")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_units")),
    )
    op.create_index(op.f("ix_units_parent_position"), "units", ["parent", "position"], unique=False)
    op.create_index(op.f("ix_units_path"), "units", ["path"], unique=False)
    op.create_table(
        "accounts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["unit"], ["units.code"], name=op.f("fk_accounts_unit_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("login", name=op.f("uq_accounts_login")),
    )
    op.create_index(op.f("ix_accounts_unit_role"), "accounts", ["unit", "role"], unique=False)
    op.create_table(
        "batches",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("warned", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["unit"], ["units.code"], name=op.f("fk_batches_unit_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index(op.f("ix_batches_unit_at"), "batches", ["unit", "at"], unique=False)
    op.create_table(
        "column_maps",
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["units.code"], name=op.f("fk_column_maps_unit_units")),
        sa.PrimaryKeyConstraint("unit", "fingerprint", name=op.f("pk_column_maps")),
    )
    op.create_table(
        "account_events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_events_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_events")),
    )
    op.create_index(
        op.f("ix_account_events_account_id"), "account_events", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_account_events_unit_at"), "account_events", ["unit", "at"], unique=False
    )
    op.create_table(
        "households",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("code_token", sa.Text(), nullable=True),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_households_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_households")),
    )
    op.create_index(op.f("ix_households_batch_id"), "households", ["batch_id"], unique=False)
    op.create_index(op.f("ix_households_code_token"), "households", ["code_token"], unique=False)
    op.create_index(
        op.f("ix_households_unit_village"), "households", ["unit", "village"], unique=False
    )
    op.create_table(
        "invites",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_invites_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["unit"], ["units.code"], name=op.f("fk_invites_unit_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("token", name=op.f("uq_invites_token")),
    )
    op.create_table(
        "returns",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("comments", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_returns_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    op.create_index(op.f("ix_returns_submission_id"), "returns", ["submission_id"], unique=False)
    op.create_table(
        "people",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("household_id", sa.BigInteger(), nullable=True),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("folded_name", sa.Text(), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column("person_token", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("submission_id", sa.BigInteger(), nullable=True),
        sa.Column("draft_id", sa.BigInteger(), nullable=True),
        sa.Column("draft_by", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_until", sa.Text(), nullable=True),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_people_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name=op.f("fk_people_household_id_households")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_batch_id"), "people", ["batch_id"], unique=False)
    op.create_index(op.f("ix_people_household_id"), "people", ["household_id"], unique=False)
    op.create_index(op.f("ix_people_id_token"), "people", ["id_token"], unique=False)
    op.create_index(op.f("ix_people_person_token"), "people", ["person_token"], unique=False)
    op.create_index(
        "ix_people_submission_id",
        "people",
        ["submission_id"],
        unique=False,
        sqlite_where=sa.text("submission_id IS NOT NULL"),
        postgresql_where=sa.text("submission_id IS NOT NULL"),
    )
    op.create_index(
        "ix_people_area",
        "people",
        [
            *("unit", "village", "household_id", "folded_name", "submission_id"),
            *("outcome", "outcome_until", "merged_into", "draft_by"),
        ],
        unique=False,
    )
    op.create_index(
        op.f("ix_people_unit_folded_name_birth_year"),
        "people",
        ["unit", "folded_name", "birth_year"],
        unique=False,
    )
    op.create_table(
        "renewals",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_renewals_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_renewals_person_id_people")
        ),
        sa.PrimaryKeyConstraint("batch_id", "person_id", name=op.f("pk_renewals")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_renewals_person_id"), "renewals", ["person_id"], unique=False)
    op.create_table(
        "assignments",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("household_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_assignments_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["households.id"], name=op.f("fk_assignments_household_id_households")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_assignments_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(
        op.f("ix_assignments_account_id_ended_at"),
        "assignments",
        ["account_id", "ended_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assignments_household_id"), "assignments", ["household_id"], unique=False
    )
    op.create_index(op.f("ix_assignments_person_id"), "assignments", ["person_id"], unique=False)
    op.create_index(
        op.f("ix_assignments_unit_village"), "assignments", ["unit", "village"], unique=False
    )
    op.create_table(
        "doubles",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("second_id", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["first_id"], ["people.id"], name=op.f("fk_doubles_first_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["people.id"], name=op.f("fk_doubles_second_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubles")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_doubles_first_id_second_id")),
    )
    op.create_index(
        "ix_doubles_open",
        "doubles",
        ["unit"],
        unique=False,
        sqlite_where=sa.text("decided IS NULL"),
        postgresql_where=sa.text("decided IS NULL"),
    )
    op.create_index(op.f("ix_doubles_second_id"), "doubles", ["second_id"], unique=False)
    op.create_table(
        "merges",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("gone_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kept_form", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["gone_id"], ["people.id"], name=op.f("fk_merges_gone_id_people")),
        sa.ForeignKeyConstraint(
            ["kept_form"], ["submissions.id"], name=op.f("fk_merges_kept_form_submissions")
        ),
        sa.ForeignKeyConstraint(["kept_id"], ["people.id"], name=op.f("fk_merges_kept_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    op.create_index(op.f("ix_merges_gone_id"), "merges", ["gone_id"], unique=False)
    op.create_index(op.f("ix_merges_kept_form"), "merges", ["kept_form"], unique=False)
    op.create_index(op.f("ix_merges_kept_id"), "merges", ["kept_id"], unique=False)
    op.create_table(
        "outcomes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Text(), nullable=True),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_outcomes_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_outcomes_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
    )
    op.create_index(op.f("ix_outcomes_person_id"), "outcomes", ["person_id"], unique=False)
    op.create_index(op.f("ix_outcomes_unit_at"), "outcomes", ["unit", "at"], unique=False)
    op.create_table(
        "person_marks",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_marks_person_id_people")
        ),
        sa.PrimaryKeyConstraint("person_id", "token", name=op.f("pk_person_marks")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_person_marks_token"), "person_marks", ["token"], unique=False)
    op.add_column("chats", sa.Column("holder", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_chats_holder"), "chats", ["holder"], unique=False)
    op.add_column("exports", sa.Column("unit", sa.Text(), nullable=True))
    op.add_column("exports", sa.Column("second", sa.Text(), nullable=True))
    op.add_column("submissions", sa.Column("person_id", sa.BigInteger(), nullable=True))
    op.add_column("submissions", sa.Column("handed_in_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE submissions SET handed_in_at = confirmed_at")
    op.drop_column("submissions", "enumerator")
    op.add_column("submissions", sa.Column("enumerator", sa.BigInteger(), nullable=True))
    op.add_column("submissions", sa.Column("household_id", sa.BigInteger(), nullable=True))
    op.add_column("submissions", sa.Column("relation", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_submissions_enumerator"), "submissions", ["enumerator"], unique=False)
    op.create_index(op.f("ix_submissions_person_id"), "submissions", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_column("exports", "second")
    op.drop_column("exports", "unit")
    op.drop_index(op.f("ix_submissions_person_id"), table_name="submissions")
    op.drop_index(op.f("ix_submissions_enumerator"), table_name="submissions")
    op.drop_column("submissions", "enumerator")
    op.add_column("submissions", sa.Column("enumerator", sa.Text(), nullable=True))
    op.drop_column("submissions", "handed_in_at")
    op.drop_column("submissions", "relation")
    op.drop_column("submissions", "household_id")
    op.drop_column("submissions", "person_id")
    op.drop_index(op.f("ix_chats_holder"), table_name="chats")
    op.drop_column("chats", "holder")
    op.drop_index(op.f("ix_person_marks_token"), table_name="person_marks")
    op.drop_table("person_marks")
    op.drop_index(op.f("ix_outcomes_unit_at"), table_name="outcomes")
    op.drop_index(op.f("ix_outcomes_person_id"), table_name="outcomes")
    op.drop_table("outcomes")
    op.drop_index(op.f("ix_merges_kept_id"), table_name="merges")
    op.drop_index(op.f("ix_merges_kept_form"), table_name="merges")
    op.drop_index(op.f("ix_merges_gone_id"), table_name="merges")
    op.drop_table("merges")
    op.drop_index(op.f("ix_doubles_second_id"), table_name="doubles")
    op.drop_index(
        "ix_doubles_open",
        table_name="doubles",
        sqlite_where=sa.text("decided IS NULL"),
        postgresql_where=sa.text("decided IS NULL"),
    )
    op.drop_table("doubles")
    op.drop_index(op.f("ix_assignments_unit_village"), table_name="assignments")
    op.drop_index(op.f("ix_assignments_person_id"), table_name="assignments")
    op.drop_index(op.f("ix_assignments_household_id"), table_name="assignments")
    op.drop_index(op.f("ix_assignments_account_id_ended_at"), table_name="assignments")
    op.drop_table("assignments")
    op.drop_index(op.f("ix_renewals_person_id"), table_name="renewals")
    op.drop_table("renewals")
    op.drop_index(op.f("ix_people_unit_folded_name_birth_year"), table_name="people")
    op.drop_index("ix_people_area", table_name="people")
    op.drop_index(
        "ix_people_submission_id",
        table_name="people",
        sqlite_where=sa.text("submission_id IS NOT NULL"),
        postgresql_where=sa.text("submission_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_people_person_token"), table_name="people")
    op.drop_index(op.f("ix_people_id_token"), table_name="people")
    op.drop_index(op.f("ix_people_household_id"), table_name="people")
    op.drop_index(op.f("ix_people_batch_id"), table_name="people")
    op.drop_table("people")
    op.drop_index(op.f("ix_returns_submission_id"), table_name="returns")
    op.drop_table("returns")
    op.drop_table("invites")
    op.drop_index(op.f("ix_households_unit_village"), table_name="households")
    op.drop_index(op.f("ix_households_code_token"), table_name="households")
    op.drop_index(op.f("ix_households_batch_id"), table_name="households")
    op.drop_table("households")
    op.drop_index(op.f("ix_account_events_unit_at"), table_name="account_events")
    op.drop_index(op.f("ix_account_events_account_id"), table_name="account_events")
    op.drop_table("account_events")
    op.drop_table("column_maps")
    op.drop_index(op.f("ix_batches_unit_at"), table_name="batches")
    op.drop_table("batches")
    op.drop_index(op.f("ix_accounts_unit_role"), table_name="accounts")
    op.drop_table("accounts")
    op.drop_index(op.f("ix_units_path"), table_name="units")
    op.drop_index(op.f("ix_units_parent_position"), table_name="units")
    op.drop_table("units")
    op.drop_index(op.f("ix_accesses_unit_at"), table_name="accesses")
    op.drop_index(op.f("ix_accesses_submission_id"), table_name="accesses")
    op.drop_index(op.f("ix_accesses_person_id"), table_name="accesses")
    op.drop_table("accesses")
