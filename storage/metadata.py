"""What all tables share: one catalogue, how constraints are named, the type of row numbers."""

from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ROW_ID: Final = BigInteger().with_variant(Integer, "sqlite")
"""63 bits on both; on SQLite the row's own number, which saves an index."""
