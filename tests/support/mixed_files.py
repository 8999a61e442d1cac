"""SQLite files of two moments: a file, and the write-ahead log that was left beside a later state of it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

ROWS = 3_000
FILLING = "x" * 300


def leave_log_of_another_moment(path: Path) -> None:
    """Put an older state of a file beside the log of a later one, as if only the file was copied."""
    older, log = path.with_suffix(".older"), path.with_name(f"{path.name}-wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("CREATE TABLE filler (number TEXT PRIMARY KEY, content TEXT)")
        for state in range(3):
            _fill(file, state * ROWS)
            if state < 2:
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if state == 0:
                shutil.copyfile(path, older)
        shutil.copyfile(log, log.with_suffix(".kept"))
    shutil.move(older, path)
    shutil.move(log.with_suffix(".kept"), log)


def _fill(file: sqlite3.Connection, first: int) -> None:
    for start in range(first, first + ROWS, ROWS // 20):
        rows = [(f"{number * 7919 % 1_000_003}", FILLING) for number in range(start, start + ROWS // 20)]
        file.execute("BEGIN")
        file.executemany("INSERT INTO filler VALUES (?, ?)", rows)
        file.execute("COMMIT")
