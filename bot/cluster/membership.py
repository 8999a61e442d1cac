"""Cluster membership: alone on SQLite, one of several processes on PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from bot.cluster.replica import Replica, open_replica
from bot.database.connection import is_sqlite, parse_url


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
