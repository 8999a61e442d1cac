"""Reads the bot's database from outside, at no cost to the bot."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from bot.database.encoding import from_micros
from bot.domain.requests.request import State

ROW: Final = "SELECT state, started_at FROM requests WHERE id = "
Look = Callable[[str], tuple[State, datetime | None]]
"""Reads a request's state and the start of its giving."""


@contextmanager
def opened(database_url: str, path: str) -> Iterator[Look]:
    """Open the bot's database; `path` is the SQLite file's folder."""
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            yield lambda request: _read(file.execute(f"{ROW} ?", (request,)).fetchone())
    else:
        with psycopg.connect(database_url, autocommit=True) as server:
            yield lambda request: _read(server.execute(f"{ROW} %s", (request,)).fetchone())


def took(look: Look, request: str) -> float | None:
    """The seconds of a finished giving, or None."""
    state, started_at = look(request)
    return (datetime.now(UTC) - started_at).total_seconds() if state is State.DONE and started_at else None


def _read(row: Any) -> tuple[State, datetime | None]:
    state, started_at = row
    return State(state), None if started_at is None else from_micros(started_at)
