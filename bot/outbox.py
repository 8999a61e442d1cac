"""Says what stands in the outbox, in order within each thread, later where Slack does not take it now."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from bot.errors import NeverSaid, SayLater
from bot.giving.notices import Happened, Kind, Notice, Unsaid
from bot.giving.ports import Announcer, Books, Clock

AT_ONCE: Final = 8
"""Messages under way at the same time; each belongs to another thread or conversation."""
SHORTEST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 300.0
FAULT_WAIT: Final = 5.0
"""Seconds until a message is tried again that met a fault of the bot's own."""
LIST_LOOK: Final = 0.5
"""Seconds until it is looked, while lists are under way, whether there is something else to say."""
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger()


class Outbox:
    """Empties the outbox. A message whose end is not known is looked for by its key before it is posted again."""

    def __init__(self, *, books: Books, announcer: Announcer, clock: Clock, may: Callable[[], bool] = lambda: True) -> None:
        self._may = may
        """Whether this process, of several, still is the one that says it."""
        self._books = books
        self._announcer = announcer
        self._clock = clock
        self.troubled_until = LONG_AGO
        """Until then nothing need be asked of Slack: it is away, or asked to be left alone."""

    async def empty(self) -> int:
        """Say all that can be said now, and tell how many messages that were; a list, which may take a minute, holds up nothing else.

        A failure is raised only when every message under way has ended: one still on its way must not be picked up a second time.
        """
        said, lists = 0, dict[int, asyncio.Task[bool]]()
        try:
            while (due := await self._due(lists)) or lists:
                lists |= {one.id: asyncio.create_task(self._say(one)) for one in due if one.notice.kind is Kind.LIST}
                said += await self._all([one for one in due if one.notice.kind is not Kind.LIST])
                if not due:
                    await asyncio.wait(lists.values(), timeout=LIST_LOOK, return_when=asyncio.FIRST_COMPLETED)
                for one in [one for one, task in lists.items() if task.done()]:
                    said += lists.pop(one).result()
        finally:
            await _end(lists.values())
        return said

    async def _due(self, lists: Collection[int]) -> list[Unsaid]:
        """Read what to say next, but for the lists that are under way."""
        due = await self._books.unsaid(self._clock.now(), limit=AT_ONCE + len(lists)) if self._may() else ()
        return [one for one in due if one.id not in lists]

    async def _all(self, due: Sequence[Unsaid]) -> int:
        said = 0
        for end in await asyncio.gather(*map(self._say, due), return_exceptions=True):
            if isinstance(end, BaseException):
                raise end
            said += end
        return said

    async def _say(self, unsaid: Unsaid) -> bool:
        await self._books.saying(unsaid)
        try:
            ts = await self._announcer.say(unsaid)
        except Exception as fault:  # noqa: BLE001 - each is told apart below
            if self._may():  # else it is another's by now, to say and to write down
                await self._not_said(unsaid, fault)
            return False
        await self._books.said(unsaid, ts=ts)
        log.info("said", request_id=unsaid.request, kind=unsaid.notice.kind, happened=unsaid.notice.happened)
        return True

    async def _not_said(self, unsaid: Unsaid, fault: Exception) -> None:
        match fault:
            case SayLater():
                await self._put_off(unsaid, fault)
            case NeverSaid():
                await self._books.give_up(unsaid, why=str(fault))
                await self._unseen(unsaid, str(fault))
                log.error("never said", request_id=unsaid.request, kind=unsaid.notice.kind, to=unsaid.notice.to, why=str(fault))
            case _:
                log.error("not said", request_id=unsaid.request, kind=unsaid.notice.kind, exc_info=fault)
                await self._put_off(unsaid, SayLater(type(fault).__name__, after=FAULT_WAIT, clean=False))

    async def _unseen(self, unsaid: Unsaid, why: str) -> None:
        """Tell the requester of a card that was never posted, for nobody would find the request; and who was to have a list, of that."""
        if unsaid.notice.kind not in {Kind.CARD, Kind.LIST}:
            return
        async with self._books.page(unsaid.request) as page:
            if page is None:
                return
            if unsaid.notice.kind is Kind.LIST:
                to, happened = unsaid.notice.to, Happened.LIST_LOST
            elif page.request.card_ts is None and not page.request.ended:
                to, happened = page.request.requester, Happened.UNSEEN
            else:
                return
            await page.say(Notice(kind=Kind.DIRECT, happened=happened, at=self._clock.now(), to=to, note=why))

    async def _put_off(self, unsaid: Unsaid, later: SayLater) -> None:
        """Wait as long as Slack asked for; where it did not say, longer each time."""
        wait = max(later.after, SHORTEST_WAIT)
        if not later.clean:
            wait = min(wait * 2 ** min(unsaid.attempts, 8), LONGEST_WAIT)
        until = self._clock.now() + timedelta(seconds=wait)
        if later.all_wait:
            self.troubled_until = until
        await self._books.put_off(unsaid, until=until, clean=later.clean)
        log.warning("said later", request_id=unsaid.request, kind=unsaid.notice.kind, why=str(later), seconds=round(wait, 1))


async def _end(tasks: Iterable[asyncio.Task[bool]]) -> None:
    """End what is left where the others failed, or the program closes: what may have gone out is looked for when it is said again."""
    left = list(tasks)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
