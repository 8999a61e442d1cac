"""How a process stands to others that work on the same database: alone on a SQLite, one of several on a PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from bot.cluster.replica import open_replica
from bot.database.connection import is_sqlite, parse_url

ALONE: Final = "discount-bot"
"""What a process is called that is the only one: the next one goes by the same name, and so goes on with what this one left."""


class Membership(Protocol):
    """Whether others go on in this process's place, and whether it does what only one may do."""

    @property
    def name(self) -> str:
        """What it is called; no other is called so."""

    @property
    def term(self) -> int:
        """Number the time for which the others know it to live; 0 where there can be no others."""

    @property
    def is_leader(self) -> bool:
        """Whether it may do now what only one may do."""

    @property
    def has_peers(self) -> bool:
        """Whether there is anybody to be told of what happens here."""

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call this when another process has told of something or is gone, or this one has become the first."""

    async def ours(self, term: int) -> None:
        """Make sure that a time of this process still lasts; wait while the database is away.

        Raises:
            LeaseLost: it is over.
        """


@dataclass(slots=True)
class SingleProcess:
    """The only process on a database, for as long as it lives: `bot.cluster.single_instance` sees to it."""

    name: str = ALONE
    term: int = 0
    is_leader: bool = True
    has_peers: bool = False

    def when_changed(self, call: Callable[[], None]) -> None:
        """Do nothing: nobody else changes anything."""

    async def ours(self, term: int) -> None:
        """Do nothing: nobody can go on in its place."""


@asynccontextmanager
async def join_cluster(url: str) -> AsyncIterator[Membership]:
    """Be one of those that work on a migrated database until the block ends.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or a bot works on it that knows of no others.
    """
    where = parse_url(url)
    if is_sqlite(where):
        yield SingleProcess()
        return
    async with open_replica(where) as replica:
        yield replica
