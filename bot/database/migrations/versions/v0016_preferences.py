"""What each person prefers, and which threads know of the pause."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "preferences",
        sa.Column("person", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("results", "language")),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_preferences"),
    )
    op.add_column("requests", sa.Column("told_of_pause", sa.Integer(), nullable=False, server_default="0"))
