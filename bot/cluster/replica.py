"""Cluster membership: alone on SQLite; on PostgreSQL a process has a lease, and a peer may evict it.

A replica holds an advisory lock, which the server releases when the process is killed, and a lease in the
database's time, which expires when the process hangs. By its own clock the lease ends earlier: it stops
before a peer may resume its work.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from uuid import uuid4

import psycopg
import structlog
from sqlalchemy import URL

from bot.cluster import single_instance
from bot.database.connection import is_sqlite, parse_url
from bot.database.postgres import Connection, TimedConnection, connect_parameters
from bot.database.repositories.repository import CHANNEL
from bot.errors import DatabaseUnavailable, LeaseLost

LEASE_SECONDS: Final = 10.0
"""How long a lease lasts: a process that hangs is replaced after it."""
MARGIN_SECONDS: Final = 2.0
"""How much earlier a process considers its own lease over: its calls arrive before a peer resumes."""
RENEWAL_INTERVAL_SECONDS: Final = 1.0
LATE_SECONDS: Final = 1.5
"""A process with a free lock is dead this long after its last renewal; one that reconnects renews sooner."""
SETTLING_SECONDS: Final = 3.0
"""How long a process evicts no peer after it lost the database: the others may still be reconnecting."""
RETRY_DELAY_SECONDS: Final = 0.5

_LOCKS: Final = 0x64_69_73_63
"""The class of the advisory locks, "disc" in ASCII; the term is the other half of their numbers."""
_NOW: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_JOIN: Final = f"INSERT INTO replicas (name, until) VALUES (%(name)s, {_NOW} + %(valid)s) RETURNING term"  # noqa: S608 - constants only
_RENEW: Final = f"""
    WITH shortened AS (
        UPDATE replicas SET until = {_NOW} + %(valid)s WHERE until > {_NOW} + %(valid)s AND term <> %(term)s
    ), evicted AS (
        DELETE FROM replicas WHERE %(evicts)s AND term IN (
            SELECT term FROM replicas WHERE term <> %(term)s AND until < {_NOW} + %(valid)s - %(late)s
            FOR UPDATE SKIP LOCKED
        ) AND (until < {_NOW} OR pg_try_advisory_xact_lock(%(locks)s, term::integer))
        RETURNING name, pg_notify(%(channel)s, %(name)s)
    )
    UPDATE replicas SET until = {_NOW} + %(valid)s WHERE term = %(term)s
    RETURNING
        term = (SELECT min(term) FROM replicas),
        (SELECT count(*) FROM replicas),
        ARRAY(SELECT name FROM evicted)
"""  # noqa: S608
"""Renews the lease, deletes dead processes and notifies the live ones, of which one resumes their work.

A live process may be renewing its own lease: its row is skipped. After the server's clock was put back, a
dead process would be alive until the old time comes again: its lease is shortened.
"""
_LOCK: Final = "SELECT pg_try_advisory_lock(%(locks)s, %(term)s::integer)"
_LEAVE: Final = "DELETE FROM replicas WHERE term = %(term)s RETURNING pg_notify(%(channel)s, %(name)s)"

log = structlog.get_logger()


def now() -> float:
    """Return the seconds since the machine booted; time in which it was suspended counts."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(slots=True)
class Replica:
    """One of several processes. When its term is over, its peers resume its work."""

    url: URL
    name: str = field(default_factory=lambda: f"discount-bot-{uuid4().hex[:12]}")
    term: int = 0
    """The number of its current term, which lasts until a peer evicts it; 0 before the first."""
    has_peers: bool = False
    """Whether there are peers to notify of changes."""
    _notify_owner: Callable[[], None] = lambda: None
    _leased_until: float = 0.0
    _is_first: bool = False
    _locked: bool = False
    _renewed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def leased(self) -> bool:
        """Whether its lease lasts, by its own clock."""
        return now() < self._leased_until

    @property
    def is_leader(self) -> bool:
        """Whether it runs the tasks that must run once."""
        return self._is_first and self.leased

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call this when a peer changes something or is gone, and when this process becomes leader."""
        self._notify_owner = call

    async def ours(self, term: int) -> None:
        """Raise LeaseLost if a term of this process is over; wait while the database is unavailable."""
        while term == self.term and not self.leased:
            self._renewed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEWAL_INTERVAL_SECONDS):
                    await self._renewed.wait()
        if term != self.term:
            raise LeaseLost(self.name)

    async def connect(self) -> Connection:
        """Open the connection for the locks and the peers' notifications, and renew the lease.

        Raises:
            DatabaseUnavailable: a version that allows no peers uses the database.
            psycopg.Error: the database cannot be reached.
        """
        connection = await self._open()
        self._locked = False
        try:
            await single_instance.shared_lock(connection)
            await connection.execute(f"LISTEN {CHANNEL}")
            await self._renew(connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def live(self, connection: Connection) -> None:
        """Renew the lease, evict dead peers and listen to the others, until cancelled."""
        evicts_from = 0.0
        while True:
            try:
                async with connection:
                    await self._stay(connection, evicts_from)
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is given before the lease is renewed
                log.debug("lease lost for now", why=str(error))
                if self.leased:
                    self._leased_until = 0.0
                    self._notify_owner()  # it finds out whether the database answers
            await asyncio.sleep(RETRY_DELAY_SECONDS)
            with suppress(psycopg.Error, DatabaseUnavailable):
                connection, evicts_from = await self.connect(), now() + SETTLING_SECONDS

    async def leave(self) -> None:
        """Let the peers resume at once, if the database is available; the lease must not be renewed again."""
        self._leased_until = 0.0
        with suppress(psycopg.Error):
            async with await self._open() as connection:
                await self._run(connection, _LEAVE)

    async def _open(self) -> Connection:
        return await TimedConnection.connect(**connect_parameters(self.url), autocommit=True)

    async def _stay(self, connection: Connection, evicts_from: float) -> None:
        self._notify_owner()  # a change may have happened while there was no connection
        while True:
            if await self._renew(connection, evicts=now() >= evicts_from):
                continue
            async for notification in connection.notifies(timeout=RENEWAL_INTERVAL_SECONDS):
                if notification.payload != self.name:
                    self._notify_owner()

    async def _renew(self, connection: Connection, *, evicts: bool = False) -> list[str]:
        """Renew the lease, or begin a new term if it is lost; return the dead processes that were evicted."""
        renewed_at, was_leader, term = now(), self._is_first, self.term
        rows = await self._run(connection, _RENEW, evicts=evicts)
        if not rows:
            if self.term:
                log.warning("this process lost its lease; starting over", replica=self.name)
            self._leased_until, self._locked = 0.0, False
            self.term = int((await self._run(connection, _JOIN))[0][0])
            rows = await self._run(connection, _RENEW, evicts=False)
        if not self._locked:
            self._locked = bool((await self._run(connection, _LOCK))[0][0])
        self._is_first, count, dead = rows[0]
        self.has_peers, self._leased_until = count > 1, renewed_at + LEASE_SECONDS - MARGIN_SECONDS
        self._renewed.set()
        if dead:
            log.warning("another replica is gone", replicas=dead)
        if dead or term != self.term or (self._is_first and not was_leader):
            self._notify_owner()
        return list(dead)

    async def _run(self, connection: Connection, sql: str, *, evicts: bool = False) -> list[tuple[Any, ...]]:
        values = {
            "evicts": evicts,
            "name": self.name,
            "term": self.term,
            "channel": CHANNEL,
            "locks": _LOCKS,
            "valid": int(LEASE_SECONDS * 1e6),
            "late": int(LATE_SECONDS * 1e6),
        }
        return await (await connection.execute(sql.encode(), values)).fetchall()


@dataclass(slots=True)
class SingleProcess:
    """The only process on a database, as a `Replica`; `bot.cluster.single_instance` keeps others out."""

    name: str = "discount-bot"
    """The next process has the same name, and so resumes the work of this one."""
    term: int = 0
    is_leader: bool = True
    has_peers: bool = False

    def when_changed(self, call: Callable[[], None]) -> None:
        """Do nothing: there are no peers."""

    async def ours(self, term: int) -> None:
        """Do nothing: no peer can evict it."""


Membership: TypeAlias = SingleProcess | Replica
"""This process among its peers."""


@asynccontextmanager
async def join_cluster(url: str) -> AsyncIterator[Membership]:
    """Be a member of the cluster on a migrated database, or raise DatabaseUnavailable."""
    parsed = parse_url(url)
    if is_sqlite(parsed):
        yield SingleProcess()
        return
    async with open_replica(parsed) as replica:
        yield replica


@asynccontextmanager
async def open_replica(url: URL) -> AsyncIterator[Replica]:
    """Be one of the processes on a PostgreSQL database, or raise DatabaseUnavailable."""
    replica = Replica(url)
    try:
        connection = await replica.connect()
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable("PostgreSQL cannot be reached.") from error
    async with connection:
        living = asyncio.create_task(replica.live(connection))
        try:
            yield replica
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
            await replica.leave()
