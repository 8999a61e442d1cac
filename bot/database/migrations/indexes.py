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
    only = sa.text(where) if where else None
    concurrently = _is_in_use(table)

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
        if op.get_bind().scalar(_INTERRUPTED, {"on": table, "name": name}):
            op.drop_index(name, postgresql_concurrently=True)
        create()
        op.execute(f"ANALYZE {table}")


def drop_index(name: str, table: str) -> None:
    """Drop an index in the same way, if it is there."""
    if not _is_in_use(table):
        op.drop_index(name, table, if_exists=True)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def _is_in_use(table: str) -> bool:
    bind = op.get_bind()
    return bind.dialect.name == "postgresql" and bool(
        bind.scalar(sa.text(f"SELECT EXISTS (SELECT FROM {table})"))  # noqa: S608 - our own names
    )
