"""Approvals: an approver sees the request with Dintero's present rule, and approves exactly that."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.domain.ids import ChannelId, RequestId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import BackgroundTasks, Clock, Repository
from bot.domain.requests.audit_entries import Action, EntryKind, entry_of, refused
from bot.domain.requests.authorization import drift, violations
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.person import Person
from bot.domain.requests.request import Approval, Event, Request, State, StopReason, digest, rule_of
from bot.domain.requests.views import ApprovalView
from bot.domain.rules.rule import Availability
from bot.domain.unit_of_work import UnitOfWork
from bot.errors import RateLimitedError, TransientError
from bot.services.access import AccessControl
from bot.services.announcements import notifications_for
from bot.services.approving.present_rule import Present, read_present
from bot.services.approving.reapproval import approve_changed_rule
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.requests import already_decided, find_allowed, find_request, late_for, move, not_waiting
from bot.services.review import current_budget_use, current_prior_grants, load_review, unseen_repeats
from bot.services.snapshots import load_snapshot

COUNT_ABOVE: Final = 50
"""With more customers than this, or without a price, an approver types their number to confirm."""
MAX_TITLE: Final = 60
APPROVED_STATES: Final = frozenset({State.APPROVED, State.GIVING, State.STOPPED, State.DONE})


PrepareStart = Callable[[Request, AccessControl], None]


def start_unprepared(_request: Request, _access: AccessControl) -> None:
    """Prepare nothing: the start asks everything itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalService:
    """What approvers see and approve. Without a `catalog` the rule is not read again."""

    repository: Repository
    access: AccessControl
    clock: Clock
    background: BackgroundTasks
    catalog: RuleCatalog | None = None
    prepare_start: PrepareStart = start_unprepared
    """Called when an approval may be the last one, with the look-ups by which it is checked."""

    async def open(
        self, request: RequestId, who: Person, channel: ChannelId | None
    ) -> ApprovalView | Refusal:
        """Show an approver what they would approve, and audit that they saw it."""
        view = await self.view(request, who, channel)
        if not isinstance(view, Refusal):
            shown = digest(view.review.request)
            await self.repository.record(
                entry_of(view.snapshot.request, EntryKind.SHOWN, who.id, digest=shown)
            )
        return view

    async def view(
        self, request: RequestId, who: Person, channel: ChannelId | None = None
    ) -> ApprovalView | Refusal:
        """Read what a person who may approve a request would approve."""
        allowed = await self._find(request, who, channel)
        if isinstance(allowed, Refusal):
            return allowed
        found, present = allowed
        shown, policy = present.request, self.access.policy.channels[found.channel]
        if voted := await self._already_voted(found, shown, who):
            return voted
        budget_use = await current_budget_use(shown, policy, self.repository, self.clock)
        review = await load_review(
            self.repository, self.clock, self.access, shown, policy, who=who, budget_use=budget_use
        )
        return ApprovalView(
            replace(review, usable=present.usable),
            await load_snapshot(self.repository, found, self.access.policy),
            count=needs_count(shown),
            unread=present.unread,
        )

    async def _already_voted(self, found: Request, shown: Request, who: Person) -> Refusal | None:
        """Refuse a second approval of the same; a rule that has changed since may be approved again."""
        votes = await self.repository.votes(found.id, found.round)
        if not votes:
            return None
        own = await self.access.ids_of(who)
        if isinstance(own, Refusal):
            return own
        alike = [vote.by for vote in votes if vote.digest == digest(shown)]
        missing = str(max(found.approvals - len(alike), 1))
        by_them = not own.isdisjoint(alike)
        return Refusal(RefusalReason.ALREADY_VOTED, missing, name=found.short) if by_them else None

    async def check_confirmation(self, request: RequestId, typed: str) -> Refusal | None:
        """Check the typed number of customers, or the typed rule name; fast enough for the ack."""
        found = await find_request(self.repository, request)
        return None if isinstance(found, Refusal) else _wrong_confirmation(found, typed)

    async def approve(
        self,
        request: RequestId,
        round_: int,
        who: Person,
        *,
        typed: str,
        shown: str,
        named: Collection[str],
        changed_from: str = "",
    ) -> Request | Refusal:
        """Approve exactly what was shown in this round; the last approval needed starts the sending.

        `shown` is the digest of what the modal showed: the database must still hold the same. If it showed a
        changed rule, `changed_from` is the digest of the request before: the database must still hold that,
        and Dintero the changed rule. `named` are the requests for the same customers that it named: one that
        came since has to be seen first.
        """
        access, by = self.access.fresh(), who.id

        async def may(who: Person, found: Request) -> Refusal | None:
            nonlocal by
            if await self._may_start_at_once(found):
                self.prepare_start(found, access)
            refusal, left = await asyncio.gather(
                access.may_decide(who, found), access.recheck_requester(found)
            )
            if refusal:
                return refusal
            by = await access.person_id(who.id)
            return None if not_waiting(found, who, self.clock.now()) else left

        found = await find_allowed(self.repository, request, who, None, may, Action.APPROVE)
        if isinstance(found, Refusal):
            return found
        changed = await self._changed_as(shown, found, changed_from)
        if isinstance(changed, Refusal):
            return changed
        refusal = _wrong_confirmation(changed or found, typed) or await self._unseen_repeats(found, named)
        if refusal:
            return refusal
        vote = partial(self._vote, round_=round_, by=by, shown=shown, changed=changed)
        async with self.repository.unit_of_work(request) as unit:
            done = await vote(unit) if unit else Refusal(RefusalReason.UNKNOWN_REQUEST, request)
        self.background.wake()
        return done

    async def _may_start_at_once(self, request: Request) -> bool:
        """Tell whether the next approval may be the last one, with no hold after it."""
        policy = self.access.policy.channels.get(request.channel)
        if policy is None or policy.hold_minutes or request.state is not State.WAITING:
            return False
        return await self.still_needed(request) <= 1

    async def still_needed(self, request: Request) -> int:
        """Count the approvals that are still missing."""
        return max(request.approvals - len(await self.repository.votes(request.id, request.round)), 0)

    def obstacle(self, request: Request) -> StopReason | None:
        """Say what is known, without asking, to keep an approved request from being sent now."""
        if self.catalog is None:
            return None
        failed = self.catalog.failed
        if isinstance(failed, TransientError) and not isinstance(failed, RateLimitedError):
            return StopReason.BUSY
        known = self.catalog.known(rule_of(request).id)
        return drift(rule_of(request), known, self.clock.now()) if known else None

    async def _find(
        self, request: RequestId, who: Person, channel: ChannelId | None
    ) -> tuple[Request, Present] | Refusal:
        """Find a request that this person may approve now; its rule is read while the person is looked up."""
        readings: list[asyncio.Task[Present | Refusal]] = []

        async def may(who: Person, found: Request) -> Refusal | None:
            if found.state is State.WAITING and found.channel in self.access.policy.channels:
                readings.append(asyncio.create_task(self._present(found)))
            refusal, left = await asyncio.gather(
                self.access.may_decide(who, found), self.access.recheck_requester(found)
            )
            refusal = refusal or not_waiting(found, who, self.clock.now())
            return refusal or self._forbidden(found) or left

        try:
            found = await find_allowed(self.repository, request, who, channel, may, Action.APPROVE)
            if isinstance(found, Refusal):
                return found
            present = await readings[0]
            return present if isinstance(present, Refusal) else (found, present)
        finally:
            for reading in readings:
                reading.cancel()
            await asyncio.gather(*readings, return_exceptions=True)

    async def _present(self, request: Request) -> Present | Refusal:
        if self.catalog is None:
            return Present(request, Availability.NOW)
        policy = self.access.policy.channels[request.channel]
        return await read_present(request, policy, self.catalog, self.repository, self.access, self.clock)

    async def _changed_as(self, shown: str, found: Request, changed_from: str) -> Request | Refusal | None:
        """Return the request with the changed rule that was shown; None if no changed rule was, or is."""
        if found.state is not State.WAITING or not changed_from or changed_from != digest(found):
            return None
        present = await self._present(found)
        if isinstance(present, Refusal):
            return present
        return present.request if shown == digest(present.request) else None

    async def _unseen_repeats(self, request: Request, named: Collection[str]) -> Refusal | None:
        """Refuse an approval while there are requests for the same customers that were not shown."""
        policy = self.access.policy.channels.get(request.channel)
        if policy is None or request.state is not State.WAITING:
            return None
        found = await current_prior_grants(request, policy, self.repository, self.clock)
        return unseen_repeats(found, named)

    def _forbidden(self, request: Request) -> Refusal | None:
        """Say why the policy no longer allows a request, so that an approval would be in vain."""
        policy = self.access.policy.channels[request.channel]
        found = violations(request, policy, Availability.NOW)
        return found[0] if found else None

    async def _vote(
        self, unit: UnitOfWork, *, round_: int, by: UserId, shown: str, changed: Request | None
    ) -> Request | Refusal:
        """Write an approval, of the changed rule if that was shown; checks all that may have moved since."""
        request, now = unit.request, self.clock.now()
        if request.state is State.WAITING and request.is_expired(now):
            await move(unit, Event.EXPIRED, None, policy=self.access.policy, now=now)
            return late_for(request, State.EXPIRED)
        if await _delivered_again(unit, round_, by, shown):
            return request
        if request.state is not State.WAITING:
            return already_decided(request, by)
        if request.round != round_ or request.rule is None:
            return Refusal(RefusalReason.CHANGED)
        if by == request.requester:
            return Refusal(RefusalReason.OWN_REQUEST)
        if forbidden := self._forbidden(changed or request):
            unit.audit(refused(request, [forbidden], Action.APPROVE, by))
            return forbidden
        if changed:
            policy = self.access.policy.channels[request.channel]
            if not await approve_changed_rule(unit, changed, policy, now, by=by):
                return Refusal(RefusalReason.CHANGED)
        return await self._count(unit, by, shown)

    async def _count(self, unit: UnitOfWork, by: UserId, shown: str) -> Request | Refusal:
        """Count an approval of what was shown, and nothing else."""
        request, now = unit.request, self.clock.now()
        approval = Approval(request.id, request.round, by, now, digest(request))
        if approval.digest != shown:
            return Refusal(RefusalReason.CHANGED)
        if not await unit.vote(approval):
            return Refusal(RefusalReason.ALREADY_VOTED)
        approvals = sum(each.digest == approval.digest for each in await unit.votes())
        facts = {"yeses": str(approvals), "approvals": str(request.approvals)}
        if approvals >= request.approvals:
            policy = self.access.policy
            return await move(unit, Event.LAST_APPROVAL, by, policy=policy, now=now, facts=facts)
        await unit.enqueue(*notifications_for(request, NotificationType.AGREED, now, by=by, facts=facts))
        return request


def needs_count(request: Request) -> bool:
    """Say whether an approver has to type the number of customers."""
    return not request.reserved and (request.customers > COUNT_ABOVE or request.price is None)


async def _delivered_again(unit: UnitOfWork, round_: int, by: UserId, shown: str) -> bool:
    """Tell whether this very approval was counted before; one of a changed rule began the next round."""
    request = unit.request
    votes = {vote.by: vote.digest for vote in await unit.votes()}
    if request.round == round_:
        return request.state in APPROVED_STATES and by in votes
    is_open = request.state in APPROVED_STATES or request.state is State.WAITING
    return (
        is_open and request.round == round_ + 1 and request.rule_before is not None and votes.get(by) == shown
    )


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
