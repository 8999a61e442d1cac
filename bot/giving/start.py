"""From approved to giving: policy, people and rule are checked once more before anything is given."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.ids import RequestId
from bot.domain.policy.budget import use_of
from bot.domain.policy.policy import ChannelPolicy, Decision, Refusal, RefusalReason
from bot.domain.policy.tiers import AppliedTier, stricter
from bot.domain.ports import Clock, Repository, UnitOfWork
from bot.domain.requests import authorization
from bot.domain.requests.deadlines import is_held, with_escalated
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
from bot.domain.requests.rule_drift import drift
from bot.domain.rules.rule import Availability, Rule
from bot.domain.rules.terms import terms_of
from bot.errors import DinteroError, DirectoryUnavailable, TransientError
from bot.giving.engine import stop_reason
from bot.giving.lookups import RuleLookups
from bot.giving.retry import RetryPolicy
from bot.services.access import AccessControl, decide
from bot.services.announcements import notifications_for
from bot.services.pausing import after_stop
from bot.services.reapproval import require_reapproval

TOLD_AFTER: Final = timedelta(seconds=RetryPolicy().told)
"""Without an answer, before the thread is told, as while it is given."""
TOLD: Final = (ChannelKind.CARD, ChannelKind.LINE)


class AwaitedService(StrEnum):
    """Whose answer the last look needs."""

    DINTERO = "Dintero"
    SLACK = "Slack"


class PreflightVerdict(StrEnum):
    """What the last look before giving came to."""

    GO = "go"
    LATER = "later"
    """A look-up failed; the request stays approved and is tried again."""
    STOP = "stop"
    RULE_CHANGED = "rule_changed"
    CONSENT_VOID = "consent_void"
    """A yes no longer counts, or the policy asks for more of them."""


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """A verdict with its reason, for the thread."""

    verdict: PreflightVerdict
    stop: StopReason | None = None
    note: str = ""
    rule: Rule | None = None
    """The rule as it is now, where it is not what was agreed to."""
    approvals: int = 0
    """How many people have to agree anew."""
    tier: AppliedTier | None = None
    """The tier that asks for so many."""
    silent: AwaitedService | None = None
    """Who did not answer, where that is why it is later."""


class Preflight:
    """Starts what was approved, or says why not."""

    def __init__(
        self, *, repository: Repository, lookups: RuleLookups, access: AccessControl, clock: Clock
    ) -> None:
        self._repository = repository
        self._lookups = lookups
        self._access = access
        self._clock = clock
        self._unheard: dict[tuple[RequestId, int], datetime] = {}
        """Since when the looks at a request's round, the last of them included, had no answer."""

    async def begin(self, request: RequestId) -> Request | None:
        """Move an approved request to giving; answer it when there is giving to be done, now or still.

        None where it must not be given, or not yet.
        """
        found = await self._repository.find(request)
        if found is None or (found.state is State.GIVING and found.pausing is not PauseState.PARKED):
            return found
        if found.state not in {State.APPROVED, State.GIVING}:
            return None
        since = self._unheard.pop((request, found.round), None)
        ending = found.cancel_asked_by is not None
        if is_held(found, self._clock.now()) or (not ending and await self._repository.pause()):
            return None
        result = PreflightResult(PreflightVerdict.GO) if ending else await self._look(found)
        if result.verdict is PreflightVerdict.LATER:
            await self._tell_of_silence(found, result, since or self._clock.now())
            return None
        async with self._repository.unit_of_work(request) as unit:
            if unit is None or _moved_on(unit.request, found) or is_held(unit.request, self._clock.now()):
                return None
            if unit.request.cancel_asked_by is None and await unit.pause():
                return None
            return await self._act(unit, result)

    async def _look(self, request: Request) -> PreflightResult:
        policy = self._access.policy.channels.get(request.channel)
        if policy is None:
            return _stopped(StopReason.POLICY, "the policy no longer lists this channel")
        try:
            policy = with_escalated(policy, request)
            return await self._people(request, policy) or await self._rule(request, policy)
        except DirectoryUnavailable as silence:
            return PreflightResult(PreflightVerdict.LATER, note=str(silence), silent=AwaitedService.SLACK)
        except TransientError as silence:
            return PreflightResult(PreflightVerdict.LATER, note=str(silence), silent=AwaitedService.DINTERO)
        except DinteroError as error:
            return _stopped(stop_reason(error), str(error))

    async def _tell_of_silence(self, request: Request, result: PreflightResult, since: datetime) -> None:
        """Tell the thread once that an approved request waits to be started, where that was so at the look before too."""
        self._unheard[request.id, request.round] = since
        lasted = abs(self._clock.now() - since)  # a clock that was put back tells nothing of how long it was
        if lasted < TOLD_AFTER or request.waits_since or request.state is not State.APPROVED:
            return
        async with self._repository.unit_of_work(request.id) as unit:
            if unit is None or _moved_on(unit.request, request) or unit.request.waits_since:
                return
            await unit.save(replace(unit.request, waits_since=since))
            facts = {STARTS_AFTER: str(result.silent)}
            await unit.enqueue(
                *(
                    Notification(
                        kind=kind, happened=NotificationType.WAITING, at=since, note=result.note, facts=facts
                    )
                    for kind in TOLD
                )
            )

    async def _people(self, request: Request, policy: ChannelPolicy) -> PreflightResult | None:
        """Judge requester and approvers anew: who has left since does not count."""
        asker = await self._access.recheck_requester(request)
        votes = await self._repository.votes(request.id, request.round)
        voters = await asyncio.gather(
            *(self._access.may_decide(Person(approval.by, request.team), request) for approval in votes)
        )
        for refusal in (asker, *voters):
            if refusal and refusal.reason is RefusalReason.LOOKUP_FAILED:
                raise DirectoryUnavailable(refusal.detail)
        decision = await self._decision(request, policy)
        if decision.refusals:
            return _stopped(StopReason.POLICY, decision.refusals[0].reason)
        return self._consent(request, votes, voters, decision, asker)

    async def _decision(self, request: Request, policy: ChannelPolicy) -> Decision:
        """Judge a request by what the policy says now."""
        electorate = await self._access.electorate(policy, request.requester)
        return decide(replace(request, rule=rule_of(request)), policy, electorate, Availability.NOW)

    def _consent(
        self,
        request: Request,
        votes: Sequence[Approval],
        voters: Sequence[Refusal | None],
        decision: Decision,
        asker: Refusal | None,
    ) -> PreflightResult | None:
        """Count the yeses that still stand: of people who may still say it, to exactly what stands here, asked for by who may still ask."""
        demanded, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
        shown = digest(request, terms_of(rule_of(request)))
        valid_votes = [
            approval
            for approval, refusal in zip(votes, voters, strict=True)
            if refusal is None and approval.digest == shown
        ]
        if asker is None and len(valid_votes) >= demanded:
            return None
        lost = next((refusal.reason for refusal in (asker, *voters) if refusal), "")
        return PreflightResult(PreflightVerdict.CONSENT_VOID, note=lost, approvals=demanded, tier=tier)

    async def _rule(self, request: Request, policy: ChannelPolicy) -> PreflightResult:
        now_is = await self._lookups.rule(rule_of(request).id)
        stop = drift(rule_of(request), now_is, self._clock.now())
        if stop is StopReason.RULE_CHANGED:
            return await self._changed(request, policy, now_is)
        return _stopped(stop) if stop else PreflightResult(PreflightVerdict.GO)

    async def _changed(self, request: Request, policy: ChannelPolicy, now_rule: Rule) -> PreflightResult:
        """Say who has to agree to the rule as it is now: it may have become dearer, and so fall under another tier."""
        decision = await self._decision(replace(request, rule=now_rule), policy)
        if decision.refusals:
            return _stopped(StopReason.RULE_CHANGED, decision.refusals[0].reason)
        demanded, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
        return PreflightResult(
            PreflightVerdict.RULE_CHANGED,
            StopReason.RULE_CHANGED,
            rule=now_rule,
            approvals=demanded,
            tier=tier,
        )

    async def _act(self, unit: UnitOfWork, result: PreflightResult) -> Request | None:
        now = self._clock.now()
        if unit.request.state is State.GIVING and (
            result.verdict is PreflightVerdict.GO or unit.request.cancel_asked_by
        ):
            return await self._unpark(unit, now)
        if result.verdict is PreflightVerdict.GO and (refused := await self._beyond_budget(unit)):
            result = _stopped(StopReason.BUDGET, refused.reason)
        if result.verdict is PreflightVerdict.GO:
            giving = transition(unit.request, Event.STARTED, started_at=unit.request.started_at or now)
            await unit.save(giving)
            await unit.enqueue(*notifications_for(giving, NotificationType.STARTED, now))
            return giving
        event = Event.RULE_CHANGED if result.verdict is PreflightVerdict.RULE_CHANGED else Event.CONSENT_VOID
        if result.approvals and next_state(unit.request, event):
            await self._ask_again(unit, result)
            return None
        stopped = transition(
            unit.request,
            Event.STOPPED,
            stop=result.stop or StopReason.POLICY,
            note=result.note,
            pausing=PauseState.NO,
        )
        await unit.save(stopped)
        notify = self._access.policy.notify_of(stopped.channel)
        await unit.enqueue(
            *notifications_for(stopped, NotificationType.STOPPED, now, note=result.note, notify=notify)
        )
        await after_stop(unit, self._access.policy, now)
        return None

    async def _unpark(self, unit: UnitOfWork, now: datetime) -> Request:
        """Let a giving go on that the pause had caught; one that was cancelled meanwhile runs out at once, and is ended by that."""
        going = replace(unit.request, pausing=PauseState.NO, waits_since=None)
        await unit.save(going)
        if not going.cancel_asked_by:
            await unit.enqueue(*notifications_for(going, NotificationType.RESUMED, now))
        return going

    async def _beyond_budget(self, unit: UnitOfWork) -> Refusal | None:
        """Judge the channel's budget with its row locked: of two that fit alone but not together, the second one waits."""
        request, now = unit.request, self._clock.now()
        policy = self._access.policy.channels.get(request.channel)
        if policy is None or policy.budget is None:
            return None
        gave = await unit.grants(policy.budget.since(now))
        budget_use = use_of(policy.budget, gave, customers=request.customers, price=request.price, now=now)
        return next(authorization.about_budget(budget_use), None)

    async def _ask_again(self, unit: UnitOfWork, result: PreflightResult) -> None:
        """The yes was for another rule, or does not count any more: wait for a yes to what is here now."""
        event = Event.RULE_CHANGED if result.verdict is PreflightVerdict.RULE_CHANGED else Event.CONSENT_VOID
        policy, rule = (
            self._access.policy.channels[unit.request.channel],
            result.rule or rule_of(unit.request),
        )
        await require_reapproval(
            unit,
            event,
            policy,
            self._clock.now(),
            rule=rule,
            approvals=result.approvals,
            tier=result.tier,
            note=result.note,
        )


def _moved_on(now: Request, found: Request) -> bool:
    """Say whether something happened to a request while it was looked at."""
    return (now.state, now.round, now.pausing) != (found.state, found.round, found.pausing)


def _stopped(stop: StopReason, note: str = "") -> PreflightResult:
    return PreflightResult(PreflightVerdict.STOP, stop, note)
