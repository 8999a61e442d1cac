"""What the tests of the client stand on: the stand-in for Dintero, and a client that talks to it."""

from collections.abc import AsyncIterator

import pytest

from bot.dintero.client import DinteroClient, open_dintero
from sandbox.dintero import SandboxDintero
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxDintero]:
    """A Dintero with the catalogue's rules."""
    async with SandboxDintero() as opened:
        yield opened


@pytest.fixture
async def dintero(sandbox: SandboxDintero) -> AsyncIterator[DinteroClient]:
    """A client with the right credentials, and patience."""
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, timeout=60) as opened:
        yield opened
