"""SQLite is for one bot; on PostgreSQL, bots keep older versions out."""

from pathlib import Path

import psycopg
import pytest

from bot.background.durable_engine import engine_url
from bot.cluster.single_instance import shared_lock, single_instance
from bot.database.repositories.repository import open_repository
from bot.errors import DatabaseUnavailable


async def test_a_second_bot_on_the_same_file_is_refused(sqlite_url: str) -> None:
    async with single_instance(sqlite_url):
        with pytest.raises(DatabaseUnavailable, match="Another discount-bot"):
            async with single_instance(sqlite_url, patience=0):
                pass


async def test_a_second_bot_starts_once_the_first_has_ended(sqlite_url: str) -> None:
    async with single_instance(sqlite_url):
        pass
    async with single_instance(sqlite_url, patience=0):
        pass


async def test_bots_share_postgresql_but_not_with_a_version_that_locks_it(postgres_url: str) -> None:
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


@pytest.mark.parametrize("of", ["the file", "its folder"])
async def test_a_second_bot_by_a_symbolic_link_is_refused(sqlite_url: str, tmp_path: Path, of: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    other = tmp_path / "elsewhere" / "other.db"
    if of == "the file":
        other.parent.mkdir()
        other.symlink_to(file)
    else:
        other.parent.symlink_to(file.parent)
        other = other.with_name(file.name)
    async with single_instance(sqlite_url):
        with pytest.raises(DatabaseUnavailable, match="Another discount-bot"):
            async with single_instance(f"sqlite:///{other}", patience=0):
                pass
    assert engine_url(f"sqlite:///{other}") == engine_url(sqlite_url)


async def test_no_command_opens_a_file_by_a_hard_link(sqlite_url: str, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    async with single_instance(sqlite_url), open_repository(sqlite_url):
        other.hardlink_to(sqlite_url.removeprefix("sqlite:///"))
        with pytest.raises(DatabaseUnavailable, match="second name"):
            async with open_repository(f"sqlite:///{other}"):
                pass
