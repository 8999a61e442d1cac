"""The audit commands, for the command line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import URL

from bot.audit.verify import VerificationResult, verify
from bot.database.audit.reader import Audit
from bot.database.connection import is_sqlite, parse_url
from bot.database.migrate import schema_version
from bot.database.read_only import open_read_only
from bot.database.repositories.repository import SqlRepository, open_audit, open_repository
from bot.errors import ConfigError


@asynccontextmanager
async def existing_repository(url: str, audit_key: str | None) -> AsyncIterator[SqlRepository]:
    """Open a database that exists; raises ConfigError, since on one that a typo makes all would succeed."""
    await _check_exists(url)
    async with open_repository(url, audit_key=audit_key) as repository:
        yield repository


@asynccontextmanager
async def existing_audit(url: str, audit_key: str | None) -> AsyncIterator[Audit]:
    """Open the audit of a database that exists, as evidence: nothing is written."""
    await _check_exists(url)
    async with open_audit(url, audit_key=audit_key) as audit:
        yield audit


async def _check_exists(url: str) -> None:
    parsed = parse_url(url)
    name = parsed.database if is_sqlite(parsed) else "this database"
    if is_sqlite(parsed) and not await asyncio.to_thread(Path(parsed.database or "").exists):
        raise ConfigError([f"DATABASE_URL: no file {name}. Set it to the bot's own database."])
    if not await asyncio.to_thread(_has_tables, parsed):
        raise ConfigError([f"DATABASE_URL: {name} has none of the bot's tables. Set it to the bot's own."])


def _has_tables(url: URL) -> bool:
    with open_read_only(url) as engine, engine.connect() as connection:
        return schema_version(connection) is not None


async def verified(url: str, audit_key: str | None, *, head: str | None) -> VerificationResult:
    """Verify the whole chain."""
    async with existing_audit(url, audit_key) as audit:
        return await verify(audit, head=head)
