"""The retention of old requests."""

from dataclasses import dataclass

import structlog

from bot.services.retention import RetentionService

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DailyTasks:
    """Run every hour; a task that failed is tried again in the next."""

    retention: RetentionService

    async def run_once(self) -> None:
        """Purge what is over, and what is left of it in the database's files."""
        if purged := await self.retention.purge():
            log.info("purged", requests=purged)
        if not await self.retention.erase():
            log.warning("purged data is still in the write-ahead log; the next hour tries again")
