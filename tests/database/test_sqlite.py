import asyncio
import sqlite3
from pathlib import Path

import pytest

from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.database.sqlite import SqliteDatabase, open_sqlite, whole_file
from bot.domain.requests.request import FormInput
from bot.errors import DatabaseUnavailable
from tests.contracts.repository import new_draft
from tests.support.event_loops import run
from tests.support.mixed_files import leave_log_of_another_moment


async def test_committed_writes_survive_a_power_cut(sqlite_url: str) -> None:
    async with open_sqlite(parse_url(sqlite_url)) as database:
        assert await _pragma(database, "journal_mode") == "wal"
        assert await _pragma(database, "synchronous") == 2
        assert await _pragma(database, "foreign_keys") == 1


async def _pragma(database: SqliteDatabase, name: str) -> object:
    ((value,),) = await database.writer.execute_fetchall(f"PRAGMA {name}")
    return value


async def test_a_unit_of_work_locks_the_file_from_its_start(
    sqlite_books: SqlRepository, sqlite_url: str
) -> None:
    draft = new_draft()
    await sqlite_books.open_draft(draft, FormInput())
    other = sqlite3.connect(parse_url(sqlite_url).database or "", timeout=0)
    async with sqlite_books.unit_of_work(draft.id):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_a_read_does_not_wait_for_an_open_unit_of_work(sqlite_books: SqlRepository) -> None:
    draft = new_draft()
    await sqlite_books.open_draft(draft, FormInput())
    async with sqlite_books.unit_of_work(draft.id):
        assert await sqlite_books.find(draft.id) == draft


async def test_a_repository_write_inside_a_unit_of_work_raises_instead_of_hanging(
    sqlite_books: SqlRepository,
) -> None:
    draft = new_draft()
    await sqlite_books.open_draft(draft, FormInput())
    with pytest.raises(RuntimeError, match="by the open unit of work"):
        async with sqlite_books.unit_of_work(draft.id):
            await sqlite_books.save_input(draft.id, FormInput())
    await sqlite_books.save_input(draft.id, FormInput(reason="free again"))
    assert await sqlite_books.load_input(draft.id) == FormInput(reason="free again")


async def test_a_lock_that_another_process_keeps_raises_database_unavailable(
    sqlite_books: SqlRepository, sqlite_url: str
) -> None:
    other = sqlite3.connect(parse_url(sqlite_url).database or "", timeout=0)
    other.execute("BEGIN IMMEDIATE")
    await sqlite_books._database.writer.execute_fetchall("PRAGMA busy_timeout=1")  # type: ignore[attr-defined]  # noqa: SLF001
    with pytest.raises(DatabaseUnavailable, match="locked"):
        await sqlite_books.open_draft(new_draft(), FormInput())
    other.close()
    await sqlite_books.open_draft(new_draft(), FormInput())


async def test_two_processes_can_write_to_the_same_file(sqlite_books: SqlRepository, sqlite_url: str) -> None:
    async with open_repository(sqlite_url) as others:
        drafts = [new_draft() for _ in range(40)]
        await asyncio.gather(
            *(
                (sqlite_books, others)[at % 2].open_draft(draft, FormInput())
                for at, draft in enumerate(drafts)
            )
        )
        found = await asyncio.gather(*(others.find(draft.id) for draft in drafts))
    assert found == drafts


async def test_the_file_is_created_where_the_url_says(tmp_path: Path) -> None:
    async with open_repository(f"sqlite:///{tmp_path}/here.db"):
        assert (tmp_path / "here.db").exists()


async def _open_whole(url: str) -> None:
    async with whole_file(parse_url(url)):
        pass


def test_a_log_of_another_moment_is_refused_and_kept(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    leave_log_of_another_moment(path)
    before = path.read_bytes()
    with pytest.raises(DatabaseUnavailable, match="from another time") as refused:
        run(_open_whole(sqlite_url))
    assert "discount-bot restore" in refused.value.advice
    assert path.read_bytes() == before
    assert path.with_name(f"{path.name}-wal").exists()


def test_a_log_without_its_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "books.db-wal").write_bytes(b"left behind")
    with pytest.raises(DatabaseUnavailable, match="damaged or missing"):
        run(_open_whole(f"sqlite:///{tmp_path}/books.db"))


async def test_a_log_that_a_crash_left_is_used(sqlite_books: SqlRepository, sqlite_url: str) -> None:
    await sqlite_books.open_draft(new_draft(), FormInput())
    await _open_whole(sqlite_url)
