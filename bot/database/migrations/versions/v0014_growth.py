"""What ended requests count for in budgets, and indexes with which no question reads the whole history."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from bot.database.migrations.indexes import build_index, drop_index

revision = "0014"
down_revision = "0013"

ENDS: Final = f"coalesce(ended_at, {2**62})"
BEGAN: Final = "coalesce(started_at, asked_at)"
INDEXES: Final = (
    ("ix_requests_channel_ends", "requests", ("channel", ENDS, "granted_from"), "started_at IS NOT NULL"),
    ("ix_requests_rule_ends", "requests", ("rule_id", ENDS), "state != 'draft'"),
    ("ix_requests_once_key", "requests", ("once_key", BEGAN), "state != 'draft'"),
    (
        "ix_requests_channel_newest",
        "requests",
        (
            "channel",
            "(CASE WHEN (state IN ('cancelled', 'done', 'expired', 'rejected')) THEN 1 ELSE 0 END)",
            "coalesce(asked_at, created_at) DESC",
        ),
        "state != 'draft'",
    ),
    (
        "ix_requests_channel_granted_from_granted_granted_amount",
        "requests",
        ("channel", "granted_from", "granted", "granted_amount"),
        "",
    ),
    ("ix_requests_requester_created_at", "requests", ("requester", "created_at"), ""),
    ("ix_requests_to_purge", "requests", ("ended_at", "id"), "purged_at IS NULL"),
    ("ix_outbox_over", "outbox", ("happened_at",), "said_ts IS NOT NULL OR given_up IS NOT NULL"),
    ("ix_audit_policy", "audit", ("seq",), "kind = 'policy'"),
)
GRANTED: Final = (
    ("granted", sa.Integer(), None),
    ("granted_amount", sa.BigInteger(), None),
    ("granted_from", sa.BigInteger(), "0"),
)
REPLACED: Final = ("rule_id", "channel")


def upgrade() -> None:
    """Add the columns and indexes, and drop those that they replace; it goes on where it was interrupted."""
    bind = op.get_bind()
    on_postgres = bind.dialect.name == "postgresql"
    for name, kind, default in GRANTED:
        column = sa.Column(name, kind, nullable=default is None, server_default=default)
        op.add_column("requests", column, if_not_exists=on_postgres)
    for name, table, columns, where in INDEXES:
        build_index(name, table, columns, where)
    for name in REPLACED:
        drop_index(f"ix_requests_{name}_started_at", "requests")
