import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.database.sqlite import SqliteDatabase, open_sqlite
from bot.domain.requests.request import FormInput
from bot.errors import DatabaseUnavailable
from tests.contracts.repository import a_draft


async def test_nothing_that_was_promised_is_lost_when_the_plug_is_pulled(sqlite_url: str) -> None:
    async with open_sqlite(parse_url(sqlite_url)) as database:
        assert await _pragma(database, "journal_mode") == "wal"
        assert await _pragma(database, "synchronous") == 2
        assert await _pragma(database, "foreign_keys") == 1


async def _pragma(database: SqliteDatabase, name: str) -> object:
    ((value,),) = await database.writer.execute_fetchall(f"PRAGMA {name}")
    return value


async def test_a_page_holds_the_files_lock_from_its_beginning(
    sqlite_books: SqlRepository, sqlite_url: str
) -> None:
    draft = a_draft()
    await sqlite_books.open_draft(draft, FormInput())
    other = sqlite3.connect(parse_url(sqlite_url).database or "", timeout=0)
    async with sqlite_books.unit_of_work(draft.id):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_reading_does_not_wait_for_an_open_page(sqlite_books: SqlRepository) -> None:
    draft = a_draft()
    await sqlite_books.open_draft(draft, FormInput())
    async with sqlite_books.unit_of_work(draft.id):
        assert await sqlite_books.find(draft.id) == draft


async def test_a_write_beside_ones_own_page_is_an_error_and_no_endless_wait(
    sqlite_books: SqlRepository,
) -> None:
    draft = a_draft()
    await sqlite_books.open_draft(draft, FormInput())
    with pytest.raises(RuntimeError, match="by the open page"):
        async with sqlite_books.unit_of_work(draft.id):
            await sqlite_books.save_input(draft.id, FormInput())
    await sqlite_books.save_input(draft.id, FormInput(reason="free again"))
    assert await sqlite_books.load_input(draft.id) == FormInput(reason="free again")


async def test_a_lock_that_another_process_never_gives_up_is_said_in_our_words(
    sqlite_books: SqlRepository, sqlite_url: str
) -> None:
    other = sqlite3.connect(parse_url(sqlite_url).database or "", timeout=0)
    other.execute("BEGIN IMMEDIATE")
    await sqlite_books._database.writer.execute_fetchall("PRAGMA busy_timeout=1")  # type: ignore[attr-defined]  # noqa: SLF001
    with pytest.raises(DatabaseUnavailable, match="locked"):
        await sqlite_books.open_draft(a_draft(), FormInput())
    other.close()
    await sqlite_books.open_draft(a_draft(), FormInput())


async def test_two_programs_can_keep_the_same_books(sqlite_books: SqlRepository, sqlite_url: str) -> None:
    async with open_repository(sqlite_url) as others:
        drafts = [a_draft() for _ in range(40)]
        await asyncio.gather(
            *(
                (sqlite_books, others)[at % 2].open_draft(draft, FormInput())
                for at, draft in enumerate(drafts)
            )
        )
        found = await asyncio.gather(*(others.find(draft.id) for draft in drafts))
    assert found == drafts


async def test_the_file_is_where_the_address_says(tmp_path: Path) -> None:
    async with open_repository(f"sqlite:///{tmp_path}/here.db"):
        assert (tmp_path / "here.db").exists()


async def test_what_was_written_is_brought_into_the_file_once_it_is_quiet(
    sqlite_books: SqlRepository, sqlite_url: str
) -> None:
    draft = a_draft()
    await sqlite_books.open_draft(draft, FormInput())
    await _in_the_file(sqlite_url, draft.id)
    async with sqlite_books.unit_of_work(draft.id) as unit:
        assert unit
        await unit.save(replace(unit.request, reason="kept in the file itself"))
    await _in_the_file(sqlite_url, "kept in the file itself")


async def _in_the_file(sqlite_url: str, words: str) -> None:
    path = Path(parse_url(sqlite_url).database or "")
    async with asyncio.timeout(60):
        while words.encode() not in await asyncio.to_thread(path.read_bytes):
            pass  # SQLite says nothing of it
