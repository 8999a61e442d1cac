"""Cluster membership: alone on SQLite, one of several processes on PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from bot.cluster.replica import open_replica
from bot.database.connection import is_sqlite, parse_url


class Membership(Protocol):
    """This process among its peers."""

    @property
    def name(self) -> str:
        """Its unique name."""

    @property
    def term(self) -> int:
        """The number of its current term, which lasts until a peer evicts it; 0 without peers."""

    @property
    def is_leader(self) -> bool:
        """Whether it runs the tasks that must run once."""

    @property
    def has_peers(self) -> bool:
        """Whether there are peers to notify of changes."""

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call this when a peer changes something or is gone, and when this process becomes leader."""

    async def ours(self, term: int) -> None:
        """Raise LeaseLost if a term of this process is over; wait while the database is unavailable."""


@dataclass(slots=True)
class SingleProcess:
    """The only process on a database; `bot.cluster.single_instance` keeps others out."""

    name: str = "discount-bot"
    """The next process has the same name, and so resumes the work of this one."""
    term: int = 0
    is_leader: bool = True
    has_peers: bool = False

    def when_changed(self, call: Callable[[], None]) -> None:
        """Do nothing: there are no peers."""

    async def ours(self, term: int) -> None:
        """Do nothing: no peer can evict it."""


@asynccontextmanager
async def join_cluster(url: str) -> AsyncIterator[Membership]:
    """Be a member of the cluster on a migrated database, or raise DatabaseUnavailable."""
    parsed = parse_url(url)
    if is_sqlite(parsed):
        yield SingleProcess()
        return
    async with open_replica(parsed) as replica:
        yield replica
