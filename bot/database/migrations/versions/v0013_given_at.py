"""When a batch was given, and how many customers of a request had it before under the same key."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("batches", sa.Column("given_at", sa.BigInteger()))
    # a stopped request has no end, so its budget would never let go of what it gave
    op.execute(
        "UPDATE batches SET given_at = (SELECT max(at) FROM audit"
        " WHERE audit.request = batches.request AND audit.kind = 'outcome')"
        " WHERE request IN (SELECT id FROM requests WHERE ended_at IS NULL)"
    )
    for name in ("had_before", "maybe_before"):
        op.add_column("requests", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
