import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.background.durable_engine import sqlite_files
from sandbox.shop import database_in
from tests.journeys.steps import Trip, open_trip

Opens = Callable[..., Awaitable[Trip]]


@pytest.fixture(autouse=True)
def migrated(tmp_path: Path, sqlite_template: Path) -> None:
    """Let the first start of a bot find its tables."""
    templates = sqlite_files(f"sqlite:///{sqlite_template}")
    for file, copy in zip(templates, sqlite_files(database_in(tmp_path)), strict=True):
        shutil.copyfile(file, copy)


@pytest.fixture
async def opens(tmp_path: Path) -> AsyncIterator[Opens]:
    """Open a trip with the test's own policy or clock."""
    async with AsyncExitStack() as stack:

        async def opening(**others: Any) -> Trip:
            return await open_trip(stack, tmp_path, **others)

        yield opening


@pytest.fixture
async def trip(opens: Opens) -> Trip:
    """Open a trip with the default policy and clock."""
    return await opens()
