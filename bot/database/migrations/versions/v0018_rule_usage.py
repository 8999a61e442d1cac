"""How often each rule had been used by a day, and an index to find what was given of a rule."""

import sqlalchemy as sa
from alembic import op

from bot.database.migrations.indexes import build_index

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        "rule_usage",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("account", "rule")),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "rule", "day", name="pk_rule_usage"),
        if_not_exists=True,
    )
    build_index("ix_requests_rule_id_granted_from", "requests", ("rule_id", "granted_from"))
