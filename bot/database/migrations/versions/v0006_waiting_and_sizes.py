"""The time since which a request waits for Dintero, and the batch size limits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("requests", sa.Column("waits_since", sa.BigInteger()))
    op.create_table(
        "sizes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("largest", sa.Integer(), nullable=False),
        sa.Column("learnt_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_sizes"),
    )
