"""The first tables: requests, votes, customers, batches and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("short", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text()),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("customers_digest", sa.Text(), nullable=False),
        sa.Column("first_customer", sa.Text(), nullable=False),
        sa.Column("last_customer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("once_key", sa.Text(), nullable=False),
        sa.Column("own_key", sa.Integer(), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("batches_per_portion", sa.Integer(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("cancel_asked_by", sa.Text()),
        sa.Column("stop", sa.Text()),
        sa.Column("last_answer", sa.Text()),
        sa.Column("card_ts", sa.Text()),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.UniqueConstraint("short", name="uq_requests_short"),
    )
    op.create_index("ix_requests_channel_created_at", "requests", ["channel", "created_at"])
    op.create_index("ix_requests_state", "requests", ["state"])
    op.create_table(
        "customers",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("portion", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["requests.id"], name="fk_customers_requests", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request", "portion", name="pk_customers"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("addressee", sa.Text(), nullable=False),
        sa.Column("doer", sa.Text()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("said_ts", sa.Text()),
        sa.Column("given_up", sa.Text()),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name="fk_outbox_requests", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["request", "lane", "id"],
        sqlite_where=sa.text("said_ts IS NULL AND given_up IS NULL"),
        postgresql_where=sa.text("said_ts IS NULL AND given_up IS NULL"),
    )
    op.create_index("ix_outbox_request", "outbox", ["request"])
    op.create_table(
        "votes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("voter", sa.Text(), nullable=False),
        sa.Column("voted_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["requests.id"], name="fk_votes_requests", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_votes"),
        sa.UniqueConstraint("request", "round", "voter", name="uq_votes_request_round_voter"),
    )
    op.create_table(
        "batches",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("portion", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("ends", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["request", "portion"],
            ["customers.request", "customers.portion"],
            name="fk_batches_customers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("request", "portion", "batch", name="pk_batches"),
    )
