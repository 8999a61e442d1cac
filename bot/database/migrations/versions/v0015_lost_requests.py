"""Requests whose cards are in Slack and whose rows a restored backup lacks."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "lost_requests",
        sa.Column("short", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("request", "channel", "card_ts")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("rule_id", "said")),
        sa.Column("backup_at", sa.BigInteger()),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("settled_by", sa.Text()),
        sa.PrimaryKeyConstraint("short", name="pk_lost_requests"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("lost_requests")
