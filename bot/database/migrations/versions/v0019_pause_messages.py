"""Which messages tell channels of the pause."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the column."""
    op.add_column("pause", sa.Column("messages", sa.Text(), nullable=True))
