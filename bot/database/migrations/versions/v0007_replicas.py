"""Several processes on one database: which of them live, and under which number a request is given."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add what a program of before can do without: what it writes counts as written under no number."""
    op.add_column("requests", sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "replicas",
        sa.Column(
            "term", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("term", name="pk_replicas"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("replicas")
    op.drop_column("batches", "fence")
    op.drop_column("requests", "fence")
