"""Runs the tests' model of all paths (`tests/services/model/test_paths.py`) at length."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bot.database.migrate import migrate
from tests.services.model.test_paths import copies_of, hold

EXAMPLES: Final = 20
"""Examples between two looks at the time."""
STEPS: Final = 80


def on_sqlite(*, seed: int, seconds: float) -> int:
    """Walk paths for some time, each in its own database, and count them."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        asyncio.run(migrate(f"sqlite:///{template}"))
        return _for(seconds, seed, copies_of(template, Path(folder)))


def on_postgresql(url: str, *, seed: int, seconds: float) -> int:
    """Walk paths for some time in one database, and count them."""
    return _for(seconds, seed, lambda: url)


def _for(seconds: float, seed: int, new_url: Callable[[], str]) -> int:
    until, done = time.monotonic() + seconds, 0
    while True:
        hold(new_url, examples=EXAMPLES, steps=STEPS, of=seed + done)
        done += EXAMPLES
        if time.monotonic() >= until:
            return done
