"""A connection to SQLite in a thread of its own, so that the event loop never waits for the disk; knows no statement."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeAlias, TypeVar

Done = TypeVar("Done")
Call: TypeAlias = tuple[str, Mapping[str, Any]]
"""A statement and its values."""
Asked: TypeAlias = tuple[Callable[[sqlite3.Connection], Any], asyncio.Future[Any]]


class SqliteThread:
    """One connection, whose calls are made one after the other in the order in which they were asked for.

    A thread of our own, since a pool's would take as long to hand a call over as SQLite takes for it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._asked: SimpleQueue[Asked | None] = SimpleQueue()
        self._thread = Thread(target=self._live, name="sqlite", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[sqlite3.Connection], Done]) -> Done:
        """Do a piece of work in the thread; it is done to its end even where whoever waits for it is cancelled."""
        answered: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._asked.put((work, answered))
        return await answered

    def end(self) -> None:
        """Close the connection once all that was asked for is done, and wait for that."""
        self._asked.put(None)
        self._thread.join()

    def _live(self) -> None:
        while asked := self._asked.get():
            work, answered = asked
            end, error = None, None
            try:
                end = work(self._connection)
            except Exception as raised:  # noqa: BLE001 - whatever it is, it is whoever asked who shall have it
                error = raised
            answered.get_loop().call_soon_threadsafe(_answer, answered, end, error)
        self._connection.close()

    async def execute_fetchall(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Any]:
        """Run one statement, and fetch its rows."""
        return await self.do(lambda connection: connection.execute(sql, values or {}).fetchall())

    async def together(self, calls: Sequence[Call]) -> list[list[Any] | sqlite3.Error]:
        """Run writes that have nothing to do with each other in one transaction, for which the disk is waited for once.

        One that fails, as on a constraint, takes no other with it.

        Raises:
            sqlite3.Error: nothing of it is written.
        """
        return await self.do(lambda connection: _together(connection, calls))


@asynccontextmanager
async def open_thread(path: str, pragmas: Sequence[str]) -> AsyncIterator[SqliteThread]:
    """Open a file, and close it in the end. Transactions are ours, not the driver's."""
    thread = SqliteThread(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
    try:
        for pragma in pragmas:
            await thread.execute_fetchall(f"PRAGMA {pragma}")
        yield thread
    finally:
        await asyncio.to_thread(thread.end)


def _answer(answered: asyncio.Future[Any], end: Any, error: Exception | None) -> None:
    if answered.done():
        return  # whoever asked was cancelled
    if error:
        answered.set_exception(error)
    else:
        answered.set_result(end)


def _together(connection: sqlite3.Connection, calls: Sequence[Call]) -> list[list[Any] | sqlite3.Error]:
    if len(calls) == 1:
        ((sql, values),) = calls
        return [connection.execute(sql, values).fetchall()]
    connection.execute("BEGIN IMMEDIATE")
    try:
        ends = [_tried(connection, sql, values) for sql, values in calls]
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return ends


def _tried(connection: sqlite3.Connection, sql: str, values: Mapping[str, Any]) -> list[Any] | sqlite3.Error:
    try:
        return connection.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        # such as a full disk: SQLite has undone the others too
        if not connection.in_transaction:
            raise
        return error
