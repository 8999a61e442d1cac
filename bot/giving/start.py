"""From approved to giving: policy, people and rule are checked once more before anything is given."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.ids import RequestId
from bot.domain.policy.budget import use_of
from bot.domain.policy.policy import AppliedTier, ChannelPolicy, Decision, Refusal, RefusalReason, stricter
from bot.domain.ports import Clock, Repository, UnitOfWork
from bot.domain.requests import authorization
from bot.domain.requests.authorization import drift
from bot.domain.requests.deadlines import approvers_of, is_held
from bot.domain.requests.notification import STARTS_AFTER, ChannelKind, Notification, NotificationType
from bot.domain.requests.person import Person
from bot.domain.requests.request import (
    Approval,
    Event,
    PauseState,
    Request,
    State,
    StopReason,
    digest,
    next_state,
    rule_of,
    transition,
)
from bot.domain.rules.rule import Availability, Rule
from bot.errors import DinteroError, DirectoryUnavailable, TransientError
from bot.giving.bisection import stop_reason
from bot.giving.calls import RuleLookups
from bot.giving.retry import RetryPolicy
from bot.services.access import AccessControl
from bot.services.announcements import notifications_for
from bot.services.pausing import after_stop
from bot.services.reapproval import require_reapproval
from bot.services.review import current_prior_grants

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


@dataclass(slots=True)
class Preflight:
    """Starts an approved request, or records why it does not start."""

    repository: Repository
    lookups: RuleLookups
    access: AccessControl
    clock: Clock
    _unanswered: dict[tuple[RequestId, int], datetime] = field(default_factory=dict)
    """Since when the checks of a request's round, the last one included, had no answer."""

    async def begin(self, request: RequestId) -> Request | None:
        """Move an approved request to giving; return it if there is anything to give, now or still.

        None if it must not be given, or not yet.
        """
        found = await self.repository.find(request)
        if found is None or (found.state is State.GIVING and found.pausing is not PauseState.PARKED):
            return found
        if found.state not in {State.APPROVED, State.GIVING}:
            return None
        since = self._unanswered.pop((request, found.round), None)
        ending = found.cancel_asked_by is not None
        if is_held(found, self.clock.now()) or (not ending and await self.repository.pause()):
            return None
        result = PreflightResult(Event.STARTED) if ending else await self._check(found)
        if result.event is None:
            await self._post_wait(found, result, since or self.clock.now())
            return None
        async with self.repository.unit_of_work(request) as unit:
            if unit is None or _has_moved(unit.request, found) or is_held(unit.request, self.clock.now()):
                return None
            if unit.request.cancel_asked_by is None and await unit.pause():
                return None
            return await self._apply(unit, result)

    async def _check(self, request: Request) -> PreflightResult:
        policy = self.access.policy.channels.get(request.channel)
        if policy is None:
            return _stopped(StopReason.POLICY, "the policy no longer lists this channel")
        policy = replace(policy, approvers=approvers_of(policy, request))
        try:
            if void := await self._check_consent(request, policy):
                return void
            result = await self._check_rule(request, policy)
            go = result.event is Event.STARTED
            return (await self._check_repeats(request, policy) or result) if go else result
        except DirectoryUnavailable as error:
            return PreflightResult(None, note=str(error), waits_for="Slack")
        except TransientError as error:
            return PreflightResult(None, note=str(error), waits_for="Dintero")
        except DinteroError as error:
            return _stopped(stop_reason(error), str(error))

    async def _post_wait(self, request: Request, result: PreflightResult, since: datetime) -> None:
        """Post once that an approved request waits, if the check before had no answer either."""
        self._unanswered[request.id, request.round] = since
        lasted = abs(self.clock.now() - since)  # after the clock was put back, nobody knows how long it was
        if lasted < POSTED_AFTER or request.waits_since or request.state is not State.APPROVED:
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

    async def _check_consent(self, request: Request, policy: ChannelPolicy) -> PreflightResult | None:
        """Check requester and approvers again: people who have left no longer count."""
        requester = await self.access.recheck_requester(request)
        votes = await self.repository.votes(request.id, request.round)
        voters = await asyncio.gather(
            *(self.access.may_decide(Person(vote.by, self.access.team), request) for vote in votes)
        )
        refusals = [refusal for refusal in (requester, *voters) if refusal]
        for refusal in refusals:
            if refusal.reason is RefusalReason.LOOKUP_FAILED:
                raise DirectoryUnavailable(refusal.detail)
        decision = await self._decide(request, policy)
        if decision.refusals:
            return _stopped(StopReason.POLICY, decision.refusals[0].reason)
        required, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
        if requester is None and _valid_votes(request, votes, voters) >= required:
            return None
        note = refusals[0].reason if refusals else ""
        return PreflightResult(Event.CONSENT_VOID, note=note, approvals=required, tier=tier)

    async def _check_repeats(self, request: Request, policy: ChannelPolicy) -> PreflightResult | None:
        """Ask again if a later request for the same customers has begun: whoever decided did not see it."""
        found = await current_prior_grants(request, policy, self.repository, self.clock)
        if not found.by:
            return None
        votes = await self.repository.votes(request.id, request.round)
        decided_at = max((vote.at for vote in votes), default=request.decided_at or request.asked_at)
        if not found.begun_after(decided_at):
            return None
        reason = RefusalReason.REPEATED
        if not request.approvals:
            return _stopped(StopReason.POLICY, reason)
        return PreflightResult(
            Event.CONSENT_VOID, note=reason, approvals=request.approvals, tier=request.tier
        )

    async def _check_rule(self, request: Request, policy: ChannelPolicy) -> PreflightResult:
        rule = await self.lookups.rule(rule_of(request).id)
        stop = drift(rule_of(request), rule, self.clock.now())
        if stop is None:
            return PreflightResult(Event.STARTED)
        if stop is not StopReason.RULE_CHANGED:
            return _stopped(stop)
        # the rule may have become more expensive, and so fall under another tier
        decision = await self._decide(replace(request, rule=rule), policy)
        if decision.refusals:
            return _stopped(stop, decision.refusals[0].reason)
        required, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
        return PreflightResult(Event.RULE_CHANGED, stop, rule=rule, approvals=required, tier=tier)

    async def _decide(self, request: Request, policy: ChannelPolicy) -> Decision:
        """Decide by the policy as it is now; raises ValueError if the request has lost its rule."""
        electorate = await self.access.electorate(policy, request.requester)
        rule_of(request)  # a broken request stays as it is, to be looked at
        return authorization.decide(request, policy, electorate, Availability.NOW)

    async def _apply(self, unit: UnitOfWork, result: PreflightResult) -> Request | None:
        now, request, go = self.clock.now(), unit.request, result.event is Event.STARTED
        if request.state is State.GIVING and (go or request.cancel_asked_by):
            # The pause had parked it. If it was cancelled since, its run ends at once.
            giving = replace(request, pausing=PauseState.NO, waits_since=None)
            await unit.save(giving)
            if not giving.cancel_asked_by:
                await unit.enqueue(*notifications_for(giving, NotificationType.RESUMED, now))
            return giving
        if go and (refusal := await self._check_budget(unit)):
            result, go = _stopped(StopReason.BUDGET, refusal.reason), False
        if go:
            giving = transition(request, Event.STARTED, started_at=request.started_at or now)
            await unit.save(giving)
            await unit.enqueue(*notifications_for(giving, NotificationType.STARTED, now))
            return giving
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

    async def _check_budget(self, unit: UnitOfWork) -> Refusal | None:
        """Check the channel's budget with its row locked: of two requests that fit only alone, one waits."""
        request, now = unit.request, self.clock.now()
        policy = self.access.policy.channels.get(request.channel)
        if policy is None or policy.budget is None:
            return None
        grants = await unit.grants(policy.budget.since(now))
        budget_use = use_of(policy.budget, grants, customers=request.customers, price=request.price, now=now)
        return next(authorization.about_budget(budget_use), None)


def _valid_votes(request: Request, votes: Sequence[Approval], voters: Sequence[Refusal | None]) -> int:
    """Count the approvals by people who may still approve, of exactly what the request says now."""
    shown = digest(request)
    return sum(refusal is None and vote.digest == shown for vote, refusal in zip(votes, voters, strict=True))


def _has_moved(now: Request, before: Request) -> bool:
    """Check whether a request changed while it was checked."""
    return (now.state, now.round, now.pausing) != (before.state, before.round, before.pausing)


def _stopped(stop: StopReason, note: str = "") -> PreflightResult:
    return PreflightResult(Event.STOPPED, stop, note)
