"""Says what stands in the outbox, in order within each thread, later where Slack does not take it now."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from bot.errors import NeverSaid, SayLater
from bot.giving.notices import Unsaid
from bot.giving.ports import Announcer, Books, Clock

AT_ONCE: Final = 8
"""Messages under way at the same time; each belongs to another thread or conversation."""
LONGEST_WAIT: Final = 300.0

log = structlog.get_logger()


class Outbox:
    """Empties the outbox. A message whose end is not known is looked for by its key before it is posted again."""

    def __init__(self, *, books: Books, announcer: Announcer, clock: Clock) -> None:
        self._books = books
        self._announcer = announcer
        self._clock = clock

    async def empty(self) -> int:
        """Say all that can be said now, and tell how many messages that were."""
        said = 0
        while due := await self._books.unsaid(self._clock.now(), limit=AT_ONCE):
            ends = await asyncio.gather(*map(self._say, due))
            said += sum(ends)
        return said

    async def _say(self, unsaid: Unsaid) -> bool:
        await self._books.saying(unsaid)
        try:
            ts = await self._announcer.say(unsaid)
        except SayLater as later:
            wait = min(max(later.after, 0.5) * 2 ** min(unsaid.attempts, 8), LONGEST_WAIT) if not later.clean else later.after
            await self._books.put_off(unsaid, until=self._clock.now() + timedelta(seconds=wait), clean=later.clean)
            log.warning("said later", request_id=unsaid.request, kind=unsaid.notice.kind, why=str(later), seconds=round(wait, 1))
            return False
        except NeverSaid as never:
            await self._books.give_up(unsaid, why=str(never))
            log.error("never said", request_id=unsaid.request, kind=unsaid.notice.kind, to=unsaid.notice.to, why=str(never))  # noqa: TRY400
            return False
        await self._books.said(unsaid, ts=ts)
        log.info("said", request_id=unsaid.request, kind=unsaid.notice.kind, happened=unsaid.notice.happened)
        return True
