"""PostgreSQL: how to connect to it, and a pool of psycopg connections.

Statements are SQLAlchemy Core's, compiled once. SQLAlchemy's asyncio engine takes a greenlet, a lookup of the
compiled statement and a ping for each (measured: 0.8 ms of the event loop's time a statement instead of 0.3
ms), and giving writes one for each call to Dintero.

After a fail-over the old server may be read-only, silent or gone. So a connection is made only to a server
that can be written to, closes itself when an answer takes too long, and is dropped when a write is refused.
"""

import asyncio
import re
import selectors
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final, Self, TypeAlias, TypeVar

import psycopg
from psycopg import capabilities, generators
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGcancelConn
from psycopg.waiting import wait_async, wait_conn_async
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import URL, BigInteger, Dialect, cast, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from bot.database.connection import Rows, Statement, Values, compiled, of_delivery, remember, translate_errors
from bot.database.mapping import from_micros
from bot.database.schema import deliveries
from bot.domain.delivery import current_delivery
from bot.outages import Outage

CONNECT_OPTIONS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "fallback_application_name": "discount-bot",
    # With these, a lost network is an error within seconds instead of hours.
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
"""Options that the address may change."""
WRITABLE: Final = {"target_session_attrs": "read-write"}
"""Of several hosts the one that can be written to, and no standby."""
MAX_CONNECTIONS: Final = 16
POOL_TIMEOUT_SECONDS: Final = 2.0
"""How long to wait for a connection: a click has to be answered within Slack's 3 seconds."""
RECONNECT_SECONDS: Final = 1.0
"""How long a failed connection is tried again; the waits would double. The next statement starts afresh."""
ANSWER_SECONDS: Final = 8.0
"""After so long without an answer the server counts as gone."""
UNTIL_BACK: Final = "Nothing is sent or posted until it is back."
CAUSES: Final = {
    "starting up|recovery": "it is starting",
    "shutting down|administrator command": "it was shut down",
    "too many clients|connection slots": "no free connection",
    "authentication failed|no password|pg_hba|role .* (does|is) not": "wrong user or password",
    "database .* does not exist": "no such database",
    "read-only": "read-only",
    "translate host|not known|resolve": "host name not found",
    "refused|No such file": "connection refused",
    "timeout|timed out": "no answer in time",
}
"""Plain words for what libpq and psycopg say."""
CANCEL_SECONDS: Final = 2.0
"""How long to ask the server to cancel a statement."""
IDLE_IN_TRANSACTION: Final = "SET idle_in_transaction_session_timeout = '5s'"
"""How long a process that is suspended in a unit of work can block its peers."""

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]
Answer = TypeVar("Answer")
SERVER_TIME: Final = cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
"""The server's time, as all columns have it."""
_TIME: Final = select(SERVER_TIME)
_REMEMBER: Final = remember(postgresql.insert(deliveries))
_DIALECT: Final[Dialect] = PGDialect_psycopg()  # type: ignore[no-untyped-call]
_errors_translated: Final = partial(
    translate_errors,
    "PostgreSQL",
    psycopg.Error,
    but=(psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError),
)


def connect_parameters(url: URL, *, read_only: bool = False) -> dict[str, Any]:
    """Return the parameters for psycopg: an address would have to be quoted, and could be logged whole."""
    _, parameters = _DIALECT.create_connect_args(url)
    return {**CONNECT_OPTIONS, **parameters, **({} if read_only else WRITABLE)}


class TimedConnection(psycopg.AsyncConnection[tuple[Any, ...]]):
    """A connection that closes itself if the server does not answer: it may hang without an error.

    A cancelled statement closes it too, and asks the server in the background to cancel the statement.
    Psycopg would wait for that, for up to ten seconds.
    """

    failure: ClassVar[str] = ""
    """Why the last attempt to connect failed: the pool itself says only that it has no connection."""

    @classmethod
    async def connect(cls, *args: Any, **kwargs: Any) -> Self:
        """Connect, and note why it fails."""
        try:
            connection = await super().connect(*args, **kwargs)
        except psycopg.Error as error:
            TimedConnection.failure = str(error)
            raise
        TimedConnection.failure = ""
        return connection

    async def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:  # noqa: ASYNC109 - psycopg's signature
        """Wait for an answer, or for notifications until a timeout; raises psycopg.OperationalError."""
        limit = ANSWER_SECONDS if timeout is None else timeout
        try:  # psycopg would look ten times a second for a Ctrl-C, which the event loop notices by itself
            return await wait_async(gen, self.pgconn.socket, max(interval, limit), limit)
        except psycopg.OperationalError:
            if timeout is None:
                self.pgconn.finish()
            raise
        except asyncio.CancelledError:
            self._leave()
            raise

    def _leave(self) -> None:
        """Close the connection; what waits for a lock must not be done later, when nobody expects it."""
        if self.pgconn.transaction_status == TransactionStatus.ACTIVE and capabilities.has_cancel_safe():
            with suppress(psycopg.Error):
                request = self.pgconn.cancel_conn()
                request.start()
                task = asyncio.get_running_loop().create_task(_cancel(request))
                _CANCELLING.add(task)
                task.add_done_callback(_CANCELLING.discard)
        self.pgconn.finish()


_CANCELLING: Final[set[asyncio.Task[None]]] = set()
"""Requests under way: the event loop itself keeps none of its tasks."""


async def cancellations_ended() -> None:
    """Wait for the requests of this event loop."""
    here = asyncio.get_running_loop()
    await asyncio.gather(*(task for task in _CANCELLING if task.get_loop() is here))


async def _cancel(request: PGcancelConn) -> None:
    with suppress(psycopg.Error):
        await wait_conn_async(generators.cancel(request), timeout=CANCEL_SECONDS)


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """One database. A single statement takes one round trip, without BEGIN and COMMIT.

    A write that a person waits for takes those too: cut off before its COMMIT, it surely has no effect.
    """

    pool: AsyncConnectionPool[Connection]
    outage: Outage = field(default_factory=lambda: Outage("PostgreSQL", UNTIL_BACK))
    insert = staticmethod(postgresql.insert)

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement."""
        if current_delivery() and not statement.is_select:
            async with self.transaction() as transaction:
                return await transaction.run(statement, values)
        async with self._connection() as connection:
            return await PostgresTransaction(connection).run(statement, values)

    async def time(self) -> datetime | None:
        """Return the server's time."""
        return from_micros((await self.run(_TIME, {}))[0][0])

    async def erase_deleted(self) -> bool:
        """Do nothing: the server itself overwrites deleted rows, at some time after its next VACUUM."""
        return True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["PostgresTransaction"]:
        """Begin to write."""
        async with self._connection() as connection, connection.transaction():
            transaction = PostgresTransaction(connection)
            async with of_delivery(transaction, _REMEMBER):
                yield transaction

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        """Take a connection; if it turns out read-only, drop all of them: others lead to the same server."""
        with _errors_translated(outage=self.outage, cause=cause_of):
            async with self.pool.connection() as connection:
                try:
                    yield connection
                except psycopg.errors.ReadOnlySqlTransaction:
                    await connection.close()
                    await self.pool.drain()
                    raise


@dataclass(frozen=True, slots=True)
class PostgresTransaction:
    """A connection, in a transaction if one is open."""

    connection: Connection

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement."""
        sql, constants = compiled(_DIALECT, statement, tuple(values))
        cursor = await self.connection.execute(sql.encode(), {**constants, **values}, binary=True)
        return await cursor.fetchall() if cursor.description else ()

    async def run_many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Run a statement once for each row."""
        if rows:
            sql, constants = compiled(_DIALECT, statement, tuple(rows[0]))
            async with self.connection.cursor() as cursor:
                await cursor.executemany(sql.encode(), [{**constants, **row} for row in rows])


@asynccontextmanager
async def open_postgres(
    url: URL, *, pool_timeout: float = POOL_TIMEOUT_SECONDS, read_only: bool = False
) -> AsyncIterator[PostgresDatabase]:
    """Open a pool with its first connection, and close it; `pool_timeout` is the wait for a connection."""
    parameters = connect_parameters(url, read_only=read_only)
    with _errors_translated():  # at once: the pool would try for seconds
        await (await TimedConnection.connect(**parameters)).close()
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        connection_class=TimedConnection,
        kwargs={"autocommit": True, **parameters},
        configure=_configure,
        check=_check,
        min_size=1,
        max_size=MAX_CONNECTIONS,
        timeout=pool_timeout,
        reconnect_timeout=RECONNECT_SECONDS,
        open=False,
    )
    async with pool:
        with _errors_translated():
            await pool.wait(2 * CONNECT_OPTIONS["connect_timeout"])  # no click waits yet
        yield PostgresDatabase(pool)
    await cancellations_ended()


def cause_of(error: Exception) -> str:
    """Say in plain words why the database does not answer."""
    text = TimedConnection.failure or str(error) if isinstance(error, PoolTimeout) else str(error)
    found = (words for pattern, words in CAUSES.items() if re.search(pattern, text))
    return next(found, "connection lost")


async def _configure(connection: Connection) -> None:
    await connection.execute(IDLE_IN_TRANSACTION)


async def _check(connection: Connection) -> None:
    """Find a connection that the server has dropped; an idle one without input costs no round trip."""
    if has_input(connection.fileno()):
        await AsyncConnectionPool.check_connection(connection)


def has_input(socket: int) -> bool:
    """Tell whether a socket has something to read: on an idle connection, mostly that the server is gone."""
    with selectors.DefaultSelector() as selector:
        selector.register(socket, selectors.EVENT_READ)
        return bool(selector.select(0))
