"""On SQLite, the audit's rows are kept from a replacement by `rowid` too."""

from alembic import op

from bot.database.migrations.versions.v0002_audit import KEPT, MATCH

revision = "0012"
down_revision = "0011"

UNSET = "NEW.rowid <> -1"
"""Before an insert, SQLite has -1 for a `rowid` that it has yet to choose."""


def upgrade() -> None:
    """Refuse an insert over the `rowid` of an old row."""
    _guard(f" OR (rowid = NEW.rowid AND {UNSET})")


def _guard(or_rowid: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table in KEPT:
        there = f"EXISTS (SELECT 1 FROM {table} WHERE ({MATCH[table]}){or_rowid})"  # noqa: S608 - our own tables
        refuse = f"SELECT RAISE(ABORT, 'rows of {table} are only ever added')"
        op.execute(f"DROP TRIGGER {table}_no_replace")
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} BEGIN {refuse}; END"
        )
