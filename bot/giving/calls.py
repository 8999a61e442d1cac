"""Calls to Dintero: those that give, repeated while their failure may pass, and lookups beside them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from logging import getLogger
from typing import Final

from bot.domain.ids import RuleId
from bot.domain.ports import DinteroApi
from bot.domain.rules.rule import Holder, Rule
from bot.errors import CircuitOpenError, OutcomeUnknownError, RateLimitedError, TransientError
from bot.giving.outage_notice import OutageNotifier
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import POLL_SECONDS, CallScheduler, RequestQueue, loop_time

RULE_LOOKUP_SECONDS: Final = 5.0
"""How long a lookup of a rule waits while Dintero is left alone: it can be tried again, or left out."""
HOLDERS_LOOKUP_SECONDS: Final = 40.0
"""The same for its holders, who are looked up after an outage: a Dintero that is down is tried every 30 s."""

log = getLogger(__name__)


@dataclass(slots=True)
class CallState:
    """What is known about the attempts of one call.

    `maybe`: it may have been carried out, although no answer says so. `until`: when we give up, by the loop's
    clock; set once Dintero fails or must be left alone.
    """

    maybe: bool = False
    until: float | None = None


@dataclass(slots=True)
class CallRunner:
    """Makes a request's calls. `check_wanted` raises to end a wait; with True it asks the database."""

    scheduler: CallScheduler
    retry_policy: RetryPolicy
    outage_notifier: OutageNotifier
    check_wanted: Callable[[bool], Awaitable[None]]
    queue: RequestQueue
    _asked_at: float = field(init=False, default=0.0)

    async def call(self, make: Callable[[], Awaitable[Rule]], call_state: CallState) -> Rule:
        """Make one call, repeated while its failure may pass.

        Raises:
            CircuitOpenError: Dintero has been left alone for as long as the retry policy waits.
            DinteroError: the last answer.
        """
        policy = self.retry_policy
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._send(make, call_state)
            except TransientError as failure:
                if attempt == 1:
                    call_state.until = loop_time() + policy.total
                late = call_state.until is not None and loop_time() >= call_state.until
                if late or attempt >= policy.attempts or not policy.repeats(failure):
                    raise
                seconds = policy.wait(attempt)
                log.debug("a call to Dintero is repeated in %.1f s: %s", seconds, failure)
            await self.queue.sleep(seconds, partial(self._check, call_state))
            await self.check_wanted(True)

    async def _send(self, make: Callable[[], Awaitable[Rule]], call_state: CallState) -> Rule:
        sent_at = 0.0

        async def send() -> Rule:
            nonlocal sent_at
            sent_at = loop_time()
            return await make()

        try:
            answer = await self.queue.call(send, partial(self._check, call_state))
        except CircuitOpenError:
            raise
        except TransientError as failure:
            call_state.maybe = call_state.maybe or isinstance(failure, OutcomeUnknownError)
            await self.outage_notifier.failed(failure, since=sent_at)
            raise
        await self.outage_notifier.answered()
        return answer

    async def _check(self, call_state: CallState) -> None:
        """Check, while a call waits, whether it is still wanted and how long Dintero has been left alone."""
        now = loop_time()
        ask = now - self._asked_at >= POLL_SECONDS
        if ask:
            self._asked_at = now
        await self.check_wanted(ask)
        if trouble := self.scheduler.trouble:
            call_state.until = call_state.until or now + self.retry_policy.total
            if now >= call_state.until or self.scheduler.alone_for > self.retry_policy.total:
                raise CircuitOpenError(str(trouble), turned_away=isinstance(trouble, RateLimitedError))
            await self.outage_notifier.failed(trouble)


@dataclass(frozen=True, slots=True)
class RuleLookups:
    """Reads rules and their holders from Dintero; batches and lookups do not wait for each other.

    Both methods raise DinteroError: CircuitOpenError while Dintero is left alone, RuleNotFound if there is no
    such rule.
    """

    dintero: DinteroApi
    scheduler: CallScheduler

    async def rule(self, rule: RuleId) -> Rule:
        """Read one rule with its statistics."""
        return await self.scheduler.lookup(partial(self.dintero.rule, rule), longest=RULE_LOOKUP_SECONDS)

    async def refs(self, rule: RuleId, *, after: str | None, patient: bool) -> tuple[Holder, ...]:
        """Read the next page of a rule's holders; only `patient` waits for a Dintero that is down."""
        seconds = HOLDERS_LOOKUP_SECONDS if patient else RULE_LOOKUP_SECONDS
        return await self.scheduler.lookup(partial(self.dintero.refs, rule, after=after), longest=seconds)
