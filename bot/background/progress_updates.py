"""Shows progress in the cards of requests that are being given: an edit now and then, beside the outbox.

An edit draws the card from the database as it is then. So the next one makes up for a lost one, and nothing
has to be kept, ordered or caught up with after an outage.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.clock import NEVER, PutBackDetector
from bot.domain.ids import RequestId
from bot.domain.ports import Announcer, Clock, Repository
from bot.domain.requests.batches import Tally
from bot.domain.requests.progress import SOON, ProgressTracker
from bot.domain.requests.request import State
from bot.errors import CardDeleted, DeliveryDeferred, DeliveryFailed
from bot.services.announcements import request_card_redraw

CARD_INTERVAL: Final = SOON
"""Least time from the start to the first edit of a card, and between its edits."""
EDIT_INTERVAL: Final = timedelta(seconds=2)
"""Between any two edits, at least: of some 50 a minute that Slack allows, 20 remain for the outbox."""
EDIT_SECONDS: Final = 2.0
"""A slower edit is abandoned: messages of the same card would wait for it."""
REFUSED_INTERVAL: Final = timedelta(minutes=1)
"""Time without edits of a card that Slack refused to edit: it was deleted, or the bot left its channel."""

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class ProgressUpdater:
    """Edits the cards of all givings, the longest waiting one first; no card while Slack is in trouble."""

    repository: Repository
    announcer: Announcer
    clock: Clock
    progress_tracker: ProgressTracker
    troubled_until: Callable[[], datetime] = lambda: NEVER
    _put_back: PutBackDetector = field(default_factory=PutBackDetector)
    _turns: dict[RequestId, datetime] = field(default_factory=dict)
    """When each card was edited last, or its giving was first seen."""
    _last_edit: datetime = NEVER
    _wait_until: datetime = NEVER
    _shown: dict[RequestId, Tally] = field(default_factory=dict)
    _refused_until: dict[RequestId, datetime] = field(default_factory=dict)
    _doubtful: set[RequestId] = field(default_factory=set)
    """Cards that a late edit may overwrite, or that were edited while their giving ended."""

    async def run_once(self, giving: Collection[RequestId], *, edits: bool = True) -> None:
        """Edit one card if one is due; without `edits`, which another process makes, measure one giving."""
        now = self.clock.now()
        if self._put_back.was_put_back(now):
            self._last_edit = self._wait_until = NEVER
            self._refused_until.clear()
        for request in self._doubtful - set(giving):
            await request_card_redraw(self.repository, request, self.clock)
            self._doubtful.discard(request)
        await self._watch(giving, now)
        due = [request for request, turn in self._turns.items() if not now - CARD_INTERVAL < turn <= now]
        turn = min(due, key=self._turns.__getitem__, default=None)
        if not edits:
            # If this process takes over, it does not know when the other one edited last.
            self._wait_until = now + CARD_INTERVAL
            if turn:
                await self._measure(turn, now)
        elif turn and not self._must_wait(turn, now):
            await self._edit(turn, now)

    def _must_wait(self, request: RequestId, now: datetime) -> bool:
        until = (
            self._last_edit + EDIT_INTERVAL,
            self._wait_until,
            self.troubled_until(),
            self._refused_until.get(request, NEVER),
        )
        return any(now < one for one in until)

    async def _watch(self, giving: Collection[RequestId], now: datetime) -> None:
        """Watch new givings, and forget those that are over."""
        self.progress_tracker.keep(giving)
        for request in self._turns.keys() - giving:
            del self._turns[request]
            self._shown.pop(request, None)
            self._refused_until.pop(request, None)
        for request in giving:
            if request not in self._turns:
                await self._measure(request, now)

    async def _measure(self, request: RequestId, now: datetime) -> Tally:
        tally = await self.repository.tally(request)
        self._turns[request] = now
        self.progress_tracker.note(request, tally)
        return tally

    async def _edit(self, request: RequestId, now: datetime) -> None:
        tally = await self._measure(request, now)
        if self._shown.get(request) == tally:
            return
        self._last_edit = now
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                await self.announcer.redraw(request)
        except (DeliveryDeferred, DeliveryFailed, TimeoutError) as error:
            self._postpone(request, error, now)
            if isinstance(error, CardDeleted):
                await request_card_redraw(self.repository, request, self.clock)
            return
        self._shown[request] = tally
        found = await self.repository.find(request)
        if found is None or found.state is not State.GIVING:
            self._doubtful.add(request)

    def _postpone(self, request: RequestId, error: Exception, now: datetime) -> None:
        """Leave Slack alone for as long as it asked; the next edit shows the same progress."""
        log.debug("progress not shown", request_id=request, why=str(error) or type(error).__name__)
        if isinstance(error, DeliveryDeferred) and error.all_wait:
            self._wait_until = now + timedelta(seconds=error.after)
        if isinstance(error, DeliveryFailed):
            self._refused_until[request] = now + REFUSED_INTERVAL
        if isinstance(error, TimeoutError) or (isinstance(error, DeliveryDeferred) and not error.clean):
            self._doubtful.add(request)
