"""What happens once a day: the retention of old requests, and a look at how much rules are used."""

from dataclasses import dataclass

import structlog

from bot.services.retention import RetentionService
from bot.services.rule_history import RuleHistory

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DailyTasks:
    """Run every hour; a task that failed is tried again in the next."""

    retention: RetentionService
    rule_history: RuleHistory

    async def run_once(self) -> None:
        """Purge what is over, and what is left of it in the database's files; write down the use of rules."""
        if purged := await self.retention.purge():
            log.info("purged", requests=purged)
        if not await self.retention.erase():
            log.warning("purged data is still in the write-ahead log; the next hour tries again")
        await self.rule_history.sample()
