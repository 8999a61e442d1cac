"""The files that customers were read from, and the verification of unknown outcomes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("requests", sa.Column("files", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "files",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("file", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("piece", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["requests.id"], name="fk_files_request_requests", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request", "reading", "file", "piece", name="pk_files"),
    )
    op.create_table(
        "read_back",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("there", sa.Integer(), nullable=False),
        sa.Column("refs", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["requests.id"], name="fk_read_back_request_requests", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request", name="pk_read_back"),
    )
