"""Several processes on one database: the live ones, and the fence of each request and batch."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add a table and columns that an older version can ignore: it writes without a fence."""
    op.add_column("requests", sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "replicas",
        sa.Column(
            "term", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("term", name="pk_replicas"),
    )
