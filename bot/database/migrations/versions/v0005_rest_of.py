"""The request whose remainder a request asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column."""
    op.add_column("requests", sa.Column("rest_of", sa.Text()))
    op.create_index("ix_requests_rest_of", "requests", ["rest_of"])
