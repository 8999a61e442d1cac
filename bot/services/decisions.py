"""Decisions on a request: every click is one short transaction under the request's row lock."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import BackgroundTasks, Clock, Repository, UnitOfWork
from bot.domain.requests.audit_entries import (
    Action,
    EntryKind,
    entry_of,
    refused,
)
from bot.domain.requests.authorization import violations
from bot.domain.requests.deadlines import SOON, held_facts, held_until, is_expired, is_held
from bot.domain.requests.notification import NotificationType, RequestSnapshot
from bot.domain.requests.person import Person
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import (
    Approval,
    Event,
    Request,
    State,
    digest,
    next_state,
    rule_of,
    transition,
)
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.rule import Availability, Rule
from bot.services.access import AccessControl
from bot.services.announcements import notifications_for, request_card_redraw
from bot.services.customer_lists import CustomerPage, enqueue_list, load_page
from bot.services.pausing import PauseService
from bot.services.reapproval import into_next_round
from bot.services.reminders import ReminderService
from bot.services.requests import AnyId, May, find_allowed, find_request
from bot.services.review import current_budget_use, current_prior_grants, load_review, unseen_repeats
from bot.services.snapshots import load_snapshot

COUNT_ABOVE: Final = 50
"""With more customers than this, or without a price, an approver types their number to confirm."""
MAX_TITLE: Final = 60
APPROVED_STATES: Final = frozenset({State.APPROVED, State.GIVING, State.STOPPED, State.DONE})
DECIDED: Final = frozenset({State.APPROVED, State.REJECTED, State.CANCELLED})
"""The states in which a request is because of one person's decision."""
STATE_AFTER: Final = {Event.REJECTED: State.REJECTED, Event.CANCELLED: State.CANCELLED}
Change = Callable[[UnitOfWork], Awaitable[Request | Refusal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionService:
    """Everything that people, or the clock, can do to a request after it was made."""

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

    async def open_approval(
        self, request: RequestId, who: Person, channel: ChannelId | None
    ) -> ApprovalView | Refusal:
        """Show an approver what they would approve, and audit that they saw it."""

        async def may(who: Person, found: Request) -> Refusal | None:
            refusal = await self._may_decide_now(who, found) or self._forbidden(found)
            return refusal or await self.access.recheck_requester(found)

        found = await self._find_allowed(request, who, channel, may, Action.APPROVE)
        if isinstance(found, Refusal):
            return found
        policy = self.access.policy.channels[found.channel]
        budget_use = await current_budget_use(found, policy, self.repository, self.clock)
        review = await load_review(
            self.repository, self.clock, self.access, found, policy, who=who, budget_use=budget_use
        )
        view = ApprovalView(review, await self._load_snapshot(found), count=needs_count(found))
        entry = entry_of(found, EntryKind.SHOWN, who.id, digest=digest(found))
        await self.repository.record(entry)
        return view

    async def open_rejection(
        self, request: RequestId, who: Person, channel: ChannelId
    ) -> RequestSnapshot | Refusal:
        """Show an approver what they would reject."""
        found = await self._find_allowed(request, who, channel, self._may_decide_now, Action.REJECT)
        return found if isinstance(found, Refusal) else await self._load_snapshot(found)

    async def rule_to_approve(self, request: RequestId, who: Person) -> Rule | Refusal:
        """Return the rule of a request to a person who may approve it."""
        found = await self._find_allowed(request, who, None, self._may_decide_now)
        return found if isinstance(found, Refusal) else rule_of(found)

    async def open_cancellation(
        self, request: RequestId, who: Person, channel: ChannelId
    ) -> Request | Refusal:
        """Find a request that this person may cancel."""
        found = await self._find_allowed(request, who, channel, self.access.may_cancel, Action.CANCEL)
        if isinstance(found, Refusal) or next_state(found, Event.CANCELLED) or found.state is State.GIVING:
            return found
        return _already_decided(found, who.id)

    async def check_confirmation(self, request: RequestId, typed: str) -> Refusal | None:
        """Check the typed number of customers, or the typed rule name; fast enough for the ack."""
        found = await find_request(self.repository, request)
        return None if isinstance(found, Refusal) else _wrong_confirmation(found, typed)

    async def approve(
        self, request: RequestId, round_: int, who: Person, *, typed: str, shown: str, named: Collection[str]
    ) -> Request | Refusal:
        """Approve exactly what was shown in this round; the last approval needed starts the giving.

        `shown` is the digest of what the modal showed: the database must still hold the same. `named` are the
        requests for the same customers that it named: one that came since has to be seen first.
        """
        access, by = self.access.fresh(), who.id

        async def may(who: Person, found: Request) -> Refusal | None:
            nonlocal by
            refusal = await access.may_decide(who, found)
            if refusal:
                return refusal
            by = await access.person_id(who.id)
            return None if self._not_waiting(found, who) else await access.recheck_requester(found)

        found = await self._find_allowed(request, who, None, may, Action.APPROVE)
        if isinstance(found, Refusal):
            return found
        refusal = _wrong_confirmation(found, typed) or await self._unseen_repeats(found, named)
        return refusal or await self._locked(request, partial(self._vote, round_=round_, by=by, shown=shown))

    async def still_needed(self, request: Request) -> int:
        """Count the approvals that are still missing."""
        return max(request.approvals - len(await self.repository.votes(request.id, request.round)), 0)

    async def reject(self, request: RequestId, who: Person, why: str) -> Request | Refusal:
        """Reject a request for good."""
        reject = partial(self._change, event=Event.REJECTED, by=who.id, note=why)
        return await self._click(request, who, None, self.access.may_decide, reject, Action.REJECT)

    async def cancel(
        self,
        request: AnyId,
        who: Person,
        channel: ChannelId | None,
        *,
        typed_in: ChannelId | None = None,
    ) -> Request | Refusal:
        """Cancel a request; while it is being given, the batches in flight end first.

        During the hold anybody in its channel may, by the button there or the command typed there.
        """
        only_held = False

        def held(found: Request) -> bool:
            again = found.state is State.CANCELLED and found.decided_by == who.id
            return again or is_held(found, self.clock.now())

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
            if not is_held(unit.request, now):
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

    async def _unseen_repeats(self, request: Request, named: Collection[str]) -> Refusal | None:
        """Refuse an approval while there are requests for the same customers that were not shown."""
        policy = self.access.policy.channels.get(request.channel)
        if policy is None or request.state is not State.WAITING:
            return None
        found = await current_prior_grants(request, policy, self.repository, self.clock)
        return unseen_repeats(found, named)

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
        return await self.access.may_decide(who, request) or self._not_waiting(request, who)

    def _not_waiting(self, request: Request, who: Person) -> Refusal | None:
        if request.state is not State.WAITING:
            return _already_decided(request, who.id)
        return _late(request, State.EXPIRED) if is_expired(request, self.clock.now()) else None

    def _forbidden(self, request: Request) -> Refusal | None:
        """Say why the policy no longer allows a request, so that an approval would be in vain."""
        policy = self.access.policy.channels[request.channel]
        found = violations(request, policy, Availability.NOW)
        return found[0] if found else None

    async def _locked(self, request: RequestId, change: Change) -> Request | Refusal:
        """Act in one transaction under the row lock, then wake the background tasks."""
        async with self.repository.unit_of_work(request) as unit:
            done = await change(unit) if unit else Refusal(RefusalReason.UNKNOWN_REQUEST, request)
        self.background.wake()
        return done

    async def _vote(self, unit: UnitOfWork, *, round_: int, by: UserId, shown: str) -> Request | Refusal:
        request, now = unit.request, self.clock.now()
        if request.state is State.WAITING and is_expired(request, now):
            await self._move(unit, Event.EXPIRED, None)
            return _late(request, State.EXPIRED)
        same_round = request.round == round_
        if request.state in APPROVED_STATES and same_round and by in {vote.by for vote in await unit.votes()}:
            return request  # the same approval, delivered again
        if request.state is not State.WAITING:
            return _already_decided(request, by)
        if not same_round or request.rule is None:
            return Refusal(RefusalReason.CHANGED)
        if by == request.requester:
            return Refusal(RefusalReason.OWN_REQUEST)
        if forbidden := self._forbidden(request):
            unit.audit(refused(request, [forbidden], Action.APPROVE, by))
            return forbidden
        approval = Approval(request.id, request.round, by, now, digest(request))
        if approval.digest != shown:
            return Refusal(RefusalReason.CHANGED)
        if not await unit.vote(approval):
            return Refusal(RefusalReason.ALREADY_VOTED)
        approvals = sum(each.digest == approval.digest for each in await unit.votes())
        facts = {"yeses": str(approvals), "approvals": str(request.approvals)}
        if approvals >= request.approvals:
            return await self._move(unit, Event.LAST_APPROVAL, by, facts=facts)
        await unit.enqueue(*notifications_for(request, NotificationType.AGREED, now, by=by, facts=facts))
        return request

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
            return _already_decided(request, by)
        if request.state is State.WAITING and is_expired(request, self.clock.now()):
            expired = await self._move(unit, Event.EXPIRED, None)
            late = _late(request, State.EXPIRED)
            return expired if event is Event.EXPIRED else late
        if event is Event.EXPIRED:
            return _already_decided(request, by)
        return await self._move(unit, event, by, note=request.note if event is Event.ENDED_HERE else note)

    async def _request_cancel(self, unit: UnitOfWork, by: UserId | None) -> Request | Refusal:
        if unit.request.cancel_asked_by:
            return _late(unit.request, Event.CANCEL_ASKED, unit.request.cancel_asked_by, by)
        cancelling = transition(unit.request, Event.CANCEL_ASKED, cancel_asked_by=by)
        await unit.save(cancelling)
        now = self.clock.now()
        await unit.enqueue(*notifications_for(cancelling, NotificationType.CANCEL_ASKED, now, by=by))
        return cancelling

    async def _move(
        self,
        unit: UnitOfWork,
        event: Event,
        by: UserId | None,
        *,
        note: str = "",
        facts: Mapping[str, str] | None = None,
    ) -> Request:
        """Move the request to its next state, and enqueue its notifications."""
        now, policy = self.clock.now(), self.access.policy
        request = transition(unit.request, event, decided_by=by, decided_at=now, note=note)
        if request.ended:
            request = replace(request, ended_at=now)
        if event is Event.LAST_APPROVAL:
            held = held_until(policy.channels.get(request.channel), now)
            request = replace(request, give_after=held, remind_at=None if held else now + SOON)
        if event is Event.CONTINUED:  # what people approved is the same, so their approvals stay
            request = await into_next_round(
                unit, replace(request, stop=None, give_after=None, remind_at=None)
            )
        else:
            await unit.save(request)
        approved = event is Event.LAST_APPROVAL
        happened = NotificationType.APPROVED if approved else NotificationType(event.value)
        facts, notify = {**(facts or {}), **held_facts(request)}, policy.notify_of(request.channel)
        await unit.enqueue(
            *notifications_for(request, happened, now, by=by, note=note, notify=notify, facts=facts)
        )
        return request


def needs_count(request: Request) -> bool:
    """Say whether an approver has to type the number of customers."""
    return not request.reserved and (request.customers > COUNT_ABOVE or request.price is None)


def _wrong_confirmation(request: Request, typed: str) -> Refusal | None:
    """Check the rule's name, in any case and with any spaces, or the number, as in "1 000" or "1,000"."""
    if request.reserved:
        name = request.rule.title.casefold().split() if request.rule else []
        confirmed = bool(typed.strip()) and typed.casefold().split() == name
        return None if confirmed else Refusal(RefusalReason.WRONG_NAME, name=_shown_title(request))
    if not needs_count(request):
        return None
    number = "".join(typed.split()).replace(",", "").replace(".", "").lstrip("0")
    wanted = str(request.customers)
    return None if number == wanted else Refusal(RefusalReason.WRONG_COUNT, wanted)


def _shown_title(request: Request) -> str:
    """Return the rule's title if it can be read and typed whole below a field."""
    title = request.rule.title if request.rule else ""
    return title if len(title) <= MAX_TITLE else ""


def _already_decided(request: Request, by: UserId | None) -> Refusal:
    """Say where the request is now, and who decided otherwise just before this person.

    `decided_by` is of the last decision. It competed with this one only if the request is where it led:
    whoever approved a request is not why it is done.
    """
    return _late(request, request.state, request.decided_by if request.state in DECIDED else None, by)


def _late(request: Request, state: str, first: UserId | None = None, by: UserId | None = None) -> Refusal:
    who = (first,) if first and first != by else ()
    return Refusal(RefusalReason.WRONG_STATE, state, who, name=request.short)
