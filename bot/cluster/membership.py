"""How a process stands to others that work on the same database: alone on a SQLite, one of several on a PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from bot.cluster.replica import one_of_many
from bot.database.connection import address, is_sqlite

ALONE: Final = "discount-bot"
"""What a process is called that is the only one: the next one goes by the same name, and so goes on with what this one left."""


class Standing(Protocol):
    """Whether others go on in this process's place, and whether it does what only one may do."""

    @property
    def name(self) -> str:
        """What it is called; no other is called so."""

    @property
    def term(self) -> int:
        """Number the time for which the others know it to live; 0 where there can be no others."""

    @property
    def first(self) -> bool:
        """Whether it may do now what only one may do."""

    @property
    def among_others(self) -> bool:
        """Whether there is anybody to be told of what happens here."""

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call this when another process has told of something or is gone, or this one has become the first."""

    async def ours(self, term: int) -> None:
        """Make sure that a time of this process still lasts; wait while the database is away.

        Raises:
            TakenOver: it is over.
        """


@dataclass(slots=True)
class Alone:
    """The only process on a database, for as long as it lives: `bot.cluster.single_instance` sees to it."""

    name: str = ALONE
    term: int = 0
    first: bool = True
    among_others: bool = False

    def when_changed(self, call: Callable[[], None]) -> None:
        """Do nothing: nobody else changes anything."""

    async def ours(self, term: int) -> None:
        """Do nothing: nobody can go on in its place."""


@dataclass(frozen=True, slots=True)
class Term:
    """One time of a process, as a lease."""

    standing: Standing
    number: int

    async def ours(self) -> None:
        """Make sure that it still lasts.

        Raises:
            TakenOver: it is over.
        """
        await self.standing.ours(self.number)


@asynccontextmanager
async def standing(url: str) -> AsyncIterator[Standing]:
    """Be one of those that work on a migrated database until the block ends.

    Raises:
        BooksUnavailable: the database cannot be reached, or a bot works on it that knows of no others.
    """
    where = address(url)
    if is_sqlite(where):
        yield Alone()
        return
    async with one_of_many(where) as replica:
        yield replica
