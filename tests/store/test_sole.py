"""One bot on one database."""

import pytest

from bot.errors import BooksUnavailable
from bot.store.sole import alone


async def test_a_second_bot_on_the_same_database_is_told_of_the_first(database_url: str) -> None:
    async with alone(database_url):
        with pytest.raises(BooksUnavailable, match="Another discount-bot"):
            async with alone(database_url, patience=0):
                pass


async def test_once_the_first_has_ended_the_second_works(database_url: str) -> None:
    async with alone(database_url):
        pass
    async with alone(database_url, patience=0):
        pass


async def test_a_database_that_is_not_there_is_said_plainly() -> None:
    with pytest.raises(BooksUnavailable, match="cannot be reached"):
        async with alone("postgresql://nobody@127.0.0.1:1/none", patience=0):
            pass
