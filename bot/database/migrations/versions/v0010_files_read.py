"""What was read of a request's files and pasted text, which the approval shows too."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column("requests", sa.Column("files_read", sa.Text(), nullable=False, server_default=""))
