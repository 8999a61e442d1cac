"""The books as one object, opened over whichever database the settings name."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from sqlalchemy import select

from bot.giving.ids import RequestId
from bot.store.before import GivenBefore
from bot.store.database import address, is_sqlite
from bot.store.migration import migrate
from bot.store.outbox import Outbox
from bot.store.outcomes import Outcomes
from bot.store.page import SqlPage, open_page
from bot.store.postgres import open_postgres
from bot.store.requests import Requests
from bot.store.schema import requests
from bot.store.spending import Spending
from bot.store.sqlite import open_sqlite

_PING: Final = select(requests.c.id).limit(1)


class SqlBooks(Requests, Outcomes, Outbox, Spending, GivenBefore):
    """What the bot remembers, on SQLite or PostgreSQL."""

    def page(self, request: RequestId) -> AbstractAsyncContextManager[SqlPage | None]:
        """Open a request's page: lock its row until the block ends; None where there is none.

        Whatever the block raises, nothing of it is written. Inside it, write by the page and not by the books: SQLite
        has one writer, who would wait for itself (and is told so by a RuntimeError).
        """
        return open_page(self._database, request)

    async def ping(self) -> None:
        """Make sure that the database answers.

        Raises:
            BooksUnavailable: it does not.
        """
        await self._database.run(_PING, {})


@asynccontextmanager
async def open_books(url: str) -> AsyncIterator[SqlBooks]:
    """Bring the database to the present schema, and open the books.

    Raises:
        UnusableSettings: the address is none of ours.
        BooksUnavailable: the database cannot be reached, or is newer than this program.
    """
    await migrate(url)
    where = address(url)
    async with open_sqlite(where) if is_sqlite(where) else open_postgres(where) as database:
        yield SqlBooks(database)
