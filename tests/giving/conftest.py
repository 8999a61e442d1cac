from collections.abc import AsyncIterator

import pytest

from bot.database.repositories.repository import SqlBooks
from tests.support.engine_fixture import Ground, open_ground
from tests.support.service_fixture import Office, open_office

SHORT = 0.15
"""Seconds until a call that hangs is given up; long enough for every answer on loopback."""


@pytest.fixture
async def office(sqlite_books: SqlBooks) -> Office:
    """Open an office over SQLite alone."""
    return await open_office(sqlite_books)


@pytest.fixture
async def either_office(books: SqlBooks) -> Office:
    """Open an office; the test runs once for each kind of database."""
    return await open_office(books)


@pytest.fixture
async def ground(sqlite_books: SqlBooks) -> AsyncIterator[Ground]:
    """SQLite and a Dintero."""
    async with open_ground(sqlite_books) as opened:
        yield opened


@pytest.fixture
async def both(books: SqlBooks) -> AsyncIterator[Ground]:
    """Each kind of database and a Dintero."""
    async with open_ground(books) as opened:
        yield opened


@pytest.fixture
async def hasty(sqlite_books: SqlBooks) -> AsyncIterator[Ground]:
    """A Dintero that has to answer at once."""
    async with open_ground(sqlite_books, timeout=SHORT) as opened:
        yield opened
