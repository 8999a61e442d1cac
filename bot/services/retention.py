"""Retention: purges customer ids, reasons and typed text of old requests, safe in several processes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.ports import Clock, Repository
from bot.domain.requests.audit_entries import EntryKind, entry_of
from bot.domain.requests.request import Request

REQUESTS_PER_QUERY: Final = 100
"""Each of them is purged in a transaction of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionService:
    """Enforces the policy's `retention_days`."""

    repository: Repository
    clock: Clock
    days: int
    elsewhere: Callable[[Sequence[Request]], Awaitable[None]]
    """Purges what is kept of requests outside the database."""

    async def purge(self) -> int:
        """Purge what is due and count it; `elsewhere` goes first, so a crash between leaves nothing."""
        before = self.clock.now() - timedelta(days=self.days)
        count = 0
        while due := await self.repository.forgettable(before, limit=REQUESTS_PER_QUERY):
            await self.elsewhere(due)
            for request in due:
                async with self.repository.unit_of_work(request.id) as unit:
                    if unit and unit.request.ended and not unit.request.purged_at:
                        await unit.redact(self.clock.now())
                        unit.audit(
                            entry_of(
                                unit.request,
                                EntryKind.PURGED,
                                retention_days=self.days,
                                customers=unit.request.customers,
                            )
                        )
                        count += 1
        return count

    async def erase(self) -> bool:
        """Remove what was purged from the database's files; False if that has to be tried again."""
        return await self.repository.erase_deleted()
