"""An index to list one person's requests a page at a time, however many they have."""

from bot.database.migrations.indexes import build_index

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
    build_index(NAME, "requests", COLUMNS, "state != 'draft'")
