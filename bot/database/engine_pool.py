"""The durable engine's connections to PostgreSQL, which survive a fail-over and are silent while it is idle.

The engine polls: for queues, for queued, delayed and late workflows, five transactions a second. Only the
queue matters here, and only after a process is gone: so its polling threads wait until they are woken.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.database.postgres import ANSWER_SECONDS, IDLE_IN_TRANSACTION, Answer, connect_parameters, has_input

CONNECTIONS: Final = 20
RETRY_SECONDS: Final = 1.0
LISTENER_SECONDS: Final = 1.0
"""How soon the engine's listener notices that its connection was closed here."""
POLLERS: Final = ("queue-worker-", "dbos-background-jobs", "(queue_thread)", "(dynamic_scheduler_loop)")
"""Parts of the names of the engine's polling threads."""
POLL_SECONDS: Final = 10.0
"""How often they poll without being woken; the engine's own interval is a second."""
TURN_SECONDS: Final = 0.5
"""How long one poll may take connections: it takes several."""
AWAKE_SECONDS: Final = 10.0
"""How long they poll at the engine's own interval after they were woken."""


class TimedSyncConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that closes itself if the server does not answer; the engine's listener waits for ever."""

    _listens = False

    def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:
        """Wait for an answer, for as long as it may take; raises psycopg.OperationalError."""
        if timeout is not None or self._listens:
            return super().wait(gen, LISTENER_SECONDS, timeout)
        try:
            return super().wait(gen, interval, ANSWER_SECONDS)
        except psycopg.OperationalError:
            self.pgconn.finish()
            raise

    def notifies(self, **how: Any) -> Iterator[psycopg.Notify]:  # type: ignore[override]
        """Wait for notifications, without a limit."""
        self._listens = True
        try:
            yield from super().notifies(**how)
        finally:
            self._listens = False


class EnginePool:
    """Opens and lends connections. A lost server is waited for here: the engine would double its waits."""

    def __init__(self, url: URL, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._parameters = connect_parameters(url)
        self._closing = threading.Event()
        self._polling = threading.Condition()
        self._awake_until = self._ticks() + AWAKE_SECONDS
        self._turns: dict[int, float] = {}
        """When each polling thread's last turn began."""
        self.engine = self._create_engine()

    def _create_engine(self) -> Engine:
        engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            pool_size=CONNECTIONS,
            max_overflow=0,
            hide_parameters=True,
        )
        event.listen(engine, "handle_error", _drop_read_only)
        event.listen(engine, "checkout", self._check_out)
        event.listen(engine, "checkin", self._check_in)
        return engine

    def wake(self) -> None:
        """Let the engine poll at once, and at its own interval for a while: a workflow may be queued."""
        with self._polling:
            self._awake_until = self._ticks() + AWAKE_SECONDS
            self._polling.notify_all()

    def let_go(self) -> None:
        """Wait for nothing any longer."""
        self._closing.set()
        self.wake()

    def _connect(self) -> TimedSyncConnection:
        while True:
            try:
                return _connected(self._parameters)
            except psycopg.OperationalError:
                if self._closing.wait(RETRY_SECONDS):
                    raise

    def _check_out(
        self, connection: TimedSyncConnection, _record: ConnectionPoolEntry, _proxy: object
    ) -> None:
        """Let a poll wait for its turn, and replace a connection that the server has dropped."""
        if any(name in threading.current_thread().name for name in POLLERS):
            self._await_turn()
        if connection.closed or has_input(connection.fileno()):
            raise DisconnectionError

    def _await_turn(self) -> None:
        thread = threading.get_ident()
        with self._polling:
            last = self._turns.get(thread, float("-inf"))
            if self._ticks() - last < TURN_SECONDS:
                return

            def is_due() -> bool:
                now = self._ticks()
                return self._closing.is_set() or now < self._awake_until or now - last >= POLL_SECONDS

            self._polling.wait_for(is_due, max(0.0, last + POLL_SECONDS - self._ticks()))
            self._turns[thread] = self._ticks()

    def _check_in(self, _connection: object, record: ConnectionPoolEntry) -> None:
        """Close what a thread still had when the pool was closed."""
        if self._closing.is_set():
            record.invalidate()


def _connected(parameters: dict[str, Any]) -> TimedSyncConnection:
    connection = TimedSyncConnection.connect(**parameters)
    try:
        connection.execute(IDLE_IN_TRANSACTION)
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _drop_read_only(context: ExceptionContext) -> None:
    """Treat a refused write as a lost connection: the pool drops all, and the statement is repeated."""
    if isinstance(context.original_exception, psycopg.errors.ReadOnlySqlTransaction):
        context.is_disconnect = True
