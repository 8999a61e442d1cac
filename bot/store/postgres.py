"""PostgreSQL as the books' database; knows nothing of what is kept in it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import URL, CursorResult, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import BooksUnavailable
from bot.store.database import Rows, Statement, Values

CONNECT: Final = {"connect_timeout": 10, "fallback_application_name": "discount-bot"}
"""Seconds until a server that does not answer is given up; the name stands in the server's list of who is connected."""
CONNECTIONS: Final = 8
OURS: Final = (DataError, IntegrityError, ProgrammingError)
"""What is wrong with a statement and not with the database."""


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """One database, by a pool of connections.

    Single statements go without BEGIN and COMMIT, in one round trip. A connection that the server has dropped is found
    before it is used.
    """

    transactional: AsyncEngine
    single: AsyncEngine

    def insert(self, table: Table) -> postgresql.Insert:
        """Begin an INSERT of PostgreSQL's."""
        return postgresql.insert(table)

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement."""
        with said_plainly():
            async with self.single.connect() as connection:
                return _rows(await connection.execute(statement, dict(values)))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["PostgresTransaction"]:
        """Begin to write."""
        with said_plainly():
            async with self.transactional.begin() as connection:
                yield PostgresTransaction(connection)


@dataclass(frozen=True, slots=True)
class PostgresTransaction:
    """What is open between BEGIN and COMMIT."""

    connection: AsyncConnection

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement of the transaction."""
        return _rows(await self.connection.execute(statement, dict(values)))


@asynccontextmanager
async def open_postgres(url: URL) -> AsyncIterator[PostgresDatabase]:
    """Open a pool of connections, and close it. Parameters never stand in an error: they are people's words and customers' ids."""
    engine = create_async_engine(
        url, connect_args=CONNECT, pool_size=CONNECTIONS, max_overflow=CONNECTIONS, pool_pre_ping=True, hide_parameters=True
    )
    try:
        yield PostgresDatabase(engine, engine.execution_options(isolation_level="AUTOCOMMIT"))
    finally:
        await engine.dispose()


def _rows(result: CursorResult[Any]) -> Rows:
    return result.all() if result.returns_rows else ()


@contextmanager
def said_plainly(database: str = "PostgreSQL") -> Iterator[None]:
    """Raise what is the database's own trouble as `BooksUnavailable`, without the statement."""
    try:
        yield
    except PoolTimeout as error:
        raise BooksUnavailable(f"{database}: every connection is in use") from error
    except DBAPIError as error:
        if isinstance(error, OURS) and not error.connection_invalidated:
            raise
        raise BooksUnavailable(f"{database}: {error.orig}") from error
