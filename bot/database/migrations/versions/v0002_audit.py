"""The audit, which triggers protect from changes, and the time when a request was redacted."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEPT: Final = ("audit", "audit_heads", "audit_customers")
"""Rows of these tables are only added."""
MATCH: Final = {
    "audit": "seq = NEW.seq",
    "audit_heads": "seq = NEW.seq",
    "audit_customers": "request = NEW.request AND portion = NEW.portion",
}


def upgrade() -> None:
    """Create the tables and their triggers."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("request", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_request", "audit", ["request"])
    head = op.create_table(
        "audit_head",
        sa.Column("one", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_audit_head"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_heads"),
    )
    op.create_table(
        "audit_customers",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("portion", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("request", "portion", name="pk_audit_customers"),
    )
    op.create_table(
        "audit_key",
        sa.Column("one", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_audit_key"),
    )
    op.bulk_insert(head, [{"one": 1, "seq": 0, "hash": ""}])
    op.add_column("requests", sa.Column("purged_at", sa.BigInteger()))
    _guard_sqlite() if op.get_bind().dialect.name == "sqlite" else _guard_postgres()


def _guard_sqlite() -> None:
    """Refuse changes, and an INSERT over an old row: OR REPLACE deletes without firing a DELETE trigger."""
    for table in KEPT:
        refuse = f"SELECT RAISE(ABORT, 'rows of {table} are only ever added')"
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} BEGIN {refuse}; END"
            )
        there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {MATCH[table]})"  # noqa: S608 - our own tables
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {there} BEGIN {refuse}; END")
    op.execute(
        "CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head"
        " BEGIN SELECT RAISE(ABORT, 'the audit has a head'); END"
    )


def _guard_postgres() -> None:
    op.execute(
        "CREATE FUNCTION discount_bot_audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END $$"
    )
    guard = "EXECUTE FUNCTION discount_bot_audit_is_kept()"
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {guard}"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {guard}"
        )
    op.execute(f"CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head FOR EACH ROW {guard}")
    op.execute(
        f"CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT {guard}"
    )
