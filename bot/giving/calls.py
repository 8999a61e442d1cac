"""One call to Dintero after the other for a request, repeated while its failure may pass; knows nothing of batches and their ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from bot.domain.rules.rule import Rule
from bot.errors import CircuitOpenError, OutcomeUnknownError, RateLimitedError, TransientError
from bot.giving.outage_notice import OutageNotifier
from bot.giving.retry import RetryPolicy, repeating
from bot.giving.scheduler import LOOK, CallScheduler, RequestQueue

Make = Callable[[], Awaitable[Rule]]


@dataclass(slots=True)
class CallState:
    """What is known of a call's tries so far.

    `maybe`: it may have been carried out, though no answer says so. `until`: when patience ends with a Dintero that fails, or is left
    alone, by the loop's clock; waiting for other calls takes none.
    """

    maybe: bool = False
    until: float | None = None


@dataclass(slots=True)
class CallRunner:
    """A request's calls. `wanted` raises what ends a wait; it is told whether to look into the books for it."""

    scheduler: CallScheduler
    retry_policy: RetryPolicy
    outage_notifier: OutageNotifier
    wanted: Callable[[bool], Awaitable[None]]
    line: RequestQueue = field(init=False)
    _looked_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Open the request's line."""
        self.line = self.scheduler.line()

    async def call(self, make: Make, call_state: CallState) -> Rule:
        """Make one call, repeated while its failure may pass.

        Raises:
            CircuitOpenError: Dintero has been left alone for as long as anybody waits.
            DinteroError: the last answer.
        """
        try:
            return await self._once(make, call_state)
        except TransientError as failure:
            return await self._again(make, call_state, failure)

    async def _again(self, make: Make, call_state: CallState, failure: TransientError) -> Rule:
        """Repeat a call that has failed once."""
        call_state.until = _now() + self.retry_policy.total
        async for attempt in repeating(
            self.retry_policy, partial(self.line.sleep, meanwhile=partial(self._meanwhile, call_state))
        ):
            with attempt:
                if attempt.retry_state.attempt_number == 1:
                    raise failure
                await self.wanted(True)
                return await self._once(make, call_state)
        raise AssertionError  # tenacity returns or raises

    async def _once(self, make: Make, call_state: CallState) -> Rule:
        went = 0.0

        async def send() -> Rule:
            nonlocal went
            went = _now()
            return await make()

        try:
            answer = await self.line.call(send, partial(self._meanwhile, call_state))
        except CircuitOpenError:
            raise
        except TransientError as failure:
            call_state.maybe = call_state.maybe or isinstance(failure, OutcomeUnknownError)
            await self.outage_notifier.lasts(failure, since=went)
            raise
        if self.outage_notifier.ends():
            await self.outage_notifier.tell_end()
        return answer

    async def _meanwhile(self, call_state: CallState) -> None:
        """Look up while a call waits: whether it is still wanted, and for how long Dintero has been left alone already."""
        now = _now()
        due, self._looked_at = (True, now) if now - self._looked_at >= LOOK else (False, self._looked_at)
        await self.wanted(due)
        if trouble := self.scheduler.trouble:
            call_state.until = call_state.until or now + self.retry_policy.total
            if now >= call_state.until or self.scheduler.alone_for > self.retry_policy.total:
                raise CircuitOpenError(str(trouble), turned_away=isinstance(trouble, RateLimitedError))
            await self.outage_notifier.lasts(trouble)


def _now() -> float:
    return asyncio.get_running_loop().time()
