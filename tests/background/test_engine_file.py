"""Where the durable engine keeps its workflows."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from dbos import DBOS

from bot.background.durable_engine import close_engine, enable_wal, open_engine
from tests.support.mixed_files import leave_log_of_another_moment

OF_EARLIER_PYTHONS: Final = "(strftime('%s','now') * 1000)"
SINCE_PYTHON_3_12: Final = "(unixepoch('subsec') * 1000)"


def test_the_engines_file_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    enable_wal(f"sqlite:///{tmp_path}/books.dbos.db")
    with closing(sqlite3.connect(tmp_path / "books.dbos.db")) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_server_is_left_alone() -> None:
    enable_wal("postgresql://nobody@nowhere/books")


async def test_a_file_that_a_newer_python_made_opens_with_any_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "books.dbos.db"
    await launch(path)
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA writable_schema=ON")
        file.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ?, ?)", (OF_EARLIER_PYTHONS, SINCE_PYTHON_3_12)
        )
        file.execute("DELETE FROM application_versions")
        file.commit()
    before = time.time()
    await launch(path)
    with closing(sqlite3.connect(path)) as file:
        ((created_at,),) = file.execute("SELECT created_at FROM application_versions").fetchall()
    assert before * 1000 - 1 <= created_at <= time.time() * 1000


async def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "books.dbos.db"
    leave_log_of_another_moment(path)
    await launch(path)
    kept = {file.name for file in await asyncio.to_thread(lambda: list(tmp_path.iterdir()))}
    assert kept >= {"books.dbos.db", "books.dbos.db.damaged", "books.dbos.db.damaged-wal"}


async def test_a_log_without_its_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "books.dbos.db"
    leave_log_of_another_moment(path)
    path.unlink()
    await launch(path)
    kept = {file.name for file in await asyncio.to_thread(lambda: list(tmp_path.iterdir()))}
    assert "books.dbos.db.damaged-wal" in kept


async def launch(path: Path) -> None:
    engine = open_engine(f"sqlite:///{path}", "one")
    DBOS.launch()
    await close_engine(engine)
