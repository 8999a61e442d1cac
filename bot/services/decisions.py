"""Decisions on a request: every click is one short transaction under the request's row lock."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import BackgroundTasks, Clock, Repository
from bot.domain.requests.audit_entries import Action, EntryKind, entry_of
from bot.domain.requests.notification import NotificationType, RequestSnapshot
from bot.domain.requests.person import Person
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import Event, Request, State, next_state, transition
from bot.domain.unit_of_work import UnitOfWork
from bot.services.access import AccessControl
from bot.services.announcements import notifications_for, request_card_redraw
from bot.services.approving.reminders import ReminderService
from bot.services.pausing import PauseService
from bot.services.requests import AnyId, May, already_decided, find_allowed, late_for, move, not_waiting
from bot.services.results.customer_lists import CustomerPage, enqueue_list, load_page
from bot.services.snapshots import load_snapshot

STATE_AFTER: Final = {Event.REJECTED: State.REJECTED, Event.CANCELLED: State.CANCELLED}
Change = Callable[[UnitOfWork], Awaitable[Request | Refusal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionService:
    """Everything that people, or the clock, can do to a request after it was made, except approve it."""

    repository: Repository
    access: AccessControl
    clock: Clock
    background: BackgroundTasks
    progress_tracker: ProgressTracker | None = None

    @property
    def pause_service(self) -> PauseService:
        """What people can do to the whole bot."""
        return PauseService(self.repository, self.access, self.clock, self.background)

    async def status(self, request: AnyId, who: Person, channel: ChannelId) -> RequestSnapshot | Refusal:
        """Show a request to a person who may see it from this channel; redraw its card if it is open."""
        may = partial(self.access.may_view, channel=channel)
        found = await self._find_allowed(request, who, None, may)
        if isinstance(found, Refusal):
            return found
        if not found.ended:
            await request_card_redraw(self.repository, found.id, self.clock)
            self.background.wake()
        return await self._load_snapshot(found)

    async def open_rejection(
        self, request: RequestId, who: Person, channel: ChannelId
    ) -> RequestSnapshot | Refusal:
        """Show an approver what they would reject."""
        found = await self._find_allowed(request, who, channel, self._may_decide_now, Action.REJECT)
        return found if isinstance(found, Refusal) else await self._load_snapshot(found)

    async def open_cancellation(
        self, request: RequestId, who: Person, channel: ChannelId
    ) -> Request | Refusal:
        """Find a request that this person may cancel."""
        found = await self._find_allowed(request, who, channel, self.access.may_cancel, Action.CANCEL)
        if isinstance(found, Refusal) or next_state(found, Event.CANCELLED) or found.state is State.GIVING:
            return found
        return already_decided(found, who.id)

    async def reject(self, request: RequestId, who: Person, why: str) -> Request | Refusal:
        """Reject a request for good."""
        reject = partial(self._change, event=Event.REJECTED, by=who.id, note=why)
        return await self._click(request, who, None, self.access.may_decide, reject, Action.REJECT)

    async def cancel(
        self, request: AnyId, who: Person, channel: ChannelId | None, *, typed_in: ChannelId | None = None
    ) -> Request | Refusal:
        """Cancel a request; while it is being given, the batches in flight end first.

        During the hold anybody in its channel may, by the button there or the command typed there.
        """
        only_held = False

        def held(found: Request) -> bool:
            again = found.state is State.CANCELLED and found.decided_by == who.id
            return again or found.is_held(self.clock.now())

        async def may(who: Person, found: Request) -> Refusal | None:
            nonlocal only_held
            refusal = await self.access.may_cancel(who, found)
            elsewhere = not held(found) or found.channel not in {channel, typed_in}
            if elsewhere or refusal is None or refusal.reason is not RefusalReason.NOT_YOURS:
                return refusal
            only_held = True
            return await self.access.may_view(who, found, found.channel)

        async def cancel(unit: UnitOfWork) -> Request | Refusal:
            if only_held and not held(unit.request):
                return Refusal(RefusalReason.NOT_HELD, name=unit.request.short)
            return await self._change(unit, event=Event.CANCELLED, by=who.id)

        return await self._click(request, who, channel, may, cancel, Action.CANCEL)

    async def give_now(self, request: RequestId, who: Person, channel: ChannelId) -> Request | Refusal:
        """End the hold of another person's request, for an admin; all other checks before the giving stay."""

        async def end_hold(unit: UnitOfWork) -> Request | Refusal:
            now = self.clock.now()
            if not unit.request.is_held(now):
                return Refusal(RefusalReason.NOT_HELD, name=unit.request.short)
            hurried = replace(unit.request, give_after=None)
            await unit.save(hurried)
            unit.audit(entry_of(hurried, EntryKind.HURRIED, who.id, round=hurried.round))
            await unit.enqueue(*notifications_for(hurried, NotificationType.HURRIED, now, by=who.id))
            return hurried

        may = self.access.fresh().may_end_hold
        return await self._click(request, who, channel, may, end_hold, Action.SKIP_HOLD)

    async def resume(self, request: RequestId, who: Person, channel: ChannelId) -> Request | Refusal:
        """Continue a stopped request in a new round, under the same idempotency key."""
        resume = partial(self._change, event=Event.CONTINUED, by=who.id)
        return await self._click(request, who, channel, self.access.may_cancel, resume, Action.CONTINUE)

    async def end_here(self, request: RequestId, who: Person, channel: ChannelId) -> Request | Refusal:
        """End a stopped request as it is."""
        end = partial(self._change, event=Event.ENDED_HERE, by=who.id)
        return await self._click(request, who, channel, self.access.may_cancel, end, Action.END_HERE)

    async def customers(
        self, request: RequestId, who: Person, channel: ChannelId | None, page: int
    ) -> CustomerPage | Refusal:
        """Show one page of the customers, and audit it."""
        may = partial(self.access.may_see_customers, repository=self.repository)
        found = await self._find_allowed(request, who, channel, may, Action.SHOW_CUSTOMERS)
        return found if isinstance(found, Refusal) else await load_page(self.repository, found, who, page)

    async def send_list(self, request: RequestId, who: Person, channel: ChannelId) -> Request | Refusal:
        """Send the list of customers who were not given the discount, and audit it."""
        may = partial(self.access.may_see_customers, repository=self.repository)
        found = await self._find_allowed(request, who, channel, may, Action.GET_LIST)
        if isinstance(found, Refusal):
            return found
        tally, now = await self.repository.tally(found.id), self.clock.now()
        return await self._locked(found.id, partial(enqueue_list, who=who, tally=tally, now=now))

    async def expire_overdue(self) -> int:
        """Expire every overdue request, and count them."""
        overdue = await self.repository.overdue(self.clock.now())
        for request in overdue:
            await self._locked(request, partial(self._change, event=Event.EXPIRED, by=None))
        return len(overdue)

    async def remind_due(self) -> int:
        """Escalate, remind, or tell of an approval whose result takes long, where due; count the requests."""
        due = await self.repository.due(self.clock.now())
        reminders = ReminderService(self.repository, self.access, self.clock)
        for request in due:
            await reminders.remind(request)
        return len(due)

    async def _find_allowed(
        self, request: AnyId, who: Person, channel: ChannelId | None, may: May, act: Action | None = None
    ) -> Request | Refusal:
        return await find_allowed(self.repository, request, who, channel, may, act)

    async def _click(
        self,
        request: AnyId,
        who: Person,
        channel: ChannelId | None,
        may: May,
        change: Change,
        act: Action | None = None,
    ) -> Request | Refusal:
        """Find a request, check the person, then change it under its row lock."""
        found = await self._find_allowed(request, who, channel, may, act)
        return found if isinstance(found, Refusal) else await self._locked(found.id, change)

    async def _load_snapshot(self, request: Request) -> RequestSnapshot:
        return await load_snapshot(
            self.repository, request, self.access.policy, progress_tracker=self.progress_tracker
        )

    async def _may_decide_now(self, who: Person, request: Request) -> Refusal | None:
        return await self.access.may_decide(who, request) or not_waiting(request, who, self.clock.now())

    async def _locked(self, request: RequestId, change: Change) -> Request | Refusal:
        """Act in one transaction under the row lock, then wake the background tasks."""
        async with self.repository.unit_of_work(request) as unit:
            done = await change(unit) if unit else Refusal(RefusalReason.UNKNOWN_REQUEST, request)
        self.background.wake()
        return done

    async def _change(
        self, unit: UnitOfWork, *, event: Event, by: UserId | None, note: str = ""
    ) -> Request | Refusal:
        request = unit.request
        if event is Event.REJECTED and request.requester == by:
            return Refusal(RefusalReason.OWN_REQUEST)
        if event is Event.CANCELLED and request.state is State.GIVING:
            return await self._request_cancel(unit, by)
        if by and request.decided_by == by and request.state is STATE_AFTER.get(event):
            return request  # the same click, delivered again
        if next_state(request, event) is None:
            return already_decided(request, by)
        if request.state is State.WAITING and request.is_expired(self.clock.now()):
            expired = await self._move(unit, Event.EXPIRED, None)
            late = late_for(request, State.EXPIRED)
            return expired if event is Event.EXPIRED else late
        if event is Event.EXPIRED:
            return already_decided(request, by)
        return await self._move(unit, event, by, note=request.note if event is Event.ENDED_HERE else note)

    async def _request_cancel(self, unit: UnitOfWork, by: UserId | None) -> Request | Refusal:
        if unit.request.cancel_asked_by:
            return late_for(unit.request, Event.CANCEL_ASKED, unit.request.cancel_asked_by, by)
        cancelling = transition(unit.request, Event.CANCEL_ASKED, cancel_asked_by=by)
        await unit.save(cancelling)
        now = self.clock.now()
        await unit.enqueue(*notifications_for(cancelling, NotificationType.CANCEL_ASKED, now, by=by))
        return cancelling

    async def _move(self, unit: UnitOfWork, event: Event, by: UserId | None, *, note: str = "") -> Request:
        return await move(unit, event, by, policy=self.access.policy, now=self.clock.now(), note=note)
