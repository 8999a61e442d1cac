"""The audit commands, for the command line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.audit.verify import VerificationResult, verify
from bot.database.connection import is_sqlite, parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.errors import ConfigError


@asynccontextmanager
async def existing_repository(url: str, audit_key: str | None) -> AsyncIterator[SqlRepository]:
    """Open a database that exists; raises ConfigError, since on one that a typo makes all would succeed."""
    parsed = parse_url(url)
    if is_sqlite(parsed) and not await asyncio.to_thread(Path(parsed.database or "").exists):
        raise ConfigError([f"DATABASE_URL: no file {parsed.database} (expected the bot's own database)"])
    async with open_repository(url, audit_key=audit_key) as repository:
        yield repository


async def verified(url: str, audit_key: str | None, *, head: str | None) -> VerificationResult:
    """Verify the whole chain."""
    async with existing_repository(url, audit_key) as repository:
        return await verify(repository.audit, head=head)
