"""SQLite: one connection to write and one to read, each in its own thread.

Statements are SQLAlchemy Core's, compiled once, and take a single hop to the driver's thread. SQLAlchemy's
asyncio engine takes three to five hops and a checkout (measured: 0.5 ms a statement instead of 0.2 ms), which
an ack cannot spare. Concurrent single writes share a transaction (measured, with 50 at once: 13,000 instead
of 3,000 writes a second): each returns only when it is on the disk, but they wait for the disk once.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import URL
from sqlalchemy.dialects import sqlite

from bot.coalescing import Coalescer
from bot.database.connection import (
    Rows,
    Statement,
    Values,
    compiled,
    delivery_values,
    is_sqlite,
    of_delivery,
    remember,
    translate_errors,
)
from bot.database.schema import deliveries
from bot.domain.delivery import Delivery, current_delivery, wait_limited
from bot.errors import DatabaseUnavailable, DeliveredBefore
from bot.outages import Outage

BUSY_TIMEOUT_MS: Final = 5_000
"""How long a write waits for another process; within this process, writers queue."""

CHECKPOINT_TIMEOUT_SECONDS: Final = 1.0
"""How long writers may have to wait for the readers that a checkpoint waits for."""
TURN_SECONDS: Final = 4.0
"""How long a write that a person waits for waits for its turn in this process."""

_DIALECT: Final = sqlite.dialect(paramstyle="named")
_CACHE: Final = "cache_size=-65536"
"""64 MB in place of 2: with a million requests, a commit touches pages of more indexes than those hold."""
_WRITER: Final = (
    _CACHE,
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "foreign_keys=ON",
    "secure_delete=ON",
)
UNTIL_WRITABLE: Final = "Nothing is sent or posted until it is back."
_READER: Final = (_CACHE, f"busy_timeout={BUSY_TIMEOUT_MS}", "query_only=ON")
_errors_translated: Final = partial(
    translate_errors,
    "SQLite",
    sqlite3.DatabaseError,
    but=(sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError),
)

Result = TypeVar("Result")
Sql = tuple[str, Mapping[str, Any]]
"""A statement and its values."""
Written = list[Any] | sqlite3.Error | DatabaseUnavailable | DeliveredBefore
"""The rows that a write returned, or why it failed."""
_REMEMBER: Final = remember(sqlite.insert(deliveries))


@dataclass(frozen=True, slots=True)
class Write:
    """A single write, and the delivery that it is for."""

    sql: Sql
    delivery: Delivery | None
    remember: Sql | None


class SqliteThread:
    """One connection, whose calls run one after the other in their order.

    It has its own thread: handing a call to a thread pool takes as long as SQLite takes to run it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._calls: SimpleQueue[tuple[Callable[[sqlite3.Connection], Any], asyncio.Future[Any]] | None] = (
            SimpleQueue()
        )
        self._thread = Thread(target=self._run, name="sqlite", daemon=True)
        self._thread.start()

    async def call(self, function: Callable[[sqlite3.Connection], Result]) -> Result:
        """Call a function with the connection; it runs to its end even if its caller is cancelled."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._calls.put((function, future))
        return await future

    async def execute_fetchall(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Any]:
        """Run one statement, and fetch its rows."""
        async with wait_limited():
            return await self.call(lambda connection: connection.execute(sql, values or {}).fetchall())

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run a statement, in the transaction that is open if any."""
        return await self.execute_fetchall(*_sql(statement, values))

    async def run_many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Run a statement once for each row."""
        if rows:
            sql, constants = compiled(_DIALECT, statement, tuple(rows[0]))
            values = [{**constants, **row} for row in rows]
            async with wait_limited():
                await self.call(lambda connection: connection.executemany(sql, values))

    def roll_back(self) -> None:
        """Roll back behind the calls that are queued, without waiting for them."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def roll_back(connection: sqlite3.Connection) -> None:
            with suppress(sqlite3.Error):
                connection.rollback()

        self._calls.put((roll_back, future))

    def close(self) -> None:
        """Close the connection after the calls that are queued, and wait for that."""
        self._calls.put(None)
        self._thread.join()

    def _run(self) -> None:
        while queued := self._calls.get():
            function, future = queued
            result, error = None, None
            try:
                result = function(self._connection)
            except Exception as raised:  # noqa: BLE001 - it is raised in the caller
                error = raised
            future.get_loop().call_soon_threadsafe(_resolve, future, result, error)
        self._connection.close()


def is_log_alone(path: Path) -> bool:
    """Whether SQLite would have to make the log's index before it could read the file with its log."""
    log, index = Path(f"{path}-wal"), Path(f"{path}-shm")
    return path.exists() and log.exists() and log.stat().st_size > 0 and not index.exists()


def read_only_uri(path: Path | str, *, immutable: bool = False) -> str:
    """Name a file that is only read; `immutable` if nobody writes it, and no log beside it counts."""
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if immutable else ''}"


def read_only_name(path: str) -> str:
    """Name a file so that SQLite opens it to read, as a URI.

    Without a log beside it nobody writes to it, and SQLite would make log and index just to read it.

    Raises:
        DatabaseUnavailable: without a new file beside it, it cannot be read.
    """
    if is_log_alone(Path(path)):
        raise DatabaseUnavailable(
            f"{path}-wal has changes that are not in {Path(path).name} yet, and no program has it open."
            " Reading them would make a file beside it.",
            advice="Keep the two files together: the next start adds the changes. To read them now,"
            " copy both files, and open the copy once with sqlite3 (PRAGMA wal_checkpoint(TRUNCATE);).",
            passes=False,
        )
    has_log = any(Path(f"{path}{end}").exists() for end in ("-wal", "-shm"))
    return read_only_uri(path, immutable=not has_log)


@asynccontextmanager
async def open_thread(path: str, *pragmas: str, read_only: bool = False) -> AsyncIterator[SqliteThread]:
    """Open a connection without the driver's own transactions, and close it."""
    name = read_only_name(path) if read_only else path
    connection = sqlite3.connect(name, uri=read_only, isolation_level=None, check_same_thread=False)
    thread = SqliteThread(connection)
    try:
        for pragma in pragmas:
            await thread.execute_fetchall(f"PRAGMA {pragma}")
        yield thread
    finally:
        await asyncio.to_thread(thread.close)


def truncate_log(path: str) -> bool:
    """Write the log into the file and empty it; readers of an older state may keep it from that."""
    with closing(sqlite3.connect(path, timeout=CHECKPOINT_TIMEOUT_SECONDS, isolation_level=None)) as file:
        ((is_busy, _, _),) = file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return not is_busy


@asynccontextmanager
async def whole_file(url: URL) -> AsyncIterator[None]:
    """Raise DatabaseUnavailable if an SQLite file is damaged, or its log is of another moment."""
    with _errors_translated():
        fits = not is_sqlite(url) or await asyncio.to_thread(is_whole, Path(url.database or ""))
    if not fits:
        raise DatabaseUnavailable(
            f"{url.database} is damaged or missing, or the -wal file beside it is from another time.",
            advice="Keep all files, and restore the newest backup: discount-bot restore, docs/backup.md.",
            passes=False,
        )
    yield


def is_whole(path: Path) -> bool:
    """Check a file if a write-ahead log was left beside it; a log that does not fit is left as it is."""
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return True
    if not path.exists():
        return False  # the log alone is no database
    try:
        with closing(sqlite3.connect(read_only_uri(path), uri=True)) as file:
            return file.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            return False
        raise


def _resolve(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():
        return  # the caller was cancelled
    if error:
        future.set_exception(error)
    else:
        future.set_result(result)


class SqliteDatabase:
    """One file, with real `BEGIN IMMEDIATE` transactions.

    Writers take turns by a lock, in the order they arrive, and never meet SQLITE_BUSY within this process.
    """

    insert = staticmethod(sqlite.insert)

    def __init__(self, path: str, writer: SqliteThread, reader: SqliteThread) -> None:
        self._path = path
        self.writer = writer
        self._reader = reader
        self._outage = Outage("SQLite", UNTIL_WRITABLE)
        """Of writes alone: a full disk can still be read."""
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None
        self._writes: Coalescer[Write, Rows] = Coalescer(
            lambda writes: writer.call(partial(_run_batch, writes=writes)), turn=self._locked
        )

    async def run(self, statement: Statement, values: Values) -> Rows:
        """Run one statement, which SQLite itself puts into a transaction."""
        if statement.is_select:
            with _errors_translated():
                return await self._reader.run(statement, values)
        with _errors_translated(outage=self._outage):
            self._refuse_owner()
            delivery = current_delivery()
            remembering = _sql(_REMEMBER, delivery_values(delivery)) if delivery else None
            async with wait_limited():
                return await self._writes.submit(Write(_sql(statement, values), delivery, remembering))

    async def time(self) -> datetime | None:
        """Return None: a file has no clock."""
        return None

    async def erase_deleted(self) -> bool:
        """Empty the write-ahead log, which has what was deleted; False while another process reads on."""
        with _errors_translated():
            return await asyncio.to_thread(truncate_log, self._path)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteThread]:
        """Begin to write."""
        with _errors_translated(outage=self._outage):
            async with self._locked():
                try:
                    await self.writer.execute_fetchall("BEGIN IMMEDIATE")
                    async with of_delivery(self.writer, _REMEMBER):
                        yield self.writer
                    await self._commit()
                except BaseException:
                    self.writer.roll_back()
                    raise

    async def _commit(self) -> None:
        try:
            await self.writer.execute_fetchall("COMMIT")
        except sqlite3.Error:
            if delivery := current_delivery():
                delivery.undo_write()
            raise

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        self._refuse_owner()
        async with wait_limited(TURN_SECONDS):
            await self._lock.acquire()
        try:
            self._owner = asyncio.current_task()
            yield
        finally:
            self._owner = None
            self._lock.release()

    def _refuse_owner(self) -> None:
        """Raise RuntimeError for a write that would wait for the transaction of its own task."""
        if self._owner is asyncio.current_task():
            raise RuntimeError("write by the open unit of work, not by the repository")


@asynccontextmanager
async def open_sqlite(url: URL, *, read_only: bool = False) -> AsyncIterator[SqliteDatabase]:
    """Open a migrated file, and close it; read-only, not even the write-ahead log goes into it."""
    path, pragmas = url.database or "", _READER if read_only else _WRITER
    async with AsyncExitStack() as stack:
        with _errors_translated():
            writer = await stack.enter_async_context(open_thread(path, *pragmas, read_only=read_only))
            reader = await stack.enter_async_context(open_thread(path, *_READER, read_only=read_only))
        yield SqliteDatabase(path, writer, reader)


def _sql(statement: Statement, values: Values) -> Sql:
    sql, constants = compiled(_DIALECT, statement, tuple(values))
    return sql, {**constants, **values}


def _run_batch(connection: sqlite3.Connection, writes: Sequence[Write]) -> list[Written]:
    """Run independent writes in one transaction; one that fails leaves the others alone."""
    connection.execute("BEGIN IMMEDIATE")
    results: list[Written] = []
    try:
        results += (_try(connection, write) for write in writes)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        for write, result in zip(writes, results, strict=False):
            if write.delivery and isinstance(result, list):
                write.delivery.undo_write()
        raise
    return results


def _try(connection: sqlite3.Connection, write: Write) -> Written:
    try:
        if write.remember and not connection.execute(*write.remember).fetchall():
            return DeliveredBefore()
        if write.delivery:
            write.delivery.begin_write()
    except DatabaseUnavailable as closed:
        return closed
    try:
        return connection.execute(*write.sql).fetchall()
    except sqlite3.Error as error:
        if write.delivery:
            write.delivery.undo_write()
        if not connection.in_transaction:
            raise  # SQLite has rolled back the other writes too, as on a full disk
        return error
