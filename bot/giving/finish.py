"""From giving to its end: adds up what came of the batches, and says it once."""

import asyncio
from dataclasses import replace

from bot.domain.ids import RequestId
from bot.domain.policy.tiers import stricter
from bot.domain.ports import Books, Clock, Page
from bot.domain.requests import authorization
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import Happened
from bot.domain.requests.request import Event, Pausing, State, StopReason, moved, rule_of
from bot.domain.requests.rule_drift import drift
from bot.domain.rules.rule import Rule
from bot.errors import DinteroError
from bot.giving.lookups import Looks
from bot.giving.verification import ReadingBack
from bot.services.access import Door
from bot.services.announcements import tellings
from bot.services.pausing import after_stop, is_caught, park
from bot.services.reapproval import ask_anew


class Ending:
    """Ends a giving whose batches have all ended; done again, it changes and says nothing more."""

    def __init__(self, *, books: Books, looks: Looks, door: Door, clock: Clock) -> None:
        self._books = books
        self._looks = looks
        self._back = ReadingBack(books=books, looks=looks, clock=clock)
        self._door = door
        self._clock = clock

    async def finish(self, request: RequestId, round_: int) -> None:
        """Move a giving to done, cancelled or stopped, and put what there is to say into the outbox."""
        now_is, tally = await asyncio.gather(self._last_answer(request), self._books.tally(request))
        await self._read_back(request, round_, tally)
        async with self._books.page(request) as page:
            if page is None or page.request.state is not State.GIVING or page.request.round != round_:
                return
            if is_caught(page.request) and tally.given + tally.refused < tally.asked:
                await park(page, self._clock.now())
                return
            if page.request.stop is None and tally.unknown:
                page.request = replace(page.request, stop=StopReason.UNKNOWN_FOR_GOOD)
            if not await self._asked_anew(page, now_is):
                await self._end(page, in_full=tally.given == tally.asked)

    async def _read_back(self, request: RequestId, round_: int, tally: Tally) -> None:
        """Look up whoever will stay unknown, before the row is locked; nobody, where the pause has only caught it."""
        found = await self._books.find(request) if tally.unknown else None
        if found and found.state is State.GIVING and found.round == round_ and not is_caught(found):
            await self._back.look(found, tally)

    async def _asked_anew(self, page: Page, now_is: Rule | None) -> bool:
        """Ask for a yes to the rule as it is now, where it has changed while it was given and there is somebody to ask."""
        request, now = page.request, self._clock.now()
        policy = self._door.policy.channels.get(request.channel)
        if request.stop is not StopReason.RULE_CHANGED or request.cancel_asked_by or not request.approvals:
            return False
        if (
            policy is None
            or now_is is None
            or drift(rule_of(request), now_is, now) is not StopReason.RULE_CHANGED
        ):
            return False
        changed = replace(request, rule=now_is)
        asked_for = authorization.demanded(
            policy, customers=changed.customers, cost=changed.price, reserved=changed.reserved
        )
        approvals, tier = stricter((request.approvals, request.tier), asked_for)
        await ask_anew(page, Event.RULE_CHANGED, policy, now, rule=now_is, approvals=approvals, tier=tier)
        return True

    async def _end(self, page: Page, *, in_full: bool) -> None:
        request, now = page.request, self._clock.now()
        if request.cancel_asked_by:
            ended = moved(
                request, Event.WOUND_UP, decided_by=request.cancel_asked_by, ended_at=now, stop=None
            )
            happened = Happened.CANCELLED
        elif request.stop:
            ended, happened = moved(request, Event.STOPPED), Happened.STOPPED
        else:
            ended, happened = moved(request, Event.SETTLED, ended_at=now), Happened.DONE
        await page.keep(replace(ended, pausing=Pausing.NO))
        notify = self._door.policy.notify_of(request.channel)
        by, note = request.cancel_asked_by, request.note
        await page.say(*tellings(ended, happened, now, by=by, note=note, notify=notify, in_full=in_full))
        if happened is Happened.DONE:
            await page.forget_faults()
        elif happened is Happened.STOPPED:
            await after_stop(page, self._door.policy, now)

    async def _last_answer(self, request: RequestId) -> Rule | None:
        """Read Dintero's last answer; where a crash took it along, or it may not be the last word, ask once more.

        The summary can do without.
        """
        found = await self._books.find(request)
        if (
            found is None
            or found.rule is None
            or (found.last_answer and found.stop is not StopReason.RULE_CHANGED)
        ):
            return found.last_answer if found else None
        try:
            now_is = await self._looks.rule(found.rule.id)
        except DinteroError:
            return None
        await self._books.answered(request, now_is)
        return now_is
