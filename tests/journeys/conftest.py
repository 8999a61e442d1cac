from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.steps import Trip, open_trip

Opens = Callable[..., Awaitable[Trip]]


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
