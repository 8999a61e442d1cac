"""The commands on the audit, from the settings to their answer; the program's command line only reads arguments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bot.audit.export import export
from bot.audit.formats import Format
from bot.audit.verify import VerificationResult, verify
from bot.database.audit.chain import Row
from bot.database.connection import is_sqlite, parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import CustomerId, RequestId
from bot.errors import ConfigError


@asynccontextmanager
async def existing_repository(url: str, audit_key: str | None) -> AsyncIterator[SqlRepository]:
    """Open books that are there: to verify an empty database that a slip has just made would be no comfort.

    Raises:
        ConfigError: there is no such file.
    """
    _look_for(url)
    async with open_repository(url, audit_key=audit_key) as repository:
        yield repository


def _look_for(url: str) -> None:
    where = parse_url(url)
    if is_sqlite(where) and not Path(where.database or "").exists():
        raise ConfigError(
            [f"DATABASE_URL: there is no file {where.database}; allowed: the one that the bot runs on"]
        )


async def verified(url: str, audit_key: str | None, *, head: str | None) -> VerificationResult:
    """Verify the whole chain."""
    async with existing_repository(url, audit_key) as repository:
        return await verify(repository.audit, head=head)


async def exported(
    url: str,
    audit_key: str | None,
    to: TextIO,
    how: Format,
    *,
    since: datetime | None,
    until: datetime | None,
    channel: str | None,
    customer: str | None,
) -> int:
    """Write the rows that are asked for; answer of how many requests it cannot be said whether they named the customer."""
    async with existing_repository(url, audit_key) as repository:
        rows = repository.audit.rows(since=since, until=until, channel=channel)
        if customer is None:
            await export(rows, to, how)
            return 0
        named = await repository.audit.named(CustomerId(customer))
        await export(_of(rows, named.requests), to, how)
        return named.other_keys


async def _of(rows: AsyncIterator[Row], requests: frozenset[RequestId]) -> AsyncIterator[Row]:
    async for row in rows:
        if row.request in requests:
            yield row
