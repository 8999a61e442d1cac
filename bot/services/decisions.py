"""The desk: every click on a request that was asked for, each one short transaction under the request's row lock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.ids import ChannelId, CustomerId, RequestId, ShortId, UserId
from bot.domain.policy.policy import Decision, DecisionOutcome, Refusal, RefusalReason
from bot.domain.ports import BackgroundTasks, Clock, Repository, UnitOfWork
from bot.domain.requests import authorization
from bot.domain.requests.audit_entries import (
    Action,
    EntryKind,
    audit_refusal,
    digest_of_shown,
    entry_of,
    refused,
)
from bot.domain.requests.deadlines import held_facts, held_until, is_held
from bot.domain.requests.notification import NotificationType, RequestSnapshot
from bot.domain.requests.person import Person
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import Approval, Event, Request, State, digest, next_state, transition
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.rule import Availability
from bot.domain.rules.terms import terms_of
from bot.services.access import AccessControl
from bot.services.announcements import notifications_for, request_card_redraw
from bot.services.customer_lists import CustomerPage, load_customer_page, send_list
from bot.services.pausing import PauseService
from bot.services.remainder import remainder_of
from bot.services.reminders import ReminderService
from bot.services.review import current_budget_use, current_prior_grants, review_of, usable_now
from bot.services.snapshots import load_snapshot

COUNT_ABOVE: Final = 50
"""With more customers than this, or with no price, an approver types their number to confirm."""
SHOWN_BY_STATUS: Final = 10

HAPPENED: Final = {
    Event.LAST_APPROVAL: NotificationType.APPROVED,
    Event.REJECTED: NotificationType.REJECTED,
    Event.CANCELLED: NotificationType.CANCELLED,
    Event.EXPIRED: NotificationType.EXPIRED,
    Event.CONTINUED: NotificationType.CONTINUED,
    Event.ENDED_HERE: NotificationType.ENDED_HERE,
}
AGREED: Final = frozenset({State.APPROVED, State.GIVING, State.STOPPED, State.DONE})
DID_IT: Final = {Event.REJECTED: State.REJECTED, Event.CANCELLED: State.CANCELLED}
LONGEST_NUMBER: Final = 12
"""Digits; whatever is longer is no number of customers."""


class DecisionService:
    """What can be done to a request that was asked for, and by whom."""

    def __init__(
        self,
        *,
        repository: Repository,
        access: AccessControl,
        clock: Clock,
        background: BackgroundTasks,
        progress_tracker: ProgressTracker | None = None,
    ) -> None:
        self._repository = repository
        self._progress_tracker = progress_tracker
        self._access = access
        self._clock = clock
        self._background = background
        self.pause_service = PauseService(
            repository=repository, access=access, clock=clock, background=background
        )
        self.reminders = ReminderService(repository=repository, access=access, clock=clock)

    async def status(
        self, request: RequestId | ShortId, who: Person, channel: ChannelId
    ) -> RequestSnapshot | Refusal:
        """Show a request to whoever may see it from this channel; its card is seen to where somebody still needs it."""
        found = await self._find(request)
        if found is None or found.state is State.DRAFT:
            return Refusal(RefusalReason.UNKNOWN_REQUEST, request)
        if refusal := await self._access.may_view(who, channel, found):
            return refusal
        if not found.ended:
            await request_card_redraw(self._repository, found.id, self._clock)
            self._background.wake()
        return await self._told(found)

    async def recent(self, who: Person, channel: ChannelId) -> tuple[RequestSnapshot, ...] | Refusal:
        """Show a channel's own latest requests."""
        policy = await self._access.may_use_channel(who, channel)
        if isinstance(policy, Refusal):
            return policy
        found = await self._repository.recent(channel, limit=SHOWN_BY_STATUS)
        return tuple([await self._told(request) for request in found])

    async def _told(self, request: Request) -> RequestSnapshot:
        return await load_snapshot(
            self._repository, request, self._access.policy, progress_tracker=self._progress_tracker
        )

    async def open_approval(
        self, request: RequestId, who: Person, channel: ChannelId | None
    ) -> ApprovalView | Refusal:
        """Show an approver what a yes would be for; that they were shown it stands in the audit."""
        considered = await self._considered(request, who, channel, Action.APPROVE)
        if isinstance(considered, ApprovalView):
            shown = considered.review.request
            entry = entry_of(shown, EntryKind.SHOWN, who.id, digest=digest_of_shown(shown))
            await self._repository.record(entry)
        return considered

    async def _considered(
        self, request: RequestId, who: Person, channel: ChannelId | None, act: Action
    ) -> ApprovalView | Refusal:
        found = await self._clicked(request, channel)
        if isinstance(found, Refusal):
            return found
        refusal = await self._access.may_decide(who, found) or self._not_waiting(found)
        if refusal is None and act is Action.APPROVE:
            refusal = self._forbidden(found) or await self._access.recheck_requester(found)
        if refusal:
            return await audit_refusal(self._repository, refusal, act, found, who) or refusal
        policy = self._access.policy.channels[found.channel]
        decision = Decision(DecisionOutcome.WAITS, found.approvals, tier=found.tier)
        spaced = await self._spaced(found)
        budget_use = await current_budget_use(found, policy, self._repository, self._clock)
        prior_grants = await current_prior_grants(found, policy, self._repository, self._clock)
        remainder, usable = await remainder_of(self._repository, found), usable_now(found, self._clock)
        review = review_of(
            found,
            policy,
            decision,
            now_usable=usable,
            spaced=spaced,
            budget_use=budget_use,
            prior_grants=prior_grants,
            remainder=remainder,
        )
        snapshot = await load_snapshot(self._repository, found, self._access.policy)
        return ApprovalView(replace(review, pause=snapshot.pause), snapshot, count=needs_count(found))

    async def check_confirmation(self, request: RequestId, typed: str) -> Refusal | None:
        """Say whether what was typed to confirm, the number of customers or the rule's name, is wrong; meant for the ack."""
        found = await self._find(request)
        if found is not None and found.reserved and not _named(found, typed):
            return Refusal(RefusalReason.WRONG_NAME)
        if found is None or not needs_count(found) or _number(typed) == found.customers:
            return None
        return Refusal(RefusalReason.WRONG_COUNT, str(found.customers))

    async def approve(
        self, request: RequestId, round_: int, who: Person, *, typed: str, shown: str
    ) -> Request | Refusal:
        """Say yes to exactly what was shown in this round; the last yes that is needed starts the giving.

        `shown` is the digest that the modal was drawn for: where it is not the one of what the books hold now, the yes is not taken.
        """
        found = await self._clicked(request, None)
        if isinstance(found, Refusal):
            return found
        unfit = await self._access.may_decide(who, found) or await self._left(found)
        refusal = await audit_refusal(
            self._repository, unfit, Action.APPROVE, found, who
        ) or await self.check_confirmation(request, typed)
        if refusal:
            return refusal
        async with self._page(request) as unit:
            return (
                await self._vote(unit, round_, who.id, shown)
                if unit
                else Refusal(RefusalReason.UNKNOWN_REQUEST, request)
            )

    async def still_needed(self, request: Request) -> int:
        """Count how many more people have to agree, for whoever has just said yes."""
        return max(request.approvals - len(await self._repository.votes(request.id, request.round)), 0)

    async def reject(self, request: RequestId, who: Person, why: str) -> Request | Refusal:
        """Say no, for good."""
        found = await self._clicked(request, None)
        if isinstance(found, Refusal):
            return found
        refusal = await audit_refusal(
            self._repository, await self._access.may_decide(who, found), Action.REJECT, found, who
        )
        return refusal or await self._change(request, Event.REJECTED, who.id, note=why)

    async def open_rejection(
        self, request: RequestId, who: Person, channel: ChannelId | None
    ) -> RequestSnapshot | Refusal:
        """Show an approver what a no would be for."""
        considered = await self._considered(request, who, channel, Action.REJECT)
        return considered if isinstance(considered, Refusal) else considered.snapshot

    async def cancel(
        self,
        request: RequestId | ShortId,
        who: Person,
        channel: ChannelId | None,
        *,
        typed_in: ChannelId | None = None,
    ) -> Request | Refusal:
        """Take a request back; while it is being given, the batches in flight end first.

        While it is held, anybody may who is in its channel: who presses its button there, or types the command there.
        """
        found = await self._clicked(request, channel)
        if isinstance(found, Refusal):
            return found
        refusal = await self._access.may_cancel(who, found)
        if refusal is None:
            return await self._change(found.id, Event.CANCELLED, who.id)
        if found.channel not in {channel, typed_in} or not (
            is_held(found, self._clock.now()) or _cancelled_by(found, who.id)
        ):
            return await audit_refusal(self._repository, refusal, Action.CANCEL, found, who) or refusal
        refusal = await audit_refusal(
            self._repository,
            await self._access.may_view(who, found.channel, found),
            Action.CANCEL,
            found,
            who,
        )
        return refusal or await self._change(found.id, Event.CANCELLED, who.id, only_held=True)

    async def give_now(self, request: RequestId, who: Person, channel: ChannelId | None) -> Request | Refusal:
        """End the hold of an approved request, for an admin; whatever else has to be met before it is given is looked at as ever."""
        found = await self._clicked(request, channel)
        if isinstance(found, Refusal):
            return found
        refusal = await self._access.may_administer(who)
        if refusal:
            return refusal
        async with self._page(request) as unit:
            if unit is None:
                return Refusal(RefusalReason.UNKNOWN_REQUEST, request)
            now = self._clock.now()
            if not is_held(unit.request, now):
                return Refusal(RefusalReason.NOT_HELD)
            hurried = replace(unit.request, give_after=None)
            await unit.save(hurried)
            unit.audit(entry_of(hurried, EntryKind.HURRIED, who.id, round=hurried.round))
            await unit.enqueue(*notifications_for(hurried, NotificationType.HURRIED, now, by=who.id))
            return hurried

    async def customers(
        self, request: RequestId, who: Person, channel: ChannelId | None, page: int
    ) -> CustomerPage | Refusal:
        """Show requester, approvers and admins who the customers are; each look stands in the audit."""
        found = await self._clicked(request, channel)
        return (
            found
            if isinstance(found, Refusal)
            else await load_customer_page(self._repository, self._access, found, who, page)
        )

    async def send_list(
        self, request: RequestId, who: Person, channel: ChannelId | None
    ) -> Request | Refusal:
        """Send requester, approvers or admins the list of those who were not given it; that they have it stands in the audit."""
        found = await self._clicked(request, channel)
        sent = (
            found
            if isinstance(found, Refusal)
            else await send_list(self._repository, self._access, self._clock, found, who)
        )
        self._background.wake()
        return sent

    async def resume(self, request: RequestId, who: Person, channel: ChannelId | None) -> Request | Refusal:
        """Continue a stopped request in a new round, under the same once-only key."""
        return await self._resolve(request, who, channel, Event.CONTINUED)

    async def end_here(self, request: RequestId, who: Person, channel: ChannelId | None) -> Request | Refusal:
        """Leave a stopped request as it is."""
        return await self._resolve(request, who, channel, Event.ENDED_HERE)

    async def expire_overdue(self) -> int:
        """End every waiting request whose time is over, and say how many."""
        overdue = await self._repository.overdue(self._clock.now())
        for request in overdue:
            await self._change(request, Event.EXPIRED, None)
        return len(overdue)

    @asynccontextmanager
    async def _page(self, request: RequestId) -> AsyncIterator[UnitOfWork | None]:
        """Open a request's page; once it is committed, whoever gives and says things looks at it."""
        async with self._repository.unit_of_work(request) as unit:
            yield unit
        self._background.wake()

    async def _spaced(self, request: Request) -> tuple[CustomerId, ...]:
        """Find the ids with a space inside, among the first row of customers: what is typed into a form is no more."""
        return tuple(
            customer
            for customer in await self._repository.customers(request.id, 0)
            if any(map(str.isspace, customer))
        )

    async def _find(self, request: RequestId | ShortId) -> Request | None:
        if request.startswith("R-"):
            return await self._repository.find_short(ShortId(request))
        return await self._repository.find(RequestId(request))

    async def _clicked(self, request: RequestId | ShortId, channel: ChannelId | None) -> Request | Refusal:
        """Find the request behind a button; one of another channel's card is none at all."""
        found = await self._find(request)
        if found is None or found.state is State.DRAFT or channel not in {None, found.channel}:
            return Refusal(RefusalReason.UNKNOWN_REQUEST, request)
        return found

    def _not_waiting(self, request: Request) -> Refusal | None:
        if request.state is not State.WAITING:
            return _first_was(request)
        return (
            Refusal(RefusalReason.WRONG_STATE, State.EXPIRED) if _over(request, self._clock.now()) else None
        )

    async def _left(self, request: Request) -> Refusal | None:
        """Say of a request that waits whether its requester has left; of any other the answer tells how it stands."""
        return None if self._not_waiting(request) else await self._access.recheck_requester(request)

    def _forbidden(self, request: Request) -> Refusal | None:
        """Say what the policy has against a request by now: a yes to it would come to nothing."""
        found = authorization.violations(
            self._access.policy.channels[request.channel],
            rule=request.rule,
            usable=Availability.NOW,
            cost=request.price,
            customers=request.customers,
            reason=request.reason,
            reserved=request.reserved,
        )
        return found[0] if found else None

    async def _vote(self, unit: UnitOfWork, round_: int, by: UserId, shown: str) -> Request | Refusal:
        request, now = unit.request, self._clock.now()
        if request.state is State.WAITING and _over(request, now):
            await self._expire(unit, now)
            return Refusal(RefusalReason.WRONG_STATE, State.EXPIRED)
        if (
            request.state in AGREED
            and request.round == round_
            and by in {approval.by for approval in await unit.votes()}
        ):
            return request  # the same yes, delivered again
        if request.state is not State.WAITING:
            return _first_was(request)
        if request.round != round_ or request.rule is None:
            return Refusal(RefusalReason.CHANGED)
        if by == request.requester:
            return Refusal(RefusalReason.OWN_REQUEST)
        if forbidden := self._forbidden(request):
            unit.audit(refused(request, [forbidden], Action.APPROVE, by))
            return forbidden
        approval = Approval(request.id, request.round, by, now, digest(request, terms_of(request.rule)))
        if approval.digest != shown:
            return Refusal(RefusalReason.CHANGED)
        if not await unit.vote(approval):
            return Refusal(RefusalReason.ALREADY_VOTED)
        yeses = sum(each.digest == approval.digest for each in await unit.votes())
        facts = {"yeses": str(yeses), "approvals": str(request.approvals), "digest": approval.digest}
        if yeses < request.approvals:
            await unit.enqueue(*notifications_for(request, NotificationType.AGREED, now, by=by, facts=facts))
            return request
        return await self._move(unit, Event.LAST_APPROVAL, by, now, facts=facts)

    async def _change(
        self, request: RequestId, event: Event, by: UserId | None, *, note: str = "", only_held: bool = False
    ) -> Request | Refusal:
        async with self._page(request) as unit:
            if unit is None:
                return Refusal(RefusalReason.UNKNOWN_REQUEST, request)
            now = self._clock.now()
            if only_held and not (is_held(unit.request, now) or (by and _cancelled_by(unit.request, by))):
                return Refusal(RefusalReason.NOT_HELD)
            if event is Event.REJECTED and unit.request.requester == by:
                return Refusal(RefusalReason.OWN_REQUEST)
            if event is Event.CANCELLED and unit.request.state is State.GIVING:
                return await self._ask_to_cancel(unit, by, now)
            if by and unit.request.decided_by == by and unit.request.state is DID_IT.get(event):
                return unit.request  # the same click, delivered again
            if unit.request.state is State.WAITING and _over(unit.request, now):
                expired = await self._expire(unit, now)
                return (
                    expired if event is Event.EXPIRED else Refusal(RefusalReason.WRONG_STATE, State.EXPIRED)
                )
            if next_state(unit.request, event) is None or event is Event.EXPIRED:
                return _first_was(unit.request)
            return await self._move(unit, event, by, now, note=note)

    async def _expire(self, unit: UnitOfWork, now: datetime) -> Request:
        return await self._move(unit, Event.EXPIRED, None, now)

    async def _move(
        self,
        unit: UnitOfWork,
        event: Event,
        by: UserId | None,
        now: datetime,
        *,
        note: str = "",
        facts: Mapping[str, str] | None = None,
    ) -> Request:
        """Move the request on, and put into the outbox what there is to say of it."""
        request = transition(unit.request, event, decided_by=by, decided_at=now, note=note)
        if request.ended:
            request = replace(request, ended_at=now)
        if event is Event.LAST_APPROVAL:
            request = replace(
                request, give_after=held_until(self._access.policy.channels.get(request.channel), now)
            )
        await unit.save(request)
        notify = self._access.policy.notify_of(request.channel)
        known = {**(facts or {}), **held_facts(request)}
        await unit.enqueue(
            *notifications_for(request, HAPPENED[event], now, by=by, note=note, notify=notify, facts=known)
        )
        return request

    async def _ask_to_cancel(self, unit: UnitOfWork, by: UserId | None, now: datetime) -> Request | Refusal:
        if unit.request.cancel_asked_by:
            return Refusal(RefusalReason.WRONG_STATE, Event.CANCEL_ASKED, (unit.request.cancel_asked_by,))
        cancelling = transition(unit.request, Event.CANCEL_ASKED, cancel_asked_by=by)
        await unit.save(cancelling)
        await unit.enqueue(*notifications_for(cancelling, NotificationType.CANCEL_ASKED, now, by=by))
        return cancelling

    async def _resolve(
        self, request: RequestId, who: Person, channel: ChannelId | None, event: Event
    ) -> Request | Refusal:
        found = await self._clicked(request, channel)
        if isinstance(found, Refusal):
            return found
        act = Action.CONTINUE if event is Event.CONTINUED else Action.END_HERE
        refusal = await audit_refusal(
            self._repository, await self._access.may_cancel(who, found), act, found, who
        )
        if refusal:
            return refusal
        async with self._page(request) as unit:
            if unit is None or next_state(unit.request, event) is None:
                return _first_was(unit.request) if unit else Refusal(RefusalReason.UNKNOWN_REQUEST, request)
            return (
                await self._next_round(unit, who.id)
                if event is Event.CONTINUED
                else await self._end(unit, who.id)
            )

    async def _next_round(self, unit: UnitOfWork, by: UserId) -> Request:
        """Go on in a new round, into which the yeses are carried: nothing of what they were for has changed."""
        votes, now = await unit.votes(), self._clock.now()
        unit.request = replace(unit.request, stop=None, round=unit.request.round + 1, give_after=None)
        continued = await self._move(unit, Event.CONTINUED, by, now)
        for approval in votes:
            await unit.vote(replace(approval, round=continued.round))
        return continued

    async def _end(self, unit: UnitOfWork, by: UserId) -> Request:
        return await self._move(unit, Event.ENDED_HERE, by, self._clock.now(), note=unit.request.note)


def needs_count(request: Request) -> bool:
    """Say whether an approver has to type the number of customers."""
    return not request.reserved and (request.customers > COUNT_ABOVE or request.price is None)


def _named(request: Request, typed: str) -> bool:
    """Say whether the rule's name was typed, in any case and with any spaces."""
    title = request.rule.title if request.rule else ""
    return bool(typed.strip()) and typed.casefold().split() == title.casefold().split()


def _over(request: Request, now: datetime) -> bool:
    return request.expires_at is not None and request.expires_at <= now


def _cancelled_by(request: Request, by: UserId) -> bool:
    return request.state is State.CANCELLED and request.decided_by == by


def _first_was(request: Request) -> Refusal:
    """Tell who was first, and where the request stands now; where it waits, nobody was."""
    first = request.decided_by if request.state is not State.WAITING else None
    return Refusal(RefusalReason.WRONG_STATE, request.state, (first,) if first else ())


def _number(typed: str) -> int | None:
    """Read "1 000", "1,000" and "1.000" as people write them."""
    digits = "".join(typed.split()).replace(",", "").replace(".", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER else None
