"""From approved to giving: policy, people and rule are checked once more before anything is given."""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.clock import FOREVER, NEVER
from bot.domain.ids import RequestId, UserId
from bot.domain.policy.policy import AppliedTier, ChannelPolicy, Decision, RefusalReason, stricter
from bot.domain.ports import Clock, Repository
from bot.domain.requests import authorization
from bot.domain.requests.authorization import approvers_of, drift
from bot.domain.requests.notification import STARTS_AFTER, WAITED, ChannelKind, Notification, NotificationType
from bot.domain.requests.pause import PauseState
from bot.domain.requests.person import Person
from bot.domain.requests.request import (
    Approval,
    Event,
    Request,
    State,
    StopReason,
    digest,
    next_state,
    rule_of,
    transition,
)
from bot.domain.rules.rule import Availability, Rule
from bot.domain.unit_of_work import UnitOfWork
from bot.errors import DinteroError, DirectoryUnavailable, TransientError
from bot.giving.bisection import stop_reason
from bot.giving.lookups import HeadStart, HeadStarts, RuleLookups
from bot.giving.retry import RetryPolicy
from bot.services.access import AccessControl
from bot.services.announcements import notifications_for
from bot.services.approving.reapproval import require_reapproval
from bot.services.pausing import after_stop
from bot.services.review import asked_before, current_prior_grants, use_by

ADMITTED_SECONDS: Final = 60.0
"""How long the check of a start counts: its run begins at once, unless the durable engine is away."""
POSTED_AFTER: Final = timedelta(seconds=RetryPolicy().told)
"""Time without an answer before the thread hears of it, the same as while giving."""


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """The result of the last check before giving, with its reason for the thread."""

    event: Event | None
    """STARTED, STOPPED, RULE_CHANGED or CONSENT_VOID; None if a lookup failed: it stays approved."""
    stop: StopReason | None = None
    note: str = ""
    rule: Rule | None = None
    """The rule as it is now, if it is not the approved one."""
    approvals: int = 0
    """How many people have to approve again."""
    tier: AppliedTier | None = None
    """The tier that requires so many."""
    waits_for: str = ""
    """The service that did not answer, if a lookup failed."""
    until: datetime = FOREVER
    """Until when the approvals are good."""


@dataclass(slots=True)
class Preflight:
    """Starts an approved request, or records why it does not start."""

    repository: Repository
    lookups: RuleLookups
    access: AccessControl
    clock: Clock
    head_starts: HeadStarts = field(init=False)
    _unanswered: dict[tuple[RequestId, int], datetime] = field(default_factory=dict)
    """Since when the checks of a request's round, the last one included, had no answer."""
    _admitted: dict[tuple[RequestId, int], tuple[datetime, float]] = field(default_factory=dict)
    """Until when the approvals of a round that this process has checked are good."""

    def __post_init__(self) -> None:
        """Connect the parts."""
        self.head_starts = HeadStarts(self.lookups)

    async def begin(self, request: RequestId) -> Request | None:
        """Move an approved request to giving; None if there is nothing to give, or not yet."""
        head_start = self.head_starts.take(request)
        found = await self.repository.find(request)
        if found is None or (found.state is State.GIVING and found.pausing is not PauseState.PARKED):
            return found
        if found.state not in {State.APPROVED, State.GIVING}:
            return None
        since = self._unanswered.pop((request, found.round), None)
        ending = found.cancel_asked_by is not None or await self._is_settled(found)
        if found.is_held(self.clock.now()) or (not ending and await self.repository.pause()):
            return None
        result = PreflightResult(Event.STARTED) if ending else await self._check(found, head_start)
        if result.event is None:
            await self._post_wait(found, result, since or self.clock.now())
            return None
        key_use = await self.repository.key_use(found)
        async with self.repository.unit_of_work(request) as unit:
            if unit is None or _has_moved(unit.request, found) or unit.request.is_held(self.clock.now()):
                return None
            if unit.request.cancel_asked_by is None and await unit.pause():
                return None
            if result.event is Event.STARTED:
                unit.request = replace(unit.request, had_before=found.had_before + key_use.given)
            begun = await self._apply(unit, result)
        if begun and begun.cancel_asked_by is None:
            self._admitted[request, begun.round] = result.until, time.monotonic()
        return begun

    def has_just_begun(self, request: RequestId, round_: int) -> bool:
        """Tell whether this process checked everything a moment ago, to begin this round."""
        _, admitted_at = self._admitted.get((request, round_), (FOREVER, -ADMITTED_SECONDS))
        return time.monotonic() - admitted_at < ADMITTED_SECONDS

    async def admit(self, request: RequestId, round_: int) -> datetime | None:
        """Check a giving once more before this process gives anything of it, unless it has just begun it.

        Returns until when the approvals are good; None if nothing more may be given: then it has been moved.

        Raises:
            DirectoryUnavailable: Slack gave no answer, so nothing is given for now.
        """
        if self.has_just_begun(request, round_):
            return self._admitted.pop((request, round_))[0]
        self._admitted.pop((request, round_), None)
        found = await self.repository.find(request)
        if found is None or (found.state, found.round) != (State.GIVING, round_):
            return None
        if found.stop or found.cancel_asked_by or found.pausing is not PauseState.NO:
            return FOREVER  # nothing of it goes out; its run ends it
        if await self._is_settled(found):
            return FOREVER
        result = await self._check(found, people_alone=True)
        if result.event is None:
            await self._post_wait(found, result, self._unanswered.get((request, round_)) or self.clock.now())
            raise DirectoryUnavailable(result.note)
        self._unanswered.pop((request, round_), None)
        async with self.repository.unit_of_work(request) as unit:
            if unit is None or _has_moved(unit.request, found):
                return None
            if result.event is Event.STARTED:
                result = await self._check_budget(unit) or result
            if result.event is not Event.STARTED:
                await self._apply(unit, result)
                return None
        return result.until

    async def _is_settled(self, request: Request) -> bool:
        """Check whether a request has nobody left to give to, so that no approval is needed any more."""
        if request.started_at is None:
            return False
        tally = await self.repository.tally(request.id)
        return tally.given + tally.refused == tally.asked

    async def _check(
        self, request: Request, head_start: HeadStart | None = None, *, people_alone: bool = False
    ) -> PreflightResult:
        """Check account and policy, people as Slack has them now, then rule and repeats."""
        if other := self.access.check_account(request):
            return _stopped(StopReason.POLICY, other.reason)
        policy = self.access.policy.channels.get(request.channel)
        if policy is None:
            return _stopped(StopReason.POLICY, "the policy no longer lists this channel")
        policy = replace(policy, approvers=approvers_of(policy, request))
        try:
            if people_alone:
                return await self._check_consent(request, policy, self.access.fresh())
            return await self._check_everything(request, policy, head_start)
        except DirectoryUnavailable as error:
            return PreflightResult(None, note=str(error), waits_for="Slack")
        except TransientError as error:
            return PreflightResult(None, note=str(error), waits_for="Dintero")
        except DinteroError as error:
            return _stopped(stop_reason(error), str(error))

    async def _check_everything(
        self, request: Request, policy: ChannelPolicy, head_start: HeadStart | None
    ) -> PreflightResult:
        """Check people, rule and repeats; Dintero reads the rule while Slack looks people up."""
        if head_start is None or head_start.round != request.round:
            reading = asyncio.create_task(self.lookups.rule(rule_of(request).id))
            head_start = HeadStart(request.round, self.access.fresh(), reading)
        try:
            result = await self._check_consent(request, policy, head_start.access)
            if result.event is not Event.STARTED:
                return result
            found = await self._check_rule(request, policy, await head_start.rule)
            if found.event is not Event.STARTED:
                return found
            return await self._check_repeats(request, policy) or result
        finally:
            head_start.end()
            await asyncio.gather(head_start.rule, return_exceptions=True)

    async def _post_wait(self, request: Request, result: PreflightResult, since: datetime) -> None:
        """Post once that a request waits, if the check before had no answer either."""
        self._unanswered[request.id, request.round] = since
        lasted = abs(self.clock.now() - since)  # after the clock was put back, nobody knows how long it was
        if lasted < POSTED_AFTER or request.waits_since or request.pausing is not PauseState.NO:
            return
        async with self.repository.unit_of_work(request.id) as unit:
            if unit is None or _has_moved(unit.request, request) or unit.request.waits_since:
                return
            await unit.save(replace(unit.request, waits_since=since))
            for kind in (ChannelKind.CARD, ChannelKind.LINE):
                notification = Notification(
                    kind=kind,
                    happened=NotificationType.WAITING,
                    at=since,
                    note=result.note,
                    facts={STARTS_AFTER: result.waits_for},
                )
                await unit.enqueue(notification)

    async def _check_consent(
        self, request: Request, policy: ChannelPolicy, access: AccessControl
    ) -> PreflightResult:
        """Check requester and approvers again: people who have left, and old approvals, no longer count."""
        votes = await self.repository.votes(request.id, request.round)
        people = {request.requester, *(vote.by for vote in votes)}
        await access.look_up(people, [*policy.requesters, *policy.approvers])
        requester = await access.recheck_requester(request)
        voters = await asyncio.gather(
            *(access.may_decide(Person(vote.by, access.team), request) for vote in votes)
        )
        refusals = [refusal for refusal in (requester, *voters) if refusal]
        for refusal in refusals:
            if refusal.reason is RefusalReason.LOOKUP_FAILED:
                raise DirectoryUnavailable(refusal.detail)
        decision = await self._decide(request, policy, access, known=people)
        if decision.refusals:
            return _stopped(StopReason.POLICY, decision.refusals[0].reason)
        required, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
        valid = [vote for vote, refusal in zip(votes, voters, strict=True) if refusal is None]
        until = await self._good_until(request, valid, required, policy, access)
        if requester is None and until > self.clock.now():
            return PreflightResult(Event.STARTED, until=until)
        note = refusals[0].reason if refusals else "" if until == NEVER else RefusalReason.APPROVAL_OLD
        return PreflightResult(Event.CONSENT_VOID, note=note, approvals=required, tier=tier)

    async def _good_until(
        self,
        request: Request,
        votes: Sequence[Approval],
        required: int,
        policy: ChannelPolicy,
        access: AccessControl,
    ) -> datetime:
        """Tell until when enough people's approvals of exactly this request are good; NEVER if too few are.

        A person counts once, under any number of ids.
        """
        if required == 0:
            return FOREVER
        shown, given = digest(request), dict[UserId, datetime]()
        for vote in votes:
            if vote.digest == shown:
                person = await access.person_id(vote.by)
                given[person] = max(vote.at, given.get(person, NEVER))
        newest = sorted(given.values(), reverse=True)
        return policy.approval_ends(newest[required - 1]) if len(newest) >= required else NEVER

    async def _check_repeats(self, request: Request, policy: ChannelPolicy) -> PreflightResult | None:
        """Ask again if a later request for the same customers, unseen by those who decided, has begun."""
        found = await current_prior_grants(request, policy, self.repository, self.clock)
        if not found.by and not found.lost:
            return None
        votes = await self.repository.votes(request.id, request.round)
        decided_at = max((vote.at for vote in votes), default=request.decided_at or request.asked_at)
        now = self.clock.now()
        if found.lost_after(decided_at, now=now):
            reason = RefusalReason.REPEATED_LOST
        elif found.begun_after(decided_at, now=now):
            reason = RefusalReason.REPEATED
        else:
            return None
        if not request.approvals:
            return _stopped(StopReason.POLICY, reason)
        return PreflightResult(
            Event.CONSENT_VOID, note=reason, approvals=request.approvals, tier=request.tier
        )

    async def _check_rule(self, request: Request, policy: ChannelPolicy, rule: Rule) -> PreflightResult:
        stop = drift(rule_of(request), rule, self.clock.now())
        if stop is None:
            return PreflightResult(Event.STARTED)
        if stop is not StopReason.RULE_CHANGED:
            return _stopped(stop)
        # the rule may have become more expensive, and so fall under another tier
        decision = await self._decide(replace(request, rule=rule), policy, self.access)
        if decision.refusals:
            return _stopped(stop, decision.refusals[0].reason)
        required, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
        return PreflightResult(Event.RULE_CHANGED, stop, rule=rule, approvals=required, tier=tier)

    async def _decide(
        self,
        request: Request,
        policy: ChannelPolicy,
        access: AccessControl,
        *,
        known: Collection[UserId] = (),
    ) -> Decision:
        """Decide by the policy as it is now; raises ValueError if the request has lost its rule."""
        rule_of(request)  # a broken request stays as it is, to be looked at
        asked = await asked_before(request, policy, self.repository, self.clock.now())
        earlier = await access.sum_asked(request.requester, asked)
        needed, _ = authorization.required_approvals(request, policy, earlier)
        electorate = await access.electorate(policy, request.requester, needed=needed, known=known)
        return authorization.decide(request, policy, electorate, Availability.NOW, earlier=earlier)

    async def _apply(self, unit: UnitOfWork, result: PreflightResult) -> Request | None:
        now, request = self.clock.now(), unit.request
        if result.event is Event.STARTED and request.cancel_asked_by is None:
            result = await self._check_budget(unit) or result
        if result.event is Event.STARTED or (request.state is State.GIVING and request.cancel_asked_by):
            return await self._begin(unit, now)
        if result.event and result.approvals and next_state(request, result.event):
            await require_reapproval(
                unit,
                result.event,
                self.access.policy.channels[request.channel],
                now,
                rule=result.rule or rule_of(request),
                approvals=result.approvals,
                tier=result.tier,
                note=result.note,
            )
            return None
        stop = result.stop or StopReason.POLICY
        stopped = transition(request, Event.STOPPED, stop=stop, note=result.note, pausing=PauseState.NO)
        await unit.save(stopped)
        notify = self.access.policy.notify_of(stopped.channel)
        await unit.enqueue(
            *notifications_for(stopped, NotificationType.STOPPED, now, note=result.note, notify=notify)
        )
        await after_stop(unit, self.access.policy, now)
        return None

    async def _begin(self, unit: UnitOfWork, now: datetime) -> Request:
        """Begin to give, or go on after the pause; if it was cancelled since then, its run ends at once."""
        is_parked = unit.request.state is State.GIVING
        if is_parked:
            if unit.request.told_of_pause and unit.request.cancel_asked_by is None:
                await unit.enqueue(*notifications_for(unit.request, NotificationType.RESUMED, now))
            giving = replace(unit.request, pausing=PauseState.NO, waits_since=None)
        else:
            giving = transition(unit.request, Event.STARTED, started_at=unit.request.started_at or now)
            facts = {WAITED: "yes"} if unit.request.waits_since else {}
            await unit.enqueue(*notifications_for(giving, NotificationType.STARTED, now, facts=facts))
        await unit.save(giving)
        return giving

    async def _check_budget(self, unit: UnitOfWork) -> PreflightResult | None:
        """Check the channel's budget with its row locked: of two requests that fit only alone, one waits."""
        request, now = unit.request, self.clock.now()
        policy = self.access.policy.channels.get(request.channel)
        if policy is None or policy.budget is None:
            return None
        since = policy.budget.since(now)
        grants, before = await unit.grants(since), await unit.given_before(since)
        left = replace(request, customers=request.customers - before)
        budget_use = use_by(left, policy.budget, grants, now)
        refusal = next(authorization.about_budget(budget_use), None)
        return _stopped(StopReason.BUDGET, refusal.reason) if refusal else None


def _has_moved(now: Request, before: Request) -> bool:
    """Check whether a request changed while it was checked."""
    return any(getattr(now, name) != getattr(before, name) for name in ("state", "round", "pausing", "stop"))


def _stopped(stop: StopReason, note: str = "") -> PreflightResult:
    return PreflightResult(Event.STOPPED, stop, note)
