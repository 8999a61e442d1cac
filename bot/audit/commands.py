"""The commands on the audit, from the settings to their answer; the program's command line only reads arguments."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bot.audit.export import export
from bot.audit.formats import Format
from bot.audit.verify import Verdict, verify
from bot.database.audit.chain import Row
from bot.database.connection import address, is_sqlite
from bot.database.repositories.repository import SqlBooks, open_books
from bot.domain.ids import CustomerId, RequestId
from bot.errors import UnusableSettings


@asynccontextmanager
async def existing_books(url: str, audit_key: str | None) -> AsyncIterator[SqlBooks]:
    """Open books that are there: to verify an empty database that a slip has just made would be no comfort.

    Raises:
        UnusableSettings: there is no such file.
    """
    _look_for(url)
    async with open_books(url, audit_key=audit_key) as books:
        yield books


def _look_for(url: str) -> None:
    where = address(url)
    if is_sqlite(where) and not Path(where.database or "").exists():
        raise UnusableSettings(
            [f"DATABASE_URL: there is no file {where.database}; allowed: the one that the bot runs on"]
        )


async def verified(url: str, audit_key: str | None, *, head: str | None) -> Verdict:
    """Verify the whole chain."""
    async with existing_books(url, audit_key) as books:
        return await verify(books.audit, head=head)


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
    async with existing_books(url, audit_key) as books:
        rows = books.audit.rows(since=since, until=until, channel=channel)
        if customer is None:
            await export(rows, to, how)
            return 0
        named = await books.audit.named(CustomerId(customer))
        await export(_of(rows, named.requests), to, how)
        return named.other_keys


async def _of(rows: AsyncIterator[Row], requests: frozenset[RequestId]) -> AsyncIterator[Row]:
    async for row in rows:
        if row.request in requests:
            yield row
