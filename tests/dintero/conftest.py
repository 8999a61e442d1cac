"""Fixtures for the client's tests: a sandbox Dintero, and a client connected to it."""

from collections.abc import AsyncIterator

import pytest

from bot.dintero.client import DinteroClient
from bot.dintero.connection import open_dintero
from sandbox.dintero import SandboxDintero
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxDintero]:
    """A sandbox Dintero with the catalogue's rules."""
    async with SandboxDintero() as opened:
        yield opened


@pytest.fixture
async def dintero(sandbox: SandboxDintero) -> AsyncIterator[DinteroClient]:
    """A client with valid credentials and a long timeout."""
    async with open_dintero(sandbox.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET, timeout=60) as opened:
        yield opened
