"""Check again: reads Dintero's list on demand for the customers of a stopped request without an answer.

The list does not say who had the discount before, so the customers stay unconfirmed, and nobody gets
anything.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.domain.ids import ChannelId, RequestId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import BackgroundTasks, Clock, Repository
from bot.domain.requests.audit_entries import Action, EntryKind, entry_of
from bot.domain.requests.batches import HolderSearch, Tally, Verification
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request, State
from bot.services.access import AccessControl
from bot.services.requests import find_allowed

LookUp = Callable[[Request, Tally], Awaitable[HolderSearch | None]]


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check. Without a verification, Dintero's list cannot show these customers."""

    request: Request
    unconfirmed: int = 0
    verification: Verification | None = None
    running: bool = False
    """Whether another check of the request is still running, so that this one did nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAgainService:
    """Looks up the unconfirmed customers of a stopped request, one check of a request at a time."""

    repository: Repository
    access: AccessControl
    clock: Clock
    background: BackgroundTasks
    look_up: LookUp
    _running: set[RequestId] = field(default_factory=set)

    async def check(self, request: RequestId, who: Person, channel: ChannelId) -> Checked | Refusal:
        """Check for the requester, an approver or an admin, audit it, and redraw the card."""
        may, act = self.access.may_cancel, Action.CHECK_AGAIN
        found = await find_allowed(self.repository, request, who, channel, may, act)
        if isinstance(found, Refusal):
            return found
        if found.state is not State.STOPPED:
            return _not_stopped(found)
        if found.id in self._running:
            return Checked(found, running=True)
        self._running.add(found.id)
        try:
            return await self._check(found, who)
        finally:
            self._running.discard(found.id)

    async def _check(self, request: Request, who: Person) -> Checked | Refusal:
        tally = await self.repository.tally(request.id)
        earlier = await self.repository.verification(request.id)
        found = await self.look_up(request, tally)
        async with self.repository.unit_of_work(request.id) as unit:
            if unit is None:
                return Refusal(RefusalReason.UNKNOWN_REQUEST, request.id)
            result = found.verification if found else None
            there = result.there if result else 0
            unit.audit(entry_of(request, EntryKind.CHECKED, who.id, unconfirmed=tally.unknown, listed=there))
            if (unit.request.state, unit.request.round) != (State.STOPPED, request.round):
                return _not_stopped(unit.request)
            if found and not _shows_less(found.verification, earlier):
                await unit.save_verification(found)
                redraw = NotificationType.STARTED
                await unit.enqueue_once(
                    Notification(kind=ChannelKind.CARD, happened=redraw, at=self.clock.now())
                )
        self.background.wake()
        return Checked(request, tally.unknown, result)


def _shows_less(found: Verification, earlier: Verification | None) -> bool:
    """Say whether a check failed after an earlier one that did not: its result stays."""
    return bool(found.failed) and earlier is not None and not earlier.failed


def _not_stopped(request: Request) -> Refusal:
    by = request.decided_by
    return Refusal(RefusalReason.WRONG_STATE, request.state, (by,) if by else ())
