"""From giving to its end: adds up what came of the batches, and says it once."""

import asyncio
from dataclasses import replace

from bot.domain.ids import RequestId
from bot.domain.policy.policy import stricter
from bot.domain.ports import Clock, Repository, UnitOfWork
from bot.domain.requests import authorization
from bot.domain.requests.authorization import drift
from bot.domain.requests.batches import Tally
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.request import Event, PauseState, State, StopReason, rule_of, transition
from bot.domain.rules.rule import Rule
from bot.errors import DinteroError
from bot.giving.lookups import RuleLookups
from bot.giving.verification import OutcomeVerifier
from bot.services.access import AccessControl
from bot.services.announcements import notifications_for
from bot.services.pausing import after_stop, is_caught, park
from bot.services.reapproval import require_reapproval


class Completion:
    """Ends a giving whose batches have all ended; done again, it changes and says nothing more."""

    def __init__(
        self, *, repository: Repository, lookups: RuleLookups, access: AccessControl, clock: Clock
    ) -> None:
        self._repository = repository
        self._lookups = lookups
        self._back = OutcomeVerifier(repository=repository, lookups=lookups, clock=clock)
        self._access = access
        self._clock = clock

    async def finish(self, request: RequestId, round_: int) -> None:
        """Move a giving to done, cancelled or stopped, and put what there is to say into the outbox."""
        now_is, tally = await asyncio.gather(self._last_answer(request), self._repository.tally(request))
        await self._read_back(request, round_, tally)
        async with self._repository.unit_of_work(request) as unit:
            if unit is None or unit.request.state is not State.GIVING or unit.request.round != round_:
                return
            if is_caught(unit.request) and tally.given + tally.refused < tally.asked:
                await park(unit, self._clock.now())
                return
            if unit.request.stop is None and tally.unknown:
                unit.request = replace(unit.request, stop=StopReason.UNKNOWN_FOR_GOOD)
            if not await self._asked_anew(unit, now_is):
                await self._end(unit, in_full=tally.given == tally.asked)

    async def _read_back(self, request: RequestId, round_: int, tally: Tally) -> None:
        """Look up whoever will stay unknown, before the row is locked; nobody, where the pause has only caught it."""
        found = await self._repository.find(request) if tally.unknown else None
        if found and found.state is State.GIVING and found.round == round_ and not is_caught(found):
            await self._back.verify(found, tally)

    async def _asked_anew(self, unit: UnitOfWork, now_is: Rule | None) -> bool:
        """Ask for a yes to the rule as it is now, where it has changed while it was given and there is somebody to ask."""
        request, now = unit.request, self._clock.now()
        policy = self._access.policy.channels.get(request.channel)
        if request.stop is not StopReason.RULE_CHANGED or request.cancel_asked_by or not request.approvals:
            return False
        if (
            policy is None
            or now_is is None
            or drift(rule_of(request), now_is, now) is not StopReason.RULE_CHANGED
        ):
            return False
        changed = replace(request, rule=now_is)
        asked_for = authorization.required_approvals(
            policy, customers=changed.customers, cost=changed.price, reserved=changed.reserved
        )
        approvals, tier = stricter((request.approvals, request.tier), asked_for)
        await require_reapproval(
            unit, Event.RULE_CHANGED, policy, now, rule=now_is, approvals=approvals, tier=tier
        )
        return True

    async def _end(self, unit: UnitOfWork, *, in_full: bool) -> None:
        request, now = unit.request, self._clock.now()
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
        notify = self._access.policy.notify_of(request.channel)
        by, note = request.cancel_asked_by, request.note
        await unit.enqueue(
            *notifications_for(ended, happened, now, by=by, note=note, notify=notify, in_full=in_full)
        )
        if happened is NotificationType.DONE:
            await unit.forget_faults()
        elif happened is NotificationType.STOPPED:
            await after_stop(unit, self._access.policy, now)

    async def _last_answer(self, request: RequestId) -> Rule | None:
        """Read Dintero's last answer; where a crash took it along, or it may not be the last word, ask once more.

        The summary can do without.
        """
        found = await self._repository.find(request)
        if (
            found is None
            or found.rule is None
            or (found.last_answer and found.stop is not StopReason.RULE_CHANGED)
        ):
            return found.last_answer if found else None
        try:
            now_is = await self._lookups.rule(found.rule.id)
        except DinteroError:
            return None
        await self._repository.answered(request, now_is)
        return now_is
