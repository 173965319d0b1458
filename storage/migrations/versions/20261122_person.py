"""Chats of one person know each other."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "20261122_person"
down_revision: Final = "20261122_first"


def upgrade() -> None:
    with op.batch_alter_table("chats", schema=None) as batch_op:
        batch_op.add_column(sa.Column("person", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_chats_person"), ["person"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("chats", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chats_person"))
        batch_op.drop_column("person")
