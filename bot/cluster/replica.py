"""What one of several processes on a PostgreSQL is: alive for all to see, first or not, and over once another has noticed that it is not.

It holds an advisory lock, which the server takes back in the moment it is killed, and a lease in the database's time, which runs out
where it hangs. It goes by its own clock, from before it last renewed the lease: it stops before any other may go on in its place.
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
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from bot.cluster import single_instance
from bot.database.postgres import CONNECT
from bot.database.repositories.replicas import CHANNEL
from bot.errors import DatabaseUnavailable, LeaseLost

VALID: Final = 10.0
"""Seconds for which a lease is good, and until a process that hangs is taken over."""
MARGIN: Final = 2.0
"""So much sooner it takes its own lease to be over: what has gone out by then has arrived before another goes on."""
RENEWED_EVERY: Final = 1.0
LATE: Final = 1.5
"""Seconds without a renewal after which a process whose lock is free is dead: one that only lost its connection renews by its lock's."""
STEADY: Final = 3.0
"""Seconds for which a process that had lost the database judges no other: they all come back at their own pace."""
AGAIN: Final = 0.5
NOTICED_IN_TIME: Final = {
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
"""A network that is gone is an error after seconds, in place of silence for hours."""

_LOCKS: Final = 0x64_69_73_63
"""The advisory locks' class, "disc" in ASCII; the other half of their numbers is the term."""
_NOW: Final = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_JOIN: Final = f"INSERT INTO replicas (name, until) VALUES (%(name)s, {_NOW} + %(valid)s) RETURNING term"  # noqa: S608 - constants only
_RENEW: Final = f"""
    UPDATE replicas SET until = {_NOW} + %(valid)s WHERE term = %(term)s
    RETURNING term = (SELECT min(term) FROM replicas), (SELECT count(*) FROM replicas)
"""  # noqa: S608
_LOCK: Final = "SELECT pg_try_advisory_lock(%(locks)s, %(term)s::integer)"
_BURY: Final = f"""
    DELETE FROM replicas WHERE term <> %(term)s AND (
        until < {_NOW} OR (until < {_NOW} + %(valid)s - %(late)s AND pg_try_advisory_xact_lock(%(locks)s, term::integer))
    ) RETURNING name
"""  # noqa: S608
_LEAVE: Final = "DELETE FROM replicas WHERE term = %(term)s"
_TELL: Final = "SELECT pg_notify(%(channel)s, %(name)s)"

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]
log = structlog.get_logger()


def now() -> float:
    """Tell the seconds since the machine was started: those in which the process, or the machine itself, was stopped count too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(slots=True)
class Replica:
    """A process among several. `term` is the number of its time; once that is over, what it had under way is others' business."""

    url: URL
    name: str = field(default_factory=lambda: f"discount-bot-{uuid4().hex[:12]}")
    term: int = 0
    _call: Callable[[], None] = lambda: None
    _until: float = 0.0
    _is_leader: bool = False
    _has_peers: bool = False
    _locked: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def leased(self) -> bool:
        """Whether this process may act as one that lives."""
        return now() < self._until

    @property
    def is_leader(self) -> bool:
        """Whether it may do now what only one may do."""
        return self._is_leader and self.leased

    @property
    def has_peers(self) -> bool:
        """Whether there is anybody to be told of what happens here."""
        return self._has_peers

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call this when another has told of something or is gone, or this one has become the first."""
        self._call = call

    async def ours(self, term: int) -> None:
        """Make sure that a time of this process still lasts; wait while the database is away.

        Raises:
            LeaseLost: it is over.
        """
        while term == self.term and not self.leased:
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), RENEWED_EVERY)
        if term != self.term:
            raise LeaseLost(self.name)

    async def join(self) -> Connection:
        """Begin a time of this process, on the connection that is answered.

        Raises:
            DatabaseUnavailable: the database cannot be reached, or a bot works on it that knows of no others.
        """
        try:
            connection = await self._connect()
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable("PostgreSQL cannot be reached.") from error
        return connection

    async def live(self, connection: Connection) -> None:
        """Renew the lease, see who else lives, and listen to them, until cancelled."""
        judges_from = 0.0
        while True:
            try:
                async with connection:
                    await self._stay(connection, judges_from)
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is given before the lease is renewed
                if self.leased:
                    log.warning("no lease for now", why=str(error))
                self._until = 0.0
            await asyncio.sleep(AGAIN)
            with suppress(psycopg.Error, DatabaseUnavailable):
                connection, judges_from = await self._connect(), now() + STEADY

    async def leave(self) -> None:
        """Let the others go on at once; a database that is away finds out by itself. Nothing may renew the lease by then."""
        self._until = 0.0
        with suppress(psycopg.Error):
            async with await self._open() as connection:
                await connection.execute(_LEAVE, {"term": self.term})
                await self._tell(connection)

    async def _open(self) -> Connection:
        address = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return await psycopg.AsyncConnection.connect(
            make_conninfo(address, **NOTICED_IN_TIME, **CONNECT), autocommit=True
        )

    async def _connect(self) -> Connection:
        """Open the connection that holds the locks, and hears what the others tell; with it the lease is renewed."""
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

    async def _stay(self, connection: Connection, judges_from: float) -> None:
        self._call()  # what was told while there was no connection
        while True:
            await self._renew(connection)
            if now() >= judges_from and await self._bury(connection):
                continue
            async for notice in connection.notifies(timeout=RENEWED_EVERY):
                if notice.payload != self.name:
                    self._call()

    async def _renew(self, connection: Connection) -> None:
        """Renew the lease; where another has ended this process's time, begin a new one."""
        asked = now()
        rows = await self._ask(connection, _RENEW)
        if not rows:
            if self.term:
                log.warning("others have gone on in this replica's place; it begins anew", replica=self.name)
            self._until, self._locked = 0.0, False
            self.term = int((await self._ask(connection, _JOIN))[0][0])
            rows = await self._ask(connection, _RENEW)
        if not self._locked:
            self._locked = bool((await self._ask(connection, _LOCK))[0][0])
        was_first, (self._is_leader, count) = self._is_leader, rows[0]
        self._has_peers, self._until = count > 1, asked + VALID - MARGIN
        self._changed.set()
        if self._is_leader and not was_first:
            self._call()

    async def _bury(self, connection: Connection) -> bool:
        """Take the dead from the list, and tell everybody: the first of those who live goes on with what they did."""
        dead = [row[0] for row in await self._ask(connection, _BURY)]
        if dead:
            log.warning("another replica is gone", replicas=dead)
            await self._tell(connection)
            self._call()
        return bool(dead)

    async def _tell(self, connection: Connection) -> None:
        await connection.execute(_TELL, {"channel": CHANNEL, "name": self.name})

    async def _ask(self, connection: Connection, sql: str) -> list[tuple[Any, ...]]:
        values = {
            "name": self.name,
            "term": self.term,
            "locks": _LOCKS,
            "valid": int(VALID * 1e6),
            "late": int(LATE * 1e6),
        }
        cursor = await connection.execute(sql.encode(), values)
        return await cursor.fetchall()


@asynccontextmanager
async def open_replica(url: URL) -> AsyncIterator[Replica]:
    """Be one of those that work on a PostgreSQL until the block ends.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or a bot works on it that knows of no others.
    """
    replica = Replica(url)
    async with await replica.join() as connection:
        living = asyncio.create_task(replica.live(connection))
        try:
            yield replica
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
            await replica.leave()
