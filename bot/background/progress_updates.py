"""Shows in the cards how what is being given gets on: an edit now and then, beside the outbox and never in its way.

A progress edit is no row in the outbox. It draws the card from the books as they are then, like any other edit of it, so that
one which is lost is made good by the next, and there is nothing to be kept, put in order or caught up with after an outage.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from bot.domain.ids import RequestId
from bot.domain.ports import Announcer, Clock, Repository
from bot.domain.requests.batches import Tally
from bot.domain.requests.progress import SOON, ProgressTracker
from bot.domain.requests.request import State
from bot.errors import CardDeleted, DeliveryDeferred, DeliveryFailed
from bot.services.announcements import request_card_redraw

A_CARD: Final = SOON
"""From the beginning to the first edit of a card, and from each to the next, at least."""
ALL_CARDS: Final = timedelta(seconds=2)
"""From any edit to the next one, at least: of the 50 or so a minute that Slack grants the whole bot, 20 are left for what is said."""
EDIT_SECONDS: Final = 2.0
"""An edit that takes longer is let go: what is to be said of the same card would wait for it."""
REFUSED: Final = timedelta(minutes=1)
"""So long a card is left alone that Slack refused to edit: it was deleted, or the bot was taken out of its channel."""
FARTHEST: Final = timedelta(minutes=10)
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger()


class ProgressUpdater:
    """Edits the cards of all givings, the one that has waited longest first; while Slack is troubled, none."""

    def __init__(
        self,
        *,
        repository: Repository,
        announcer: Announcer,
        clock: Clock,
        progress_tracker: ProgressTracker,
        troubled_until: Callable[[], datetime] = lambda: LONG_AGO,
    ) -> None:
        self._repository = repository
        self._announcer = announcer
        self._clock = clock
        self._progress_tracker = progress_tracker
        self._troubled_until = troubled_until
        self._turns: dict[RequestId, datetime] = {}
        """When each card was edited last, or its giving was seen first."""
        self._last = LONG_AGO
        self._wait_until = LONG_AGO
        self._shown: dict[RequestId, Tally] = {}
        self._left_alone: dict[RequestId, datetime] = {}
        """Cards that Slack refused to edit, and until when that is not tried again."""
        self._doubted: set[RequestId] = set()
        """Cards of which an edit may yet arrive, or came while the giving ended: they may show what is over."""

    async def run_once(self, giving: Collection[RequestId], *, edits: bool = True) -> None:
        """Edit one card, if it is time to; without `edits`, which are another process's, only see how one of them gets on."""
        now = self._clock.now()
        await self._mend(giving)
        await self._take_note(giving, now)
        due = [request for request, turn in self._turns.items() if not now - A_CARD < turn <= now]
        turn = min(due, key=self._turns.__getitem__, default=None)
        if not edits:
            self._wait_until = (
                now + A_CARD
            )  # whoever edits from here on does not know when the other one did last
            if turn:
                await self._see(turn, now)
        elif turn and not self._held_back(turn, now):
            await self._edit(turn, now)

    def _held_back(self, request: RequestId, now: datetime) -> bool:
        """Say whether an edit has to wait; what lies further ahead than anything is put off was set by a clock that was put back."""
        until = (
            self._last + ALL_CARDS,
            self._wait_until,
            self._troubled_until(),
            self._left_alone.get(request, LONG_AGO),
        )
        return any(now < one <= now + FARTHEST for one in until)

    async def _take_note(self, giving: Collection[RequestId], now: datetime) -> None:
        """Begin to watch what is new, and forget what is over."""
        self._progress_tracker.keep(giving)
        for request in self._turns.keys() - giving:
            del self._turns[request]
            self._shown.pop(request, None)
            self._left_alone.pop(request, None)
        for request in giving:
            if request not in self._turns:
                self._turns[request] = now
                self._progress_tracker.note(request, await self._repository.tally(request))

    async def _see(self, request: RequestId, now: datetime) -> Tally:
        tally = await self._repository.tally(request)
        self._turns[request] = now
        self._progress_tracker.note(request, tally)
        return tally

    async def _edit(self, request: RequestId, now: datetime) -> None:
        tally = await self._see(request, now)
        if self._shown.get(request) == tally:
            return
        self._last = now
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                await self._announcer.redraw(request)
        except (DeliveryDeferred, DeliveryFailed, TimeoutError) as trouble:
            self._put_off(request, trouble, now)
            if isinstance(trouble, CardDeleted):
                await request_card_redraw(self._repository, request, self._clock)
            return
        self._shown[request] = tally
        if not await self._is_given(request):
            self._doubted.add(request)

    def _put_off(self, request: RequestId, trouble: Exception, now: datetime) -> None:
        """Leave Slack alone for as long as it asked; the next edit shows what this one would have."""
        log.info("progress not shown", request_id=request, why=str(trouble) or type(trouble).__name__)
        if isinstance(trouble, DeliveryDeferred) and trouble.all_wait:
            self._wait_until = now + timedelta(seconds=trouble.after)
        if isinstance(trouble, DeliveryFailed):
            self._left_alone[request] = now + REFUSED
        if isinstance(trouble, TimeoutError) or (isinstance(trouble, DeliveryDeferred) and not trouble.clean):
            self._doubted.add(request)

    async def _mend(self, giving: Collection[RequestId]) -> None:
        """Have the card drawn once more where a late edit may have put an older one in its place."""
        for request in self._doubted - set(giving):
            await request_card_redraw(self._repository, request, self._clock)
            self._doubted.discard(request)

    async def _is_given(self, request: RequestId) -> bool:
        found = await self._repository.find(request)
        return found is not None and found.state is State.GIVING
