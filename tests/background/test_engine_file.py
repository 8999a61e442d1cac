"""Where the durable engine keeps its workflows."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.background.workflows import enable_wal


def test_the_engines_file_is_written_ahead_and_stays_so(tmp_path: Path) -> None:
    enable_wal(f"sqlite:///{tmp_path}/books.dbos.db")
    with closing(sqlite3.connect(tmp_path / "books.dbos.db")) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_nothing_is_done_about_a_server() -> None:
    enable_wal("postgresql://nobody@nowhere/books")
