"""Restored backups, and the requests that they lack and whose cards are in Slack."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the tables."""
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
    op.create_table(
        "restores",
        sa.Column("lost_hash", sa.Text(), nullable=False),
        sa.Column("lost_seq", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("backup_at", "searched_at", "told_at")),
        sa.PrimaryKeyConstraint("lost_hash", name="pk_restores"),
    )
