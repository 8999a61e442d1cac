"""The interface of a database connection, and what SQLite and PostgreSQL do alike.

The first write of a delivery remembers it in its transaction, so a copy of the delivery writes nothing.
"""

import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from functools import lru_cache
from sqlite3 import SQLITE_ERROR
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import CompoundSelect, Dialect, Select, Table, UpdateBase
from sqlalchemy.dialects import postgresql, sqlite

from bot.database.address import is_sqlite, parse_url
from bot.database.schema import deliveries
from bot.domain.delivery import Delivery, current_delivery
from bot.errors import DatabaseUnavailable, DeliveredBefore
from bot.outages import Outage

__all__ = ["is_sqlite", "parse_url"]

_HINT: Final = re.compile(r"^connection (?:is bad|failed): |\n\s+Is the server running[^\n]*")
"""Of psycopg and libpq, before and below what happened; ours says it better."""

ColumnValue: TypeAlias = str | int | bytes | None
"""A value that no driver has to convert."""
Values: TypeAlias = Mapping[str, ColumnValue]
Rows: TypeAlias = Sequence[Sequence[Any]]
Statement: TypeAlias = Select[Any] | CompoundSelect[Any] | UpdateBase
InsertInto: TypeAlias = Callable[[Table], sqlite.Insert | postgresql.Insert]


class Transaction(Protocol):
    """Statements that are committed together, or not at all."""

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement with these values for its parameters and columns."""

    async def run_many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Run a statement once for each of these rows, which have the same columns."""


class Database(Protocol):
    """SQLite or PostgreSQL; if it is down, full or locked too long, it raises `DatabaseUnavailable`."""

    @property
    def insert(self) -> InsertInto:
        """The function that begins an INSERT in the database's own dialect, which has ON CONFLICT."""

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement as its own transaction."""

    async def time(self) -> datetime | None:
        """Return the server's time; None for SQLite, which has only the machine's."""

    async def erase_deleted(self) -> bool:
        """Remove what was deleted from the files too, as far as the database can; False: try again later."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction for writing: commit at the end of the block, roll back if it raises."""


class BaseRepository:
    """A part of the repository; all parts share one database."""

    def __init__(self, database: Database) -> None:
        self._database = database


@lru_cache(maxsize=512)
def compiled(dialect: Dialect, statement: Statement, names: tuple[str, ...]) -> tuple[str, Mapping[str, Any]]:
    """Compile a statement to SQL and its constants; cached, because compiling takes longer than running."""
    sql = statement.compile(dialect=dialect, column_keys=names)
    return str(sql), sql.params


@contextmanager
def translate_errors(
    database: str,
    failures: type[Exception],
    *,
    but: tuple[type[Exception], ...],
    cause: Callable[[Exception], str] = str,
    outage: Outage | None = None,
) -> Iterator[None]:
    """Raise a driver's `failures` as `DatabaseUnavailable`, except `but`, the faults of a statement.

    What fails and what succeeds is told to `outage`, with a `cause` in plain words.
    """
    try:
        yield
    except but:
        raise
    except failures as error:
        passes = getattr(error, "sqlite_errorcode", None) != SQLITE_ERROR
        if outage and passes:
            outage.failed(cause(error))
        text = _HINT.sub("", str(getattr(error, "orig", error)))
        raise DatabaseUnavailable(f"{database}: {text}", passes=passes) from error
    else:
        if outage:
            outage.answered()


def remember(insert: sqlite.Insert | postgresql.Insert) -> Statement:
    """Build the statement that remembers a delivery; it returns no row for the handling of a copy."""
    same = deliveries.c.handling == insert.excluded.handling
    remembered = insert.on_conflict_do_update(
        index_elements=["key"], set_={"handling": insert.excluded.handling}, where=same
    )
    return remembered.returning(deliveries.c.key)


def delivery_values(delivery: Delivery) -> Values:
    """Fill in the statement that remembers it."""
    return {"key": delivery.key, "handling": delivery.handling, "received_at": time.time_ns() // 1000}


@asynccontextmanager
async def of_delivery(transaction: Transaction, remember: Statement) -> AsyncIterator[None]:
    """Make a transaction that of the current delivery, if there is one; the commit follows the block.

    Raises:
        DeliveredBefore: a copy of the delivery has written.
        DatabaseUnavailable: the person was told that nothing is written.
    """
    delivery = current_delivery()
    if delivery is None:
        yield
        return
    if not await transaction.run(remember, delivery_values(delivery)):
        raise DeliveredBefore
    yield
    delivery.begin_write()
