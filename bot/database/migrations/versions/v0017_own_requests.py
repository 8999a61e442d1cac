"""An index to list one person's requests a page at a time, however many they have."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

NAME = "ix_requests_requester_newest"
COLUMNS = (
    "requester",
    "(CASE WHEN (state IN ('cancelled', 'done', 'expired', 'rejected')) THEN 1 ELSE 0 END)",
    "coalesce(asked_at, created_at) DESC",
)


def upgrade() -> None:
    """Add the index."""
    only = sa.text("state != 'draft'")
    op.create_index(NAME, "requests", list(map(sa.text, COLUMNS)), sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(NAME, "requests")
