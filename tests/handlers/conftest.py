from collections.abc import AsyncIterator

import pytest

from tests.support.slack_fixture import Stand, open_stand


@pytest.fixture
async def stand(sqlite_url: str) -> AsyncIterator[Stand]:
    """A stand as the shop has it."""
    async with open_stand(sqlite_url) as opened:
        yield opened
