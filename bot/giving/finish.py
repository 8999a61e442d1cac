"""From giving to its end: adds up the outcomes of the batches, and announces the end once."""

import asyncio
from dataclasses import dataclass, replace

from bot.domain.ids import RequestId
from bot.domain.policy.policy import RefusalReason, stricter
from bot.domain.ports import Clock, Repository
from bot.domain.requests import authorization
from bot.domain.requests.authorization import drift
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.pause import PauseState
from bot.domain.requests.prior_grants import KeyUse
from bot.domain.requests.request import Event, Request, State, StopReason, rule_of, transition
from bot.domain.rules.rule import Rule
from bot.domain.unit_of_work import UnitOfWork
from bot.errors import DinteroError
from bot.giving.lookups import RuleLookups
from bot.giving.verification import OutcomeVerifier
from bot.services.access import AccessControl
from bot.services.announcements import notifications_for
from bot.services.approving.reapproval import require_reapproval
from bot.services.pausing import after_stop, is_caught, park


@dataclass(frozen=True, slots=True)
class Completion:
    """Ends a giving whose batches have all ended; a repeat changes and announces nothing more."""

    repository: Repository
    lookups: RuleLookups
    access: AccessControl
    clock: Clock

    async def finish(self, request: RequestId, round_: int) -> None:
        """Move a giving to done, cancelled or stopped, and put its announcements into the outbox."""
        rule, tally = await asyncio.gather(self._last_answer(request), self.repository.tally(request))
        found = await self.repository.find(request)
        if found is None or found.state is not State.GIVING or found.round != round_:
            return
        key_use = await self.repository.key_use(found, given=True)
        # Unknown outcomes are verified before the row is locked, unless the pause only parks the giving.
        if tally.unknown and not is_caught(found) and not self.access.check_account(found):
            await OutcomeVerifier(self.repository, self.lookups, self.clock).verify(found, tally)
        async with self.repository.unit_of_work(request) as unit:
            if unit is None or unit.request.state is not State.GIVING or unit.request.round != round_:
                return
            unit.request = _with_key_use(unit.request, key_use, tally)
            if is_caught(unit.request) and tally.given + tally.refused < tally.asked:
                await park(unit, self.clock.now())
                return
            if unit.request.stop is None and tally.unknown:
                unit.request = replace(unit.request, stop=StopReason.UNKNOWN_FOR_GOOD)
            if not await self._requires_reapproval(unit, rule):
                await self._end(unit, in_full=tally.given == tally.asked)

    async def _requires_reapproval(self, unit: UnitOfWork, rule: Rule | None) -> bool:
        """Ask for approval again if the rule changed, or the approvals got too old, during the giving."""
        request, now = unit.request, self.clock.now()
        policy = self.access.policy.channels.get(request.channel)
        if policy is None or request.cancel_asked_by or not request.approvals:
            return False
        agreed, changed = rule_of(request), StopReason.RULE_CHANGED
        if request.note == RefusalReason.APPROVAL_OLD:
            event, rule = Event.CONSENT_VOID, agreed
        elif rule and request.stop is changed and drift(agreed, rule, now) is changed:
            event = Event.RULE_CHANGED
        else:
            return False
        required = authorization.required_approvals(replace(request, rule=rule), policy)
        approvals, tier = stricter((request.approvals, request.tier), required)
        note = request.note if event is Event.CONSENT_VOID else ""
        await require_reapproval(
            unit, event, policy, now, rule=rule, approvals=approvals, tier=tier, note=note
        )
        return True

    async def _end(self, unit: UnitOfWork, *, in_full: bool) -> None:
        request, now = unit.request, self.clock.now()
        if request.cancel_asked_by:
            ended = transition(
                request, Event.WOUND_UP, decided_by=request.cancel_asked_by, ended_at=now, stop=None
            )
            happened = NotificationType.CANCELLED
        elif request.stop:
            ended, happened = transition(request, Event.STOPPED), NotificationType.STOPPED
        else:
            ended, happened = transition(request, Event.SETTLED, ended_at=now), NotificationType.DONE
        await unit.save(replace(ended, pausing=PauseState.NO))
        notify = self.access.policy.notify_of(request.channel)
        by, note = request.cancel_asked_by, request.note
        await unit.enqueue(
            *notifications_for(ended, happened, now, by=by, note=note, notify=notify, in_full=in_full)
        )
        if happened is NotificationType.DONE:
            await unit.forget_faults()
        elif happened is NotificationType.STOPPED:
            await after_stop(unit, self.access.policy, now)

    async def _last_answer(self, request: RequestId) -> Rule | None:
        """Read the rule in Dintero's last answer; look it up if a crash lost that or the rule changed."""
        found = await self.repository.find(request)
        if found is None or found.rule is None:
            return found.last_answer if found else None
        if found.last_answer and found.stop is not StopReason.RULE_CHANGED:
            return found.last_answer
        try:
            rule = await self.lookups.rule(found.rule.id)
        except DinteroError:
            return None
        await self.repository.answered(request, rule)
        return rule


def _with_key_use(request: Request, key_use: KeyUse, tally: Tally) -> Request:
    """Count who of those given had it before: those known at the start; any others may have had it."""
    had = min(request.had_before, key_use.given)
    unsure = key_use.forgotten or key_use.more
    maybe = tally.given if unsure else key_use.given + key_use.maybe
    return replace(request, had_before=had, maybe_before=maybe - had)
