"""A budget counts each request once, whatever other processes write while it is added up."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.database.address import is_sqlite, parse_url
from bot.database.connection import Database, Rows, Statement, Values
from bot.database.postgres import open_postgres
from bot.database.repositories import budgets
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.database.sqlite import open_sqlite
from bot.domain.ids import RequestId
from bot.domain.requests.request import State
from tests.contracts.repository import CHANNEL, NOW, save, saved_request


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A second connection to the repository's database."""
    url = parse_url(database_url)
    async with open_sqlite(url) if is_sqlite(url) else open_postgres(url) as opened:
        yield opened


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[SqlRepository]:
    """The repository of another process."""
    async with open_repository(database_url) as opened:
        yield opened


@dataclass(slots=True)
class Interrupted:
    """A transaction in which something happens after each statement."""

    database: Database
    happens: Callable[[], Awaitable[None]]

    async def run(self, statement: Statement, values: Values) -> Rows:
        rows = await self.database.run(statement, values)
        await self.happens()
        return rows

    async def run_many(self, statement: Statement, rows: Sequence[Values]) -> None:
        raise NotImplementedError


async def test_a_request_that_ends_while_a_budget_is_read_counts_once(
    books: SqlRepository, database: Database
) -> None:
    request = replace(await saved_request(books, State.GIVING), started_at=NOW, customers=10)
    await save(books, request)

    async def end() -> None:
        await save(books, replace(request, state=State.DONE, ended_at=NOW))

    grants = await budgets.read_grants(
        Interrupted(database, end), CHANNEL, NOW - timedelta(days=1), RequestId("other")
    )
    assert [grant.customers for grant in grants] == [10]
