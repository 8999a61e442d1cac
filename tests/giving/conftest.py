import pytest

from bot.store.books import SqlBooks
from tests.giving.office import Office, open_office


@pytest.fixture
async def office(sqlite_books: SqlBooks) -> Office:
    """Open an office over SQLite alone."""
    return await open_office(sqlite_books)


@pytest.fixture
async def either_office(books: SqlBooks) -> Office:
    """Open an office; the test runs once for each kind of database."""
    return await open_office(books)
