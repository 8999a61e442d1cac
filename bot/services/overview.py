"""Overviews for one person: requests in pages, what waits for them, and where they may request."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from bot.domain.ids import ChannelId, ShortId
from bot.domain.policy.policy import Place, Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.person import Person
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import OPEN, Event, Request, State, next_state
from bot.services.access import AccessControl, is_direct
from bot.services.snapshots import load_snapshot

PER_PAGE: Final = 10
PLACES_SECONDS: Final = 1.0
MAX_WAITING: Final = 100
"""How many waiting requests of all channels are looked at for one person."""
SEARCHED: Final = 50
"""How many of the newest requests a mistyped id may mean."""
ALIKE: Final = 0.7


@dataclass(frozen=True, slots=True)
class StatusPage:
    """A page of requests, from 1; `waits` are those that wait for this person, on the first page."""

    requests: tuple[RequestSnapshot, ...]
    page: int = 1
    has_more: bool = False
    is_own: bool = False
    waits: tuple[RequestSnapshot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewService:
    """Reads what one person may see; in direct messages that is about them, else about the channel."""

    repository: Repository
    access: AccessControl
    clock: Clock
    progress_tracker: ProgressTracker | None = None

    async def status(self, who: Person, channel: ChannelId, page: int = 1) -> StatusPage | Refusal:
        """Read a page of the requests of a channel, or of this person."""
        page, own = max(page, 1), is_direct(channel)
        found = await self._recent(who, channel, limit=PER_PAGE + 1, skip=(page - 1) * PER_PAGE)
        if isinstance(found, Refusal):
            return found
        waits = await self._waiting_for(who) if own and page == 1 else ()
        shown = tuple([await self._snapshot(request) for request in found[:PER_PAGE]])
        return StatusPage(shown, page, len(found) > PER_PAGE, own, waits)

    async def cancellable(self, who: Person, channel: ChannelId) -> tuple[RequestSnapshot, ...] | Refusal:
        """List the open requests here that this person may cancel."""
        found = await self._recent(who, channel, limit=SEARCHED)
        if isinstance(found, Refusal):
            return found
        may = [request for request in found if await self._may_cancel(who, request, channel)]
        return tuple([await self._snapshot(request) for request in may[:PER_PAGE]])

    async def nearest(self, refusal: Refusal, typed: ShortId, who: Person, channel: ChannelId) -> Refusal:
        """Add the request that a mistyped id may mean, and whether it was typed in direct messages."""
        if refusal.reason is not RefusalReason.UNKNOWN_REQUEST:
            return refusal
        refusal = replace(refusal, in_direct=is_direct(channel))
        found = await self._recent(who, channel, limit=SEARCHED)
        if isinstance(found, Refusal):
            return refusal
        close = get_close_matches(typed, [request.short for request in found], n=1, cutoff=ALIKE)
        return replace(refusal, name=close[0]) if close else refusal

    async def with_places(self, refusal: Refusal, who: Person) -> Refusal:
        """Add the channels where this person may request, if Slack says so in time for an ack."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PLACES_SECONDS):
                return replace(refusal, elsewhere=await self.access.places(who))
        return refusal

    async def places(self, who: Person) -> tuple[Place, ...] | Refusal:
        """List the channels where this person may request."""
        refusal = await self.access.may_use_bot(who)
        return refusal or await self.access.places(who) or Refusal(RefusalReason.NO_PLACE)

    async def _recent(
        self, who: Person, channel: ChannelId, *, limit: int, skip: int = 0
    ) -> tuple[Request, ...] | Refusal:
        if is_direct(channel):
            ids = await self.access.may_use_bot(who) or await self.access.ids_of(who)
            if isinstance(ids, Refusal):
                return ids
            return await self.repository.recent_of(ids, limit=limit, skip=skip)
        policy = await self.access.may_use_channel(who, channel)
        if isinstance(policy, Refusal):
            return policy
        return await self.repository.recent(channel, limit=limit, skip=skip)

    async def _waiting_for(self, who: Person) -> tuple[RequestSnapshot, ...]:
        """Read the requests that this person may approve and has not."""
        found: list[RequestSnapshot] = []
        ids = await self.access.ids_of(who)
        if isinstance(ids, Refusal):
            return ()
        for request in (await self.repository.in_state(State.WAITING))[:MAX_WAITING]:
            if len(found) == PER_PAGE:
                break
            if await self.access.may_decide(who, request):
                continue
            snapshot = await self._snapshot(request)
            if ids.isdisjoint(vote.by for vote in snapshot.votes):
                found.append(snapshot)
        return tuple(found)

    async def _may_cancel(self, who: Person, request: Request, channel: ChannelId) -> bool:
        if request.state not in OPEN or request.cancel_asked_by:
            return False
        if next_state(request, Event.CANCELLED) is None and request.state is not State.GIVING:
            return False
        by_all = request.channel == channel and request.is_held(self.clock.now())
        return by_all or await self.access.may_cancel(who, request) is None

    async def _snapshot(self, request: Request) -> RequestSnapshot:
        return await load_snapshot(
            self.repository, request, self.access.policy, progress_tracker=self.progress_tracker, ids=False
        )
