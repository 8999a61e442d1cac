from collections.abc import AsyncIterator

import pytest

from tests.support.slack_fixture import Stand, open_stand


@pytest.fixture
async def stand(sqlite_url: str) -> AsyncIterator[Stand]:
    """Open the handlers with the sandbox shop's policy."""
    async with open_stand(sqlite_url) as opened:
        yield opened
