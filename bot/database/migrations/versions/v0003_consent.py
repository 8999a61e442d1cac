"""A request's tier and rule id, indexes for prior grants, and a row to lock for each channel."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

requests = sa.table("requests", sa.column("id"), sa.column("rule"), sa.column("rule_id"))


def upgrade() -> None:
    """Add the columns, and fill in the rule ids."""
    op.add_column("requests", sa.Column("tier", sa.Text()))
    op.add_column("requests", sa.Column("rule_id", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    for request, rule in connection.execute(
        sa.select(requests.c.id, requests.c.rule).where(requests.c.rule.is_not(None))
    ).all():
        connection.execute(
            sa.update(requests).where(requests.c.id == request).values(rule_id=_kept(json.loads(rule)["id"]))
        )
    op.create_index("ix_requests_rule_id_started_at", "requests", ["rule_id", "started_at"])
    op.create_index("ix_requests_channel_started_at", "requests", ["channel", "started_at"])
    op.create_table(
        "channels",
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_channels"),
    )


def _kept(rule_id: str) -> str:
    """Write an id as `mapping.encode` does; a migration must not depend on code that may change."""
    return "".join(
        f"\\u{ord(char):04x}" if char in "\\\x00" or "\ud800" <= char <= "\udfff" else char
        for char in rule_id
    )
