"""From giving to its end: adds up what came of the batches, and says it once."""

from dataclasses import replace

from bot.errors import DinteroError
from bot.giving.door import Door
from bot.giving.ids import RequestId
from bot.giving.notices import Happened
from bot.giving.pausing import after_stop, is_caught, park
from bot.giving.ports import Books, Clock, Dintero, Page
from bot.giving.request import Event, Pausing, Request, State, StopReason, moved
from bot.giving.telling import tellings


class Ending:
    """Ends a giving whose batches have all ended; done again, it changes and says nothing more."""

    def __init__(self, *, books: Books, dintero: Dintero, door: Door, clock: Clock) -> None:
        self._books = books
        self._dintero = dintero
        self._door = door
        self._clock = clock

    async def finish(self, request: RequestId, round_: int) -> None:
        """Move a giving to done, cancelled or stopped, and put what there is to say into the outbox."""
        await self._last_answer(request)
        tally = await self._books.tally(request)
        async with self._books.page(request) as page:
            if page is None or page.request.state is not State.GIVING or page.request.round != round_:
                return
            if is_caught(page.request) and tally.given + tally.refused < tally.asked:
                await park(page, self._clock.now())
                return
            if page.request.stop is None and tally.unknown:
                page.request = replace(page.request, stop=StopReason.UNKNOWN_FOR_GOOD)
            await self._end(page)

    async def _end(self, page: Page) -> None:
        request, now = page.request, self._clock.now()
        if request.cancel_asked_by:
            ended = moved(request, Event.WOUND_UP, decided_by=request.cancel_asked_by, ended_at=now, stop=None)
            happened = Happened.CANCELLED
        elif request.stop:
            ended, happened = moved(request, Event.STOPPED), Happened.STOPPED
        else:
            ended, happened = moved(request, Event.SETTLED, ended_at=now), Happened.DONE
        await page.keep(replace(ended, pausing=Pausing.NO))
        notify = self._door.policy.notify_of(request.channel)
        await page.say(*tellings(ended, happened, now, by=request.cancel_asked_by, note=request.note, notify=notify))
        if happened is Happened.DONE:
            await page.forget_faults()
        elif happened is Happened.STOPPED:
            await after_stop(page, self._door.policy, now)

    async def _last_answer(self, request: RequestId) -> None:
        """Ask for the rule where a crash took Dintero's last answer with it; the summary can do without."""
        found: Request | None = await self._books.find(request)
        if found is None or found.last_answer or found.rule is None:
            return
        try:
            await self._books.answered(request, await self._dintero.rule(found.rule.id))
        except DinteroError:
            return
