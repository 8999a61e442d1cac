"""Forgets customer ids, reasons and whatever was typed of requests that ended long ago; several processes may do so at once."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from bot.domain.ids import RequestId
from bot.domain.ports import Clock, Repository
from bot.domain.requests.audit_entries import EntryKind, entry_of

AT_ONCE: Final = 100
"""Requests that are looked up together; each is forgotten in a transaction of its own."""

Elsewhere = Callable[[Sequence[RequestId]], Awaitable[None]]
"""Forgets what others than the books hold of requests."""


class RetentionService:
    """Keeps the policy's `retention_days`."""

    def __init__(self, *, repository: Repository, clock: Clock, days: int, elsewhere: Elsewhere) -> None:
        self._repository = repository
        self._clock = clock
        self._days = days
        self._elsewhere = elsewhere

    async def purge(self) -> int:
        """Forget all that is due, elsewhere first, so that a crash between leaves nothing; answer how many requests that were."""
        before = self._clock.now() - timedelta(days=self._days)
        done = 0
        while due := await self._repository.forgettable(before, limit=AT_ONCE):
            await self._elsewhere(due)
            for request in due:
                done += await self._purge(request)
        return done

    async def _purge(self, request: RequestId) -> bool:
        """Forget one; whoever came second finds nothing to do."""
        async with self._repository.unit_of_work(request) as unit:
            if unit is None or unit.request.purged_at or not unit.request.ended:
                return False
            await unit.redact(self._clock.now())
            purged, days = unit.request, self._days
            unit.audit(entry_of(purged, EntryKind.PURGED, retention_days=days, customers=purged.customers))
            return True
