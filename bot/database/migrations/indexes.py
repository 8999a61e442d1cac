"""Builds an index beside the processes that use its table."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

_INTERRUPTED = sa.text(
    "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE NOT i.indisvalid AND i.indrelid = CAST(:on AS regclass) AND c.relname = :name"
)
"""PostgreSQL keeps the index of a build that was interrupted, and never reads it."""


def build_index(name: str, table: str, columns: Sequence[str], where: str = "") -> None:
    """Create an index. On PostgreSQL the table can be read and written meanwhile, unless it is empty.

    For that, what the migration did before is committed: it must be repeatable.
    """
    bind, only = op.get_bind(), sa.text(where) if where else None
    concurrently = bind.dialect.name == "postgresql" and bool(
        bind.scalar(sa.text(f"SELECT EXISTS (SELECT FROM {table})"))  # noqa: S608 - our own names
    )

    def create() -> None:
        op.create_index(
            name,
            table,
            list(map(sa.text, columns)),
            sqlite_where=only,
            postgresql_where=only,
            if_not_exists=True,
            postgresql_concurrently=concurrently,
        )

    if not concurrently:
        create()
        return
    with op.get_context().autocommit_block():
        if bind.scalar(_INTERRUPTED, {"on": table, "name": name}):
            op.drop_index(name, postgresql_concurrently=True)
        create()
        op.execute(f"ANALYZE {table}")
