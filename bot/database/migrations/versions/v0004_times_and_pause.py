"""The times of a request's hold, reminder and escalation, and the pause."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

COLUMNS = (
    ("give_after", sa.BigInteger(), None),
    ("remind_at", sa.BigInteger(), None),
    ("reminded", sa.Integer(), "0"),
    ("escalate_at", sa.BigInteger(), None),
    ("escalated_to", sa.Text(), ""),
    ("pausing", sa.Text(), ""),
    ("rule_before", sa.Text(), None),
)


def upgrade() -> None:
    """Add the columns, and the pause's row, which starting requests lock."""
    for name, kind, default in COLUMNS:
        op.add_column("requests", sa.Column(name, kind, nullable=default is None, server_default=default))
    table = op.create_table(
        "pause",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("doer", sa.Text()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pause"),
    )
    op.bulk_insert(
        table, [{"id": 1, "since": None, "doer": None, "why": "", "faults": 0, "changes": 0, "told": 0}]
    )
