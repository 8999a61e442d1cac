"""PostgreSQL: a pool of psycopg connections.

Statements are SQLAlchemy Core's, compiled once. SQLAlchemy's asyncio engine takes a greenlet, a lookup of the
compiled statement and a ping for each (measured: 0.8 ms of the event loop's time a statement instead of 0.3
ms), and giving writes one for each call to Dintero.
"""

import asyncio
import os
import selectors
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias

import psycopg
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import URL, BigInteger, Dialect, cast, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from bot.database.connection import Rows, Statement, Values, compiled, translate_errors
from bot.database.deliveries import CLAIM, of_delivery
from bot.database.mapping import from_micros
from bot.delivery import WAIT_SECONDS, current_delivery

CONNECT_OPTIONS: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "fallback_application_name": "discount-bot",
}
MAX_CONNECTIONS: Final = 16
POOL_TIMEOUT_SECONDS: Final = 2.0
"""How long to wait for a connection: a click has to be answered within Slack's 3 seconds."""
IDLE_IN_TRANSACTION: Final = "SET idle_in_transaction_session_timeout = '5s'"
"""How long a process that is suspended in a unit of work can block its peers."""

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]
_TIME: Final = select(cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger))
_DIALECT: Final[Dialect] = PGDialect_psycopg()  # type: ignore[no-untyped-call]
_errors_translated: Final = partial(
    translate_errors,
    "PostgreSQL",
    psycopg.Error,
    but=(psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError),
)


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """One database. A single statement takes one round trip, without BEGIN and COMMIT.

    A write that a person waits for takes those too: cut off before its COMMIT, it surely has no effect.
    """

    pool: AsyncConnectionPool[Connection]
    insert = staticmethod(postgresql.insert)

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement."""
        if current_delivery() and not statement.is_select:
            async with self.transaction() as transaction:
                return await transaction.run(statement, values)
        with _errors_translated():
            async with self.pool.connection() as connection:
                with _limited(connection):
                    return await PostgresTransaction(connection).run(statement, values)

    async def time(self) -> datetime | None:
        """Return the server's time."""
        return from_micros((await self.run(_TIME, {}))[0][0])

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["PostgresTransaction"]:
        """Begin to write."""
        with _errors_translated():
            async with self.pool.connection() as connection:
                with _limited(connection):
                    async with connection.transaction():
                        transaction = PostgresTransaction(connection)
                        async with of_delivery(transaction, CLAIM["postgresql"]):
                            yield transaction


@dataclass(frozen=True, slots=True)
class PostgresTransaction:
    """A connection, in a transaction if one is open."""

    connection: Connection

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement."""
        sql, constants = compiled(_DIALECT, statement, tuple(values))
        cursor = await self.connection.execute(sql.encode(), {**constants, **values}, binary=True)
        return await cursor.fetchall() if cursor.description else ()


@asynccontextmanager
async def open_postgres(
    url: URL, *, pool_timeout: float = POOL_TIMEOUT_SECONDS
) -> AsyncIterator[PostgresDatabase]:
    """Open a pool with its first connection, and close it; `pool_timeout` is the wait for a connection."""
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        url.set(drivername="postgresql").render_as_string(hide_password=False),
        kwargs={"autocommit": True, **CONNECT_OPTIONS},
        configure=_configure,
        check=_check,
        min_size=1,
        max_size=MAX_CONNECTIONS,
        timeout=pool_timeout,
        open=False,
    )
    async with pool:
        with _errors_translated():
            await pool.wait(CONNECT_OPTIONS["connect_timeout"])  # no click waits yet
        yield PostgresDatabase(pool)


@contextmanager
def _limited(connection: Connection) -> Iterator[None]:
    """Cut the connection if a person waits for too long: whoever waits for it gets an error at once.

    A server that hangs ends no wait by itself, and a cancellation waits for the server.
    """
    if current_delivery() is None:
        yield
        return
    timer = asyncio.get_running_loop().call_later(WAIT_SECONDS, _cut, connection)
    try:
        yield
    finally:
        timer.cancel()


def _cut(connection: Connection) -> None:
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as cut:
        cut.shutdown(socket.SHUT_RDWR)


async def _configure(connection: Connection) -> None:
    await connection.execute(IDLE_IN_TRANSACTION)


async def _check(connection: Connection) -> None:
    """Find a connection that the server has dropped; an idle one, with nothing to read, costs no round trip.

    Raises:
        psycopg.OperationalError: it is dropped, and the pool makes another.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        if selector.select(0):
            await AsyncConnectionPool.check_connection(connection)
