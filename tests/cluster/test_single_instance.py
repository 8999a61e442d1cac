"""One bot on a SQLite; on a PostgreSQL, none beside a bot that takes it to be its own."""

import psycopg
import pytest

from bot.cluster.single_instance import shared_lock, single_instance
from bot.errors import DatabaseUnavailable


async def test_a_second_bot_on_the_same_file_is_told_of_the_first(sqlite_url: str) -> None:
    async with single_instance(sqlite_url):
        with pytest.raises(DatabaseUnavailable, match="Another discount-bot"):
            async with single_instance(sqlite_url, patience=0):
                pass


async def test_once_the_first_has_ended_the_second_works(sqlite_url: str) -> None:
    async with single_instance(sqlite_url):
        pass
    async with single_instance(sqlite_url, patience=0):
        pass


async def test_a_postgresql_is_for_several_but_not_for_one_that_holds_it_alone(postgres_url: str) -> None:
    async with single_instance(postgres_url), single_instance(postgres_url):
        pass
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as older:
        await older.execute("SELECT pg_advisory_lock(%s)", (0x64_69_73_63_62_6F_74,))
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as one:
            with pytest.raises(DatabaseUnavailable, match="Another discount-bot"):
                await shared_lock(one, patience=0.01)
        await older.execute("SELECT pg_advisory_unlock_all()")
        async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as one:
            await shared_lock(one, patience=0.01)
            async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as another:
                await shared_lock(another, patience=0.01)
