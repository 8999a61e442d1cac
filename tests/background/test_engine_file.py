"""Where the durable engine keeps its workflows."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.background.workflows import enable_wal


def test_the_engines_file_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    enable_wal(f"sqlite:///{tmp_path}/books.dbos.db")
    with closing(sqlite3.connect(tmp_path / "books.dbos.db")) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_server_is_left_alone() -> None:
    enable_wal("postgresql://nobody@nowhere/books")
